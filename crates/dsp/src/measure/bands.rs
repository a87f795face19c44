//! Third-octave bands (IEC 61260-1, base ten rounded to base two): center 1000·2^(k/3) Hz.

/// Number of third octaves, 20 Hz to 20 kHz.
pub const THIRD_OCTAVES: usize = 31;

/// The first third octave that is judged, 39 Hz: the net, the check, references and figures of tone
/// read the same ones.
pub const FIRST_BAND: usize = 3;
/// Number of third octaves that are judged, 39 Hz to 16 kHz: lossy sources tell nothing above.
pub const BANDS: usize = 27;
/// A band below this level does not count, dB relative to the program's loudness.
pub const AUDIBLE_DB: f64 = -60.0;

/// Exact center frequency of a band in Hz, `index` 0 (19.7 Hz) to 30 (20.2 kHz).
pub fn center_hz(index: usize) -> f64 {
    1000.0 * libm::exp2((index as f64 - 17.0) / 3.0)
}

/// Lower and upper edge of a band in Hz.
pub fn edges_hz(index: usize) -> (f64, f64) {
    let half = libm::exp2(1.0 / 6.0);
    (center_hz(index) / half, center_hz(index) * half)
}

/// Center frequency of a judged band in Hz, `band` 0 (39 Hz) to 26 (16 kHz).
pub fn judged_hz(band: usize) -> f64 {
    center_hz(FIRST_BAND + band)
}

/// Mean |dB| of differences between two spectra, 0 without any.
pub fn mean_distance_db(differences_db: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0_usize);
    for difference_db in differences_db {
        sum += difference_db.abs();
        count += 1;
    }
    sum / count.max(1) as f64
}
