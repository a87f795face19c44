//! [`ReferenceBound`]: what the `ebur128` crate's interpolator reads, to within its rounding.
//!
//! The crate's points between samples are Hann-windowed sincs of 48 taps: four points a frame of 12
//! taps below 96 kHz, two of 24 taps below 192 kHz, none from there on. The taps of the points come
//! in mirrored pairs, which are summed here side by side for many frames at once; the crate sums them
//! one frame after the other.

use pulp::{Arch, Simd, WithSimd};

use super::interpolate::{highest, lanes, larger};

/// Frames judged at once.
pub(super) const PIECE_FRAMES: usize = 64;
/// Frames on which a point of the crate's interpolator depends, at most.
pub(super) const REACH_FRAMES: usize = 24;
/// The frames before a piece that its points read, then the piece.
pub(super) type Window = [f32; REACH_FRAMES + PIECE_FRAMES];

/// Sums computed side by side.
const LANES: usize = 16;
/// Taps of all points of a frame.
const TAPS: usize = 48;
/// The sums here and in the crate differ by less than this share of the largest sample: 24 products
/// whose weights add up to 2.31 at most, rounded to 24 bits on either side.
const ROUNDING: f32 = 1e-5;

/// Judges how high the crate's interpolator reads.
#[derive(Clone, Debug)]
pub(super) struct ReferenceBound {
    arch: Arch,
    points: Points,
}

#[derive(Clone, Debug)]
enum Points {
    /// The samples themselves.
    None,
    /// Halves: one weight for each mirrored pair.
    Two([f32; 12]),
    /// Quarters: for the sum and the difference of each mirrored pair, and for the sum of the half.
    Four([[f32; 3]; 6]),
}

/// Tap `index` of the crate's 48 at an oversampling factor: a Hann-windowed sinc about tap 24.
fn tap(index: usize, factor: f64) -> f64 {
    let distance = index as f64 - TAPS as f64 / 2.0;
    let turn = std::f64::consts::TAU * index as f64 / TAPS as f64;
    let angle = std::f64::consts::PI * distance / factor;
    let sinc = if distance == 0.0 {
        1.0
    } else {
        libm::sin(angle) / angle
    };
    0.5 * (1.0 - libm::cos(turn)) * sinc
}

impl ReferenceBound {
    /// For the points that the crate reads at a sample rate.
    pub(super) fn new(sample_rate_hz: u32) -> Self {
        let points = match sample_rate_hz {
            0..96_000 => Points::Four(std::array::from_fn(|pair| {
                let [first, middle] = [1, 2].map(|phase| tap(4 * pair + phase, 4.0));
                let last = tap(4 * pair + 3, 4.0);
                [0.5 * (first + last), 0.5 * (first - last), middle].map(|weight| weight as f32)
            })),
            96_000..192_000 => {
                Points::Two(std::array::from_fn(|pair| tap(2 * pair + 1, 2.0) as f32))
            }
            _ => Points::None,
        };
        Self {
            arch: Arch::new(),
            points,
        }
    }

    /// What no reading of the crate in the piece exceeds, linear, and hardly more than the highest of them.
    pub(super) fn bound(&self, window: &Window) -> f32 {
        let sample = highest(window);
        let between = match &self.points {
            Points::None => return sample,
            Points::Two(pairs) => self.arch.dispatch(Halves { pairs, window }),
            Points::Four(pairs) => self.arch.dispatch(Quarters { pairs, window }),
        };
        larger(between + ROUNDING * sample, sample)
    }
}

struct Halves<'a> {
    pairs: &'a [f32; 12],
    window: &'a Window,
}

struct Quarters<'a> {
    pairs: &'a [[f32; 3]; 6],
    window: &'a Window,
}

// Nothing but plain loops: compiled for each kind of processor, they differ in width alone.
impl WithSimd for Halves<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> f32 {
        let mut tops = [0.0f32; LANES];
        for start in (0..PIECE_FRAMES).step_by(LANES) {
            let mut sums = [0.0f32; LANES];
            for (index, weight) in self.pairs.iter().enumerate() {
                let near: [f32; LANES] = lanes(self.window, start + REACH_FRAMES - index);
                let far: [f32; LANES] = lanes(self.window, start + REACH_FRAMES - 23 + index);
                for lane in 0..LANES {
                    sums[lane] += weight * (near[lane] + far[lane]);
                }
            }
            for lane in 0..LANES {
                tops[lane] = larger(sums[lane].abs(), tops[lane]);
            }
        }
        highest(&tops)
    }
}

impl WithSimd for Quarters<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> f32 {
        let mut tops = [0.0f32; LANES];
        for start in (0..PIECE_FRAMES).step_by(LANES) {
            let mut sums = [[0.0f32; LANES]; 3];
            for (index, weights) in self.pairs.iter().enumerate() {
                let near: [f32; LANES] = lanes(self.window, start + REACH_FRAMES - index);
                let far: [f32; LANES] = lanes(self.window, start + REACH_FRAMES - 11 + index);
                for lane in 0..LANES {
                    let (even, odd) = (near[lane] + far[lane], near[lane] - far[lane]);
                    sums[0][lane] += weights[0] * even;
                    sums[1][lane] += weights[1] * odd;
                    sums[2][lane] += weights[2] * even;
                }
            }
            for (lane, top) in tops.iter_mut().enumerate() {
                // The larger of |even + odd| and |even - odd|.
                let outer = sums[0][lane].abs() + sums[1][lane].abs();
                *top = larger(larger(sums[2][lane].abs(), outer), *top);
            }
        }
        highest(&tops)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebur128::{EbuR128, Mode};

    /// Splitmix64, as -1 to 1.
    fn noise(state: &mut u64) -> f32 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / 8_388_608.0 - 1.0
    }

    #[test]
    fn the_crate_reads_the_bound_but_for_rounding() {
        let mut state = 1;
        for rate_hz in [44_100, 48_000, 96_000, 192_000] {
            let bound = ReferenceBound::new(rate_hz);
            for _ in 0..300 {
                let mut window: Window = std::array::from_fn(|_| noise(&mut state));
                // What stands before the piece is not louder than it.
                window[..REACH_FRAMES].iter_mut().for_each(|x| *x *= 0.1);
                let mut meter = EbuR128::new(1, rate_hz, Mode::TRUE_PEAK).unwrap();
                meter.seed_frames_f32(&window[..REACH_FRAMES]).unwrap();
                meter.add_frames_f32(&window[REACH_FRAMES..]).unwrap();
                let (read, bound) = (meter.true_peak(0).unwrap(), f64::from(bound.bound(&window)));
                assert!(
                    read <= bound && bound < read * 1.0001,
                    "{rate_hz} Hz: {read} {bound}"
                );
            }
        }
    }
}
