//! [`Prior`] and [`Posterior`]: how much of what the net proposes is done.
//!
//! The members learned from faults of all sizes, so that what they say is a measurement: the move that would
//! undo the fault, with a variance for each coordinate. What is done is the posterior mean under a prior that
//! is written down: a mixture of fault sizes from none to large. The size itself is inferred from all
//! coordinates of a group at once, so that one large and plain fault is mended nearly whole and a move that
//! the measurement's error explains is hardly made. A finished master has a narrower prior than a mix.
//!
//! For a size `r`, coordinate `j` of the fault is normal with variance `u_j r²`. The members' training had
//! sizes of mean square `R²`, and their answer is a posterior under that: dividing it out (precisions
//! subtract) leaves the measurement `z_j` with variance `v_j`. Given `r`, the posterior mean is
//! `z_j u_j r² / (u_j r² + v_j)`; the sizes are weighed by how well each explains `z`.
//!
//! Weights that learned from pairs may hold an engineer's usual move: what is done to a mix whatever it sounds like.
//! Faults then lie around it, and so does what is done. A finished master does not get it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Of the precision that the training's prior alone has, a measurement keeps at least this share: an answer
/// no surer than that prior says nothing.
const LEAST_PRECISION_SHARE: f64 = 0.02;
/// Larger usual moves are refused, dB.
const MAX_USUAL_DB: f64 = 12.0;

/// Why a prior is refused.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum PriorError {
    /// Lists that belong together have different lengths.
    #[error("{group}: expected {expected} entries in {field}, got {got}")]
    Length {
        /// The group of outputs.
        group: &'static str,
        /// The field.
        field: &'static str,
        /// Entries needed.
        expected: usize,
        /// Entries found.
        got: usize,
    },
    /// A number out of its range.
    #[error("{group}: expected {field} from {min} to {max}, got {got}")]
    Range {
        /// The group of outputs.
        group: &'static str,
        /// The field.
        field: &'static str,
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
        /// Value found.
        got: f64,
    },
}

/// The priors of all groups of outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Priors {
    /// Tone of the whole, in modes.
    pub tone: Prior,
    /// Side gain and tilt.
    pub side: Prior,
    /// Level spread, read by the compressor.
    pub spread: Prior,
    /// PLR, read by the saturation.
    pub plr: Prior,
}

/// How large the faults of one group of outputs are, and how the members' answers are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prior {
    /// Variance of each coordinate for a fault of size 1 dB.
    pub unit_variance: Vec<f64>,
    /// Mean square size of the faults that the members learned from, dB².
    pub learned_square_db2: f64,
    /// Sizes of the mixture, dB.
    pub sizes_db: Vec<f64>,
    /// Share of each size among mixes; they sum to 1.
    pub shares: Vec<f64>,
    /// Share of each size among finished masters; they sum to 1.
    pub finished_shares: Vec<f64>,
    /// Factor on the members' variances.
    pub variance_scale: f64,
    /// Exponent of the sizes' likelihoods: below 1, since errors of neighboring coordinates are not quite
    /// independent.
    pub evidence_exponent: f64,
    /// Factor on the posterior deviations with which 80 % of validation errors lie in the 80 % interval.
    pub interval_scale: f64,
    /// An engineer's usual move in each coordinate, dB: the mean of what is done to a mix. Empty where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub usual_db: Vec<f64>,
}

/// What is known of one group once a song was heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Posterior {
    /// Mean of each coordinate of the move, dB.
    pub mean_db: Vec<f64>,
    /// Variance of each, dB².
    pub variance: Vec<f64>,
    /// Probability of the smallest size: that nothing but the usual move is wanted.
    pub smallest_probability: f64,
}

impl Priors {
    /// Checks all groups for these numbers of coordinates: tone, side, spread, PLR.
    ///
    /// # Errors
    /// [`PriorError`] naming the group and the field.
    pub fn check(&self, coordinates: [usize; 4]) -> Result<(), PriorError> {
        let groups = [
            ("tone", &self.tone),
            ("side", &self.side),
            ("spread", &self.spread),
            ("plr", &self.plr),
        ];
        groups
            .into_iter()
            .zip(coordinates)
            .try_for_each(|((group, prior), count)| prior.check(group, count))
    }
}

impl Prior {
    fn check(&self, group: &'static str, coordinates: usize) -> Result<(), PriorError> {
        let length = |field, expected, got| {
            if expected == got {
                Ok(())
            } else {
                Err(PriorError::Length {
                    group,
                    field,
                    expected,
                    got,
                })
            }
        };
        let range = |field, min, max, got: f64| {
            if (min..=max).contains(&got) {
                Ok(())
            } else {
                Err(PriorError::Range {
                    group,
                    field,
                    min,
                    max,
                    got,
                })
            }
        };
        length("unit_variance", coordinates, self.unit_variance.len())?;
        length("shares", self.sizes_db.len(), self.shares.len())?;
        length(
            "finished_shares",
            self.sizes_db.len(),
            self.finished_shares.len(),
        )?;
        if !self.usual_db.is_empty() {
            length("usual_db", coordinates, self.usual_db.len())?;
        }
        for &usual_db in &self.usual_db {
            range("usual_db", -MAX_USUAL_DB, MAX_USUAL_DB, usual_db)?;
        }
        for &variance in &self.unit_variance {
            range("unit_variance", 1e-9, 100.0, variance)?;
        }
        for &size_db in &self.sizes_db {
            range("sizes_db", 0.0, 24.0, size_db)?;
        }
        for shares in [&self.shares, &self.finished_shares] {
            for &share in shares {
                range("shares", 0.0, 1.0, share)?;
            }
            range("sum of shares", 0.999, 1.001, shares.iter().sum())?;
        }
        range("learned_square_db2", 1e-3, 400.0, self.learned_square_db2)?;
        range("variance_scale", 0.01, 100.0, self.variance_scale)?;
        range("evidence_exponent", 0.0, 1.0, self.evidence_exponent)?;
        range("interval_scale", 0.01, 100.0, self.interval_scale)
    }

    /// The posterior of a group of which the members say `mean_db` with `variance`; `finished` is the
    /// probability that the program is a finished master, 0 to 1.
    pub fn posterior(&self, mean_db: &[f64], variance: &[f64], finished: f64) -> Posterior {
        let usual_db = self.usual_of(finished);
        // Measured from the usual move on.
        let measured: Vec<(f64, f64)> = mean_db
            .iter()
            .zip(variance)
            .zip(&self.unit_variance)
            .map(|((&mean, &variance), &unit)| self.measurement(mean, variance, unit))
            .zip(&usual_db)
            .map(|((z, v), usual_db)| (z - usual_db, v))
            .collect();
        let probabilities = self.size_probabilities(&measured, finished);
        let (mut means, mut variances) = (Vec::new(), Vec::new());
        for ((&(z, v), unit), usual_db) in measured.iter().zip(&self.unit_variance).zip(&usual_db) {
            let (mut mean, mut square) = (0.0, 0.0);
            for (weight, size_db) in probabilities.iter().zip(&self.sizes_db) {
                let prior = unit * size_db * size_db;
                let share = prior / (prior + v);
                mean += weight * share * z;
                square += weight * (share * v + share * share * z * z);
            }
            means.push(usual_db + mean);
            variances
                .push((square - mean * mean).max(0.0) * self.interval_scale * self.interval_scale);
        }
        Posterior {
            mean_db: means,
            variance: variances,
            smallest_probability: probabilities.first().copied().unwrap_or(1.0),
        }
    }

    /// Probability of each size once a fault was measured: a value (dB) with its variance (dB²) for each coordinate.
    /// `finished` as in [`posterior`](Self::posterior).
    pub fn size_probabilities(&self, measured: &[(f64, f64)], finished: f64) -> Vec<f64> {
        let shares = self
            .shares
            .iter()
            .zip(&self.finished_shares)
            .map(|(mix, master)| mix + finished * (master - mix));
        let logs: Vec<f64> = self
            .sizes_db
            .iter()
            .zip(shares)
            .map(|(&size_db, share)| {
                let evidence: f64 = measured
                    .iter()
                    .zip(&self.unit_variance)
                    .map(|(&(z, v), unit)| {
                        let total = unit * size_db * size_db + v;
                        -0.5 * (z * z / total + libm::log(total))
                    })
                    .sum();
                libm::log(share.max(1e-12)) + self.evidence_exponent * evidence
            })
            .collect();
        let highest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = logs.iter().map(|log| libm::exp(log - highest)).collect();
        let total: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / total).collect()
    }

    /// The usual move of each coordinate for a program that is a finished master with probability `finished`, dB.
    pub(crate) fn usual_of(&self, finished: f64) -> Vec<f64> {
        let count = self.unit_variance.len();
        let moves = self.usual_db.iter().map(|db| (1.0 - finished) * db);
        moves.chain(std::iter::repeat(0.0)).take(count).collect()
    }

    /// What one coordinate's answer is as a measurement: the value and its variance, without the
    /// training's prior.
    fn measurement(&self, mean_db: f64, variance: f64, unit_variance: f64) -> (f64, f64) {
        let variance = (variance * self.variance_scale).max(1e-9);
        let learned = 1.0 / (unit_variance * self.learned_square_db2);
        let precision = (1.0 / variance - learned).max(LEAST_PRECISION_SHARE * learned);
        (mean_db / variance / precision, 1.0 / precision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prior() -> Prior {
        Prior {
            unit_variance: vec![0.6, 0.3, 0.1],
            learned_square_db2: 18.0,
            sizes_db: vec![0.0, 1.0, 3.0, 6.0],
            shares: vec![0.5, 0.2, 0.2, 0.1],
            finished_shares: vec![0.9, 0.1, 0.0, 0.0],
            variance_scale: 1.0,
            evidence_exponent: 1.0,
            interval_scale: 1.0,
            usual_db: Vec::new(),
        }
    }

    fn share_done(size: f64, variance: f64, finished: f64) -> f64 {
        let said = [size, -0.5 * size, 0.2 * size];
        let posterior = prior().posterior(&said, &[variance; 3], finished);
        let product: f64 = posterior.mean_db.iter().zip(said).map(|(a, b)| a * b).sum();
        product / said.iter().map(|x| x * x).sum::<f64>()
    }

    #[test]
    fn a_plain_fault_is_mended_nearly_whole_and_a_doubtful_one_hardly() {
        assert!(share_done(6.0, 0.3, 0.0) > 0.85);
        assert!(share_done(0.5, 1.0, 0.0) < 0.25);
        assert!(share_done(0.0, 1.0, 0.0).is_nan());
    }

    #[test]
    fn the_share_grows_with_the_fault_and_falls_with_the_deviation() {
        let shares: Vec<f64> = [0.5, 1.0, 2.0, 4.0, 6.0]
            .map(|size| share_done(size, 1.0, 0.0))
            .to_vec();
        assert!(shares.is_sorted(), "{shares:?}");
        assert!(share_done(2.0, 0.3, 0.0) > share_done(2.0, 2.0, 0.0));
    }

    #[test]
    fn a_finished_master_is_left_alone_longer_than_a_mix() {
        assert!(share_done(2.0, 1.0, 1.0) < 0.5 * share_done(2.0, 1.0, 0.0));
    }

    #[test]
    fn the_usual_move_is_made_where_nothing_is_heard_and_not_on_a_finished_master() {
        let mut with = prior();
        with.usual_db = vec![1.0, -0.5, 0.0];
        let unheard = with.posterior(&[0.0; 3], &[10.0; 3], 0.0);
        for (mean_db, usual_db) in unheard.mean_db.iter().zip(&with.usual_db) {
            assert!((mean_db - usual_db).abs() < 0.25, "{unheard:?}");
        }
        let heard = with.posterior(&[6.0, -3.0, 1.2], &[0.3; 3], 0.0);
        let without = prior().posterior(&[6.0, -3.0, 1.2], &[0.3; 3], 0.0);
        assert!((heard.mean_db[0] - without.mean_db[0]).abs() < 0.2);
        let said = ([0.4, -0.2, 0.1], [1.0; 3]);
        assert_eq!(
            with.posterior(&said.0, &said.1, 1.0),
            prior().posterior(&said.0, &said.1, 1.0)
        );
    }

    #[test]
    fn an_answer_no_surer_than_the_prior_of_the_training_moves_next_to_nothing() {
        let unsure = prior().posterior(&[0.2], &[10.8], 0.0);
        assert!(unsure.mean_db[0].abs() < 0.2, "{unsure:?}");
    }

    #[test]
    fn a_prior_that_does_not_fit_is_refused_with_its_field() {
        let mut wrong = prior();
        wrong.shares.pop();
        let error = wrong.check("tone", 3).unwrap_err().to_string();
        assert_eq!(error, "tone: expected 4 entries in shares, got 3");
        let mut wrong = prior();
        wrong.usual_db = vec![1.0; 2];
        let error = wrong.check("tone", 3).unwrap_err().to_string();
        assert_eq!(error, "tone: expected 3 entries in usual_db, got 2");
        let mut wrong = prior();
        wrong.evidence_exponent = 1.5;
        assert!(wrong.check("tone", 3).is_err());
        assert!(prior().check("tone", 3).is_ok());
    }
}
