//! [`RepairReport`]: what was repaired, and what the check says before and after.

use acetate_check::{Check, FindingCode};
use acetate_dsp::settings::{Cleanup, RepairKind, RepairedChannel};
use acetate_dsp::units::clock;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Places that are listed; the settings have all of them.
const LISTED: usize = 200;

/// What a repair mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// A click: replaced by what surrounds it.
    Click,
    /// A bump: turned down.
    Bump,
    /// A flat top: drawn anew.
    FlatTop,
    /// A line of the mains: taken out over the whole length.
    Hum,
    /// A start or an end that is cut off: faded.
    CutEdge,
    /// An offset: filtered out over the whole length.
    Offset,
}

/// One repair.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepairPlace {
    /// What was mended.
    pub fault: Fault,
    /// Where it begins, seconds from the start.
    pub at_s: f64,
    /// Length, ms.
    pub length_ms: f64,
    /// The channels.
    pub channel: RepairedChannel,
    /// How large the fault is.
    pub measure: f64,
    /// Unit of the measure: `dB` over what surrounds a click or a bump, over the level of a cut edge or an offset;
    /// `dBFS` of a line or of the level of a flat top.
    pub unit: RepairUnit,
}

/// Unit of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RepairUnit {
    /// A ratio.
    #[serde(rename = "dB")]
    Db,
    /// A level.
    #[serde(rename = "dBFS")]
    Dbfs,
}

/// What the check says of the faults that can be repaired.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepairCheck {
    /// Its score, 0 to 100, without the tone, which needs a prediction, the balance of the channels and the traces of a
    /// lossy coder.
    pub score: f64,
    /// What it finds of such faults.
    #[schemars(with = "Vec<String>")]
    pub found: Vec<FindingCode>,
}

impl From<&Check> for RepairCheck {
    fn from(check: &Check) -> Self {
        let repaired = [
            FindingCode::Clicks,
            FindingCode::LoneTransient,
            FindingCode::Hum,
            FindingCode::DcOffset,
            FindingCode::Clipping,
            FindingCode::StartCut,
            FindingCode::TailCut,
        ];
        let codes = check.findings.iter().map(|finding| finding.code);
        Self {
            score: check.score,
            found: codes.filter(|code| repaired.contains(code)).collect(),
        }
    }
}

/// What was repaired, and what is left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RepairReport {
    /// What was asked for.
    pub asked: String,
    /// The first repairs in order of time; the settings have all of them.
    pub places: Vec<RepairPlace>,
    /// How many there are.
    pub count: usize,
    /// What the check says of the mix …
    pub before: RepairCheck,
    /// … and after the repairs.
    pub after: RepairCheck,
}

impl RepairReport {
    /// Of repairs and both checks.
    pub(super) fn new(
        asked: String,
        mut places: Vec<RepairPlace>,
        before: RepairCheck,
        after: RepairCheck,
    ) -> Self {
        places.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        let count = places.len();
        places.truncate(LISTED);
        Self {
            asked,
            places,
            count,
            before,
            after,
        }
    }

    /// What is left, one sentence.
    pub fn sentence(&self) -> String {
        let left: Vec<&str> = self.after.found.iter().map(|code| code.as_str()).collect();
        let left = if left.is_empty() {
            "nothing of that kind is left".to_owned()
        } else {
            format!("left: {}", left.join(", "))
        };
        if self.count == 0 {
            return format!("--repair {}: found nothing to repair; {left}", self.asked);
        }
        format!(
            "after the repairs the check scores the mix {:.0} instead of {:.0}; {left}",
            self.after.score, self.before.score
        )
    }
}

/// What settings repair, in words: one sentence for each kind.
pub(crate) fn sentences(cleanup: &Cleanup) -> Vec<String> {
    let mut done = Vec::new();
    let of_kind = |kind| {
        cleanup
            .repairs
            .iter()
            .filter(move |repair| repair.kind == kind)
    };
    let clicks: Vec<_> = of_kind(RepairKind::Interpolate).collect();
    if let [first, .., last] = clicks.as_slice()
        && clicks.len() > 3
    {
        let total_ms: f64 = clicks.iter().map(|click| click.length_ms).sum();
        done.push(format!(
            "repaired {} clicks between {} and {}: {total_ms:.0} ms in all redrawn from what surrounds them (--no-repair \
             leaves them)",
            clicks.len(),
            clock(first.at_s, 1),
            clock(last.at_s, 1)
        ));
    } else {
        done.extend(clicks.iter().map(|click| {
            format!(
                "repaired a click at {}: {:.1} ms redrawn from what surrounds them (--no-repair leaves it)",
                clock(click.at_s, 2),
                click.length_ms
            )
        }));
    }
    done.extend(of_kind(RepairKind::Attenuate).map(|bump| {
        format!(
            "turned a bump at {} down by {:.0} dB for {:.0} ms (--no-repair leaves it)",
            clock(bump.at_s, 2),
            -bump.gain_db,
            bump.length_ms
        )
    }));
    for (kind, what) in [(RepairKind::FadeIn, "start"), (RepairKind::FadeOut, "end")] {
        done.extend(of_kind(kind).map(|fade| {
            format!(
                "faded the {what}, which is cut off, over {:.0} ms",
                fade.length_ms
            )
        }));
    }
    if cleanup
        .clipped
        .iter()
        .any(|levels| levels.above.max(levels.below) > 0.0)
    {
        done.push("drew peaks anew that were cut off flat, from what surrounds them".to_owned());
    }
    if let Some(hum) = &cleanup.hum {
        let lines: Vec<String> = hum
            .lines
            .iter()
            .map(|line| format!("{:.0}", hum.mains_hz * f64::from(line.multiple)))
            .collect();
        done.push(format!(
            "took a steady hum out, over the whole length: {} Hz",
            lines.join(", ")
        ));
    }
    done
}
