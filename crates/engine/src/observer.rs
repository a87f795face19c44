//! [`Observer`]: told what goes on, and asked whether to go on.

use std::path::Path;

use acetate_dsp::process::resample::AtRate;
use acetate_dsp::stream::Canceled;
use acetate_dsp::{Audio, Source, Spec, StreamError};
use acetate_io::Decoder;
use acetate_master::{Phase, Progress};

/// What the engine is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Measuring references; counts songs.
    References,
    /// Measuring the mix; counts frames.
    Analyze,
    /// Holding the stems against the mix; counts the mix's frames of all passes.
    Stems,
    /// Everything before the limiter; counts frames.
    Render,
    /// Limiter, dither and writing; counts frames.
    Write,
    /// Measuring what was written; counts frames.
    Verify,
    /// Drawing the report page; counts thousandths.
    ReportPage,
    /// Filling the pack; counts thousandths.
    Pack,
}

impl Step {
    /// One word for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::References => "references",
            Self::Analyze => "analyze",
            Self::Stems => "stems",
            Self::Render => "render",
            Self::Write => "write",
            Self::Verify => "verify",
            Self::ReportPage => "report",
            Self::Pack => "pack",
        }
    }
}

impl From<Phase> for Step {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Analyze => Self::Analyze,
            Phase::Render => Self::Render,
            Phase::Write => Self::Write,
            Phase::Verify => Self::Verify,
        }
    }
}

/// Told what goes on, from several threads where several mixes are worked on.
pub trait Observer: Sync {
    /// `done` of `total` of a step for one input.
    fn progress(&self, input: &Path, step: Step, done: u64, total: Option<u64>) {
        let _ = (input, step, done, total);
    }

    /// An input is done with, well or not.
    fn finished(&self, input: &Path) {
        let _ = input;
    }

    /// Something that is good to know.
    fn note(&self, text: &str) {
        let _ = text;
    }

    /// Something that the user should act on.
    fn warn(&self, text: &str) {
        let _ = text;
    }

    /// Whether to stop. Asked at every block; the work then ends with
    /// [`EngineError::Canceled`](crate::EngineError::Canceled) and leaves nothing behind.
    fn is_canceled(&self) -> bool {
        false
    }
}

/// Is told, says nothing, never stops.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}

/// What samples without a file are called in messages and to observers.
pub(crate) const SAMPLES: &str = "samples";

/// Ends the work where the observer asks for it.
///
/// # Errors
/// [`Canceled`] then.
pub fn go_on(observer: &dyn Observer) -> Result<(), Canceled> {
    if observer.is_canceled() {
        return Err(Canceled);
    }
    Ok(())
}

/// Tells an observer how far one input is, and stops where the observer asks for it: the pipeline's [`Progress`].
pub struct FileProgress<'a> {
    observer: &'a dyn Observer,
    input: &'a Path,
}

impl<'a> FileProgress<'a> {
    /// For one input, by the name that the observer knows it by.
    pub fn new(observer: &'a dyn Observer, input: &'a Path) -> Self {
        Self { observer, input }
    }

    /// A share, 0 to 1, of a step that counts thousandths.
    pub fn share(&self, step: Step, share: f64) {
        let done = (1000.0 * share.clamp(0.0, 1.0)) as u64;
        self.observer.progress(self.input, step, done, Some(1000));
    }
}

impl Progress for FileProgress<'_> {
    fn at(&mut self, phase: Phase, done: u64, total: Option<u64>) -> Result<(), Canceled> {
        self.observer
            .progress(self.input, phase.into(), done, total);
        go_on(self.observer)
    }
}

/// A source whose reader stops where the observer asks for it.
pub(crate) struct Watched<'a, S> {
    pub(crate) inner: S,
    pub(crate) observer: &'a dyn Observer,
}

/// A stem at the rate of its mix.
pub(crate) type StemSource<'a> = Watched<'a, AtRate<Decoder>>;

impl<S: Source> Source for Watched<'_, S> {
    fn spec(&self) -> Spec {
        self.inner.spec()
    }

    fn frames_hint(&self) -> Option<u64> {
        self.inner.frames_hint()
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        go_on(self.observer)?;
        self.inner.read(block, max_frames)
    }

    fn skip(&mut self, frames: u64) -> Result<(), StreamError> {
        self.inner.skip(frames)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.inner.rewind()
    }
}
