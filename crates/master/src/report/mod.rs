//! [`Report`]: one structure behind every command's JSON, certificate and page.

pub mod advice;
pub mod check_name;
mod codecs;
pub mod findings;
pub mod sections;
pub(crate) mod summary;
mod treatment;

pub use self::codecs::{CodecPass, CodecReading, CodecSafety, MissingCodec};
pub use self::treatment::{Attempt, Infeasible, Rebalance, RebalancedPart, Treatment};

use acetate_check::{CheckError, ToneJudgment};
use acetate_dsp::Spec;
use acetate_dsp::analysis::{Analysis, MeterReading};
use acetate_dsp::measure::levels::OutputMeasures;
use acetate_dsp::solve::stems::StemStudy;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::report::check_name::CheckName;
use crate::report::findings::{Finding, Readiness};

/// Version of the software.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Version of the report's format.
pub const REPORT_SCHEMA: &str = "acetate.report/2";

/// What was done to a program, and what was measured. A figure that is not finite is null.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Report {
    /// Format of this report: [`REPORT_SCHEMA`].
    pub schema: String,
    /// The command that made it: analyze, master, verify.
    pub command: String,
    /// Version of the software.
    pub version: String,
    /// The input file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<FileFacts>,
    /// The file that was delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<FileFacts>,
    /// Figures of the program that was analyzed or verified.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub measures: Option<Measures>,
    /// The whole analysis of the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Analysis>,
    /// What `master` did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mastering: Option<Mastering>,
    /// What became of the certificate that the program was held against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<CertificateVerdict>,
    /// What was checked against the target.
    pub checks: Vec<TargetCheck>,
    /// What stands out in the input.
    pub findings: Vec<Finding>,
    /// What of the input beside its sound is not in the master as it was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<MetadataNote>,
    /// What helps where a figure does not say how loud a file plays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<String>,
    /// Whether the input was ready to be mastered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readiness: Option<Readiness>,
    /// How the stems add up to the mix, and its lead against the rest; none without stems.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stems: Option<StemStudy>,
    /// True when every check passed.
    pub all_met: bool,
}

/// What became of something that the input carries beside the sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetadataNote {
    /// `lost`, `dropped` (it would be wrong there) or `moved` (to another place).
    pub outcome: String,
    /// What it is.
    pub what: String,
    /// Why, or where to.
    pub why: String,
}

/// Format of a [`Failure`].
pub const FAILURE_SCHEMA: &str = "acetate.error/1";

/// What is told of an input that could not be worked on, in place of its report.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Failure {
    /// Format of this object: [`FAILURE_SCHEMA`].
    pub schema: String,
    /// Version of the software.
    pub version: String,
    /// The input, as given.
    pub input: String,
    /// What was expected and what was found.
    pub error: String,
}

impl Failure {
    /// Of an input, with the message that a person reads.
    pub fn new(input: &str, error: &str) -> Self {
        Self {
            schema: FAILURE_SCHEMA.to_owned(),
            version: VERSION.to_owned(),
            input: input.to_owned(),
            error: error.to_owned(),
        }
    }

    /// The JSON schema of a failure.
    pub fn json_schema() -> schemars::Schema {
        schemars::schema_for!(Failure)
    }
}

/// A file and what it holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileFacts {
    /// Path as given.
    pub path: String,
    /// BLAKE3 of the file's bytes, hex.
    pub blake3: String,
    /// Container and coding.
    pub format: String,
    /// Sample rate, Hz.
    pub sample_rate_hz: u32,
    /// 1 or 2; what was mixed down counts as what it became.
    pub channels: usize,
    /// The program and version that decoded it, where it was not Acetate itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoder: Option<String>,
    /// What that program or Acetate changed beyond decoding, as a downmix to stereo.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
}

/// The figures that every command prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measures {
    /// Integrated loudness, LUFS.
    #[serde(deserialize_with = "figure")]
    #[schemars(with = "Option<f64>")]
    pub integrated_lufs: f64,
    /// Loudness range, LU.
    #[serde(deserialize_with = "figure")]
    #[schemars(with = "Option<f64>")]
    pub loudness_range_lu: f64,
    /// True peak, dBTP, the worst of all meters.
    #[serde(deserialize_with = "figure")]
    #[schemars(with = "Option<f64>")]
    pub true_peak_dbtp: f64,
    /// Sample peak, dBFS.
    #[serde(deserialize_with = "figure")]
    #[schemars(with = "Option<f64>")]
    pub sample_peak_dbfs: f64,
    /// Highest short-term loudness, LUFS.
    #[serde(deserialize_with = "figure")]
    #[schemars(with = "Option<f64>")]
    pub short_term_max_lufs: f64,
    /// Highest momentary loudness, LUFS.
    #[serde(deserialize_with = "figure")]
    #[schemars(with = "Option<f64>")]
    pub momentary_max_lufs: f64,
    /// Peak to loudness ratio, dB.
    #[serde(deserialize_with = "figure")]
    #[schemars(with = "Option<f64>")]
    pub plr_db: f64,
    /// Length, seconds.
    pub duration_s: f64,
    /// True peak of each meter, dBTP.
    pub true_peak_by_meter: Vec<MeterReading>,
    /// Integrated loudness of each meter, LUFS.
    pub integrated_by_meter: Vec<MeterReading>,
}

/// Reads null as what it was written for: a figure that does not exist.
fn figure<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NEG_INFINITY))
}

impl From<&Analysis> for Measures {
    fn from(analysis: &Analysis) -> Self {
        Self {
            integrated_lufs: analysis.integrated_lufs,
            loudness_range_lu: analysis.loudness_range_lu,
            true_peak_dbtp: analysis.true_peak_dbtp,
            sample_peak_dbfs: analysis.sample_peak_dbfs,
            short_term_max_lufs: analysis.short_term_max_lufs,
            momentary_max_lufs: analysis.momentary_max_lufs,
            plr_db: analysis.plr_db,
            duration_s: analysis.duration_s,
            true_peak_by_meter: analysis.true_peak_by_meter.clone(),
            integrated_by_meter: analysis.integrated_by_meter.clone(),
        }
    }
}

/// What `master` did, attempt by attempt.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Mastering {
    /// What was done to the mix.
    #[serde(flatten)]
    pub treatment: Treatment,
    /// The master's figures, measured on the written file; none in a dry run.
    pub after: Option<Measures>,
    /// What lossy encoding does to the master; `None` where it was not asked.
    pub codecs: Option<CodecSafety>,
}

/// One thing that is not as the certificate has it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Difference {
    /// What differs.
    pub what: String,
    /// As certified.
    pub certified: String,
    /// As found now.
    pub found: String,
}

impl Difference {
    /// `None` where both are equal.
    pub fn between(what: &str, certified: &str, found: &str) -> Option<Self> {
        (certified != found).then(|| Self {
            what: what.to_owned(),
            certified: certified.to_owned(),
            found: found.to_owned(),
        })
    }
}

/// What became of a certificate's check.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CertificateVerdict {
    /// The certificate.
    pub certificate: String,
    /// Nothing differs.
    pub identical: bool,
    /// The mix was rendered again and compared byte by byte.
    pub rendered_again: bool,
    /// Everything that differs.
    pub differences: Vec<Difference>,
    /// Fields of the certificate that nothing was held against: they are claims.
    pub unchecked: Vec<String>,
}

/// One figure held against what was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetCheck {
    /// What was measured.
    #[schemars(with = "String")]
    pub name: CheckName,
    /// Unit of the figures.
    pub unit: String,
    /// What was measured.
    #[schemars(with = "Option<f64>")]
    pub measured: f64,
    /// What was asked for.
    pub target: f64,
    /// How far off counts as met.
    pub tolerance: f64,
    /// Met or not.
    pub pass: bool,
}

/// Most sound that silence may stand in for in a song that counts as whole: seconds, and share.
const MAX_REPLACED_S: f64 = 1.0;
const MAX_REPLACED_SHARE: f64 = 0.005;

impl TargetCheck {
    /// Whether a song is whole of which so many of all frames could not be decoded and are silence; `None`
    /// where there are none.
    pub fn of_replaced(replaced_frames: u64, frames: u64, sample_rate_hz: u32) -> Option<Self> {
        let seconds = |frames: u64| frames as f64 / f64::from(sample_rate_hz);
        let measured = seconds(replaced_frames);
        let tolerance = MAX_REPLACED_S.min(MAX_REPLACED_SHARE * seconds(frames));
        (replaced_frames > 0).then(|| Self {
            name: CheckName::ReplacedSound,
            unit: "s".to_owned(),
            measured,
            target: 0.0,
            tolerance,
            pass: measured <= tolerance,
        })
    }
}

impl Measures {
    /// The figures of a written program that was read back.
    pub fn of_output(output: &OutputMeasures, spec: Spec) -> Self {
        Self {
            integrated_lufs: output.integrated_lufs,
            loudness_range_lu: output.loudness_range_lu,
            true_peak_dbtp: output.true_peak_dbtp,
            sample_peak_dbfs: output.sample_peak_dbfs,
            short_term_max_lufs: output.short_term_max_lufs,
            momentary_max_lufs: output.momentary_max_lufs,
            plr_db: output.true_peak_dbtp - output.integrated_lufs,
            duration_s: output.frames as f64 / f64::from(spec.sample_rate_hz),
            true_peak_by_meter: output.true_peak_by_meter.clone(),
            integrated_by_meter: output.integrated_by_meter.clone(),
        }
    }
}

impl Report {
    /// An empty report of a command.
    pub fn new(command: &str) -> Self {
        Self {
            schema: REPORT_SCHEMA.to_owned(),
            command: command.to_owned(),
            version: VERSION.to_owned(),
            input: None,
            output: None,
            measures: None,
            analysis: None,
            mastering: None,
            verdict: None,
            checks: Vec::new(),
            findings: Vec::new(),
            metadata: Vec::new(),
            advice: Vec::new(),
            readiness: None,
            stems: None,
            all_met: true,
        }
    }

    /// The report of an analysis alone, with what the predictor knows of its tone.
    ///
    /// # Errors
    /// [`CheckError`] where the check's embedded corpus cannot be used, which a test rules out.
    pub fn of_analysis(
        analysis: Analysis,
        tone: Option<&ToneJudgment>,
    ) -> Result<Self, CheckError> {
        // Of silence nothing can be said.
        let is_sound = analysis.integrated_lufs.is_finite();
        let check = is_sound.then(|| acetate_check::short(&analysis, tone));
        let check = check.transpose()?;
        Ok(Self {
            measures: Some(Measures::from(&analysis)),
            readiness: check.as_ref().map(Readiness::from),
            findings: check.map(|check| check.findings).unwrap_or_default(),
            analysis: Some(analysis),
            ..Self::new("analyze")
        })
    }

    /// With one more check.
    pub fn with_check(mut self, check: Option<TargetCheck>) -> Self {
        self.all_met &= check.as_ref().is_none_or(|check| check.pass);
        self.checks.extend(check);
        self
    }

    /// Whether so much sound of the input was replaced by silence that the song is not whole.
    pub fn is_not_whole(&self) -> bool {
        (self.checks.iter()).any(|check| check.name == CheckName::ReplacedSound && !check.pass)
    }

    /// The JSON schema of a report.
    pub fn json_schema() -> schemars::Schema {
        schemars::schema_for!(Report)
    }
}
