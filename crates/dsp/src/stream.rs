//! Re-readable streams of blocks, so that a file of any length is processed in flat memory.

use crate::Audio;

/// Frames in the blocks that the stages exchange, unless a caller asks for another size.
pub const BLOCK_FRAMES: usize = 16_384;

/// Lowest sample rate that is mastered, Hz.
pub const MIN_SAMPLE_RATE_HZ: u32 = 8_000;

/// Highest sample rate that is mastered, Hz.
pub const MAX_SAMPLE_RATE_HZ: u32 = 192_000;

/// What a stream carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Sample rate in Hz.
    pub sample_rate_hz: u32,
    /// 1 or 2.
    pub channels: usize,
}

/// A failure of whatever stands behind a stream (a file, a pipe), passed through unchanged.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct StreamError(#[from] pub Box<dyn std::error::Error + Send + Sync>);

impl StreamError {
    /// Wraps the underlying error.
    pub fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

impl StreamError {
    /// True where somebody asked to stop, and nothing failed.
    pub fn is_canceled(&self) -> bool {
        self.0.is::<Canceled>()
    }
}

/// Somebody asked to stop: what is told of the progress answers with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped on request")]
pub struct Canceled;

impl From<Canceled> for StreamError {
    fn from(canceled: Canceled) -> Self {
        Self::new(canceled)
    }
}

/// Told the frames read so far after every block; an error stops the pass.
pub type OnFrames<'a> = dyn FnMut(u64) -> Result<(), StreamError> + 'a;

/// A stream of blocks that can be read again from its start.
pub trait Source: Send {
    /// Sample rate and channels; constant over the life of the source.
    fn spec(&self) -> Spec;

    /// Number of frames where the source knows it beforehand (a progress bar's length, never a
    /// promise).
    fn frames_hint(&self) -> Option<u64>;

    /// Replaces the contents of `block` with the next frames, at most `max_frames`, and returns
    /// how many; 0 only at the end. `block` has this source's spec.
    ///
    /// # Errors
    /// [`StreamError`] when the stream behind it fails.
    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError>;

    /// Goes past the next `frames`, or what is left of them before the end.
    ///
    /// # Errors
    /// [`StreamError`] when the stream behind it fails.
    fn skip(&mut self, mut frames: u64) -> Result<(), StreamError> {
        let spec = self.spec();
        let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
        while frames > 0 {
            // No more than a block: the cast loses nothing.
            let at_most = frames.min(BLOCK_FRAMES as u64) as usize;
            match self.read(&mut block, at_most)? {
                0 => break,
                passed => frames -= passed as u64,
            }
        }
        Ok(())
    }

    /// Goes back to the first frame.
    ///
    /// # Errors
    /// [`StreamError`] when the stream behind it fails.
    fn rewind(&mut self) -> Result<(), StreamError>;
}

/// A receiver of blocks.
pub trait Sink: Send {
    /// Takes the next frames.
    ///
    /// # Errors
    /// [`StreamError`] when the stream behind it fails.
    fn write(&mut self, block: &Audio) -> Result<(), StreamError>;

    /// Completes what was written (headers, buffers). Nothing may be written afterwards.
    ///
    /// # Errors
    /// [`StreamError`] when the stream behind it fails.
    fn finish(&mut self) -> Result<(), StreamError>;
}

impl<S: Source + ?Sized> Source for &mut S {
    fn spec(&self) -> Spec {
        (**self).spec()
    }

    fn frames_hint(&self) -> Option<u64> {
        (**self).frames_hint()
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        (**self).read(block, max_frames)
    }

    fn skip(&mut self, frames: u64) -> Result<(), StreamError> {
        (**self).skip(frames)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        (**self).rewind()
    }
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn write(&mut self, block: &Audio) -> Result<(), StreamError> {
        (**self).write(block)
    }

    fn finish(&mut self) -> Result<(), StreamError> {
        (**self).finish()
    }
}

/// Audio in memory as a source.
#[derive(Clone, Debug)]
pub struct AudioSource {
    audio: Audio,
    position_frames: usize,
}

impl AudioSource {
    /// Streams a signal in memory.
    pub fn new(audio: Audio) -> Self {
        Self {
            audio,
            position_frames: 0,
        }
    }
}

impl Source for AudioSource {
    fn spec(&self) -> Spec {
        Spec {
            sample_rate_hz: self.audio.sample_rate_hz(),
            channels: self.audio.channel_count(),
        }
    }

    fn frames_hint(&self) -> Option<u64> {
        Some(self.audio.frames() as u64)
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        let start = self.position_frames;
        let end = (start + max_frames).min(self.audio.frames());
        block.set_frames(end - start);
        for (out, channel) in block.channels_mut().zip(self.audio.channels()) {
            out.copy_from_slice(&channel[start..end]);
        }
        self.position_frames = end;
        Ok(end - start)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.position_frames = 0;
        Ok(())
    }
}

/// Written at its end and read from its position: a place for a signal that is read again.
impl Sink for AudioSource {
    fn write(&mut self, block: &Audio) -> Result<(), StreamError> {
        self.audio.write(block)
    }

    fn finish(&mut self) -> Result<(), StreamError> {
        self.audio.finish()
    }
}

/// A sink that keeps what it gets in memory.
impl Sink for Audio {
    fn write(&mut self, block: &Audio) -> Result<(), StreamError> {
        self.append(block);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), StreamError> {
        Ok(())
    }
}

/// A source whose blocks pass through a function where they are read.
pub struct Tapped<'a, F> {
    source: &'a mut dyn Source,
    tap: F,
}

impl<'a, F> Tapped<'a, F>
where
    F: FnMut(&mut Audio) -> Result<(), StreamError> + Send,
{
    /// Taps a source; `tap` may change the block but not its length.
    pub fn new(source: &'a mut dyn Source, tap: F) -> Self {
        Self { source, tap }
    }
}

impl<F> Source for Tapped<'_, F>
where
    F: FnMut(&mut Audio) -> Result<(), StreamError> + Send,
{
    fn spec(&self) -> Spec {
        self.source.spec()
    }

    fn frames_hint(&self) -> Option<u64> {
        self.source.frames_hint()
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        let frames = self.source.read(block, max_frames)?;
        if frames > 0 {
            (self.tap)(block)?;
        }
        Ok(frames)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.source.rewind()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_only_reads_skips_by_reading() {
        let ramp: Vec<f32> = (0..3 * BLOCK_FRAMES).map(|n| n as f32).collect();
        let mut source = AudioSource::new(Audio::new(48_000, vec![ramp]).unwrap());
        let mut block = Audio::silence(48_000, 1, 0);
        source.skip(BLOCK_FRAMES as u64 + 5).unwrap();
        source.read(&mut block, 1).unwrap();
        assert_eq!(block.channel(0), [(BLOCK_FRAMES + 5) as f32]);
        source.skip(u64::MAX).unwrap();
        assert_eq!(source.read(&mut block, 1).unwrap(), 0);
    }
}
