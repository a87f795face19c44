//! Sounds that are made up: claps, a voice, and whatever is left of a sound in a band.

use acetate_dsp::Audio;
use acetate_dsp::process::ResponseDb;
use acetate_dsp::process::eq::apply_curves;

use crate::rng::Rng;

/// Claps a second in each channel.
const CLAPS_PER_S: f64 = 150.0;
/// How fast a clap dies away, seconds.
const CLAP_S: f64 = 0.012;
/// How steep the bands' edges are, dB per octave, and how far they go, dB.
const EDGE_DB_PER_OCT: f64 = 36.0;
const EDGE_DB: f64 = 60.0;

/// Only what lies between two frequencies.
pub(super) fn within(audio: &Audio, [from_hz, to_hz]: [f64; 2]) -> Audio {
    let gain_db = |hz: f64| {
        let hz = hz.max(1.0);
        let octaves = libm::log2(from_hz / hz).max(libm::log2(hz / to_hz));
        -(EDGE_DB_PER_OCT * octaves.max(0.0)).min(EDGE_DB)
    };
    apply_curves(audio, |hz| ResponseDb {
        mid_db: gain_db(hz),
        side_db: gain_db(hz),
    })
}

/// Bursts of noise at random places, of random strength.
pub(super) fn applause(channel: &mut [f32], rate: f64, rng: &mut Rng) {
    let claps = (CLAPS_PER_S * channel.len() as f64 / rate) as usize;
    let length = (5.0 * CLAP_S * rate) as usize;
    for _ in 0..claps {
        let start = rng.below(channel.len().max(1));
        let strength = rng.uniform(0.2, 1.0);
        let end = (start + length).min(channel.len());
        for (step, sample) in channel[start..end].iter_mut().enumerate() {
            let decay = libm::exp(-(step as f64) / (CLAP_S * rate));
            *sample += (strength * decay * rng.normal()) as f32;
        }
    }
}

/// Formants of five vowels, Hz (Peterson and Barney 1952, men: i, e, a, o, u, rounded).
const VOWELS_HZ: [[f64; 3]; 5] = [
    [270.0, 2290.0, 3010.0],
    [530.0, 1840.0, 2480.0],
    [730.0, 1090.0, 2440.0],
    [570.0, 840.0, 2410.0],
    [300.0, 870.0, 2240.0],
];
/// Bandwidth of a formant, Hz.
const FORMANT_WIDTH_HZ: f64 = 90.0;
/// Length of a syllable, s, and the share of them that is a pause or a hiss.
const SYLLABLE_S: f64 = 0.18;
const PAUSE_SHARE: f64 = 0.15;
const HISS_SHARE: f64 = 0.15;
/// Level of the hiss of consonants against the vowels' source.
const HISS_GAIN: f64 = 0.03;

/// A made-up voice: pulses at a speaking pitch through the formants of changing vowels, hisses and
/// pauses in between.
pub(super) fn talk(frames: usize, rate: f64, rng: &mut Rng) -> Vec<f32> {
    let syllable = ((SYLLABLE_S * rate) as usize).max(1);
    let mut out = Vec::with_capacity(frames);
    let mut phase = 0.0;
    let mut states = [[0.0; 2]; 3];
    while out.len() < frames {
        let drawn = rng.unit();
        let vowel = VOWELS_HZ[rng.below(VOWELS_HZ.len())];
        let pitch_hz = rng.uniform(90.0, 150.0);
        let length = syllable.min(frames - out.len());
        for step in 0..length {
            // Up and down again over the syllable.
            let envelope = libm::sin(std::f64::consts::PI * step as f64 / syllable as f64);
            phase += pitch_hz / rate;
            let pulse = if phase >= 1.0 {
                phase -= 1.0;
                1.0
            } else {
                0.0
            };
            let breath = rng.normal();
            let (voiced, hissed) = if drawn < PAUSE_SHARE {
                (0.0, 0.0)
            } else if drawn < PAUSE_SHARE + HISS_SHARE {
                (0.0, HISS_GAIN * breath)
            } else {
                (pulse + 0.01 * breath, 0.0)
            };
            let mut sample = hissed;
            for (state, hz) in states.iter_mut().zip(vowel) {
                sample += resonated(state, voiced, hz, rate);
            }
            out.push((envelope * sample) as f32);
        }
    }
    out
}

/// A resonance with two poles; its gain at the resonance is about one.
fn resonated(state: &mut [f64; 2], input: f64, hz: f64, rate: f64) -> f64 {
    let radius = libm::exp(-std::f64::consts::PI * FORMANT_WIDTH_HZ / rate);
    let turn = std::f64::consts::TAU * (hz / rate).min(0.45);
    let output = (1.0 - radius) * input + 2.0 * radius * libm::cos(turn) * state[0]
        - radius * radius * state[1];
    *state = [output, state[0]];
    output
}
