//! EQ: the smooth curve of the settings as one FIR filter for mid and one for side.
//!
//! Both channels go through one complex FFT as z = L + iR. With hm and hs the filters of mid and
//! side, a = (hm + hs)/2 and b = (hm - hs)/2, the output is a∗z + i·b∗conj(z), in the frequency
//! domain Z'\[k\] = A\[k\]·Z\[k\] + i·B\[k\]·conj(Z\[N-k\]). Convolution is by overlap-save.

mod curve;
mod design;
mod transform;
mod whole;

use std::sync::Arc;

use rustfft::num_complex::{Complex, Complex32};
use rustfft::{Fft, FftPlannerScalar};

pub use curve::{eq_curve_db, mid_basis, side_basis};
pub use design::minimum_phase;
pub use whole::{apply_curves, convolve};

use crate::Audio;
use crate::process::{ProcessSpec, Processor, ResponseDb};
use crate::settings::{self, EqPhase};
use crate::threads::join;

/// True where the settings do nothing.
pub fn is_neutral(settings: &settings::Eq) -> bool {
    let mid = settings.mid_db.iter().chain(&settings.fine_mid_db);
    mid.chain(side_gains_db(settings)).all(|&db| db == 0.0)
}

/// What the side signal gets beyond mid, dB, knots and third octaves.
fn side_gains_db(settings: &settings::Eq) -> impl Iterator<Item = &f64> {
    settings.side_db.iter().chain(&settings.fine_side_db)
}

/// True where mid and side are treated differently.
pub fn splits_side(settings: &settings::Eq) -> bool {
    side_gains_db(settings).any(|&db| db != 0.0)
}

/// The EQ stage. Neutral settings are exact identity without latency.
pub struct Eq {
    settings: settings::Eq,
    convolver: Option<Convolver>,
    latency_frames: usize,
}

impl Eq {
    /// Designs the filters.
    pub fn new(settings: &settings::Eq, spec: &ProcessSpec) -> Self {
        if is_neutral(settings) {
            return Self {
                settings: *settings,
                convolver: None,
                latency_frames: 0,
            };
        }
        let curve = curve::EqCurve::new(settings);
        let rate_hz = spec.sample_rate_hz;
        let (taps, filter_delay_frames) = match settings.phase {
            EqPhase::Minimum => (design::minimum_phase_taps(rate_hz), 0),
            EqPhase::Linear => {
                let taps = design::linear_phase_taps(rate_hz);
                (taps, taps / 2)
            }
        };
        let filter = |gain_db: fn(ResponseDb) -> f64| match settings.phase {
            EqPhase::Minimum => design::minimum_phase(rate_hz, |hz| gain_db(curve.at(hz))),
            EqPhase::Linear => design::linear_phase(rate_hz, |hz| gain_db(curve.at(hz))),
        };
        let (mid, side) = join(
            || filter(|gain| gain.mid_db),
            || needs_side(settings, spec).then(|| filter(|gain| gain.side_db)),
        );
        let convolver = Convolver::new(taps, &mid, side.as_deref());
        Self {
            settings: *settings,
            latency_frames: convolver.block_frames() + filter_delay_frames,
            convolver: Some(convolver),
        }
    }
}

fn needs_side(settings: &settings::Eq, spec: &ProcessSpec) -> bool {
    spec.channels == 2 && splits_side(settings)
}

impl Processor for Eq {
    fn name(&self) -> &'static str {
        "eq"
    }

    fn process(&mut self, block: &mut Audio) {
        if let Some(convolver) = &mut self.convolver {
            let (left, right) = block.split_mut();
            convolver.process(left, right);
        }
    }

    fn latency_frames(&self) -> usize {
        self.latency_frames
    }

    fn reset(&mut self) {
        if let Some(convolver) = &mut self.convolver {
            convolver.reset();
        }
    }

    fn response_db(&self, freq_hz: f64) -> Option<ResponseDb> {
        Some(eq_curve_db(&self.settings, freq_hz))
    }
}

/// Overlap-save convolution of both channels with one complex FFT.
struct Convolver {
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    scratch: Vec<Complex32>,
    /// A\[k\] / N for k = 0..=N/2; the filters are real, so A\[N-k\] = conj(A\[k\]).
    direct: Vec<Complex32>,
    /// i·B\[k\] / N for k = 0..=N/2, where mid and side differ.
    cross: Option<Vec<Complex32>>,
    /// The last N input frames; the newest block is at its end and not yet complete.
    input: Vec<Complex32>,
    spectrum: Vec<Complex32>,
    /// The last N output frames as the transform gives them: the block that is being given out is at the
    /// end, before it stand frames that ring into themselves.
    output: Vec<Complex32>,
    /// Frames of a block.
    block_frames: usize,
    position_frames: usize,
}

impl Convolver {
    /// An FFT of four times the taps costs least per frame without growing out of the cache.
    const FFT_PER_TAP: usize = 4;

    fn new(taps: usize, mid: &[f64], side: Option<&[f64]>) -> Self {
        let size = taps * Self::FFT_PER_TAP;
        let (forward, inverse) = transform::plan(size);
        let mid = half_spectrum(mid, size);
        let (direct, cross) = match side.map(|side| half_spectrum(side, size)) {
            None => (mid, None),
            Some(side) => {
                let pairs = || mid.iter().zip(&side);
                let cross = pairs()
                    .map(|(m, s)| Complex::<f64>::i() * (m - s) * 0.5)
                    .collect();
                (pairs().map(|(m, s)| (m + s) * 0.5).collect(), Some(cross))
            }
        };
        let rounded = |spectrum: Vec<Complex<f64>>| -> Vec<Complex32> {
            let round = |v: Complex<f64>| Complex32::new(v.re as f32, v.im as f32);
            spectrum.into_iter().map(round).collect()
        };
        let zero = Complex32::new(0.0, 0.0);
        let scratch_len = forward
            .get_immutable_scratch_len()
            .max(inverse.get_immutable_scratch_len());
        Self {
            forward,
            inverse,
            scratch: vec![zero; scratch_len],
            direct: rounded(direct),
            cross: cross.map(rounded),
            input: vec![zero; size],
            spectrum: vec![zero; size],
            output: vec![zero; size],
            block_frames: size - taps,
            position_frames: 0,
        }
    }

    fn block_frames(&self) -> usize {
        self.block_frames
    }

    fn reset(&mut self) {
        self.input.fill(Complex32::new(0.0, 0.0));
        self.output.fill(Complex32::new(0.0, 0.0));
        self.position_frames = 0;
    }

    fn process(&mut self, left: &mut [f32], mut right: Option<&mut [f32]>) {
        let history = self.input.len() - self.block_frames;
        let mut start = 0;
        while start < left.len() {
            let position = self.position_frames;
            let count = (self.block_frames - position).min(left.len() - start);
            let end = start + count;
            let input = &mut self.input[history + position..][..count];
            let output = &self.output[history + position..][..count];
            match &mut right {
                Some(right) => {
                    let frames = left[start..end].iter_mut().zip(&mut right[start..end]);
                    for ((l, r), (input, output)) in frames.zip(input.iter_mut().zip(output)) {
                        *input = Complex32::new(*l, *r);
                        (*l, *r) = (output.re, output.im);
                    }
                }
                None => {
                    let frames = left[start..end].iter_mut();
                    for (l, (input, output)) in frames.zip(input.iter_mut().zip(output)) {
                        *input = Complex32::new(*l, 0.0);
                        *l = output.re;
                    }
                }
            }
            start = end;
            self.position_frames += count;
            if self.position_frames == self.block_frames {
                self.position_frames = 0;
                self.convolve_block();
            }
        }
    }

    fn convolve_block(&mut self) {
        self.forward.process_immutable_with_scratch(
            &self.input,
            &mut self.spectrum,
            &mut self.scratch,
        );
        self.input.copy_within(self.block_frames.., 0);
        match &self.cross {
            Some(cross) => multiply_crossed(&mut self.spectrum, &self.direct, cross),
            None => multiply(&mut self.spectrum, &self.direct),
        }
        self.inverse.process_immutable_with_scratch(
            &self.spectrum,
            &mut self.output,
            &mut self.scratch,
        );
    }
}

/// Bins 0 to N/2 of real taps, divided by N for an unnormalized round trip.
fn half_spectrum(taps: &[f64], size: usize) -> Vec<Complex<f64>> {
    let scale = 1.0 / size as f64;
    let mut spectrum: Vec<_> = taps
        .iter()
        .map(|tap| Complex::new(tap * scale, 0.0))
        .collect();
    spectrum.resize(size, Complex::new(0.0, 0.0));
    FftPlannerScalar::new()
        .plan_fft_forward(size)
        .process(&mut spectrum);
    spectrum.truncate(size / 2 + 1);
    spectrum
}

/// Z'\[k\] = A\[k\]·Z\[k\].
fn multiply(spectrum: &mut [Complex32], direct: &[Complex32]) {
    let (low, high) = spectrum.split_at_mut(direct.len());
    for (z, a) in low.iter_mut().zip(direct) {
        *z *= a;
    }
    // Bins N/2+1 .. N are the conjugates of bins N/2-1 .. 1.
    for (z, a) in high.iter_mut().rev().zip(&direct[1..]) {
        *z *= a.conj();
    }
}

/// Z'\[k\] = A\[k\]·Z\[k\] + i·B\[k\]·conj(Z\[N-k\]), with `cross` = i·B.
fn multiply_crossed(spectrum: &mut [Complex32], direct: &[Complex32], cross: &[Complex32]) {
    let nyquist = direct.len() - 1;
    for bin in [0, nyquist] {
        let z = spectrum[bin];
        spectrum[bin] = direct[bin] * z + cross[bin] * z.conj();
    }
    let (low, high) = spectrum.split_at_mut(nyquist + 1);
    let filters = direct[1..nyquist].iter().zip(&cross[1..nyquist]);
    let bins = low[1..nyquist].iter_mut().zip(high.iter_mut().rev());
    for ((z, mirror), (a, ib)) in bins.zip(filters) {
        let (z_in, mirror_in) = (*z, *mirror);
        *z = a * z_in + ib * mirror_in.conj();
        // i·B[N-k] = i·conj(B[k]) = -conj(i·B[k]).
        *mirror = a.conj() * mirror_in - ib.conj() * z_in.conj();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::white;

    /// The f32 FFT against direct convolution in f64, mid and side apart.
    #[test]
    fn the_f32_fft_adds_less_than_minus_130_db() {
        let spec = ProcessSpec {
            sample_rate_hz: 44_100,
            channels: 2,
            program_lufs: -14.0,
        };
        let settings = settings::Eq {
            mid_db: [
                3.0, -2.0, 1.0, 2.0, -3.0, 0.5, 1.0, -1.0, 2.0, 3.0, -2.0, 4.0,
            ],
            side_db: [-3.0, 1.0, 2.0, -1.0],
            ..Default::default()
        };
        let mut eq = Eq::new(&settings, &spec);
        let frames = 30_000;
        let (left, right) = (white(frames, 1), white(frames, 2));
        let mut block = Audio::new(44_100, vec![left.clone(), right.clone()]).unwrap();
        block.set_frames(frames + eq.latency_frames());
        eq.process(&mut block);
        block.drop_front(eq.latency_frames());

        let hm = design::minimum_phase(44_100, |hz| eq_curve_db(&settings, hz).mid_db);
        let hs = design::minimum_phase(44_100, |hz| eq_curve_db(&settings, hz).side_db);
        let (mut error, mut power) = (0.0, 0.0);
        for n in (20_000..frames).step_by(37) {
            let (mut mid, mut side) = (0.0, 0.0);
            for k in 0..hm.len() {
                let (l, r) = (f64::from(left[n - k]), f64::from(right[n - k]));
                mid += hm[k] * (l + r) / 2.0;
                side += hs[k] * (l - r) / 2.0;
            }
            error += (f64::from(block.channel(0)[n]) - (mid + side)).powi(2);
            error += (f64::from(block.channel(1)[n]) - (mid - side)).powi(2);
            power += 2.0 * (mid * mid + side * side);
        }
        let error_db = 10.0 * (error / power).log10();
        println!("f32 FFT error: {error_db:.1} dB");
        assert!(error_db < -130.0, "{error_db} dB");
    }

    #[test]
    fn linear_phase_is_symmetric_about_its_declared_latency() {
        let spec = ProcessSpec {
            sample_rate_hz: 44_100,
            channels: 1,
            program_lufs: -14.0,
        };
        let mut settings = settings::Eq::default();
        settings.mid_db[6] = 4.0;
        settings.phase = EqPhase::Linear;
        let mut eq = Eq::new(&settings, &spec);
        let latency = eq.latency_frames();
        let mut block = Audio::silence(44_100, 1, latency + 20_000);
        block.split_mut().0[0] = 1.0;
        eq.process(&mut block);
        let out = block.channel(0);
        assert!(out[latency] > 0.9);
        for distance in 1..8000 {
            let (before, after) = (out[latency - distance], out[latency + distance]);
            assert!(
                (before - after).abs() < 1e-6,
                "{distance}: {before} {after}"
            );
        }
    }
}
