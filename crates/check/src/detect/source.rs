//! Where the sound comes from.

use super::{Detector, DetectorInfo, Direction, Limits, Message, Reading};
use crate::facts::Facts;
use crate::finding::FindingCode;
use crate::finding::{Category, Severity};
use crate::scan::CodecFigures;

/// Where the low-pass of MP3 at up to 112 kbit/s lies or above (LAME's own table, 15.1 to 16 kHz), and
/// the meter's accuracy, Hz. Only a spectrum that ends here is a remark: a coder's traces vanish when a file is
/// resampled and come with the best MP3, so that a verdict by them would say more of the file than of its sound.
const CODEC_END_HZ: f64 = 16_100.0;
/// Where coders at high rates end, which nobody misses, Hz.
const WHOLE_HZ: f64 = 20_000.0;
/// From so many standard deviations a coder's frames are no accident: 40 lossless training mixes show at most 5.0,
/// and the least of 8 through MP3 up to 192 kbit/s, AAC and Vorbis 37.7.
pub const TRACE_SIGMA: f64 = 10.0;
/// Any trace counts for so much, percent.
const TRACE_PERCENT: f64 = 1.0;

/// The traces that are no accident.
fn traces(facts: &Facts<'_>) -> Option<CodecFigures> {
    facts.scan?.coding.filter(|c| c.sigma >= TRACE_SIGMA)
}

/// The spectrum ends early, or a coder emptied some of it.
pub struct LossySource;

impl Detector for LossySource {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::LossySource,
            part: Category::Integrity,
            figure: "share of the spectrum up to 20 kHz that a coder or a low-pass left empty",
            unit: "%",
            worse: Direction::More,
            max_severity: Severity::Remark,
            points: 4.0,
            limits: Limits::Given {
                remark: TRACE_PERCENT,
                full: 100.0,
            },
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let end_hz = facts.analysis.bandwidth_hz;
        let there = (end_hz / WHOLE_HZ).min(1.0);
        let missing = match traces(facts) {
            Some(c) => {
                let missing = 100.0 - there * (100.0 - c.holes_percent);
                missing.max(TRACE_PERCENT)
            }
            None if end_hz <= CODEC_END_HZ => 100.0 * (1.0 - there),
            None => 0.0,
        };
        let nyquist_hz = f64::from(facts.analysis.sample_rate_hz) / 2.0;
        Some(Reading::in_band(
            missing,
            end_hz.min(nyquist_hz),
            nyquist_hz,
        ))
    }

    fn message(&self, facts: &Facts<'_>, _: &Reading) -> Message {
        let rate_hz = facts.analysis.sample_rate_hz;
        let end_khz = facts.analysis.bandwidth_hz / 1000.0;
        let ends_low = facts.analysis.bandwidth_hz <= CODEC_END_HZ;
        let text = match traces(facts) {
            Some(c) => {
                let end = if facts.analysis.bandwidth_hz < WHOLE_HZ {
                    format!(", and hardly anything is left above {end_khz:.1} kHz")
                } else {
                    String::new()
                };
                format!(
                    "this has been an {} file: {:.0} % of its fine structure above 4 kHz is rounded away{end}",
                    c.family.label(),
                    c.holes_percent
                )
            }
            None if rate_hz < 40_000 => format!(
                "the file's sample rate of {rate_hz} Hz leaves nothing above {end_khz:.1} kHz"
            ),
            None => format!(
                "hardly anything above {end_khz:.1} kHz: an MP3 or other lossy file, or a low sample rate, somewhere on the way"
            ),
        };
        if !ends_low {
            return Message {
                severity: Some(Severity::Note),
                ..Message::in_the_mix(
                    text,
                    "if you have this mix as WAV or FLAC, master that one; if this is the best copy there is, go on: \
                     where the top is still there, little is lost",
                    "what the coder took stays away; the master is best given away without loss, and coded once",
                )
            };
        }
        Message::in_the_mix(
            text,
            "export the mix from the session as WAV or FLAC at 44.1 kHz or more; if it is one, look for a lossy sample \
             or stem in it, or a low-pass on the bus",
            "a treble that is not there cannot be lifted, and coding noise comes up with it",
        )
    }
}
