//! How much later a stem lies in the mix: the peak of the smoothed coherence transform (Carter, Nuttall and Cable,
//! Proc. IEEE 61(10), 1973), averaged over windows of about 3 s in which the stem sounds.

use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlannerScalar};

use crate::Audio;
use crate::measure::levels::silence_non_finite;
use crate::stream::{BLOCK_FRAMES, Source, StreamError};
use crate::units::db_from_power;

/// Farthest that a stem may lie from the mix, s.
pub const MAX_DELAY_S: f64 = 1.0;
/// Windows of a stem that are compared: about a minute of its sound.
const WINDOWS: usize = 24;
/// A window this far below the stem's loudest so far is a pause, as power.
const PAUSE: f64 = 1e-4;
/// Weight of the right channel: neither equal nor opposite channels cancel.
const RIGHT: f32 = 0.5;

/// Where a stem lies in the mix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alignment {
    /// How much later than in its file the stem sounds in the mix, frames.
    pub delay_frames: i64,
    /// How far that agreement stands over the usual one at other delays, dB.
    pub clearness_db: f64,
}

/// Where each stem lies in the mix, of which all have the sample rate; `None` for a stem that is silent. Reads all from
/// their start until enough was heard of each.
///
/// # Errors
/// [`StreamError`] if a source fails.
pub fn align<S: Source>(
    mix: &mut dyn Source,
    stems: &mut [&mut S],
) -> Result<Vec<Option<Alignment>>, StreamError> {
    let rate = mix.spec().sample_rate_hz;
    let half = (MAX_DELAY_S * f64::from(rate)) as usize;
    let hop = (2 * half).next_power_of_two();
    let mut comparisons: Vec<Comparison> = stems.iter().map(|_| Comparison::new(hop)).collect();
    let mut transform = Transform::new(2 * hop);
    mix.rewind()?;
    for stem in stems.iter_mut() {
        stem.rewind()?;
    }
    // The mix from half a window before the stem's window to half a window after it.
    let mut around = vec![0.0; 2 * hop];
    let mut window = vec![0.0; hop];
    // Hann: the edges of a window of steady tones would agree with nothing but themselves.
    let faded: Vec<f32> = (0..hop)
        .map(|frame| {
            let half_turn = std::f64::consts::PI * (frame as f64 + 0.5) / hop as f64;
            libm::pow(libm::sin(half_turn), 2.0) as f32
        })
        .collect();
    let mut is_over = fill(mix, &mut around[hop / 2..])? < 3 * hop / 2;
    loop {
        let mut is_heard = true;
        for (stem, comparison) in stems.iter_mut().zip(&mut comparisons) {
            if comparison.windows < WINDOWS {
                fill(*stem, &mut window)?;
                let samples = window.iter_mut().zip(&faded);
                samples.for_each(|(sample, gain)| *sample *= gain);
                comparison.add(&window, &around, &mut transform);
                is_heard = false;
            }
        }
        if is_over || is_heard {
            break;
        }
        around.copy_within(hop.., 0);
        is_over = fill(mix, &mut around[hop..])? == 0;
    }
    let found = comparisons.into_iter();
    Ok(found
        .map(|comparison| comparison.finish(half, &mut transform))
        .collect())
}

/// Fills `window` with the next frames as one channel, and with silence behind the end; returns how many there were.
fn fill(source: &mut dyn Source, window: &mut [f32]) -> Result<usize, StreamError> {
    let spec = source.spec();
    let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    let mut filled = 0;
    while filled < window.len() {
        let wanted = (window.len() - filled).min(BLOCK_FRAMES);
        let frames = source.read(&mut block, wanted)?;
        if frames == 0 {
            break;
        }
        silence_non_finite(&mut block);
        let out = &mut window[filled..filled + frames];
        match block.channels() {
            [left, right, ..] => {
                let both = left.iter().zip(right);
                out.iter_mut()
                    .zip(both)
                    .for_each(|(out, (l, r))| *out = l + RIGHT * r);
            }
            [mono] => out.copy_from_slice(mono),
            [] => {}
        }
        filled += frames;
    }
    window[filled..].fill(0.0);
    Ok(filled)
}

/// One transform for the windows of a stem and the mix together.
struct Transform {
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    buffer: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl Transform {
    fn new(length: usize) -> Self {
        // The scalar planner gives the same bits on every machine.
        let mut planner = FftPlannerScalar::new();
        let forward = planner.plan_fft_forward(length);
        let inverse = planner.plan_fft_inverse(length);
        let scratch = forward
            .get_inplace_scratch_len()
            .max(inverse.get_inplace_scratch_len());
        Self {
            forward,
            inverse,
            buffer: vec![Complex::default(); length],
            scratch: vec![Complex::default(); scratch],
        }
    }
}

/// What is known of one stem against the mix.
struct Comparison {
    cross: Vec<Complex<f32>>,
    stem_power: Vec<f32>,
    mix_power: Vec<f32>,
    windows: usize,
    loudest: f64,
}

impl Comparison {
    fn new(hop: usize) -> Self {
        Self {
            cross: vec![Complex::default(); hop + 1],
            stem_power: vec![0.0; hop + 1],
            mix_power: vec![0.0; hop + 1],
            windows: 0,
            loudest: 0.0,
        }
    }

    /// Takes a window of the stem and the mix from half a window before it.
    fn add(&mut self, stem: &[f32], around: &[f32], transform: &mut Transform) {
        let power: f64 = stem.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
        self.loudest = self.loudest.max(power);
        if power <= PAUSE * self.loudest {
            return;
        }
        self.windows += 1;
        let Transform {
            forward,
            buffer,
            scratch,
            ..
        } = transform;
        let stem = stem.iter().copied().chain(std::iter::repeat(0.0));
        for (cell, (stem, mix)) in buffer.iter_mut().zip(stem.zip(around)) {
            *cell = Complex::new(stem, *mix);
        }
        forward.process_with_scratch(buffer, scratch);
        let length = buffer.len();
        for bin in 0..self.cross.len() {
            // Of two real signals in one transform, each is the part with its symmetry.
            let (here, there) = (buffer[bin], buffer[(length - bin) % length].conj());
            let stem = (here + there) * 0.5;
            let mix = (here - there) * Complex::new(0.0, -0.5);
            self.cross[bin] += mix * stem.conj();
            self.stem_power[bin] += stem.norm_sqr();
            self.mix_power[bin] += mix.norm_sqr();
        }
    }

    /// The delay at which both agree best, at most `half` frames in either direction.
    fn finish(self, half: usize, transform: &mut Transform) -> Option<Alignment> {
        if self.windows == 0 {
            return None;
        }
        let Transform {
            inverse,
            buffer,
            scratch,
            ..
        } = transform;
        let (length, middle) = (buffer.len(), buffer.len() / 4);
        buffer.fill(Complex::default());
        let powers = self.stem_power.iter().zip(&self.mix_power);
        for (bin, (cross, (stem, mix))) in self.cross.iter().zip(powers).enumerate() {
            let scale = (stem * mix).sqrt();
            if scale > f32::MIN_POSITIVE {
                buffer[bin] = cross / scale;
                buffer[(length - bin) % length] = buffer[bin].conj();
            }
        }
        inverse.process_with_scratch(buffer, scratch);
        let delays = &buffer[middle - half..=middle + half];
        let power: f64 = delays.iter().map(|x| f64::from(x.re * x.re)).sum();
        let best = delays.iter().enumerate();
        let (at, best) = best.max_by(|a, b| a.1.re.abs().total_cmp(&b.1.re.abs()))?;
        let usual = power / delays.len() as f64;
        Some(Alignment {
            delay_frames: at as i64 - half as i64,
            clearness_db: db_from_power(f64::from(best.re * best.re) / usual.max(1e-30)),
        })
    }
}
