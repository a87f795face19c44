//! Can a classifier tell our masters from untouched ones? A two-sample test by classification
//! (Lopez-Paz and Oquab 2017), cross-validated over albums.

use serde::Serialize;

use crate::eval::logistic::Logistic;
use crate::eval::statistics::{Interval, bootstrap};
use crate::rng::Rng;

/// Folds of the cross-validation; albums are never parted.
const FOLDS: usize = 8;
/// Random Fourier features (Rahimi and Recht 2007).
const FOURIER: usize = 160;
/// Seed of their frequencies and of the folds.
const SEED: u64 = 0xACE7_2001;
/// A test that cannot tell even untreated mixes at severity 3 from masters this well proves
/// nothing.
pub const NEEDED_ACCURACY: f64 = 0.61;

/// One sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Album.
    pub group: usize,
    /// Features, any scale, the same number for all.
    pub features: Vec<f64>,
    /// Ours, or an untouched master.
    pub is_ours: bool,
}

/// What the classifier sees of the standardised features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expansion {
    /// The features.
    Linear,
    /// The features and their squares: mirrored faults change no mean, only the spread.
    Squares,
    /// Random Fourier features on top: squares and products of every order.
    Fourier,
}

/// A classifier of the test: what it sees, and its penalty.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Judge {
    /// What it sees.
    pub expansion: Expansion,
    /// L2 penalty.
    pub penalty: f64,
}

/// Every judge that is tried; the one that reads untreated mixes best judges everything.
pub fn judges() -> Vec<Judge> {
    let expansions = [Expansion::Linear, Expansion::Squares, Expansion::Fourier];
    expansions
        .into_iter()
        .flat_map(|expansion| [1e-3, 1e-2, 0.1].map(|penalty| Judge { expansion, penalty }))
        .collect()
}

/// Balanced accuracy of a judge on albums that it has not seen, with an interval from resampled
/// albums: one half where ours cannot be told from masters. `None` with fewer than two albums
/// or without samples of both kinds.
pub fn accuracy(samples: &[Sample], judge: Judge) -> Option<Interval> {
    let groups = 1 + samples.iter().map(|sample| sample.group).max()?;
    let fold_of = folds(samples, groups)?;
    let mut scored = Vec::with_capacity(samples.len());
    let ours = samples.iter().filter(|sample| sample.is_ours).count() as f64;
    let theirs = samples.len() as f64 - ours;
    if ours == 0.0 || theirs == 0.0 {
        return None;
    }
    for fold in 0..FOLDS {
        let (held_out, seen): (Vec<&Sample>, Vec<&Sample>) = samples
            .iter()
            .partition(|sample| fold_of[sample.group] == fold);
        if held_out.is_empty() {
            continue;
        }
        let view = View::of(&seen, judge.expansion);
        let rows: Vec<Vec<f64>> = seen
            .iter()
            .map(|sample| view.row(&sample.features))
            .collect();
        let labels: Vec<bool> = seen.iter().map(|sample| sample.is_ours).collect();
        let counts = [false, true].map(|kind| labels.iter().filter(|l| **l == kind).count());
        let weights: Vec<f64> = labels
            .iter()
            .map(|&label| 0.5 / (counts[usize::from(label)] as f64).max(1.0))
            .collect();
        let views: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
        let model = Logistic::fit(&views, &labels, &weights, judge.penalty)?;
        for sample in held_out {
            let says_ours = model.probability(&view.row(&sample.features)) > 0.5;
            let right = f64::from(u8::from(says_ours == sample.is_ours));
            // Both kinds count as much, so that the mean of the scores is the balanced accuracy.
            let share = if sample.is_ours { ours } else { theirs } / samples.len() as f64;
            scored.push((sample.group, 0.5 + (right - 0.5) * 0.5 / share));
        }
    }
    bootstrap(&scored, SEED)
}

/// A fold for each album: drawn at random, the folds as even as they can be.
fn folds(samples: &[Sample], groups: usize) -> Option<Vec<usize>> {
    let mut present: Vec<usize> = samples.iter().map(|sample| sample.group).collect();
    present.sort_unstable();
    present.dedup();
    if present.len() < 2 {
        return None;
    }
    Rng::new(SEED).shuffle(&mut present);
    let mut fold_of = vec![0; groups];
    for (at, group) in present.into_iter().enumerate() {
        fold_of[group] = at % FOLDS;
    }
    Some(fold_of)
}

/// Standardisation and expansion, learned from the samples that are seen.
struct View {
    mean: Vec<f64>,
    sd: Vec<f64>,
    expansion: Expansion,
    /// Frequencies and phase of each Fourier feature.
    waves: Vec<(Vec<f64>, f64)>,
}

impl View {
    fn of(seen: &[&Sample], expansion: Expansion) -> Self {
        let width = seen.first().map_or(0, |sample| sample.features.len());
        let average = |value: &dyn Fn(&Sample) -> f64| {
            seen.iter().map(|sample| value(sample)).sum::<f64>() / seen.len().max(1) as f64
        };
        let mean: Vec<f64> = (0..width).map(|i| average(&|s| s.features[i])).collect();
        let sd = (0..width)
            .map(|i| {
                average(&|s| (s.features[i] - mean[i]).powi(2))
                    .sqrt()
                    .max(1e-9)
            })
            .collect();
        let mut rng = Rng::new(SEED ^ 1);
        // Distances of standardised points grow with the root of the width.
        let scale = 1.0 / (width.max(1) as f64).sqrt();
        let waves = match expansion {
            Expansion::Fourier => (0..FOURIER)
                .map(|_| {
                    let frequencies = (0..width).map(|_| scale * rng.normal()).collect();
                    (frequencies, rng.uniform(0.0, std::f64::consts::TAU))
                })
                .collect(),
            Expansion::Linear | Expansion::Squares => Vec::new(),
        };
        Self {
            mean,
            sd,
            expansion,
            waves,
        }
    }

    fn row(&self, features: &[f64]) -> Vec<f64> {
        let mut row: Vec<f64> = features
            .iter()
            .zip(self.mean.iter().zip(&self.sd))
            .map(|(x, (mean, sd))| ((x - mean) / sd).clamp(-5.0, 5.0))
            .collect();
        let standard = row.clone();
        if self.expansion == Expansion::Squares {
            row.extend(standard.iter().map(|x| (x * x - 1.0) / 1.4));
        }
        row.extend(self.waves.iter().map(|(frequencies, phase)| {
            let angle: f64 = frequencies.iter().zip(&standard).map(|(w, x)| w * x).sum();
            libm::cos(angle + phase) * std::f64::consts::SQRT_2
        }));
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(shift: f64, spread: f64) -> Vec<Sample> {
        let mut rng = Rng::new(4);
        (0..240)
            .map(|k| {
                let is_ours = k % 2 == 0;
                let features = (0..6)
                    .map(|_| {
                        if is_ours {
                            shift + spread * rng.normal()
                        } else {
                            rng.normal()
                        }
                    })
                    .collect();
                Sample {
                    group: k / 8,
                    features,
                    is_ours,
                }
            })
            .collect()
    }

    #[test]
    fn what_differs_is_told_apart_and_what_does_not_is_not() {
        let linear = Judge {
            expansion: Expansion::Linear,
            penalty: 1e-2,
        };
        let squares = Judge {
            expansion: Expansion::Squares,
            ..linear
        };
        let apart = accuracy(&samples(1.5, 1.0), linear).unwrap();
        assert!(apart.mean > 0.9 && apart.low > 0.85, "{apart:?}");
        let same = accuracy(&samples(0.0, 1.0), linear).unwrap();
        assert!((0.4..0.6).contains(&same.mean), "{same:?}");
        // A wider spread around the same mean is seen in the squares only.
        let wider = samples(0.0, 2.5);
        assert!(accuracy(&wider, linear).unwrap().mean < 0.65);
        assert!(accuracy(&wider, squares).unwrap().mean > 0.85);
    }

    #[test]
    fn exact_copies_read_one_half() {
        let mut doubled: Vec<Sample> = samples(0.0, 1.0);
        doubled.retain(|sample| !sample.is_ours);
        let copies: Vec<Sample> = doubled
            .iter()
            .map(|sample| Sample {
                is_ours: true,
                ..sample.clone()
            })
            .collect();
        doubled.extend(copies);
        for judge in judges() {
            assert!((accuracy(&doubled, judge).unwrap().mean - 0.5).abs() < 1e-12);
        }
    }

    #[test]
    fn one_album_is_no_test() {
        let mut one = samples(1.0, 1.0);
        for sample in &mut one {
            sample.group = 0;
        }
        assert_eq!(accuracy(&one, judges()[0]), None);
    }
}
