//! [`Certificate`]: what was done to which file and what was measured, to be checked later by
//! anybody: the same input with the same settings gives the same bytes.

use std::path::Path;

use acetate_dsp::chain::{Bypass, UnknownStage};
use acetate_dsp::plain;
use acetate_dsp::process::dither::WordLength;
use acetate_dsp::settings::{Amounts, EqPhase, Target};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::brief::Brief;
use crate::pipeline::{MasterFile, Mastered};
use crate::repair::RepairReport;
use crate::report::findings::Finding;
use crate::report::{
    Attempt, CodecSafety, Difference, FileFacts, Infeasible, Measures, Rebalance, TargetCheck,
    Treatment, VERSION,
};
use crate::settings_file::{self, SettingsFileError};

/// Version of the certificate's format.
pub const CERTIFICATE_SCHEMA: &str = "acetate.certificate/2";
/// The version before, which says nothing of other decoders and is read as well.
const EARLIER_SCHEMA: &str = "acetate.certificate/1";
/// Figures closer than this are the same, dB or LU: the digits of a text file.
const SAME: f64 = 1e-6;

/// Fields that no check holds against anything.
const UNCHECKED: [&str; 15] = [
    "version",
    "input.path",
    "output.path",
    "weights_hash",
    "brief.target",
    "brief.amounts",
    "brief.settings_given",
    "brief.eq_phase",
    "brief.codec_safe",
    "infeasible",
    "attempts",
    "codecs",
    "findings",
    "repair",
    "rebalance: levels",
];
/// Fields that only another render of the mix holds against something.
const UNCHECKED_WITHOUT_RENDER: [&str; 9] = [
    "input.blake3",
    "input.format",
    "input.sample_rate_hz",
    "input.channels",
    "brief.bypass",
    "brief.sample_rate_hz",
    "brief.word_length_bits",
    "settings",
    "before",
];

/// What was done to which file, and what was measured. A figure that is not finite is null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Certificate {
    /// Format of this certificate: [`CERTIFICATE_SCHEMA`].
    pub schema: String,
    /// Version of the software.
    pub version: String,
    /// The mix.
    pub input: FileFacts,
    /// The master.
    pub output: FileFacts,
    /// BLAKE3 of the weights behind the prediction; empty where the settings were given.
    pub weights_hash: String,
    /// What was asked for.
    pub brief: CertifiedBrief,
    /// What was rendered, as the TOML that `--settings` reads: exact to the last bit.
    pub settings: String,
    /// The mix's figures, each with its meter.
    pub before: Measures,
    /// The master's figures, each with its meter, measured on the written file.
    pub after: Measures,
    /// What was checked.
    pub checks: Vec<TargetCheck>,
    /// True when every check passed.
    pub all_met: bool,
    /// Why the target could not be met honestly.
    pub infeasible: Option<Infeasible>,
    /// Every render and its verification.
    pub attempts: Vec<Attempt>,
    /// What lossy encoding does to the master; null where it was not asked.
    pub codecs: Option<CodecSafety>,
    /// What stands out in the mix.
    pub findings: Vec<Finding>,
    /// What was looked for and repaired; left out where that was not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair: Option<RepairReport>,
    /// The lead that was moved before everything else; left out where that was not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebalance: Option<Rebalance>,
}

/// What was asked for, as far as the settings do not say it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CertifiedBrief {
    /// Loudness, ceiling and bound on limiting.
    pub target: Target,
    /// How much of each stage's treatment.
    pub amounts: Amounts,
    /// Stages left out.
    pub bypass: Vec<String>,
    /// Settings were given, nothing was predicted.
    pub settings_given: bool,
    /// Sample rate asked for, Hz; the input's where null.
    pub sample_rate_hz: Option<u32>,
    /// Word length, bits; 32 is float.
    pub word_length_bits: u32,
    /// A mono program was measured as it sounds from two speakers.
    pub dual_mono: bool,
    /// Phase of the EQ, where it was predicted.
    pub eq_phase: EqPhase,
    /// No lossy codec was to drive the master over full scale.
    pub codec_safe: bool,
}

/// Why a certificate cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Not a certificate, an unknown field, or a value of another type.
    #[error("expected a certificate: {0}")]
    Parse(#[from] serde_json::Error),
    /// Another version of the format.
    #[error("expected a certificate of the format \"{CERTIFICATE_SCHEMA}\", found \"{got}\"")]
    Schema {
        /// The format found.
        got: String,
    },
    /// Its settings are no settings.
    #[error("the certificate's settings: {0}")]
    Settings(#[from] SettingsFileError),
    /// It names a stage that does not exist.
    #[error("the certificate's bypassed stages: {0}")]
    Bypass(#[from] UnknownStage),
    /// A word length that is not written.
    #[error("expected a word length of 16, 24 or 32 bits in the certificate, found {got}")]
    WordLength {
        /// The word length found.
        got: u32,
    },
}

impl Certificate {
    /// The certificate of a master in a file.
    ///
    /// # Errors
    /// [`CertificateError::Settings`] for settings that have no text form.
    pub fn new(master: &MasterFile, brief: &Brief) -> Result<Self, CertificateError> {
        let Mastered {
            treatment,
            after,
            codecs,
            assessment,
            ..
        } = &master.mastered;
        Ok(Self {
            schema: CERTIFICATE_SCHEMA.to_owned(),
            version: VERSION.to_owned(),
            input: named(&master.input),
            output: named(&master.output),
            weights_hash: treatment.weights_hash.clone(),
            brief: CertifiedBrief::of(treatment, brief),
            settings: settings_file::to_toml(&treatment.settings)?,
            before: treatment.before.clone(),
            after: after.clone(),
            checks: assessment.checks.clone(),
            all_met: master.mastered.all_met(),
            infeasible: treatment.infeasible.clone(),
            attempts: treatment.attempts.clone(),
            codecs: codecs.clone(),
            findings: assessment.findings.clone(),
            repair: treatment.repair.clone(),
            rebalance: treatment.rebalance.clone(),
        })
    }

    /// The fields that a check does not hold against anything: what nobody can measure again on the master, and
    /// without another render what only that would show. `found` is what was checked.
    pub fn unchecked(&self, rendered_again: bool, found: &[TargetCheck]) -> Vec<String> {
        let of_the_render = UNCHECKED_WITHOUT_RENDER.iter().filter(|_| !rendered_again);
        let names = UNCHECKED.iter().chain(of_the_render);
        // Where it was not asked for there is no claim.
        let is_there = |name: &&&str| match **name {
            "repair" => self.repair.is_some(),
            "rebalance: levels" => self.rebalance.is_some(),
            _ => true,
        };
        let mut fields: Vec<String> = names
            .filter(is_there)
            .map(|&name| name.to_owned())
            .collect();
        if self.codecs.is_some() {
            fields.push("checks: targets and tolerances".to_owned());
        }
        let is_found = |check: &&TargetCheck| found.iter().any(|now| now.name == check.name);
        let others = self.checks.iter().filter(|check| !is_found(check));
        fields.extend(others.map(|check| format!("checks: {}", check.name)));
        fields
    }

    /// Reads a certificate.
    ///
    /// # Errors
    /// [`CertificateError`] with the line of the first field that does not fit.
    pub fn from_json(text: &[u8]) -> Result<Self, CertificateError> {
        /// The one field that every version has.
        #[derive(Deserialize)]
        struct Header {
            schema: String,
        }
        let Header { schema } = serde_json::from_slice(text)?;
        if ![CERTIFICATE_SCHEMA, EARLIER_SCHEMA].contains(&schema.as_str()) {
            return Err(CertificateError::Schema { got: schema });
        }
        Ok(serde_json::from_slice(text)?)
    }

    /// The certificate as text.
    ///
    /// # Errors
    /// [`CertificateError::Parse`] when it has no JSON form.
    pub fn to_json(&self) -> Result<String, CertificateError> {
        let mut text = plain::json(serde_json::to_string_pretty(self)?);
        text.push('\n');
        Ok(text)
    }

    /// What has to be asked for to get the same master again, whatever the net would say now.
    ///
    /// # Errors
    /// [`CertificateError`] for settings, stages or a word length that do not exist.
    pub fn brief(&self) -> Result<Brief, CertificateError> {
        let settings = settings_file::from_toml(&self.settings)?;
        let stages = self.brief.bypass.iter().map(|name| name.parse());
        let bits = self.brief.word_length_bits;
        Ok(Brief {
            target: settings.target,
            bypass: Bypass::new(stages.collect::<Result<Vec<_>, _>>()?),
            settings: Some(settings),
            sample_rate_hz: self.brief.sample_rate_hz,
            word_length: WordLength::from_bits(bits)
                .ok_or(CertificateError::WordLength { got: bits })?,
            dual_mono: self.brief.dual_mono,
            ..Brief::default()
        })
    }

    /// The master's certified figures beside the ones found now, where they differ.
    pub fn compare(&self, found: &Measures) -> Vec<Difference> {
        differing(&self.after, found)
    }

    /// The checks that were certified with another target or verdict than they have now, or not at all, and what
    /// the certificate says of all of them.
    pub fn compare_checks(&self, found: &[TargetCheck]) -> Vec<Difference> {
        let verdict = |pass: bool| if pass { "met" } else { "missed" };
        // A ceiling that was lowered for codecs is not the one that was asked for.
        let is_as_asked = self.codecs.is_none();
        let told = |check: &TargetCheck| {
            let verdict = verdict(check.pass);
            if is_as_asked {
                format!(
                    "{verdict} at {:.6} {} ±{:.3}",
                    check.target, check.unit, check.tolerance
                )
            } else {
                verdict.to_owned()
            }
        };
        let mut differences: Vec<Difference> = found
            .iter()
            .filter_map(|now| {
                let then = self.checks.iter().find(|check| check.name == now.name);
                Difference::between(
                    &format!("check of {}", now.name),
                    &then.map_or_else(|| "none".to_owned(), told),
                    &told(now),
                )
            })
            .collect();
        for now in found {
            let then = self.checks.iter().find(|check| check.name == now.name);
            let Some(then) = then else { continue };
            let is_same = then.measured == now.measured
                || (then.measured - now.measured).abs() <= SAME
                || !(then.measured.is_finite() || now.measured.is_finite());
            let told = |value: f64| format!("{value:.6}");
            differences.extend((!is_same).then(|| Difference {
                what: format!("check of {}, measured", now.name),
                certified: told(then.measured),
                found: told(now.measured),
            }));
        }
        let codecs_held = self.codecs.as_ref().is_none_or(|codecs| codecs.held);
        let all_met = codecs_held && self.checks.iter().all(|check| check.pass);
        differences.extend(Difference::between(
            "all checks",
            verdict(self.all_met),
            verdict(all_met),
        ));
        differences
    }

    /// What the certificate says of a file and what the file is, but for its name and hash.
    pub fn compare_facts(
        what: &str,
        certified: &FileFacts,
        found: &FileFacts,
    ) -> Option<Difference> {
        let told = |facts: &FileFacts| {
            let decoder = facts.decoder.as_deref().unwrap_or("Acetate");
            format!(
                "{}, {} Hz, {} channels, decoded by {}",
                facts.format,
                facts.sample_rate_hz,
                facts.channels,
                [&[decoder.to_owned()], &facts.changes[..]]
                    .concat()
                    .join("; ")
            )
        };
        Difference::between(what, &told(certified), &told(found))
    }

    /// The mix's certified figures beside the ones found now, where they differ.
    pub fn compare_mix(&self, found: &Measures) -> Vec<Difference> {
        differing(&self.before, found)
    }

    /// The JSON schema of a certificate.
    pub fn json_schema() -> schemars::Schema {
        schemars::schema_for!(Certificate)
    }
}

impl CertifiedBrief {
    fn of(treatment: &Treatment, brief: &Brief) -> Self {
        Self {
            target: treatment.target,
            amounts: brief.amounts,
            bypass: treatment.bypassed.clone(),
            settings_given: brief.settings.is_some(),
            sample_rate_hz: brief.sample_rate_hz,
            word_length_bits: brief.word_length.bits(),
            dual_mono: brief.dual_mono,
            eq_phase: brief.eq_phase,
            codec_safe: brief.codec_safe,
        }
    }
}

/// The facts under the file's name alone: where a user keeps files is nobody else's business.
fn named(facts: &FileFacts) -> FileFacts {
    let name = Path::new(&facts.path).file_name();
    FileFacts {
        path: name.map_or_else(
            || facts.path.clone(),
            |name| name.to_string_lossy().into_owned(),
        ),
        ..facts.clone()
    }
}

/// The certified figures beside the ones found now, where they differ.
fn differing(certified: &Measures, found: &Measures) -> Vec<Difference> {
    let certified = figures(certified);
    let found = figures(found);
    let names = certified.iter().chain(&found).map(|(name, _)| name);
    let mut differences: Vec<Difference> = Vec::new();
    for name in names {
        let of = |all: &[(String, f64)]| {
            all.iter()
                .find(|(other, _)| other == name)
                .map(|(_, value)| *value)
        };
        let (was, is) = (of(&certified), of(&found));
        let same = match (was, is) {
            (Some(was), Some(is)) => was == is || (was - is).abs() <= SAME,
            _ => false,
        };
        if !same && differences.iter().all(|known| known.what != *name) {
            let text = |value: Option<f64>| {
                value.map_or_else(|| "none".to_owned(), |value| format!("{value:.6}"))
            };
            differences.push(Difference {
                what: name.clone(),
                certified: text(was),
                found: text(is),
            });
        }
    }
    differences
}

/// Every figure under its name, those of single meters with the meter's name.
fn figures(measures: &Measures) -> Vec<(String, f64)> {
    let mut figures: Vec<(String, f64)> = [
        ("integrated loudness, LUFS", measures.integrated_lufs),
        ("loudness range, LU", measures.loudness_range_lu),
        ("true peak, dBTP", measures.true_peak_dbtp),
        ("sample peak, dBFS", measures.sample_peak_dbfs),
        ("short-term max, LUFS", measures.short_term_max_lufs),
        ("momentary max, LUFS", measures.momentary_max_lufs),
        ("peak to loudness, dB", measures.plr_db),
        ("duration, s", measures.duration_s),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    for (quantity, readings) in [
        ("integrated loudness, LUFS", &measures.integrated_by_meter),
        ("true peak, dBTP", &measures.true_peak_by_meter),
    ] {
        figures.extend(
            readings
                .iter()
                .map(|r| (format!("{quantity}, by {}", r.meter), r.value)),
        );
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use acetate_dsp::Settings;
    use acetate_dsp::analysis::MeterReading;

    fn measures() -> Measures {
        Measures {
            integrated_lufs: -14.003_217,
            loudness_range_lu: f64::NEG_INFINITY,
            true_peak_dbtp: -1.02,
            sample_peak_dbfs: -1.1,
            short_term_max_lufs: -13.0,
            momentary_max_lufs: -12.0,
            plr_db: 12.98,
            duration_s: 2.0,
            true_peak_by_meter: vec![MeterReading {
                meter: "acetate".to_owned(),
                value: -1.02,
            }],
            integrated_by_meter: Vec::new(),
        }
    }

    fn certificate() -> Certificate {
        let mut settings = Settings::default();
        settings.limiter.drive_db = 0.1 + 0.2;
        Certificate {
            schema: CERTIFICATE_SCHEMA.to_owned(),
            version: "1".to_owned(),
            input: FileFacts::default(),
            output: FileFacts::default(),
            weights_hash: String::new(),
            brief: CertifiedBrief {
                target: Target::default(),
                amounts: Amounts::default(),
                bypass: vec!["eq".to_owned()],
                settings_given: false,
                sample_rate_hz: None,
                word_length_bits: 24,
                dual_mono: false,
                eq_phase: EqPhase::Minimum,
                codec_safe: false,
            },
            settings: settings_file::to_toml(&settings).unwrap(),
            before: measures(),
            after: measures(),
            checks: Vec::new(),
            all_met: true,
            infeasible: None,
            attempts: Vec::new(),
            codecs: None,
            findings: Vec::new(),
            repair: None,
            rebalance: None,
        }
    }

    #[test]
    fn a_certificate_survives_its_text_and_its_settings_to_the_last_bit() {
        let text = certificate().to_json().unwrap();
        let read = Certificate::from_json(text.as_bytes()).unwrap();
        assert!(read.compare(&measures()).is_empty());
        let brief = read.brief().unwrap();
        assert_eq!(brief.settings.unwrap().limiter.drive_db, 0.1 + 0.2);
        assert!(brief.bypass.contains(acetate_dsp::chain::Stage::Eq));
    }

    #[test]
    fn every_field_is_checked_or_named_as_unchecked() {
        // What a check of the master alone holds against what it finds.
        const CHECKED: [&str; 9] = [
            "schema",
            "output.blake3",
            "output.format",
            "output.sample_rate_hz",
            "output.channels",
            "brief.dual_mono",
            "after",
            "checks",
            "all_met",
        ];
        let fields = serde_json::to_value(certificate()).unwrap();
        let named = certificate().unchecked(false, &[]);
        let mut all = Vec::new();
        for (name, value) in fields.as_object().unwrap() {
            match value.as_object() {
                Some(parts) if ["input", "output", "brief"].contains(&name.as_str()) => {
                    all.extend(parts.keys().map(|part| format!("{name}.{part}")));
                }
                _ => all.push(name.clone()),
            }
        }
        for field in &all {
            let is_checked = CHECKED.contains(&field.as_str());
            assert!(is_checked != named.contains(field), "{field}");
        }
        assert_eq!(all.len(), CHECKED.len() + named.len());
        assert!(certificate().unchecked(true, &[]).len() < named.len());
    }

    #[test]
    fn another_format_and_unknown_fields_are_refused() {
        let text = certificate().to_json().unwrap();
        let earlier = text.replace("acetate.certificate/2", "acetate.certificate/1");
        assert!(Certificate::from_json(earlier.as_bytes()).is_ok());
        let other = text.replace("acetate.certificate/2", "acetate.certificate/9");
        let error = Certificate::from_json(other.as_bytes())
            .unwrap_err()
            .to_string();
        assert!(error.contains("certificate/9"), "{error}");
        for (from, to) in [
            ("\"weights_hash\"", "\"mood\": 3, \"weights_hash\""),
            ("\"dual_mono\"", "\"mood\": 3, \"dual_mono\""),
            ("\"plr_db\"", "\"mood\": 3, \"plr_db\""),
        ] {
            let odd = text.replace(from, to);
            let error = Certificate::from_json(odd.as_bytes())
                .unwrap_err()
                .to_string();
            assert!(error.contains("mood"), "{error}");
        }
    }

    #[test]
    fn a_figure_that_differs_stands_beside_the_certified_one() {
        let mut found = measures();
        found.true_peak_by_meter[0].value = -0.5;
        let differences = certificate().compare(&found);
        assert_eq!(differences.len(), 1);
        assert_eq!(differences[0].what, "true peak, dBTP, by acetate");
        assert_eq!(differences[0].certified, "-1.020000");
        assert_eq!(differences[0].found, "-0.500000");
    }
}
