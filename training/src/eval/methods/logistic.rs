//! L2-penalized logistic regression by Newton's method (Hastie, Tibshirani and Friedman, *The
//! Elements of Statistical Learning*, 2nd ed., §4.4.1).

use acetate_dsp::numeric::{mirror, solve};

/// Newton steps at most.
const MAX_STEPS: usize = 25;
/// Largest change of a coefficient at which it has converged.
const TOLERANCE: f64 = 1e-6;
/// Smallest weight of a row: keeps the Hessian definite where the fit is perfect.
const MIN_WEIGHT: f64 = 1e-9;

/// A fitted classifier: coefficients, the intercept last.
#[derive(Clone, Debug, PartialEq)]
pub struct Logistic(Vec<f64>);

impl Logistic {
    /// Fits rows of equal length with labels and weights that sum to 1. `penalty` is on the squared
    /// coefficients; the intercept is free. `None` where the system has no solution.
    pub fn fit(rows: &[&[f64]], labels: &[bool], weights: &[f64], penalty: f64) -> Option<Self> {
        let width = rows.first()?.len() + 1;
        let value = |row: &[f64], index: usize| row.get(index).copied().unwrap_or(1.0);
        let mut model = Self(vec![0.0; width]);
        for _ in 0..MAX_STEPS {
            let mut hessian = vec![vec![0.0; width]; width];
            let mut gradient = vec![vec![0.0]; width];
            for ((row, label), weight) in rows.iter().zip(labels).zip(weights) {
                let share = model.probability(row);
                let error = weight * (f64::from(u8::from(*label)) - share);
                let curvature = (weight * share * (1.0 - share)).max(MIN_WEIGHT * weight);
                for i in 0..width {
                    let x = value(row, i);
                    gradient[i][0] += error * x;
                    for (j, cell) in hessian[i].iter_mut().enumerate().take(i + 1) {
                        *cell += curvature * x * value(row, j);
                    }
                }
            }
            for i in 0..width {
                let penalty = if i + 1 < width { penalty } else { 1e-9 };
                gradient[i][0] -= penalty * model.0[i];
                hessian[i][i] += penalty;
            }
            mirror(&mut hessian);
            if !solve(&mut hessian, &mut gradient) {
                return None;
            }
            let mut largest: f64 = 0.0;
            for (coefficient, step) in model.0.iter_mut().zip(&gradient) {
                *coefficient += step[0];
                largest = largest.max(step[0].abs());
            }
            if largest < TOLERANCE {
                break;
            }
        }
        model.0.iter().all(|c| c.is_finite()).then_some(model)
    }

    /// Probability of the label, 0 to 1.
    pub fn probability(&self, row: &[f64]) -> f64 {
        let sum: f64 = self
            .0
            .iter()
            .zip(row.iter().chain(std::iter::once(&1.0)))
            .map(|(coefficient, x)| coefficient * x)
            .sum();
        1.0 / (1.0 + libm::exp(-sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn what_a_line_parts_is_parted() {
        let mut rng = Rng::new(3);
        let rows: Vec<Vec<f64>> = (0..200).map(|_| vec![rng.normal(), rng.normal()]).collect();
        let labels: Vec<bool> = rows.iter().map(|r| r[0] + 2.0 * r[1] > 0.3).collect();
        let views: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
        let model = Logistic::fit(&views, &labels, &[1.0 / 200.0; 200], 1e-4).unwrap();
        let right = rows
            .iter()
            .zip(&labels)
            .filter(|(row, label)| (model.probability(row) > 0.5) == **label)
            .count();
        assert!(right > 190, "{right}");
    }
}
