//! The simple methods that the net is compared with, fitted once on the corpus and stored with the
//! weights, so that any folder of songs can be evaluated without the corpus.

use acetate_dsp::measure::loudness::range_from_k_power_10ms;
use acetate_dsp::settings::Compressor;
use acetate_dsp::units::power_from_db;
use acetate_model::dynamics::compress_k_power;
use acetate_model::features::BANDS;

use crate::corpus::Track;
use crate::degrade::Fault;
use crate::eval::EvalError;
use crate::eval::expansion::{STRENGTHS, gains_db};
use crate::eval::faults::smooth;
use crate::eval::projection::{Move, basis};
use crate::eval::ridge::{self, Ridge};
use crate::recipe::SeverityPrior;
use crate::rng::Rng;
use crate::validation::{mean_spectrum, tonal_error};

/// Shares of the mean curve tried.
const SHARES: [f64; 12] = [
    0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0,
];
/// Severities on which the share is chosen, all of one weight, dB RMS.
const SEVERITIES_DB: [f64; 6] = [0.0, 1.0, 2.0, 3.0, 4.0, 6.0];
/// Seed of the faults on which the share is chosen.
const SHARE_SEED: u64 = 0xACE7_1003;
/// Thresholds tried for the fixed compressor, LU.
const THRESHOLDS_LU: [f64; 6] = [-12.0, -8.0, -4.0, 0.0, 4.0, 8.0];
/// Ratios tried for the fixed compressor.
const RATIOS: [f64; 7] = [1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5];

/// Everything that the simple methods learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Baselines {
    /// Mean mid spectrum of the training masters, dB relative to loudness.
    pub mean_db: [f64; BANDS],
    /// Share of the mean curve that does best on validation tracks, 0 to 1.
    pub best_share: f64,
    /// Ridge regression.
    pub ridge: Ridge,
    /// Its penalty, chosen on validation tracks.
    pub ridge_penalty: f64,
    /// Threshold and ratio of the one compressor that undoes expansion best on validation
    /// tracks.
    pub compressor: Compressor,
    /// Name of the recipe whose prior the ridge was trained on.
    pub recipe: String,
}

/// A program's levels, as the fixed compressor is chosen on.
#[derive(Clone, Debug)]
pub struct Levels {
    /// K-weighted power of each 10 ms.
    pub k_power_10ms: Vec<f32>,
    /// Integrated loudness, LUFS.
    pub integrated_lufs: f64,
}

/// Fits all of it: the mean curve and the ridge on training tracks degraded by the recipe's
/// prior, every choice on validation tracks. `levels` are those of validation tracks.
///
/// # Errors
/// [`EvalError::Fit`] when a split is empty or its features are not finite.
pub fn fit(
    train: &[Track],
    valid: &[Track],
    levels: &[Levels],
    prior: &SeverityPrior,
    recipe: &str,
) -> Result<Baselines, EvalError> {
    let (ridge, ridge_penalty) = ridge::fit(train, valid, prior).ok_or(EvalError::Fit {
        train: train.len(),
        valid: valid.len(),
    })?;
    let mean_db = mean_spectrum(train);
    Ok(Baselines {
        best_share: best_share(valid, &mean_db),
        mean_db,
        ridge,
        ridge_penalty,
        compressor: fixed_compressor(levels),
        recipe: recipe.to_owned(),
    })
}

/// The share of the mean curve with the least error, each severity's faults with their mirrors.
fn best_share(valid: &[Track], mean_db: &[f64; BANDS]) -> f64 {
    let mut errors = [0.0; SHARES.len()];
    let flat = [0.0; BANDS];
    let mut rng = Rng::new(SHARE_SEED);
    for track in valid {
        for severity_db in SEVERITIES_DB {
            let drawn = smooth(&mut rng, severity_db);
            for fault in [&drawn, &drawn.mirrored()] {
                let fault = Fault {
                    tone_db: fault.mid_bands_db(),
                    side_gain_db: fault.side_gain_db,
                    side_tilt_db: fault.side_tilt_db,
                    expansion: 0.0,
                    plr_excess_db: 0.0,
                };
                let mix: [f64; BANDS] = std::array::from_fn(|band| {
                    f64::from(track.features.pooled_db[band]) + fault.tone_db[band]
                });
                let whole = Move::toward(mean_db, &mix, 1.0);
                for (error, share) in errors.iter_mut().zip(SHARES) {
                    let curve = std::array::from_fn(|band| {
                        let knots = whole.mid_db.iter().zip(basis());
                        knots.map(|(gain, curve)| share * gain * curve[band]).sum()
                    });
                    *error += tonal_error(track, &fault, &curve, &flat).0;
                }
            }
        }
    }
    SHARES
        .into_iter()
        .zip(errors)
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(0.0, |(share, _)| share)
}

/// The compressor that brings the loudness range of expanded programs nearest to the original,
/// predicted on 10 ms levels.
fn fixed_compressor(levels: &[Levels]) -> Compressor {
    let mut best = (f64::INFINITY, Compressor::default());
    for threshold_lu in THRESHOLDS_LU {
        for ratio in RATIOS {
            let trial = Compressor {
                threshold_lu,
                ratio,
                ..Compressor::default()
            };
            let error: f64 = levels.iter().map(|one| range_error_lu(one, &trial)).sum();
            if error < best.0 {
                best = (error, trial);
            }
        }
    }
    best.1
}

/// Distance of the loudness range after expansion and compression from the original's, summed over
/// the strengths, LU.
fn range_error_lu(levels: &Levels, compressor: &Compressor) -> f64 {
    let before = range_from_k_power_10ms(&levels.k_power_10ms);
    STRENGTHS
        .iter()
        .map(|&strength| {
            let gains = gains_db(&levels.k_power_10ms, strength);
            let expanded: Vec<f32> = levels
                .k_power_10ms
                .iter()
                .zip(gains)
                .map(|(&power, gain_db)| (f64::from(power) * power_from_db(gain_db)) as f32)
                .collect();
            let lufs = acetate_dsp::measure::loudness::integrated_from_k_power_10ms(&expanded);
            let after = compress_k_power(&expanded, lufs, compressor);
            (range_from_k_power_10ms(&after) - before).abs()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixed_compressor_does_better_than_none() {
        let mut rng = Rng::new(21);
        let levels: Vec<Levels> = (0..4)
            .map(|_| {
                let mut level_db = -16.0;
                let k_power_10ms: Vec<f32> = (0..3000)
                    .map(|k| {
                        if k % 150 == 0 {
                            level_db = -16.0 + 4.0 * rng.normal();
                        }
                        power_from_db(level_db) as f32
                    })
                    .collect();
                Levels {
                    integrated_lufs: -16.0,
                    k_power_10ms,
                }
            })
            .collect();
        let chosen = fixed_compressor(&levels);
        assert!(chosen.ratio > 1.0, "{chosen:?}");
        let none = Compressor {
            ratio: 1.0,
            ..Compressor::default()
        };
        let error = |compressor: &Compressor| -> f64 {
            levels.iter().map(|l| range_error_lu(l, compressor)).sum()
        };
        assert!(error(&chosen) < 0.9 * error(&none));
    }
}
