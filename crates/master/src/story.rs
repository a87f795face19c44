//! [`master()`]: analyze, predict, render, solve, verify, tell.

use std::ops::Range;

use acetate_dsp::analysis::{AnalyzeOptions, analyze_programme};
use acetate_dsp::measure::levels::Meters;
use acetate_dsp::{Analysis, Source, Spec};
use acetate_model::Predictor;

use crate::brief::Brief;
use crate::delivery::{Delivery, Progress, Scratch, Stage};
use crate::error::MasterError;
use crate::plan::{Plan, can_be_mastered, delivery_spec, plan};
use crate::render::attempts::{Attempts, infeasible};
use crate::render::{RenderOutcome, before_limiter, delivery_frames, read_passages, render, solve};
use crate::report::tell::{Told, tell};
use crate::report::{Attempt, Report};

/// Makes a verified master of `input`.
///
/// The delivery holds the master when this returns `Ok`; it is for the caller to give it its
/// name. A loudness that could not be reached is delivered and said in the report; a ceiling
/// that could not be held is an error.
///
/// # Errors
/// [`MasterError`]: input or output failed, the settings or weights do not fit, the programme has
/// no loudness, or the ceiling could not be held.
pub fn master(
    input: &mut dyn Source,
    predictor: &dyn Predictor,
    brief: &Brief,
    delivery: &mut dyn Delivery,
    progress: &mut dyn Progress,
) -> Result<Report, MasterError> {
    let analysis = measure_input(input, brief, progress)?;
    master_measured(input, analysis, predictor, brief, delivery, progress)
}

/// As [`master()`], for an input that was measured before, as by
/// [`measure_input`]: for comparing several masters of one mix.
///
/// # Errors
/// As [`master()`].
pub fn master_measured(
    input: &mut dyn Source,
    analysis: Analysis,
    predictor: &dyn Predictor,
    brief: &Brief,
    delivery: &mut dyn Delivery,
    progress: &mut dyn Progress,
) -> Result<Report, MasterError> {
    can_be_mastered(&analysis)?;
    let plan = plan(&analysis, predictor, brief)?;
    let mut before = BeforeLimiter::render(input, &analysis, &plan, brief, delivery, progress)?;
    before.deliver(analysis, plan, brief, delivery, progress)
}

/// A render that waits for its limiter, as often as it is asked for with another target.
pub(crate) struct BeforeLimiter {
    spec: Spec,
    scratch: Box<dyn Scratch>,
    rendered: RenderOutcome,
}

impl BeforeLimiter {
    /// Renders `input`, which stands at its start, into a scratch of the delivery's.
    pub(crate) fn render(
        input: &mut dyn Source,
        analysis: &Analysis,
        plan: &Plan,
        brief: &Brief,
        delivery: &mut dyn Delivery,
        progress: &mut dyn Progress,
    ) -> Result<Self, MasterError> {
        let spec = delivery_spec(input.spec(), brief)?;
        let mut scratch = delivery.scratch(spec, delivery_frames(analysis, spec))?;
        let rendered = render(
            input,
            analysis,
            plan,
            brief,
            spec,
            Some(scratch.as_mut()),
            progress,
        )?;
        Ok(Self {
            spec,
            scratch,
            rendered,
        })
    }

    /// Solves for the plan's target, limits, writes and verifies. The plan differs from the one that was
    /// rendered in its target alone.
    pub(crate) fn deliver(
        &mut self,
        analysis: Analysis,
        plan: Plan,
        brief: &Brief,
        delivery: &mut dyn Delivery,
        progress: &mut dyn Progress,
    ) -> Result<Report, MasterError> {
        let Self {
            spec,
            scratch,
            rendered,
        } = self;
        let (spec, scratch) = (*spec, scratch.as_mut());
        // What stands before the limiter knows no ceiling; what is solved on it does.
        let ceiling_dbtp = plan.settings.target.true_peak_dbtp;
        rendered.curve.set_ceiling(ceiling_dbtp);
        let mut settings = plan.settings.clone();
        let solved = solve(
            &rendered.curve,
            &mut settings,
            brief.settings.is_some(),
            &mut |ranges| Ok(read_passages(&mut *scratch, ranges)?),
        )?;
        let mut attempts = Attempts {
            settings: &mut settings,
            solved,
            brief,
            spec,
            frames: rendered.frames,
            off_lu: 0.0,
            log: Vec::new(),
        };
        let written = attempts.run(&rendered.curve, scratch, delivery, progress)?;
        // Nothing but an offset, which is taken away, had a loudness only at its first step.
        if !written.measured.integrated_lufs.is_finite() {
            return Err(MasterError::NoLoudness {
                duration_s: analysis.duration_s,
            });
        }
        let Attempts { log, solved, .. } = attempts;
        let infeasible = infeasible(
            &solved.solution,
            &settings,
            written.measured.integrated_lufs,
            &rendered.curve,
            &analysis,
        );
        tell(Told {
            analysis,
            plan,
            brief,
            settings,
            spec,
            compression_db: rendered.compression_db,
            limiter_reason: solved.reason,
            infeasible,
            written: Some(written),
            attempts: log,
        })
    }
}

/// Everything but the writing: what would be done, and what the solver foretells.
///
/// # Errors
/// As [`master()`].
pub fn rehearse(
    input: &mut dyn Source,
    predictor: &dyn Predictor,
    brief: &Brief,
    progress: &mut dyn Progress,
) -> Result<Report, MasterError> {
    let analysis = measure_input(input, brief, progress)?;
    rehearse_measured(input, analysis, predictor, brief, progress)
}

/// As [`rehearse`], for an input that was measured before by [`measure_input`].
///
/// # Errors
/// As [`master()`].
pub fn rehearse_measured(
    input: &mut dyn Source,
    analysis: Analysis,
    predictor: &dyn Predictor,
    brief: &Brief,
    progress: &mut dyn Progress,
) -> Result<Report, MasterError> {
    can_be_mastered(&analysis)?;
    let spec = delivery_spec(input.spec(), brief)?;
    let plan = plan(&analysis, predictor, brief)?;
    let rendered = render(input, &analysis, &plan, brief, spec, None, progress)?;
    let mut settings = plan.settings.clone();
    let keep_character = brief.settings.is_some();
    let mut again = |ranges: &[Range<u64>]| {
        let mut passages = Vec::new();
        let mut take = |source: &mut dyn Source| {
            passages = read_passages(source, ranges)?;
            Ok(())
        };
        before_limiter(
            input,
            &analysis,
            &plan.settings,
            &brief.bypass,
            spec,
            &mut take,
        )?;
        Ok(passages)
    };
    let solved = solve(&rendered.curve, &mut settings, keep_character, &mut again)?;
    let infeasible = infeasible(
        &solved.solution,
        &settings,
        solved.solution.predicted_lufs,
        &rendered.curve,
        &analysis,
    );
    let foretold = Attempt {
        drive_db: solved.solution.drive_db,
        ceiling_dbtp: plan.settings.target.true_peak_dbtp,
        trim_db: 0.0,
        foretold_lufs: solved.solution.predicted_lufs,
        integrated_lufs: None,
        true_peak_dbtp: None,
        limiting_db: solved.solution.max_reduction_db,
    };
    tell(Told {
        analysis,
        plan,
        brief,
        settings,
        spec,
        compression_db: rendered.compression_db,
        limiter_reason: solved.reason,
        infeasible,
        written: None,
        attempts: vec![foretold],
    })
}

/// The first step of [`master()`], for [`master_measured`]: what it finds depends on the input and on
/// whether the brief has it count as dual mono.
///
/// # Errors
/// As [`master()`].
pub fn measure_input(
    input: &mut dyn Source,
    brief: &Brief,
    progress: &mut dyn Progress,
) -> Result<Analysis, MasterError> {
    delivery_spec(input.spec(), brief)?;
    let total = input.frames_hint();
    let options = AnalyzeOptions {
        dual_mono: brief.dual_mono,
        // The master is what two meters judge.
        meters: Meters::Own,
    };
    let analysis = analyze_programme(input, &options, &mut |done| {
        Ok(progress.at(Stage::Analyze, done, total)?)
    })?;
    can_be_mastered(&analysis)?;
    Ok(analysis)
}
