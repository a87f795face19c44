//! Crest factor of the whole signal and of three broad bands.

use super::biquad::{Biquad, Coefficients, Frame};
use crate::Audio;
use crate::analysis::BandCrest;
use crate::units::{db_from_gain, db_from_power};

/// Edges between the bands: bass and kick, body and voice, air and transients.
const CROSSOVERS_HZ: [f64; 2] = [120.0, 4_000.0];
/// Frames between two looks at decayed filter states.
const SETTLE_FRAMES: usize = 4_096;
const BANDS: usize = 4;

/// Streaming crest meter of one or two channels; second-order Butterworth bands.
#[derive(Clone, Debug)]
pub struct Crest {
    sample_rate_hz: f64,
    low: Biquad,
    mid: [Biquad; 2],
    high: Biquad,
    frames: u64,
    until_settle: usize,
    /// Of the low, mid and high band and of the whole.
    peaks: [f64; BANDS],
    squares: [f64; BANDS],
}

impl Crest {
    /// A meter at rest.
    pub fn new(sample_rate_hz: u32) -> Self {
        let rate = f64::from(sample_rate_hz);
        let [low, high] = CROSSOVERS_HZ;
        // A band above half the sample rate does not exist and is left out of the figures.
        let high = high.min(0.45 * rate);
        Self {
            sample_rate_hz: rate,
            low: Biquad::new(Coefficients::low_pass(low, rate)),
            mid: [
                Biquad::new(Coefficients::high_pass(low, rate)),
                Biquad::new(Coefficients::low_pass(high, rate)),
            ],
            high: Biquad::new(Coefficients::high_pass(high, rate)),
            frames: 0,
            until_settle: SETTLE_FRAMES,
            peaks: [0.0; BANDS],
            squares: [0.0; BANDS],
        }
    }

    /// Takes a block; samples must be finite.
    pub fn process(&mut self, block: &Audio) {
        match block.channels() {
            [left, right, ..] => self.run(
                left.iter()
                    .zip(right)
                    .map(|(&l, &r)| [f64::from(l), f64::from(r)]),
            ),
            // Both lanes alike: the mean over the channels is then that of the one.
            [mono] => self.run(mono.iter().map(|&m| [f64::from(m); 2])),
            [] => {}
        }
    }

    fn run(&mut self, mut frames: impl ExactSizeIterator<Item = Frame>) {
        self.frames += frames.len() as u64;
        while frames.len() > 0 {
            let count = frames.len().min(self.until_settle);
            let (mut low, [mut body, mut top], mut high) = (self.low, self.mid, self.high);
            let (mut peaks, mut squares) = (self.peaks, self.squares);
            for frame in frames.by_ref().take(count) {
                let bands = [
                    low.step(frame),
                    top.step(body.step(frame)),
                    high.step(frame),
                    frame,
                ];
                for (band, [left, right]) in bands.into_iter().enumerate() {
                    squares[band] += left * left + right * right;
                    let magnitude = left.abs().max(right.abs());
                    if magnitude > peaks[band] {
                        peaks[band] = magnitude;
                    }
                }
            }
            (self.low, self.mid, self.high) = (low, [body, top], high);
            (self.peaks, self.squares) = (peaks, squares);
            self.until_settle -= count;
            if self.until_settle == 0 {
                self.until_settle = SETTLE_FRAMES;
                let sections = [&mut self.low, &mut self.high];
                sections.into_iter().for_each(Biquad::settle);
                self.mid.iter_mut().for_each(Biquad::settle);
            }
        }
    }

    /// Crest factors: below 120 Hz, to 4 kHz, above (where the sample rate has it), and last the
    /// whole band; `-inf` for silence.
    pub fn finish(&self) -> Vec<BandCrest> {
        let nyquist_hz = 0.5 * self.sample_rate_hz;
        let [low_hz, high_hz] = CROSSOVERS_HZ;
        let crest_db = |band: usize| {
            if self.squares[band] > 0.0 {
                let mean_square = self.squares[band] / (2.0 * self.frames as f64);
                db_from_gain(self.peaks[band]) - db_from_power(mean_square)
            } else {
                f64::NEG_INFINITY
            }
        };
        let mut edges = vec![(0, 0.0, low_hz)];
        if high_hz < 0.45 * self.sample_rate_hz {
            edges.push((1, low_hz, high_hz));
            edges.push((2, high_hz, nyquist_hz));
        } else {
            edges.push((1, low_hz, nyquist_hz));
        }
        edges.push((3, 0.0, nyquist_hz));
        edges
            .into_iter()
            .map(|(band, from_hz, to_hz)| BandCrest {
                from_hz,
                to_hz,
                crest_db: crest_db(band),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crest(rate: u32, signal: impl Fn(f64) -> f64) -> Vec<BandCrest> {
        let samples: Vec<f32> = (0..rate * 4)
            .map(|n| signal(f64::from(n) / f64::from(rate)) as f32)
            .collect();
        let mut crest = Crest::new(rate);
        crest.process(&Audio::new(rate, vec![samples.clone(), samples]).unwrap());
        crest.finish()
    }

    fn sine(freq_hz: f64, t_s: f64) -> f64 {
        libm::sin(std::f64::consts::TAU * freq_hz * t_s)
    }

    #[test]
    fn a_sine_has_3_db_in_its_own_band_and_in_the_whole() {
        for (band, freq_hz) in [(0, 40.0), (1, 700.0), (2, 11_000.0)] {
            let got = crest(48_000, |t| (10.0 * t).min(1.0) * 0.4 * sine(freq_hz, t));
            for index in [band, 3] {
                let crest_db = got[index].crest_db;
                assert!((crest_db - 3.01).abs() < 0.2, "{freq_hz}: {crest_db}");
            }
        }
    }

    #[test]
    fn bursts_raise_the_crest_of_their_band_alone() {
        // 12 kHz on for a tenth of the time: 10 dB more.
        let got = crest(48_000, |t| {
            let burst = if t % 1.0 < 0.1 {
                sine(12_000.0, t)
            } else {
                0.0
            };
            0.3 * sine(50.0, t) + 0.3 * burst
        });
        assert!((got[0].crest_db - 3.01).abs() < 0.3, "{got:?}");
        assert!((got[2].crest_db - 13.01).abs() < 0.4, "{got:?}");
    }

    #[test]
    fn bands_end_at_half_the_sample_rate_and_silence_has_none() {
        let got = crest(8_000, |t| sine(1_000.0, t));
        assert_eq!(got.len(), 3);
        assert_eq!((got[1].from_hz, got[1].to_hz), (120.0, 4_000.0));
        assert!(
            crest(48_000, |_| 0.0)
                .iter()
                .all(|b| b.crest_db == f64::NEG_INFINITY)
        );
    }
}
