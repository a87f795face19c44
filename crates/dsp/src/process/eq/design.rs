//! Filter design: from a gain curve in dB to the taps of an FIR filter, in f64.

use rustfft::FftPlannerScalar;
use rustfft::num_complex::Complex;

/// Taps of the minimum-phase filter from 32 to 64 kHz.
const MINIMUM_PHASE_TAPS: usize = 4096;
/// Taps of the linear-phase filter from 32 to 64 kHz: pre-ringing costs it resolution, and the
/// bass needs it.
const LINEAR_PHASE_TAPS: usize = 16_384;
/// Points of the design grid per tap, against time aliasing of the cepstrum.
const GRID_PER_TAP: usize = 8;
/// Share of the taps at each open end that is faded out.
const FADE_SHARE: f64 = 0.25;

/// Taps at 44.1 and 48 kHz, doubled for each octave of sample rate above, halved below, so that
/// the resolution in Hz stays.
fn scaled_taps(taps: usize, sample_rate_hz: u32) -> usize {
    let mut scaled = taps;
    let mut rate_hz = sample_rate_hz.max(1);
    while rate_hz > 64_000 {
        rate_hz /= 2;
        scaled *= 2;
    }
    while rate_hz < 32_000 && scaled > taps / 16 {
        rate_hz *= 2;
        scaled /= 2;
    }
    scaled
}

/// Number of taps of the minimum-phase filter.
pub(super) fn minimum_phase_taps(sample_rate_hz: u32) -> usize {
    scaled_taps(MINIMUM_PHASE_TAPS, sample_rate_hz)
}

/// Number of taps of the linear-phase filter; its delay is half of it.
pub(super) fn linear_phase_taps(sample_rate_hz: u32) -> usize {
    scaled_taps(LINEAR_PHASE_TAPS, sample_rate_hz)
}

/// Minimum-phase taps of a gain curve (Hz to dB), by folding the real cepstrum (Oppenheim and Schafer,
/// *Discrete-Time Signal Processing*, 3rd ed., §13.5).
pub fn minimum_phase(sample_rate_hz: u32, gain_db: impl Fn(f64) -> f64) -> Vec<f64> {
    let taps = minimum_phase_taps(sample_rate_hz);
    let grid = taps * GRID_PER_TAP;
    let mut planner = FftPlannerScalar::new();
    let (forward, inverse) = (
        planner.plan_fft_forward(grid),
        planner.plan_fft_inverse(grid),
    );
    let nepers_per_db = std::f64::consts::LN_10 / 20.0;
    let mut work = even_spectrum(grid, sample_rate_hz, |hz| gain_db(hz) * nepers_per_db);

    inverse.process(&mut work);
    let scale = 1.0 / grid as f64;
    for (n, value) in work.iter_mut().enumerate() {
        let fold = match n {
            0 => scale,
            _ if n < grid / 2 => 2.0 * scale,
            _ if n == grid / 2 => scale,
            _ => 0.0,
        };
        *value = Complex::new(value.re * fold, 0.0);
    }
    forward.process(&mut work);
    for value in &mut work {
        let (sin, cos) = libm::sincos(value.im);
        *value = Complex::new(cos, sin) * libm::exp(value.re);
    }
    inverse.process(&mut work);

    let fade = (taps as f64 * FADE_SHARE) as usize;
    work[..taps]
        .iter()
        .enumerate()
        .map(|(n, value)| value.re * scale * fade_out(n, taps, fade))
        .collect()
}

/// Linear-phase taps of a gain curve: symmetric about tap `taps / 2`, the first tap is zero.
pub(super) fn linear_phase(sample_rate_hz: u32, gain_db: impl Fn(f64) -> f64) -> Vec<f64> {
    let taps = linear_phase_taps(sample_rate_hz);
    let grid = taps * GRID_PER_TAP;
    let mut work = even_spectrum(grid, sample_rate_hz, |hz| {
        crate::units::gain_from_db(gain_db(hz))
    });
    FftPlannerScalar::new()
        .plan_fft_inverse(grid)
        .process(&mut work);
    let (half, scale) = (taps / 2, 1.0 / grid as f64);
    let fade = (half as f64 * FADE_SHARE) as usize;
    (0..taps)
        .map(|n| {
            let distance = n.abs_diff(half);
            work[distance].re * scale * fade_out(distance, half, fade)
        })
        .collect()
}

/// A real, even function of frequency on the whole FFT grid.
fn even_spectrum(
    grid: usize,
    sample_rate_hz: u32,
    value: impl Fn(f64) -> f64,
) -> Vec<Complex<f64>> {
    let mut spectrum = vec![Complex::new(0.0, 0.0); grid];
    for bin in 0..=grid / 2 {
        let freq_hz = bin as f64 * f64::from(sample_rate_hz) / grid as f64;
        let sample = Complex::new(value(freq_hz), 0.0);
        spectrum[bin] = sample;
        spectrum[(grid - bin) % grid] = sample;
    }
    spectrum
}

/// 1, and over the last `fade` of `end` positions a half cosine down to 0.
fn fade_out(position: usize, end: usize, fade: usize) -> f64 {
    let left = end.saturating_sub(position);
    if left >= fade {
        1.0
    } else {
        0.5 - 0.5 * libm::cos(std::f64::consts::PI * left as f64 / fade as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Response of taps at one frequency in dB, by the definition.
    fn response_db(taps: &[f64], sample_rate_hz: u32, freq_hz: f64) -> f64 {
        let step = std::f64::consts::TAU * freq_hz / f64::from(sample_rate_hz);
        let sum: Complex<f64> = taps
            .iter()
            .enumerate()
            .map(|(n, tap)| Complex::from_polar(*tap, -step * n as f64))
            .sum();
        20.0 * sum.norm().log10()
    }

    #[test]
    fn both_designs_follow_the_curve() {
        let mut eq = crate::settings::Eq::default();
        for (index, knot) in eq.mid_db.iter_mut().enumerate() {
            *knot = [3.0, -2.0, 0.5, 2.0][index % 4];
        }
        let gain_db = |hz| super::super::eq_curve_db(&eq, hz).mid_db;
        for rate_hz in [22_050, 44_100, 48_000, 96_000] {
            let minimum = minimum_phase(rate_hz, gain_db);
            let linear = linear_phase(rate_hz, gain_db);
            let mut worst = (0.0_f64, 0.0_f64);
            for third in 0..31 {
                let hz = 20.0 * 2.0_f64.powf(third as f64 / 3.0);
                if hz < 0.45 * f64::from(rate_hz) {
                    let want = gain_db(hz);
                    worst.0 = worst
                        .0
                        .max((response_db(&minimum, rate_hz, hz) - want).abs());
                    worst.1 = worst
                        .1
                        .max((response_db(&linear, rate_hz, hz) - want).abs());
                }
            }
            println!("{rate_hz} Hz: worst error in dB {worst:?}");
            assert!(worst.0 < 0.03, "minimum phase at {rate_hz} Hz: {worst:?}");
            assert!(worst.1 < 0.03, "linear phase at {rate_hz} Hz: {worst:?}");
        }
    }

    #[test]
    fn tap_counts_follow_the_rate() {
        let taps: Vec<_> = [16_000, 22_050, 44_100, 48_000, 88_200, 192_000]
            .map(minimum_phase_taps)
            .into();
        assert_eq!(taps, [2048, 2048, 4096, 4096, 8192, 16_384]);
        assert_eq!(linear_phase_taps(96_000), 32_768);
    }
}
