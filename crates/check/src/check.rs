//! [`Check`]: verdict, score, parts, findings.

use acetate_dsp::analysis::{AnalyzeOptions, analyze_program};
use acetate_dsp::solve::stems::StemStudy;
use acetate_dsp::stream::OnFrames;
use acetate_dsp::{Analysis, Source};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::corpus::Corpus;
use crate::error::CheckError;
use crate::facts::Facts;
use crate::finding::FindingCode;
use crate::finding::{Category, Finding, Severity};
use crate::judge;
use crate::scan::{Scan, Scanned};
use crate::tone::ToneJudgment;
use crate::translation::{Translation, translate};

/// Version of the check's format.
pub const CHECK_SCHEMA: &str = "acetate.check/1";

/// Whether a mix can go to mastering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing stands out.
    Ready,
    /// Something would be better mended in the mix, but nothing becomes permanent harm.
    ReadyWithRemarks,
    /// Mastering would make a fault permanent.
    NotReady,
}

impl Verdict {
    /// As printed.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::ReadyWithRemarks => "ready with remarks",
            Self::NotReady => "not ready",
        }
    }

    /// What findings amount to.
    pub fn of(findings: &[Finding]) -> Self {
        match findings.iter().map(|finding| finding.severity).max() {
            Some(Severity::Problem) => Self::NotReady,
            Some(Severity::Remark) => Self::ReadyWithRemarks,
            Some(Severity::Note) | None => Self::Ready,
        }
    }
}

/// One part of the score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PartScore {
    /// The part.
    pub part: Category,
    /// Points that are left.
    pub points: f64,
    /// Points that there are.
    pub of: f64,
}

/// What was found in a mix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Check {
    /// Format of this object: [`CHECK_SCHEMA`].
    pub schema: String,
    /// Version of the software.
    pub version: String,
    /// The input, as given; none in the short form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// The score, 0 to 100: the sum of the parts.
    pub score: f64,
    /// The score that the next master will have, for what mastering mends.
    #[serde(default)]
    pub score_after_mastering: f64,
    /// The parts of the score.
    pub parts: Vec<PartScore>,
    /// True where it looks like a finished master.
    pub already_mastered: bool,
    /// What stands out, most severe first.
    pub findings: Vec<Finding>,
    /// How it sounds elsewhere; empty in the short form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub translation: Vec<Translation>,
    /// How the stems add up to the mix, and its lead against the rest; none without stems.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stems: Option<StemStudy>,
}

/// Checks everything but the tone, for which a predictor is needed: [`measure`], then [`judged`].
///
/// # Errors
/// As [`measure`].
pub fn check(
    source: &mut dyn Source,
    progress: &mut OnFrames<'_>,
) -> Result<(Check, Analysis), CheckError> {
    let (analysis, scan) = measure(source, progress)?;
    Ok((judged(&analysis, Some(&scan), None)?, analysis))
}

/// Analyzes a mix and looks closer, in one pass over its samples; [`judged`] makes a check of it.
///
/// # Errors
/// [`CheckError`]: the source failed, or the program has no loudness.
pub fn measure(
    source: &mut dyn Source,
    progress: &mut OnFrames<'_>,
) -> Result<(Analysis, Scan), CheckError> {
    let mut scanned = Scanned::new(source);
    let analysis = analyze_program(&mut scanned, &AnalyzeOptions::default(), progress)?;
    if !analysis.integrated_lufs.is_finite() {
        return Err(CheckError::NoLoudness {
            duration_s: analysis.duration_s,
        });
    }
    Ok((analysis, scanned.finish()))
}

/// The short form: what an analysis alone can tell.
///
/// # Errors
/// [`CheckError::Corpus`].
pub fn short(analysis: &Analysis, tone: Option<&ToneJudgment>) -> Result<Check, CheckError> {
    judged(analysis, None, tone)
}

/// The check of what [`measure`] found, with what the predictor knows of the tone.
///
/// # Errors
/// [`CheckError::Corpus`].
pub fn judged(
    analysis: &Analysis,
    scan: Option<&Scan>,
    tone: Option<&ToneJudgment>,
) -> Result<Check, CheckError> {
    let facts = Facts::new(analysis, scan, tone, Corpus::embedded()?);
    let translation = scan.map(|_| translate(analysis)).unwrap_or_default();
    Ok(Check::of(
        judge::findings(&facts),
        facts.mastered,
        translation,
    ))
}

/// Most that a lead is moved, dB.
pub const MAX_LEAD_MOVE_DB: f64 = 2.0;
/// Shares of released songs between whose figures a lead stays, percent.
const USUAL_PERCENT: (f64, f64) = (20.0, 80.0);

/// How far a lead is moved toward released music, dB, and the middle of released music: to the nearest lead of the
/// middle songs, by at most [`MAX_LEAD_MOVE_DB`].
///
/// # Errors
/// [`CheckError::Corpus`].
pub fn lead_move_db(lead_to_rest_db: f64) -> Result<(f64, f64), CheckError> {
    let corpus = Corpus::embedded()?;
    let released = |percent: f64| {
        corpus
            .released(FindingCode::BuriedLead, percent)
            .ok_or_else(|| CheckError::Corpus {
                reason: "no figures of leads".to_owned(),
            })
    };
    let (low_db, high_db) = (released(USUAL_PERCENT.0)?, released(USUAL_PERCENT.1)?);
    let usual_db = lead_to_rest_db.clamp(low_db, high_db);
    let move_db = (usual_db - lead_to_rest_db).clamp(-MAX_LEAD_MOVE_DB, MAX_LEAD_MOVE_DB);
    // As it is told.
    Ok(((100.0 * move_db).round() / 100.0, released(50.0)?))
}

/// What the stems of a mix tell of its balance.
fn of_stems(analysis: &Analysis, study: &StemStudy) -> Result<Vec<Finding>, CheckError> {
    let Some(lead) = &study.lead else {
        return Ok(Vec::new());
    };
    let facts = Facts::new(analysis, None, None, Corpus::embedded()?).with_lead(lead);
    let mut findings = judge::findings(&facts);
    findings.retain(|finding| finding.part == Category::Balance);
    Ok(findings)
}

impl Check {
    /// Adds findings up.
    pub fn of(
        findings: Vec<Finding>,
        already_mastered: bool,
        translation: Vec<Translation>,
    ) -> Self {
        let parts = Category::ALL.map(|(part, of)| {
            let lost = findings.iter().filter(|finding| finding.part == part);
            let lost: f64 = lost.map(|finding| finding.points).sum();
            PartScore {
                part,
                points: (of - lost).max(0.0),
                of,
            }
        });
        let score: f64 = parts.iter().map(|part| part.points).sum();
        let mended: f64 = findings
            .iter()
            .map(|finding| finding.points_by_mastering)
            .sum();
        Self {
            schema: CHECK_SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            input: None,
            verdict: Verdict::of(&findings),
            score,
            score_after_mastering: (score + mended).min(100.0),
            parts: parts.to_vec(),
            already_mastered,
            findings,
            translation,
            stems: None,
        }
    }

    /// With what the stems of the mix tell.
    ///
    /// # Errors
    /// [`CheckError::Corpus`].
    pub fn with_stems(self, analysis: &Analysis, study: StemStudy) -> Result<Self, CheckError> {
        let findings = of_stems(analysis, &study)?;
        let mut check = self.with(findings);
        judge::sort(&mut check.findings);
        check.stems = Some(study);
        Ok(check)
    }

    /// With more findings in front, as those of a damaged file.
    pub fn with(self, mut first: Vec<Finding>) -> Self {
        let Self {
            input,
            findings,
            already_mastered,
            translation,
            stems,
            ..
        } = self;
        first.extend(findings);
        Self {
            input,
            stems,
            ..Self::of(first, already_mastered, translation)
        }
    }

    /// Of a file that is lossy itself: what it is, instead of how that was found out.
    #[must_use]
    pub fn of_lossy_file(mut self, codec: &str) -> Self {
        for finding in &mut self.findings {
            if finding.code == FindingCode::LossySource && finding.severity == Severity::Note {
                finding.text = format!("this is a lossy file ({codec})");
            }
        }
        self
    }

    /// The JSON schema of a check.
    pub fn json_schema() -> schemars::Schema {
        schemars::schema_for!(Check)
    }
}
