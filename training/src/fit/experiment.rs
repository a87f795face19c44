//! What a recipe's [`Experiment`] does to the corpus and to the net: albums assigned anew for
//! cross-validation, fewer albums, inputs hidden, fewer hidden units.

use std::collections::BTreeMap;

use acetate_model::features::{FLOOR_DB, FRAME_WIDTH};
use acetate_model::net::{FRAME_CODE, FRAME_HIDDEN, HEAD_HIDDEN};

use crate::corpus::Track;
use crate::datasets::Split;
use crate::recipe::{Experiment, Fold, Input};
use crate::simulator::Mix;

/// Deals the corpus as an experiment wants it; without one the tracks come back as they are.
pub fn assign_folds(mut tracks: Vec<Track>, experiment: &Experiment) -> Vec<Track> {
    if let Some(fold) = experiment.fold {
        assign_fold(&mut tracks, fold);
    }
    if let Some(share) = experiment.albums_share {
        keep_share(&mut tracks, share);
    }
    if let Some(floor_db) = experiment.leaky_floor_db {
        let frames = tracks
            .iter_mut()
            .flat_map(|track| &mut track.features.frames_db);
        for level_db in frames.flatten() {
            *level_db = level_db.max(floor_db);
        }
    }
    tracks
}

/// Train and validation albums in folds of about equal size: the largest album first, each to the
/// fold with the fewest tracks.
fn assign_fold(tracks: &mut [Track], fold: Fold) {
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

/// Zeroes, in a freshly drawn weight of [`TENSORS`](acetate_model::net::TENSORS), what belongs to hidden
/// units beyond the first `share` of each layer. Such a unit gives zero and gets no gradient, so that it stays
/// out of the training: the net is a narrower one.
pub fn silence_units(name: &str, inputs: usize, values: &mut [f32], share: f64) {
    let silent = |unit: usize, units: usize| unit as f64 >= share * units as f64;
    let row_is_silent = |row: usize| match name {
        "frame1.weight" => silent(row, FRAME_HIDDEN),
        "frame2.weight" => silent(row, FRAME_CODE),
        "head1.weight" => silent(row, HEAD_HIDDEN),
        _ => false,
    };
    let column_is_silent = |column: usize| match name {
        "frame2.weight" => silent(column, FRAME_HIDDEN),
        // The codes' means, their spreads, the pooled row.
        "head1.weight" if column < 2 * FRAME_CODE => silent(column % FRAME_CODE, FRAME_CODE),
        "head2.weight" => silent(column, HEAD_HIDDEN),
        _ => false,
    };
    for (row, weights) in values.chunks_exact_mut(inputs).enumerate() {
        for (column, weight) in weights.iter_mut().enumerate() {
            if row_is_silent(row) || column_is_silent(column) {
                *weight = 0.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::album;

    fn corpus() -> Vec<Track> {
        let mut tracks: Vec<Track> = ["a", "b", "c", "d", "e"]
            .iter()
            .zip([5, 4, 3, 2, 2])
            .flat_map(|(name, count)| album(name, 1, count))
            .collect();
        let test = album("f", 1, 3).into_iter().map(|track| Track {
            split: Split::Test,
            ..track
        });
        tracks.extend(test);
        tracks
    }

    fn albums(tracks: &[Track], split: Split) -> Vec<&str> {
        let of_split = tracks.iter().filter(|track| track.split == split);
        let mut albums: Vec<&str> = of_split.map(|track| track.group.as_str()).collect();
        albums.dedup();
        albums
    }

    #[test]
    fn every_album_but_those_of_the_test_split_is_held_out_by_one_fold() {
        let mut held_out = Vec::new();
        for index in 0..4 {
            let experiment = Experiment {
                fold: Some(Fold { index, of: 4 }),
                ..Experiment::default()
            };
            let tracks = assign_folds(corpus(), &experiment);
            assert_eq!(albums(&tracks, Split::Test), ["f"]);
            let valid = albums(&tracks, Split::Valid);
            assert!(
                albums(&tracks, Split::Train)
                    .iter()
                    .all(|name| !valid.contains(name))
            );
            held_out.extend(valid.into_iter().map(str::to_owned));
        }
        held_out.sort();
        assert_eq!(held_out, ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn a_share_keeps_whole_training_albums_only() {
        let experiment = Experiment {
            albums_share: Some(0.5),
            ..Experiment::default()
        };
        let tracks = assign_folds(corpus(), &experiment);
        assert_eq!(albums(&tracks, Split::Test), ["f"]);
        let train = tracks.iter().filter(|t| t.split == Split::Train).count();
        assert!((8..13).contains(&train), "{train}");
        for name in albums(&tracks, Split::Train) {
            let size = |tracks: &[Track]| tracks.iter().filter(|t| t.group == name).count();
            assert_eq!(size(&tracks), size(&corpus()));
        }
    }

    #[test]
    fn of_half_of_the_units_the_others_keep_their_weights() {
        let inputs = 2 * FRAME_CODE + 60;
        let mut values = vec![1.0; HEAD_HIDDEN * inputs];
        silence_units("head1.weight", inputs, &mut values, 0.5);
        let kept = values.iter().filter(|&&weight| weight == 1.0).count();
        assert_eq!(kept, HEAD_HIDDEN / 2 * (FRAME_CODE + 60));
    }

    #[test]
    fn without_an_experiment_nothing_changes() {
        let names = |tracks: &[Track]| -> Vec<(String, Split)> {
            tracks.iter().map(|t| (t.group.clone(), t.split)).collect()
        };
        let same = assign_folds(corpus(), &Experiment::default());
        assert_eq!(names(&same), names(&corpus()));
    }
}
