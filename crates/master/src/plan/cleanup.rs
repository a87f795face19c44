//! What is taken away because it is no music: offsets, clicks, bumps. Decided by measurement alone, whoever
//! predicts the rest.

use acetate_dsp::Analysis;
use acetate_dsp::process::repair::repairs_of;
use acetate_dsp::settings::Cleanup;
use acetate_dsp::units::db_from_gain;

/// A larger offset than this, relative to the loudness, is filtered out, dB: in a master of -14 LUFS it
/// would be -46 dBFS, and take 0.05 dB of headroom.
const OFFSET_LIMIT_DB: f64 = -32.0;
/// Corner of the DC filter, Hz.
pub(crate) const DC_HIGHPASS_HZ: f64 = 4.0;

/// The largest offset of an input relative to its loudness, dB.
pub(crate) fn offset_db(analysis: &Analysis) -> f64 {
    let offsets = analysis.dc_offset.iter().chain(&analysis.slow_offset);
    let largest = offsets.fold(0.0_f64, |largest, offset| largest.max(offset.abs()));
    db_from_gain(largest) - analysis.program().integrated_lufs
}

/// The cleanup that an input needs; without the repairs where none are wanted.
pub(crate) fn cleanup(analysis: &Analysis, repair: bool) -> Cleanup {
    Cleanup {
        dc_highpass_hz: if offset_db(analysis) > OFFSET_LIMIT_DB {
            DC_HIGHPASS_HZ
        } else {
            0.0
        },
        repairs: if repair {
            repairs_of(&analysis.lone_transients, analysis.sample_rate_hz)
        } else {
            Vec::new()
        },
        ..Cleanup::default()
    }
}
