//! Drive and true-peak limiter: look-ahead, 8× oversampled detection, one smooth gain for all
//! channels.
//!
//! The [`PeakEnvelope`](peak_envelope::PeakEnvelope) of the input says how far the interpolated signal reaches around each
//! frame; two stages turn that into a gain: what the bass alone needs is taken slowly, the rest
//! by the [gain law](gain) of the settings, and the two together are never above the required gain.
//! The delayed input is multiplied by drive and gain at the base rate. Where nothing exceeds the
//! ceiling and the drive is 0 dB, the output is the delayed input, bit for bit.
//!
//! Detection leaves an overshoot of some hundredths of a dB on music (the grid's, and that of an
//! interpolator that ends at 0.47 of the sample rate), more where the spectrum is white;
//! [`SAFETY_DB`] is kept for it. The proof that a written file keeps its ceiling is the
//! verification's, not the limiter's.

mod ahead;
mod boxes;
pub(crate) mod detection;
mod detector;
pub mod gain;
mod sliding;
pub(crate) mod stages;
mod statistics;
#[cfg(test)]
mod test_signal;

use std::ops::Range;

pub use ahead::for_each_limited;
pub use statistics::ReductionStatistics;

use self::detector::{Detected, Detector};
use self::gain::GainLaw;
use self::stages::GainStages;
use self::statistics::Statistics;
use super::{ProcessSpec, Processor};
use crate::Audio;
use crate::measure::levels::silence_non_finite;
use crate::measure::peak_envelope;
use crate::settings;
use crate::units::gain_from_db;

/// How far below the ceiling the limiter aims, dB.
pub const SAFETY_DB: f64 = 0.14;

/// Frames handled at once; bounds the scratch memory.
const CHUNK_FRAMES: usize = 2 * peak_envelope::CHUNK_FRAMES;

impl GainLaw {
    /// The law that the limiter follows with these settings.
    pub fn from_settings(limiter: &settings::Limiter) -> Self {
        Self {
            lookahead_ms: limiter.lookahead_ms,
            hold_ms: limiter.hold_ms,
            fast_release_ms: limiter.fast_release_ms,
            release_ms: limiter.release_ms,
        }
    }
}

/// Drive and true-peak limiter.
pub struct Limiter {
    drive: f64,
    detector: Detector,
    /// Room for what the detector finds in a chunk.
    detected: Detected,
    stages: GainStages,
    latency_frames: usize,
    delay: Vec<Vec<f32>>,
    position: usize,
    stage_gains: [f64; CHUNK_FRAMES],
    stage_low_peaks: [f64; CHUNK_FRAMES],
    gains: [f32; CHUNK_FRAMES],
    statistics: Statistics,
}

impl Limiter {
    /// A limiter that keeps true peaks at or below `ceiling_dbtp`. `limiter` must have been
    /// validated.
    pub fn new(limiter: &settings::Limiter, ceiling_dbtp: f64, spec: &ProcessSpec) -> Self {
        let channels = spec.channels.clamp(1, 2);
        let rate_hz = f64::from(spec.sample_rate_hz);
        let ceiling = gain_from_db(ceiling_dbtp - SAFETY_DB);
        let stages = GainStages::new(&GainLaw::from_settings(limiter), ceiling, rate_hz, 0.0);
        let floor = (ceiling / gain_from_db(limiter.drive_db)) as f32;
        let detector = Detector::new(rate_hz, channels, floor);
        let latency_frames = detector.delay_frames() + stages.delay_frames();
        Self {
            drive: gain_from_db(limiter.drive_db),
            detector,
            detected: Detected::with_room_for(CHUNK_FRAMES),
            stages,
            latency_frames,
            delay: vec![vec![0.0; latency_frames.max(1)]; channels],
            position: 0,
            stage_gains: [0.0; CHUNK_FRAMES],
            stage_low_peaks: [0.0; CHUNK_FRAMES],
            gains: [0.0; CHUNK_FRAMES],
            statistics: Statistics::new(spec.sample_rate_hz, latency_frames),
        }
    }

    /// Also keeps a [`gain_trace`](Self::gain_trace), with room for `expected_frames` frames.
    /// Beyond that room, `process` allocates when the trace grows.
    #[must_use]
    pub fn with_gain_trace(mut self, expected_frames: u64) -> Self {
        self.statistics.keep_trace(expected_frames);
        self
    }

    /// The lowest gain (linear) of each 10 ms of the programme, without the latency: entry `k`
    /// covers frames `floor(k·rate/100)..floor((k+1)·rate/100)`. Empty unless asked for; an
    /// interval appears when it is complete.
    pub fn gain_trace(&self) -> &[f32] {
        self.statistics.trace()
    }

    /// What the limiter has done to the programme so far.
    pub fn reduction(&self) -> ReductionStatistics {
        self.statistics.summary()
    }

    /// Takes a range of a block whose samples are finite, and what the detector found in it.
    fn process_detected(&mut self, block: &mut Audio, range: Range<usize>, detected: &Detected) {
        let chunks = detected.peaks.chunks(CHUNK_FRAMES);
        let low_chunks = detected.low_peaks.chunks(CHUNK_FRAMES);
        let mut start = range.start;
        for (peaks, low_peaks) in chunks.zip(low_chunks) {
            let end = start + peaks.len();
            self.find_gains(peaks, low_peaks);
            let gains = &mut self.gains[..end - start];
            self.statistics.push(gains);
            if self.drive != 1.0 {
                for gain in gains {
                    *gain = (f64::from(*gain) * self.drive) as f32;
                }
            }
            self.apply(block, start..end);
            start = end;
        }
    }

    /// Gains (linear, drive not included) of a chunk.
    fn find_gains(&mut self, peaks: &[f32], low_peaks: &[f32]) {
        let driven = |values: &[f32], to: &mut [f64]| {
            for (to, &value) in to.iter_mut().zip(values) {
                *to = f64::from(value) * self.drive;
            }
        };
        let gains = &mut self.stage_gains[..peaks.len()];
        let used_up = &mut self.stage_low_peaks[..peaks.len()];
        driven(peaks, gains);
        driven(low_peaks, used_up);
        self.stages.process(gains, used_up);
        for (to, &gain) in self.gains.iter_mut().zip(&*gains) {
            *to = gain as f32;
        }
    }

    /// Delays a chunk of the block, and applies drive and gain.
    fn apply(&mut self, block: &mut Audio, chunk: Range<usize>) {
        let mut position = self.position;
        for (delay, channel) in self.delay.iter_mut().zip(block.channels_mut()) {
            position = self.position;
            let mut left = &mut channel[chunk.clone()];
            while !left.is_empty() {
                let (now, later) = left.split_at_mut((delay.len() - position).min(left.len()));
                now.swap_with_slice(&mut delay[position..position + now.len()]);
                position = (position + now.len()) % delay.len();
                left = later;
            }
            for (sample, gain) in channel[chunk.clone()].iter_mut().zip(&self.gains) {
                *sample *= gain;
            }
        }
        self.position = position;
    }
}

impl Processor for Limiter {
    fn name(&self) -> &'static str {
        "limiter"
    }

    fn process(&mut self, block: &mut Audio) {
        silence_non_finite(block);
        let mut detected = std::mem::take(&mut self.detected);
        let total = block.frames();
        let mut start = 0;
        while start < total {
            let end = total.min(start + CHUNK_FRAMES);
            self.detector.detect(block, start..end, &mut detected);
            self.process_detected(block, start..end, &detected);
            start = end;
        }
        self.detected = detected;
    }

    fn latency_frames(&self) -> usize {
        self.latency_frames
    }

    fn reset(&mut self) {
        self.detector.reset();
        self.stages.reset();
        self.delay.iter_mut().for_each(|delay| delay.fill(0.0));
        self.position = 0;
        self.statistics.reset();
    }

    fn gain_reduction_db(&self) -> f64 {
        self.statistics.summary().max_db
    }
}
