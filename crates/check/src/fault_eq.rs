//! The curves of the tonal faults, as analog prototypes: what the campaign injects.

use acetate_dsp::units::{db_from_power, gain_from_db};

use crate::finding::FindingCode;

/// Quality of the bells.
pub const BELL_Q: f64 = 0.8;
/// Where a lack of low end is measured, Hz.
pub const THIN_AT_HZ: f64 = 80.0;

/// Corner or center of a fault, Hz; none for the high-pass, whose corner is its strength.
pub fn corner_hz(code: FindingCode) -> Option<f64> {
    match code {
        FindingCode::Boomy => Some(90.0),
        FindingCode::Muddy => Some(300.0),
        FindingCode::Harsh => Some(3_200.0),
        FindingCode::Dull => Some(5_000.0),
        FindingCode::Fizzy => Some(8_000.0),
        _ => None,
    }
}

/// Response at a frequency, dB, of a fault of this many decibels; 0 for an unknown one. A lack of low
/// end of so many decibels is a high-pass that takes them at 80 Hz.
pub fn fault_eq_db(code: FindingCode, fault_db: f64, freq_hz: f64) -> f64 {
    match (code, corner_hz(code)) {
        (FindingCode::Thin, _) => high_pass_db(high_pass_corner_hz(fault_db), freq_hz),
        (FindingCode::Dull, Some(corner_hz)) => shelf_db(-fault_db, corner_hz, freq_hz),
        (FindingCode::Fizzy, Some(corner_hz)) => shelf_db(fault_db, corner_hz, freq_hz),
        (_, Some(center_hz)) => bell_db(fault_db, center_hz, freq_hz),
        _ => 0.0,
    }
}

/// Attenuation at [`THIN_AT_HZ`] of a high-pass of 12 dB per octave, dB.
pub fn thin_db(corner_hz: f64) -> f64 {
    -high_pass_db(corner_hz, THIN_AT_HZ)
}

/// Second-order Butterworth high-pass, dB.
fn high_pass_db(corner_hz: f64, freq_hz: f64) -> f64 {
    -db_from_power(1.0 + (corner_hz / freq_hz).powi(4))
}

/// The corner of the high-pass that takes so many decibels at [`THIN_AT_HZ`].
fn high_pass_corner_hz(taken_db: f64) -> f64 {
    let excess = acetate_dsp::units::power_from_db(taken_db.max(0.0)) - 1.0;
    THIN_AT_HZ * excess.max(0.0).sqrt().sqrt()
}

/// Peaking section with the cookbook's prototype, dB.
fn bell_db(gain_db: f64, center_hz: f64, freq_hz: f64) -> f64 {
    let a = gain_from_db(0.5 * gain_db);
    let w = freq_hz / center_hz;
    let real = (1.0 - w * w) * (1.0 - w * w);
    let top = w * a / BELL_Q;
    let bottom = w / (a * BELL_Q);
    db_from_power((real + top * top) / (real + bottom * bottom))
}

/// High shelf with the cookbook's prototype at slope 1, dB.
fn shelf_db(gain_db: f64, corner_hz: f64, freq_hz: f64) -> f64 {
    let a = gain_from_db(0.5 * gain_db);
    let w = freq_hz / corner_hz;
    let damping = 2.0 * a * w * w;
    let top = (1.0 - a * w * w) * (1.0 - a * w * w) + damping;
    let bottom = (a - w * w) * (a - w * w) + damping;
    db_from_power(a * a * top / bottom)
}
