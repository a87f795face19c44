//! Rows of the third octaves that the net reads, and how much each counts for loudness.

use std::sync::OnceLock;

use acetate_dsp::analysis::BandFrame;
use acetate_dsp::measure::bands::judged_hz;
use acetate_dsp::measure::loudness::OFFSET_LU;
use acetate_dsp::measure::weighting::k_weight_power;
use acetate_dsp::units::{db_from_power, power_from_db};

pub use acetate_dsp::measure::bands::{BANDS, FIRST_BAND};

/// Length of a frame row: mid bands, then side bands.
pub const FRAME_WIDTH: usize = 2 * BANDS;

/// Loudness of one frame from its bands, LUFS (K-weighted at the band centers).
pub fn frame_level_db(frame: &BandFrame) -> f64 {
    let power: f64 = (0..BANDS)
        .map(|band| {
            let index = FIRST_BAND + band;
            let weight = band_weights()[band];
            let mid = power_from_db(f64::from(frame.mid_db[index]));
            let side = power_from_db(f64::from(frame.side_db[index]));
            weight * (mid + side)
        })
        .sum();
    // L² + R² = 2 (M² + S²).
    db_from_power(2.0 * power) + OFFSET_LU
}

/// Power gain of the K-weighting at the center of each band that the net reads.
pub fn band_weights() -> &'static [f64; BANDS] {
    static WEIGHTS: OnceLock<[f64; BANDS]> = OnceLock::new();
    WEIGHTS.get_or_init(|| std::array::from_fn(|band| k_weight_power(judged_hz(band))))
}
