//! Does the net know how unsure it is? Predicted standard deviations against errors.

use serde::Serialize;

use crate::eval::faults::rms;
use crate::eval::predicted_error::PredictedError;
use crate::eval::statistics::spearman;

/// Bins of the plot, of equal counts.
const BINS: usize = 10;
/// Half width of the central 80 % of a Gaussian, standard deviations.
pub const HALF_WIDTH_80: f64 = 1.281_551_566;

/// How well predicted standard deviations predict errors.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Calibration {
    /// Rank correlation over cases of the predicted deviation with the error, both RMS over the
    /// knots.
    pub spearman: Option<f64>,
    /// Share of the knots whose error lies in the interval that should hold 80 %.
    pub coverage_80: Option<f64>,
    /// Knots in order of their predicted deviation, in bins of equal counts.
    pub bins: Vec<Bin>,
}

/// Knots of similar predicted deviation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// RMS of the predicted deviations, dB.
    pub predicted_db: f64,
    /// RMS of the errors, dB.
    pub observed_db: f64,
    /// Knots.
    pub count: usize,
}

impl Calibration {
    /// Compares what was predicted with what came.
    pub fn of(cases: &[PredictedError]) -> Self {
        let pairs: Vec<(f64, f64)> = cases
            .iter()
            .map(|case| (rms(&case.sd_db), rms(&case.residual_db)))
            .collect();
        let knots = knots(cases);
        let bins = (0..BINS)
            .map(|bin| &knots[bin * knots.len() / BINS..(bin + 1) * knots.len() / BINS])
            .filter(|knots| !knots.is_empty())
            .map(|knots| {
                let part = |value: fn(&(f64, f64)) -> f64| {
                    rms(&knots.iter().map(value).collect::<Vec<_>>())
                };
                Bin {
                    predicted_db: part(|knot| knot.0),
                    observed_db: part(|knot| knot.1),
                    count: knots.len(),
                }
            })
            .collect();
        Self {
            spearman: spearman(&pairs),
            coverage_80: (!knots.is_empty()).then(|| held_share(&knots)),
            bins,
        }
    }
}

/// Predicted deviation and error of every knot, in order of the deviation, dB.
pub fn knots(cases: &[PredictedError]) -> Vec<(f64, f64)> {
    let mut knots: Vec<(f64, f64)> = cases
        .iter()
        .flat_map(|case| {
            case.sd_db
                .iter()
                .copied()
                .zip(case.residual_db.iter().copied())
        })
        .collect();
    knots.sort_by(|a, b| a.0.total_cmp(&b.0));
    knots
}

/// Share of some knots whose error lies in the 80 % interval.
pub fn held_share(knots: &[(f64, f64)]) -> f64 {
    let inside = knots
        .iter()
        .filter(|(sd, error)| error.abs() <= HALF_WIDTH_80 * sd)
        .count();
    inside as f64 / knots.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    fn cases(scale: f64) -> Vec<PredictedError> {
        let mut rng = Rng::new(31);
        (0..400)
            .map(|_| {
                let sd = rng.uniform(0.5, 3.0);
                PredictedError {
                    sd_db: vec![scale * sd; 10],
                    residual_db: (0..10).map(|_| sd * rng.normal()).collect(),
                }
            })
            .collect()
    }

    #[test]
    fn honest_deviations_cover_what_they_promise() {
        let honest = Calibration::of(&cases(1.0));
        assert!((honest.coverage_80.unwrap() - 0.8).abs() < 0.03);
        assert!(honest.spearman.unwrap() > 0.8);
        assert_eq!(honest.bins.len(), 10);
        for bin in &honest.bins {
            assert!((bin.observed_db / bin.predicted_db - 1.0).abs() < 0.15);
        }
        assert!(Calibration::of(&cases(0.5)).coverage_80.unwrap() < 0.6);
        assert!(Calibration::of(&cases(2.0)).coverage_80.unwrap() > 0.95);
    }

    #[test]
    fn nothing_predicted_is_no_calibration() {
        assert_eq!(Calibration::of(&[]), Calibration::default());
    }
}
