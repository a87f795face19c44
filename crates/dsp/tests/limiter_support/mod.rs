//! Signals and an independent true-peak measure for the limiter's tests.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::f64::consts::{PI, TAU};

use acetate_dsp::process::limiter::Limiter;
use acetate_dsp::process::processed;
use acetate_dsp::settings;
use acetate_dsp::{Audio, ProcessSpec};

/// Deterministic noise, uniform in -1..1.
pub struct Noise(pub u64);

impl Noise {
    pub fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// Pink noise (Kellet's filter).
    pub fn pink(&mut self, frames: usize) -> Vec<f32> {
        let mut b = [0.0; 3];
        (0..frames)
            .map(|_| {
                let white = self.next();
                b[0] = 0.99765 * b[0] + white * 0.0990460;
                b[1] = 0.96300 * b[1] + white * 0.2965164;
                b[2] = 0.57000 * b[2] + white * 1.0526913;
                (0.2 * (b[0] + b[1] + b[2] + white * 0.1848)) as f32
            })
            .collect()
    }
}

/// A kick twice a second, a bass line, a chord and noise bursts with a slow swell: the peaks are
/// far above the loudness, as in a mix, and the treble falls off above 8 kHz.
pub fn mix(rate_hz: u32, seconds: f64) -> Audio {
    let rate = f64::from(rate_hz);
    let frames = (seconds * rate) as usize;
    let mut noise = Noise(7);
    let pole = 1.0 - (-TAU * 8000.0 / rate).exp();
    let mut low_pass = [[0.0; 4]; 2];
    let mut left = Vec::with_capacity(frames);
    let mut right = Vec::with_capacity(frames);
    for n in 0..frames {
        let t = n as f64 / rate;
        let beat = t % 0.5;
        let kick = 0.7
            * (-beat / 0.08).exp()
            * (TAU * (50.0 * beat + 6.0 * (1.0 - (-beat / 0.03).exp()))).sin();
        let bass = 0.18 * (TAU * 55.0 * t).sin() + 0.06 * (TAU * 110.0 * t + 0.4).sin();
        let swell = 0.5 + 0.5 * (TAU * t / 7.0).sin();
        let chord = |detune: f64| {
            [220.0, 277.2, 329.6, 660.0, 1320.0]
                .iter()
                .map(|f| 0.05 * (TAU * (f + detune) * t).sin())
                .sum::<f64>()
        };
        let burst = |delay: f64| {
            let since = (t + delay) % 0.25;
            0.35 * (-since / 0.02).exp()
        };
        let centre = kick + bass;
        let hiss = low_pass.each_mut().map(|poles| {
            let mut value = 2.0 * noise.next();
            for state in poles {
                *state += pole * (value - *state);
                value = *state;
            }
            value
        });
        left.push((centre + swell * chord(0.0) + burst(0.0) * hiss[0]) as f32);
        right.push((centre + swell * chord(0.7) + burst(0.125) * hiss[1]) as f32);
    }
    Audio::new(rate_hz, vec![left, right]).unwrap()
}

pub fn spec(audio: &Audio) -> ProcessSpec {
    ProcessSpec {
        sample_rate_hz: audio.sample_rate_hz(),
        channels: audio.channel_count(),
        programme_lufs: -14.0,
    }
}

pub fn with_drive(drive_db: f64) -> settings::Limiter {
    settings::Limiter {
        drive_db,
        ..settings::Limiter::default()
    }
}

/// Drives and limits a whole signal, and takes the latency out again.
pub fn limited(audio: &Audio, limiter: &settings::Limiter, ceiling_dbtp: f64) -> Audio {
    processed(
        &mut Limiter::new(limiter, ceiling_dbtp, &spec(audio)),
        audio,
    )
}

/// Highest absolute value of the signal between its samples, dBTP: 32 points per sample of a
/// windowed sinc with 96 taps in `f64` (Kaiser, β = 8), silence before and after.
pub fn true_peak_dbtp(audio: &Audio) -> f64 {
    const HALF: usize = 48;
    const STEPS: usize = 32;
    let bessel = |x: f64| {
        let (mut term, mut sum) = (1.0, 1.0);
        for k in 1..60 {
            term *= x * x / (4.0 * f64::from(k) * f64::from(k));
            sum += term;
        }
        sum
    };
    let rows: Vec<[f64; 2 * HALF]> = (0..STEPS)
        .map(|step| {
            let fraction = step as f64 / STEPS as f64;
            std::array::from_fn(|j| {
                let t = j as f64 - (HALF - 1) as f64 - fraction;
                let position = t / HALF as f64;
                let window =
                    bessel(8.0 * (1.0 - position * position).max(0.0).sqrt()) / bessel(8.0);
                let sinc = if t == 0.0 {
                    1.0
                } else {
                    (PI * t).sin() / (PI * t)
                };
                sinc * window
            })
        })
        .collect();
    let mut peak = 0.0f64;
    for channel in audio.channels() {
        let mut padded = vec![0.0; HALF];
        padded.extend(channel.iter().map(|&x| f64::from(x)));
        padded.extend([0.0; 2 * HALF]);
        let sample_peak = padded.iter().fold(0.0f64, |a, x| a.max(x.abs()));
        peak = peak.max(sample_peak);
        for window in padded.windows(2 * HALF) {
            let near = window[HALF - 3..HALF + 3]
                .iter()
                .fold(0.0f64, |a, x| a.max(x.abs()));
            if near < 0.5 * sample_peak {
                continue;
            }
            for row in &rows {
                let value: f64 = row.iter().zip(window).map(|(a, b)| a * b).sum();
                peak = peak.max(value.abs());
            }
        }
    }
    20.0 * peak.log10()
}
