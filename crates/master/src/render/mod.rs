//! Everything before the limiter, and what is solved on it.

pub(crate) mod attempts;
pub mod passage;
mod unlimited;

pub use unlimited::Unlimited;

use std::ops::Range;

use acetate_dsp::chain::{Bypass, Chain};
use acetate_dsp::pipeline::Pipeline;
use acetate_dsp::process::processed::{Processed, WithTail};
use acetate_dsp::process::resample::Resampled;
use acetate_dsp::process::{ProcessSpec, Processor};
use acetate_dsp::settings::Settings;
use acetate_dsp::solve::{DriveCurve, DriveCurveBuilder, Solution, choose_character};
use acetate_dsp::stream::BLOCK_FRAMES;
use acetate_dsp::{Analysis, Audio, Sink, Source, Spec, StreamError};

use crate::delivery::{Phase, Progress, Scratch};
use crate::error::MasterError;
use crate::plan::Planned;

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
    planned: &Planned,
    spec: Spec,
    mut scratch: Option<&mut dyn Scratch>,
    progress: &mut dyn Progress,
) -> Result<RenderOutcome, MasterError> {
    let Planned {
        analysis,
        plan,
        brief,
    } = planned;
    let total = delivery_frames(analysis, spec);
    let mut curve = DriveCurveBuilder::new(spec.sample_rate_hz, spec.channels, brief.dual_mono)
        .with_room_for(total);
    if !plan.settings.limiter.drive_fixed {
        curve = curve.with_limiting_up_to(plan.settings.target.max_limiting_db);
    }
    let mut frames = 0;
    let (peaks, levels) = curve.halves();
    let mut run = |pipeline: Pipeline<'_>| {
        pipeline
            .inspect(|block| peaks.push(block))
            .inspect(|block| levels.push(block))
            .run(&mut |block| {
                if let Some(scratch) = scratch.as_deref_mut() {
                    scratch.write(block)?;
                }
                frames += block.frames() as u64;
                Ok(progress.at(Phase::Render, frames, Some(total))?)
            })
    };
    let before = PreLimiter {
        analysis,
        settings: &plan.settings,
        bypass: &brief.bypass,
    };
    let mut chain = before.chain();
    let chain = if spec.sample_rate_hz == analysis.sample_rate_hz {
        let mut longer = WithTail::new(input, chain.latency_frames());
        run(chain.add_to(Pipeline::from(&mut longer)))?;
        chain
    } else {
        let mut processed = Processed::new(input, chain);
        run(Pipeline::from(&mut resampled(&mut processed, spec)?))?;
        processed.into_stage()
    };
    if let Some(scratch) = scratch {
        Sink::finish(scratch)?;
    }
    if frames != total {
        return Err(MasterError::InputChanged {
            first: total,
            second: frames,
        });
    }
    Ok(RenderOutcome {
        compression_db: chain.compression_db(),
        curve: curve.finish(plan.settings.target.true_peak_dbtp),
        frames,
    })
}

/// Everything before the limiter once more, for a mix that was measured: for those who show or hand over what
/// lies between the mix and the master.
#[derive(Clone, Copy, Debug)]
pub struct PreLimiter<'a> {
    /// The mix's own analysis: thresholds are relative to its loudness.
    pub analysis: &'a Analysis,
    /// What was rendered.
    pub settings: &'a Settings,
    /// Stages left out.
    pub bypass: &'a Bypass,
}

impl PreLimiter<'_> {
    /// Renders the mix from its start, without the drive, at the rate of `spec`, and hands it to `take`.
    ///
    /// # Errors
    /// [`StreamError`] if the input or `take` fails, or the rate cannot be rendered.
    pub fn render(
        &self,
        mix: &mut dyn Source,
        spec: Spec,
        take: &mut dyn FnMut(&mut dyn Source) -> Result<(), StreamError>,
    ) -> Result<(), StreamError> {
        mix.rewind()?;
        let mut processed = Processed::new(mix, self.chain());
        if spec.sample_rate_hz == self.analysis.sample_rate_hz {
            take(&mut processed)
        } else {
            take(&mut resampled(&mut processed, spec)?)
        }
    }

    fn chain(&self) -> Chain {
        let process = ProcessSpec {
            sample_rate_hz: self.analysis.sample_rate_hz,
            channels: self.analysis.channels,
            program_lufs: self.analysis.program().integrated_lufs,
        };
        Chain::new(self.settings, &process, self.bypass)
    }
}

fn resampled<S: Source>(source: S, spec: Spec) -> Result<Resampled<S>, StreamError> {
    Resampled::new(source, spec.sample_rate_hz).map_err(StreamError::new)
}

/// The named passages of a source; `ranges` are frames, in order and apart.
pub(crate) fn read_passages(
    source: &mut dyn Source,
    ranges: &[Range<u64>],
) -> Result<Vec<Audio>, StreamError> {
    let spec = source.spec();
    let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    let mut at = 0;
    let mut passages = Vec::with_capacity(ranges.len());
    source.rewind()?;
    for range in ranges {
        source.skip(range.start - at)?;
        let mut passage = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
        let mut left = (range.end - range.start) as usize;
        while left > 0 {
            match source.read(&mut block, left.min(BLOCK_FRAMES))? {
                0 => break,
                read => left -= read,
            }
            passage.append(&block);
        }
        at = range.end;
        passages.push(passage);
    }
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
    let (target, limiter) = (&settings.target, &settings.limiter);
    let (solution, reason) = if keep_character {
        let solution = curve.solve_drive(target, limiter);
        (solution, "as the settings have it".to_owned())
    } else {
        let (mut solution, limited) = curve.solve_drive_and_passages(target, limiter);
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
        (solution, choice.to_string())
    };
    settings.limiter.drive_db = solution.drive_db;
    Ok(Solved { solution, reason })
}
