//! [`Unpredicted`]: what autoregressive models of a signal, each of a short stretch of it, cannot predict.

use pulp::{Arch, Simd, WithSimd};

use super::autoregressive::Interpolator;

/// Order of the models.
const ORDER: usize = 32;
/// One model holds for so long, s; it is learned from twice as much.
const MODEL_S: f64 = 0.046;
/// Taps that are added in one pass over the samples.
const TAPS: usize = 4;

/// Models of a signal, one after another.
pub(super) struct Unpredicted {
    arch: Arch,
    /// Samples for which one model holds.
    hop: usize,
    model: Interpolator,
    /// Zeros for the filter to begin with, then the samples.
    padded: Vec<f32>,
    errors: Vec<f32>,
}

impl Unpredicted {
    pub(super) fn new(rate_hz: f64) -> Self {
        let hop = ((MODEL_S * rate_hz) as usize).max(ORDER);
        Self {
            arch: Arch::new(),
            hop,
            model: Interpolator::new(ORDER, 2 * hop + 2, 0),
            padded: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// The size of what is not predicted of each sample.
    pub(super) fn of(&mut self, samples: &[f32]) -> &[f32] {
        self.padded.clear();
        self.padded.resize(ORDER, 0.0);
        self.padded.extend_from_slice(samples);
        self.errors.clear();
        self.errors.extend_from_slice(samples);
        let mut start = 0;
        while start < samples.len() {
            let end = (start + self.hop).min(samples.len());
            let from = start.saturating_sub(self.hop / 2);
            let to = (end + self.hop / 2).min(samples.len());
            self.model.samples.clear();
            (self.model.samples).extend(samples[from..to].iter().map(|&x| f64::from(x)));
            self.model.clear_model();
            self.model.learn(0, to - from);
            self.arch.dispatch(Predict {
                filter: self.model.filter(),
                padded: &self.padded[start..end + ORDER],
                errors: &mut self.errors[start..end],
            });
            start = end;
        }
        &self.errors
    }

    /// What [`of`](Self::of) gave last.
    pub(super) fn last(&self) -> &[f32] {
        &self.errors
    }
}

/// Adds what comes before the samples through the filter, and takes the size.
struct Predict<'a> {
    /// 1 first.
    filter: &'a [f64],
    /// As many samples before the first as the filter has taps behind its first, then the samples.
    padded: &'a [f32],
    /// In: the samples.
    errors: &'a mut [f32],
}

impl WithSimd for Predict<'_> {
    type Output = ();

    // Nothing but plain loops: compiled for each kind of processor, they differ in width alone.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let count = self.errors.len();
        let (fours, _) = self.filter[1..].as_chunks::<TAPS>();
        for (group, taps) in fours.iter().enumerate() {
            let taps = taps.map(|tap| tap as f32);
            let before: [&[f32]; TAPS] = std::array::from_fn(|tap| {
                let at = ORDER - 1 - TAPS * group - tap;
                &self.padded[at..at + count]
            });
            for (n, error) in self.errors.iter_mut().enumerate() {
                *error += (taps[0] * before[0][n] + taps[1] * before[1][n])
                    + (taps[2] * before[2][n] + taps[3] * before[3][n]);
            }
        }
        self.errors
            .iter_mut()
            .for_each(|error| *error = error.abs());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_predicted_and_a_jump_in_it_is_not() {
        let tone = |n: usize| (0.5 * (0.05 * n as f64).sin()) as f32;
        let mut samples: Vec<f32> = (0..20_000).map(tone).collect();
        samples[9_000] += 0.2;
        let mut models = Unpredicted::new(44_100.0);
        let errors = models.of(&samples);
        assert_eq!(errors.len(), samples.len());
        let most =
            |range: std::ops::Range<usize>| errors[range].iter().copied().fold(0.0, f32::max);
        assert!(errors[9_000] > 0.15, "{}", errors[9_000]);
        assert!(most(4_000..6_000) < 1e-4, "{}", most(4_000..6_000));
        assert!(most(9_040..10_000) < 0.02, "{}", most(9_040..10_000));
    }
}
