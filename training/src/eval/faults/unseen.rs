//! Faults of families that training never draws: resonances, a doubled track's comb filter, a
//! room's color. Each is made in audio.

use acetate_dsp::Audio;
use acetate_dsp::process::ResponseDb;
use acetate_dsp::process::eq::{apply_curves, convolve};
use acetate_dsp::units::gain_from_db;

use crate::eval::faults::rms;
use crate::rng::Rng;

/// RMS of the resonances' curve over log frequency, dB.
const RESONANCE_RMS_DB: f64 = 3.0;
/// No resonance is taller than this, dB; few tall bells would be needed to reach the RMS.
const MAX_BELL_DB: f64 = 14.0;
/// Points per octave on which the resonances are scaled, 39 Hz to 16 kHz.
const POINTS_PER_OCTAVE: usize = 24;
/// Octaves from 39 Hz to 16 kHz.
const OCTAVES: f64 = 8.67;

/// Narrow bells, Q 6 to 15, up and down.
#[derive(Clone, Debug, PartialEq)]
pub struct Resonances {
    /// Center in Hz, Q and gain in dB of each.
    bells: Vec<(f64, f64, f64)>,
}

impl Resonances {
    /// Draws 6 to 10 bells.
    pub fn draw(rng: &mut Rng) -> Self {
        let count = 6 + rng.below(5);
        let mut drawn = Self {
            bells: (0..count)
                .map(|_| {
                    let center_hz = 90.0 * libm::exp2(rng.uniform(0.0, 6.7));
                    let q = rng.uniform(6.0, 15.0);
                    (center_hz, q, rng.sign() * rng.uniform(0.5, 1.0))
                })
                .collect(),
        };
        let points = (POINTS_PER_OCTAVE as f64 * OCTAVES) as usize;
        let curve: Vec<f64> = (0..points)
            .map(|at| drawn.gain_db(39.4 * libm::exp2(at as f64 / POINTS_PER_OCTAVE as f64)))
            .collect();
        let scale = RESONANCE_RMS_DB / rms(&curve).max(1e-9);
        for (_, _, gain_db) in &mut drawn.bells {
            *gain_db = (*gain_db * scale).clamp(-MAX_BELL_DB, MAX_BELL_DB);
        }
        drawn
    }

    /// Every gain negated.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        Self {
            bells: self
                .bells
                .iter()
                .map(|&(hz, q, gain_db)| (hz, q, -gain_db))
                .collect(),
        }
    }

    /// Gain at a frequency, dB: each bell as an analog resonance of its Q.
    pub fn gain_db(&self, freq_hz: f64) -> f64 {
        let freq_hz = freq_hz.max(1.0);
        self.bells
            .iter()
            .map(|&(center_hz, q, gain_db)| {
                let detuning = q * (freq_hz / center_hz - center_hz / freq_hz);
                gain_db / (1.0 + detuning * detuning)
            })
            .sum()
    }

    /// The resonances on mid and side alike.
    pub fn applied_to(&self, audio: &Audio) -> Audio {
        apply_curves(audio, |hz| ResponseDb {
            mid_db: self.gain_db(hz),
            side_db: self.gain_db(hz),
        })
    }
}

/// A copy 3 to 20 ms late at -12 to -2 dB on top: a track recorded or doubled twice.
pub fn comb(audio: &Audio, rng: &mut Rng) -> Audio {
    let delay_s = 1e-3 * rng.uniform(3.0, 20.0);
    let gain = rng.sign() * gain_from_db(rng.uniform(-12.0, -2.0));
    let delay_frames = (delay_s * f64::from(audio.sample_rate_hz())) as usize;
    let mut taps = vec![0.0; delay_frames + 1];
    taps[0] = 1.0;
    taps[delay_frames] = gain;
    convolve(audio, &taps, None)
}

/// A small room, 10 to 30 % wet: a handful of early reflections, then noise that decays by 60 dB in
/// 0.15 to 0.5 s, darker the longer it lasts; another one for side.
pub fn room(audio: &Audio, rng: &mut Rng) -> Audio {
    let wet = rng.uniform(0.1, 0.3);
    let decay_s = rng.uniform(0.15, 0.5);
    let mut response = || room_response(audio.sample_rate_hz(), decay_s, wet, rng);
    let mid = response();
    let side = (audio.channel_count() == 2).then(response);
    convolve(audio, &mid, side.as_deref())
}

/// Direct sound of 1 - wet, and a tail with the energy of `wet`² times the direct sound's.
fn room_response(sample_rate_hz: u32, decay_s: f64, wet: f64, rng: &mut Rng) -> Vec<f64> {
    let rate = f64::from(sample_rate_hz);
    let frames = (decay_s * rate) as usize + 1;
    let mut tail = vec![0.0; frames];
    for _ in 0..5 {
        let at = (rng.uniform(0.002, 0.03) * rate) as usize;
        if let Some(tap) = tail.get_mut(at) {
            *tap += rng.sign() * rng.uniform(2.0, 6.0);
        }
    }
    // One pole at about 4 kHz takes the hiss off the tail.
    let share = 1.0 - libm::exp(-std::f64::consts::TAU * 4000.0 / rate);
    let mut low = 0.0;
    let start = (0.008 * rate) as usize;
    for (frame, tap) in tail.iter_mut().enumerate().skip(start) {
        low += share * (rng.normal() - low);
        *tap += low * libm::exp(-6.9 * frame as f64 / frames as f64);
    }
    let energy: f64 = tail.iter().map(|tap| tap * tap).sum();
    let scale = wet / energy.sqrt().max(1e-12);
    for tap in &mut tail {
        *tap *= scale;
    }
    tail[0] += 1.0 - wet;
    tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resonances_are_narrow_and_mirror() {
        let mut rng = Rng::new(3);
        for _ in 0..20 {
            let fault = Resonances::draw(&mut rng);
            let mirror = fault.mirrored();
            for &(hz, q, gain_db) in &fault.bells {
                assert!((6.0..=15.0).contains(&q) && gain_db.abs() <= MAX_BELL_DB);
                assert!((fault.gain_db(hz) + mirror.gain_db(hz)).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_comb_and_a_room_keep_the_length_and_change_the_sound() {
        let mut audio = Audio::silence(44_100, 2, 44_100);
        let mut noise = Rng::new(9);
        for channel in audio.channels_mut() {
            for sample in channel {
                *sample = 0.1 * noise.normal() as f32;
            }
        }
        let doubled = comb(&audio, &mut Rng::new(1));
        let roomy = room(&audio, &mut Rng::new(1));
        for out in [&doubled, &roomy] {
            assert_eq!(out.frames(), audio.frames());
            assert_ne!(out, &audio);
            assert!(out.channels().iter().flatten().all(|x| x.is_finite()));
        }
    }
}
