//! DC filter: a second-order high-pass far below the music, for programs that stand off zero or drift.
//!
//! It starts as if the offset had been there for ever: its state is set from the first moments of the
//! program, which it looks ahead for, so that an offset leaves no thump at the start.

use crate::Audio;
use crate::process::{ProcessSpec, Processor, ResponseDb};
use crate::settings;

/// What is looked at ahead for the offset that the program starts with, s.
const PRIMING_S: f64 = 0.5;
/// A start that stays within this of its first sample for [`QUIET_START_S`] shows the offset by itself.
const QUIET_START: f32 = 1e-3;
/// Shortest quiet start, s.
const QUIET_START_S: f64 = 0.005;

/// True where the settings do nothing.
pub fn is_neutral(settings: &settings::Cleanup) -> bool {
    settings.dc_highpass_hz <= 0.0
}

/// Butterworth high-pass of second order as a state-variable filter (trapezoidal integrators: Zavalishin,
/// The Art of VA Filter Design, §4), f64 inside, late by 0.5 s. A corner of 0 Hz is exact identity without
/// latency.
#[derive(Clone, Debug)]
pub struct DcFilter {
    sample_rate_hz: f64,
    /// tan(π·fc/fs); 0 is neutral.
    corner_tan: f64,
    quiet_start_frames: usize,
    lanes: Vec<Lane>,
    /// Frames that were taken so far, up to the length of a delay line.
    seen_frames: usize,
    /// Place in the delay lines.
    at: usize,
}

#[derive(Clone, Debug)]
struct Lane {
    /// Band-passed and low-passed part.
    state: [f64; 2],
    delay: Vec<f32>,
}

impl DcFilter {
    /// Designs the filter.
    pub fn new(settings: &settings::Cleanup, spec: &ProcessSpec) -> Self {
        let sample_rate_hz = f64::from(spec.sample_rate_hz);
        let corner_hz = settings.dc_highpass_hz.clamp(0.0, 0.4 * sample_rate_hz);
        let delay_frames = if is_neutral(settings) {
            0
        } else {
            (PRIMING_S * sample_rate_hz) as usize
        };
        let lane = Lane {
            state: [0.0; 2],
            delay: vec![0.0; delay_frames],
        };
        Self {
            sample_rate_hz,
            corner_tan: libm::tan(std::f64::consts::PI * corner_hz / sample_rate_hz),
            quiet_start_frames: (QUIET_START_S * sample_rate_hz) as usize,
            lanes: vec![lane; spec.channels],
            seen_frames: 0,
            at: 0,
        }
    }
}

impl Lane {
    /// Sets the state to that of a filter which has seen the first offset for ever.
    fn prime(&mut self, quiet_start_frames: usize) {
        self.state = [0.0, first_offset(&self.delay, quiet_start_frames)];
    }

    /// Filters what the delay line gives back, and keeps the new samples in it from `at` on.
    fn process(&mut self, samples: &mut [f32], at: usize, tan: f64) {
        let damping = std::f64::consts::SQRT_2;
        let a1 = 1.0 / (1.0 + tan * (tan + damping));
        let a2 = tan * a1;
        let a3 = tan * a2;
        let [mut band_state, mut low_state] = self.state;
        for (sample, held) in samples.iter_mut().zip(&mut self.delay[at..]) {
            let input = f64::from(std::mem::replace(held, *sample));
            let v3 = input - low_state;
            let band = a1 * band_state + a2 * v3;
            let low = low_state + a2 * band_state + a3 * v3;
            band_state = 2.0 * band - band_state;
            low_state = 2.0 * low - low_state;
            *sample = (input - damping * band - low) as f32;
        }
        self.state = [band_state, low_state];
    }
}

/// The offset that a program starts with: the level of a quiet start, or the start of the line through the
/// samples (least squares under a Hann window, to which bass notes add next to nothing).
fn first_offset(samples: &[f32], quiet_start_frames: usize) -> f64 {
    let Some(&first) = samples.first() else {
        return 0.0;
    };
    let quiet_frames = samples
        .iter()
        .take_while(|&&x| (x - first).abs() < QUIET_START)
        .count();
    if quiet_frames >= quiet_start_frames.max(1) {
        let quiet = &samples[..quiet_frames];
        return quiet.iter().map(|&x| f64::from(x)).sum::<f64>() / quiet_frames as f64;
    }
    let frames = samples.len() as f64;
    let step = std::f64::consts::TAU / (frames + 1.0);
    let (mut weights, mut mean, mut spread, mut moment) = (0.0, 0.0, 0.0, 0.0);
    for (n, &x) in samples.iter().enumerate() {
        let weight = 1.0 - libm::cos(step * (n + 1) as f64);
        // From -1/2 to 1/2: its mean under the window is 0.
        let place = (n + 1) as f64 / (frames + 1.0) - 0.5;
        let x = f64::from(x);
        weights += weight;
        mean += weight * x;
        spread += weight * place * place;
        moment += weight * place * x;
    }
    mean / weights - 0.5 * moment / spread.max(f64::MIN_POSITIVE)
}

impl Processor for DcFilter {
    fn name(&self) -> &'static str {
        "cleanup"
    }

    fn process(&mut self, block: &mut Audio) {
        let delay_frames = self.latency_frames();
        if delay_frames == 0 {
            return;
        }
        let frames = block.frames();
        let mut start = 0;
        while start < frames {
            // Never over the end of a delay line.
            let count = (frames - start).min(delay_frames - self.at);
            if self.seen_frames < delay_frames {
                for (lane, samples) in self.lanes.iter_mut().zip(block.channels_mut()) {
                    let samples = &mut samples[start..start + count];
                    lane.delay[self.at..self.at + count].copy_from_slice(samples);
                    samples.fill(0.0);
                }
                self.seen_frames += count;
                if self.seen_frames == delay_frames {
                    for lane in &mut self.lanes {
                        lane.prime(self.quiet_start_frames);
                    }
                }
            } else {
                for (lane, samples) in self.lanes.iter_mut().zip(block.channels_mut()) {
                    lane.process(&mut samples[start..start + count], self.at, self.corner_tan);
                }
            }
            start += count;
            self.at = (self.at + count) % delay_frames;
        }
    }

    fn latency_frames(&self) -> usize {
        self.lanes.first().map_or(0, |lane| lane.delay.len())
    }

    fn reset(&mut self) {
        for lane in &mut self.lanes {
            lane.state = [0.0; 2];
            lane.delay.fill(0.0);
        }
        self.seen_frames = 0;
        self.at = 0;
    }

    fn response_db(&self, freq_hz: f64) -> Option<ResponseDb> {
        let gain_db = if self.corner_tan == 0.0 {
            0.0
        } else {
            let x =
                libm::tan(std::f64::consts::PI * freq_hz / self.sample_rate_hz) / self.corner_tan;
            let x4 = x * x * x * x;
            crate::units::db_from_power(x4 / (1.0 + x4))
        };
        Some(ResponseDb {
            mid_db: gain_db,
            side_db: gain_db,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use crate::process::processed;

    const SPEC: ProcessSpec = ProcessSpec {
        sample_rate_hz: 48_000,
        channels: 1,
        program_lufs: -14.0,
    };

    fn filtered(wave: impl Fn(f64) -> f64) -> Vec<f32> {
        let samples = (0..480_000)
            .map(|n| wave(f64::from(n) / 48_000.0) as f32)
            .collect();
        let cleanup = settings::Cleanup {
            dc_highpass_hz: 4.0,
            ..Settings::default().cleanup
        };
        let mut filter = DcFilter::new(&cleanup, &SPEC);
        let input = Audio::new(48_000, vec![samples]).unwrap();
        processed(&mut filter, &input).channel(0).to_vec()
    }

    fn mean(samples: &[f32]) -> f64 {
        samples.iter().map(|&s| f64::from(s)).sum::<f64>() / samples.len() as f64
    }

    #[test]
    fn a_constant_offset_is_gone_from_the_first_sample_on() {
        let square = |t: f64| {
            if (t * 1_000.0).fract() < 0.5 {
                0.5
            } else {
                -0.5
            }
        };
        let out = filtered(|t| 0.1 + square(t));
        for part in [0..480, 48_000..96_000, 479_520..480_000] {
            let offset = mean(&out[part.clone()]);
            assert!(offset.abs() < 6e-3, "{part:?}: {offset}");
            assert!(out[part].iter().all(|s| (s.abs() - 0.5).abs() < 0.02));
        }
    }

    #[test]
    fn a_start_without_the_offset_stays_silent() {
        let out = filtered(|t| if t < 0.2 { 0.0 } else { 0.1 });
        assert!(out[..9_600].iter().all(|&s| s == 0.0));
    }

    #[test]
    fn a_drift_is_followed() {
        let out =
            filtered(|t| 0.15 * (0.6 * t).sin() + 0.2 * (std::f64::consts::TAU * 440.0 * t).sin());
        for second in out.chunks(48_000) {
            assert!(mean(second).abs() < 2e-3, "{}", mean(second));
        }
    }
}
