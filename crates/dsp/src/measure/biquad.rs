//! Second-order sections in `f64` for the meters, both channels of a frame side by side.

use std::f64::consts::FRAC_1_SQRT_2;

/// One sample of each channel; a mono signal leaves the second at zero.
pub type Frame = [f64; 2];

/// State below which a filter is silent: the power is 600 dB under full scale, and what lies
/// far below would become denormal and slow.
const SILENT: f64 = 1e-30;

/// Coefficients of `(b0 + b1·z⁻¹ + b2·z⁻²) / (1 + a1·z⁻¹ + a2·z⁻²)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients {
    /// Numerator.
    pub b: [f64; 3],
    /// Denominator without its leading 1.
    pub a: [f64; 2],
}

impl Coefficients {
    /// Butterworth low-pass of second order, bilinear transform, exact at its corner.
    pub fn low_pass(corner_hz: f64, sample_rate_hz: f64) -> Self {
        Self::low_pass_q(corner_hz, FRAC_1_SQRT_2, sample_rate_hz)
    }

    /// Low-pass of second order with a quality factor, bilinear transform, exact at its corner.
    pub fn low_pass_q(corner_hz: f64, q: f64, sample_rate_hz: f64) -> Self {
        let (k, norm, a) = Self::resonant(corner_hz, q, sample_rate_hz);
        let b0 = k * k * norm;
        Self {
            b: [b0, 2.0 * b0, b0],
            a,
        }
    }

    /// Butterworth high-pass of second order, bilinear transform, exact at its corner.
    pub fn high_pass(corner_hz: f64, sample_rate_hz: f64) -> Self {
        let (_, norm, a) = Self::resonant(corner_hz, FRAC_1_SQRT_2, sample_rate_hz);
        Self {
            b: [norm, -2.0 * norm, norm],
            a,
        }
    }

    /// Band-pass of second order with unit gain at its center, bilinear transform, exact there.
    pub fn band_pass(center_hz: f64, q: f64, sample_rate_hz: f64) -> Self {
        let (k, norm, a) = Self::resonant(center_hz, q, sample_rate_hz);
        let b0 = k / q * norm;
        Self {
            b: [b0, 0.0, -b0],
            a,
        }
    }

    fn resonant(corner_hz: f64, q: f64, sample_rate_hz: f64) -> (f64, f64, [f64; 2]) {
        let k = libm::tan(std::f64::consts::PI * corner_hz / sample_rate_hz);
        let damping = k / q;
        let norm = 1.0 / (1.0 + damping + k * k);
        let a = [2.0 * (k * k - 1.0) * norm, (1.0 - damping + k * k) * norm];
        (k, norm, a)
    }
}

/// A section as it is computed (transposed direct form II): with the output written out in the states'
/// sums, `s1' = (b1 - a1·b0)·x + s2 - a1·s1` and `s2' = (b2 - a2·b0)·x - a2·s1`, the next frame waits for a
/// product and a sum instead of for two sums and a product.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// What the output gets of the input.
    direct: f64,
    /// What the states get of it.
    fed: [f64; 2],
    /// What they lose of the first state.
    kept: [f64; 2],
}

impl Step {
    fn of(coefficients: Coefficients) -> Self {
        let Coefficients { b, a } = coefficients;
        Self {
            direct: b[0],
            fed: [b[1] - a[0] * b[0], b[2] - a[1] * b[0]],
            kept: a,
        }
    }
}

/// A section with its state.
#[derive(Clone, Copy, Debug)]
pub struct Biquad {
    step: Step,
    state: [Frame; 2],
}

impl Biquad {
    /// A section at rest.
    pub fn new(coefficients: Coefficients) -> Self {
        Self {
            step: Step::of(coefficients),
            state: [[0.0; 2]; 2],
        }
    }

    /// Back to rest.
    pub fn reset(&mut self) {
        self.state = [[0.0; 2]; 2];
    }

    /// Filters one frame.
    #[inline(always)]
    pub fn step(&mut self, x: Frame) -> Frame {
        let Step { direct, fed, kept } = self.step;
        let [s1, s2] = &mut self.state;
        let mut y = [0.0; 2];
        for c in 0..2 {
            let first = s1[c];
            y[c] = direct * x[c] + first;
            s1[c] = (fed[0] * x[c] + s2[c]) - kept[0] * first;
            s2[c] = fed[1] * x[c] - kept[1] * first;
        }
        y
    }

    /// Sets a state that has decayed into silence to zero. Call it at fixed places of the
    /// signal, so that the figures do not depend on the blocks.
    pub fn settle(&mut self) {
        for value in self.state.as_flattened_mut() {
            if value.abs() < SILENT {
                *value = 0.0;
            }
        }
    }
}

/// Two sections side by side: lanes 0 and 1 are the channels of the first, 2 and 3 of the second. The
/// same figures as from each alone, in half of the instructions where registers hold four.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    sections: [Step; 2],
    direct: [f64; 4],
    fed: [[f64; 4]; 2],
    kept: [[f64; 4]; 2],
    state: [[f64; 4]; 2],
}

impl Pair {
    /// Takes over the states of both.
    #[inline(always)]
    pub fn new(first: &Biquad, second: &Biquad) -> Self {
        let (one, other) = (first.step, second.step);
        let both = |one: f64, other: f64| [one, one, other, other];
        let states = |index: usize| {
            let (one, other) = (first.state[index], second.state[index]);
            [one[0], one[1], other[0], other[1]]
        };
        Self {
            sections: [one, other],
            direct: both(one.direct, other.direct),
            fed: std::array::from_fn(|index| both(one.fed[index], other.fed[index])),
            kept: std::array::from_fn(|index| both(one.kept[index], other.kept[index])),
            state: std::array::from_fn(states),
        }
    }

    /// Both again, each with its state.
    #[inline(always)]
    pub fn split(self) -> [Biquad; 2] {
        let section = |index: usize| Biquad {
            step: self.sections[index],
            state: self
                .state
                .map(|state| [state[2 * index], state[2 * index + 1]]),
        };
        [section(0), section(1)]
    }

    /// Filters a frame with each.
    #[inline(always)]
    pub fn step(&mut self, x: [f64; 4]) -> [f64; 4] {
        let Self {
            direct,
            fed,
            kept,
            state,
            ..
        } = self;
        let [s1, s2] = state;
        let mut y = [0.0; 4];
        for lane in 0..4 {
            let first = s1[lane];
            y[lane] = direct[lane] * x[lane] + first;
            s1[lane] = (fed[0][lane] * x[lane] + s2[lane]) - kept[0][lane] * first;
            s2[lane] = fed[1][lane] * x[lane] - kept[1][lane] * first;
        }
        y
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_gives_what_each_section_gives_alone() {
        let mut low = Biquad::new(Coefficients::low_pass(100.0, 44_100.0));
        let mut high = Biquad::new(Coefficients::high_pass(5_000.0, 44_100.0));
        // Not from rest.
        low.step([0.3, -0.2]);
        high.step([0.1, 0.7]);
        let mut pair = Pair::new(&low, &high);
        for n in 0..200 {
            let x: [f64; 4] = std::array::from_fn(|lane| libm::sin((n * (lane + 3)) as f64));
            let [a, b, c, d] = pair.step(x);
            assert_eq!([a, b], low.step([x[0], x[1]]));
            assert_eq!([c, d], high.step([x[2], x[3]]));
        }
        let [mut first, mut second] = pair.split();
        assert_eq!(first.step([0.5, 0.25]), low.step([0.5, 0.25]));
        assert_eq!(second.step([0.5, 0.25]), high.step([0.5, 0.25]));
    }
}
