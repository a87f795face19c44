//! What a recipe's [`Experiment`] does to the corpus: albums dealt anew for cross-validation, fewer
//! albums, inputs hidden.

use std::collections::BTreeMap;

use acetate_model::features::{FLOOR_DB, FRAME_WIDTH};

use crate::corpus::Track;
use crate::datasets::Split;
use crate::recipe::{Experiment, Fold, Input};
use crate::simulator::Mix;

/// Deals the corpus as an experiment wants it; without one the tracks come back as they are.
pub fn dealt(mut tracks: Vec<Track>, experiment: &Experiment) -> Vec<Track> {
    if let Some(fold) = experiment.fold {
        deal(&mut tracks, fold);
    }
    if let Some(share) = experiment.albums_share {
        keep_share(&mut tracks, share);
    }
    tracks
}

/// Train and validation albums in folds of about equal size: the largest album first, each to the
/// fold with the fewest tracks.
fn deal(tracks: &mut [Track], fold: Fold) {
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for track in tracks.iter().filter(|track| track.split != Split::Test) {
        *sizes.entry(track.group.clone()).or_default() += 1;
    }
    let mut albums: Vec<(String, usize)> = sizes.into_iter().collect();
    albums.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut filled = vec![0; fold.of.max(1)];
    let mut held_out = Vec::new();
    for (album, size) in albums {
        let emptiest = (0..filled.len()).min_by_key(|&at| filled[at]).unwrap_or(0);
        filled[emptiest] += size;
        if emptiest == fold.index {
            held_out.push(album);
        }
    }
    for track in tracks.iter_mut().filter(|track| track.split != Split::Test) {
        track.split = if held_out.contains(&track.group) {
            Split::Valid
        } else {
            Split::Train
        };
    }
}

/// Keeps training albums, in an order that their names' hashes give, until `share` of the
/// training tracks is reached.
fn keep_share(tracks: &mut Vec<Track>, share: f64) {
    let mut sizes: BTreeMap<(String, String), usize> = BTreeMap::new();
    for track in tracks.iter().filter(|track| track.split == Split::Train) {
        let hash = blake3::hash(track.group.as_bytes()).to_hex().to_string();
        *sizes.entry((hash, track.group.clone())).or_default() += 1;
    }
    let wanted = share * sizes.values().sum::<usize>() as f64;
    let mut kept_tracks = 0.0;
    let mut kept = Vec::new();
    for ((_, album), size) in sizes {
        if kept_tracks < wanted {
            kept_tracks += size as f64;
            kept.push(album);
        }
    }
    tracks.retain(|track| track.split != Split::Train || kept.contains(&track.group));
}

/// Puts the hidden inputs of a mix on the features' floor.
pub fn hide(mix: &mut Mix, hidden: &[Input]) {
    for input in hidden {
        match input {
            Input::Frames => mix
                .frames_db
                .iter_mut()
                .for_each(|row| *row = [FLOOR_DB; FRAME_WIDTH]),
            Input::Pooled => mix.pooled[..FRAME_WIDTH].fill(FLOOR_DB),
        }
    }
}
