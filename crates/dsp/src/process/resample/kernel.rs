//! The taps of a change of rate: one row per place that an output frame can have between two input
//! frames.

use std::f64::consts::PI;

use pulp::{Simd, WithSimd};

use crate::numeric::bessel_i0;

/// Zero crossings on either side, in frames of the lower rate.
const HALF_FRAMES: f64 = 192.0;
/// Attenuation of the stop band, dB.
const STOP_DB: f64 = 155.0;
/// Most rows that are kept as they are. With more, a row is interpolated from the nearest ones.
const MAX_ROWS: u64 = 1_024;
/// Rows per input frame that others are interpolated from; the four around leave -170 dB.
const GRID_ROWS: u64 = 512;

/// Partial sums of a sum of products, side by side and in a fixed order.
pub(super) const LANES: usize = 8;

/// The windowed sinc between two rates.
pub(super) struct Kernel {
    /// Input frames per `step_out` output frames.
    step_in: u64,
    step_out: u64,
    half: usize,
    rows: Rows,
    /// The row of the last output.
    row: Vec<f64>,
}

enum Rows {
    /// One for each of `step_out` places.
    Exact(Vec<Vec<f64>>),
    /// From one grid step before a frame to two after the next one.
    Grid(Vec<Vec<f64>>),
}

/// The windowed sinc in frames of the input.
struct Sinc {
    /// Input frames per frame of the lower rate, at least 1.
    stretch: f64,
    /// Edge in cycles per frame of the lower rate.
    edge: f64,
    beta: f64,
    half: usize,
}

impl Sinc {
    fn new(from_hz: u32, to_hz: u32) -> Self {
        let stretch = (f64::from(from_hz) / f64::from(to_hz)).max(1.0);
        // Kaiser's formulas for length and shape; the transition ends at half the lower rate.
        let width = (STOP_DB - 8.0) / (2.285 * 2.0 * PI * 2.0 * HALF_FRAMES);
        // So that a row is a multiple of the lanes.
        let half = (HALF_FRAMES * stretch).ceil() as usize;
        let half = half.next_multiple_of(LANES / 2);
        Self {
            stretch,
            edge: 0.5 - 0.5 * width,
            beta: 0.1102 * (STOP_DB - 8.7),
            half,
        }
    }

    /// Taps for a place `fraction` input frames after the frame in the middle; unity gain at DC.
    fn row(&self, fraction: f64) -> Vec<f64> {
        let scale = 1.0 / bessel_i0(self.beta);
        let mut row: Vec<f64> = (0..2 * self.half)
            .map(|tap| {
                let t = tap as f64 - (self.half - 1) as f64 - fraction;
                let place = t / (self.stretch * HALF_FRAMES);
                if place.abs() >= 1.0 {
                    return 0.0;
                }
                let angle = 2.0 * PI * self.edge * t / self.stretch;
                let sinc = if angle == 0.0 {
                    1.0
                } else {
                    libm::sin(angle) / angle
                };
                sinc * bessel_i0(self.beta * (1.0 - place * place).sqrt()) * scale
            })
            .collect();
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|tap| *tap /= sum);
        row
    }
}

impl Kernel {
    /// The taps from one rate to another.
    pub(super) fn new(from_hz: u32, to_hz: u32) -> Self {
        let common = greatest_common_divisor(from_hz, to_hz);
        let (step_in, step_out) = (u64::from(from_hz / common), u64::from(to_hz / common));
        let sinc = Sinc::new(from_hz, to_hz);
        let rows = if step_out <= MAX_ROWS {
            let row = |p| sinc.row(p as f64 / step_out as f64);
            Rows::Exact((0..step_out).map(row).collect())
        } else {
            let row = |p| sinc.row((p as f64 - 1.0) / GRID_ROWS as f64);
            Rows::Grid((0..GRID_ROWS + 3).map(row).collect())
        };
        Self {
            step_in,
            step_out,
            half: sinc.half,
            rows,
            row: vec![0.0; 2 * sinc.half],
        }
    }

    /// Input frames that one output frame reads.
    pub(super) fn taps(&self) -> usize {
        2 * self.half
    }

    /// Of those, how many come before the frame at or before the output frame.
    pub(super) fn frames_before(&self) -> usize {
        self.half - 1
    }

    /// The input frame at or before an output frame, and its place after it in `1 / step_out`.
    pub(super) fn place(&self, frame_out: u64) -> (u64, u64) {
        let position = frame_out.saturating_mul(self.step_in);
        (position / self.step_out, position % self.step_out)
    }

    /// The taps for a place.
    pub(super) fn row(&mut self, phase: u64) -> &[f64] {
        match &self.rows {
            Rows::Exact(rows) => &rows[phase as usize],
            Rows::Grid(rows) => {
                let position = phase as f64 * GRID_ROWS as f64 / self.step_out as f64;
                let first = (position as usize).min(GRID_ROWS as usize - 1);
                let [a, b, c, d] = cubic(position - first as f64);
                let near = rows[first].iter().zip(&rows[first + 1]);
                let far = rows[first + 2].iter().zip(&rows[first + 3]);
                for (tap, ((w, x), (y, z))) in self.row.iter_mut().zip(near.zip(far)) {
                    *tap = a * w + b * x + c * y + d * z;
                }
                &self.row
            }
        }
    }
}

/// Lagrange's weights of the points -1, 0, 1, 2 for a place from 0 to 1.
fn cubic(x: f64) -> [f64; 4] {
    [
        -x * (x - 1.0) * (x - 2.0) / 6.0,
        (x + 1.0) * (x - 1.0) * (x - 2.0) / 2.0,
        -(x + 1.0) * x * (x - 2.0) / 2.0,
        (x + 1.0) * x * (x - 1.0) / 6.0,
    ]
}

/// Sums of products of two channels with a row.
pub(super) struct Dots<'a> {
    /// As long as the samples, a multiple of [`LANES`].
    pub row: &'a [f64],
    /// Samples of the first channel.
    pub left: &'a [f64],
    /// Samples of the second one.
    pub right: &'a [f64],
}

impl WithSimd for Dots<'_> {
    type Output = [f64; 2];

    // As many registers as hold the partial sums: those are the same ones on every processor.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [f64; 2] {
        let registers = (LANES / S::F64_LANES).max(1);
        let [row, left, right] =
            [self.row, self.left, self.right].map(|x| S::as_simd_f64s(x).0.chunks_exact(registers));
        let mut first = [simd.splat_f64s(0.0); LANES];
        let mut second = first;
        for ((taps, left), right) in row.zip(left).zip(right) {
            for register in 0..registers {
                let taps = taps[register];
                let product = simd.mul_f64s(taps, left[register]);
                first[register] = simd.add_f64s(first[register], product);
                let product = simd.mul_f64s(taps, right[register]);
                second[register] = simd.add_f64s(second[register], product);
            }
        }
        [first, second].map(|sums| {
            let mut lanes = [0.0; LANES];
            let (slots, _) = S::as_mut_simd_f64s(&mut lanes);
            for (slot, sum) in slots.iter_mut().zip(sums) {
                *slot = sum;
            }
            let [a, b, c, d, e, f, g, h] = lanes;
            ((a + b) + (c + d)) + ((e + f) + (g + h))
        })
    }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolated_rows_are_the_exact_ones() {
        let mut kernel = Kernel::new(44_100, 44_101);
        assert!(matches!(kernel.rows, Rows::Grid(_)));
        let sinc = Sinc::new(44_100, 44_101);
        for phase in [0, 1, 43, 22_050, 44_100] {
            let exact = sinc.row(phase as f64 / 44_101.0);
            for (got, want) in kernel.row(phase).iter().zip(&exact) {
                assert!((got - want).abs() < 2e-9, "{phase}: {got} {want}");
            }
        }
    }

    #[test]
    fn a_place_is_exact_after_hours() {
        let kernel = Kernel::new(44_100, 48_000);
        let hours = 100 * 3_600;
        assert_eq!(kernel.place(hours * 48_000), (hours * 44_100, 0));
        assert_eq!(kernel.place(hours * 48_000 + 1), (hours * 44_100, 147));
    }
}
