//! The stages of the chain, each a [`Processor`] in a file of its own.

pub mod compressor;
pub mod dc_filter;
pub mod deesser;
pub mod dither;
pub mod eq;
pub mod limiter;
pub mod processed;
pub mod repair;
pub mod resample;
pub mod saturation;
pub mod sections;
pub mod stereo;

use crate::Audio;

/// What a processor is built for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProcessSpec {
    /// Sample rate in Hz.
    pub sample_rate_hz: u32,
    /// 1 or 2.
    pub channels: usize,
    /// Integrated loudness of the program that goes in; thresholds are relative to it.
    pub program_lufs: f64,
}

/// A whole signal behind a stage, without the stage's latency. For short signals.
pub fn processed(stage: &mut dyn Processor, signal: &Audio) -> Audio {
    let latency = stage.latency_frames();
    let mut out = signal.clone();
    out.set_frames(signal.frames() + latency);
    stage.process(&mut out);
    out.drop_front(latency);
    out
}

/// Magnitude response of a linear stage at one frequency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResponseDb {
    /// Of the mid signal (L+R)/2, and of a mono program.
    pub mid_db: f64,
    /// Of the side signal (L-R)/2.
    pub side_db: f64,
}

/// One stage of the chain.
///
/// Built once for a [`ProcessSpec`], then fed blocks of any length. What comes out depends on
/// the signal alone, never on how it was cut into blocks.
pub trait Processor: Send {
    /// The stage's name, as used in settings, reports and `--bypass`.
    fn name(&self) -> &'static str;

    /// Processes a block in place: as many frames come out as went in, delayed by
    /// [`latency_frames`](Self::latency_frames). Does not allocate.
    fn process(&mut self, block: &mut Audio);

    /// Exact delay from input to output in frames.
    fn latency_frames(&self) -> usize;

    /// Back to the state just after construction.
    fn reset(&mut self);

    /// Magnitude response of a linear stage; `None` where the stage is not linear.
    fn response_db(&self, _freq_hz: f64) -> Option<ResponseDb> {
        None
    }

    /// Largest gain reduction since construction or reset, dB, positive; 0 where the stage takes none.
    fn gain_reduction_db(&self) -> f64 {
        0.0
    }
}
