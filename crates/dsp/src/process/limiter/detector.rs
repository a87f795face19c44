//! [`Detector`]: the half of the limiter that only listens, and can run ahead of the other.

use std::ops::Range;

use super::CHUNK_FRAMES;
use super::stages::LowBand;
use crate::Audio;
use crate::measure::peak_envelope::PeakEnvelope;

/// How far the signal and its low band reach around each frame, before the drive.
#[derive(Clone)]
pub(super) struct Detector {
    /// Peaks at or below this need no gain.
    floor: f32,
    envelope: PeakEnvelope,
    low_band: LowBand,
    delay_frames: usize,
    input: Audio,
    /// Peaks that wait for the low band, then those of the chunk.
    peaks: Vec<f32>,
}

/// What the [`Detector`] found in some frames, one value each, linear.
#[derive(Debug, Default)]
pub(super) struct Detected {
    /// Peaks of the signal.
    pub(super) peaks: Vec<f32>,
    /// Peaks of its low band.
    pub(super) low_peaks: Vec<f32>,
}

impl Detected {
    /// Empty, with room for some frames.
    pub(super) fn with_room_for(frames: usize) -> Self {
        Self {
            peaks: Vec::with_capacity(frames),
            low_peaks: Vec::with_capacity(frames),
        }
    }
}

impl Detector {
    /// A detector over 1 or 2 channels, after silence; peaks at or below `floor` may come out
    /// lower than they are.
    pub(super) fn new(sample_rate_hz: f64, channels: usize, floor: f32) -> Self {
        let envelope = PeakEnvelope::new(channels);
        let low_band = LowBand::new(sample_rate_hz);
        // The later of the two sets the time; a low band that is the earlier one is read a little
        // early, which its guard's look-ahead forgives.
        let delay_frames = low_band.delay_frames().max(envelope.latency_frames());
        Self {
            floor,
            peaks: vec![0.0; delay_frames - envelope.latency_frames() + CHUNK_FRAMES],
            envelope,
            low_band,
            delay_frames,
            // The detectors do not ask for the rate.
            input: Audio::silence(1, channels, CHUNK_FRAMES),
        }
    }

    /// Frames by which what is found comes after the signal.
    pub(super) fn delay_frames(&self) -> usize {
        self.delay_frames
    }

    /// Back to the state just after construction.
    pub(super) fn reset(&mut self) {
        self.envelope.reset();
        self.low_band.reset();
        self.peaks.fill(0.0);
    }

    /// Listens to a range of a block, whose samples are finite; what it finds replaces `detected`.
    pub(super) fn detect(&mut self, block: &Audio, range: Range<usize>, detected: &mut Detected) {
        detected.peaks.clear();
        detected.low_peaks.clear();
        let waiting = self.peaks.len() - CHUNK_FRAMES;
        let mut start = range.start;
        while start < range.end {
            let frames = CHUNK_FRAMES.min(range.end - start);
            self.input.set_frames(frames);
            for (input, channel) in self.input.channels_mut().zip(block.channels()) {
                input.copy_from_slice(&channel[start..start + frames]);
            }
            let peaks = &mut self.peaks[..waiting + frames];
            self.envelope
                .process_above(self.floor, &self.input, &mut peaks[waiting..]);
            detected.peaks.extend_from_slice(&peaks[..frames]);
            peaks.copy_within(frames.., 0);
            let at = detected.low_peaks.len();
            detected.low_peaks.resize(at + frames, 0.0);
            self.low_band
                .process(&self.input, &mut detected.low_peaks[at..]);
            start += frames;
        }
    }
}
