//! [`Audio`]: planar samples of one or two channels, a whole short signal or one block.

use thiserror::Error;

/// Why an [`Audio`] could not be made.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AudioError {
    /// Neither mono nor stereo.
    #[error("expected 1 or 2 channels, got {got}")]
    Channels {
        /// Number of channels found.
        got: usize,
    },
    /// Channels of different lengths.
    #[error("expected channels of equal length, got {left} and {right} frames")]
    Lengths {
        /// Frames in the first channel.
        left: usize,
        /// Frames in the second channel.
        right: usize,
    },
}

/// Planar samples, shape `[channels][frames]`, one or two channels of equal length.
#[derive(Clone, Debug, PartialEq)]
pub struct Audio {
    sample_rate_hz: u32,
    channels: Vec<Vec<f32>>,
}

impl Audio {
    /// Wraps planar samples.
    ///
    /// # Errors
    /// [`AudioError`] unless there are one or two channels of equal length.
    pub fn new(sample_rate_hz: u32, channels: Vec<Vec<f32>>) -> Result<Self, AudioError> {
        match channels.as_slice() {
            [_] => {}
            [left, right] if left.len() == right.len() => {}
            [left, right] => {
                return Err(AudioError::Lengths {
                    left: left.len(),
                    right: right.len(),
                });
            }
            other => return Err(AudioError::Channels { got: other.len() }),
        }
        Ok(Self {
            sample_rate_hz,
            channels,
        })
    }

    /// Silence of `frames` frames. More than two channels are taken as two.
    pub fn silence(sample_rate_hz: u32, channels: usize, frames: usize) -> Self {
        Self {
            sample_rate_hz,
            channels: vec![vec![0.0; frames]; channels.clamp(1, 2)],
        }
    }

    /// Sample rate in Hz.
    pub fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    /// 1 or 2.
    pub fn channel_count(&self) -> usize {
        self.channels.len()
    }

    /// Number of frames.
    pub fn frames(&self) -> usize {
        self.channels[0].len()
    }

    /// True when it holds no frame.
    pub fn is_empty(&self) -> bool {
        self.frames() == 0
    }

    /// All channels, shape `[channels][frames]`.
    pub fn channels(&self) -> &[Vec<f32>] {
        &self.channels
    }

    /// One channel as a slice of frames.
    pub fn channel(&self, index: usize) -> &[f32] {
        &self.channels[index]
    }

    /// One frame; a mono signal leaves the second channel at zero.
    #[inline]
    pub(crate) fn frame(&self, index: usize) -> [f64; 2] {
        match self.channels.as_slice() {
            [left, right, ..] => [f64::from(left[index]), f64::from(right[index])],
            [mono] => [f64::from(mono[index]), 0.0],
            [] => [0.0; 2],
        }
    }

    /// The first channel and, in stereo, the second, both writable.
    pub fn split_mut(&mut self) -> (&mut [f32], Option<&mut [f32]>) {
        match self.channels.as_mut_slice() {
            [mono] => (mono, None),
            [left, right, ..] => (left, Some(right)),
            [] => (&mut [], None),
        }
    }

    /// Each channel, writable, in order.
    pub fn channels_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.channels.iter_mut().map(Vec::as_mut_slice)
    }

    /// Makes it `frames` long: cut at the end, or filled with silence. Allocates only when it
    /// grows beyond its largest size so far.
    pub fn set_frames(&mut self, frames: usize) {
        for channel in &mut self.channels {
            channel.resize(frames, 0.0);
        }
    }

    /// Drops the first `frames` frames.
    pub fn drop_front(&mut self, frames: usize) {
        let frames = frames.min(self.frames());
        for channel in &mut self.channels {
            channel.drain(..frames);
        }
    }

    /// Appends the frames of a block with the same number of channels.
    pub fn append(&mut self, block: &Audio) {
        debug_assert_eq!(self.channel_count(), block.channel_count());
        for (channel, more) in self.channels.iter_mut().zip(&block.channels) {
            channel.extend_from_slice(more);
        }
    }

    /// A copy of frames `start..end` (both clipped to the length).
    pub fn slice(&self, start: usize, end: usize) -> Audio {
        let end = end.min(self.frames());
        let start = start.min(end);
        Self {
            sample_rate_hz: self.sample_rate_hz,
            channels: self
                .channels
                .iter()
                .map(|c| c[start..end].to_vec())
                .collect(),
        }
    }

    /// Multiplies every sample by a linear gain.
    pub fn scale(&mut self, gain: f32) {
        for channel in &mut self.channels {
            for sample in channel {
                *sample *= gain;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_checked_once_at_construction() {
        assert!(Audio::new(48_000, vec![vec![0.0; 3], vec![0.0; 3]]).is_ok());
        assert_eq!(
            Audio::new(48_000, vec![vec![0.0; 3], vec![0.0; 2]]),
            Err(AudioError::Lengths { left: 3, right: 2 })
        );
        assert_eq!(
            Audio::new(48_000, vec![vec![]; 3]),
            Err(AudioError::Channels { got: 3 })
        );
    }
}
