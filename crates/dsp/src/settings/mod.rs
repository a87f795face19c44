//! [`Settings`]: everything the renderer needs, resolved, in physical units.
//!
//! The numbers (range, neutral value, help) live in [`PARAMS`](crate::PARAMS) alone; this file
//! gives them their shape, `rules.rs` applies them. `Settings::default()` is neutral and does nothing but reach the
//! default target.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod cleanup;
mod grid;
pub mod params;
mod rules;
mod sections;

pub use cleanup::{
    Cleanup, ClipLevels, Hum, HumLine, MAX_ATTENUATED_MS, MAX_FADED_MS, MAX_INTERPOLATED_MS,
    MAX_REPAIRS, MIN_REPAIR_GAIN_DB, REPAIRS_APART_MS, Repair, RepairKind, RepairedChannel,
};
pub use grid::{
    FINE_BANDS, MID_KNOTS, SIDE_KNOTS, fine_band_hz, is_flat, mid_knot_hz, side_knot_hz,
};
pub use rules::{Amounts, SettingsError};
pub use sections::{MAX_SECTION_LEVEL_DB, MAX_SECTION_SIDE_DB, MAX_SECTIONS, Section};

/// The version of the settings format that this build reads and writes.
pub const SETTINGS_SCHEMA: &str = "acetate.settings/1";

/// Everything that decides the sound of a master, in physical units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Format of this file; must be [`SETTINGS_SCHEMA`].
    pub schema: String,
    /// What the master must measure.
    #[serde(default)]
    pub target: Target,
    /// Removal of what is not program.
    #[serde(default)]
    pub cleanup: Cleanup,
    /// Tone.
    #[serde(default)]
    pub eq: Eq,
    /// Glue compression.
    #[serde(default)]
    pub compressor: Compressor,
    /// Reduction of sibilants.
    #[serde(default)]
    pub deesser: Deesser,
    /// Soft saturation of peaks.
    #[serde(default)]
    pub saturation: Saturation,
    /// Width per band.
    #[serde(default)]
    pub stereo: Stereo,
    /// Level and side gain by part of the song, in order of time. Left out of a file where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<Section>,
    /// Drive and true-peak limiter.
    #[serde(default)]
    pub limiter: Limiter,
}

impl Settings {
    /// Those of a passage of the input: what has a place in time, in seconds from the passage's start.
    #[must_use]
    pub fn of_passage(&self, from_s: f64, to_s: f64) -> Self {
        Self {
            cleanup: self.cleanup.of_passage(from_s, to_s),
            sections: sections::of_passage(&self.sections, from_s),
            ..self.clone()
        }
    }
}

/// What the master must measure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Target {
    /// Integrated loudness (BS.1770-5), LUFS.
    pub integrated_lufs: f64,
    /// Highest true peak allowed, dBTP.
    pub true_peak_dbtp: f64,
    /// Most gain reduction that the limiter may take, dB.
    pub max_limiting_db: f64,
}

/// How the EQ's filter spends its phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EqPhase {
    /// Minimum phase: no pre-ringing.
    #[default]
    Minimum,
    /// Linear phase: no phase shift, some pre-ringing.
    Linear,
}

/// Tone: a smooth curve through knots, for the whole and on top of it for the side signal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Eq {
    /// Gain at each mid knot, dB; applies to mid and side alike.
    pub mid_db: [f64; MID_KNOTS],
    /// Gain at each side knot, dB; added to the mid curve for the side signal.
    pub side_db: [f64; SIDE_KNOTS],
    /// Gain at each third octave, dB, added to the curve of `mid_db`: what its knots cannot draw of the
    /// way to a reference. Left out of a file where it does nothing.
    #[serde(skip_serializing_if = "is_flat")]
    pub fine_mid_db: [f64; FINE_BANDS],
    /// Gain at each third octave, dB, added for the side signal alone.
    #[serde(skip_serializing_if = "is_flat")]
    pub fine_side_db: [f64; FINE_BANDS],
    /// Above this frequency nothing is boosted, Hz: the input's own bandwidth.
    pub boost_limit_hz: f64,
    /// Minimum or linear phase.
    pub phase: EqPhase,
}

/// Stereo-linked feed-forward glue compressor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Compressor {
    /// Threshold relative to the program's integrated loudness, LU.
    pub threshold_lu: f64,
    /// Ratio; 1 does nothing.
    pub ratio: f64,
    /// Width of the soft knee, dB.
    pub knee_db: f64,
    /// Attack time constant, ms.
    pub attack_ms: f64,
    /// Release time constant, ms.
    pub release_ms: f64,
    /// Corner of the sidechain's high-pass, Hz.
    pub sidechain_highpass_hz: f64,
    /// Share of the compressed signal, 0 to 1.
    pub mix: f64,
}

/// De-esser: turns a band of the mid signal down for as long as a sibilant stands out in it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Deesser {
    /// Center of the band, Hz.
    pub frequency_hz: f64,
    /// Level of the band of mid that is left alone, relative to the program's integrated loudness, LU.
    pub threshold_lu: f64,
    /// Most gain reduction, dB; 0 does nothing.
    pub max_reduction_db: f64,
}

/// Soft saturation of what stands far above the program's loudness.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Saturation {
    /// Share of the saturated signal, 0 to 1; 0 does nothing.
    pub amount: f64,
    /// Level of the curve's ceiling above the program's integrated loudness, LU.
    pub ceiling_lu: f64,
}

/// Gain of the side signal per broad band.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Stereo {
    /// Side gain below the low crossover, dB.
    pub low_db: f64,
    /// Side gain between the crossovers, dB.
    pub mid_db: f64,
    /// Side gain above the high crossover, dB.
    pub high_db: f64,
    /// Low crossover, Hz.
    pub low_crossover_hz: f64,
    /// High crossover, Hz.
    pub high_crossover_hz: f64,
}

/// Drive and true-peak limiter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limiter {
    /// Gain before the limiter, dB. Solved for the target unless `drive_fixed`.
    pub drive_db: f64,
    /// Keep `drive_db` as it stands in the file.
    pub drive_fixed: bool,
    /// Look-ahead, ms: also the time in which the gain comes down.
    pub lookahead_ms: f64,
    /// Between peaks no further apart than this the gain stays down, ms.
    pub hold_ms: f64,
    /// Time constant of the fast part of the release, ms: what stands above the recent average of
    /// the reduction goes with it.
    pub fast_release_ms: f64,
    /// Time constant of the slow part of the release, ms.
    pub release_ms: f64,
}
