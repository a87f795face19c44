//! Balance: the lead against the rest, which only its stem tells.

use super::{Detector, DetectorInfo, Direction, Limits, Message, Reading};
use crate::facts::Facts;
use crate::finding::FindingCode;
use crate::finding::{Category, Severity, TimeSpan};
use crate::scan::joined;

/// A lead that the rest covers.
pub(super) struct BuriedLead;

/// A lead that stands out of the rest.
pub(super) struct LoudLead;

const fn about(code: FindingCode, worse: Direction) -> DetectorInfo {
    DetectorInfo {
        code,
        part: Category::Balance,
        figure: "lead against the rest while it sounds",
        unit: "dB",
        worse,
        max_severity: Severity::Remark,
        points: 5.0,
        limits: Limits::Fitted,
    }
}

static BURIED: DetectorInfo = about(FindingCode::BuriedLead, Direction::Less);
static LOUD: DetectorInfo = about(FindingCode::LoudLead, Direction::More);

/// The ratio of the whole song, and the stretches in which it is beyond the limit by itself.
fn measure(info: &DetectorInfo, facts: &Facts<'_>) -> Option<Reading> {
    let lead = facts.lead.filter(|lead| lead.is_enough())?;
    let limit = info
        .worse
        .place(facts.corpus.figures.get(info.code.as_str())?.remark);
    let stretches = lead.by_time.iter();
    let beyond = stretches.filter(|stretch| info.worse.place(stretch.lead_to_rest_db) >= limit);
    let places: Vec<TimeSpan> = beyond
        .map(|stretch| TimeSpan {
            from_s: stretch.from_s,
            to_s: stretch.to_s,
        })
        .collect();
    Some(Reading::at(lead.lead_to_rest_db, joined(&places, 0.1)))
}

/// How far from the middle of released music, dB.
fn off_db(facts: &Facts<'_>, reading: &Reading, code: FindingCode) -> f64 {
    let median_db = facts.corpus.released(code, 50.0).unwrap_or(0.0);
    (reading.value - median_db).abs()
}

impl Detector for BuriedLead {
    fn info(&self) -> &'static DetectorInfo {
        &BURIED
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        measure(&BURIED, facts)
    }

    fn message(&self, facts: &Facts<'_>, reading: &Reading) -> Message {
        Message::in_the_mix(
            format!(
                "the lead lies {:.1} dB under the rest while it sounds, {:.1} dB lower than usual",
                -reading.value,
                off_db(facts, reading, FindingCode::BuriedLead)
            ),
            "turn the lead up, or what covers it down; automate it where only some parts are covered",
            "the lead stays where it is; --rebalance moves it by at most 2 dB",
        )
    }
}

impl Detector for LoudLead {
    fn info(&self) -> &'static DetectorInfo {
        &LOUD
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        measure(&LOUD, facts)
    }

    fn message(&self, facts: &Facts<'_>, reading: &Reading) -> Message {
        Message::in_the_mix(
            format!(
                "the lead stands {:.1} dB over the rest while it sounds, {:.1} dB higher than usual",
                reading.value,
                off_db(facts, reading, FindingCode::LoudLead)
            ),
            "turn the lead down, or bring the rest up; check it at a low volume, where a loud lead is plainest",
            "the lead stays where it is; --rebalance moves it by at most 2 dB",
        )
    }
}
