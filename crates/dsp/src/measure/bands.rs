//! Third-octave bands (IEC 61260-1, base ten rounded to base two): centre 1000·2^(k/3) Hz.

/// Number of third octaves, 20 Hz to 20 kHz.
pub const THIRD_OCTAVES: usize = 31;

/// Exact centre frequency of a band in Hz, `index` 0 (19.7 Hz) to 30 (20.2 kHz).
pub fn centre_hz(index: usize) -> f64 {
    1000.0 * libm::exp2((index as f64 - 17.0) / 3.0)
}

/// Lower and upper edge of a band in Hz.
pub fn edges_hz(index: usize) -> (f64, f64) {
    let half = libm::exp2(1.0 / 6.0);
    (centre_hz(index) / half, centre_hz(index) * half)
}
