//! [`Settings`]: everything the renderer needs, resolved, in physical units.
//!
//! The numbers (range, neutral value, help) live in [`PARAMS`] alone; this file
//! gives them their shape. `Settings::default()` is neutral and does nothing but reach the
//! default target.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::params::{PARAMS, Scope};

mod grid;

pub use grid::{
    FINE_BANDS, MID_KNOTS, SIDE_KNOTS, fine_band_hz, is_flat, mid_knot_hz, side_knot_hz,
};

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
    /// Removal of what is not programme.
    #[serde(default)]
    pub cleanup: Cleanup,
    /// Tone.
    #[serde(default)]
    pub eq: Eq,
    /// Glue compression.
    #[serde(default)]
    pub compressor: Compressor,
    /// Reserved; must be neutral in this version.
    #[serde(default)]
    pub deesser: Deesser,
    /// Soft saturation of peaks.
    #[serde(default)]
    pub saturation: Saturation,
    /// Width per band.
    #[serde(default)]
    pub stereo: Stereo,
    /// Drive and true-peak limiter.
    #[serde(default)]
    pub limiter: Limiter,
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

/// Removal of what is not programme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cleanup {
    /// Corner of the second-order DC filter, Hz; 0 leaves it out.
    pub dc_highpass_hz: f64,
    /// Moments that are repaired, in order of time. Left out of a file where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<Repair>,
}

/// How a moment is repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RepairKind {
    /// Its samples are replaced by what their surroundings foretell: for clicks.
    Interpolate,
    /// It is turned down by `gain_db`: for bumps.
    Attenuate,
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
    /// Gain of a moment that is turned down, dB; 0 for one that is replaced.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub gain_db: f64,
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

/// Most moments that are repaired.
pub const MAX_REPAIRS: usize = 1_000;
/// Longest moment that is replaced, ms.
pub const MAX_INTERPOLATED_MS: f64 = 10.0;
/// Longest moment that is turned down, ms.
pub const MAX_ATTENUATED_MS: f64 = 500.0;
/// Lowest gain of a moment, dB.
pub const MIN_REPAIR_GAIN_DB: f64 = -60.0;
/// Repaired moments are at least this far apart, ms.
pub const REPAIRS_APART_MS: f64 = 25.0;

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
    /// Threshold relative to the programme's integrated loudness, LU.
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

/// Reserved: this version has no de-esser and refuses settings that ask for one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Deesser {
    /// Lower edge of the band, Hz.
    pub frequency_hz: f64,
    /// Most gain reduction, dB; 0 does nothing.
    pub max_reduction_db: f64,
}

/// Soft saturation of what stands far above the programme's loudness.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Saturation {
    /// Share of the saturated signal, 0 to 1; 0 does nothing.
    pub amount: f64,
    /// Level of the curve's ceiling above the programme's integrated loudness, LU.
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

/// Why settings are refused.
#[derive(Debug, Error, PartialEq)]
pub enum SettingsError {
    /// Another format or version.
    #[error("expected schema \"{expected}\", got \"{got}\"")]
    Schema {
        /// The format this build reads.
        expected: &'static str,
        /// What the file says.
        got: String,
    },
    /// Outside its range, or not a number.
    #[error("{name}: expected {min} to {max} {unit}, got {got}")]
    Range {
        /// Row of [`PARAMS`].
        name: &'static str,
        /// Unit of the row.
        unit: &'static str,
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
        /// Value found.
        got: f64,
    },
    /// A repair that cannot be done.
    #[error("cleanup.repairs.{index}: expected {expected}, got {got}")]
    Repair {
        /// Place in the list, from 0.
        index: usize,
        /// What a repair may be.
        expected: String,
        /// Value found.
        got: f64,
    },
    /// A stage that this version reserves.
    #[error("{name}: reserved in this version, expected {neutral}, got {got}")]
    Reserved {
        /// Row of [`PARAMS`].
        name: &'static str,
        /// The only value allowed.
        neutral: f64,
        /// Value found.
        got: f64,
    },
}

/// How much of each stage's treatment to apply, 1 = as set, 0 = neutral.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Amounts {
    /// Tone.
    pub eq: f64,
    /// Glue compression.
    pub compressor: f64,
    /// Saturation.
    pub saturation: f64,
    /// Width.
    pub stereo: f64,
}

impl Amounts {
    /// The same amount for every stage.
    pub fn all(amount: f64) -> Self {
        Self {
            eq: amount,
            compressor: amount,
            saturation: amount,
            stereo: amount,
        }
    }
}

impl Default for Amounts {
    fn default() -> Self {
        Self::all(1.0)
    }
}

impl Settings {
    /// All zero: the shape that `PARAMS` fills with neutral values.
    fn zeroed() -> Self {
        Self {
            schema: SETTINGS_SCHEMA.to_owned(),
            target: Target {
                integrated_lufs: 0.0,
                true_peak_dbtp: 0.0,
                max_limiting_db: 0.0,
            },
            cleanup: Cleanup {
                dc_highpass_hz: 0.0,
                repairs: Vec::new(),
            },
            eq: Eq {
                mid_db: [0.0; MID_KNOTS],
                side_db: [0.0; SIDE_KNOTS],
                fine_mid_db: [0.0; FINE_BANDS],
                fine_side_db: [0.0; FINE_BANDS],
                boost_limit_hz: 0.0,
                phase: EqPhase::Minimum,
            },
            compressor: Compressor {
                threshold_lu: 0.0,
                ratio: 0.0,
                knee_db: 0.0,
                attack_ms: 0.0,
                release_ms: 0.0,
                sidechain_highpass_hz: 0.0,
                mix: 0.0,
            },
            deesser: Deesser {
                frequency_hz: 0.0,
                max_reduction_db: 0.0,
            },
            saturation: Saturation {
                amount: 0.0,
                ceiling_lu: 0.0,
            },
            stereo: Stereo {
                low_db: 0.0,
                mid_db: 0.0,
                high_db: 0.0,
                low_crossover_hz: 0.0,
                high_crossover_hz: 0.0,
            },
            limiter: Limiter {
                drive_db: 0.0,
                drive_fixed: false,
                lookahead_ms: 0.0,
                hold_ms: 0.0,
                fast_release_ms: 0.0,
                release_ms: 0.0,
            },
        }
    }

    /// The JSON schema of a settings file.
    pub fn json_schema() -> schemars::Schema {
        schemars::schema_for!(Settings)
    }

    /// Settings that do nothing but aim at a target.
    #[must_use]
    pub fn aiming_at(target: Target) -> Self {
        Self {
            target,
            ..Self::default()
        }
    }

    /// Checks format, ranges and reserved rows.
    ///
    /// # Errors
    /// [`SettingsError`] naming the first row that is out of its range.
    pub fn validate(&self) -> Result<(), SettingsError> {
        if self.schema != SETTINGS_SCHEMA {
            return Err(SettingsError::Schema {
                expected: SETTINGS_SCHEMA,
                got: self.schema.clone(),
            });
        }
        for param in PARAMS {
            let got = param.get(self);
            if !(param.min..=param.max).contains(&got) {
                return Err(SettingsError::Range {
                    name: param.name,
                    unit: param.unit,
                    min: param.min,
                    max: param.max,
                    got,
                });
            }
            if param.scope == Scope::Reserved && got != param.neutral {
                return Err(SettingsError::Reserved {
                    name: param.name,
                    neutral: param.neutral,
                    got,
                });
            }
        }
        self.validate_repairs()
    }

    fn validate_repairs(&self) -> Result<(), SettingsError> {
        let repairs = &self.cleanup.repairs;
        let refused = |index: usize, expected: String, got: f64| {
            Err(SettingsError::Repair {
                index,
                expected,
                got,
            })
        };
        if repairs.len() > MAX_REPAIRS {
            let expected = format!("at most {MAX_REPAIRS} repairs");
            return refused(MAX_REPAIRS, expected, repairs.len() as f64);
        }
        let mut earliest_s = 0.0;
        for (index, repair) in repairs.iter().enumerate() {
            if !(earliest_s..=1e6).contains(&repair.at_s) {
                let expected = format!("at_s from {earliest_s:.3} s on, in order of time");
                return refused(index, expected, repair.at_s);
            }
            let (longest_ms, min_db) = match repair.kind {
                RepairKind::Interpolate => (MAX_INTERPOLATED_MS, 0.0),
                RepairKind::Attenuate => (MAX_ATTENUATED_MS, MIN_REPAIR_GAIN_DB),
            };
            if !(0.0..=longest_ms).contains(&repair.length_ms) {
                let expected = format!("length_ms from 0 to {longest_ms}");
                return refused(index, expected, repair.length_ms);
            }
            if !(min_db..=0.0).contains(&repair.gain_db) {
                let expected = format!("gain_db from {min_db} to 0");
                return refused(index, expected, repair.gain_db);
            }
            earliest_s = repair.end_s() + REPAIRS_APART_MS / 1000.0;
        }
        Ok(())
    }

    /// The same settings with each stage's treatment scaled between neutral (0) and as set (1).
    #[must_use]
    pub fn scaled(&self, amounts: &Amounts) -> Self {
        let mut scaled = self.clone();
        for param in PARAMS {
            let amount = match param.scope {
                Scope::Eq => amounts.eq,
                Scope::Compressor => amounts.compressor,
                Scope::Saturation => amounts.saturation,
                Scope::Stereo => amounts.stereo,
                Scope::Fixed | Scope::Reserved => continue,
            };
            let value = param.neutral + (param.get(self) - param.neutral) * amount;
            param.set(&mut scaled, value.clamp(param.min, param.max));
        }
        scaled
    }
}

impl Default for Settings {
    fn default() -> Self {
        let mut neutral = Self::zeroed();
        for param in PARAMS {
            param.set(&mut neutral, param.neutral);
        }
        neutral
    }
}

macro_rules! default_from_settings {
    ($($part:ident: $field:ident),*) => {$(
        impl Default for $part {
            fn default() -> Self {
                Settings::default().$field
            }
        }
    )*};
}
default_from_settings!(
    Target: target, Cleanup: cleanup, Eq: eq, Compressor: compressor, Deesser: deesser,
    Saturation: saturation, Stereo: stereo, Limiter: limiter
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neutral_settings_are_valid() {
        Settings::default().validate().unwrap();
    }

    #[test]
    fn amount_zero_is_neutral_treatment() {
        let mut settings = Settings::default();
        settings.eq.mid_db[3] = 2.0;
        settings.compressor.ratio = 2.0;
        settings.saturation.amount = 0.5;
        settings.stereo.high_db = 1.5;
        assert_eq!(settings.scaled(&Amounts::all(0.0)), Settings::default());
        assert_eq!(settings.scaled(&Amounts::all(1.0)), settings);
        assert_eq!(settings.scaled(&Amounts::all(0.5)).compressor.ratio, 1.5);
    }

    #[test]
    fn out_of_range_names_the_row() {
        let mut settings = Settings::default();
        settings.compressor.ratio = 40.0;
        let error = settings.validate().unwrap_err().to_string();
        assert!(
            error.starts_with("compressor.ratio: expected 1 to 2.5"),
            "{error}"
        );
        settings.compressor.ratio = f64::NAN;
        assert!(settings.validate().is_err());
    }
}
