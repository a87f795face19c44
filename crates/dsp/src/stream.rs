//! Re-readable streams of blocks, so that a file of any length is processed in flat memory.

use std::panic::resume_unwind;
use std::sync::mpsc;
use std::thread;

use crate::Audio;

/// Frames in the blocks that the stages exchange, unless a caller asks for another size.
pub const BLOCK_FRAMES: usize = 16_384;

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

/// Blocks that a reader may be ahead.
const READ_AHEAD: usize = 2;

/// Hands every block of a source to `take`, from its start; `take` may change the block. Where there
/// is a thread to spare, the source is read ahead on it.
///
/// # Errors
/// [`StreamError`] when the source or `take` fails.
pub fn for_each_block(
    source: &mut dyn Source,
    take: &mut dyn FnMut(&mut Audio) -> Result<(), StreamError>,
) -> Result<(), StreamError> {
    source.rewind()?;
    if has_a_thread_to_spare() {
        return read_ahead(source, take);
    }
    let spec = source.spec();
    let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, BLOCK_FRAMES);
    while source.read(&mut block, BLOCK_FRAMES)? > 0 {
        take(&mut block)?;
    }
    Ok(())
}

/// Inside the pool every thread has a programme of its own.
fn has_a_thread_to_spare() -> bool {
    rayon::current_thread_index().is_none() && rayon::current_num_threads() > 1
}

fn read_ahead(
    source: &mut dyn Source,
    take: &mut dyn FnMut(&mut Audio) -> Result<(), StreamError>,
) -> Result<(), StreamError> {
    let spec = source.spec();
    let (give, filled) = mpsc::sync_channel(READ_AHEAD);
    let (give_back, emptied) = mpsc::channel();
    thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let fresh = || Audio::silence(spec.sample_rate_hz, spec.channels, BLOCK_FRAMES);
            let blocks = std::iter::repeat_with(fresh).take(READ_AHEAD + 1);
            for mut block in blocks.chain(emptied) {
                let read = match source.read(&mut block, BLOCK_FRAMES) {
                    Ok(0) => return,
                    Ok(_) => Ok(block),
                    Err(error) => Err(error),
                };
                let failed = read.is_err();
                // Nobody listens where `take` failed.
                if give.send(read).is_err() || failed {
                    return;
                }
            }
        });
        let mut outcome = Ok(());
        for block in filled {
            outcome = block.and_then(|mut block| {
                take(&mut block)?;
                // The reader may have ended already.
                let _ = give_back.send(block);
                Ok(())
            });
            if outcome.is_err() {
                break;
            }
        }
        drop(give_back);
        match reader.join() {
            Ok(()) => outcome,
            Err(panic) => resume_unwind(panic),
        }
    })
}

/// A source whose blocks pass through a function where they are read: half of the work of a pass,
/// for the reader's thread.
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

/// Reads a whole source into memory, from its start. For short signals and tests.
///
/// # Errors
/// [`StreamError`] when the source fails.
pub fn read_all(source: &mut dyn Source) -> Result<Audio, StreamError> {
    let spec = source.spec();
    let mut all = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    for_each_block(source, &mut |block| {
        all.append(block);
        Ok(())
    })?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails after some blocks.
    struct Failing {
        blocks: usize,
    }

    impl Source for Failing {
        fn spec(&self) -> Spec {
            Spec {
                sample_rate_hz: 48_000,
                channels: 1,
            }
        }

        fn frames_hint(&self) -> Option<u64> {
            None
        }

        fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
            self.blocks = self
                .blocks
                .checked_sub(1)
                .ok_or_else(|| StreamError::new("the end of the tape"))?;
            block.set_frames(max_frames);
            Ok(max_frames)
        }

        fn rewind(&mut self) -> Result<(), StreamError> {
            Ok(())
        }
    }

    type ForEach = fn(
        &mut dyn Source,
        &mut dyn FnMut(&mut Audio) -> Result<(), StreamError>,
    ) -> Result<(), StreamError>;

    /// With and without a reader's thread.
    const BOTH: [ForEach; 2] = [for_each_block, read_ahead];

    #[test]
    fn every_block_comes_once_and_in_order() {
        let ramp: Vec<f32> = (0..10 * BLOCK_FRAMES + 77).map(|n| n as f32).collect();
        for for_each in BOTH {
            let audio = Audio::new(48_000, vec![ramp.clone()]).unwrap();
            let mut got = Vec::new();
            for_each(&mut AudioSource::new(audio), &mut |block| {
                got.extend_from_slice(block.channel(0));
                Ok(())
            })
            .unwrap();
            assert_eq!(got, ramp);
        }
    }

    #[test]
    fn what_was_read_before_a_failure_is_taken() {
        for for_each in BOTH {
            let mut taken = 0;
            let error = for_each(&mut Failing { blocks: 7 }, &mut |_| {
                taken += 1;
                Ok(())
            });
            assert_eq!(error.unwrap_err().to_string(), "the end of the tape");
            assert_eq!(taken, 7);
        }
    }

    #[test]
    fn a_taker_that_fails_ends_the_reading() {
        for for_each in BOTH {
            let mut taken = 0;
            let error = for_each(&mut Failing { blocks: 1000 }, &mut |_| {
                taken += 1;
                Err(StreamError::new("disk full"))
            });
            assert_eq!(error.unwrap_err().to_string(), "disk full");
            assert_eq!(taken, 1);
        }
    }
}
