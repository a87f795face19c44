//! Level: said, never charged.

use super::{Detector, DetectorInfo, Direction, Limits, Message, Reading};
use crate::facts::Facts;
use crate::finding::FindingCode;
use crate::finding::{Category, Severity, TimeSpan};

/// Samples over full scale.
pub(super) struct TooHot;

impl Detector for TooHot {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::TooHot,
            part: Category::Dynamics,
            figure: "sample peak",
            unit: "dBFS",
            worse: Direction::More,
            max_severity: Severity::Note,
            points: 0.0,
            limits: Limits::Given {
                remark: 0.01,
                full: 12.0,
            },
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        Some(Reading::of(facts.analysis.sample_peak_dbfs))
    }

    fn message(&self, _: &Facts<'_>, reading: &Reading) -> Message {
        Message::mended(
            format!(
                "the peaks stand {:.2} dB over full scale, which only a float file can hold",
                reading.value
            ),
            "nothing is lost here; before exporting as 16 or 24 bit turn the mix bus down by that much",
            "the master brings the level to its target",
            -1.0,
        )
    }
}

/// So low that word length is given away.
pub(super) struct TooQuiet;

impl Detector for TooQuiet {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::TooQuiet,
            part: Category::Dynamics,
            figure: "sample peak",
            unit: "dBFS",
            worse: Direction::Less,
            max_severity: Severity::Note,
            points: 0.0,
            limits: Limits::Given {
                remark: -30.0,
                full: -60.0,
            },
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        Some(Reading::of(facts.analysis.sample_peak_dbfs))
    }

    fn message(&self, _: &Facts<'_>, reading: &Reading) -> Message {
        Message::mended(
            format!("the highest peak is only {:.0} dBFS", reading.value),
            "turn the mix bus up until it peaks between -12 and -3 dBFS, or export in float, so that no word \
             length is given away",
            "the master raises the level, and the noise of a 16-bit file with it",
            -1.0,
        )
    }
}

/// Between the samples it goes over full scale.
pub(super) struct InterSample;

impl Detector for InterSample {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::InterSample,
            part: Category::Dynamics,
            figure: "true peak",
            unit: "dBTP",
            worse: Direction::More,
            max_severity: Severity::Note,
            points: 0.0,
            limits: Limits::Given {
                remark: 0.01,
                full: 3.0,
            },
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let analysis = facts.analysis;
        let at = TimeSpan {
            from_s: analysis.true_peak_at_s,
            to_s: analysis.true_peak_at_s,
        };
        (analysis.sample_peak_dbfs <= 0.01).then(|| Reading::at(analysis.true_peak_dbtp, vec![at]))
    }

    fn message(&self, _: &Facts<'_>, reading: &Reading) -> Message {
        Message::mended(
            format!(
                "no sample is over, but between the samples it reaches {:+.2} dBTP",
                reading.value
            ),
            "nothing is needed; a true-peak limiter, or 1 dB less, would have kept converters from clipping",
            "the master holds its true-peak ceiling",
            -1.0,
        )
    }
}
