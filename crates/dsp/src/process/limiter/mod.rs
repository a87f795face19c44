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

pub(crate) mod detection;
mod detector;
pub mod gain;
mod moving_average;
mod pipelined;
mod sliding;
pub(crate) mod stages;
mod statistics;

use std::ops::Range;

pub use pipelined::for_each_limited;
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
    detector: Detector,
    /// Room for what the detector finds in a chunk.
    detected: Detected,
    gains: Gains,
    output: Output,
    latency_frames: usize,
}

/// The part of the limiter that turns what the detector found into gains.
struct Gains {
    drive: f64,
    stages: GainStages,
    peaks: [f64; CHUNK_FRAMES],
    low_peaks: [f64; CHUNK_FRAMES],
}

/// The part that applies them.
struct Output {
    drive: f64,
    delay: Vec<Vec<f32>>,
    position: usize,
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
        let drive = gain_from_db(limiter.drive_db);
        Self {
            detector,
            detected: Detected::with_room_for(CHUNK_FRAMES),
            gains: Gains {
                drive,
                stages,
                peaks: [0.0; CHUNK_FRAMES],
                low_peaks: [0.0; CHUNK_FRAMES],
            },
            output: Output {
                drive,
                delay: vec![vec![0.0; latency_frames.max(1)]; channels],
                position: 0,
                statistics: Statistics::new(spec.sample_rate_hz, latency_frames),
            },
            latency_frames,
        }
    }

    /// Also keeps a [`gain_trace`](Self::gain_trace), with room for `expected_frames` frames.
    /// Beyond that room, `process` allocates when the trace grows.
    #[must_use]
    pub fn with_gain_trace(mut self, expected_frames: u64) -> Self {
        self.output.statistics.keep_trace(expected_frames);
        self
    }

    /// The lowest gain (linear) of each 10 ms of the program, without the latency: entry `k`
    /// covers frames `floor(k·rate/100)..floor((k+1)·rate/100)`. Empty unless asked for; an
    /// interval appears when it is complete.
    pub fn gain_trace(&self) -> &[f32] {
        self.output.statistics.trace()
    }

    /// What the limiter has done to the program so far.
    pub fn reduction(&self) -> ReductionStatistics {
        self.output.statistics.summary()
    }
}

impl Gains {
    /// Puts gains (linear, drive not included) in the places of the peaks that were detected.
    fn find(&mut self, detected: &mut Detected) {
        let chunks = detected.peaks.chunks_mut(CHUNK_FRAMES);
        let low_chunks = detected.low_peaks.chunks(CHUNK_FRAMES);
        for (chunk, low_chunk) in chunks.zip(low_chunks) {
            let driven = |values: &[f32], to: &mut [f64]| {
                for (to, &value) in to.iter_mut().zip(values) {
                    *to = f64::from(value) * self.drive;
                }
            };
            let gains = &mut self.peaks[..chunk.len()];
            let used_up = &mut self.low_peaks[..chunk.len()];
            driven(chunk, gains);
            driven(low_chunk, used_up);
            self.stages.process(gains, used_up);
            for (to, &gain) in chunk.iter_mut().zip(&*gains) {
                *to = gain as f32;
            }
        }
    }
}

impl Output {
    /// Delays a range of a block, and applies drive and gains, which are used up.
    fn apply(&mut self, block: &mut Audio, range: Range<usize>, gains: &mut [f32]) {
        self.statistics.push(gains);
        if self.drive != 1.0 {
            for gain in &mut *gains {
                *gain = (f64::from(*gain) * self.drive) as f32;
            }
        }
        let mut position = self.position;
        for (delay, channel) in self.delay.iter_mut().zip(block.channels_mut()) {
            position = self.position;
            let mut left = &mut channel[range.clone()];
            while !left.is_empty() {
                let (now, later) = left.split_at_mut((delay.len() - position).min(left.len()));
                now.swap_with_slice(&mut delay[position..position + now.len()]);
                position = (position + now.len()) % delay.len();
                left = later;
            }
            for (sample, gain) in channel[range.clone()].iter_mut().zip(&*gains) {
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
            self.gains.find(&mut detected);
            self.output.apply(block, start..end, &mut detected.peaks);
            start = end;
        }
        self.detected = detected;
    }

    fn latency_frames(&self) -> usize {
        self.latency_frames
    }

    fn reset(&mut self) {
        self.detector.reset();
        self.gains.stages.reset();
        let Output {
            delay,
            position,
            statistics,
            ..
        } = &mut self.output;
        delay.iter_mut().for_each(|delay| delay.fill(0.0));
        *position = 0;
        statistics.reset();
    }

    fn gain_reduction_db(&self) -> f64 {
        self.reduction().max_db
    }
}
