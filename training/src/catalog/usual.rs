//! [`UsualMove`]: what an engineer does to a mix whatever it sounds like, and how far single moves lie from that,
//! both learned from a few pairs.
//!
//! The mean over few pairs is drawn toward no move, the more the fewer they are and the more they differ
//! (Efron and Morris 1975, "Data analysis using Stein's estimator and its generalizations"). The shares of the
//! fault sizes start as so many pairs' worth of the shipped ones.

use acetate_model::outputs::{curve_of_modes, modes_of_curve};
use acetate_model::posterior::{Prior, Priors};
use serde::Serialize;

use crate::eval::faults::rms;
use crate::pair::Pair;

/// Size of engineers' usual moves before any pair was seen, dB RMS. Human masters differ from their mixes by 0.4 to
/// 1 dB RMS in the median (`training/default.toml`), usual move and single moves together.
const USUAL_SIZE_DB: f64 = 0.7;
/// How far single moves lie from the usual one before any pair was seen, dB RMS …
const APART_SIZE_DB: f64 = 1.0;
/// … and how many pairs that guess is worth.
const APART_PAIRS: f64 = 4.0;
/// How many pairs the shipped shares of the fault sizes are worth.
const SHARES_PAIRS: f64 = 10.0;
/// Moves are read this exactly at best, dB RMS.
const READING_DB: f64 = 0.3;

/// An engineer's usual move, as it is told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UsualMove {
    /// Pairs that it was learned from.
    pub pairs: usize,
    /// Share of their mean move that is kept, 0 to 1: that of tone.
    pub kept_share: f64,
    /// Gain at the net's bands, third octaves from 39 Hz to 16 kHz, dB.
    pub tone_db: Vec<f64>,
    /// Gain of side, dB.
    pub side_gain_db: f64,
    /// Change of the level spread, dB.
    pub level_spread_db: f64,
}

impl UsualMove {
    /// Size of its tone, dB RMS over the bands.
    pub fn tone_rms_db(&self) -> f64 {
        rms(&self.tone_db)
    }
}

/// Moves of all pairs in some coordinates, and what is made of them.
struct Moves {
    /// One row a pair, dB.
    rows: Vec<Vec<f64>>,
}

/// The priors of an engineer: the shipped ones with the usual move of `pairs` and the sizes of single moves.
pub fn learn(pairs: &[Pair], shipped: &Priors) -> (Priors, UsualMove) {
    let mut priors = shipped.clone();
    let tone = Moves::of(pairs, |pair| {
        modes_of_curve(&pair.fault.tone_db)
            .iter()
            .map(|db| -db)
            .collect()
    });
    let side = Moves::of(pairs, |pair| {
        vec![-pair.fault.side_gain_db, -pair.fault.side_tilt_db]
    });
    // Level spread is the first of the two figures of dynamics; peaks are the limiter's.
    let spread = Moves::of(pairs, |pair| vec![pair.dynamics_target_db[0]]);
    let kept_share = tone.kept_share(&priors.tone);
    for (moves, prior) in [
        (&tone, &mut priors.tone),
        (&side, &mut priors.side),
        (&spread, &mut priors.spread),
    ] {
        prior.usual_db = moves.usual_db(prior);
        prior.shares = moves.shares(prior);
    }
    // A compressor only lowers.
    for db in &mut priors.spread.usual_db {
        *db = db.min(0.0);
    }
    let told = UsualMove {
        pairs: pairs.len(),
        kept_share,
        tone_db: curve_of_modes(&priors.tone.usual_db).to_vec(),
        side_gain_db: priors.side.usual_db[0],
        level_spread_db: priors.spread.usual_db[0],
    };
    (priors, told)
}

impl Moves {
    fn of(pairs: &[Pair], coordinates: impl Fn(&Pair) -> Vec<f64>) -> Self {
        Self {
            rows: pairs.iter().map(coordinates).collect(),
        }
    }

    fn mean_db(&self) -> Vec<f64> {
        let count = self.rows.len().max(1) as f64;
        let width = self.rows.first().map_or(0, Vec::len);
        (0..width)
            .map(|at| self.rows.iter().map(|row| row[at]).sum::<f64>() / count)
            .collect()
    }

    /// Mean square distance of single moves from their mean, dB² for a fault of size 1 dB.
    fn apart_square_db2(&self, prior: &Prior) -> f64 {
        let mean_db = self.mean_db();
        let unit: f64 = prior.unit_variance.iter().sum();
        let squares: f64 = self
            .rows
            .iter()
            .flat_map(|row| row.iter().zip(&mean_db))
            .map(|(db, mean_db)| (db - mean_db).powi(2))
            .sum();
        let guess = APART_PAIRS * APART_SIZE_DB * APART_SIZE_DB;
        let freedom = self.rows.len().saturating_sub(1) as f64;
        (guess + squares / unit) / (APART_PAIRS + freedom)
    }

    /// Share of the mean move that is kept.
    fn kept_share(&self, prior: &Prior) -> f64 {
        let usual = USUAL_SIZE_DB * USUAL_SIZE_DB;
        let error = self.apart_square_db2(prior) / self.rows.len().max(1) as f64;
        usual / (usual + error)
    }

    fn usual_db(&self, prior: &Prior) -> Vec<f64> {
        let kept_share = self.kept_share(prior);
        self.mean_db().iter().map(|db| kept_share * db).collect()
    }

    /// Shares of the fault sizes: the prior's, moved by how well each size explains every pair's distance from the
    /// usual move.
    fn shares(&self, prior: &Prior) -> Vec<f64> {
        let mut sums: Vec<f64> = prior
            .shares
            .iter()
            .map(|share| SHARES_PAIRS * share)
            .collect();
        for row in &self.rows {
            let apart = row.iter().zip(&prior.usual_db).zip(&prior.unit_variance);
            let measured: Vec<(f64, f64)> = apart
                .map(|((db, usual_db), unit)| (db - usual_db, unit * READING_DB * READING_DB))
                .collect();
            let probabilities = prior.size_probabilities(&measured, 0.0);
            for (sum, probability) in sums.iter_mut().zip(probabilities) {
                *sum += probability;
            }
        }
        let total: f64 = sums.iter().sum();
        sums.iter().map(|sum| sum / total).collect()
    }
}

#[cfg(test)]
mod tests {
    use acetate_model::Weights;
    use acetate_model::features::BANDS;
    use acetate_model::outputs::{MODES, SIDE_OUTPUTS};

    use super::*;
    use crate::rng::Rng;
    use crate::synthetic::track;

    /// Pairs whose master is brighter than their mix by a slope of `tilt_db` over the bands, give or take.
    fn pairs(count: u64, tilt_db: f64, apart_db: f64) -> Vec<Pair> {
        let mut rng = Rng::new(7);
        (0..count)
            .map(|number| {
                let master = track("album", number);
                let mut mix = master.clone();
                let tilt_db = tilt_db + apart_db * rng.normal();
                for band in 0..BANDS {
                    let gain_db = (tilt_db * (band as f64 / 13.0 - 1.0)) as f32;
                    mix.features.pooled_db[band] -= gain_db;
                    mix.features.pooled_db[BANDS + band] -= gain_db;
                }
                Pair::new(mix, master)
            })
            .collect()
    }

    fn shipped() -> Priors {
        Weights::embedded().unwrap().header.priors
    }

    #[test]
    fn a_habit_is_learned_from_five_pairs_and_more_surely_from_many() {
        let (priors, five) = learn(&pairs(5, 2.0, 0.3), &shipped());
        let rise_db = |told: &UsualMove| told.tone_db[BANDS - 1] - told.tone_db[0];
        assert!((1.5..4.0).contains(&rise_db(&five)), "{five:?}");
        let (_, twenty) = learn(&pairs(20, 2.0, 0.3), &shipped());
        assert!(twenty.kept_share > five.kept_share);
        assert!((rise_db(&twenty) - 4.0).abs() < 0.6, "{twenty:?}");
        priors.check([MODES, SIDE_OUTPUTS, 1, 1]).unwrap();
    }

    #[test]
    fn moves_that_agree_in_nothing_leave_no_habit() {
        let (_, told) = learn(&pairs(6, 0.0, 2.5), &shipped());
        let (_, steady) = learn(&pairs(6, 0.0, 0.1), &shipped());
        assert!(told.kept_share < steady.kept_share - 0.1, "{told:?}");
        assert!(steady.tone_rms_db() < 0.15, "{steady:?}");
    }

    #[test]
    fn an_engineer_of_small_moves_makes_large_ones_unlikely() {
        let shipped = shipped();
        let (priors, _) = learn(&pairs(20, 0.5, 0.1), &shipped);
        let large = |priors: &Priors| -> f64 {
            let sizes = priors.tone.sizes_db.iter().zip(&priors.tone.shares);
            sizes
                .filter(|(db, _)| **db >= 3.0)
                .map(|(_, share)| share)
                .sum()
        };
        assert!(large(&priors) < 0.6 * large(&shipped));
        let sum: f64 = priors.tone.shares.iter().sum();
        assert!((sum - 1.0).abs() < 1e-9);
    }
}
