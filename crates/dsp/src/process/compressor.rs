//! Glue compressor: stereo-linked, feed-forward, in the log domain, after Giannoulis, Massberg and
//! Reiss, "Digital Dynamic Range Compressor Design", JAES 60(6), 2012: soft-knee gain computer
//! (their eq. 4), then the smooth decoupled peak detector (their eq. 17) on the gain reduction.
//!
//! The sidechain is high-passed (2nd-order Butterworth) so that the bass does not pump the rest,
//! and averaged over 7.5 ms. Its level is the power summed over the channels as in BS.1770, in LU
//! above the program's integrated loudness, so that the threshold follows the program. It is
//! not K-weighted. There is no make-up gain.
//!
//! Gain is computed once per control period of about 0.36 ms and ramped linearly over the next
//! one: it lags by one to two periods, far below the shortest attack, and depends on the sample
//! position alone.

use crate::Audio;
use crate::process::{ProcessSpec, Processor};
use crate::settings;
use crate::units::{db_from_gain, db_from_power, gain_from_db};

/// Distance of two gain values, s: 16 frames at 44.1 kHz.
const CONTROL_PERIOD_S: f64 = 0.000_36;
/// Time constant of the sidechain's mean square, s.
const AVERAGING_S: f64 = 0.007_5;
/// Power below which the sidechain is silent: -200 dBFS.
const SILENCE_POWER: f64 = 1e-20;

/// Static gain reduction of the compressed signal in dB, positive, for a sidechain level in LU
/// above the program's integrated loudness (Giannoulis et al. 2012, eq. 4). `mix` is not in it.
pub fn gain_reduction_db(level_lu: f64, settings: &settings::Compressor) -> f64 {
    let slope = 1.0 - 1.0 / settings.ratio.max(1.0);
    let over_db = level_lu - settings.threshold_lu;
    soft_knee_db(slope, over_db, settings.knee_db.max(0.0))
}

/// The reduction for a level over the threshold, dB, by the slope of the static curve: 1 for a limiter.
pub(super) fn soft_knee_db(slope: f64, over_db: f64, knee_db: f64) -> f64 {
    if 2.0 * over_db <= -knee_db {
        0.0
    } else if 2.0 * over_db < knee_db {
        let into_knee_db = over_db + knee_db / 2.0;
        slope * into_knee_db * into_knee_db / (2.0 * knee_db)
    } else {
        slope * over_db
    }
}

/// True where the settings do nothing.
pub fn is_neutral(settings: &settings::Compressor) -> bool {
    settings.ratio <= 1.0 || settings.mix <= 0.0
}

/// The compressor stage. A ratio of 1, a mix of 0 and a program without loudness are exact
/// identity.
#[derive(Clone, Debug)]
pub struct Compressor {
    settings: settings::Compressor,
    program_lufs: f64,
    neutral: bool,
    highpass: HighPass,
    detector: Detector,
    period_frames: usize,
    /// Frames of the current control period that have passed.
    position_frames: usize,
    /// Sum of squares over the current control period, per channel.
    energy: [f64; 2],
    /// Gain at the start of the current control period, and its step per frame.
    gain: f32,
    gain_step: f32,
    /// Gain at the end of the current control period.
    next_gain: f32,
    lowest_gain: f32,
}

impl Compressor {
    /// Resolves time constants and filters.
    pub fn new(settings: &settings::Compressor, spec: &ProcessSpec) -> Self {
        let rate_hz = f64::from(spec.sample_rate_hz);
        let period_frames = (libm::round(rate_hz * CONTROL_PERIOD_S) as usize).max(1);
        let period_s = period_frames as f64 / rate_hz;
        Self {
            settings: *settings,
            program_lufs: spec.program_lufs,
            neutral: is_neutral(settings) || !spec.program_lufs.is_finite(),
            highpass: HighPass::new(settings.sidechain_highpass_hz, rate_hz),
            detector: Detector::new(settings, period_s),
            period_frames,
            position_frames: 0,
            energy: [0.0; 2],
            gain: 1.0,
            gain_step: 0.0,
            next_gain: 1.0,
            lowest_gain: 1.0,
        }
    }

    /// Ends a control period: from its energy to the ramp of the next one.
    fn update_gain(&mut self) {
        let power = (self.energy[0] + self.energy[1]) / self.period_frames as f64;
        self.energy = [0.0; 2];
        self.position_frames = 0;
        let power = if power.is_finite() {
            power
        } else {
            // One sample that is no number must not silence the rest of the program.
            self.highpass.reset();
            0.0
        };
        let mean_square = self.detector.average(power).max(SILENCE_POWER);
        let level_lu = db_from_power(mean_square) - self.program_lufs;
        let wanted_db = gain_reduction_db(level_lu, &self.settings);
        let reduction_db = self.detector.smooth(wanted_db);
        let mix = self.settings.mix;
        self.gain = self.next_gain;
        self.next_gain = (1.0 - mix + mix * gain_from_db(-reduction_db)) as f32;
        self.gain_step = (self.next_gain - self.gain) / self.period_frames as f32;
        self.lowest_gain = self.lowest_gain.min(self.next_gain);
    }

    fn apply_ramp(&self, channel: &mut [f32]) {
        let first = self.position_frames;
        for (n, sample) in channel.iter_mut().enumerate() {
            *sample *= self.gain + self.gain_step * (first + n + 1) as i32 as f32;
        }
    }
}

impl Processor for Compressor {
    fn name(&self) -> &'static str {
        "compressor"
    }

    fn process(&mut self, block: &mut Audio) {
        if self.neutral {
            return;
        }
        let (left, mut right) = block.split_mut();
        let mut start = 0;
        while start < left.len() {
            let count = (self.period_frames - self.position_frames).min(left.len() - start);
            let left = &mut left[start..start + count];
            match &mut right {
                Some(right) => {
                    let right = &mut right[start..start + count];
                    self.highpass.energy_stereo(left, right, &mut self.energy);
                    self.apply_ramp(right);
                }
                None => self.highpass.energy_mono(left, &mut self.energy[0]),
            }
            self.apply_ramp(left);
            start += count;
            self.position_frames += count;
            if self.position_frames == self.period_frames {
                self.update_gain();
            }
        }
    }

    fn latency_frames(&self) -> usize {
        0
    }

    fn reset(&mut self) {
        self.highpass.reset();
        self.detector.reset();
        self.position_frames = 0;
        self.energy = [0.0; 2];
        self.gain = 1.0;
        self.gain_step = 0.0;
        self.next_gain = 1.0;
        self.lowest_gain = 1.0;
    }

    fn gain_reduction_db(&self) -> f64 {
        // Positive zero where nothing was reduced.
        (-db_from_gain(f64::from(self.lowest_gain))).max(0.0)
    }
}

/// Averaging of the sidechain's power and smoothing of the gain reduction, at the control rate.
#[derive(Clone, Debug)]
struct Detector {
    averaging: f64,
    attack: f64,
    release: f64,
    mean_square: f64,
    released_db: f64,
    smoothed_db: f64,
}

impl Detector {
    fn new(settings: &settings::Compressor, period_s: f64) -> Self {
        let pole = |time_s: f64| libm::exp(-period_s / time_s.max(1e-6));
        Self {
            averaging: pole(AVERAGING_S),
            attack: pole(settings.attack_ms / 1000.0),
            release: pole(settings.release_ms / 1000.0),
            mean_square: 0.0,
            released_db: 0.0,
            smoothed_db: 0.0,
        }
    }

    fn average(&mut self, power: f64) -> f64 {
        self.mean_square = power + self.averaging * (self.mean_square - power);
        self.mean_square
    }

    /// Smooth decoupled peak detector (Giannoulis et al. 2012, eq. 17).
    fn smooth(&mut self, wanted_db: f64) -> f64 {
        let released_db = wanted_db + self.release * (self.released_db - wanted_db);
        self.released_db = wanted_db.max(released_db);
        self.smoothed_db = self.released_db + self.attack * (self.smoothed_db - self.released_db);
        self.smoothed_db
    }

    fn reset(&mut self) {
        self.mean_square = 0.0;
        self.released_db = 0.0;
        self.smoothed_db = 0.0;
    }
}

/// 2nd-order Butterworth high-pass (bilinear transform), transposed direct form II in f64: a
/// corner of 20 Hz at 192 kHz is beyond f32.
#[derive(Clone, Debug)]
struct HighPass {
    b0: f64,
    a1: f64,
    a2: f64,
    /// Both delays, each for both channels, so that the pair is one vector operation.
    state: [[f64; 2]; 2],
}

impl HighPass {
    fn new(corner_hz: f64, rate_hz: f64) -> Self {
        let corner_hz = corner_hz.clamp(1.0, 0.45 * rate_hz);
        let k = libm::tan(std::f64::consts::PI * corner_hz / rate_hz);
        let norm = 1.0 / (1.0 + std::f64::consts::SQRT_2 * k + k * k);
        Self {
            b0: norm,
            a1: 2.0 * (k * k - 1.0) * norm,
            a2: (1.0 - std::f64::consts::SQRT_2 * k + k * k) * norm,
            state: [[0.0; 2]; 2],
        }
    }

    fn reset(&mut self) {
        self.state = [[0.0; 2]; 2];
    }

    fn energy_stereo(&mut self, left: &[f32], right: &[f32], energy: &mut [f64; 2]) {
        let [mut s1, mut s2] = self.state;
        let mut sum = *energy;
        for (l, r) in left.iter().zip(right) {
            let input = [f64::from(*l), f64::from(*r)];
            for c in 0..2 {
                let scaled = self.b0 * input[c];
                let y = scaled + s1[c];
                s1[c] = s2[c] - 2.0 * scaled - self.a1 * y;
                s2[c] = scaled - self.a2 * y;
                sum[c] += y * y;
            }
        }
        self.state = [s1, s2];
        *energy = sum;
    }

    fn energy_mono(&mut self, samples: &[f32], energy: &mut f64) {
        let [mut s1, mut s2] = [self.state[0][0], self.state[1][0]];
        for sample in samples {
            let scaled = self.b0 * f64::from(*sample);
            let y = scaled + s1;
            s1 = s2 - 2.0 * scaled - self.a1 * y;
            s2 = scaled - self.a2 * y;
            *energy += y * y;
        }
        self.state[0][0] = s1;
        self.state[1][0] = s2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glue() -> settings::Compressor {
        settings::Compressor {
            threshold_lu: -6.0,
            ratio: 2.0,
            knee_db: 6.0,
            attack_ms: 10.0,
            release_ms: 100.0,
            sidechain_highpass_hz: 20.0,
            mix: 1.0,
        }
    }

    fn sine(rate_hz: u32, frames: usize, level_db: f64) -> Audio {
        let step = std::f64::consts::TAU * 1000.0 / f64::from(rate_hz);
        let wave: Vec<f32> = (0..frames)
            .map(|n| (gain_from_db(level_db) * (step * n as f64).sin()) as f32)
            .collect();
        Audio::new(rate_hz, vec![wave.clone(), wave]).unwrap()
    }

    #[test]
    fn the_static_curve_is_continuous_and_reaches_its_slope() {
        let settings = glue();
        assert_eq!(gain_reduction_db(-9.0, &settings), 0.0);
        assert!((gain_reduction_db(-6.0, &settings) - 0.375).abs() < 1e-12);
        assert!((gain_reduction_db(-3.0, &settings) - 1.5).abs() < 1e-12);
        assert!((gain_reduction_db(4.0, &settings) - 5.0).abs() < 1e-12);
        let hard = settings::Compressor {
            knee_db: 0.0,
            ..settings
        };
        assert_eq!(gain_reduction_db(-6.0, &hard), 0.0);
        assert!((gain_reduction_db(0.0, &hard) - 3.0).abs() < 1e-12);
    }

    /// A stereo 1 kHz tone with peaks at -10 dBFS has -10 LUFS: 10 dB over the threshold.
    #[test]
    fn a_steady_tone_gets_the_static_reduction_at_every_rate() {
        for rate_hz in [44_100, 48_000, 96_000] {
            let spec = ProcessSpec {
                sample_rate_hz: rate_hz,
                channels: 2,
                program_lufs: -14.0,
            };
            let mut compressor = Compressor::new(&glue(), &spec);
            let mut block = sine(rate_hz, rate_hz as usize, -10.0);
            let dry = block.clone();
            compressor.process(&mut block);
            let want_db = gain_reduction_db(4.0, &glue());
            let n = rate_hz as usize - rate_hz as usize / 4000;
            let got_db = -20.0 * f64::from(block.channel(0)[n] / dry.channel(0)[n]).log10();
            assert!(
                (got_db - want_db).abs() < 0.04,
                "{rate_hz}: {got_db} against {want_db}"
            );
            // The peak detector rides on the ripple of the mean square.
            assert!((compressor.gain_reduction_db() - want_db).abs() < 0.04);
        }
    }

    #[test]
    fn attack_and_release_take_their_time_constants() {
        let spec = ProcessSpec {
            sample_rate_hz: 48_000,
            channels: 2,
            program_lufs: -14.0,
        };
        let mut compressor = Compressor::new(&glue(), &spec);
        let mut block = sine(48_000, 48_000, -4.0);
        compressor.process(&mut block);
        let full_db = compressor.detector.smoothed_db;
        let mut quiet = sine(48_000, 4_800, -60.0);
        compressor.process(&mut quiet);
        let after_100_ms = compressor.detector.smoothed_db / full_db;
        // One release constant, plus the averaging and the attack constant that follow it.
        assert!((0.36..0.55).contains(&after_100_ms), "{after_100_ms}");
    }
}
