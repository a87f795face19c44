//! [`Outline`]: the length and the levels of a program over time, to tell whether what came back from a
//! codec is that program at all. It does not judge how it sounds.

use acetate_dsp::measure::biquad::{Biquad, Coefficients};
use acetate_dsp::{Audio, Spec};

/// Levels are compared below this, where every codec keeps what it gets, Hz.
const BAND_HZ: f64 = 6_000.0;
/// One level per so much time, s: longer than any codec's delay.
const WINDOW_S: f64 = 0.5;
/// What a codec may keep to itself, s.
const MAX_MISSING_S: f64 = 0.1;
/// What a codec may add, s: its delay, and whole blocks of its own.
const MAX_ADDED_S: f64 = 0.5;
/// Power below which a level says nothing: -50 dBFS.
const FLOOR: f64 = 1e-5;
/// Power by which a level may be off: 10 dB.
const SLACK: f64 = 10.0;

/// What is kept of a program.
#[derive(Debug)]
pub(crate) struct Outline {
    spec: Spec,
    filters: [Biquad; 2],
    window_frames: u64,
    frames: u64,
    sum: f64,
    /// Mean power of each complete window, below [`BAND_HZ`].
    powers: Vec<f64>,
    is_finite: bool,
}

impl Outline {
    pub(crate) fn new(spec: Spec) -> Self {
        let rate_hz = f64::from(spec.sample_rate_hz);
        let low_pass = Coefficients::low_pass(BAND_HZ.min(0.35 * rate_hz), rate_hz);
        Self {
            spec,
            filters: [Biquad::new(low_pass); 2],
            window_frames: (WINDOW_S * rate_hz).round() as u64,
            frames: 0,
            sum: 0.0,
            powers: Vec::new(),
            is_finite: true,
        }
    }

    pub(crate) fn process(&mut self, block: &Audio) {
        let (left, right) = match block.channels() {
            [left, right, ..] => (left, right),
            [mono] => (mono, mono),
            [] => return,
        };
        for (&left, &right) in left.iter().zip(right) {
            self.is_finite &= left.is_finite() && right.is_finite();
            if !self.is_finite {
                // Nothing more is asked of it.
                return;
            }
            let mut frame = [f64::from(left), f64::from(right)];
            for filter in &mut self.filters {
                frame = filter.step(frame);
            }
            self.sum += 0.5 * (frame[0] * frame[0] + frame[1] * frame[1]);
            self.frames += 1;
            if self.frames.is_multiple_of(self.window_frames) {
                self.powers.push(self.sum / self.window_frames as f64);
                self.sum = 0.0;
                self.filters.iter_mut().for_each(Biquad::settle);
            }
        }
    }

    fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.spec.sample_rate_hz)
    }

    /// The power of a window with its neighbors.
    fn around(&self, window: usize) -> f64 {
        let end = (window + 2).min(self.powers.len());
        let near = self.powers.get(window.saturating_sub(1)..end);
        near.unwrap_or_default().iter().sum()
    }

    /// Why `decoded` cannot be this program behind a codec; `None` where it can.
    pub(crate) fn differs_from(&self, decoded: &Self) -> Option<String> {
        if !decoded.is_finite {
            return Some("samples that are no numbers".to_owned());
        }
        let (given_s, got_s) = (self.seconds(), decoded.seconds());
        if got_s < given_s - MAX_MISSING_S || got_s > given_s + MAX_ADDED_S {
            return Some(format!("{got_s:.2} s of sound for {given_s:.2} s"));
        }
        for (window, (&given, &got)) in self.powers.iter().zip(&decoded.powers).enumerate() {
            let at_s = window as f64 * WINDOW_S;
            if given > FLOOR && decoded.around(window) * SLACK < given {
                return Some(format!(
                    "silence, or nearly so, in place of sound at {at_s:.1} s"
                ));
            }
            if got > SLACK * (self.around(window) + FLOOR) {
                return Some(format!("far louder sound at {at_s:.1} s"));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: u32 = 8_000;

    fn outline(samples: &[f32]) -> Outline {
        let mut outline = Outline::new(Spec {
            sample_rate_hz: RATE_HZ,
            channels: 1,
        });
        for piece in samples.chunks(777) {
            if let Ok(block) = Audio::new(RATE_HZ, vec![piece.to_vec()]) {
                outline.process(&block);
            }
        }
        outline
    }

    /// Four seconds, loud and soft by turns.
    fn song() -> Vec<f32> {
        let wave = |n: usize| 0.5 * libm_sin(n as f64 * 0.3);
        (0..4 * RATE_HZ as usize)
            .map(|n| {
                if n / 3_000 % 2 == 0 {
                    wave(n)
                } else {
                    0.001 * wave(n)
                }
            })
            .collect()
    }

    fn libm_sin(x: f64) -> f32 {
        x.sin() as f32
    }

    #[test]
    fn a_delay_and_a_little_noise_are_what_codecs_do() {
        let song = song();
        let mut decoded = vec![0.0; 700];
        decoded.extend(song.iter().map(|sample| 0.95 * sample + 1e-4));
        assert_eq!(outline(&song).differs_from(&outline(&decoded)), None);
        // One whose delay is taken off on either side.
        assert_eq!(outline(&song).differs_from(&outline(&song[700..])), None);
    }

    #[test]
    fn silence_no_numbers_half_a_song_and_noise_are_not_the_song() {
        let song = song();
        let mut half_silent = song.clone();
        half_silent[16_000..].fill(0.0);
        let mut broken = song.clone();
        broken[20_000] = f32::NAN;
        let loud: Vec<f32> = song.iter().map(|sample| 30.0 * sample).collect();
        let long = [&song[..], &song[..]].concat();
        let cases = [
            (vec![0.0; song.len()], "silence"),
            (half_silent, "silence"),
            (broken, "no numbers"),
            (song[..4_000].to_vec(), "0.50 s of sound for 4.00 s"),
            (Vec::new(), "0.00 s of sound"),
            (long, "8.00 s of sound"),
            (loud, "far louder"),
        ];
        for (decoded, expected) in cases {
            let found = outline(&song).differs_from(&outline(&decoded)).unwrap();
            assert!(found.contains(expected), "{found}");
        }
    }
}
