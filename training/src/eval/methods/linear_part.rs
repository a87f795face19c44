//! [`distortion_db`]: how far what a process added to a mix stands above what the mix masks, when
//! everything that a linear filter and slow level riding could have done is no addition.

use std::sync::Arc;

use acetate_dsp::Audio;
use acetate_dsp::measure::noise_to_mask::{LevelMatch, MaskedReference};
use acetate_dsp::process::eq::convolve;
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// Window of the filter's estimate, frames; delays up to half of it are part of the filter.
const WINDOW_FRAMES: usize = 32_768;
/// Bins with this share of the strongest one's power, or less, are not amplified.
const REGULARISATION: f64 = 1e-9;

/// Noise-to-mask ratio of a master against the mix through the linear filter that comes closest
/// to it, mid alone, dB: EQ, gain, delay and level riding slower than 0.2 s are no noise, limiting,
/// clipping and quick compression are. `None` where the two are shorter than two windows, of other
/// rates, or nothing is audible.
pub fn distortion_db(mix: &Audio, master: &Audio) -> Option<f64> {
    let frames = mix.frames().min(master.frames());
    if mix.sample_rate_hz() != master.sample_rate_hz() || frames < 2 * WINDOW_FRAMES {
        return None;
    }
    let rate_hz = mix.sample_rate_hz();
    let (before, after) = (mid(mix, frames), mid(master, frames));
    let taps = closest_filter(&before, &after);
    let reference = Audio::new(rate_hz, vec![before]).ok()?;
    // The filter's middle is its time zero, so that it may look ahead.
    let mut linear = convolve(&padded(&reference, WINDOW_FRAMES / 2), &taps, None);
    linear.drop_front(WINDOW_FRAMES / 2);
    let processed = Audio::new(rate_hz, vec![after]).ok()?;
    let ratio = MaskedReference::new(&linear).compare(&processed, LevelMatch::SLOW)?;
    Some(ratio.total_db)
}

fn mid(audio: &Audio, frames: usize) -> Vec<f32> {
    let scale = 1.0 / audio.channel_count() as f32;
    (0..frames)
        .map(|frame| {
            let sum: f32 = audio.channels().iter().map(|channel| channel[frame]).sum();
            scale * sum
        })
        .collect()
}

fn padded(audio: &Audio, frames: usize) -> Audio {
    let mut out = audio.clone();
    out.set_frames(audio.frames() + frames);
    out
}

/// Taps of the filter that makes of `before` what comes closest to `after`, its time zero in the
/// middle: the cross spectrum by the power spectrum over half-overlapping Hann windows.
fn closest_filter(before: &[f32], after: &[f32]) -> Vec<f64> {
    let mut planner = RealFftPlanner::<f64>::new();
    let forward = planner.plan_fft_forward(WINDOW_FRAMES);
    let window: Vec<f64> = (0..WINDOW_FRAMES)
        .map(|n| {
            let turn = std::f64::consts::TAU * n as f64 / WINDOW_FRAMES as f64;
            0.5 - 0.5 * libm::cos(turn)
        })
        .collect();
    let bins = WINDOW_FRAMES / 2 + 1;
    let mut power = vec![0.0; bins];
    let mut cross = vec![Complex::new(0.0, 0.0); bins];
    for start in (0..=before.len() - WINDOW_FRAMES).step_by(WINDOW_FRAMES / 2) {
        let range = start..start + WINDOW_FRAMES;
        let x = spectrum(&forward, &window, &before[range.clone()]);
        let y = spectrum(&forward, &window, &after[range]);
        for (bin, (x, y)) in x.iter().zip(&y).enumerate() {
            power[bin] += x.norm_sqr();
            cross[bin] += x.conj() * y;
        }
    }
    let least = REGULARISATION * power.iter().copied().fold(1e-30, f64::max);
    let mut response: Vec<Complex<f64>> = cross
        .iter()
        .zip(&power)
        .map(|(cross, power)| cross / (power + least))
        .collect();
    // The inverse transform wants real values at both ends.
    for end in [0, bins - 1] {
        response[end].im = 0.0;
    }
    let inverse = planner.plan_fft_inverse(WINDOW_FRAMES);
    let mut taps = inverse.make_output_vec();
    // The lengths are the plan's own, so that it cannot fail.
    if inverse.process(&mut response, &mut taps).is_err() {
        return vec![1.0];
    }
    taps.rotate_right(WINDOW_FRAMES / 2);
    for (tap, window) in taps.iter_mut().zip(&window) {
        *tap *= window / WINDOW_FRAMES as f64;
    }
    taps
}

fn spectrum(
    plan: &Arc<dyn RealToComplex<f64>>,
    window: &[f64],
    samples: &[f32],
) -> Vec<Complex<f64>> {
    let mut input: Vec<f64> = samples
        .iter()
        .zip(window)
        .map(|(&sample, window)| f64::from(sample) * window)
        .collect();
    let mut output = plan.make_output_vec();
    // The lengths are the plan's own, so that it cannot fail.
    let _ = plan.process(&mut input, &mut output);
    output
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::faults::smooth;
    use crate::eval::test_signal::music;
    use crate::rng::Rng;

    #[test]
    fn filters_gains_and_delays_are_no_distortion_and_clipping_is() {
        let mix = music(6.0);
        let fault = smooth(&mut Rng::new(3), 3.0);
        // One curve for both channels: mid's filter is mid's alone.
        let mut filtered = fault.applied_to(&mix);
        filtered.scale(0.4);
        let filtered = padded(&filtered, 700);
        let mut delayed = padded(&mix, 900);
        for samples in delayed.channels_mut() {
            samples.rotate_right(900);
        }
        let clipped = |share: f32| {
            let peak = mix.channels().iter().flatten();
            let peak = peak.fold(0.0_f32, |peak, x| peak.max(x.abs()));
            let mut out = fault.applied_to(&mix);
            for sample in out.channels_mut().flatten() {
                *sample = sample.clamp(-share * peak, share * peak);
            }
            out
        };
        let ratio = |master: &Audio| distortion_db(&mix, master).unwrap();
        let figures = [
            ratio(&mix),
            ratio(&filtered),
            ratio(&delayed),
            ratio(&clipped(0.5)),
            ratio(&clipped(0.25)),
        ];
        assert!(figures[..3].iter().all(|db| *db < -15.0), "{figures:?}");
        assert!(figures[3] > figures[1] + 3.0, "{figures:?}");
        assert!(figures[4] > figures[3] + 3.0, "{figures:?}");
    }

    #[test]
    fn what_is_too_short_has_no_figure() {
        assert_eq!(distortion_db(&music(1.0), &music(1.0)), None);
    }
}
