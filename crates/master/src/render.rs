//! Everything before the limiter, and what is solved on it.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use acetate_dsp::chain::{self, Bypass, Chain};
use acetate_dsp::process::ProcessSpec;
use acetate_dsp::process::rendered::Rendered;
use acetate_dsp::process::resample::Resampled;
use acetate_dsp::settings::Settings;
use acetate_dsp::solve::{DriveCurve, DriveCurveBuilder, Solution, choose_character};
use acetate_dsp::stream::{Tapped, for_each_block};
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
    let total = delivery_frames(analysis, spec);
    let mut curve = DriveCurveBuilder::new(spec.sample_rate_hz, spec.channels, brief.dual_mono)
        .with_room_for(total);
    if !plan.settings.limiter.drive_fixed {
        curve = curve.with_limiting_up_to(plan.settings.target.max_limiting_db);
    }
    let mut frames = 0;
    // The reader's thread has the chain; where that is light, half of the curve is added to it.
    let reads_levels = Chain::is_light(&plan.settings, &brief.bypass)
        && spec.sample_rate_hz == analysis.sample_rate_hz;
    let (peaks, levels) = curve.halves();
    let levels = Mutex::new(levels);
    let push_levels = |block: &Audio| {
        let mut levels = levels.lock().unwrap_or_else(PoisonError::into_inner);
        levels.push(block);
    };
    let mut take = |source: &mut dyn Source| -> Result<(), StreamError> {
        let mut tapped = Tapped::new(source, |block| {
            if reads_levels {
                push_levels(block);
            }
            Ok(())
        });
        for_each_block(&mut tapped, &mut |block| {
            peaks.push(block);
            if !reads_levels {
                push_levels(block);
            }
            if let Some(scratch) = scratch.as_deref_mut() {
                scratch.write(block)?;
            }
            frames += block.frames() as u64;
            progress.at(Stage::Render, frames, Some(total));
            Ok(())
        })?;
        if let Some(scratch) = scratch.as_deref_mut() {
            Sink::finish(scratch)?;
        }
        Ok(())
    };
    let compression_db = before_limiter(
        input,
        analysis,
        &plan.settings,
        &brief.bypass,
        spec,
        &mut take,
    )?;
    if frames != total {
        return Err(MasterError::InputChanged {
            first: total,
            second: frames,
        });
    }
    Ok(RenderOutcome {
        compression_db,
        curve: curve.finish(plan.settings.target.true_peak_dbtp),
        frames,
    })
}

/// Hands everything before the limiter, at the delivery rate, to `take`. Returns the most gain
/// reduction of the compressor, dB.
pub(crate) fn before_limiter(
    input: &mut dyn Source,
    analysis: &Analysis,
    settings: &Settings,
    bypass: &Bypass,
    spec: Spec,
    take: &mut dyn FnMut(&mut dyn Source) -> Result<(), StreamError>,
) -> Result<f64, MasterError> {
    let process = ProcessSpec {
        sample_rate_hz: analysis.sample_rate_hz,
        channels: analysis.channels,
        programme_lufs: analysis.integrated_lufs,
    };
    let chain = Chain::new(settings, &process, bypass);
    let mut rendered = Rendered::new(input, chain);
    if spec.sample_rate_hz == analysis.sample_rate_hz {
        take(&mut rendered)?;
    } else {
        let resampled = Resampled::new(&mut rendered, spec.sample_rate_hz);
        take(&mut resampled.map_err(StreamError::new)?)?;
    }
    let stages = rendered.stage().report();
    let compressor = chain::Stage::Compressor.name();
    let compressor = stages.iter().find(|stage| stage.name == compressor);
    Ok(compressor.map_or(0.0, |stage| stage.gain_reduction_db))
}

/// The named passages of a source; `ranges` are frames, in order and apart.
pub(crate) fn read_passages(
    source: &mut dyn Source,
    ranges: &[Range<u64>],
) -> Result<Vec<Audio>, StreamError> {
    let spec = source.spec();
    let mut passages = vec![Audio::silence(spec.sample_rate_hz, spec.channels, 0); ranges.len()];
    let mut at = 0;
    for_each_block(source, &mut |block| {
        let end = at + block.frames() as u64;
        for (range, passage) in ranges.iter().zip(&mut passages) {
            let (from, to) = (range.start.max(at), range.end.min(end));
            if from < to {
                passage.append(&block.slice((from - at) as usize, (to - at) as usize));
            }
        }
        at = end;
        Ok(())
    })?;
    Ok(passages)
}

/// The solved drive and what stands behind the limiter's character.
pub(crate) struct Solved {
    pub(crate) solution: Solution,
    pub(crate) reason: String,
}

/// Brings the audio before the limiter in ranges of frames.
pub(crate) type ReadPassages<'a> = dyn FnMut(&[Range<u64>]) -> Result<Vec<Audio>, MasterError> + 'a;

/// Chooses the limiter's character (unless the settings were given) and solves its drive.
pub(crate) fn solve(
    curve: &DriveCurve,
    settings: &mut Settings,
    keep_character: bool,
    passages: &mut ReadPassages<'_>,
) -> Result<Solved, MasterError> {
    let mut solution = curve.solve_drive(&settings.target, &settings.limiter);
    let reason = if keep_character {
        "as the settings have it".to_owned()
    } else {
        let limited = curve.limited_passages(&settings.limiter, solution.drive_db);
        let passages = if limited.ranges.is_empty() {
            Vec::new()
        } else {
            passages(&limited.ranges)?
        };
        let choice = choose_character(
            &settings.limiter,
            solution.drive_db,
            limited.loss_lu,
            settings.target.true_peak_dbtp,
            &passages,
        );
        if choice.limiter != settings.limiter {
            settings.limiter = choice.limiter;
            solution = curve.solve_drive(&settings.target, &settings.limiter);
        }
        choice.to_string()
    };
    settings.limiter.drive_db = solution.drive_db;
    Ok(Solved { solution, reason })
}
