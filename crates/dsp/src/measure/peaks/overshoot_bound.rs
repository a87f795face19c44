//! [`OvershootBound`]: how far an interpolated signal can rise above its samples, without interpolating it.
//!
//! A point at the share t of the way between two samples is their line, (1 - t)·x\[0\] + t·x\[1\], plus what
//! the interpolator's taps r beyond the line's two read. Those add up to nothing, and so nearly do their
//! places; summed up twice they are therefore taps C on the second differences of the signal (summation by
//! parts), and `|Σ r·x|` is at most `Σ|C| · max|x[k-1] - 2·x[k] + x[k+1]|` and a small share of the largest
//! sample. Second differences of music are small: of a hundred stretches that the absolute sum of the
//! taps cannot rule out, less than one is left.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::simd::{LANES, highest, lanes, larger, largest};

/// What rounding to `f32` adds, here and in an interpolator of up to 60 taps, as a share of the largest
/// sample.
const ROUNDING: f64 = 1e-5;

/// Bounds of the points that rows of taps read between the two samples in their middle.
#[derive(Clone, Debug)]
pub(in crate::measure) struct OvershootBound {
    arch: Arch,
    /// Samples that a point reads.
    taps: usize,
    /// Of the largest sample: no point exceeds it by more than this factor.
    level: f32,
    /// Of the largest second difference,
    bend: f32,
    /// and of the largest sample, what a point may have beyond the samples beside it.
    rest: f32,
}

impl OvershootBound {
    /// For rows of the same even number of taps, whose points stand evenly spaced between the two samples
    /// in the middle, neither of them included.
    pub(in crate::measure) fn of(rows: &[Vec<f64>]) -> Self {
        let (mut level, mut bend, mut rest) = (1.0f64, 0.0f64, 0.0f64);
        for (row, index) in rows.iter().zip(1_u32..) {
            let share = f64::from(index) / (rows.len() + 1) as f64;
            let right = row.len() / 2;
            let (mut sum, mut sum_of_sums, mut bends) = (0.0f64, 0.0f64, 0.0);
            for (tap, weight) in row.iter().enumerate() {
                let line = match tap {
                    _ if tap + 1 == right => 1.0 - share,
                    _ if tap == right => share,
                    _ => 0.0,
                };
                sum += weight - line;
                sum_of_sums += sum;
                bends += sum_of_sums.abs();
            }
            level = level.max(row.iter().map(|tap| tap.abs()).sum());
            bend = bend.max(bends);
            // The last sums belong to a sample and to a first difference, which is at most two of them.
            rest = rest.max(3.0 * sum.abs() + 2.0 * sum_of_sums.abs());
        }
        Self {
            arch: Arch::new(),
            taps: rows.first().map_or(0, Vec::len),
            level: (level + ROUNDING) as f32,
            bend: (bend + ROUNDING) as f32,
            rest: (rest + ROUNDING) as f32,
        }
    }

    /// Samples that a point reads.
    pub(in crate::measure) fn taps(&self) -> usize {
        self.taps
    }

    /// What neither the points between the samples of a stretch exceed nor the samples beside them, linear.
    /// The stretch holds all that the points read, so it is `taps - 1` longer than they are intervals.
    pub(in crate::measure) fn bound(&self, stretch: &[f32]) -> f32 {
        let before = (self.taps / 2).saturating_sub(1);
        let extent = self.arch.dispatch(ExtentKernel {
            stretch,
            beside: before..stretch.len().saturating_sub(before),
        });
        let bent = extent.beside + self.bend * extent.second_difference + self.rest * extent.sample;
        bent.min(extent.sample * self.level)
    }
}

/// What a stretch holds at most, linear.
struct Extent {
    sample: f32,
    /// Among the samples beside the points.
    beside: f32,
    second_difference: f32,
}

struct ExtentKernel<'a> {
    stretch: &'a [f32],
    beside: Range<usize>,
}

impl WithSimd for ExtentKernel<'_> {
    type Output = Extent;

    // Nothing but plain loops: compiled for each kind of processor, they differ in width alone.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> Extent {
        let stretch = self.stretch;
        let inner = stretch.len().saturating_sub(2);
        let mut tops = [0.0f32; LANES];
        // The last ones are looked at once more, where there are enough of them.
        let last = inner.checked_sub(LANES);
        for start in (0..inner - inner % LANES).step_by(LANES).chain(last) {
            let before: [f32; LANES] = lanes(stretch, start);
            let own: [f32; LANES] = lanes(stretch, start + 1);
            let after: [f32; LANES] = lanes(stretch, start + 2);
            for lane in 0..LANES {
                let bend = (before[lane] + after[lane]) - 2.0 * own[lane];
                tops[lane] = larger(bend.abs(), tops[lane]);
            }
        }
        if last.is_none() {
            for (top, x) in tops.iter_mut().zip(stretch.windows(3)) {
                *top = larger((x[0] + x[2] - 2.0 * x[1]).abs(), *top);
            }
        }
        Extent {
            sample: highest(stretch),
            beside: highest(&stretch[self.beside]),
            second_difference: largest(tops),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::peaks::interpolate::{TAPS, grid_taps};
    use crate::signal::Random;

    /// The largest of the samples beside the intervals and the points between them.
    fn literal(rows: &[Vec<f64>], stretch: &[f32]) -> f64 {
        let windows = stretch.windows(TAPS);
        let points = windows.flat_map(|window| {
            let beside = [window[TAPS / 2 - 1], window[TAPS / 2]].map(f64::from);
            let between = rows.iter().map(|row| {
                let products = row.iter().zip(window).map(|(tap, &x)| tap * f64::from(x));
                products.sum::<f64>()
            });
            between.chain(beside).collect::<Vec<_>>()
        });
        points.fold(0.0, |top, point| top.max(point.abs()))
    }

    #[test]
    fn nothing_exceeds_the_bound_and_smooth_signals_come_close_to_it() {
        let rows = grid_taps();
        let overshoot = OvershootBound::of(&rows);
        let mut random = Random::new(1);
        for length in [TAPS, TAPS + 1, 100, TAPS + 59] {
            for kind in 0..400 {
                let cycles_per_frame = 0.5 * random.bipolar().abs();
                let (phase, mix) = (random.bipolar(), random.bipolar().abs().powi(4));
                let stretch: Vec<f32> = (0..length)
                    .map(|n| {
                        let angle = std::f64::consts::TAU * cycles_per_frame * n as f64;
                        let tone = libm::sin(angle + 3.0 * phase);
                        let other = match kind % 4 {
                            0 => random.bipolar(),
                            1 => random.bipolar().signum(),
                            // A step, and the worst that the taps can read.
                            2 => f64::from(n as u32 >= 40),
                            _ => rows[3][n % TAPS].signum(),
                        };
                        (mix * other + (1.0 - mix) * tone) as f32
                    })
                    .collect();
                let (top, bound) = (
                    literal(&rows, &stretch),
                    f64::from(overshoot.bound(&stretch)),
                );
                assert!(top <= bound, "{kind} {length}: {top} {bound}");
            }
        }
        let smooth: Vec<f32> = (0..110).map(|n| (n as f32 * 0.05).sin()).collect();
        assert!(f64::from(overshoot.bound(&smooth)) < 1.005 * literal(&rows, &smooth));
    }
}
