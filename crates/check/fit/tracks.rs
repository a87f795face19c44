//! Which tracks, and the excerpts of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use acetate_dsp::measure::levels::silence_non_finite;
use acetate_dsp::read_all;
use acetate_dsp::{Audio, Source};
use acetate_training::datasets::{Datasets, Split, Tier};
use acetate_training::rng::Rng;
use anyhow::Result;

/// A track on disk.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Package and path.
    pub name: String,
    /// Album group.
    pub group: String,
    /// Where it is.
    pub file: PathBuf,
    /// True for tiers A and B.
    pub is_finished: bool,
}

/// Released tracks or unmastered mixes of some splits that are in the cache, in the file's order.
pub fn pieces(cache: &Path, splits: &[Split], mixes: bool) -> Result<Vec<Piece>> {
    let datasets = Datasets::committed()?;
    let mut pieces = Vec::new();
    for &split in splits {
        let tracks: Vec<_> = if mixes {
            datasets.mixes_of(split).collect()
        } else {
            datasets.masters_of(split).collect()
        };
        pieces.extend(tracks.iter().map(|track| Piece {
            name: format!("{}/{}", track.source_name(), track.path),
            group: track.group().to_owned(),
            file: track.file(cache),
            is_finished: matches!(track.tier, Tier::A | Tier::B),
        }));
    }
    let before = pieces.len();
    pieces.retain(|piece| {
        piece
            .file
            .extension()
            .is_none_or(|extension| extension != "opus")
    });
    if pieces.len() < before {
        eprintln!(
            "{} tracks are Opus, which is not read, and are left out",
            before - pieces.len()
        );
    }
    let missing = pieces.iter().filter(|piece| !piece.file.exists()).count();
    if missing > 0 {
        eprintln!(
            "{missing} tracks are not in the cache and are left out: run acetate dataset fetch"
        );
    }
    pieces.retain(|piece| piece.file.exists());
    Ok(pieces)
}

/// `count` finished tracks, spread evenly over the album groups, in an order that the seed gives.
pub fn spread(mut pieces: Vec<Piece>, count: usize, seed: u64) -> Vec<Piece> {
    pieces.retain(|piece| piece.is_finished);
    Rng::new(seed).shuffle(&mut pieces);
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut ranked: Vec<(usize, Piece)> = pieces
        .into_iter()
        .map(|piece| {
            let round = taken.entry(piece.group.clone()).or_default();
            *round += 1;
            (*round, piece)
        })
        .collect();
    ranked.sort_by_key(|(round, _)| *round);
    ranked
        .into_iter()
        .map(|(_, piece)| piece)
        .take(count)
        .collect()
}

/// The middle of a track, with `around_s` more on either side where there is.
pub fn middle(file: &Path, length_s: f64) -> Result<Audio> {
    let mut source = acetate_io::open(file, &acetate_io::OpenOptions::default())?;
    let rate = f64::from(source.spec().sample_rate_hz);
    let mut whole = read_all(&mut source)?;
    silence_non_finite(&mut whole);
    let length = ((length_s * rate) as usize).min(whole.frames());
    let start = (whole.frames() - length) / 2;
    Ok(whole.slice(start, start + length))
}

/// Fades both edges, so that they are no fault.
pub fn faded(mut audio: Audio, fade_s: f64) -> Audio {
    fade_in(&mut audio, fade_s);
    fade_out(&mut audio, fade_s);
    audio
}

/// Raised-cosine fade-in.
pub fn fade_in(audio: &mut Audio, fade_s: f64) {
    let length = (fade_s * f64::from(audio.sample_rate_hz())) as usize;
    for channel in audio.channels_mut() {
        for (n, x) in channel.iter_mut().take(length).enumerate() {
            *x *= rise(n, length);
        }
    }
}

/// Raised-cosine fade-out.
pub fn fade_out(audio: &mut Audio, fade_s: f64) {
    let length = (fade_s * f64::from(audio.sample_rate_hz())) as usize;
    for channel in audio.channels_mut() {
        for (n, x) in channel.iter_mut().rev().take(length).enumerate() {
            *x *= rise(n, length);
        }
    }
}

fn rise(n: usize, length: usize) -> f32 {
    (0.5 - 0.5 * (std::f64::consts::PI * n as f64 / length as f64).cos()) as f32
}
