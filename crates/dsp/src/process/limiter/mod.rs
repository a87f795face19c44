//! Drive and true-peak limiter: look-ahead, 8× oversampled detection, one smooth gain for all
//! channels.
//!
//! The [`PeakEnvelope`] of the input says how far the interpolated signal reaches around each
//! frame; two stages turn that into a gain: what the bass alone needs is taken slowly, the rest
//! by the [gain law](gain) of the settings, and the two together are never above the required gain.
//! The delayed input is multiplied by drive and gain at the base rate. Where nothing exceeds the
//! ceiling and the drive is 0 dB, the output is the delayed input, bit for bit.
//!
//! Detection leaves an overshoot of some hundredths of a dB on music (the grid's, and that of an
//! interpolator that ends at 0.47 of the sample rate), more where the spectrum is white;
//! [`SAFETY_DB`] is kept for it. The proof that a written file keeps its ceiling is the
//! verification's, not the limiter's.

mod boxes;
pub(crate) mod detection;
pub mod gain;
mod sliding;
pub(crate) mod stages;
mod statistics;
#[cfg(test)]
mod test_signal;

pub use statistics::ReductionStatistics;

use self::gain::GainLaw;
use self::stages::{GainStages, LowBand};
use self::statistics::Statistics;
use super::{ProcessSpec, Processor};
use crate::Audio;
use crate::measure::peak_envelope::{self, PeakEnvelope};
use crate::settings;
use crate::units::gain_from_db;

/// How far below the ceiling the limiter aims, dB.
pub const SAFETY_DB: f64 = 0.1;

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
    /// Peaks at or below this need no gain.
    detection_floor: f32,
    envelope: PeakEnvelope,
    low_band: LowBand,
    stages: GainStages,
    latency_frames: usize,
    delay: Vec<Vec<f32>>,
    position: usize,
    input: Audio,
    /// Peaks that wait for the low band, then those of the chunk.
    peaks: Vec<f32>,
    low_peaks: [f32; CHUNK_FRAMES],
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
        let envelope = PeakEnvelope::new(channels);
        let low_band = LowBand::new(rate_hz);
        let ceiling = gain_from_db(ceiling_dbtp - SAFETY_DB);
        let stages = GainStages::new(&GainLaw::from_settings(limiter), ceiling, rate_hz, 0.0);
        // The later of the two detectors sets the time; a low band that is the earlier one is
        // read a little early, which its guard's look-ahead forgives.
        let detection_frames = low_band.delay_frames().max(envelope.latency_frames());
        let latency_frames = detection_frames + stages.delay_frames();
        Self {
            drive: gain_from_db(limiter.drive_db),
            detection_floor: (ceiling / gain_from_db(limiter.drive_db)) as f32,
            peaks: vec![0.0; detection_frames - envelope.latency_frames() + CHUNK_FRAMES],
            envelope,
            low_band,
            stages,
            latency_frames,
            delay: vec![vec![0.0; latency_frames.max(1)]; channels],
            position: 0,
            input: Audio::silence(spec.sample_rate_hz, channels, CHUNK_FRAMES),
            low_peaks: [0.0; CHUNK_FRAMES],
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

    /// Gains (linear, drive not included) of the chunk in `input`.
    fn find_gains(&mut self, frames: usize) {
        let waiting = self.peaks.len() - CHUNK_FRAMES;
        let peaks = &mut self.peaks[..waiting + frames];
        self.envelope
            .process_above(self.detection_floor, &self.input, &mut peaks[waiting..]);
        let low_peaks = &mut self.low_peaks[..frames];
        self.low_band.process(&self.input, low_peaks);
        let driven = |values: &[f32], to: &mut [f64]| {
            for (to, &value) in to.iter_mut().zip(values) {
                *to = f64::from(value) * self.drive;
            }
        };
        let gains = &mut self.stage_gains[..frames];
        let used_up = &mut self.stage_low_peaks[..frames];
        driven(peaks, gains);
        driven(low_peaks, used_up);
        self.stages.process(gains, used_up);
        for (to, &gain) in self.gains.iter_mut().zip(&*gains) {
            *to = gain as f32;
        }
        peaks.copy_within(frames.., 0);
    }

    /// Delays the chunk, and applies drive and gain.
    fn apply(&mut self, block: &mut Audio, start: usize, frames: usize) {
        let mut position = self.position;
        for ((delay, output), input) in self
            .delay
            .iter_mut()
            .zip(block.channels_mut())
            .zip(self.input.channels())
        {
            position = self.position;
            let output = &mut output[start..start + frames];
            let mut done = 0;
            while done < frames {
                let take = (delay.len() - position).min(frames - done);
                let held = &mut delay[position..position + take];
                output[done..done + take].copy_from_slice(held);
                held.copy_from_slice(&input[done..done + take]);
                done += take;
                position = if position + take == delay.len() {
                    0
                } else {
                    position + take
                };
            }
            for (sample, gain) in output.iter_mut().zip(&self.gains) {
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
        let total = block.frames();
        let mut start = 0;
        while start < total {
            let frames = CHUNK_FRAMES.min(total - start);
            self.input.set_frames(frames);
            for (input, channel) in self.input.channels_mut().zip(block.channels()) {
                for (to, &from) in input.iter_mut().zip(&channel[start..start + frames]) {
                    *to = if from.is_finite() { from } else { 0.0 };
                }
            }
            self.find_gains(frames);
            self.statistics.push(&self.gains[..frames]);
            if self.drive != 1.0 {
                for gain in &mut self.gains[..frames] {
                    *gain = (f64::from(*gain) * self.drive) as f32;
                }
            }
            self.apply(block, start, frames);
            start += frames;
        }
    }

    fn latency_frames(&self) -> usize {
        self.latency_frames
    }

    fn reset(&mut self) {
        self.envelope.reset();
        self.low_band.reset();
        self.peaks.fill(0.0);
        self.stages.reset();
        self.delay.iter_mut().for_each(|delay| delay.fill(0.0));
        self.position = 0;
        self.statistics.reset();
    }

    fn gain_reduction_db(&self) -> f64 {
        self.statistics.summary().max_db
    }
}
