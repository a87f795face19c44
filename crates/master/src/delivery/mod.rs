//! What the pipeline needs from outside: a place for its samples, and somebody who hears of progress.

mod memory;

pub use self::memory::MemoryDelivery;
use acetate_dsp::stream::Canceled;
use acetate_dsp::{Sink, Source, Spec, StreamError};

/// Where the samples go. The pipeline decides what is written, the delivery how and where.
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

/// What the pipeline is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Measuring the input.
    Analyze,
    /// EQ to stereo, and the arrays for the solver.
    Render,
    /// Limiter, dither and writing.
    Write,
    /// Measuring what was written.
    Verify,
}

/// Hears how far the pipeline is, and may stop it.
pub trait Progress {
    /// `done` of `total` frames of a phase.
    ///
    /// # Errors
    /// [`Canceled`] where the work is to stop: it ends with that at once, and nothing is left behind.
    fn at(&mut self, phase: Phase, done: u64, total: Option<u64>) -> Result<(), Canceled>;
}

/// Says nothing.
impl Progress for () {
    fn at(&mut self, _phase: Phase, _done: u64, _total: Option<u64>) -> Result<(), Canceled> {
        Ok(())
    }
}
