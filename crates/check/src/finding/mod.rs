//! [`Finding`]: one thing that stands out in a mix, with its evidence and what to do about it.

mod code;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::code::FindingCode;

/// How much a finding matters.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Better mended in the mix.
    Remark,
    /// Mastering makes it permanent: not ready.
    Problem,
}

/// Something that stands out in the input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Finding {
    /// Stable code.
    #[schemars(with = "String")]
    pub code: FindingCode,
    /// How much it matters.
    pub severity: Severity,
    /// The part of the score that it belongs to.
    #[serde(default)]
    pub part: Category,
    /// The measured figure.
    pub evidence: f64,
    /// Unit of the figure.
    pub unit: String,
    /// What released music shows for the same figure; none where it was not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Released>,
    /// What was found, one sentence.
    pub text: String,
    /// What to do in the mix, one sentence.
    pub advice: String,
    /// Whether mastering can mend it.
    #[serde(default)]
    pub mastering: Remedy,
    /// What mastering does about it, one clause.
    #[serde(default)]
    pub mastering_does: String,
    /// Points that it costs of 100; what mending it in the mix gives back.
    #[serde(default)]
    pub points: f64,
    /// Points that mastering gives back, by simulation.
    #[serde(default)]
    pub points_by_mastering: f64,
    /// When; empty where it is everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<TimeSpan>,
    /// Which frequencies; none where it is all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub band: Option<Band>,
}

/// What released music shows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Released {
    /// Share of released tracks that show less of it, percent.
    pub percentile: f64,
    /// What the middle one shows, in the unit of the evidence.
    pub median: f64,
}

/// A stretch of time, seconds from the start.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Place")]
pub struct TimeSpan {
    /// Where it begins, s.
    pub from_s: f64,
    /// Where it ends, s.
    pub to_s: f64,
}

/// A range of frequencies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Lower edge, Hz.
    pub from_hz: f64,
    /// Upper edge, Hz.
    pub to_hz: f64,
}

/// Whether mastering can mend something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Mending")]
pub enum Remedy {
    #[default]
    /// Not at all: it has to be done in the mix.
    No,
    /// In part.
    Partly,
    /// Wholly.
    Yes,
}

/// The parts of the score.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Part")]
pub enum Category {
    #[default]
    /// Nothing broken: clipping, clicks, gaps, cut edges, a lossy source.
    Integrity,
    /// No noise: hum, hiss, offset.
    Noise,
    /// Left and right belong together, and survive mono.
    Stereo,
    /// Tonal balance.
    Tone,
    /// Dynamics and levels over time.
    Dynamics,
    /// Balance of the lead against the rest.
    Balance,
}

impl Category {
    /// All parts with the points that each may cost; they add up to 100.
    pub const ALL: [(Self, f64); 6] = [
        (Self::Integrity, 30.0),
        (Self::Noise, 15.0),
        (Self::Stereo, 20.0),
        (Self::Tone, 20.0),
        (Self::Dynamics, 10.0),
        (Self::Balance, 5.0),
    ];

    /// Name as printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Integrity => "integrity",
            Self::Noise => "noise",
            Self::Stereo => "stereo",
            Self::Tone => "tone",
            Self::Dynamics => "dynamics",
            Self::Balance => "balance",
        }
    }
}

/// A finding about damage that the reader of a file went past; its words come from there.
pub fn damaged(what: &str) -> Finding {
    Finding {
        code: FindingCode::Damaged,
        severity: Severity::Problem,
        part: Category::Integrity,
        evidence: 1.0,
        unit: "places".to_owned(),
        released: None,
        text: format!("the file is damaged: {what}"),
        advice: "export or copy the mix again; --strict refuses such files".to_owned(),
        mastering: Remedy::No,
        mastering_does: "what is missing stays missing".to_owned(),
        points: DAMAGE_POINTS,
        points_by_mastering: 0.0,
        places: Vec::new(),
        band: None,
    }
}

/// A note that another program decoded the file; its words come from the reader.
pub fn decoded_elsewhere(what: &str) -> Finding {
    Finding {
        code: FindingCode::DecodedElsewhere,
        severity: Severity::Note,
        evidence: 1.0,
        unit: "files".to_owned(),
        text: what.to_owned(),
        advice: "export WAV or FLAC from the session where you can; --strict refuses such files"
            .to_owned(),
        mastering_does: "the master is made of what that program gave".to_owned(),
        points: 0.0,
        ..damaged("")
    }
}

/// What damage costs, points.
const DAMAGE_POINTS: f64 = 30.0;
