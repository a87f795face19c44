//! Where the sound comes from.

use super::{About, Detector, Limits, Reading, Words, Worse};
use crate::facts::Facts;
use crate::finding::{Part, Severity};

/// Where the low-pass of MP3 at up to 112 kbit/s lies or above (LAME's own table, 15.1 to 16 kHz), and
/// the meter's accuracy, Hz.
const CODEC_END_HZ: f64 = 16_100.0;
/// Nothing above speech is left, Hz.
const SPEECH_END_HZ: f64 = 8_000.0;

/// The spectrum ends early.
pub struct LossySource;

impl Detector for LossySource {
    fn about(&self) -> &'static About {
        &About {
            code: "lossy-source",
            part: Part::Integrity,
            figure: "highest frequency with programme in it",
            unit: "Hz",
            worse: Worse::Less,
            most: Severity::Remark,
            points: 8.0,
            limits: Limits::Given {
                remark: CODEC_END_HZ,
                full: SPEECH_END_HZ,
            },
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let nyquist_hz = f64::from(facts.analysis.sample_rate_hz) / 2.0;
        let from_hz = facts.analysis.bandwidth_hz;
        Some(Reading::in_band(
            from_hz,
            from_hz.min(nyquist_hz),
            nyquist_hz,
        ))
    }

    fn words(&self, facts: &Facts<'_>, reading: &Reading) -> Words {
        let text = if facts.analysis.sample_rate_hz < 40_000 {
            format!(
                "the file's sample rate of {} Hz leaves nothing above {:.1} kHz",
                facts.analysis.sample_rate_hz,
                reading.value / 1000.0
            )
        } else {
            format!(
                "nothing above {:.1} kHz: an MP3 or other lossy file, or a low sample rate, somewhere on the way",
                reading.value / 1000.0
            )
        };
        Words::in_the_mix(
            text,
            "export the mix from the session as WAV or FLAC; if it is one, look for a lossy sample or stem in it",
            "a treble that is not there cannot be lifted, and coding noise comes up with it",
        )
    }
}
