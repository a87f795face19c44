//! Everything before the limiter, and what is solved on it.

use acetate_dsp::chain::{self, Chain};
use acetate_dsp::process::ProcessSpec;
use acetate_dsp::process::rendered::Rendered;
use acetate_dsp::process::resample::Resampled;
use acetate_dsp::settings::Settings;
use acetate_dsp::solve::{DriveCurve, DriveCurveBuilder, Solution};
use acetate_dsp::stream::BLOCK_FRAMES;
use acetate_dsp::{Analysis, Audio, Sink, Source, Spec, StreamError};

use crate::brief::Brief;
use crate::delivery::{Progress, Scratch, Stage};
use crate::error::MasterError;
use crate::story::Plan;

/// Length of the master in frames at its own rate.
pub(crate) fn delivery_frames(analysis: &Analysis, spec: Spec) -> u64 {
    let ratio = f64::from(spec.sample_rate_hz) / f64::from(analysis.sample_rate_hz);
    (analysis.frames as f64 * ratio).round() as u64
}

/// What the render leaves: the solver's arrays.
pub(crate) struct RenderOutcome {
    pub(crate) curve: DriveCurve,
    pub(crate) frames: u64,
    /// Most gain reduction of the compressor, dB.
    pub(crate) compression_db: f64,
}

/// Runs everything before the limiter into the scratch (where there is one) and the solver's
/// arrays.
pub(crate) fn render(
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
pub(crate) struct Solved {
    pub(crate) solution: Solution,
    pub(crate) reason: String,
}

/// Chooses the limiter's character (unless the settings were given) and solves its drive, both on
/// arrays.
pub(crate) fn solve_drive(
    curve: &DriveCurve,
    settings: &mut Settings,
    keep_character: bool,
) -> Solved {
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
