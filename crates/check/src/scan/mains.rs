//! The lines of one mains frequency: each multiple on its own, in a narrow band around it.
//!
//! A band is shifted to 0 Hz and sampled at about 20 Hz. Dividing it by its power at each moment weighs every
//! moment by the inverse of what else sounds there, which is the best that a steady line in noise of changing
//! power allows (a matched filter): the quietest moments between the notes count most, and a note counts
//! little however loud. A transform over 15 s then tells what keeps its phase from what comes and goes.

use std::sync::Arc;

use acetate_dsp::units::db_from_power;
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// Multiples that are looked at.
pub(super) const MULTIPLES: usize = 10;
/// Mains keep their frequency, and sound cards theirs, within this share.
const TOLERANCE: f64 = 0.002;
/// Steps of that share on either side: less than the width of a line at the tenth multiple.
const STEPS: i32 = 20;
/// Frequencies that are tried.
pub(super) const OFFSETS: usize = 2 * STEPS as usize + 1;
/// Rate of a band, Hz, about.
const BAND_RATE_HZ: f64 = 20.0;
/// Products that are summed side by side.
const LANES: usize = 8;
/// Half the width of a band, as a share of its rate.
const HALF_WIDTH: f64 = 0.4;
/// Length of the filter, in samples of the band.
const FILTER_LENGTH: usize = 8;
/// Length of a window, s.
const WINDOW_S: f64 = 15.0;
/// Length of the transform, in samples of the band: more than a window holds.
const TRANSFORM: usize = 1_024;
/// Neighbors of a line, Hz from where it should be: beyond what [`TOLERANCE`] allows, and within the band.
const NEIGHBORS_HZ: (f64, f64) = (1.4, 5.0);
/// Moments this far below the middle one weigh no more than it would at that level, as power.
const QUIETEST: f32 = 1e-4;

/// By which share of the mains frequency an offset is off.
pub(super) fn offset_share(offset: usize) -> f64 {
    TOLERANCE * f64::from(offset as i32 - STEPS) / f64::from(STEPS)
}

/// What one window shows of one multiple, for every offset of the mains.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    /// Power over that of the neighbors, dB, by offset.
    pub prominence_db: Vec<f32>,
    /// Power of a line there, full scale = 1, by offset.
    pub power: Vec<f32>,
}

/// Bands around the multiples of one mains frequency.
pub(super) struct Mains {
    mains_hz: f64,
    rate_hz: f64,
    band_rate_hz: f64,
    factor: usize,
    /// Filters shifted to each multiple, oldest sample first, as real and imaginary parts.
    filters: Vec<[Vec<f32>; 2]>,
    /// Samples that the next value of a band needs, oldest first.
    samples: Vec<f32>,
    /// Samples that went before.
    dropped: u64,
    bands: Vec<Vec<Complex<f32>>>,
    window: Vec<f32>,
    fft: Arc<dyn RealToComplex<f32>>,
    input: Vec<f32>,
    spectra: [Vec<Complex<f32>>; 2],
    scratch: Vec<Complex<f32>>,
}

impl Mains {
    /// Bands of a signal at this rate.
    pub(super) fn new(mains_hz: f64, rate_hz: f64) -> Self {
        let factor = libm::round(rate_hz / BAND_RATE_HZ).max(1.0) as usize;
        let band_rate_hz = rate_hz / factor as f64;
        let low_pass = low_pass(FILTER_LENGTH * factor + 1, HALF_WIDTH / factor as f64);
        let filters = (1..=MULTIPLES)
            .map(|multiple| {
                let step = std::f64::consts::TAU * mains_hz * multiple as f64 / rate_hz;
                let shifted = |turn: fn(f64) -> f64| {
                    let taps = low_pass.iter().enumerate().rev();
                    taps.map(|(n, tap)| (tap * turn(step * n as f64)) as f32)
                        .collect()
                };
                [shifted(libm::cos), shifted(libm::sin)]
            })
            .collect();
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(TRANSFORM);
        let length = ((WINDOW_S * band_rate_hz) as usize).clamp(8, TRANSFORM);
        let turn = std::f64::consts::TAU / length as f64;
        Self {
            mains_hz,
            rate_hz,
            band_rate_hz,
            factor,
            samples: Vec::with_capacity(low_pass.len()),
            dropped: 0,
            filters,
            bands: vec![Vec::new(); MULTIPLES],
            window: (0..length)
                .map(|n| (0.5 - 0.5 * libm::cos(turn * n as f64)) as f32)
                .collect(),
            input: fft.make_input_vec(),
            spectra: [(); 2].map(|()| fft.make_output_vec()),
            scratch: fft.make_scratch_vec(),
            fft,
        }
    }

    /// Takes a sample; the multiples' lines where it completes a window.
    pub(super) fn step(&mut self, sample: f32) -> Option<Vec<Lines>> {
        self.samples.push(sample);
        if self.samples.len() < FILTER_LENGTH * self.factor + 1 {
            return None;
        }
        let newest = (self.dropped + self.samples.len() as u64 - 1) as f64;
        for (number, (band, filter)) in self.bands.iter_mut().zip(&self.filters).enumerate() {
            let [re, im] = [&filter[0], &filter[1]].map(|taps| dot(taps, &self.samples));
            let turns = self.mains_hz * (number + 1) as f64 * newest / self.rate_hz;
            let angle = std::f64::consts::TAU * (turns - libm::floor(turns));
            let (cos, sin) = (libm::cos(angle), libm::sin(angle));
            band.push(Complex::new(
                (re * cos + im * sin) as f32,
                (im * cos - re * sin) as f32,
            ));
        }
        self.samples.drain(..self.factor);
        self.dropped += self.factor as u64;
        let length = self.window.len();
        if self.bands.iter().any(|band| band.len() < length) {
            return None;
        }
        let lines = (1..=MULTIPLES)
            .map(|multiple| self.lines(multiple))
            .collect();
        for band in &mut self.bands {
            band.drain(..length / 2);
        }
        lines
    }

    /// The lines of a multiple in the window that is full; `None` in silence.
    fn lines(&mut self, multiple: usize) -> Option<Lines> {
        let band = &self.bands[multiple - 1];
        let weights = weights(band)?;
        let parts: [fn(&Complex<f32>) -> f32; 2] = [|z| z.re, |z| z.im];
        for (part, spectrum) in parts.into_iter().zip(&mut self.spectra) {
            self.input.fill(0.0);
            let moments = band.iter().zip(&weights).zip(&self.window);
            for (slot, ((z, weight), window)) in self.input.iter_mut().zip(moments) {
                *slot = part(z) * weight * window;
            }
            let done = self
                .fft
                .process_with_scratch(&mut self.input, spectrum, &mut self.scratch);
            debug_assert!(done.is_ok(), "buffers made by the transform itself");
        }
        let bin_hz = self.band_rate_hz / TRANSFORM as f64;
        let at = |bin: i32| -> f32 {
            let index = bin.unsigned_abs() as usize;
            let [re, im] = [self.spectra[0][index], self.spectra[1][index]];
            let i = Complex::new(0.0, 1.0);
            if bin < 0 {
                (re.conj() + i * im.conj()).norm_sqr()
            } else {
                (re + i * im).norm_sqr()
            }
        };
        let (near, far) = (
            (NEIGHBORS_HZ.0 / bin_hz) as i32,
            (NEIGHBORS_HZ.1 / bin_hz) as i32,
        );
        let mut around: Vec<f32> = (near..=far).flat_map(|bin| [at(bin), at(-bin)]).collect();
        around.sort_unstable_by(f32::total_cmp);
        let around = around.get(around.len() / 2).copied()?;
        if around <= 0.0 {
            return None;
        }
        // A line of amplitude a is a/2 in its band, and then counts by the sum of its weights.
        let weight: f32 = weights.iter().zip(&self.window).map(|(a, b)| a * b).sum();
        let powers: Vec<f32> = (-STEPS..=STEPS)
            .map(|step| {
                let share = offset_share((step + STEPS) as usize);
                let hz = share * self.mains_hz * multiple as f64;
                at(libm::round(hz / bin_hz) as i32)
            })
            .collect();
        Some(Lines {
            prominence_db: powers
                .iter()
                .map(|power| db_from_power(f64::from(power / around).max(1e-12)) as f32)
                .collect(),
            power: powers
                .iter()
                .map(|power| 2.0 * power / (weight * weight))
                .collect(),
        })
    }
}

/// One over the power at each moment, relative to the middle one; `None` in silence.
fn weights(band: &[Complex<f32>]) -> Option<Vec<f32>> {
    let power = |n: usize| band[n.min(band.len() - 1)].norm_sqr();
    let powers: Vec<f32> = (0..band.len())
        .map(|n| 0.25 * power(n.saturating_sub(1)) + 0.5 * power(n) + 0.25 * power(n + 1))
        .collect();
    let mut sorted = powers.clone();
    sorted.sort_unstable_by(f32::total_cmp);
    let middle = sorted.get(sorted.len() / 2).copied()?;
    (middle > 0.0).then(|| {
        let weigh = |power: &f32| middle / power.max(QUIETEST * middle);
        powers.iter().map(weigh).collect()
    })
}

/// Sum of products, each in `f32`, the sum in `f64`.
fn dot(taps: &[f32], samples: &[f32]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (taps, last_taps) = taps.as_chunks::<LANES>();
    let (eights, last) = samples.as_chunks::<LANES>();
    for (taps, samples) in taps.iter().zip(eights) {
        for lane in 0..LANES {
            lanes[lane] += f64::from(taps[lane] * samples[lane]);
        }
    }
    let rest = last_taps.iter().zip(last);
    lanes.iter().sum::<f64>() + rest.map(|(tap, x)| f64::from(tap * x)).sum::<f64>()
}

/// Taps of a low-pass under Hamming's window, corner as a share of the sample rate.
fn low_pass(length: usize, corner: f64) -> Vec<f64> {
    let middle = 0.5 * (length - 1) as f64;
    let taps: Vec<f64> = (0..length)
        .map(|n| {
            let x = std::f64::consts::TAU * corner * (n as f64 - middle);
            let sinc = if x == 0.0 { 1.0 } else { libm::sin(x) / x };
            let turn = std::f64::consts::TAU * n as f64 / (length - 1).max(1) as f64;
            sinc * (0.54 - 0.46 * libm::cos(turn))
        })
        .collect();
    let sum: f64 = taps.iter().sum();
    taps.into_iter().map(|tap| tap / sum).collect()
}
