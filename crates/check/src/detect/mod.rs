//! The detectors: one trait, one list.
//!
//! A detector measures one figure and words a message about it. Where a finding begins, and where it is
//! serious, stands in the corpus; [`judge`](crate::judge) is the same for all.

mod balance;
mod dynamics;
pub mod edges;
mod integrity;
mod levels;
mod noise;
pub mod source;
mod stereo;
mod tone;

pub use tone::tone_contrast_db;

use crate::facts::Facts;
use crate::finding::FindingCode;
use crate::finding::{Band, Category, Finding, Remedy, Severity, TimeSpan};

/// What is known of a detector without any mix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectorInfo {
    /// Stable code of its finding.
    pub code: FindingCode,
    /// The part of the score.
    pub part: Category,
    /// What the figure is.
    pub figure: &'static str,
    /// Unit of the figure.
    pub unit: &'static str,
    /// Which way is worse.
    pub worse: Direction,
    /// The most severe that it can be.
    pub max_severity: Severity,
    /// Points that it costs at most.
    pub points: f64,
    /// Where its limits come from.
    pub limits: Limits,
}

/// Which way is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// More.
    More,
    /// Less.
    Less,
    /// More, in ratios: the ramp between the limits is logarithmic.
    MoreByRatio,
}

/// Smallest value that ratios tell apart.
const SMALLEST_RATIO: f64 = 0.5;

impl Direction {
    /// A scale on which more is worse and the ramp between limits is straight.
    pub fn place(self, value: f64) -> f64 {
        match self {
            Self::More => value,
            Self::Less => -value,
            Self::MoreByRatio => libm::log(value.max(SMALLEST_RATIO)),
        }
    }

    /// The value at a place of [`place`](Self::place).
    pub fn value(self, place: f64) -> f64 {
        match self {
            Self::More => place,
            Self::Less => -place,
            Self::MoreByRatio => libm::exp(place),
        }
    }
}

/// Where the limits of a finding come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limits {
    /// Fitted on released music, and on what was put into it.
    Fitted,
    /// Given by what the figure means: where it begins and where it is serious.
    Given {
        /// Where it begins.
        remark: f64,
        /// Where it costs all of its points.
        full: f64,
    },
}

/// What a detector measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The figure.
    pub value: f64,
    /// When.
    pub places: Vec<TimeSpan>,
    /// Which frequencies.
    pub band: Option<Band>,
}

impl Reading {
    /// A figure of the whole program.
    pub fn of(value: f64) -> Self {
        Self {
            value,
            ..Self::default()
        }
    }

    /// A figure of a band.
    pub fn in_band(value: f64, from_hz: f64, to_hz: f64) -> Self {
        Self {
            band: Some(Band { from_hz, to_hz }),
            ..Self::of(value)
        }
    }

    /// A figure with its places.
    pub fn at(value: f64, places: Vec<TimeSpan>) -> Self {
        Self {
            places,
            ..Self::of(value)
        }
    }
}

/// What is said of a finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// What was found.
    pub text: String,
    /// What to do in the mix.
    pub advice: String,
    /// Whether mastering can mend it.
    pub mastering: Remedy,
    /// What mastering does about it.
    pub mastering_does: String,
    /// The figure after mastering, by simulation; `None` where it stays.
    pub after_mastering: Option<f64>,
    /// The severity where it is not to be read from the figure.
    pub severity: Option<Severity>,
}

impl Message {
    /// Something that only the mix can mend.
    pub fn in_the_mix(text: String, advice: &str, mastering_does: &str) -> Self {
        Self {
            text,
            advice: advice.to_owned(),
            mastering: Remedy::No,
            mastering_does: mastering_does.to_owned(),
            after_mastering: None,
            severity: None,
        }
    }

    /// Something that mastering mends wholly.
    pub fn mended(text: String, advice: &str, mastering_does: &str, after: f64) -> Self {
        Self {
            mastering: Remedy::Yes,
            after_mastering: Some(after),
            ..Self::in_the_mix(text, advice, mastering_does)
        }
    }

    /// Something that mastering mends in part.
    pub fn partly(text: String, advice: &str, mastering_does: String, after: f64) -> Self {
        Self {
            mastering: Remedy::Partly,
            after_mastering: Some(after),
            ..Self::in_the_mix(text, advice, &mastering_does)
        }
    }
}

/// Looks for one thing.
pub trait Detector: Sync {
    /// What is known of it.
    fn info(&self) -> &'static DetectorInfo;

    /// Its figure; `None` where it cannot be measured or means nothing.
    fn measure(&self, facts: &Facts<'_>) -> Option<Reading>;

    /// Whether a figure that stands out is the fault at all: something else may show the same figure.
    fn is_the_fault(&self, facts: &Facts<'_>) -> bool {
        let _ = facts;
        true
    }

    /// What is said where the figure stands out.
    fn message(&self, facts: &Facts<'_>, reading: &Reading) -> Message;

    /// Whether this detector's finding is the cause of another, which then is not told beside it.
    fn explains(&self, own: &Finding, other: &Finding, facts: &Facts<'_>) -> bool {
        let _ = (own, other, facts);
        false
    }
}

/// Every detector, in the order of the score's parts.
pub static DETECTORS: &[&dyn Detector] = &[
    &integrity::NotANumber,
    &integrity::Clipping,
    &integrity::Clicks,
    &integrity::LoneTransient,
    &integrity::Dropout,
    &edges::StartCut,
    &edges::TailCut,
    &edges::EdgeSilence,
    &source::LossySource,
    &noise::Hum,
    &noise::NoiseFloor,
    &noise::DcOffset,
    &stereo::DeadChannel,
    &stereo::Imbalance,
    &stereo::ChannelDelay,
    &stereo::AntiPhase,
    &stereo::MonoBand,
    &stereo::WideBass,
    &stereo::Mono,
    &tone::BOOMY,
    &tone::THIN,
    &tone::MUDDY,
    &tone::HARSH,
    &tone::DULL,
    &tone::FIZZY,
    &tone::Sibilants,
    &dynamics::Limited,
    &dynamics::Flat,
    &dynamics::TooDynamic,
    &dynamics::Section,
    &balance::BuriedLead,
    &balance::LoudLead,
    &levels::TooHot,
    &levels::TooQuiet,
    &levels::InterSample,
];
