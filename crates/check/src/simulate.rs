//! What mastering could do about a tonal fault, found by doing it on the spectrum.
//!
//! A static EQ applies exactly to third-octave levels, so that the estimate after it needs no audio.

use crate::facts::Facts;
use crate::fault_eq::fault_eq_db;
use crate::tone::{BANDS, FIRST_BAND, TONE_CODES, inputs_after};
use acetate_dsp::measure::bands::centre_hz;

/// Most that mastering equalises, RMS over the bands, dB; as the predictor's bound in `acetate-model`.
const MAX_EQ_RMS_DB: f64 = 2.0;

/// The estimate of fault `index` after the largest EQ against it that mastering allows itself, and that
/// EQ's largest gain, dB.
pub fn after_eq(facts: &Facts<'_>, index: usize, estimated_db: f64) -> (f64, f64) {
    let code = TONE_CODES[index];
    let shape = |freq_hz: f64| fault_eq_db(code, estimated_db.max(0.0), freq_hz);
    let curve: Vec<f64> = (FIRST_BAND..FIRST_BAND + BANDS)
        .map(|band| shape(centre_hz(band)))
        .collect();
    let mean = curve.iter().sum::<f64>() / curve.len() as f64;
    let square = |x: &f64| (x - mean) * (x - mean);
    let rms_db = (curve.iter().map(square).sum::<f64>() / curve.len() as f64).sqrt();
    let share = (MAX_EQ_RMS_DB / rms_db.max(1e-9)).min(1.0);
    let against = |freq_hz: f64| -share * shape(freq_hz);
    let after = facts
        .corpus
        .tone
        .estimate(&inputs_after(&facts.tone_inputs, &against))
        .get(index)
        .copied()
        .unwrap_or(estimated_db);
    let largest = curve
        .iter()
        .fold(0.0_f64, |a, &b| if b.abs() > a.abs() { b } else { a });
    (after.min(estimated_db), -share * largest)
}
