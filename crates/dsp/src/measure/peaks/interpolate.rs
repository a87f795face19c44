//! The 8× interpolator that [`PeakEnvelope`](super::true_peak::PeakEnvelope) and the coarse pass of
//! [`TruePeak`](super::true_peak::TruePeak) share.
//!
//! Two Kaiser-windowed sincs in cascade, each with its cut-off at half its own rate, so that what
//! goes in stays on the grid: a long one finds the point halfway between two samples, a short one
//! (the doubled signal ends at a quarter of its rate, so ten taps are flat) the quarters of each
//! half. Phases come in mirrored pairs, which halves the multiplications: with `e = x[j] + x[-j]`
//! and `o = x[j] - x[-j]` one pair is `Σ a·e ± Σ b·o`.
//!
//! Every value is the same sum in the same order on any processor; wider registers only compute
//! more of them at once.

use pulp::{Arch, Simd, WithSimd};

use super::overshoot_bound::OvershootBound;
use super::simd::{lanes, larger};
use crate::numeric::bessel_i0;

/// Oversampling factor of the coarse grid.
pub(crate) const OVERSAMPLING: usize = 8;

/// Samples that a point halfway between two of them reads.
const HALF_TAPS: usize = 48;
/// Points of the doubled signal that a quarter reads.
const QUARTER_TAPS: usize = 10;
/// Halves on either side of an interval that its quarters read.
const SIDE: usize = (QUARTER_TAPS / 2 - 1) / 2;

/// Input samples on which the points between two samples depend.
pub(crate) const TAPS: usize = HALF_TAPS + 2 * SIDE;

/// Frames from a sample to the last one that the interval after it reads.
pub(crate) const LATENCY_FRAMES: usize = TAPS / 2;

/// Shape of the long Kaiser window: with 48 taps, tones up to 20 kHz at 44.1 kHz stay within 0.04 dB
/// of what the grid allows.
const HALF_BETA: f64 = 5.0;
/// Shape of the short one: ripples of -70 dB.
const QUARTER_BETA: f64 = 6.5;

/// Values computed side by side.
const LANES: usize = 32;
/// Of them, where three sums are kept for each.
const QUARTER_LANES: usize = 16;
/// Halves computed at once.
const HALVES: usize = 2 * LANES;
/// Intervals computed at once; other numbers of them are filled up to a multiple of this.
pub(crate) const INTERVALS_AT_ONCE: usize = HALVES - 2 * SIDE;

/// Taps of a Kaiser-windowed sinc that reads the signal at `fraction` (0 to 1) after the center
/// sample, for `x[n - taps/2 + 1] ..= x[n + taps/2]`, with unity gain at DC.
pub(crate) fn sinc_taps(taps: usize, beta: f64, fraction: f64) -> Vec<f64> {
    let half = (taps / 2) as f64;
    let scale = 1.0 / bessel_i0(beta);
    let mut row: Vec<f64> = (0..taps)
        .map(|index| {
            let t = index as f64 - (half - 1.0) - fraction;
            let position = t / half;
            if position.abs() >= 1.0 {
                return 0.0;
            }
            let window = bessel_i0(beta * (1.0 - position * position).sqrt()) * scale;
            let angle = std::f64::consts::PI * t;
            let sinc = if t == 0.0 {
                1.0
            } else {
                libm::sin(angle) / angle
            };
            sinc * window
        })
        .collect();
    let sum: f64 = row.iter().sum();
    row.iter_mut().for_each(|tap| *tap /= sum);
    row
}

/// Computes the peaks between samples.
#[derive(Clone, Debug)]
pub(crate) struct Interpolator {
    arch: Arch,
    /// Of the half, outermost first: one for each mirrored pair of samples.
    half: [f32; HALF_TAPS / 2],
    /// Of the quarters, innermost first: for the sum and the difference of each mirrored pair, and
    /// for the sum in the middle.
    quarter: [[f32; 3]; QUARTER_TAPS / 2],
    overshoot: OvershootBound,
}

impl Default for Interpolator {
    fn default() -> Self {
        Self::new()
    }
}

/// Taps of the half and of the quarters 1, 2 and 3.
fn sincs() -> (Vec<f64>, [Vec<f64>; 3]) {
    let quarter = |quarters: f64| sinc_taps(QUARTER_TAPS, QUARTER_BETA, quarters / 4.0);
    (
        sinc_taps(HALF_TAPS, HALF_BETA, 0.5),
        [1.0, 2.0, 3.0].map(quarter),
    )
}

/// The taps of every point between two samples (1/8 to 7/8) on the samples themselves, `TAPS` each.
pub(in crate::measure) fn grid_taps() -> Vec<Vec<f64>> {
    let (half, quarters) = sincs();
    // Weight of each sample in point `index` of the doubled signal; even ones are samples.
    let doubled = |index: isize| -> Vec<f64> {
        let mut weights = vec![0.0; TAPS];
        let center = (TAPS / 2 - 1) as isize + index.div_euclid(2);
        if index % 2 == 0 {
            weights[center as usize] = 1.0;
        } else {
            let first = (center - (HALF_TAPS / 2 - 1) as isize) as usize;
            weights[first..first + HALF_TAPS].copy_from_slice(&half);
        }
        weights
    };
    let reach = (QUARTER_TAPS / 2) as isize;
    (1..OVERSAMPLING as isize)
        .map(|eighth| {
            let (start, quarter) = (eighth / 4, eighth % 4);
            if quarter == 0 {
                return doubled(start);
            }
            let mut sum = vec![0.0; TAPS];
            for (tap, index) in quarters[quarter as usize - 1].iter().zip(1 - reach..) {
                for (sum, weight) in sum.iter_mut().zip(doubled(start + index)) {
                    *sum += tap * weight;
                }
            }
            sum
        })
        .collect()
}

impl Interpolator {
    /// Builds the taps.
    pub(crate) fn new() -> Self {
        let (half, [first, middle, _]) = sincs();
        Self {
            arch: Arch::new(),
            half: std::array::from_fn(|j| half[j] as f32),
            quarter: std::array::from_fn(|j| {
                let (near, far) = (QUARTER_TAPS / 2 - 1 - j, QUARTER_TAPS / 2 + j);
                [
                    (0.5 * (first[near] + first[far])) as f32,
                    (0.5 * (first[near] - first[far])) as f32,
                    middle[near] as f32,
                ]
            }),
            overshoot: OvershootBound::of(&grid_taps()),
        }
    }

    /// Whether a point in an interval whose `TAPS` samples lie in `samples` may exceed `floor`.
    pub(crate) fn may_exceed(&self, floor: f32, samples: &[f32]) -> bool {
        // Everything exceeds what is less than nothing.
        floor < 0.0 || self.overshoot.bound(samples) > floor
    }

    /// For every interval whose `TAPS` samples lie in `samples`, the largest absolute value at
    /// the grid points of its first half (1/8 to 4/8) and of its second half (4/8 to 7/8).
    /// `samples` is `TAPS - 1` longer than `first` and `second`. Only what exceeds `floor` counts:
    /// stretches in which nothing can reach it may be given less than they have.
    pub(crate) fn half_peaks(
        &self,
        floor: f32,
        samples: &[f32],
        first: &mut [f32],
        second: &mut [f32],
    ) {
        debug_assert_eq!(second.len(), first.len());
        debug_assert_eq!(samples.len(), first.len() + TAPS - 1);
        let pieces = first
            .chunks_mut(INTERVALS_AT_ONCE)
            .zip(second.chunks_mut(INTERVALS_AT_ONCE));
        for (index, (first, second)) in pieces.enumerate() {
            let start = index * INTERVALS_AT_ONCE;
            let frames = first.len();
            let window = &samples[start..start + frames + TAPS - 1];
            if !self.may_exceed(floor, window) {
                first.fill(0.0);
                second.fill(0.0);
                continue;
            }
            let mut padded = [0.0; INTERVALS_AT_ONCE + TAPS - 1];
            let samples = window.first_chunk().unwrap_or_else(|| {
                padded[..window.len()].copy_from_slice(window);
                &padded
            });
            let peaks = self.arch.dispatch(Piece {
                interpolator: self,
                samples,
            });
            first.copy_from_slice(&peaks[0][..frames]);
            second.copy_from_slice(&peaks[1][..frames]);
        }
    }
}

/// The samples around [`INTERVALS_AT_ONCE`] intervals, whose peaks are sought.
struct Piece<'a> {
    interpolator: &'a Interpolator,
    samples: &'a [f32; INTERVALS_AT_ONCE + TAPS - 1],
}

/// Points halfway between samples, filled up for the lanes beyond the last interval.
type Halves = [f32; HALVES + 2 * SIDE];
/// The samples beside the intervals, filled up likewise.
type Around = [f32; HALVES + 2 * SIDE + 1];

impl WithSimd for Piece<'_> {
    /// Peaks of the first and of the second halves of the intervals.
    type Output = [[f32; HALVES]; 2];

    // Nothing but plain loops: compiled for each kind of processor, they differ in width alone.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> Self::Output {
        let halves = self.halves();
        let own: [f32; HALVES] = lanes(&halves, SIDE);
        let mut peaks = [own.map(f32::abs); 2];
        let mut around: Around = [0.0; HALVES + 2 * SIDE + 1];
        let samples = &self.samples[TAPS / 2 - 1 - SIDE..];
        let present = around.len().min(samples.len());
        around[..present].copy_from_slice(&samples[..present]);
        for start in (0..HALVES).step_by(QUARTER_LANES) {
            self.quarters::<0>(&around, &halves, start, &mut peaks);
            self.quarters::<1>(&around, &halves, start, &mut peaks);
        }
        peaks
    }
}

impl Piece<'_> {
    /// Half `i` lies after the sample `i + HALF_TAPS / 2 - 1`, so interval `i` is at half `i + SIDE`.
    #[inline(always)]
    fn halves(&self) -> Halves {
        let mut halves = [0.0; HALVES + 2 * SIDE];
        for start in (0..HALVES).step_by(LANES) {
            let mut sums = [0.0f32; LANES];
            for (j, tap) in self.interpolator.half.iter().enumerate() {
                let near: [f32; LANES] = lanes(self.samples, start + j);
                let far: [f32; LANES] = lanes(self.samples, start + HALF_TAPS - 1 - j);
                for lane in 0..LANES {
                    sums[lane] += tap * (near[lane] + far[lane]);
                }
            }
            halves[start..start + LANES].copy_from_slice(&sums);
        }
        halves
    }

    /// Raises the peaks to the quarters of the first (0) or second (1) half of some intervals:
    /// interval `i` lies between the samples `around[i + SIDE]` and the next.
    #[inline(always)]
    fn quarters<const HALF: usize>(
        &self,
        around: &Around,
        halves: &Halves,
        start: usize,
        peaks: &mut [[f32; HALVES]; 2],
    ) {
        let mut sums = [[0.0f32; QUARTER_LANES]; 3];
        let mut add =
            |taps: &[f32; 3], near: &[f32], near_at: usize, far: &[f32], far_at: usize| {
                let near: [f32; QUARTER_LANES] = lanes(near, start + near_at);
                let far: [f32; QUARTER_LANES] = lanes(far, start + far_at);
                for lane in 0..QUARTER_LANES {
                    let (even, odd) = (near[lane] + far[lane], near[lane] - far[lane]);
                    sums[0][lane] += taps[0] * even;
                    sums[1][lane] += taps[1] * odd;
                    sums[2][lane] += taps[2] * even;
                }
            };
        let taps = &self.interpolator.quarter;
        // Samples and halves take turns on either side.
        for k in 0..=SIDE {
            if HALF == 0 {
                add(&taps[2 * k], around, SIDE - k, halves, SIDE + k);
            } else {
                add(&taps[2 * k], halves, SIDE - k, around, SIDE + 1 + k);
            }
            if k < SIDE {
                if HALF == 0 {
                    add(&taps[2 * k + 1], halves, SIDE - 1 - k, around, SIDE + 1 + k);
                } else {
                    add(&taps[2 * k + 1], around, SIDE - k, halves, SIDE + 1 + k);
                }
            }
        }
        let peaks = &mut peaks[HALF][start..start + QUARTER_LANES];
        for (lane, peak) in peaks.iter_mut().enumerate() {
            // The larger of |even + odd| and |even - odd|.
            let outer = sums[0][lane].abs() + sums[1][lane].abs();
            *peak = larger(larger(sums[2][lane].abs(), outer), *peak);
        }
    }
}
