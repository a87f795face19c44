//! Drive and true-peak limiter: look-ahead, 8× oversampled detection, one smooth gain for all
//! channels.
//!
//! The [`PeakEnvelope`] of the input says how far the interpolated signal reaches around each
//! frame; the [gain law](gain) turns that into a gain that is never above the required one; the
//! delayed input is multiplied by drive and gain at the base rate. Where nothing exceeds the
//! ceiling and the drive is 0 dB, the output is the delayed input, bit for bit.
//!
//! Detection leaves an overshoot of a few hundredths of a dB on music (the grid's, and that of a
//! short interpolator in the last tenth below half the sample rate; the moving gain adds none that
//! was found), more where the spectrum is white; [`SAFETY_DB`] is kept for it. The proof that a
//! written file keeps its ceiling is the verification's, not the limiter's.

pub mod gain;
mod statistics;

pub use statistics::ReductionStatistics;

use self::gain::{GainComputer, GainLaw, HOLD_MS, required_reduction};
use self::statistics::Statistics;
use super::{ProcessSpec, Processor};
use crate::Audio;
use crate::measure::true_peak::PeakEnvelope;
use crate::settings;
use crate::units::gain_from_db;

/// How far below the ceiling the limiter aims, dB.
pub const SAFETY_DB: f64 = 0.05;

/// Frames handled at once; bounds the scratch memory.
const CHUNK_FRAMES: usize = 512;

impl GainLaw {
    /// The law that the limiter follows with these settings.
    pub fn from_settings(limiter: &settings::Limiter) -> Self {
        Self {
            lookahead_ms: limiter.lookahead_ms,
            hold_ms: HOLD_MS,
            release_ms: limiter.release_ms,
        }
    }
}

/// Drive and true-peak limiter.
pub struct Limiter {
    drive: f64,
    ceiling: f64,
    envelope: PeakEnvelope,
    computer: GainComputer,
    delay: Vec<Vec<f32>>,
    position: usize,
    input: Audio,
    peaks: [f32; CHUNK_FRAMES],
    gains: [f32; CHUNK_FRAMES],
    statistics: Statistics,
}

impl Limiter {
    /// A limiter that keeps true peaks at or below `ceiling_dbtp`. `limiter` must have been
    /// validated.
    pub fn new(limiter: &settings::Limiter, ceiling_dbtp: f64, spec: &ProcessSpec) -> Self {
        let channels = spec.channels.clamp(1, 2);
        let envelope = PeakEnvelope::new(channels);
        let computer = GainComputer::new(
            &GainLaw::from_settings(limiter),
            f64::from(spec.sample_rate_hz),
        );
        let latency_frames = envelope.latency_frames() + computer.delay_frames();
        Self {
            drive: gain_from_db(limiter.drive_db),
            ceiling: gain_from_db(ceiling_dbtp - SAFETY_DB),
            envelope,
            computer,
            delay: vec![vec![0.0; latency_frames.max(1)]; channels],
            position: 0,
            input: Audio::silence(spec.sample_rate_hz, channels, CHUNK_FRAMES),
            peaks: [0.0; CHUNK_FRAMES],
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
            self.envelope
                .process(&self.input, &mut self.peaks[..frames]);
            for (&peak, gain) in self.peaks[..frames].iter().zip(&mut self.gains) {
                let peak = f64::from(peak) * self.drive;
                let reduced = self
                    .computer
                    .next_gain(required_reduction(peak, self.ceiling));
                *gain = reduced as f32;
            }
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
        self.envelope.latency_frames() + self.computer.delay_frames()
    }

    fn reset(&mut self) {
        self.envelope.reset();
        self.computer.reset();
        self.delay.iter_mut().for_each(|delay| delay.fill(0.0));
        self.position = 0;
        self.statistics.reset();
    }

    fn gain_reduction_db(&self) -> f64 {
        self.statistics.summary().max_db
    }
}
