//! [`Aligned`]: a stem as it lies in the mix. [`Added`]: parts of a mix that are added to it at another level.

use crate::Audio;
use crate::measure::levels::silence_non_finite;
use crate::stream::{Source, Spec, StreamError};

/// A stem as it lies in a mix: later or earlier by whole frames, with the mix's channels, and silence where it is over.
pub struct Aligned<S> {
    source: S,
    delay_frames: i64,
    spec: Spec,
    /// Silence still to come before the first frame.
    silence_frames: u64,
    read: Audio,
}

impl<S: Source> Aligned<S> {
    /// Of a stem with the sample rate of the mix, from its start.
    pub fn new(source: S, delay_frames: i64, mix: Spec) -> Self {
        let own = source.spec();
        Self {
            read: Audio::silence(own.sample_rate_hz, own.channels, 0),
            source,
            delay_frames,
            spec: mix,
            silence_frames: 0,
        }
    }

    /// Goes to where the mix starts.
    ///
    /// # Errors
    /// [`StreamError`] if the stem fails.
    pub fn rewind(&mut self) -> Result<(), StreamError> {
        self.source.rewind()?;
        self.silence_frames = self.delay_frames.max(0).unsigned_abs();
        self.source.skip(self.delay_frames.min(0).unsigned_abs())
    }

    /// Goes past the next `frames`.
    ///
    /// # Errors
    /// [`StreamError`] if the stem fails.
    pub fn skip(&mut self, frames: u64) -> Result<(), StreamError> {
        let silence = self.silence_frames.min(frames);
        self.silence_frames -= silence;
        self.source.skip(frames - silence)
    }

    /// Replaces `block` with the next `frames` frames.
    ///
    /// # Errors
    /// [`StreamError`] if the stem fails.
    pub fn fill(&mut self, block: &mut Audio, frames: usize) -> Result<(), StreamError> {
        *block = Audio::silence(self.spec.sample_rate_hz, self.spec.channels, frames);
        // No more than the block: the cast loses nothing.
        let mut at = self.silence_frames.min(frames as u64) as usize;
        self.silence_frames -= at as u64;
        while at < frames {
            let count = self.source.read(&mut self.read, frames - at)?;
            if count == 0 {
                break;
            }
            silence_non_finite(&mut self.read);
            copy(&self.read, block, at);
            at += count;
        }
        Ok(())
    }
}

/// Copies a block to a place in another one, which may have another number of channels.
fn copy(from: &Audio, to: &mut Audio, at: usize) {
    let channels = from.channels();
    let [Some(first), last] = [channels.first(), channels.last()] else {
        return;
    };
    let second = last.unwrap_or(first);
    if to.channel_count() == 1 {
        for channel in to.channels_mut() {
            let both = first.iter().zip(second);
            let out = channel[at..].iter_mut();
            out.zip(both).for_each(|(out, (l, r))| *out = 0.5 * (l + r));
        }
        return;
    }
    for (channel, samples) in to.channels_mut().zip([first, second]) {
        channel[at..at + samples.len()].copy_from_slice(samples);
    }
}

/// Adds one block to another, times a gain.
pub(super) fn add(to: &mut Audio, from: &Audio, gain: f32) {
    for (out, samples) in to.channels_mut().zip(from.channels()) {
        out.iter_mut()
            .zip(samples)
            .for_each(|(out, sample)| *out += gain * sample);
    }
}

/// Parts of a mix that are added to it once more, each with a gain: what another level of them makes of the mix.
pub struct Added<S> {
    parts: Vec<(Aligned<S>, f32)>,
    part: Audio,
}

impl<S: Source> Added<S> {
    /// Of parts with the gain that each is added with; [`rewind`](Self::rewind) comes first.
    pub fn new(parts: Vec<(Aligned<S>, f32)>) -> Self {
        Self {
            parts,
            part: Audio::silence(crate::stream::MIN_SAMPLE_RATE_HZ, 1, 0),
        }
    }

    /// Goes to where the mix starts.
    ///
    /// # Errors
    /// [`StreamError`] if a part fails.
    pub fn rewind(&mut self) -> Result<(), StreamError> {
        self.parts
            .iter_mut()
            .try_for_each(|(part, _)| part.rewind())
    }

    /// Goes past the next `frames`.
    ///
    /// # Errors
    /// [`StreamError`] if a part fails.
    pub fn skip(&mut self, frames: u64) -> Result<(), StreamError> {
        self.parts
            .iter_mut()
            .try_for_each(|(part, _)| part.skip(frames))
    }

    /// Adds the parts to the next block of the mix.
    ///
    /// # Errors
    /// [`StreamError`] if a part fails.
    pub fn add_to(&mut self, mix: &mut Audio) -> Result<(), StreamError> {
        for (part, gain) in &mut self.parts {
            part.fill(&mut self.part, mix.frames())?;
            add(mix, &self.part, *gain);
        }
        Ok(())
    }
}
