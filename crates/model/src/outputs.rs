//! What the net says, and how its numbers become EQ curves and targets.

use acetate_dsp::measure::bands;
use acetate_dsp::settings::{MID_KNOTS, SIDE_KNOTS, side_knot_hz};

use crate::features::{BANDS, FIRST_BAND};

/// Side outputs: gain (dB) and tilt (dB per decade around 1 kHz).
pub const SIDE_OUTPUTS: usize = 2;
/// Dynamics outputs: change of level spread (dB) and of PLR (dB) towards the master.
pub const DYNAMICS_OUTPUTS: usize = 2;
/// Means that the net gives.
pub const MEANS: usize = MID_KNOTS + SIDE_OUTPUTS + DYNAMICS_OUTPUTS;
/// Outputs in all: each mean has a log-variance.
pub const OUTPUTS: usize = 2 * MEANS;

/// Knot gains per unit of network output, dB.
pub const EQ_SCALE_DB: f64 = 3.0;
/// Side gain and tilt per unit of network output, dB.
pub const SIDE_SCALE_DB: f64 = 3.0;
/// Dynamics change per unit of network output, dB.
pub const DYNAMICS_SCALE_DB: f64 = 3.0;

/// The EQ curve per unit of each mid knot at the net's bands, shape `[MID_KNOTS][BANDS]`.
pub fn mid_basis() -> Vec<[f64; BANDS]> {
    let centres: Vec<f64> = (0..BANDS)
        .map(|band| bands::centre_hz(FIRST_BAND + band))
        .collect();
    let rows = acetate_dsp::process::eq::mid_basis(&centres);
    (0..MID_KNOTS)
        .map(|knot| std::array::from_fn(|band| rows[band][knot]))
        .collect()
}

/// Gain of the side signal at a frequency for a side gain and tilt, dB.
pub fn side_curve_db(gain_db: f64, tilt_db: f64, freq_hz: f64) -> f64 {
    gain_db + tilt_db * libm::log10(freq_hz / 1000.0).clamp(-1.0, 1.0)
}

/// Side EQ knots for a tilt, dB.
pub fn side_knots_db(tilt_db: f64) -> [f64; SIDE_KNOTS] {
    std::array::from_fn(|knot| side_curve_db(0.0, tilt_db, side_knot_hz(knot)))
}
