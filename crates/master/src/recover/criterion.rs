//! When an explanation is worth its parameters: the Bayesian information criterion over blocks of time.

use acetate_dsp::numeric::quantile;

/// Blocks over which programs are held against each other, in steps of 10 ms.
pub(super) const BLOCK_STEPS: usize = 20;
/// Their length, s.
pub(super) const BLOCK_S: f64 = 0.01 * BLOCK_STEPS as f64;
/// So many blocks tell as much as one that stands alone: neighbors tell much the same.
const DEPENDENT_BLOCKS: f64 = 5.0;
/// Programs that are closer than this are the same, dB.
const SMALLEST_DB: f64 = 0.05;

/// What is left of the differences of two programs, and over how much of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left {
    /// Mean square, dB².
    pub(super) mean_square: f64,
    /// Blocks of time.
    pub(super) blocks: usize,
}

impl Left {
    /// Of one value for each block.
    pub(super) fn of(values: &[f64]) -> Self {
        Self {
            mean_square: mean_square(values),
            blocks: values.len(),
        }
    }

    fn variance(self) -> f64 {
        self.mean_square.max(SMALLEST_DB * SMALLEST_DB)
    }

    fn independent(self) -> f64 {
        self.blocks as f64 / DEPENDENT_BLOCKS
    }

    /// What one parameter has to explain.
    pub(super) fn price(self) -> f64 {
        self.independent().max(2.0).ln()
    }

    /// How much more `other` explains: twice the logarithm of the ratio of likelihoods.
    pub(super) fn gain(self, other: Self) -> f64 {
        let blocks = self.independent().min(other.independent());
        blocks * (self.variance() / other.variance()).ln()
    }

    /// Whether `other` explains more than its parameters cost.
    pub(super) fn is_beaten_by(self, other: Self, parameters: f64) -> bool {
        let fewer = if self.blocks < other.blocks {
            self
        } else {
            other
        };
        self.gain(other) > parameters * fewer.price()
    }
}

fn mean_square(values: &[f64]) -> f64 {
    values.iter().map(|x| x * x).sum::<f64>() / values.len().max(1) as f64
}

/// The values less their median, none of them further off than `most`.
pub(super) fn centered(values: &mut [f64], most: f64) {
    let middle = quantile(values, 0.5).unwrap_or(0.0);
    for value in values {
        *value = (*value - middle).clamp(-most, most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(mean_square: f64) -> Left {
        Left {
            mean_square,
            blocks: 500,
        }
    }

    #[test]
    fn an_explanation_is_taken_only_for_more_than_its_parameters_cost() {
        // A hundred independent blocks: a parameter has to explain ln 100, 4.6.
        assert!(left(1.0).is_beaten_by(left(0.9), 2.0));
        assert!(!left(1.0).is_beaten_by(left(0.93), 2.0));
        assert!(!left(1.0).is_beaten_by(left(0.9), 3.0));
        assert!(!left(1.0).is_beaten_by(left(1.0), 1.0));
    }

    #[test]
    fn programs_that_are_the_same_are_not_explained_any_better() {
        assert!(!left(0.002).is_beaten_by(left(0.000_01), 1.0));
    }
}
