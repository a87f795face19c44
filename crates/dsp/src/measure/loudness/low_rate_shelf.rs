//! The high shelf of the K-weighting below 44.1 kHz.
//!
//! BS.1770-5 gives it at 48 kHz alone. The bilinear transform bends it where half the sample rate comes
//! near its corner: 0.2 LU at 8 kHz. Here the poles are those of the table at the other rate, and the
//! zeros are fitted (least squares of the relative power) to the table's response up to half the
//! rate, after the forms of M. Vicanek, "Matched second order digital filters", 2016. The response is
//! the table's within 0.04 dB at 8 kHz, 0.011 dB at 11.025 kHz and 0.001 dB from 22.05 kHz on.

use std::f64::consts::{PI, TAU};

use crate::measure::biquad::Coefficients;
use crate::numeric::NormalEquations;

/// Rate of the table, Hz.
const TABLE_HZ: f64 = 48_000.0;
/// Frequencies at which the response is fitted.
const POINTS: usize = 200;

/// `table` at another, lower sample rate. Its poles have to be a conjugate pair.
pub(super) fn shelf(table: Coefficients, sample_rate_hz: f64) -> Coefficients {
    let stretch = TABLE_HZ / sample_rate_hz;
    let radius = table.a[1].sqrt();
    let angle = stretch * libm::acos(-0.5 * table.a[0] / radius);
    let radius = libm::pow(radius, stretch);
    let a = [-2.0 * radius * libm::cos(angle), radius * radius];

    // Normal equations of the three parts of the numerator's power, each over what it has to be.
    let mut equations = NormalEquations::default();
    for point in 0..POINTS {
        let share = (point as f64 + 0.5) / POINTS as f64;
        let wanted = power(table, PI * share / stretch) * denominator_power(a, PI * share);
        let basis = parts(PI * share).map(|part| part / wanted);
        equations.add(&basis, 1.0, 1.0);
    }
    let [at_0, at_half, between] = equations.solve();

    let (root_0, root_half) = (at_0.max(0.0).sqrt(), at_half.max(0.0).sqrt());
    let mean = 0.5 * (root_0 + root_half);
    let b0 = 0.5 * (mean + (mean * mean + between).max(0.0).sqrt());
    let b = [b0, 0.5 * (root_0 - root_half), -0.25 * between / b0];
    Coefficients { b, a }
}

/// The parts of a second-order polynomial's power: at 0, at half the rate, and between.
fn parts(omega: f64) -> [f64; 3] {
    let half = libm::sin(0.5 * omega);
    let sine = libm::sin(omega);
    [1.0 - half * half, half * half, sine * sine]
}

fn polynomial_power([c0, c1, c2]: [f64; 3], omega: f64) -> f64 {
    let re = c0 + c1 * libm::cos(omega) + c2 * libm::cos(2.0 * omega);
    let im = c1 * libm::sin(omega) + c2 * libm::sin(2.0 * omega);
    re * re + im * im
}

fn denominator_power([a1, a2]: [f64; 2], omega: f64) -> f64 {
    polynomial_power([1.0, a1, a2], omega)
}

/// Power response of a section at an angle of up to pi.
fn power(section: Coefficients, omega: f64) -> f64 {
    debug_assert!((0.0..=TAU).contains(&omega));
    polynomial_power(section.b, omega) / denominator_power(section.a, omega)
}
