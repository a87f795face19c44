//! [`Mastered`]: a master that was written and verified; [`Forecast`]: what a dry run expects of one.

use acetate_check::{Check, CheckError};
use acetate_dsp::Analysis;
use acetate_dsp::measure::levels::OutputMeasures;
use acetate_dsp::settings::Settings;
use acetate_dsp::solve::stems::StemStudy;

use crate::brief::Brief;
use crate::plan::{Plan, Planned};
use crate::repair::RepairReport;
use crate::report::findings::{Finding, Readiness};
use crate::report::{
    Attempt, CodecSafety, FileFacts, Infeasible, Mastering, Measures, MetadataNote, Report,
    TargetCheck, Treatment, advice, summary,
};
use crate::verify;

/// A master that was written, read back and measured.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Mastered {
    /// What was measured of the mix.
    pub analysis: Analysis,
    /// What was done to it.
    pub treatment: Treatment,
    /// What was measured of the written samples.
    pub after: Measures,
    /// What lossy encoding does to it; `None` if that was not asked for.
    pub codecs: Option<CodecSafety>,
    /// What is said of mix and master.
    pub assessment: Assessment,
}

/// What a dry run expects of a master.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Forecast {
    /// What was measured of the mix.
    pub analysis: Analysis,
    /// What would be done to it.
    pub treatment: Treatment,
    /// What is said of the mix.
    pub assessment: Assessment,
}

/// A master in a file.
#[derive(Clone, Debug)]
pub struct MasterFile {
    /// The mix's file.
    pub input: FileFacts,
    /// The master's file.
    pub output: FileFacts,
    /// What of the input beside its sound is not in the master as it was.
    pub metadata: Vec<MetadataNote>,
    /// What was done and measured.
    pub mastered: Mastered,
}

/// What is said of a mix and its master.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Assessment {
    /// What was held against the target.
    pub checks: Vec<TargetCheck>,
    /// What stands out in the mix.
    pub findings: Vec<Finding>,
    /// What helps if a figure does not say how loud a file plays.
    pub advice: Vec<String>,
    /// Whether the mix was ready to be mastered.
    pub readiness: Readiness,
    /// What the stems of the mix tell; none without stems.
    pub stems: Option<StemStudy>,
    check: Check,
}

impl Assessment {
    fn new(plan: &Plan, analysis: &Analysis, brief: &Brief, checks: Vec<TargetCheck>) -> Self {
        Self {
            checks,
            findings: plan.check.findings.clone(),
            advice: advice::of(analysis, brief.dual_mono),
            readiness: Readiness::from(&plan.check),
            stems: None,
            check: plan.check.clone(),
        }
    }

    /// Adds what the stems of the mix tell.
    ///
    /// # Errors
    /// [`CheckError`] where the check's embedded corpus cannot be used, which a test rules out.
    pub fn add_stems(&mut self, analysis: &Analysis, study: StemStudy) -> Result<(), CheckError> {
        let check = self.check.clone().with_stems(analysis, study)?;
        self.readiness = Readiness::from(&check);
        self.findings = check.findings;
        self.stems = check.stems;
        Ok(())
    }

    /// Whether every check passed.
    pub fn all_passed(&self) -> bool {
        self.checks.iter().all(|check| check.pass)
    }
}

impl Mastered {
    /// Whether the master is what was asked for: every check passed.
    pub fn all_met(&self) -> bool {
        self.assessment.all_passed()
    }

    /// What the thresholds of the settings are relative to, LUFS: the loudness of the mix without its lone
    /// transients.
    pub fn program_lufs(&self) -> f64 {
        self.analysis.program().integrated_lufs
    }
}

impl Forecast {
    /// Whether the master would be what was asked for.
    pub fn all_met(&self) -> bool {
        self.treatment.infeasible.is_none() && self.assessment.all_passed()
    }
}

impl From<Mastered> for Report {
    fn from(mastered: Mastered) -> Self {
        let all_met = mastered.all_met();
        let mastering = Mastering {
            treatment: mastered.treatment,
            after: Some(mastered.after),
            codecs: mastered.codecs,
        };
        report(mastered.analysis, mastering, mastered.assessment, all_met)
    }
}

impl From<Forecast> for Report {
    fn from(forecast: Forecast) -> Self {
        let all_met = forecast.all_met();
        let mastering = Mastering {
            treatment: forecast.treatment,
            after: None,
            codecs: None,
        };
        report(forecast.analysis, mastering, forecast.assessment, all_met)
    }
}

impl From<MasterFile> for Report {
    fn from(file: MasterFile) -> Self {
        Self {
            input: Some(file.input),
            output: Some(file.output),
            metadata: file.metadata,
            ..Self::from(file.mastered)
        }
    }
}

fn report(
    analysis: Analysis,
    mastering: Mastering,
    assessment: Assessment,
    all_met: bool,
) -> Report {
    Report {
        analysis: Some(analysis),
        mastering: Some(mastering),
        checks: assessment.checks,
        findings: assessment.findings,
        advice: assessment.advice,
        readiness: Some(assessment.readiness),
        stems: assessment.stems,
        all_met,
        ..Report::new("master")
    }
}

/// What the last stages know of a treatment.
pub(super) struct Parts {
    /// As rendered, the solved drive included.
    pub(super) settings: Settings,
    pub(super) compression_db: f64,
    /// Why the limiter has its character.
    pub(super) limiter_reason: String,
    /// What keeps the loudness out of reach.
    pub(super) infeasible: Option<Infeasible>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) limiting_share: f64,
}

impl Parts {
    pub(super) fn mastered(
        self,
        planned: &Planned,
        plan: &Plan,
        after: Measures,
        measured: &OutputMeasures,
    ) -> Mastered {
        let Planned {
            analysis, brief, ..
        } = planned;
        let checks = verify::checks(measured, &self.settings.target);
        Mastered {
            treatment: self.treatment(analysis, plan, brief),
            after,
            codecs: None,
            assessment: Assessment::new(plan, analysis, brief, checks),
            analysis: analysis.clone(),
        }
    }

    pub(super) fn forecast(self, planned: Planned) -> Forecast {
        let Planned {
            analysis,
            plan,
            brief,
        } = planned;
        Forecast {
            treatment: self.treatment(&analysis, &plan, &brief),
            assessment: Assessment::new(&plan, &analysis, &brief, Vec::new()),
            analysis,
        }
    }

    fn treatment(self, analysis: &Analysis, plan: &Plan, brief: &Brief) -> Treatment {
        let limiting_db = (self.attempts.last()).map_or(0.0, |attempt| attempt.limiting_db);
        let tone = plan.tone.as_ref();
        let mut done = summary::sentences(&self.settings, limiting_db, self.compression_db, tone);
        done.extend(plan.repair.as_ref().map(RepairReport::sentence));
        done.extend_from_slice(&plan.notes);
        let bypassed = brief.bypass.stages().map(|stage| stage.name().to_owned());
        Treatment {
            target: self.settings.target,
            before: Measures::from(analysis),
            confidence: plan.confidence,
            tone: plan.tone.clone(),
            amounts: brief.amounts,
            bypassed: bypassed.collect(),
            limiting_db,
            limiting_share: self.limiting_share,
            compression_db: self.compression_db,
            limiter_reason: self.limiter_reason,
            infeasible: self.infeasible,
            attempts: self.attempts,
            done,
            repair: plan.repair.clone(),
            rebalance: None,
            weights_hash: plan.weights_hash.clone(),
            word_length_bits: brief.word_length.bits(),
            settings: self.settings,
        }
    }
}
