//! How the program begins and ends.

use super::noise::offset_db;
use super::{Detector, DetectorInfo, Direction, Limits, Message, Reading};
use crate::facts::Facts;
use crate::finding::FindingCode;
use crate::finding::{Category, Severity, TimeSpan};
use crate::scan::{EdgeFigures, START_S};

/// Both edges at least this loud, relative to the RMS, are those of a loop, dB.
pub const LOOP_DB: f64 = -30.0;
/// An edge no further over the offset is the offset's, dB.
const OVER_OFFSET_DB: f64 = 3.0;
/// Silence at the start that is longer than this is worth a word, s.
const LEAD_IN_S: f64 = 2.0;
/// Silence at the end that is longer than this is worth a word, s.
const LEAD_OUT_S: f64 = 10.0;

fn is_loop(edges: &EdgeFigures) -> bool {
    edges.start_db > LOOP_DB && edges.tail_db > LOOP_DB
}

/// Whether an edge at this level is that of a constant offset, and not of sound.
fn is_offset(facts: &Facts<'_>, edge_db: f64) -> bool {
    edge_db < offset_db(facts) + OVER_OFFSET_DB
}

/// What ends at this level within 3 ms has not decayed, relative to the RMS, dB: all but one in forty of the training
/// excerpts that were cut end above it. Released tracks that do are cut themselves, most of them to be looped in a
/// game, so that their quantiles are no limit.
const CUT_DB: f64 = -9.0;
/// Ends as loud as it ever was, dB.
const CUT_LOUD_DB: f64 = 0.0;

const LOOPED: &str = "nothing, if it is to be looped; else both ends are cut off: export from before the first attack to behind \
                      the last tail";

/// Begins within the music.
pub struct StartCut;

impl Detector for StartCut {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::StartCut,
            part: Category::Integrity,
            figure: "level of the first millisecond relative to the whole",
            unit: "dB",
            worse: Direction::More,
            max_severity: Severity::Remark,
            points: 5.0,
            limits: Limits::Fitted,
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let edges = facts.scan?.edges;
        if is_offset(facts, edges.start_db) {
            return None;
        }
        let place = TimeSpan {
            from_s: edges.lead_in_s,
            to_s: edges.lead_in_s + START_S,
        };
        Some(Reading::at(edges.start_db, vec![place]))
    }

    fn message(&self, facts: &Facts<'_>, reading: &Reading) -> Message {
        let looped = facts.scan.is_some_and(|scan| is_loop(&scan.edges));
        let text = format!(
            "it begins at once, at {:+.0} dB of its usual level{}",
            reading.value,
            if looped {
                ", and ends so too, as a loop does"
            } else {
                ": the start may be cut off"
            }
        );
        Message {
            severity: looped.then_some(Severity::Note),
            ..Message::in_the_mix(
                text,
                if looped {
                    LOOPED
                } else {
                    "set the export's start a little earlier, so that the first attack is whole; a fade-in \
                     of 5 ms keeps it from clicking"
                },
                "what was not exported cannot be mastered",
            )
        }
    }
}

/// Ends within the music.
pub struct TailCut;

impl Detector for TailCut {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::TailCut,
            part: Category::Integrity,
            figure: "level of the last 3 ms relative to the whole",
            unit: "dB",
            worse: Direction::More,
            max_severity: Severity::Remark,
            points: 8.0,
            limits: Limits::Given {
                remark: CUT_DB,
                full: CUT_LOUD_DB,
            },
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let edges = facts.scan?.edges;
        if is_offset(facts, edges.tail_db) {
            return None;
        }
        let end_s = edges.duration_s - edges.lead_out_s;
        let place = TimeSpan {
            from_s: end_s - 0.003,
            to_s: end_s,
        };
        Some(Reading::at(edges.tail_db, vec![place]))
    }

    fn message(&self, facts: &Facts<'_>, reading: &Reading) -> Message {
        let looped = facts.scan.is_some_and(|scan| is_loop(&scan.edges));
        Message {
            severity: looped.then_some(Severity::Note),
            ..Message::in_the_mix(
                format!(
                    "it ends at once, at {:+.0} dB of its usual level{}",
                    reading.value,
                    if looped {
                        ", and begins so too, as a loop does"
                    } else {
                        ": the tail is cut off"
                    }
                ),
                if looped {
                    LOOPED
                } else {
                    "move the export's end behind the last reverb and release tails, or fade out in the mix"
                },
                "what was not exported cannot be mastered",
            )
        }
    }
}

/// Long silence before or after.
pub struct EdgeSilence;

impl Detector for EdgeSilence {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::EdgeSilence,
            part: Category::Integrity,
            figure: "silence at the edges beyond what is usual",
            unit: "s",
            worse: Direction::More,
            max_severity: Severity::Note,
            points: 0.0,
            limits: Limits::Given {
                remark: 0.001,
                full: 10.0,
            },
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let edges = facts.scan?.edges;
        let too_long =
            (edges.lead_in_s - LEAD_IN_S).max(0.0) + (edges.lead_out_s - LEAD_OUT_S).max(0.0);
        Some(Reading::of(too_long))
    }

    fn message(&self, facts: &Facts<'_>, _: &Reading) -> Message {
        let edges = facts.scan.map(|scan| scan.edges).unwrap_or_default();
        Message::in_the_mix(
            format!(
                "{:.1} s of silence before the music and {:.1} s after it",
                edges.lead_in_s, edges.lead_out_s
            ),
            "set the export range to the music, unless the silence is meant",
            "the length stays as it is",
        )
    }
}
