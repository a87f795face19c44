//! Signals and an independent true-peak measure for the limiter's tests.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::f64::consts::PI;

use acetate_dsp::numeric::bessel_i0;
use acetate_dsp::process::limiter::Limiter;
use acetate_dsp::process::processed;
use acetate_dsp::settings;
use acetate_dsp::{Audio, ProcessSpec};

pub fn spec(audio: &Audio) -> ProcessSpec {
    ProcessSpec {
        sample_rate_hz: audio.sample_rate_hz(),
        channels: audio.channel_count(),
        program_lufs: -14.0,
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
    let rows: Vec<[f64; 2 * HALF]> = (0..STEPS)
        .map(|step| {
            let fraction = step as f64 / STEPS as f64;
            std::array::from_fn(|j| {
                let t = j as f64 - (HALF - 1) as f64 - fraction;
                let position = t / HALF as f64;
                let window =
                    bessel_i0(8.0 * (1.0 - position * position).max(0.0).sqrt()) / bessel_i0(8.0);
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
