//! [`master()`]: analyze, predict, render, solve, verify, tell.

use std::ops::Range;

use acetate_check::Check;
use acetate_dsp::analysis::{AnalyzeOptions, analyze_with};
use acetate_dsp::chain;
use acetate_dsp::measure::levels::Meters;
use acetate_dsp::settings::Settings;
use acetate_dsp::stream::{MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
use acetate_dsp::{Analysis, Source, Spec};
use acetate_model::{Confidence, Predictor, Tone};

use crate::attempts::{Attempts, infeasible};
use crate::brief::Brief;
use crate::cleanup::cleanup;
use crate::delivery::{Delivery, Progress, Scratch, Stage};
use crate::error::MasterError;
use crate::judgement::judgement;
use crate::render::{RenderOutcome, before_limiter, delivery_frames, read_passages, render, solve};
use crate::report::{Attempt, Report};
use crate::tell::{Told, tell};

/// Sample rates that are rendered, Hz.
const SAMPLE_RATES_HZ: (u32, u32) = (MIN_SAMPLE_RATE_HZ, MAX_SAMPLE_RATE_HZ);

/// Highest sample peak that is mastered, dBFS: float mixes go some dB over full scale; this is far
/// beyond, and far below where squares of single precision overflow.
const MAX_PEAK_DBFS: f64 = 100.0;

/// What will be rendered, before a sample is touched.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Everything the renderer needs but the solved drive.
    pub settings: Settings,
    /// The predictor's confidence; `None` where settings were given.
    pub confidence: Option<Confidence>,
    /// Hash of the weights behind the prediction.
    pub weights_hash: String,
    /// What is known of the mix's tone; `None` where nothing was judged, as with a reference.
    pub tone: Option<Tone>,
    /// What stands against mastering the mix.
    pub check: Check,
}

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
/// [`analyze_with`]: for comparing several masters of one mix.
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
    );
    let foretold = Attempt {
        drive_db: solved.solution.drive_db,
        ceiling_dbtp: plan.settings.target.true_peak_dbtp,
        trim_db: 0.0,
        foretold_lufs: solved.solution.predicted_lufs,
        integrated_lufs: f64::NAN,
        true_peak_dbtp: f64::NAN,
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
    let analysis = analyze_with(input, &options, &mut |done| {
        Ok(progress.at(Stage::Analyze, done, total)?)
    })?;
    can_be_mastered(&analysis)?;
    Ok(analysis)
}

/// Refuses a programme without a loudness, and one so loud that it is no sound.
pub(crate) fn can_be_mastered(analysis: &Analysis) -> Result<(), MasterError> {
    if analysis.sample_peak_dbfs > MAX_PEAK_DBFS {
        return Err(MasterError::TooLoud {
            max_dbfs: MAX_PEAK_DBFS,
            got_dbfs: analysis.sample_peak_dbfs,
        });
    }
    if analysis.integrated_lufs.is_finite() {
        return Ok(());
    }
    Err(MasterError::NoLoudness {
        duration_s: analysis.duration_s,
    })
}

/// Predicts and resolves the settings: amounts, target, bypassed stages.
///
/// # Errors
/// [`MasterError`] when settings or weights do not fit.
pub fn plan(
    analysis: &Analysis,
    predictor: &dyn Predictor,
    brief: &Brief,
) -> Result<Plan, MasterError> {
    let prediction = predictor.predict(analysis.programme())?;
    let (settings, confidence, weights_hash) = match &brief.settings {
        Some(settings) => (settings.clone(), None, String::new()),
        None => {
            let mut settings = prediction.settings;
            settings.eq.phase = brief.eq_phase;
            settings.cleanup = cleanup(analysis, brief.repair);
            (
                settings,
                Some(prediction.confidence),
                predictor.hash().to_owned(),
            )
        }
    };
    let mut settings = brief.treatment(&settings);
    if brief.settings.is_none() || brief.target_overrides {
        settings.target = brief.target;
    }
    if brief.keep_loudness {
        settings.target.integrated_lufs = analysis.integrated_lufs;
    }
    allow_no_limiting_without_limiter(&mut settings, brief);
    settings.validate()?;
    let check = acetate_check::short(
        analysis,
        prediction
            .tone
            .as_ref()
            .map(|tone| judgement(tone, &settings))
            .as_ref(),
    )?;
    Ok(Plan {
        settings,
        confidence,
        weights_hash,
        tone: prediction.tone,
        check,
    })
}

/// Without a limiter the drive may go as far as the peaks allow, whatever the settings fix.
pub(crate) fn allow_no_limiting_without_limiter(settings: &mut Settings, brief: &Brief) {
    if brief.bypass.contains(chain::Stage::Limiter) {
        settings.target.max_limiting_db = 0.0;
        settings.limiter.drive_fixed = false;
    }
}

/// The sample rate and channels of the master.
pub(crate) fn delivery_spec(input: Spec, brief: &Brief) -> Result<Spec, MasterError> {
    let (min_hz, max_hz) = SAMPLE_RATES_HZ;
    let sample_rate_hz = brief.sample_rate_hz.unwrap_or(input.sample_rate_hz);
    if !(min_hz..=max_hz).contains(&sample_rate_hz) {
        return Err(MasterError::SampleRate {
            min_hz,
            max_hz,
            got_hz: sample_rate_hz,
        });
    }
    Ok(Spec {
        sample_rate_hz,
        ..input
    })
}
