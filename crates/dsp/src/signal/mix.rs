//! [`mix`]: a stand-in for an unmastered mix.

use std::f64::consts::TAU;

use super::Random;
use crate::Audio;

/// Corner of the bursts' low-pass, Hz.
const HISS_HZ: f64 = 8_000.0;

/// A kick twice a second, a bass line, a chord and noise bursts with a slow swell, in stereo: the
/// peaks are far above the loudness, as in a mix, and the treble falls off above 8 kHz.
pub fn mix(sample_rate_hz: u32, duration_s: f64) -> Audio {
    let rate_hz = f64::from(sample_rate_hz);
    let frames = (duration_s * rate_hz) as usize;
    let mut random = Random::new(7);
    let pole = 1.0 - libm::exp(-TAU * HISS_HZ / rate_hz);
    let mut low_pass = [[0.0; 4]; 2];
    let mut mix = Audio::silence(sample_rate_hz, 2, frames);
    let sine = |freq_hz: f64, t_s: f64| libm::sin(TAU * freq_hz * t_s);
    let mut samples = Vec::with_capacity(frames);
    for n in 0..frames {
        let t_s = n as f64 / rate_hz;
        let beat_s = t_s % 0.5;
        let kick_cycles = 50.0 * beat_s + 6.0 * (1.0 - libm::exp(-beat_s / 0.03));
        let kick = 0.7 * libm::exp(-beat_s / 0.08) * libm::sin(TAU * kick_cycles);
        let bass = 0.18 * sine(55.0, t_s) + 0.06 * libm::sin(TAU * 110.0 * t_s + 0.4);
        let swell = 0.5 + 0.5 * libm::sin(TAU * t_s / 7.0);
        let chord = |detune_hz: f64| {
            [220.0, 277.2, 329.6, 660.0, 1_320.0]
                .iter()
                .map(|freq_hz| 0.05 * sine(freq_hz + detune_hz, t_s))
                .sum::<f64>()
        };
        let burst = |delay_s: f64| 0.35 * libm::exp(-((t_s + delay_s) % 0.25) / 0.02);
        let hiss = low_pass.each_mut().map(|poles| {
            let mut value = 2.0 * random.bipolar();
            for state in poles {
                *state += pole * (value - *state);
                value = *state;
            }
            value
        });
        samples.push([
            (kick + bass + swell * chord(0.0) + burst(0.0) * hiss[0]) as f32,
            (kick + bass + swell * chord(0.7) + burst(0.125) * hiss[1]) as f32,
        ]);
    }
    for (index, channel) in mix.channels_mut().enumerate() {
        for (out, frame) in channel.iter_mut().zip(&samples) {
            *out = frame[index];
        }
    }
    mix
}
