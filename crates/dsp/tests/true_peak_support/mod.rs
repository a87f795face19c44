//! The ground truth of the true-peak tests and the signals that they share.

use acetate_dsp::Audio;
use acetate_dsp::measure::true_peak::{TruePeak, TruePeakReading};
use std::f64::consts::PI;
use std::sync::OnceLock;

const STEPS: usize = 64;
const HALF: usize = 384;

pub fn sinc(t: f64) -> f64 {
    if t == 0.0 {
        1.0
    } else {
        (PI * t).sin() / (PI * t)
    }
}

/// Blackman-Harris windowed sinc, flat up to 0.495 of the sample rate: nothing like the meter's.
/// One row of grid points per sample.
fn truth_taps() -> &'static [[f64; STEPS]] {
    static TAPS: OnceLock<Vec<[f64; STEPS]>> = OnceLock::new();
    let tap = |p: usize, j: usize| {
        let t = j as f64 - (HALF - 1) as f64 - p as f64 / STEPS as f64;
        let x = PI * t / HALF as f64;
        let window =
            0.35875 + 0.48829 * x.cos() + 0.14128 * (2.0 * x).cos() + 0.01168 * (3.0 * x).cos();
        window * sinc(t)
    };
    TAPS.get_or_init(|| {
        let row = |j| std::array::from_fn(|p| tap(p, j));
        (0..2 * HALF).map(row).collect()
    })
}

/// Highest absolute value of the whole signal and its ringing on a 64× grid, dBTP.
pub fn truth_dbtp(signal: &[f32]) -> f64 {
    let mut padded = vec![0.0f64; HALF + 8];
    padded.extend(signal.iter().map(|&x| f64::from(x)));
    padded.extend(vec![0.0; HALF + 8]);
    let mut peak = 0.0f64;
    for around in padded.windows(2 * HALF) {
        let mut sums = [0.0f64; STEPS];
        for (row, sample) in truth_taps().iter().zip(around) {
            for (sum, tap) in sums.iter_mut().zip(row) {
                *sum += tap * sample;
            }
        }
        peak = sums.iter().fold(peak, |top, sum| top.max(sum.abs()));
    }
    20.0 * peak.log10()
}

pub fn measure(rate: u32, channels: Vec<Vec<f32>>) -> TruePeakReading {
    let audio = Audio::new(rate, channels).unwrap();
    let mut meter = TruePeak::new(audio.channel_count());
    meter.process(&audio);
    meter.finish()
}
