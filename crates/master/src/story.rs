//! [`master()`]: analyze, predict, render, solve, verify; and what each of them needs.

use acetate_dsp::analysis::{AnalyzeOptions, analyze_with};
use acetate_dsp::chain::{self, Chain};
use acetate_dsp::measure::levels::{OutputMeasures, verify_pass};
use acetate_dsp::process::ProcessSpec;
use acetate_dsp::process::dither::Dither;
use acetate_dsp::process::limiter::{Limiter, ReductionStatistics};
use acetate_dsp::process::rendered::Rendered;
use acetate_dsp::process::resample::Resampled;
use acetate_dsp::settings::{self, Settings, Target};
use acetate_dsp::solve::{self, DriveCurve, DriveCurveBuilder, Solution};
use acetate_dsp::stream::BLOCK_FRAMES;
use acetate_dsp::units::gain_from_db;
use acetate_dsp::{Analysis, Audio, Processor, Sink, Source, Spec, StreamError};
use acetate_model::{Confidence, Predictor};

use crate::brief::Brief;
use crate::error::MasterError;
use crate::report::{Attempt, Infeasible, Mastering, Measures, Report};
use crate::{findings, verify, words};

/// A loudness closer to the target than this needs no second render, LU.
const GOAL_LU: f64 = 0.05;
/// Renders at most: the solver foretells within a few hundredths, a second one mends the rest.
const MAX_ATTEMPTS: usize = 5;
/// What a ceiling correction takes beyond the measured excess, dB.
const CEILING_MARGIN_DB: f64 = 0.001;
/// Seed of the dither: the same noise in every master, so that the same input gives the same
/// bytes.
const DITHER_SEED: u64 = 0xAC37_A7E0;
/// Sample rates that are rendered, Hz.
const SAMPLE_RATES_HZ: (u32, u32) = (8_000, 192_000);

/// Where the samples go. The story decides what is written, the delivery how and where.
pub trait Delivery {
    /// A place for the signal before the limiter, beside the output.
    ///
    /// # Errors
    /// [`StreamError`] when there is no room for it.
    fn scratch(&mut self, spec: Spec, frames: u64) -> Result<Box<dyn Scratch>, StreamError>;

    /// Starts the output anew: what an earlier attempt wrote is dropped.
    ///
    /// # Errors
    /// [`StreamError`] when it cannot be written.
    fn begin(&mut self, spec: Spec, frames: u64) -> Result<Box<dyn Sink + '_>, StreamError>;

    /// Opens what the last attempt wrote, as it is on disk.
    ///
    /// # Errors
    /// [`StreamError`] when it cannot be read.
    fn reread(&mut self) -> Result<Box<dyn Source>, StreamError>;
}

/// Written once, then read as often as needed.
pub trait Scratch: Sink + Source {}
impl<T: Sink + Source> Scratch for T {}

/// What the story is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Measuring the input.
    Analyze,
    /// EQ to stereo, and the arrays for the solver.
    Render,
    /// Limiter, dither and writing.
    Write,
    /// Measuring what was written.
    Verify,
}

/// Told how far the story is.
pub trait Progress {
    /// `done` of `total` frames of a stage.
    fn at(&mut self, stage: Stage, done: u64, total: Option<u64>);
}

/// Says nothing.
impl Progress for () {
    fn at(&mut self, _stage: Stage, _done: u64, _total: Option<u64>) {}
}

/// What will be rendered, before a sample is touched.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Everything the renderer needs but the solved drive.
    pub settings: Settings,
    /// The predictor's confidence; `None` where settings were given.
    pub confidence: Option<Confidence>,
    /// Hash of the weights behind the prediction.
    pub weights_hash: String,
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
    let plan = plan(&analysis, predictor, brief)?;
    let spec = delivery_spec(input.spec(), brief)?;
    let mut scratch = delivery.scratch(spec, delivery_frames(&analysis, spec))?;
    let rendered = render(
        input,
        &analysis,
        &plan,
        brief,
        spec,
        Some(scratch.as_mut()),
        progress,
    )?;
    let mut settings = plan.settings.clone();
    let solved = solve(&rendered.curve, &mut settings, brief.settings.is_some());
    let mut attempts = Attempts {
        settings: &mut settings,
        solved,
        brief,
        spec,
        frames: rendered.frames,
        log: Vec::new(),
    };
    let written = attempts.run(&rendered.curve, scratch.as_mut(), delivery, progress)?;
    let log = attempts.log;
    Ok(tell(Told {
        analysis,
        plan,
        brief,
        settings,
        spec,
        compression_db: rendered.compression_db,
        written: Some(written),
        attempts: log,
    }))
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
    let plan = plan(&analysis, predictor, brief)?;
    let spec = delivery_spec(input.spec(), brief)?;
    let rendered = render(input, &analysis, &plan, brief, spec, None, progress)?;
    let mut settings = plan.settings.clone();
    let solved = solve(&rendered.curve, &mut settings, brief.settings.is_some());
    let foretold = Attempt {
        drive_db: solved.solution.drive_db,
        trim_db: 0.0,
        foretold_lufs: solved.solution.predicted_lufs,
        integrated_lufs: f64::NAN,
        true_peak_dbtp: f64::NAN,
        limiting_db: solved.solution.max_reduction_db,
    };
    Ok(tell(Told {
        analysis,
        plan,
        brief,
        settings,
        spec,
        compression_db: rendered.compression_db,
        written: None,
        attempts: vec![foretold],
    }))
}

fn measure_input(
    input: &mut dyn Source,
    brief: &Brief,
    progress: &mut dyn Progress,
) -> Result<Analysis, MasterError> {
    let total = input.frames_hint();
    let options = AnalyzeOptions {
        dual_mono: brief.dual_mono,
    };
    let analysis = analyze_with(input, &options, &mut |done| {
        progress.at(Stage::Analyze, done, total);
    })?;
    if !analysis.integrated_lufs.is_finite() {
        return Err(MasterError::NoLoudness {
            duration_s: analysis.duration_s,
        });
    }
    Ok(analysis)
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
    let (mut settings, confidence, weights_hash) = match &brief.settings {
        Some(settings) => (settings.clone(), None, String::new()),
        None => {
            let mut prediction = predictor.predict(analysis)?;
            prediction.settings.eq.phase = brief.eq_phase;
            let hash = predictor.hash().to_owned();
            (prediction.settings, Some(prediction.confidence), hash)
        }
    };
    settings = settings.scaled(&brief.amounts);
    if brief.settings.is_none() || brief.target_overrides {
        settings.target = brief.target;
    }
    if brief.bypass.contains(chain::Stage::Limiter) {
        // Without a limiter the drive may go as far as the peaks allow.
        settings.target.max_limiting_db = 0.0;
    }
    settings.validate()?;
    Ok(Plan {
        settings,
        confidence,
        weights_hash,
    })
}

/// The sample rate and channels of the master.
fn delivery_spec(input: Spec, brief: &Brief) -> Result<Spec, MasterError> {
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

fn delivery_frames(analysis: &Analysis, spec: Spec) -> u64 {
    let ratio = f64::from(spec.sample_rate_hz) / f64::from(analysis.sample_rate_hz);
    (analysis.frames as f64 * ratio).round() as u64
}

/// What the render leaves: the solver's arrays.
struct RenderOutcome {
    curve: DriveCurve,
    frames: u64,
    compression_db: f64,
}

/// Runs everything before the limiter into the scratch (where there is one) and the solver's
/// arrays.
fn render(
    input: &mut dyn Source,
    analysis: &Analysis,
    plan: &Plan,
    brief: &Brief,
    spec: Spec,
    mut scratch: Option<&mut dyn Scratch>,
    progress: &mut dyn Progress,
) -> Result<RenderOutcome, MasterError> {
    let process = ProcessSpec {
        sample_rate_hz: analysis.sample_rate_hz,
        channels: analysis.channels,
        programme_lufs: analysis.integrated_lufs,
    };
    let chain = Chain::new(&plan.settings, &process, &brief.bypass);
    let mut rendered = Rendered::new(input, chain);
    let total = delivery_frames(analysis, spec);
    let mut curve = DriveCurveBuilder::new(spec.sample_rate_hz, spec.channels, brief.dual_mono);
    let mut frames = 0;
    let mut take = |source: &mut dyn Source| -> Result<(), StreamError> {
        source.rewind()?;
        let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, BLOCK_FRAMES);
        loop {
            let read = source.read(&mut block, BLOCK_FRAMES)?;
            if read == 0 {
                break;
            }
            curve.push(&block);
            if let Some(scratch) = scratch.as_deref_mut() {
                scratch.write(&block)?;
            }
            frames += read as u64;
            progress.at(Stage::Render, frames, Some(total));
        }
        if let Some(scratch) = scratch.as_deref_mut() {
            Sink::finish(scratch)?;
        }
        Ok(())
    };
    if spec.sample_rate_hz == analysis.sample_rate_hz {
        take(&mut rendered)?;
    } else {
        let resampled = Resampled::new(&mut rendered, spec.sample_rate_hz);
        take(&mut resampled.map_err(StreamError::new)?)?;
    }
    if frames != total {
        return Err(MasterError::InputChanged {
            first: total,
            second: frames,
        });
    }
    let compression_db = rendered
        .stage()
        .report()
        .iter()
        .find(|stage| stage.name == chain::Stage::Compressor.name())
        .map_or(0.0, |stage| stage.gain_reduction_db);
    Ok(RenderOutcome {
        compression_db,
        curve: curve.finish(plan.settings.target.true_peak_dbtp),
        frames,
    })
}

/// The solved drive and what stands behind the limiter's character.
struct Solved {
    solution: Solution,
    reason: String,
}

/// Chooses the limiter's character (unless the settings were given) and solves its drive, both on
/// arrays.
fn solve(curve: &DriveCurve, settings: &mut Settings, keep_character: bool) -> Solved {
    let reason = if keep_character {
        "as the settings have it".to_owned()
    } else {
        let choice = curve.choose_character(&settings.target, &settings.limiter);
        settings.limiter = choice.limiter;
        choice.to_string()
    };
    let solution = curve.solve_drive(&settings.target, &settings.limiter);
    settings.limiter.drive_db = solution.drive_db;
    Solved { solution, reason }
}

/// The bounded loop of renders, each verified on what was written.
struct Attempts<'a> {
    settings: &'a mut Settings,
    solved: Solved,
    brief: &'a Brief,
    spec: Spec,
    frames: u64,
    log: Vec<Attempt>,
}

/// The last attempt's figures.
struct Written {
    measured: OutputMeasures,
    limiting: ReductionStatistics,
    limiter_reason: String,
    infeasible: Option<Infeasible>,
}

impl Attempts<'_> {
    fn run(
        &mut self,
        curve: &DriveCurve,
        scratch: &mut dyn Scratch,
        delivery: &mut dyn Delivery,
        progress: &mut dyn Progress,
    ) -> Result<Written, MasterError> {
        let target = self.settings.target;
        let mut trim_db = 0.0;
        loop {
            let limiting = self.write(scratch, delivery, trim_db, progress)?;
            let measured = self.measure(delivery, progress)?;
            let solution = self.solved.solution;
            self.log.push(Attempt {
                drive_db: solution.drive_db,
                trim_db,
                foretold_lufs: solution.predicted_lufs,
                integrated_lufs: measured.integrated_lufs,
                true_peak_dbtp: measured.true_peak_dbtp,
                limiting_db: limiting.max_db,
            });
            let over_db = measured.true_peak_dbtp - target.true_peak_dbtp;
            let miss_lu = target.integrated_lufs - centre_lufs(&measured);
            let drive_is_free = solution.limited_by.is_none();
            let loudness_met = miss_lu.abs() <= GOAL_LU || !drive_is_free;
            let last = self.log.len() == MAX_ATTEMPTS;
            if over_db <= 0.0 && (loudness_met || last) {
                let infeasible =
                    infeasible(&solution, &target, &measured, curve, &self.settings.limiter);
                return Ok(Written {
                    measured,
                    limiting,
                    limiter_reason: self.solved.reason.clone(),
                    infeasible,
                });
            }
            if last {
                return Err(MasterError::Ceiling {
                    measured_dbtp: measured.true_peak_dbtp,
                    ceiling_dbtp: target.true_peak_dbtp,
                    attempts: self.log.len(),
                });
            }
            if over_db > 0.0 {
                trim_db -= over_db + CEILING_MARGIN_DB;
            }
            if !loudness_met {
                self.correct_drive(curve, &target, centre_lufs(&measured));
            }
        }
    }

    /// Reads back what was written and measures it.
    fn measure(
        &self,
        delivery: &mut dyn Delivery,
        progress: &mut dyn Progress,
    ) -> Result<OutputMeasures, MasterError> {
        let mut written = delivery.reread()?;
        let total = Some(self.frames);
        Ok(verify_pass(
            written.as_mut(),
            self.brief.dual_mono,
            &mut |done| {
                progress.at(Stage::Verify, done, total);
            },
        )?)
    }

    /// Solves again for a target moved by what the last forecast was off.
    fn correct_drive(&mut self, curve: &DriveCurve, target: &Target, measured_lufs: f64) {
        let off_lu = self.solved.solution.predicted_lufs - measured_lufs;
        let moved = Target {
            integrated_lufs: target.integrated_lufs + off_lu,
            ..*target
        };
        let mut solution = curve.solve_drive(&moved, &self.settings.limiter);
        solution.predicted_lufs -= off_lu;
        self.settings.limiter.drive_db = solution.drive_db;
        self.solved.solution = solution;
    }

    /// Limiter, trim, dither: from the scratch to a new output.
    fn write(
        &self,
        scratch: &mut dyn Scratch,
        delivery: &mut dyn Delivery,
        trim_db: f64,
        progress: &mut dyn Progress,
    ) -> Result<ReductionStatistics, MasterError> {
        let process = ProcessSpec {
            sample_rate_hz: self.spec.sample_rate_hz,
            channels: self.spec.channels,
            programme_lufs: self.settings.target.integrated_lufs,
        };
        let ceiling_dbtp = self.settings.target.true_peak_dbtp;
        let limiter = Limiter::new(&self.settings.limiter, ceiling_dbtp, &process);
        let mut dither = Dither::new(self.brief.word_length, DITHER_SEED);
        let trim = gain_from_db(trim_db) as f32;
        let mut source = Rendered::new(&mut *scratch as &mut dyn Source, limiter);
        source.rewind()?;
        let mut sink = delivery.begin(self.spec, self.frames)?;
        let mut block = Audio::silence(self.spec.sample_rate_hz, self.spec.channels, BLOCK_FRAMES);
        let mut done = 0;
        loop {
            let read = source.read(&mut block, BLOCK_FRAMES)?;
            if read == 0 {
                break;
            }
            if trim_db < 0.0 {
                block.scale(trim);
            }
            dither.process(&mut block);
            sink.write(&block)?;
            done += read as u64;
            progress.at(Stage::Write, done, Some(self.frames));
        }
        sink.finish()?;
        Ok(source.stage().reduction())
    }
}

/// The loudness midway between the meters' readings: what is solved for, so that neither is missed.
fn centre_lufs(measured: &OutputMeasures) -> f64 {
    let readings = || {
        measured
            .integrated_by_meter
            .iter()
            .map(|reading| reading.value)
    };
    let low = readings().fold(f64::INFINITY, f64::min);
    let high = readings().fold(f64::NEG_INFINITY, f64::max);
    0.5 * (low + high)
}

/// What kept the loudness out of reach, in the report's words.
fn infeasible(
    solution: &Solution,
    target: &Target,
    measured: &OutputMeasures,
    curve: &DriveCurve,
    limiter: &settings::Limiter,
) -> Option<Infeasible> {
    let short_by_lu = target.integrated_lufs - measured.integrated_lufs;
    let reason = match solution.limited_by? {
        solve::Infeasible::MaxLimiting { .. } => format!(
            "{:.1} LUFS would need more than {:.1} dB of limiting; this is the loudest within it \
             (allow more with --max-limiting, or turn the tallest peaks down in the mix)",
            target.integrated_lufs, target.max_limiting_db
        ),
        solve::Infeasible::Saturated { .. } => format!(
            "{:.1} LUFS is out of reach: more drive makes this mix no louder",
            target.integrated_lufs
        ),
        solve::Infeasible::DriveRange { .. } => format!(
            "{:.1} LUFS is out of the drive's range for this mix",
            target.integrated_lufs
        ),
        solve::Infeasible::DriveFixed { .. }
            if short_by_lu.abs() <= verify::LOUDNESS_TOLERANCE_LU =>
        {
            return None;
        }
        solve::Infeasible::DriveFixed { .. } => format!(
            "the settings fix the drive at {:.2} dB, which does not reach {:.1} LUFS",
            solution.drive_db, target.integrated_lufs
        ),
        solve::Infeasible::NoLoudness => "nothing of the render has a loudness".to_owned(),
    };
    Some(Infeasible {
        short_by_lu,
        needed_limiting_db: needed_limiting_db(curve, target, limiter),
        reason,
    })
}

/// Gain reduction at which the target would be reached; `None` where no drive reaches it.
fn needed_limiting_db(
    curve: &DriveCurve,
    target: &Target,
    limiter: &settings::Limiter,
) -> Option<f64> {
    let unbounded = Target {
        max_limiting_db: f64::INFINITY,
        ..*target
    };
    let free = settings::Limiter {
        drive_fixed: false,
        ..*limiter
    };
    let solution = curve.solve_drive(&unbounded, &free);
    solution
        .limited_by
        .is_none()
        .then_some(solution.max_reduction_db)
}

/// Everything that the report is told of.
struct Told<'a> {
    analysis: Analysis,
    plan: Plan,
    brief: &'a Brief,
    settings: Settings,
    spec: Spec,
    compression_db: f64,
    written: Option<Written>,
    attempts: Vec<Attempt>,
}

fn tell(told: Told<'_>) -> Report {
    let limiting_db = told
        .attempts
        .last()
        .map_or(0.0, |attempt| attempt.limiting_db);
    let done = words::describe(&told.settings, limiting_db, told.compression_db);
    let before = Measures::from(&told.analysis);
    let checks = told
        .written
        .as_ref()
        .map(|written| verify::checks(&written.measured, &told.settings.target))
        .unwrap_or_default();
    Report {
        findings: findings::find(&told.analysis),
        all_met: checks.iter().all(|check| check.pass),
        checks,
        mastering: Some(Mastering {
            target: told.settings.target,
            before,
            after: told
                .written
                .as_ref()
                .map(|w| Measures::of_output(&w.measured, told.spec)),
            confidence: told.plan.confidence,
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
            limiter_reason: told
                .written
                .as_ref()
                .map(|w| w.limiter_reason.clone())
                .unwrap_or_default(),
            infeasible: told.written.and_then(|w| w.infeasible),
            attempts: told.attempts,
            done,
            weights_hash: told.plan.weights_hash,
            word_length_bits: told.brief.word_length.bits(),
            settings: told.settings,
        }),
        analysis: Some(told.analysis),
        ..Report::new("master")
    }
}
