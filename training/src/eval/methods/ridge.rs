//! Ridge regression from the long-term spectrum and the level statistics to a [`Move`], in
//! closed form: what a linear method learns from the same data.

use acetate_dsp::numeric::{mirror, solve};
use acetate_dsp::settings::MID_KNOTS;
use acetate_model::features::{BANDS, FRAME_WIDTH, STATISTICS};
use acetate_model::outputs::SIDE_OUTPUTS;

use crate::corpus::Track;
use crate::degrade::Fault;
use crate::eval::projection::{Move, projected};
use crate::recipe::SeverityPrior;
use crate::rng::Rng;
use crate::simulator::degrade;

/// Inputs: mid and side, each relative to its mean over the bands, the means' distance, the
/// statistics.
pub const INPUTS: usize = FRAME_WIDTH + 1 + STATISTICS;
/// Outputs: mid knots, side gain and tilt.
pub const OUTPUTS: usize = MID_KNOTS + SIDE_OUTPUTS;
/// Degraded masters that it is fitted on.
pub const TRAINING_DRAWS: usize = 40_000;
/// Degraded validation masters on which the penalty is chosen.
const VALIDATION_DRAWS: usize = 4_000;
/// Penalties tried, per draw.
const PENALTIES: [f64; 9] = [1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0];
/// Seeds of the draws.
const TRAINING_SEED: u64 = 0xACE7_1001;
const VALIDATION_SEED: u64 = 0xACE7_1002;
/// Smallest standard deviation of an input that is scaled by it.
const MIN_SD: f64 = 1e-6;

/// A fitted regression.
#[derive(Clone, Debug, PartialEq)]
pub struct Ridge {
    /// Mean of each input.
    pub mean: Vec<f64>,
    /// Standard deviation of each input.
    pub sd: Vec<f64>,
    /// Mean of each output, dB.
    pub intercept: Vec<f64>,
    /// dB per standard deviation, shape `[INPUTS][OUTPUTS]`.
    pub slope: Vec<Vec<f64>>,
}

/// The inputs of a program: long-term spectrum in the layout of the features, statistics.
/// A mono program has no side: its side inputs are 0.
pub fn inputs(pooled_db: &[f32], statistics: &[f32], stereo: bool) -> [f64; INPUTS] {
    let half_mean = |offset: usize| {
        (0..BANDS)
            .map(|band| f64::from(pooled_db[offset + band]))
            .sum::<f64>()
            / BANDS as f64
    };
    let means = [half_mean(0), half_mean(BANDS)];
    std::array::from_fn(|index| match index {
        _ if index < BANDS => f64::from(pooled_db[index]) - means[0],
        _ if index <= FRAME_WIDTH && !stereo => 0.0,
        _ if index < FRAME_WIDTH => f64::from(pooled_db[index]) - means[1],
        FRAME_WIDTH => means[1] - means[0],
        _ => f64::from(statistics[index - FRAME_WIDTH - 1]),
    })
}

impl Ridge {
    /// What it would change.
    pub fn predict(&self, inputs: &[f64; INPUTS]) -> Move {
        let mut outputs = self.intercept.clone();
        for (input, (mean, (sd, slopes))) in inputs
            .iter()
            .zip(self.mean.iter().zip(self.sd.iter().zip(&self.slope)))
        {
            let scaled = (input - mean) / sd;
            for (output, slope) in outputs.iter_mut().zip(slopes) {
                *output += scaled * slope;
            }
        }
        Move {
            mid_db: std::array::from_fn(|knot| outputs[knot]),
            side_gain_db: outputs[MID_KNOTS],
            side_tilt_db: outputs[MID_KNOTS + 1],
        }
    }
}

/// Degraded masters as rows.
struct Draws {
    inputs: Vec<[f64; INPUTS]>,
    targets: Vec<[f64; OUTPUTS]>,
    stereo: Vec<bool>,
}

fn draw(tracks: &[Track], prior: &SeverityPrior, count: usize, seed: u64) -> Draws {
    let mut rng = Rng::new(seed);
    let mut draws = Draws {
        inputs: Vec::with_capacity(count),
        targets: Vec::with_capacity(count),
        stereo: Vec::with_capacity(count),
    };
    for _ in 0..count {
        let track = &tracks[rng.below(tracks.len())];
        let fault = Fault::draw(&mut rng, prior);
        let mix = degrade(track, &fault, &[], None);
        let (pooled_db, statistics) = mix.pooled.split_at(FRAME_WIDTH);
        let stereo = track.channels == 2;
        let knots = projected(&fault.tone_db.map(|gain_db| -gain_db), &[true; BANDS]);
        draws.inputs.push(inputs(pooled_db, statistics, stereo));
        draws
            .targets
            .push(std::array::from_fn(|output| match output {
                _ if output < MID_KNOTS => knots[output],
                MID_KNOTS if stereo => -fault.side_gain_db,
                _ if stereo => -fault.side_tilt_db,
                _ => 0.0,
            }));
        draws.stereo.push(stereo);
    }
    draws
}

/// Fits on training tracks degraded by the prior; the penalty with the least squared error on
/// validation tracks is kept and returned with it. `None` where a split is empty or the inputs
/// are not finite.
pub fn fit(train: &[Track], valid: &[Track], prior: &SeverityPrior) -> Option<(Ridge, f64)> {
    if train.is_empty() || valid.is_empty() {
        return None;
    }
    let draws = draw(train, prior, TRAINING_DRAWS, TRAINING_SEED);
    let held_out = draw(valid, prior, VALIDATION_DRAWS, VALIDATION_SEED);
    let moments = Moments::of(&draws);
    PENALTIES
        .iter()
        .filter_map(|&penalty| {
            let ridge = moments.solve(penalty)?;
            Some((squared_error(&ridge, &held_out), ridge, penalty))
        })
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, ridge, penalty)| (ridge, penalty))
}

fn squared_error(ridge: &Ridge, draws: &Draws) -> f64 {
    draws
        .inputs
        .iter()
        .zip(&draws.targets)
        .zip(&draws.stereo)
        .map(|((inputs, targets), stereo)| {
            let got = ridge.predict(inputs);
            let mid: f64 = got
                .mid_db
                .iter()
                .zip(targets)
                .map(|(a, b)| (a - b) * (a - b))
                .sum();
            let side = (got.side_gain_db - targets[MID_KNOTS]).powi(2)
                + (got.side_tilt_db - targets[MID_KNOTS + 1]).powi(2);
            mid + if *stereo { side } else { 0.0 }
        })
        .sum()
}

/// Standardised second moments of a set of draws.
struct Moments {
    mean: Vec<f64>,
    sd: Vec<f64>,
    intercept: Vec<f64>,
    /// Correlations of the inputs, shape `[INPUTS][INPUTS]`.
    inner: Vec<Vec<f64>>,
    /// Of inputs with outputs, shape `[INPUTS][OUTPUTS]`.
    outer: Vec<Vec<f64>>,
}

impl Moments {
    fn of(draws: &Draws) -> Self {
        let count = draws.inputs.len() as f64;
        let average =
            |value: &dyn Fn(usize) -> f64| (0..draws.inputs.len()).map(value).sum::<f64>() / count;
        let mean: Vec<f64> = (0..INPUTS)
            .map(|i| average(&|row| draws.inputs[row][i]))
            .collect();
        let sd: Vec<f64> = (0..INPUTS)
            .map(|i| {
                average(&|row| (draws.inputs[row][i] - mean[i]).powi(2))
                    .sqrt()
                    .max(MIN_SD)
            })
            .collect();
        let intercept: Vec<f64> = (0..OUTPUTS)
            .map(|o| average(&|row| draws.targets[row][o]))
            .collect();
        let mut inner = vec![vec![0.0; INPUTS]; INPUTS];
        let mut outer = vec![vec![0.0; OUTPUTS]; INPUTS];
        for (row, targets) in draws.inputs.iter().zip(&draws.targets) {
            let x: [f64; INPUTS] = std::array::from_fn(|i| (row[i] - mean[i]) / sd[i]);
            for i in 0..INPUTS {
                for j in 0..=i {
                    inner[i][j] += x[i] * x[j] / count;
                }
                for o in 0..OUTPUTS {
                    outer[i][o] += x[i] * (targets[o] - intercept[o]) / count;
                }
            }
        }
        mirror(&mut inner);
        Self {
            mean,
            sd,
            intercept,
            inner,
            outer,
        }
    }

    fn solve(&self, penalty: f64) -> Option<Ridge> {
        let mut penalized = self.inner.clone();
        for (i, row) in penalized.iter_mut().enumerate() {
            row[i] += penalty;
        }
        let mut slope = self.outer.clone();
        solve(&mut penalized, &mut slope).then(|| Ridge {
            mean: self.mean.clone(),
            sd: self.sd.clone(),
            intercept: self.intercept.clone(),
            slope,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Targets that are a linear function of the inputs are learned; a mono row has no side.
    #[test]
    fn a_linear_relation_is_found() {
        let mut rng = Rng::new(8);
        let inputs: Vec<[f64; INPUTS]> = (0..2_000)
            .map(|_| std::array::from_fn(|_| 3.0 + 2.0 * rng.normal()))
            .collect();
        let targets = inputs
            .iter()
            .map(|row| std::array::from_fn(|o| 0.5 * row[o] - row[o + 20] + 1.0))
            .collect();
        let draws = Draws {
            stereo: vec![true; inputs.len()],
            inputs,
            targets,
        };
        let ridge = Moments::of(&draws).solve(1e-6).unwrap();
        let error = squared_error(&ridge, &draws) / draws.inputs.len() as f64;
        assert!(error < 1e-6, "{error}");
    }

    #[test]
    fn inputs_do_not_know_the_level() {
        let pooled: Vec<f32> = (0..FRAME_WIDTH).map(|i| -(i as f32) * 0.7).collect();
        let louder: Vec<f32> = pooled.iter().map(|db| db + 6.0).collect();
        let (a, b) = (
            inputs(&pooled, &[0.0; STATISTICS], true),
            inputs(&louder, &[0.0; STATISTICS], true),
        );
        for (a, b) in a.iter().zip(b) {
            assert!((a - b).abs() < 1e-4);
        }
        let mono = inputs(&pooled, &[0.0; STATISTICS], false);
        assert!(mono[BANDS..=FRAME_WIDTH].iter().all(|x| *x == 0.0));
    }
}
