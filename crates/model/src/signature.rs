//! [`Signature`]: what a finished record, or several, sounds like in the chain's terms.

use acetate_dsp::Analysis;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::dynamics::level_spread_db;
use crate::features::{BANDS, FIRST_BAND, FLOOR_DB};

/// The version of the signature format that this build reads and writes.
pub const SIGNATURE_SCHEMA: &str = "acetate.signature/1";

/// Tone, width, dynamics and loudness of one or several records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Format of this file; must be [`SIGNATURE_SCHEMA`].
    pub schema: String,
    /// Songs behind it.
    pub songs: usize,
    /// Integrated loudness, LUFS.
    pub integrated_lufs: f64,
    /// Peak to loudness ratio, dB.
    pub plr_db: f64,
    /// Standard deviation of the 200 ms level, dB.
    pub level_spread_db: f64,
    /// Third octaves of mid from 39 Hz to 16 kHz, dB relative to the loudness.
    pub mid_db: [f64; BANDS],
    /// Third octaves of side, dB relative to the loudness; at the floor for mono.
    pub side_db: [f64; BANDS],
}

/// Why a signature cannot be used.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum SignatureError {
    /// Another format or version.
    #[error("expected schema \"{SIGNATURE_SCHEMA}\", got \"{got}\"")]
    Schema {
        /// What the file says.
        got: String,
    },
    /// A figure that is none, or out of any range that music has.
    #[error("{field}: expected a number from {min} to {max}, got {got}")]
    Range {
        /// The field.
        field: &'static str,
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
        /// Value found.
        got: f64,
    },
}

impl Signature {
    /// The signature of a measured program; `None` where it has no loudness.
    pub fn of(analysis: &Analysis) -> Option<Self> {
        let loudness = analysis.integrated_lufs;
        if !loudness.is_finite() {
            return None;
        }
        let relative = |levels: &[f64]| -> [f64; BANDS] {
            std::array::from_fn(|band| {
                (levels[FIRST_BAND + band] - loudness).max(f64::from(FLOOR_DB))
            })
        };
        Some(Self {
            schema: SIGNATURE_SCHEMA.to_owned(),
            songs: 1,
            integrated_lufs: loudness,
            plr_db: analysis.plr_db,
            level_spread_db: level_spread_db(&analysis.sequences.k_power_10ms),
            mid_db: relative(&analysis.spectrum.mid_db),
            side_db: relative(&analysis.spectrum.side_db),
        })
    }

    /// The weighted mean of several, in dB; `None` where there is none or no weight.
    pub fn common(weighted: &[(Self, f64)]) -> Option<Self> {
        let total: f64 = weighted.iter().map(|(_, weight)| weight).sum();
        if !(total.is_finite() && total > 0.0) {
            return None;
        }
        let mean = |figure: &dyn Fn(&Self) -> f64| -> f64 {
            let sum: f64 = weighted
                .iter()
                .map(|(one, weight)| weight * figure(one))
                .sum();
            sum / total
        };
        Some(Self {
            schema: SIGNATURE_SCHEMA.to_owned(),
            songs: weighted.iter().map(|(one, _)| one.songs).sum(),
            integrated_lufs: mean(&|one| one.integrated_lufs),
            plr_db: mean(&|one| one.plr_db),
            level_spread_db: mean(&|one| one.level_spread_db),
            mid_db: std::array::from_fn(|band| mean(&|one| one.mid_db[band])),
            side_db: std::array::from_fn(|band| mean(&|one| one.side_db[band])),
        })
    }

    /// Checks format and ranges.
    ///
    /// # Errors
    /// [`SignatureError`] naming the first field that does not fit.
    pub fn validate(&self) -> Result<(), SignatureError> {
        if self.schema != SIGNATURE_SCHEMA {
            return Err(SignatureError::Schema {
                got: self.schema.clone(),
            });
        }
        let scalars = [
            ("integrated_lufs", self.integrated_lufs, -70.0, 10.0),
            ("plr_db", self.plr_db, -10.0, 80.0),
            ("level_spread_db", self.level_spread_db, 0.0, 40.0),
        ];
        let bands = |field, levels: &[f64; BANDS]| levels.map(|level| (field, level, -100.0, 40.0));
        let all = scalars
            .into_iter()
            .chain(bands("mid_db", &self.mid_db))
            .chain(bands("side_db", &self.side_db));
        for (field, got, min, max) in all {
            if !(min..=max).contains(&got) {
                return Err(SignatureError::Range {
                    field,
                    min,
                    max,
                    got,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use acetate_dsp::Audio;
    use acetate_dsp::signal::Random;
    use acetate_dsp::stream::AudioSource;

    /// The analysis of a few seconds of pulsing stereo noise.
    pub(crate) fn noise() -> Analysis {
        let mut random = Random::new(7);
        let mut noise = || random.bipolar() as f32;
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for n in 0..44_100 * 6 {
            let level = if (n / 22_050) % 2 == 0 { 0.2 } else { 0.04 };
            let mid = level * noise();
            let side = 0.5 * level * noise();
            left.push(mid + side);
            right.push(mid - side);
        }
        let audio = Audio::new(44_100, vec![left, right]).unwrap();
        acetate_dsp::analyze(&mut AudioSource::new(audio)).unwrap()
    }

    #[test]
    fn a_common_signature_lies_between_its_songs_as_weighted() {
        let one = Signature::of(&noise()).unwrap();
        let mut other = one.clone();
        other.integrated_lufs += 3.0;
        other.mid_db[4] -= 6.0;
        let common = Signature::common(&[(one.clone(), 1.0), (other, 2.0)]).unwrap();
        assert_eq!(common.songs, 2);
        assert!((common.integrated_lufs - one.integrated_lufs - 2.0).abs() < 1e-9);
        assert!((common.mid_db[4] - one.mid_db[4] + 4.0).abs() < 1e-9);
        assert!(common.validate().is_ok());
        assert!(Signature::common(&[(one, 0.0)]).is_none());
    }

    #[test]
    fn a_figure_that_is_none_is_refused_by_name() {
        let mut signature = Signature::of(&noise()).unwrap();
        signature.side_db[3] = f64::NAN;
        let error = signature.validate().unwrap_err().to_string();
        assert!(error.contains("side_db"), "{error}");
    }
}
