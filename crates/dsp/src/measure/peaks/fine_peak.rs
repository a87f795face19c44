//! The 64× grids of [`TruePeak`](super::true_peak::TruePeak): a short sinc that reads every frame
//! which may hold the peak, and a long one for the few that stand out.

use std::sync::LazyLock;

use pulp::{Arch, Simd, WithSimd};

use super::interpolate::sinc_taps;
use crate::threads::join;

/// Oversampling factor of both grids.
const STEPS: usize = 64;
/// Points of the grid on one side of a frame.
const SIDE: usize = STEPS / 2;
/// Shape of both Kaiser windows: ripples of -80 dB.
const BETA: f64 = 8.0;

/// Samples that a point of the short sinc reads: flat to 0.46 of the sample rate.
const SHORT_TAPS: usize = 64;
/// Samples on either side of a frame that its short reading needs.
pub(super) const SHORT_REACH: usize = SHORT_TAPS / 2;

/// Samples that a point of the long sinc reads: flat to 0.495 of the sample rate.
const LONG_TAPS: usize = 512;
/// Frames on either side of a candidate that the long sinc searches: close to half the sample rate
/// the coarse pass may misplace a peak by that much.
const SEARCH_FRAMES: usize = 3;
/// Samples on either side of a candidate that its long reading needs.
pub(super) const LONG_REACH: usize = LONG_TAPS / 2 + SEARCH_FRAMES;
/// Samples around a candidate.
pub(super) const WINDOW_FRAMES: usize = 2 * LONG_REACH + 1;

/// The short sinc, one row of points per sample, so that the points are computed side by side.
#[derive(Clone, Debug)]
pub(super) struct ShortSinc {
    /// Points from half a sample before a frame up to it.
    before: Vec<[f32; SIDE]>,
    /// Points from a frame on, up to half a sample after it.
    after: Vec<[f32; SIDE]>,
}

impl ShortSinc {
    /// Builds the taps.
    pub(super) fn new() -> Self {
        let rows: Vec<Vec<f64>> = (0..STEPS)
            .map(|p| sinc_taps(SHORT_TAPS, BETA, p as f64 / STEPS as f64))
            .collect();
        let side = |rows: &[Vec<f64>]| {
            (0..SHORT_TAPS)
                .map(|tap| std::array::from_fn(|p| rows[p][tap] as f32))
                .collect()
        };
        Self {
            before: side(&rows[SIDE..]),
            after: side(&rows[..SIDE]),
        }
    }

    /// Highest absolute value within half a sample of the frame in the middle of `samples`, which
    /// are `2 · SHORT_REACH + 1`.
    pub(super) fn peak(&self, samples: &[f32]) -> f32 {
        let before = highest(&self.before, samples);
        let after = highest(&self.after, &samples[1..]);
        before.max(after)
    }
}

fn highest(taps: &[[f32; SIDE]], samples: &[f32]) -> f32 {
    let mut sums = [0.0f32; SIDE];
    for (row, &sample) in taps.iter().zip(samples) {
        for (sum, tap) in sums.iter_mut().zip(row) {
            *sum += tap * sample;
        }
    }
    sums.iter().fold(0.0, |top, sum| top.max(sum.abs()))
}

/// Every how many points of the grid are read first.
const STRIDE: usize = 8;
/// Around a first reading of this share of the highest one all points are read: between two of them a
/// signal rises to at most 1 / cos(π f / 8) of the larger one, 0.17 dB at half the sample rate.
const WORTH_A_LOOK: f64 = 0.97;
/// By how much a reading in single precision may be off, as a share of it: in each of eight sums 64 products
/// round by at most 2⁻²⁴ of what has come together, whose taps' magnitudes sum up to less than five.
const ROUGH: f32 = 3e-5;
/// Sums that a point is gathered in, side by side and in a fixed order.
const SUMS: usize = 8;

/// The long sinc: roughly in `f32`, to tell which windows may hold the peak, and in `f64`.
pub(super) struct LongSinc {
    arch: Arch,
    rough: Rows<f32>,
    fine: Rows<f64>,
}

impl LongSinc {
    /// The taps, built once.
    pub(super) fn shared() -> &'static Self {
        static SHARED: LazyLock<LongSinc> = LazyLock::new(|| {
            let row = |p| sinc_taps(LONG_TAPS, BETA, p as f64 / STEPS as f64);
            let rows: Vec<Vec<f64>> = (0..STEPS).map(row).collect();
            let rough = |row: &Vec<f64>| row.iter().map(|&tap| tap as f32).collect();
            LongSinc {
                arch: Arch::new(),
                rough: Rows(rows.iter().map(rough).collect()),
                fine: Rows(rows),
            }
        });
        &SHARED
    }

    /// Highest absolute value within `SEARCH_FRAMES` of each window's center, of those windows that may
    /// hold the highest of all; the others give nothing.
    pub(super) fn peaks<'a>(
        &self,
        windows: impl Iterator<Item = &'a [f32; WINDOW_FRAMES]>,
    ) -> Vec<Option<f64>> {
        let windows: Vec<_> = windows.collect();
        let look = |windows: &[&[f32; WINDOW_FRAMES]]| -> Vec<f32> {
            let rows = &self.rough;
            let each = windows.iter();
            each.map(|window| self.arch.dispatch(SincKernel { rows, window }))
                .collect()
        };
        let (front, back) = windows.split_at(windows.len() / 2);
        let (mut rough, rest) = join(|| look(front), || look(back));
        rough.extend(rest);
        let highest = rough.iter().copied().fold(0.0, f32::max);
        let reading = |(window, &rough): (&[f32; WINDOW_FRAMES], &f32)| {
            let may_be_highest = rough >= highest * (1.0 - 2.0 * ROUGH);
            may_be_highest.then(|| self.peak(window))
        };
        windows.into_iter().zip(&rough).map(reading).collect()
    }

    /// Highest absolute value within `SEARCH_FRAMES` of the window's center.
    fn peak(&self, window: &[f32; WINDOW_FRAMES]) -> f64 {
        self.arch.dispatch(SincKernel {
            rows: &self.fine,
            window: &window.map(f64::from),
        })
    }
}

/// Taps of the points within a frame.
struct Rows<T>(Vec<Vec<T>>);

/// A search for the peak of a window.
struct SincKernel<'a, T> {
    rows: &'a Rows<T>,
    window: &'a [T; WINDOW_FRAMES],
}

macro_rules! look {
    ($float:ty) => {
        impl WithSimd for SincKernel<'_, $float> {
            type Output = $float;

            // Nothing but plain loops: compiled for each kind of processor, they differ in width alone.
            #[inline(always)]
            fn with_simd<S: Simd>(self, _simd: S) -> $float {
                const POINTS: usize = 2 * SEARCH_FRAMES * STEPS;
                let mut first = [0.0; POINTS / STRIDE];
                for (index, value) in first.iter_mut().enumerate() {
                    *value = self.at(index * STRIDE);
                }
                let highest = first.iter().copied().fold(0.0, <$float>::max);
                let mut peak = highest;
                let worth = first.iter().enumerate();
                let from = WORTH_A_LOOK as $float * highest;
                for (index, _) in worth.filter(|(_, value)| **value >= from) {
                    let start = (index * STRIDE).saturating_sub(STRIDE - 1);
                    for point in start..(index * STRIDE + STRIDE).min(POINTS) {
                        peak = peak.max(self.at(point));
                    }
                }
                peak
            }
        }

        impl SincKernel<'_, $float> {
            /// Absolute value at a point of the grid, which starts `SEARCH_FRAMES` before the center.
            #[inline(always)]
            fn at(&self, point: usize) -> $float {
                let samples = &self.window[point / STEPS + 1..][..LONG_TAPS];
                let (samples, _) = samples.as_chunks::<SUMS>();
                let (taps, _) = self.rows.0[point % STEPS].as_chunks::<SUMS>();
                let mut sums = [0.0; SUMS];
                for (taps, samples) in taps.iter().zip(samples) {
                    for lane in 0..SUMS {
                        sums[lane] += taps[lane] * samples[lane];
                    }
                }
                sums.iter().sum::<$float>().abs()
            }
        }
    };
}

look!(f32);
look!(f64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sincs_agree_on_a_tone_of_20_khz_at_44_1_khz() {
        let mut window = [0.0; WINDOW_FRAMES];
        for (n, sample) in window.iter_mut().enumerate() {
            // The crest lies 0.3 samples after the center.
            let from_crest = n as f64 - LONG_REACH as f64 - 0.3;
            let angle = std::f64::consts::TAU * 20.0 / 44.1 * from_crest;
            *sample = libm::cos(angle) as f32;
        }
        let around = &window[LONG_REACH - SHORT_REACH..=LONG_REACH + SHORT_REACH];
        let short = f64::from(ShortSinc::new().peak(around));
        let long = LongSinc::shared().peak(&window);
        assert!((short - 1.0).abs() < 5e-4, "{short}");
        assert!((long - 1.0).abs() < 5e-4, "{long}");
    }
}
