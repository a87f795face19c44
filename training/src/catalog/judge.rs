//! What weights leave of the faults of held-out songs: figures per song, so that two sets of
//! weights can be compared on the same ones.

use acetate_model::features::BANDS;
use acetate_model::outputs::SPREAD;
use acetate_model::posterior::Priors;
use acetate_model::{NetPredictor, Weights, WeightsError};
use rayon::prelude::*;
use serde::Serialize;

use super::interval::{MIN_ALBUMS, mean_interval};
use crate::corpus::Track;
use crate::pair::Pair;
use crate::validation::{self, Case, SEVERITIES_DB, applied_db, net_curves, tonal_error};

/// How much each severity of [`SEVERITIES_DB`] counts: real mixes are about 1 dB off in the median.
const SEVERITY_WEIGHTS: [f64; 6] = [0.2, 0.3, 0.2, 0.15, 0.1, 0.05];

/// What is left of one song's faults, dB.
#[derive(Clone, Debug, PartialEq)]
pub struct SongErrors {
    /// The song's album.
    pub album: String,
    /// Mid.
    pub mid_db: f64,
    /// Side; `None` for mono.
    pub side_db: Option<f64>,
    /// Level spread.
    pub spread_db: f64,
    /// Harm to the untouched master, mid.
    pub harm_db: f64,
}

/// Means over songs, dB.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Errors {
    /// Tonal error of mid, severities as `SEVERITY_WEIGHTS` weighs them; of pairs, what is left of the
    /// curve from mix to master.
    pub mid_db: f64,
    /// The same of side.
    pub side_db: f64,
    /// Error of the level spread.
    pub spread_db: f64,
    /// Harm to untouched masters, mid.
    pub harm_db: f64,
}

/// Two sets of weights on the same songs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The shipped weights.
    pub shipped: Errors,
    /// The retrained ones.
    pub retrained: Errors,
    /// What the retrained ones leave less of the mid error, dB.
    pub gain_db: f64,
    /// Its 95 % interval, dB; `None` where one song alone gives none.
    pub gain_interval_db: Option<[f64; 2]>,
    /// Songs.
    pub songs: usize,
    /// Albums that the interval counts; where they are fewer than [`MIN_ALBUMS`] it counts songs.
    pub albums: usize,
}

/// Songs to judge by: finished masters with drawn faults, and real pairs as they are. Where there are
/// pairs, they are what counts.
#[derive(Clone, Copy, Debug)]
pub struct Songs<'a> {
    /// Finished masters.
    pub masters: &'a [Track],
    /// Pairs.
    pub pairs: &'a [Pair],
    /// Seed of the drawn faults.
    pub seed: u64,
}

/// Judges weights on songs.
///
/// # Errors
/// [`WeightsError`] when the net cannot run.
pub fn judge(weights: &Weights, songs: &Songs<'_>) -> Result<Vec<SongErrors>, WeightsError> {
    let priors = &weights.header.priors;
    let predictor = NetPredictor::new(weights.clone());
    if !songs.pairs.is_empty() {
        return songs
            .pairs
            .par_iter()
            .map(|pair| judge_pair(pair, &predictor, priors))
            .collect();
    }
    let cases = validation::cases(songs.masters, &predictor, &[], songs.seed)?;
    let per_song = cases.len() / songs.masters.len().max(1);
    Ok(songs
        .masters
        .iter()
        .zip(cases.chunks(per_song.max(1)))
        .map(|(track, cases)| judge_master(track, cases, priors))
        .collect())
}

fn judge_master(track: &Track, cases: &[Case], priors: &Priors) -> SongErrors {
    let mut errors = SongErrors {
        album: track.group.clone(),
        mid_db: 0.0,
        side_db: (track.channels == 2).then_some(0.0),
        spread_db: 0.0,
        harm_db: 0.0,
    };
    for (severity_db, weight) in SEVERITIES_DB.into_iter().zip(SEVERITY_WEIGHTS) {
        let at: Vec<&Case> = cases
            .iter()
            .filter(|case| case.severity_db == severity_db)
            .collect();
        let share = weight / at.len().max(1) as f64;
        for case in &at {
            let (mid, side) = left_over(track, case, priors);
            errors.mid_db += share * mid;
            errors.side_db = errors.side_db.map(|sum| sum + share * side.unwrap_or(0.0));
            errors.spread_db += share * spread_error(case, priors);
            if severity_db == 0.0 {
                errors.harm_db += mid / at.len() as f64;
            }
        }
    }
    errors
}

fn judge_pair(
    pair: &Pair,
    predictor: &NetPredictor,
    priors: &Priors,
) -> Result<SongErrors, WeightsError> {
    let mix = validation::pair_case(pair, predictor)?;
    let (mid_db, side_db) = left_over(&pair.master, &mix, priors);
    let untouched = validation::untouched(std::slice::from_ref(&pair.master), predictor, &[])?;
    let harm_db = untouched
        .first()
        .map_or(0.0, |case| left_over(&pair.master, case, priors).0);
    Ok(SongErrors {
        album: pair.master.group.clone(),
        mid_db,
        side_db,
        spread_db: spread_error(&mix, priors),
        harm_db,
    })
}

fn left_over(master: &Track, case: &Case, priors: &Priors) -> (f64, Option<f64>) {
    let (mid, side): ([f64; BANDS], [f64; BANDS]) = net_curves(master, case, priors);
    tonal_error(master, &case.fault, &mid, &side)
}

fn spread_error(case: &Case, priors: &Priors) -> f64 {
    (case.spread_target_db - applied_db(case, priors, SPREAD)).abs()
}

/// Means over songs.
pub fn mean(songs: &[SongErrors]) -> Errors {
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let over = |value: fn(&SongErrors) -> f64| mean(songs.iter().map(value).collect());
    Errors {
        mid_db: over(|song| song.mid_db),
        side_db: mean(songs.iter().filter_map(|song| song.side_db).collect()),
        spread_db: over(|song| song.spread_db),
        harm_db: over(|song| song.harm_db),
    }
}

/// Compares two sets of weights that were judged on the same songs.
pub fn compare(shipped: &[SongErrors], retrained: &[SongErrors]) -> Comparison {
    let gains: Vec<(&str, f64)> = shipped
        .iter()
        .zip(retrained)
        .map(|(before, after)| (before.album.as_str(), before.mid_db - after.mid_db))
        .collect();
    let interval = mean_interval(&gains);
    let mut albums: Vec<&str> = gains.iter().map(|(album, _)| *album).collect();
    albums.sort_unstable();
    albums.dedup();
    Comparison {
        shipped: mean(shipped),
        retrained: mean(retrained),
        gain_db: interval.mean,
        gain_interval_db: interval
            .low
            .is_finite()
            .then_some([interval.low, interval.high]),
        songs: gains.len(),
        albums: albums.len(),
    }
}

impl Comparison {
    /// Whether the interval counts songs because there are too few albums.
    pub fn counts_songs(&self) -> bool {
        self.albums < MIN_ALBUMS
    }
}
