//! From what happened to the report.

use acetate_dsp::settings::Settings;
use acetate_dsp::{Analysis, Spec};

use super::{advice, words};
use crate::brief::Brief;
use crate::error::MasterError;
use crate::plan::Plan;
use crate::render::attempts::Written;
use crate::report::findings::Readiness;
use crate::report::{Attempt, Infeasible, Mastering, Measures, Report};
use crate::verify;

/// Everything that the report is told of.
pub(crate) struct Told<'a> {
    pub(crate) analysis: Analysis,
    pub(crate) plan: Plan,
    pub(crate) brief: &'a Brief,
    pub(crate) settings: Settings,
    pub(crate) spec: Spec,
    pub(crate) compression_db: f64,
    /// Why the limiter has its character.
    pub(crate) limiter_reason: String,
    /// What keeps the loudness out of reach.
    pub(crate) infeasible: Option<Infeasible>,
    pub(crate) written: Option<Written>,
    pub(crate) attempts: Vec<Attempt>,
}

/// The report of a master.
pub(crate) fn tell(told: Told<'_>) -> Result<Report, MasterError> {
    let limiting_db = told
        .attempts
        .last()
        .map_or(0.0, |attempt| attempt.limiting_db);
    let done = words::describe(
        &told.settings,
        limiting_db,
        told.compression_db,
        told.plan.tone.as_ref(),
    );
    let before = Measures::from(&told.analysis);
    let checks = told
        .written
        .as_ref()
        .map(|written| verify::checks(&written.measured, &told.settings.target))
        .unwrap_or_default();
    Ok(Report {
        readiness: Some(Readiness::from(&told.plan.check)),
        findings: told.plan.check.findings,
        // Of a rehearsal there are no checks: it is met where the solver foresees that it will be.
        all_met: checks.iter().all(|check| check.pass)
            && (told.written.is_some() || told.infeasible.is_none()),
        checks,
        advice: advice::of(&told.analysis, told.brief.dual_mono),
        mastering: Some(Mastering {
            target: told.settings.target,
            before,
            after: told
                .written
                .as_ref()
                .map(|w| Measures::of_output(&w.measured, told.spec)),
            confidence: told.plan.confidence,
            tone: told.plan.tone,
            amounts: told.brief.amounts,
            bypassed: told
                .brief
                .bypass
                .stages()
                .map(|stage| stage.name().to_owned())
                .collect(),
            limiting_db,
            limiting_share: told
                .written
                .as_ref()
                .map_or(0.0, |w| w.limiting.share_above_1_db),
            compression_db: told.compression_db,
            limiter_reason: told.limiter_reason,
            infeasible: told.infeasible,
            attempts: told.attempts,
            codecs: None,
            done,
            weights_hash: told.plan.weights_hash,
            word_length_bits: told.brief.word_length.bits(),
            settings: told.settings,
        }),
        analysis: Some(told.analysis),
        ..Report::new("master")
    })
}
