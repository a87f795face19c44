//! Left against right: their levels, and whether one comes later.
//!
//! The delay is read from the generalised cross-correlation with phase transform (Knapp and Carter,
//! IEEE Trans. ASSP 24(4), 1976), averaged over windows of about 190 ms.

use std::sync::Arc;

use acetate_dsp::Audio;
use acetate_dsp::units::db_from_power;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use super::sum_of_squares;

/// Length of a window, s; rounded to the nearest power of two in frames.
const WINDOW_S: f64 = 0.186;
/// Longest delay that is looked for, s.
const MAX_DELAY_S: f64 = 0.025;
/// Shorter than this is no delay but an image, s.
const MIN_DELAY_S: f64 = 0.000_1;
/// Band that is compared, Hz.
const BAND_HZ: (f64, f64) = (150.0, 8_000.0);
/// Bass, Hz: where both channels should move together.
const BASS_HZ: (f64, f64) = (25.0, 120.0);
/// Windows whose bass lies this far below the loudest so far have none, as power.
const NO_BASS: f64 = 1e-4;
/// Level differences beyond this are not told apart, dB.
const MAX_BALANCE_DB: f64 = 100.0;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelFigures {
    /// Level of left over right, dB, within ±100.
    pub balance_db: f64,
    /// True where both channels hold the same samples.
    pub identical: bool,
    /// The delay at which the channels agree best, ms; positive where right comes later.
    pub delay_ms: f64,
    /// How much better they agree at that delay than without any, in standard deviations of the
    /// correlation; negative where they agree best without any.
    pub delay_sigma: f64,
    /// How far the bass stands a quarter of a turn apart, steadily: the imaginary part of the channels'
    /// cross-spectrum over their power, mean of the half of the lines below 120 Hz where it is most, 0 to 1. Panned
    /// and decorrelated bass have none.
    pub bass_quadrature: f64,
}

/// Streaming meter.
pub(super) struct Channels {
    rate: f64,
    length: usize,
    squares: [f64; 2],
    difference: f64,
    samples: [Vec<f32>; 2],
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    input: Vec<f32>,
    spectra: [Vec<Complex<f32>>; 2],
    scratch: Vec<Complex<f32>>,
    cross: Vec<Complex<f32>>,
    windows: u64,
    /// Imaginary part of the cross-spectrum of each bin of the bass, each window's bass having a power of 1.
    bass_cross: Vec<f64>,
    /// Power of each bin, likewise.
    bass_power: Vec<f64>,
    loudest_bass: f64,
}

/// Bins of the bass.
fn bass_bins(rate: f64, length: usize) -> std::ops::Range<usize> {
    let bin_hz = rate / length as f64;
    let last = ((BASS_HZ.1 / bin_hz) as usize).min(length / 2);
    (BASS_HZ.0 / bin_hz) as usize + 1..last + 1
}

impl Channels {
    pub(super) fn new(sample_rate_hz: u32) -> Self {
        let rate = f64::from(sample_rate_hz);
        let exponent = libm::round(libm::log2(WINDOW_S * rate)).clamp(8.0, 18.0);
        let length = 1usize << exponent as u32;
        let mut planner = RealFftPlanner::<f32>::new();
        let forward = planner.plan_fft_forward(length);
        Self {
            rate,
            length,
            squares: [0.0; 2],
            difference: 0.0,
            samples: [(); 2].map(|()| Vec::with_capacity(length)),
            input: forward.make_input_vec(),
            spectra: [(); 2].map(|()| forward.make_output_vec()),
            scratch: forward.make_scratch_vec(),
            cross: forward.make_output_vec(),
            inverse: planner.plan_fft_inverse(length),
            forward,
            windows: 0,
            bass_cross: vec![0.0; bass_bins(rate, length).len()],
            bass_power: vec![0.0; bass_bins(rate, length).len()],
            loudest_bass: 0.0,
        }
    }

    pub(super) fn process(&mut self, block: &Audio) {
        let [left, right] = block.channels() else {
            return;
        };
        self.squares[0] += sum_of_squares(left);
        self.squares[1] += sum_of_squares(right);
        let apart = left.iter().zip(right).map(|(l, r)| (l - r).abs());
        self.difference = f64::from(apart.fold(self.difference as f32, f32::max));
        let mut start = 0;
        while start < block.frames() {
            let end = (start + self.length - self.samples[0].len()).min(block.frames());
            self.samples[0].extend_from_slice(&left[start..end]);
            self.samples[1].extend_from_slice(&right[start..end]);
            start = end;
            if self.samples[0].len() == self.length {
                self.transform();
            }
        }
    }

    fn transform(&mut self) {
        for (samples, spectrum) in self.samples.iter_mut().zip(&mut self.spectra) {
            self.input.copy_from_slice(samples);
            samples.clear();
            let done =
                self.forward
                    .process_with_scratch(&mut self.input, spectrum, &mut self.scratch);
            debug_assert!(done.is_ok(), "buffers made by the transform itself");
        }
        let bin_hz = self.rate / self.length as f64;
        let (from, to) = (
            (BAND_HZ.0 / bin_hz) as usize,
            ((BAND_HZ.1 / bin_hz) as usize).min(self.length / 2),
        );
        let [left, right] = &self.spectra;
        for bin in from..to {
            let product = left[bin] * right[bin].conj();
            let size = product.norm();
            if size > 1e-12 {
                self.cross[bin] += product / size;
            }
        }
        self.windows += 1;
        self.bass();
    }

    /// Adds the bass of the window that was transformed.
    fn bass(&mut self) {
        let bins = bass_bins(self.rate, self.length);
        let [left, right] = &self.spectra;
        let power: f64 = bins
            .clone()
            .map(|bin| f64::from(left[bin].norm_sqr() + right[bin].norm_sqr()))
            .sum();
        self.loudest_bass = self.loudest_bass.max(power);
        if power <= 0.0 || power < NO_BASS * self.loudest_bass {
            return;
        }
        let sums = self.bass_cross.iter_mut().zip(&mut self.bass_power);
        for ((cross, share), bin) in sums.zip(bins) {
            *cross += f64::from((left[bin] * right[bin].conj()).im) / power;
            *share += f64::from(left[bin].norm_sqr() + right[bin].norm_sqr()) / power;
        }
    }

    /// Mean share a quarter of a turn apart, of the lines that have most of it.
    fn bass_quadrature(&self) -> f64 {
        let lines = self.bass_cross.iter().zip(&self.bass_power);
        let mut shares: Vec<f64> = lines
            .map(|(cross, power)| 2.0 * cross.abs() / power.max(1e-30))
            .collect();
        shares.sort_unstable_by(|a, b| b.total_cmp(a));
        let most = &shares[..shares.len().div_ceil(2)];
        most.iter().sum::<f64>() / most.len().max(1) as f64
    }

    pub(super) fn finish(mut self) -> ChannelFigures {
        let (delay_ms, delay_sigma) = self.delay();
        let [left, right] = self.squares;
        let balance_db = if left == 0.0 && right == 0.0 {
            0.0
        } else {
            let quiet = 1e-12 * left.max(right);
            db_from_power(left.max(quiet) / right.max(quiet))
        };
        ChannelFigures {
            balance_db: balance_db.clamp(-MAX_BALANCE_DB, MAX_BALANCE_DB),
            identical: self.difference == 0.0,
            delay_ms,
            delay_sigma,
            bass_quadrature: self.bass_quadrature(),
        }
    }

    /// The best delay in ms and how much better it is than none.
    fn delay(&mut self) -> (f64, f64) {
        if self.windows == 0 {
            return (0.0, 0.0);
        }
        let mut correlation = self.inverse.make_output_vec();
        let mut scratch = self.inverse.make_scratch_vec();
        // What stands for one frequency alone has to be real.
        self.cross[0].im = 0.0;
        if let Some(last) = self.cross.last_mut() {
            last.im = 0.0;
        }
        let done =
            self.inverse
                .process_with_scratch(&mut self.cross, &mut correlation, &mut scratch);
        debug_assert!(done.is_ok(), "buffers made by the transform itself");
        let reach = ((MAX_DELAY_S * self.rate) as usize).min(self.length / 2 - 1) as isize;
        let shortest = (MIN_DELAY_S * self.rate) as isize + 1;
        let at = |lag: isize| -> f64 {
            let index = lag.rem_euclid(self.length as isize) as usize;
            f64::from(correlation[index])
        };
        let count = correlation.len() as f64;
        let squares: f64 = correlation
            .iter()
            .map(|&x| f64::from(x) * f64::from(x))
            .sum();
        // The peaks themselves are few and hardly raise the deviation of so many lags.
        let deviation = (squares / count).sqrt().max(1e-12);
        let none = (-shortest + 1..shortest).map(at).fold(0.0, f64::max);
        let (best_lag, best) = (-reach..=reach)
            .filter(|lag| lag.abs() >= shortest)
            .map(|lag| (lag, at(lag)))
            .fold(
                (0, 0.0),
                |best, now| if now.1 > best.1 { now } else { best },
            );
        // The correlation of left with right peaks at minus the delay of right.
        let delay_ms = -1e3 * best_lag as f64 / self.rate;
        (delay_ms, (best - none) / deviation)
    }
}
