//! [`PowerSpectrum`]: the power spectrum of a real window.
//!
//! The window's samples are taken in pairs as complex numbers z, whose transform Z of half the length is
//! taken apart: with E = (Z\[k\] + Z*\[M-k\])/2 and O = -i·(Z\[k\] - Z*\[M-k\])/2 the bins are
//! X\[k\] = E + W^k·O and X*\[M-k\] = E - W^k·O. That is what a transform for real input does too; here
//! powers are made of several bins side by side, which takes a third less time. The transform picks the
//! fastest instructions at run time: last bits may differ between processors.

use std::f64::consts::TAU;
use std::sync::Arc;

use pulp::{Arch, Simd, WithSimd};
use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

/// Bins that are taken apart side by side.
const BINS: usize = 8;

/// Powers of the bins of windows of one length.
pub(super) struct PowerSpectrum {
    arch: Arch,
    fft: Arc<dyn Fft<f32>>,
    /// Pairs of samples.
    pairs: Vec<Complex32>,
    transformed: Vec<Complex32>,
    scratch: Vec<Complex32>,
    /// W^k from k = 1 on.
    twiddles: Vec<Twiddles>,
}

#[derive(Clone, Copy)]
struct Twiddles {
    re: [f32; BINS],
    im: [f32; BINS],
}

impl PowerSpectrum {
    /// For windows of `length` samples, a power of two and at least 32.
    pub(super) fn new(length: usize) -> Self {
        debug_assert!(length.is_power_of_two() && length >= 4 * BINS);
        let half = length / 2;
        let fft = FftPlanner::new().plan_fft_forward(half);
        let zero = Complex32::new(0.0, 0.0);
        let twiddles = (1..=half / 2).step_by(BINS).map(|first| {
            let angle = |lane: usize| TAU * (first + lane) as f64 / length as f64;
            Twiddles {
                re: std::array::from_fn(|lane| libm::cos(angle(lane)) as f32),
                im: std::array::from_fn(|lane| -libm::sin(angle(lane)) as f32),
            }
        });
        Self {
            arch: Arch::new(),
            pairs: vec![zero; half],
            transformed: vec![zero; half],
            scratch: vec![zero; fft.get_outofplace_scratch_len()],
            twiddles: twiddles.collect(),
            fft,
        }
    }

    /// Puts |X\[k\]|² of the samples, each times its weight, into `power`, k from 0 to half the length;
    /// `samples` and `weights` have the length that this was built for.
    pub(super) fn of(&mut self, samples: &[f32], weights: &[f32], power: &mut [f32]) {
        let (samples, _) = samples.as_chunks::<2>();
        let (weights, _) = weights.as_chunks::<2>();
        let pairs = self.pairs.iter_mut();
        self.arch.dispatch(|| {
            for (pair, (x, w)) in pairs.zip(samples.iter().zip(weights)) {
                *pair = Complex32::new(x[0] * w[0], x[1] * w[1]);
            }
        });
        self.fft.process_outofplace_with_scratch(
            &mut self.pairs,
            &mut self.transformed,
            &mut self.scratch,
        );
        self.arch.dispatch(TakeApart {
            transformed: &self.transformed,
            twiddles: &self.twiddles,
            power,
        });
    }
}

struct TakeApart<'a> {
    transformed: &'a [Complex32],
    twiddles: &'a [Twiddles],
    power: &'a mut [f32],
}

impl WithSimd for TakeApart<'_> {
    type Output = ();

    // Nothing but plain loops: compiled for each kind of processor, they differ in width alone.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self {
            transformed,
            twiddles,
            power,
        } = self;
        let half = transformed.len();
        let Complex32 { re, im } = transformed[0];
        (power[0], power[half]) = ((re + im) * (re + im), (re - im) * (re - im));
        for (index, w) in twiddles.iter().enumerate() {
            let low = 1 + index * BINS;
            let high = half + 1 - low - BINS;
            let here: &[Complex32] = &transformed[low..low + BINS];
            let there: &[Complex32] = &transformed[high..high + BINS];
            let (mut at_low, mut at_high) = ([0.0f32; BINS], [0.0f32; BINS]);
            for lane in 0..BINS {
                let mirror = BINS - 1 - lane;
                let (z, m) = (here[lane], there[mirror]);
                let (even_re, even_im) = (0.5 * (z.re + m.re), 0.5 * (z.im - m.im));
                let (odd_re, odd_im) = (0.5 * (z.im + m.im), 0.5 * (m.re - z.re));
                let turned_re = odd_re * w.re[lane] - odd_im * w.im[lane];
                let turned_im = odd_re * w.im[lane] + odd_im * w.re[lane];
                let (re, im) = (even_re + turned_re, even_im + turned_im);
                at_low[lane] = re * re + im * im;
                let (re, im) = (even_re - turned_re, even_im - turned_im);
                at_high[mirror] = re * re + im * im;
            }
            power[low..low + BINS].copy_from_slice(&at_low);
            power[high..high + BINS].copy_from_slice(&at_high);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_those_of_the_definition() {
        for length in [32, 64, 256] {
            let samples: Vec<f32> = (0..length)
                .map(|n| ((n * n * 7 + n) % 101) as f32 / 101.0 - 0.4)
                .collect();
            let weights: Vec<f32> = (0..length).map(|n| 1.0 + (n % 5) as f32).collect();
            let mut power = vec![0.0; length / 2 + 1];
            PowerSpectrum::new(length).of(&samples, &weights, &mut power);
            for (bin, &got) in power.iter().enumerate() {
                let (mut re, mut im) = (0.0, 0.0);
                for (n, (x, w)) in samples.iter().zip(&weights).enumerate() {
                    let angle = TAU * (bin * n) as f64 / length as f64;
                    re += f64::from(x * w) * libm::cos(angle);
                    im += f64::from(x * w) * libm::sin(angle);
                }
                let expected = re * re + im * im;
                let off = (f64::from(got) - expected).abs();
                assert!(off < 1e-3 + 1e-5 * expected, "{bin}: {got} {expected}");
            }
        }
    }
}
