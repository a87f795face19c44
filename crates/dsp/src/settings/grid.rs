//! Where the EQ's gains stand: broad knots, and the third octaves of the fine curve.

use crate::measure::bands;

/// Number of EQ knots for mid: 31.6 Hz to 17.8 kHz, a quarter of a decade apart.
pub const MID_KNOTS: usize = 12;
/// Number of EQ knots for side: 100 Hz to 10 kHz, two thirds of a decade apart.
pub const SIDE_KNOTS: usize = 4;
/// Number of gains of the fine curve: the third octaves from 39 Hz to 16 kHz.
pub const FINE_BANDS: usize = bands::BANDS;

/// Frequency of a mid knot in Hz.
pub fn mid_knot_hz(index: usize) -> f64 {
    libm::pow(10.0, 1.5 + 0.25 * index as f64)
}

/// Frequency of a side knot in Hz.
pub fn side_knot_hz(index: usize) -> f64 {
    libm::pow(10.0, 2.0 + 2.0 / 3.0 * index as f64)
}

/// Whether a fine curve does nothing.
pub fn is_flat(gains_db: &[f64; FINE_BANDS]) -> bool {
    gains_db.iter().all(|&gain_db| gain_db == 0.0)
}

/// Center of a third octave of the fine curve in Hz.
pub fn fine_band_hz(index: usize) -> f64 {
    bands::judged_hz(index)
}
