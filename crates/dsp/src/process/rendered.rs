//! [`Rendered`]: a source behind a processor, as long and in the same place as without it.

use crate::Audio;
use crate::process::Processor;
use crate::stream::{Source, Spec, StreamError};

/// A source through a processor: the latency is trimmed and the tail flushed, so that as many frames
/// come out as go in, in place.
pub struct Rendered<S: Source, P: Processor> {
    inner: S,
    stage: P,
    /// Frames at the start that are still to be dropped.
    to_skip: usize,
    /// Frames of silence that are still to be fed after the source's end.
    tail: usize,
}

impl<S: Source, P: Processor> Rendered<S, P> {
    /// Puts `stage`, built for the source's rate and channels, after `inner`, which stands at its
    /// start.
    pub fn new(inner: S, mut stage: P) -> Self {
        stage.reset();
        let latency_frames = stage.latency_frames();
        Self {
            inner,
            stage,
            to_skip: latency_frames,
            tail: latency_frames,
        }
    }

    /// The processor, for its report.
    pub fn stage(&self) -> &P {
        &self.stage
    }

    /// Gives the source back.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: Source, P: Processor> Source for Rendered<S, P> {
    fn spec(&self) -> Spec {
        self.inner.spec()
    }

    fn frames_hint(&self) -> Option<u64> {
        self.inner.frames_hint()
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        if max_frames == 0 {
            block.set_frames(0);
            return Ok(0);
        }
        loop {
            let mut count = self.inner.read(block, max_frames)?;
            if count == 0 {
                count = self.tail.min(max_frames);
                self.tail -= count;
                block.set_frames(0);
                block.set_frames(count);
            }
            if count == 0 {
                return Ok(0);
            }
            self.stage.process(block);
            let skipped = self.to_skip.min(count);
            self.to_skip -= skipped;
            block.drop_front(skipped);
            if count > skipped {
                return Ok(count - skipped);
            }
        }
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.inner.rewind()?;
        self.stage.reset();
        self.to_skip = self.stage.latency_frames();
        self.tail = self.to_skip;
        Ok(())
    }
}
