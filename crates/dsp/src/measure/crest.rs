//! Crest factor of the whole signal and of three broad bands.

use pulp::{Arch, Simd, WithSimd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::biquad::{Biquad, Coefficients, Pair};
use crate::Audio;
use crate::units::{db_from_gain, db_from_power};

/// Edges between the bands: bass and kick, body and voice, air and transients.
const CROSSOVERS_HZ: [f64; 2] = [120.0, 4_000.0];
/// Frames between two looks at decayed filter states.
const SETTLE_FRAMES: usize = 4_096;

/// Crest factor of one broad band.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BandCrest {
    /// Lower edge, Hz; 0 for the lowest band.
    pub from_hz: f64,
    /// Upper edge, Hz.
    pub to_hz: f64,
    /// Peak to RMS, dB.
    #[schemars(with = "Option<f64>")]
    pub crest_db: f64,
}

/// Streaming crest meter of one or two channels; second-order Butterworth bands.
#[derive(Clone, Debug)]
pub struct Crest {
    arch: Arch,
    sample_rate_hz: f64,
    bands: Bands,
    frames: u64,
    until_settle: usize,
}

/// The filters, and what they have found so far.
#[derive(Clone, Debug)]
struct Bands {
    low: Biquad,
    mid: [Biquad; 2],
    high: Biquad,
    low_and_whole: Found,
    high_and_mid: Found,
}

/// Highest magnitudes and sums of squares of two bands, lanes 0 and 1 the channels of the first, 2 and 3
/// of the second.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    peaks: [f64; 4],
    squares: [f64; 4],
}

impl Found {
    #[inline(always)]
    fn add(&mut self, bands: [f64; 4]) {
        for ((x, peak), square) in bands.iter().zip(&mut self.peaks).zip(&mut self.squares) {
            let magnitude = x.abs();
            *peak = if magnitude > *peak { magnitude } else { *peak };
            *square += x * x;
        }
    }
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
            arch: Arch::new(),
            bands: Bands {
                low: Biquad::new(Coefficients::low_pass(low, rate)),
                mid: [
                    Biquad::new(Coefficients::high_pass(low, rate)),
                    Biquad::new(Coefficients::low_pass(high, rate)),
                ],
                high: Biquad::new(Coefficients::high_pass(high, rate)),
                low_and_whole: Found::default(),
                high_and_mid: Found::default(),
            },
            frames: 0,
            until_settle: SETTLE_FRAMES,
        }
    }

    /// Takes a block; samples must be finite.
    pub fn process(&mut self, block: &Audio) {
        match block.channels() {
            [left, right, ..] => self.run(left, right),
            // Both lanes alike: the mean over the channels is then that of the one.
            [mono] => self.run(mono, mono),
            [] => {}
        }
    }

    fn run(&mut self, mut left: &[f32], mut right: &[f32]) {
        self.frames += left.len() as u64;
        while !left.is_empty() {
            let count = left.len().min(self.until_settle);
            let (now, later) = (left.split_at(count), right.split_at(count));
            self.arch.dispatch(Run {
                bands: &mut self.bands,
                left: now.0,
                right: later.0,
            });
            (left, right) = (now.1, later.1);
            self.until_settle -= count;
            if self.until_settle == 0 {
                self.until_settle = SETTLE_FRAMES;
                let Bands { low, mid, high, .. } = &mut self.bands;
                [low, high].into_iter().for_each(Biquad::settle);
                mid.iter_mut().for_each(Biquad::settle);
            }
        }
    }

    /// Crest factors: below 120 Hz, to 4 kHz, above (where the sample rate has it), and last the
    /// whole band; `-inf` for silence.
    pub fn finish(&self) -> Vec<BandCrest> {
        let nyquist_hz = 0.5 * self.sample_rate_hz;
        let [low_hz, high_hz] = CROSSOVERS_HZ;
        let crest_db = |found: &Found, second: bool| {
            let [first_channel, second_channel] = if second { [2, 3] } else { [0, 1] };
            let peak = found.peaks[first_channel].max(found.peaks[second_channel]);
            let square = found.squares[first_channel] + found.squares[second_channel];
            if square > 0.0 {
                db_from_gain(peak) - db_from_power(square / (2.0 * self.frames as f64))
            } else {
                f64::NEG_INFINITY
            }
        };
        let Bands {
            low_and_whole,
            high_and_mid,
            ..
        } = &self.bands;
        let band = |from_hz: f64, to_hz: f64, crest_db: f64| BandCrest {
            from_hz,
            to_hz,
            crest_db,
        };
        let has_high = high_hz < 0.45 * self.sample_rate_hz;
        let mid_to_hz = if has_high { high_hz } else { nyquist_hz };
        let mut bands = vec![
            band(0.0, low_hz, crest_db(low_and_whole, false)),
            band(low_hz, mid_to_hz, crest_db(high_and_mid, true)),
        ];
        if has_high {
            bands.push(band(high_hz, nyquist_hz, crest_db(high_and_mid, false)));
        }
        bands.push(band(0.0, nyquist_hz, crest_db(low_and_whole, true)));
        bands
    }
}

struct Run<'a> {
    bands: &'a mut Bands,
    left: &'a [f32],
    right: &'a [f32],
}

impl WithSimd for Run<'_> {
    type Output = ();

    // Nothing but plain loops: compiled for each kind of processor, they differ in width alone.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Bands {
            low,
            mid: [body, top],
            high,
            low_and_whole,
            high_and_mid,
        } = self.bands;
        let mut frames = self.left.iter().zip(self.right);
        let Some((&left, &right)) = frames.next() else {
            return;
        };
        // The second section of the middle works on a frame while the others have the next one.
        let [l, r] = [f64::from(left), f64::from(right)];
        let (low_out, high_out) = (low.step([l, r]), high.step([l, r]));
        let mut between = body.step([l, r]);
        let (mut whole, mut split) = (*low_and_whole, *high_and_mid);
        whole.add([low_out[0], low_out[1], l, r]);
        split.add([high_out[0], high_out[1], 0.0, 0.0]);
        let (mut low_and_body, mut high_and_top) = (Pair::new(low, body), Pair::new(high, top));
        for (&left, &right) in frames {
            let [l, r] = [f64::from(left), f64::from(right)];
            split.add(high_and_top.step([l, r, between[0], between[1]]));
            let out = low_and_body.step([l, r, l, r]);
            whole.add([out[0], out[1], l, r]);
            between = [out[2], out[3]];
        }
        [*low, *body] = low_and_body.split();
        [*high, *top] = high_and_top.split();
        let [l, r] = top.step(between);
        split.add([0.0, 0.0, l, r]);
        (*low_and_whole, *high_and_mid) = (whole, split);
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
