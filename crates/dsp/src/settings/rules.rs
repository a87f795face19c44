//! What [`PARAMS`] says of [`Settings`]: neutral values, ranges, and what an amount scales.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::cleanup::MAX_MULTIPLE;
use super::{
    Cleanup, Compressor, Deesser, Eq, EqPhase, FINE_BANDS, Hum, Limiter, MAX_ATTENUATED_MS,
    MAX_FADED_MS, MAX_INTERPOLATED_MS, MAX_REPAIRS, MID_KNOTS, MIN_REPAIR_GAIN_DB,
    REPAIRS_APART_MS, Repair, RepairKind, SETTINGS_SCHEMA, SIDE_KNOTS, Saturation, Settings,
    Stereo, Target,
};
use crate::settings::params::{PARAMS, Scope};
use crate::settings::sections;

/// Why settings are refused.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
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
    /// A part of the song that is no part, or that is changed too much.
    #[error("sections.{index}: expected {expected}, got {got}")]
    Section {
        /// Place in the list, from 0.
        index: usize,
        /// What a part may be.
        expected: String,
        /// Value found.
        got: String,
    },
    /// A repair that cannot be done.
    #[error("cleanup.{field}.{index}: expected {expected}, got {got}")]
    Repair {
        /// The list.
        field: &'static str,
        /// Place in the list, from 0.
        index: usize,
        /// What a repair may be.
        expected: String,
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
    /// Reduction of sibilants.
    pub deesser: f64,
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
            deesser: amount,
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
                clipped: Vec::new(),
                hum: None,
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
                threshold_lu: 0.0,
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
            sections: Vec::new(),
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

    /// Checks format and ranges.
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
        }
        sections::validate(&self.sections).map_err(|refused| SettingsError::Section {
            index: refused.index,
            expected: refused.expected,
            got: refused.got,
        })?;
        validate_cleanup(&self.cleanup)
    }

    /// The same settings with each stage's treatment scaled between neutral (0) and as set (1).
    #[must_use]
    pub fn scaled(&self, amounts: &Amounts) -> Self {
        let mut scaled = self.clone();
        for param in PARAMS {
            let amount = match param.scope {
                Scope::Eq => amounts.eq,
                Scope::Compressor => amounts.compressor,
                Scope::Deesser => amounts.deesser,
                Scope::Saturation => amounts.saturation,
                Scope::Stereo => amounts.stereo,
                Scope::Fixed => continue,
            };
            let value = param.neutral + (param.get(self) - param.neutral) * amount;
            param.set(&mut scaled, value.clamp(param.min, param.max));
        }
        scaled
    }
}

/// Refuses the first repair that cannot be done.
fn validate_cleanup(cleanup: &Cleanup) -> Result<(), SettingsError> {
    validate_moments(&cleanup.repairs)?;
    if cleanup.clipped.len() > 2 {
        let expected = "at most one entry a channel".to_owned();
        return refused("clipped", 2, expected, cleanup.clipped.len() as f64);
    }
    for (index, levels) in cleanup.clipped.iter().enumerate() {
        for level in [levels.above, levels.below] {
            if !(0.0..=1e5).contains(&level) {
                return refused(
                    "clipped",
                    index,
                    "a level from 0 to 100000".to_owned(),
                    level,
                );
            }
        }
    }
    cleanup.hum.as_ref().map_or(Ok(()), validate_hum)
}

fn refused(
    field: &'static str,
    index: usize,
    expected: String,
    got: f64,
) -> Result<(), SettingsError> {
    Err(SettingsError::Repair {
        field,
        index,
        expected,
        got,
    })
}

fn validate_moments(repairs: &[Repair]) -> Result<(), SettingsError> {
    if repairs.len() > MAX_REPAIRS {
        let expected = format!("at most {MAX_REPAIRS} repairs");
        return refused("repairs", MAX_REPAIRS, expected, repairs.len() as f64);
    }
    let mut latest_s = 0.0;
    let mut free_s = [0.0_f64; 2];
    for (index, repair) in repairs.iter().enumerate() {
        let lanes = repair.channel.lanes();
        let earliest_s = lanes
            .clone()
            .fold(latest_s, |most: f64, lane| most.max(free_s[lane]));
        if !(earliest_s..=1e6).contains(&repair.at_s) {
            let expected = format!("at_s from {earliest_s:.3} s on, in order of time");
            return refused("repairs", index, expected, repair.at_s);
        }
        let (longest_ms, min_db) = match repair.kind {
            RepairKind::Interpolate => (MAX_INTERPOLATED_MS, 0.0),
            RepairKind::Attenuate => (MAX_ATTENUATED_MS, MIN_REPAIR_GAIN_DB),
            RepairKind::FadeIn | RepairKind::FadeOut => (MAX_FADED_MS, 0.0),
        };
        if !(0.0..=longest_ms).contains(&repair.length_ms) {
            let expected = format!("length_ms from 0 to {longest_ms}");
            return refused("repairs", index, expected, repair.length_ms);
        }
        if !(min_db..=0.0).contains(&repair.gain_db) {
            let expected = format!("gain_db from {min_db} to 0");
            return refused("repairs", index, expected, repair.gain_db);
        }
        latest_s = repair.at_s;
        for lane in lanes {
            free_s[lane] = repair.end_s() + REPAIRS_APART_MS / 1000.0;
        }
    }
    Ok(())
}

fn validate_hum(hum: &Hum) -> Result<(), SettingsError> {
    if !(40.0..=70.0).contains(&hum.mains_hz) {
        return refused("hum", 0, "mains_hz from 40 to 70".to_owned(), hum.mains_hz);
    }
    let mut lowest = 1;
    for (index, line) in hum.lines.iter().enumerate() {
        if !(lowest..=MAX_MULTIPLE).contains(&line.multiple) {
            let expected = format!("a multiple from {lowest} to {MAX_MULTIPLE}, in order");
            return refused("hum.lines", index, expected, f64::from(line.multiple));
        }
        if !(-200.0..=60.0).contains(&line.level_dbfs) {
            let expected = "level_dbfs from -200 to 60".to_owned();
            return refused("hum.lines", index, expected, line.level_dbfs);
        }
        lowest = line.multiple + 1;
    }
    Ok(())
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

    #[test]
    fn a_passage_has_the_repairs_that_lie_in_it_at_its_own_times() {
        let repair = |at_s| super::super::Repair {
            at_s,
            length_ms: 100.0,
            kind: super::super::RepairKind::Attenuate,
            gain_db: -6.0,
            channel: super::super::RepairedChannel::Both,
        };
        let cleanup = Cleanup {
            dc_highpass_hz: 4.0,
            clipped: Vec::new(),
            hum: None,
            repairs: [1.0, 9.95, 12.0, 19.95].map(repair).to_vec(),
        };
        let passage = cleanup.of_passage(10.0, 20.0);
        assert_eq!(passage.dc_highpass_hz, 4.0);
        assert_eq!(passage.repairs, [repair(2.0)]);
        assert_eq!(cleanup.of_passage(0.0, 30.0), cleanup);
    }
}
