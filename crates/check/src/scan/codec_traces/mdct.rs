//! The modified discrete cosine transform of AAC and Vorbis: 1024 lines under a window of 2048.

use std::f64::consts::PI;
use std::sync::Arc;

use acetate_dsp::numeric::bessel_i0;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use super::frame_grid::{Family, Transform};

/// Lines of a long block.
const LINES: usize = 1_024;
/// Shape of AAC's window (ISO/IEC 14496-3, 4.6.11.3: Kaiser-Bessel-derived with this alpha).
const KAISER_ALPHA: f64 = 4.0;

/// The transform.
pub(super) struct Mdct {
    family: Family,
    window: Vec<f32>,
    fft: Arc<dyn Fft<f32>>,
    twiddles: Vec<Complex<f32>>,
    values: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    folded: Vec<f32>,
    samples: Vec<f32>,
}

impl Mdct {
    /// Under AAC's window.
    pub(super) fn aac() -> Self {
        Self::new(Family::Aac, kaiser_derived())
    }

    /// Under Vorbis' window (Vorbis I specification, 4.3.1).
    pub(super) fn vorbis() -> Self {
        let half = (0..LINES).map(|n| {
            let sine = libm::sin(PI / 2.0 * (n as f64 + 0.5) / LINES as f64);
            libm::sin(PI / 2.0 * sine * sine)
        });
        Self::new(Family::Vorbis, half.collect())
    }

    fn new(family: Family, rise: Vec<f64>) -> Self {
        let fft = FftPlanner::new().plan_fft_forward(LINES / 2);
        let twiddle = |n: usize| {
            let turn = -PI * (n as f64 + 0.125) / LINES as f64;
            Complex::new(libm::cos(turn) as f32, libm::sin(turn) as f32)
        };
        let window = rise.iter().chain(rise.iter().rev());
        Self {
            family,
            window: window.map(|&w| w as f32).collect(),
            twiddles: (0..LINES / 2).map(twiddle).collect(),
            values: vec![Complex::default(); LINES / 2],
            scratch: vec![Complex::default(); fft.get_inplace_scratch_len()],
            folded: vec![0.0; LINES],
            samples: Vec::new(),
            fft,
        }
    }
}

/// The rising half of AAC's window.
pub(super) fn kaiser_derived() -> Vec<f64> {
    let half = LINES as f64 / 2.0;
    let kaiser: Vec<f64> = (0..=LINES)
        .map(|n| {
            let x = n as f64 / half - 1.0;
            bessel_i0(PI * KAISER_ALPHA * libm::sqrt((1.0 - x * x).max(0.0)))
        })
        .collect();
    let whole: f64 = kaiser.iter().sum();
    let mut sum = 0.0;
    let so_far = kaiser.iter().take(LINES).map(|k| {
        sum += k;
        libm::sqrt(sum / whole)
    });
    so_far.collect()
}

impl Transform for Mdct {
    fn family(&self) -> Family {
        self.family
    }

    fn lines(&self) -> usize {
        LINES
    }

    fn prepare(&mut self, samples: &[f32]) {
        self.samples.clear();
        self.samples.extend_from_slice(samples);
    }

    fn transform(&mut self, offset: usize, out: &mut [f32]) {
        const HALF: usize = LINES / 2;
        let block = &self.samples[offset..offset + 2 * LINES];
        let at = |n: usize| self.window[n] * block[n];
        for n in 0..HALF {
            self.folded[n] = -at(3 * HALF - 1 - n) - at(3 * HALF + n);
            self.folded[HALF + n] = at(n) - at(LINES - 1 - n);
        }
        // The cosine transform of type IV by a complex one of half the length.
        for (n, (value, twiddle)) in self.values.iter_mut().zip(&self.twiddles).enumerate() {
            let pair = Complex::new(self.folded[2 * n], self.folded[LINES - 1 - 2 * n]);
            *value = pair * twiddle;
        }
        self.fft
            .process_with_scratch(&mut self.values, &mut self.scratch);
        let scale = (2.0 / LINES as f32).sqrt();
        for (k, (value, twiddle)) in self.values.iter().zip(&self.twiddles).enumerate() {
            let line = value * twiddle * scale;
            out[2 * k] = line.re;
            out[LINES - 1 - 2 * k] = -line.im;
        }
    }
}
