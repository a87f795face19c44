//! [`Cleanup`]: removal of what is not program.

use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Removal of what is not program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cleanup {
    /// Corner of the second-order DC filter, Hz; 0 leaves it out.
    pub dc_highpass_hz: f64,
    /// Moments that are repaired, in order of time. Left out of a file where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<Repair>,
    /// Where each channel was cut off: what stands there is drawn anew. Left out of a file where nothing was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clipped: Vec<ClipLevels>,
    /// Lines of the mains that are taken out. Left out of a file where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hum: Option<Hum>,
}

impl Cleanup {
    /// That of a passage of the input, in seconds from the passage's start: the repairs that lie in it.
    #[must_use]
    pub fn of_passage(&self, from_s: f64, to_s: f64) -> Self {
        let inside = |repair: &&Repair| repair.at_s >= from_s && repair.end_s() <= to_s;
        let moved = |repair: &Repair| Repair {
            at_s: repair.at_s - from_s,
            ..*repair
        };
        Self {
            repairs: self.repairs.iter().filter(inside).map(moved).collect(),
            ..self.clone()
        }
    }

    /// Without repairs of any kind; the DC filter stays.
    pub fn clear_repairs(&mut self) {
        *self = Self {
            dc_highpass_hz: self.dc_highpass_hz,
            repairs: Vec::new(),
            clipped: Vec::new(),
            hum: None,
        };
    }
}

/// How a moment is repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RepairKind {
    /// Its samples are replaced by what their surroundings predict: for clicks.
    Interpolate,
    /// It is turned down by `gain_db`: for bumps.
    Attenuate,
    /// It is faded in from silence: for a start that is cut off.
    FadeIn,
    /// It is faded out to silence: for an end that is cut off.
    FadeOut,
}

/// Which channels a moment is repaired in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RepairedChannel {
    /// All of them.
    #[default]
    Both,
    /// The first.
    Left,
    /// The second.
    Right,
}

impl RepairedChannel {
    /// The indices of the channels.
    pub fn lanes(self) -> RangeInclusive<usize> {
        match self {
            Self::Both => 0..=1,
            Self::Left => 0..=0,
            Self::Right => 1..=1,
        }
    }

    fn is_both(&self) -> bool {
        *self == Self::Both
    }
}

/// A moment of the input that is repaired.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repair {
    /// Start, seconds from the start of the input.
    pub at_s: f64,
    /// Length, ms.
    pub length_ms: f64,
    /// How it is repaired.
    pub kind: RepairKind,
    /// Gain of a moment that is turned down, dB; 0 for the others.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub gain_db: f64,
    /// The channels that it is repaired in.
    #[serde(default, skip_serializing_if = "RepairedChannel::is_both")]
    pub channel: RepairedChannel,
}

// Serde asks for a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

impl Repair {
    /// End, seconds from the start of the input.
    pub fn end_s(&self) -> f64 {
        self.at_s + self.length_ms / 1000.0
    }
}

/// The levels at which a channel was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClipLevels {
    /// Above zero, full scale = 1; 0 where it was not cut off there.
    pub above: f64,
    /// Below zero, as a magnitude, full scale = 1; 0 where it was not cut off there.
    pub below: f64,
}

/// Hum: steady lines at multiples of the mains frequency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hum {
    /// The mains frequency found, Hz.
    pub mains_hz: f64,
    /// The lines that are taken out, in order of their multiples.
    pub lines: Vec<HumLine>,
}

/// One line of a hum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HumLine {
    /// Multiple of the mains frequency.
    pub multiple: u32,
    /// Level of the line, dBFS (a sine of full scale has -3.01): no more than 3 dB beyond it is taken.
    pub level_dbfs: f64,
}

/// Most moments that are repaired.
pub const MAX_REPAIRS: usize = 100_000;
/// Longest moment that is replaced, ms.
pub const MAX_INTERPOLATED_MS: f64 = 10.0;
/// Longest moment that is turned down, ms.
pub const MAX_ATTENUATED_MS: f64 = 500.0;
/// Longest fade, ms.
pub const MAX_FADED_MS: f64 = 500.0;
/// Lowest gain of a moment, dB.
pub const MIN_REPAIR_GAIN_DB: f64 = -60.0;
/// Repaired moments of a channel are at least this far apart, ms.
pub const REPAIRS_APART_MS: f64 = 1.0;
/// Highest multiple of a line.
pub(super) const MAX_MULTIPLE: u32 = 40;
