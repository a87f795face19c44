//! [`Processed`]: a source behind a processor, as long and in the same place as without it.

use crate::Audio;
use crate::process::Processor;
use crate::stream::{Source, Spec, StreamError};

/// A source through a processor: the latency is trimmed and the tail flushed, so that as many frames
/// come out as go in, in place.
pub struct Processed<S: Source, P: Processor> {
    inner: WithTail<S>,
    stage: P,
    /// Frames at the start that are still to be dropped.
    to_skip: usize,
}

impl<S: Source, P: Processor> Processed<S, P> {
    /// Puts `stage`, built for the source's rate and channels, after `inner`, which stands at its
    /// start.
    pub fn new(inner: S, mut stage: P) -> Self {
        stage.reset();
        let latency_frames = stage.latency_frames();
        Self {
            inner: WithTail::new(inner, latency_frames),
            stage,
            to_skip: latency_frames,
        }
    }

    /// The processor, for its report.
    pub fn stage(&self) -> &P {
        &self.stage
    }

    /// Gives the processor back.
    pub fn into_stage(self) -> P {
        self.stage
    }
}

impl<S: Source, P: Processor> Source for Processed<S, P> {
    fn spec(&self) -> Spec {
        self.inner.spec()
    }

    fn frames_hint(&self) -> Option<u64> {
        self.inner.source.frames_hint()
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        if max_frames == 0 {
            block.set_frames(0);
            return Ok(0);
        }
        loop {
            let count = self.inner.read(block, max_frames)?;
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
        Ok(())
    }
}

/// A station that drops the first frames, which a processor on the way to it was late by. A block may
/// come out empty.
pub fn trimmed(latency_frames: usize) -> impl FnMut(&mut Audio) -> Result<(), StreamError> + Send {
    let mut to_skip = latency_frames;
    move |block| {
        let skipped = to_skip.min(block.frames());
        to_skip -= skipped;
        block.drop_front(skipped);
        Ok(())
    }
}

/// A source with silence after its end, for what a processor holds back.
pub struct WithTail<S> {
    source: S,
    latency_frames: usize,
    /// Frames of silence still to come.
    tail_frames: usize,
}

impl<S: Source> WithTail<S> {
    /// Silence of this length after `source`, which stands at its start.
    pub fn new(source: S, latency_frames: usize) -> Self {
        Self {
            source,
            latency_frames,
            tail_frames: latency_frames,
        }
    }
}

impl<S: Source> Source for WithTail<S> {
    fn spec(&self) -> Spec {
        self.source.spec()
    }

    fn frames_hint(&self) -> Option<u64> {
        let frames = self.source.frames_hint()?;
        Some(frames + self.latency_frames as u64)
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        let frames = self.source.read(block, max_frames)?;
        if frames > 0 {
            return Ok(frames);
        }
        let silent_frames = self.tail_frames.min(max_frames);
        self.tail_frames -= silent_frames;
        block.set_frames(0);
        block.set_frames(silent_frames);
        Ok(silent_frames)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.tail_frames = self.latency_frames;
        self.source.rewind()
    }
}
