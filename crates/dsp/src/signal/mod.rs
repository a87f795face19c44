//! Test signals, the same samples on every machine: seeded noise, tones, sweeps, bursts, a
//! stand-in for a mix, and the conformance signals of loudness meters ([`ebu`]).
//!
//! The tests of every crate of the workspace take their signals from here; nothing else uses them.

use std::f64::consts::TAU;

pub mod ebu;
mod mix;

pub use mix::mix;

use crate::numeric::split_mix_64;

/// A seeded stream of random numbers, as SplitMix64 gives them.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        split_mix_64(&mut self.0)
    }

    /// Uniform from 0 to below 1.
    pub fn share(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform from -1 to below 1.
    pub fn bipolar(&mut self) -> f64 {
        2.0 * self.share() - 1.0
    }

    /// Uniform from `min` to below `max`.
    pub fn between(&mut self, min: f64, max: f64) -> f64 {
        min + self.share() * (max - min)
    }

    /// One of `values`, all equally likely; there must be at least one.
    pub fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[(self.bits() % values.len() as u64) as usize]
    }
}

/// White noise, uniform from -1 to 1.
pub fn white(frames: usize, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed);
    // 24 bits, so that no sample is rounded up to 1.
    (0..frames)
        .map(|_| (random.bits() >> 40) as f32 / (1 << 23) as f32 - 1.0)
        .collect()
}

/// Random numbers, uniform from 0 to below 1.
pub fn shares(count: usize, seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed);
    (0..count).map(|_| random.share()).collect()
}

/// Pink noise, -3 dB per octave (Kellet's filter), with peaks near full scale.
pub fn pink(frames: usize, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed);
    let mut poles = [0.0; 3];
    (0..frames)
        .map(|_| {
            let white = random.bipolar();
            poles[0] = 0.99765 * poles[0] + white * 0.0990460;
            poles[1] = 0.96300 * poles[1] + white * 0.2965164;
            poles[2] = 0.57000 * poles[2] + white * 1.0526913;
            (0.2 * (poles.iter().sum::<f64>() + white * 0.1848)) as f32
        })
        .collect()
}

/// A sine from phase 0; `gain` is its peak, linear.
pub fn sine(sample_rate_hz: u32, freq_hz: f64, gain: f64, frames: usize) -> Vec<f32> {
    let step = TAU * freq_hz / f64::from(sample_rate_hz);
    (0..frames)
        .map(|n| (gain * libm::sin(step * n as f64)) as f32)
        .collect()
}

/// A sine of `cycles_per_frame` and a phase in radians that fades in and out over `fade` frames.
pub fn faded_sine(
    cycles_per_frame: f64,
    phase: f64,
    gain: f64,
    frames: usize,
    fade: usize,
) -> Vec<f32> {
    (0..frames)
        .map(|n| {
            let edge = match fade {
                0 => 1.0,
                fade => (n.min(frames - 1 - n) as f64 / fade as f64).min(1.0),
            };
            (gain * edge * libm::sin(TAU * cycles_per_frame * n as f64 + phase)) as f32
        })
        .collect()
}

/// A sine whose frequency rises steadily between two; `gain` is its peak, linear.
pub fn sweep(sample_rate_hz: u32, from_hz: f64, to_hz: f64, gain: f64, frames: usize) -> Vec<f32> {
    let rate_hz = f64::from(sample_rate_hz);
    let rise_hz_per_s = (to_hz - from_hz) * rate_hz / frames.max(1) as f64;
    (0..frames)
        .map(|n| {
            let t_s = n as f64 / rate_hz;
            let cycles = from_hz * t_s + 0.5 * rise_hz_per_s * t_s * t_s;
            (gain * libm::sin(TAU * cycles)) as f32
        })
        .collect()
}

/// Adds a burst with a Gaussian envelope; `crest` and `width` are in frames, `gain` is its peak.
pub fn add_burst(samples: &mut [f32], crest: f64, width: f64, cycles_per_frame: f64, gain: f64) {
    for (n, sample) in samples.iter_mut().enumerate() {
        let t = n as f64 - crest;
        let envelope = libm::exp(-0.5 * (t / width) * (t / width));
        *sample += (gain * envelope * libm::cos(TAU * cycles_per_frame * t)) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_noise_and_another_one_other_noise() {
        assert_eq!(white(100, 3), white(100, 3));
        assert_ne!(white(100, 3), white(100, 4));
        // The first output of SplitMix64 from state 0 (Steele, Lea and Flood 2014).
        assert_eq!(Random::new(0).bits(), 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn white_noise_is_uniform_and_pink_noise_falls() {
        let samples = white(100_000, 1);
        assert!(samples.iter().all(|x| (-1.0..1.0).contains(x)));
        let power = samples.iter().map(|x| x * x).sum::<f32>() / 1e5;
        assert!((power - 1.0 / 3.0).abs() < 0.01, "{power}");
        let steps = |samples: &[f32]| {
            let pairs = samples.windows(2);
            pairs.map(|pair| (pair[1] - pair[0]).powi(2)).sum::<f32>()
                / samples.iter().map(|x| x * x).sum::<f32>()
        };
        // White noise: 2; pink noise is mostly below that frequency.
        assert!((steps(&samples) - 2.0).abs() < 0.05);
        assert!(steps(&pink(100_000, 1)) < 1.0);
    }
}
