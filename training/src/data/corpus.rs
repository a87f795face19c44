//! The corpus as training sees it: features of every track, measured once and cached.
//!
//! A cache entry is a safetensors file named after the BLAKE3 of the audio file's bytes, the
//! FEATURES hash and the version of this analysis; a change of any of them measures anew.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use acetate_dsp::measure::loudness::range_from_k_power_10ms;
use acetate_dsp::units::{db_from_power, power_from_db};
use acetate_dsp::{Analysis, analyze};
use acetate_model::dynamics::level_spread_db;
use acetate_model::features::{
    BANDS, FLOOR_DB, FRAME_WIDTH, STATISTICS, band_weights, features_hash,
};
use acetate_model::{Features, finished};
use rayon::prelude::*;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use thiserror::Error;

use crate::datasets::{self, Split};
use crate::degrade::MAX_EXPANSION;
use crate::rng::Rng;

/// Version of what is measured here; part of the cache's key.
const CORPUS_VERSION: &str = "3";
/// A larger entry is none, bytes: 12 hours take less.
const MAX_ENTRY_BYTES: u64 = 256 << 20;
/// Expansion strengths at which the dynamics statistics are tabulated: 0 to
/// [`MAX_EXPANSION`], evenly.
pub const EXPANSIONS: usize = 7;

/// Steps of the level that expansion follows, 10 ms each: 200 ms.
const EXPANSION_STEPS: usize = 20;

/// A file of the corpus.
#[derive(Clone, Debug)]
pub struct TrackFile {
    /// Album group: tracks of one group are never split.
    pub group: String,
    /// Train, valid or test.
    pub split: Split,
    /// Kind of music, where there is a guess.
    pub genre: Option<String>,
    /// Whether somebody sings or raps in it, where that is known.
    pub vocals: Option<bool>,
    /// The audio file.
    pub path: PathBuf,
}

impl TrackFile {
    /// Where the cache has a listed track.
    pub(crate) fn of(track: &datasets::Track<'_>, split: Split, cache: &Path) -> Self {
        Self {
            group: track.group().to_owned(),
            split,
            genre: track.genre().map(str::to_owned),
            vocals: track.vocals(),
            path: track.file(cache),
        }
    }
}

/// One finished master as training sees it.
#[derive(Clone, Debug)]
pub struct Track {
    /// Album group.
    pub group: String,
    /// Train, valid or test.
    pub split: Split,
    /// File name, for reports.
    pub name: String,
    /// Features of the untouched master.
    pub features: Features,
    /// Loudness of each frame of the features, dB relative to the master's.
    pub frame_levels_db: Vec<f32>,
    /// Level spread and loudness range after expansion, at each tabulated strength.
    pub dynamics: [[f32; 2]; EXPANSIONS],
    /// Integrated loudness, LUFS.
    pub integrated_lufs: f64,
    /// 1 or 2.
    pub channels: usize,
    /// Highest frequency with program in it, Hz.
    pub bandwidth_hz: f64,
    /// Probability that it is a finished master, by the traces of a limiter.
    pub finished_probability: f64,
}

impl Track {
    /// Two masters in a row as one program: `frames` frames of each, drawn at random; the
    /// spectrum is the mean of the powers, statistics are means.
    pub fn splice(a: &Self, b: &Self, frames: usize, rng: &mut Rng) -> Self {
        let drawn: Vec<(&Self, usize)> = [a, b]
            .into_iter()
            .flat_map(|track| {
                let picks = draw_frames(track, frames, rng);
                picks.into_iter().map(move |frame| (track, frame))
            })
            .collect();
        let mean = |a: f32, b: f32| 0.5 * (a + b);
        let power_mean = |a: f32, b: f32| {
            let power = 0.5 * (power_from_db(f64::from(a)) + power_from_db(f64::from(b)));
            db_from_power(power) as f32
        };
        let (x, y) = (&a.features, &b.features);
        Self {
            features: Features {
                frames_db: drawn
                    .iter()
                    .map(|(track, at)| track.features.frames_db[*at])
                    .collect(),
                pooled_db: std::array::from_fn(|i| power_mean(x.pooled_db[i], y.pooled_db[i])),
                statistics: std::array::from_fn(|i| mean(x.statistics[i], y.statistics[i])),
            },
            frame_levels_db: drawn
                .iter()
                .map(|(track, at)| track.frame_levels_db[*at])
                .collect(),
            dynamics: std::array::from_fn(|i| {
                std::array::from_fn(|j| mean(a.dynamics[i][j], b.dynamics[i][j]))
            }),
            channels: a.channels.min(b.channels),
            ..a.clone_without_frames()
        }
    }

    /// A stretch of the track's frames as a program of its own: its spectrum is that of these frames, the
    /// statistics stay. What a net learns from such parts holds for excerpts and short songs too.
    pub fn part(&self, frames: std::ops::Range<usize>) -> Self {
        let frames_db = self.features.frames_db[frames.clone()].to_vec();
        let pooled_db = std::array::from_fn(|index| {
            let powers = frames_db
                .iter()
                .map(|row| power_from_db(f64::from(row[index])));
            (db_from_power(powers.sum::<f64>() / frames_db.len().max(1) as f64) as f32)
                .max(FLOOR_DB)
        });
        Self {
            features: Features {
                frames_db,
                pooled_db,
                statistics: self.features.statistics,
            },
            frame_levels_db: self.frame_levels_db[frames].to_vec(),
            ..self.clone_without_frames()
        }
    }

    fn clone_without_frames(&self) -> Self {
        Self {
            group: self.group.clone(),
            split: self.split,
            name: self.name.clone(),
            features: Features {
                frames_db: Vec::new(),
                ..self.features
            },
            frame_levels_db: Vec::new(),
            dynamics: self.dynamics,
            integrated_lufs: self.integrated_lufs,
            channels: self.channels,
            bandwidth_hz: self.bandwidth_hz,
            finished_probability: self.finished_probability,
        }
    }
}

/// Why a track has no features.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CorpusError {
    /// The file cannot be decoded or read.
    #[error(transparent)]
    Decode(#[from] acetate_io::DecodeError),
    /// The stream failed half-way.
    #[error("{path}: {source}")]
    Stream {
        /// The audio file.
        path: PathBuf,
        /// Why.
        source: acetate_dsp::StreamError,
    },
    /// Nothing in it that has a loudness.
    #[error("{path}: expected music, got silence")]
    Silent {
        /// The audio file.
        path: PathBuf,
    },
    /// The cache cannot be written or read.
    #[error("{path}: cache: {source}")]
    Cache {
        /// The cache file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Measures all files on all cores, reading what the cache already holds. Files that fail are
/// returned beside the tracks; `progress` is called once for each file.
pub fn load(
    files: &[TrackFile],
    cache_dir: &Path,
    progress: &(dyn Fn(&Path) + Sync),
) -> (Vec<Track>, Vec<CorpusError>) {
    let results: Vec<_> = files
        .par_iter()
        .map(|file| {
            let track = load_one(file, cache_dir);
            progress(&file.path);
            track
        })
        .collect();
    let mut tracks = Vec::new();
    let mut errors = Vec::new();
    for result in results {
        match result {
            Ok(track) => tracks.push(track),
            Err(error) => errors.push(error),
        }
    }
    (tracks, errors)
}

fn load_one(file: &TrackFile, cache_dir: &Path) -> Result<Track, CorpusError> {
    let content = acetate_io::content_hash(&file.path)?;
    let entry = cache_dir.join(format!(
        "{content}-{}-{CORPUS_VERSION}.safetensors",
        features_hash()
    ));
    if let Some(track) = acetate_io::read_bounded(&entry, MAX_ENTRY_BYTES)
        .ok()
        .and_then(|bytes| read_entry(&bytes, file))
    {
        return Ok(track);
    }
    let track = measure(file)?;
    write_entry(&track, &entry).map_err(|source| CorpusError::Cache {
        path: entry.clone(),
        source,
    })?;
    Ok(track)
}

fn measure(file: &TrackFile) -> Result<Track, CorpusError> {
    let mut source = acetate_io::open(&file.path, &acetate_io::OpenOptions::default())?;
    let analysis = analyze(&mut source).map_err(|source| CorpusError::Stream {
        path: file.path.clone(),
        source,
    })?;
    let features = Features::of(&analysis)
        .filter(|features| !features.frames_db.is_empty())
        .ok_or_else(|| CorpusError::Silent {
            path: file.path.clone(),
        })?;
    Ok(Track {
        group: file.group.clone(),
        split: file.split,
        name: track_name(&file.path),
        frame_levels_db: frame_levels_db(&features),
        dynamics: tabulate_dynamics(&analysis),
        features,
        integrated_lufs: analysis.integrated_lufs,
        channels: analysis.channels,
        bandwidth_hz: analysis.bandwidth_hz,
        // As the cache keeps it, so that a first run and a second one say the same.
        finished_probability: f64::from(finished::probability(&analysis) as f32),
    })
}

fn track_name(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Level spread and loudness range of the program after expansion of each tabulated strength.
fn tabulate_dynamics(analysis: &Analysis) -> [[f32; 2]; EXPANSIONS] {
    std::array::from_fn(|index| {
        let strength = MAX_EXPANSION * index as f64 / (EXPANSIONS - 1) as f64;
        expanded_dynamics(&analysis.sequences.k_power_10ms, strength)
    })
}

/// Writes an entry under a temporary name first, so that a kill leaves none half-written.
fn write_entry(track: &Track, path: &Path) -> std::io::Result<()> {
    let flat: Vec<f32> = track
        .features
        .frames_db
        .iter()
        .flatten()
        .chain(&track.features.pooled_db)
        .chain(&track.features.statistics)
        .chain(track.dynamics.iter().flatten())
        .copied()
        .chain([
            track.integrated_lufs as f32,
            track.channels as f32,
            track.bandwidth_hz as f32,
            track.finished_probability as f32,
        ])
        .collect();
    let bytes: Vec<u8> = flat.iter().flat_map(|value| value.to_le_bytes()).collect();
    let view =
        TensorView::new(Dtype::F32, vec![flat.len()], &bytes).map_err(std::io::Error::other)?;
    let data = safetensors::serialize(HashMap::from([("track", view)]), None)
        .map_err(std::io::Error::other)?;
    acetate_io::write_bytes(path, &data)
}

fn read_entry(bytes: &[u8], file: &TrackFile) -> Option<Track> {
    let tensors = SafeTensors::deserialize(bytes).ok()?;
    let view = tensors.tensor("track").ok()?;
    let values: Vec<f32> = view
        .data()
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect();
    let tail = FRAME_WIDTH + STATISTICS + 2 * EXPANSIONS + 4;
    let frames = values.len().checked_sub(tail)?;
    if frames % FRAME_WIDTH != 0 || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let (frames, rest) = values.split_at(frames);
    let (pooled, rest) = rest.split_at(FRAME_WIDTH);
    let (statistics, rest) = rest.split_at(STATISTICS);
    let (dynamics, scalars) = rest.split_at(2 * EXPANSIONS);
    let features = Features {
        frames_db: frames
            .chunks_exact(FRAME_WIDTH)
            .map(|row| row.try_into().ok())
            .collect::<Option<_>>()?,
        pooled_db: pooled.try_into().ok()?,
        statistics: statistics.try_into().ok()?,
    };
    Some(Track {
        group: file.group.clone(),
        split: file.split,
        name: track_name(&file.path),
        frame_levels_db: frame_levels_db(&features),
        features,
        dynamics: std::array::from_fn(|i| [dynamics[2 * i], dynamics[2 * i + 1]]),
        integrated_lufs: f64::from(scalars[0]),
        channels: scalars[1] as usize,
        bandwidth_hz: f64::from(scalars[2]),
        finished_probability: f64::from(scalars[3]),
    })
}

fn frame_levels_db(features: &Features) -> Vec<f32> {
    features.frames_db.iter().map(frame_level_db).collect()
}

/// `count` frames of a track drawn at random, with repeats where it has fewer.
pub fn draw_frames(track: &Track, count: usize, rng: &mut Rng) -> Vec<usize> {
    let available = track.features.frames_db.len();
    (0..count).map(|_| rng.below(available)).collect()
}

/// Loudness of a frame row from its bands, dB.
pub fn frame_level_db(row: &[f32; FRAME_WIDTH]) -> f32 {
    let power: f64 = (0..BANDS)
        .map(|band| {
            band_weights()[band]
                * (power_from_db(f64::from(row[band]))
                    + power_from_db(f64::from(row[BANDS + band])))
        })
        .sum();
    db_from_power(power) as f32
}

/// Level spread and loudness range after the levels were moved `strength` further from their
/// mean, the inverse of gentle compression.
pub fn expanded_dynamics(k_power_10ms: &[f32], strength: f64) -> [f32; 2] {
    let expanded = expand(k_power_10ms, strength);
    [
        level_spread_db(&expanded) as f32,
        range_from_k_power_10ms(&expanded) as f32,
    ]
}

fn expand(k_power_10ms: &[f32], strength: f64) -> Vec<f32> {
    let mean =
        k_power_10ms.iter().map(|&p| f64::from(p)).sum::<f64>() / k_power_10ms.len().max(1) as f64;
    if mean <= 0.0 || strength == 0.0 {
        return k_power_10ms.to_vec();
    }
    let half = EXPANSION_STEPS / 2;
    (0..k_power_10ms.len())
        .map(|k| {
            let window = &k_power_10ms[k.saturating_sub(half)..(k + half).min(k_power_10ms.len())];
            let level = window.iter().map(|&p| f64::from(p)).sum::<f64>() / window.len() as f64;
            let gain_db = strength * db_from_power((level / mean).max(1e-3));
            (f64::from(k_power_10ms[k]) * power_from_db(gain_db.min(9.0))) as f32
        })
        .collect()
}
