//! What the net says, and how its numbers become EQ curves and targets.

use std::sync::OnceLock;

use acetate_dsp::measure::bands;
use acetate_dsp::settings::{MID_KNOTS, SIDE_KNOTS, side_knot_hz};

use crate::features::{BANDS, FIRST_BAND};
use crate::knots::{self, Row};

/// Tone outputs: amplitudes of smooth modes, dB RMS over the bands. Mode `j` is a half-wave cosine with
/// `j + 1` zeros over the bands, so that the first is a tilt, and none carries any level. Smooth faults are
/// nearly independent in them, which knots are not: a variance for each mode is a full covariance of the curve.
pub const MODES: usize = 12;
/// Side outputs: gain (dB) and tilt (dB per decade around 1 kHz).
pub const SIDE_OUTPUTS: usize = 2;
/// Dynamics outputs: change of level spread (dB) and of PLR (dB) toward the master.
pub const DYNAMICS_OUTPUTS: usize = 2;
/// Means that the net gives.
pub const MEANS: usize = MODES + SIDE_OUTPUTS + DYNAMICS_OUTPUTS;
/// Outputs in all: each mean has a log-variance.
pub const OUTPUTS: usize = 2 * MEANS;
/// Index of the change of level spread among the means.
pub const SPREAD: usize = MODES + SIDE_OUTPUTS;
/// Index of the change of PLR among the means.
pub const PLR: usize = SPREAD + 1;

/// Mode amplitudes per unit of network output, dB.
pub const EQ_SCALE_DB: f64 = 3.0;
/// Side gain and tilt per unit of network output, dB.
pub const SIDE_SCALE_DB: f64 = 3.0;
/// Dynamics change per unit of network output, dB.
pub const DYNAMICS_SCALE_DB: f64 = 3.0;
/// Weight of the knots' bends against the bands' errors where a curve becomes knots.
const BEND_WEIGHT: f64 = 1e-3;

/// The EQ curve per unit of each mid knot at the net's bands, shape `[MID_KNOTS][BANDS]`.
pub fn mid_basis() -> Vec<[f64; BANDS]> {
    let centers: Vec<f64> = (0..BANDS)
        .map(|band| bands::center_hz(FIRST_BAND + band))
        .collect();
    let rows = acetate_dsp::process::eq::mid_basis(&centers);
    (0..MID_KNOTS)
        .map(|knot| std::array::from_fn(|band| rows[band][knot]))
        .collect()
}

/// The curve of each mode at the net's bands, RMS 1, shape `[MODES][BANDS]`.
pub fn mode_curves() -> &'static [[f64; BANDS]; MODES] {
    static CURVES: OnceLock<[[f64; BANDS]; MODES]> = OnceLock::new();
    CURVES.get_or_init(|| {
        std::array::from_fn(|mode| {
            let step = std::f64::consts::PI * (mode + 1) as f64 / BANDS as f64;
            // A cosine over whole half-waves has a mean square of one half.
            std::array::from_fn(|band| {
                std::f64::consts::SQRT_2 * libm::cos(step * (band as f64 + 0.5))
            })
        })
    })
}

/// The curve of some mode amplitudes at the net's bands, dB.
pub fn curve_of_modes(amplitudes_db: &[f64]) -> [f64; BANDS] {
    std::array::from_fn(|band| {
        let modes = mode_curves().iter().zip(amplitudes_db);
        modes
            .map(|(curve, amplitude)| curve[band] * amplitude)
            .sum()
    })
}

/// The mode amplitudes of a curve at the net's bands, dB; what bends faster than the last mode is left out.
pub fn modes_of_curve(curve_db: &[f64; BANDS]) -> [f64; MODES] {
    std::array::from_fn(|mode| {
        let products = mode_curves()[mode].iter().zip(curve_db);
        products.map(|(mode, gain)| mode * gain).sum::<f64>() / BANDS as f64
    })
}

/// The mid knots that draw a curve given at the net's bands, dB.
pub fn knots_of_curve(curve_db: &[f64; BANDS]) -> [f64; MID_KNOTS] {
    let basis = mid_basis();
    let rows: Vec<Row<MID_KNOTS>> = (0..BANDS)
        .map(|band| Row {
            basis: std::array::from_fn(|knot| basis[knot][band]),
            wanted: curve_db[band],
        })
        .collect();
    knots::fit(&rows, BEND_WEIGHT)
}

/// The curve that mid knots draw at the net's bands, dB.
pub fn curve_of_knots(knots_db: &[f64; MID_KNOTS]) -> [f64; BANDS] {
    let basis = mid_basis();
    std::array::from_fn(|band| {
        let knots = basis.iter().zip(knots_db);
        knots.map(|(row, knot)| row[band] * knot).sum()
    })
}

/// Gain of the side signal at a frequency for a side gain and tilt, dB.
pub fn side_curve_db(gain_db: f64, tilt_db: f64, freq_hz: f64) -> f64 {
    gain_db + tilt_db * libm::log10(freq_hz / 1000.0).clamp(-1.0, 1.0)
}

/// Side EQ knots for a tilt, dB.
pub fn side_knots_db(tilt_db: f64) -> [f64; SIDE_KNOTS] {
    std::array::from_fn(|knot| side_curve_db(0.0, tilt_db, side_knot_hz(knot)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_have_no_level_and_are_independent() {
        for (a, curve) in mode_curves().iter().enumerate() {
            let mean = curve.iter().sum::<f64>() / BANDS as f64;
            assert!(mean.abs() < 1e-12, "{a}: {mean}");
            for (b, other) in mode_curves().iter().enumerate() {
                let product: f64 = curve.iter().zip(other).map(|(x, y)| x * y).sum();
                let expected = if a == b { 1.0 } else { 0.0 };
                assert!((product / BANDS as f64 - expected).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_curve_comes_back_from_its_modes_and_from_its_knots() {
        let amplitudes = [
            2.0, -1.0, 0.5, 0.3, -0.2, 0.1, 0.05, 0.0, 0.0, 0.0, 0.0, 0.0,
        ];
        let curve = curve_of_modes(&amplitudes);
        for (a, b) in modes_of_curve(&curve).iter().zip(amplitudes) {
            assert!((a - b).abs() < 1e-12);
        }
        let drawn = curve_of_knots(&knots_of_curve(&curve));
        for (a, b) in drawn.iter().zip(curve) {
            assert!((a - b).abs() < 0.2, "{a} {b}");
        }
    }
}
