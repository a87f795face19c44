//! De-esser: turns a band of the mid signal down for as long as a sibilant of a voice stands out in it.
//!
//! A sibilant is short noise around 5 to 9 kHz in the middle of the image whose level falls towards the top;
//! cymbals stand to the sides as well or go on upwards. So the reduction follows the level of the band of mid
//! above the threshold, and fades out where side is as strong, or the octave above 12 kHz. The threshold is
//! relative to the program's integrated loudness: it works the same at any level.
//!
//! The band is cut by a bell, `mid + (gain - 1)·band(mid)`, with a band-pass of unit gain at its center; side
//! is not touched, and while nothing is reduced the samples pass bit for bit, late by the look-ahead. Gain is
//! computed once per control period of about 0.36 ms: the highest reduction wanted, falling with the release,
//! averaged over the look-ahead, so that it is down when the sibilant arrives.

mod expected;

pub use expected::{ExpectedReduction, expected_change_db};

use std::f64::consts::{PI, SQRT_2};

use crate::Audio;
use crate::measure::biquad::{Biquad, Coefficients};
use crate::process::compressor::soft_knee_db;
use crate::process::{ProcessSpec, Processor};
use crate::settings;
use crate::units::{db_from_power, gain_from_db};

/// Distance of two gain values, s: 16 frames at 44.1 kHz.
const CONTROL_PERIOD_S: f64 = 0.000_36;
/// Time constant of the detector's mean squares, s.
const AVERAGING_S: f64 = 0.010;
/// How far ahead the detector is of the signal, s.
const LOOK_AHEAD_S: f64 = 0.008;
/// Time constant in which the gain comes back, s.
const RELEASE_S: f64 = 0.040;
/// Width of the soft knee, dB.
const KNEE_DB: f64 = 3.0;
/// Quality factor of the bell.
const BELL_Q: f64 = 1.0;
/// The top that a sibilant falls towards, Hz.
const TOP_HZ: f64 = 12_000.0;
/// Nothing is reduced where the band of mid stands this little over that of side, dB …
const CENTERED_FROM_DB: f64 = 3.0;
/// … and everything from here on.
const CENTERED_TO_DB: f64 = 9.0;
/// The same against the top, dB.
const FALLING_FROM_DB: f64 = -2.0;
/// The same against the top, dB.
const FALLING_TO_DB: f64 = 4.0;
/// Power below which a detector is silent: -200 dBFS.
const SILENCE_POWER: f64 = 1e-20;

/// True where the settings do nothing.
pub fn is_neutral(settings: &settings::Deesser) -> bool {
    settings.max_reduction_db <= 0.0
}

/// The de-esser stage. A largest reduction of 0 and a program without loudness are exact identity.
#[derive(Clone, Debug)]
pub struct Deesser {
    neutral: bool,
    threshold_db: f64,
    max_reduction_db: f64,
    detector: Detector,
    reduction: Reduction,
    /// Band-pass of the mid signal, behind the delay.
    bell: Biquad,
    /// The last frames, left and right; frame `n` stands at `n` modulo the length.
    delay: Vec<[f32; 2]>,
    /// Place of the next frame in `delay`.
    at: usize,
    period_frames: usize,
    /// Frames of the current control period that have passed.
    position_frames: usize,
    /// Gain at the start of the current control period, and its step per frame.
    gain: f64,
    gain_step: f64,
    next_gain: f64,
    most_reduced_db: f64,
}

impl Deesser {
    /// Resolves filters and times.
    pub fn new(settings: &settings::Deesser, spec: &ProcessSpec) -> Self {
        let rate_hz = f64::from(spec.sample_rate_hz);
        let neutral = is_neutral(settings) || !spec.program_lufs.is_finite();
        let period_frames = (libm::round(rate_hz * CONTROL_PERIOD_S) as usize).max(1);
        let periods = libm::ceil(LOOK_AHEAD_S * rate_hz / period_frames as f64) as usize;
        // A gain is ramped to over the period after the one that it was computed from.
        let latency_frames = if neutral {
            0
        } else {
            (periods + 1) * period_frames
        };
        Self {
            neutral,
            threshold_db: settings.threshold_lu + spec.program_lufs,
            max_reduction_db: settings.max_reduction_db,
            detector: Detector::new(settings.frequency_hz, rate_hz, period_frames),
            reduction: Reduction::new(periods, period_frames as f64 / rate_hz),
            bell: Biquad::new(bell(settings.frequency_hz.min(0.45 * rate_hz), rate_hz)),
            delay: vec![[0.0; 2]; latency_frames],
            at: 0,
            period_frames,
            position_frames: 0,
            gain: 1.0,
            gain_step: 0.0,
            next_gain: 1.0,
            most_reduced_db: 0.0,
        }
    }

    /// Ends a control period: from its powers to the ramp of the next one.
    fn update_gain(&mut self) {
        self.position_frames = 0;
        let wanted_db = self
            .detector
            .wanted_db(self.threshold_db)
            .min(self.max_reduction_db);
        let reduced_db = self.reduction.next(wanted_db);
        self.bell.settle();
        self.most_reduced_db = self.most_reduced_db.max(reduced_db);
        self.gain = self.next_gain;
        self.next_gain = gain_from_db(-reduced_db);
        self.gain_step = (self.next_gain - self.gain) / self.period_frames as f64;
    }

    /// One frame: in goes the newest, out comes the one that the look-ahead ends with.
    #[inline(always)]
    fn step(&mut self, new: [f32; 2]) -> [f32; 2] {
        self.detector.add(new);
        let old = std::mem::replace(&mut self.delay[self.at], new);
        self.at = if self.at + 1 == self.delay.len() {
            0
        } else {
            self.at + 1
        };
        let mid = 0.5 * (f64::from(old[0]) + f64::from(old[1]));
        let [band, _] = self.bell.step([mid, 0.0]);
        self.position_frames += 1;
        let gain = self.gain + self.gain_step * self.position_frames as f64;
        if self.position_frames == self.period_frames {
            self.update_gain();
        }
        let change = (gain - 1.0) * band;
        old.map(|sample| (f64::from(sample) + change) as f32)
    }
}

impl Processor for Deesser {
    fn name(&self) -> &'static str {
        "deesser"
    }

    fn process(&mut self, block: &mut Audio) {
        if self.neutral {
            return;
        }
        match block.split_mut() {
            (left, Some(right)) => {
                for (left, right) in left.iter_mut().zip(right) {
                    [*left, *right] = self.step([*left, *right]);
                }
            }
            (mono, None) => {
                for sample in mono {
                    [*sample, _] = self.step([*sample; 2]);
                }
            }
        }
    }

    fn latency_frames(&self) -> usize {
        self.delay.len()
    }

    fn reset(&mut self) {
        self.detector.reset();
        self.reduction.reset();
        self.bell.reset();
        self.delay.fill([0.0; 2]);
        self.at = 0;
        self.position_frames = 0;
        self.gain = 1.0;
        self.gain_step = 0.0;
        self.next_gain = 1.0;
        self.most_reduced_db = 0.0;
    }

    fn gain_reduction_db(&self) -> f64 {
        self.most_reduced_db
    }
}

/// The band-pass of the bell, as wide in octaves at every sample rate: the bilinear transform narrows what lies high
/// (R. Bristow-Johnson, Audio EQ Cookbook, the case of `BW`).
fn bell(center_hz: f64, rate_hz: f64) -> Coefficients {
    let angle = 2.0 * PI * center_hz / rate_hz;
    let width = libm::asinh(0.5 / BELL_Q) * angle / libm::sin(angle);
    Coefficients::band_pass(center_hz, 0.5 / libm::sinh(width), rate_hz)
}

/// Levels of the band in mid and side, and of the top in mid.
#[derive(Clone, Debug)]
struct Detector {
    /// Mid and side side by side: two high-passes and a low-pass.
    band: [Biquad; 3],
    top: Biquad,
    averaging: f64,
    /// Sums of squares over the current control period: mid, side, top of mid.
    energy: [f64; 3],
    mean_square: [f64; 3],
    frames: f64,
}

impl Detector {
    fn new(center_hz: f64, rate_hz: f64, period_frames: usize) -> Self {
        let corner = |hz: f64| hz.min(0.45 * rate_hz);
        let high_pass = Coefficients::high_pass(corner(center_hz / SQRT_2), rate_hz);
        Self {
            band: [
                Biquad::new(high_pass),
                Biquad::new(high_pass),
                Biquad::new(Coefficients::low_pass(corner(center_hz * SQRT_2), rate_hz)),
            ],
            top: Biquad::new(Coefficients::high_pass(corner(TOP_HZ), rate_hz)),
            averaging: libm::exp(-(period_frames as f64) / (rate_hz * AVERAGING_S)),
            energy: [0.0; 3],
            mean_square: [0.0; 3],
            frames: period_frames as f64,
        }
    }

    #[inline(always)]
    fn add(&mut self, [left, right]: [f32; 2]) {
        let (left, right) = (f64::from(left), f64::from(right));
        let input = [0.5 * (left + right), 0.5 * (left - right)];
        let band = self.band.iter_mut().fold(input, |x, filter| filter.step(x));
        let [top, _] = self.top.step([input[0], 0.0]);
        self.energy[0] += band[0] * band[0];
        self.energy[1] += band[1] * band[1];
        self.energy[2] += top * top;
    }

    /// Ends a control period: the reduction that its levels ask for, dB, without an upper bound.
    fn wanted_db(&mut self, threshold_db: f64) -> f64 {
        for (mean_square, energy) in self.mean_square.iter_mut().zip(&mut self.energy) {
            let power = *energy / self.frames;
            *energy = 0.0;
            *mean_square = power + self.averaging * (*mean_square - power);
        }
        if !self.mean_square.iter().all(|power| power.is_finite()) {
            // One sample that is no number must not silence the rest of the program.
            self.reset();
        }
        self.band.iter_mut().for_each(Biquad::settle);
        self.top.settle();
        let [mid_db, side_db, top_db] = self
            .mean_square
            .map(|power| db_from_power(power.max(SILENCE_POWER)));
        asked_db([mid_db, side_db, top_db], threshold_db)
    }

    fn reset(&mut self) {
        self.band.iter_mut().for_each(Biquad::reset);
        self.top.reset();
        self.energy = [0.0; 3];
        self.mean_square = [0.0; 3];
    }
}

/// The reduction that levels of mid, side and the top of mid ask for, dB, without an upper bound.
fn asked_db(levels_db: [f64; 3], threshold_db: f64) -> f64 {
    over_db(levels_db[0], threshold_db) * sibilant_share(levels_db)
}

/// What a level asks for where it is a sibilant's, dB.
fn over_db(level_db: f64, threshold_db: f64) -> f64 {
    soft_knee_db(1.0, level_db - threshold_db, KNEE_DB)
}

/// How far levels of mid, side and the top of mid are those of a sibilant, 0 to 1.
fn sibilant_share([mid_db, side_db, top_db]: [f64; 3]) -> f64 {
    share(mid_db - side_db, CENTERED_FROM_DB, CENTERED_TO_DB)
        * share(mid_db - top_db, FALLING_FROM_DB, FALLING_TO_DB)
}

/// 0 up to `from`, 1 from `to` on.
fn share(value: f64, from: f64, to: f64) -> f64 {
    ((value - from) / (to - from)).clamp(0.0, 1.0)
}

/// The reduction over time, at the control rate.
#[derive(Clone, Debug)]
struct Reduction {
    release: f64,
    released_db: f64,
    /// The last values, as many as the look-ahead holds.
    values_db: Vec<f64>,
    at: usize,
}

impl Reduction {
    fn new(periods: usize, period_s: f64) -> Self {
        Self {
            release: libm::exp(-period_s / RELEASE_S),
            released_db: 0.0,
            values_db: vec![0.0; periods.max(1)],
            at: 0,
        }
    }

    fn next(&mut self, wanted_db: f64) -> f64 {
        /// A reduction that nobody hears ends, so that what follows passes bit for bit, dB.
        const END_DB: f64 = 1e-4;
        let falling_db = self.release * self.released_db;
        self.released_db = wanted_db.max(if falling_db < END_DB { 0.0 } else { falling_db });
        self.values_db[self.at] = self.released_db;
        self.at = (self.at + 1) % self.values_db.len();
        self.values_db.iter().sum::<f64>() / self.values_db.len() as f64
    }

    fn reset(&mut self) {
        self.released_db = 0.0;
        self.values_db.fill(0.0);
        self.at = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Random;

    const RATE_HZ: u32 = 44_100;

    fn setting() -> settings::Deesser {
        settings::Deesser {
            frequency_hz: 6_500.0,
            threshold_lu: -12.0,
            max_reduction_db: 6.0,
        }
    }

    /// Noise through a band, mid alone, in the middle third of a second.
    fn burst(from_hz: f64, to_hz: f64, level_db: f64) -> Vec<f64> {
        let rate_hz = f64::from(RATE_HZ);
        let mut filters = [
            Biquad::new(Coefficients::high_pass(from_hz, rate_hz)),
            Biquad::new(Coefficients::high_pass(from_hz, rate_hz)),
            Biquad::new(Coefficients::low_pass(to_hz, rate_hz)),
            Biquad::new(Coefficients::low_pass(to_hz, rate_hz)),
        ];
        let mut random = Random::new(7);
        let noise: Vec<f64> = (0..RATE_HZ)
            .map(|_| {
                let x = [random.bipolar(), 0.0];
                filters.iter_mut().fold(x, |x, filter| filter.step(x))[0]
            })
            .collect();
        let rms = (noise.iter().map(|x| x * x).sum::<f64>() / noise.len() as f64).sqrt();
        let third = RATE_HZ as usize / 3;
        noise
            .iter()
            .enumerate()
            .map(|(n, x)| {
                if n / third == 1 {
                    x / rms * gain_from_db(level_db)
                } else {
                    0.0
                }
            })
            .collect()
    }

    fn audio(mid: &[f64], side: &[f64]) -> Audio {
        let left = mid.iter().zip(side).map(|(m, s)| (m + s) as f32).collect();
        let right = mid.iter().zip(side).map(|(m, s)| (m - s) as f32).collect();
        Audio::new(RATE_HZ, vec![left, right]).unwrap()
    }

    fn spec(program_lufs: f64) -> ProcessSpec {
        ProcessSpec {
            sample_rate_hz: RATE_HZ,
            channels: 2,
            program_lufs,
        }
    }

    fn reduced_db(audio: &Audio, program_lufs: f64) -> f64 {
        let mut stage = Deesser::new(&setting(), &spec(program_lufs));
        let _ = crate::process::processed(&mut stage, audio);
        stage.gain_reduction_db()
    }

    #[test]
    fn a_sibilant_is_turned_down_by_what_it_stands_over_the_threshold_at_any_level() {
        let silence = vec![0.0; RATE_HZ as usize];
        for level_db in [-40.0, -14.0] {
            let sibilant = burst(5_500.0, 7_500.0, level_db - 7.0);
            let reduction_db = reduced_db(&audio(&sibilant, &silence), level_db);
            assert!((1.5..=4.5).contains(&reduction_db), "{reduction_db}");
            let loud = burst(5_500.0, 7_500.0, level_db + 9.0);
            assert!((reduced_db(&audio(&loud, &silence), level_db) - 6.0).abs() < 0.01);
            let soft = burst(5_500.0, 7_500.0, level_db - 20.0);
            assert_eq!(reduced_db(&audio(&soft, &silence), level_db), 0.0);
        }
    }

    #[test]
    fn what_is_expected_of_the_long_term_spectrum_is_what_the_stage_does_to_it() {
        let sibilants = burst(5_500.0, 7_500.0, -9.0).repeat(4);
        let body = burst(200.0, 2_000.0, -12.0);
        let mid: Vec<f64> = sibilants
            .iter()
            .enumerate()
            .map(|(n, sibilant)| sibilant + body[RATE_HZ as usize / 3 + n % 14_000])
            .collect();
        let mix = audio(&mid, &vec![0.0; mid.len()]);
        let analyzed = |audio: &Audio| {
            crate::analyze(&mut crate::stream::AudioSource::new(audio.clone())).unwrap()
        };
        let before = analyzed(&mix);
        let lufs = before.integrated_lufs;
        let mut stage = Deesser::new(&setting(), &spec(lufs));
        let after = analyzed(&crate::process::processed(&mut stage, &mix));
        let frames = &before.sequences.band_frames;
        let flat = [0.0; crate::measure::bands::THIRD_OCTAVES];
        let expected_db = expected_change_db(&setting(), frames, &flat, lufs);
        for band in [12, 24, 25] {
            let did_db = after.spectrum.mid_db[band] - before.spectrum.mid_db[band];
            let off_db = (did_db - expected_db[band]).abs();
            assert!(off_db < 1.0, "{band}: {did_db} dB, {expected_db:?}");
        }
        assert!(expected_db[25] < -2.0, "{expected_db:?}");
    }

    #[test]
    fn cymbals_are_not_sibilants() {
        let silence = vec![0.0; RATE_HZ as usize];
        let wide = burst(5_500.0, 9_000.0, -8.0);
        assert_eq!(reduced_db(&audio(&wide, &wide), -14.0), 0.0, "to the sides");
        let hat = burst(6_000.0, 19_000.0, -8.0);
        let reduction_db = reduced_db(&audio(&hat, &silence), -14.0);
        assert!(reduction_db < 1.0, "goes on upwards: {reduction_db}");
    }

    #[test]
    fn side_and_what_is_no_sibilant_pass_bit_for_bit() {
        let silence = vec![0.0; RATE_HZ as usize];
        let bass = burst(40.0, 300.0, -10.0);
        let input = audio(&bass, &silence);
        let mut stage = Deesser::new(&setting(), &spec(-14.0));
        assert!(crate::process::processed(&mut stage, &input) == input);

        let sibilant = burst(5_500.0, 7_500.0, -8.0);
        let side = burst(300.0, 2_000.0, -20.0);
        let with_side = audio(&sibilant, &side);
        let mut stage = Deesser::new(&setting(), &spec(-14.0));
        let after = crate::process::processed(&mut stage, &with_side);
        let side_of = |audio: &Audio| -> Vec<f64> {
            let pairs = audio.channel(0).iter().zip(audio.channel(1));
            pairs.map(|(l, r)| f64::from(*l) - f64::from(*r)).collect()
        };
        let pairs = side_of(&with_side).into_iter().zip(side_of(&after));
        let furthest = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(furthest < 1e-6, "{furthest}");
    }

    #[test]
    fn the_gain_is_down_when_the_sibilant_arrives() {
        let silence = vec![0.0; RATE_HZ as usize];
        let input = audio(&burst(5_500.0, 7_500.0, -2.0), &silence);
        let mut stage = Deesser::new(&setting(), &spec(-14.0));
        let after = crate::process::processed(&mut stage, &input);
        let start = RATE_HZ as usize / 3;
        let power = |audio: &Audio, from: usize, to: usize| -> f64 {
            let part = &audio.channel(0)[from..to];
            part.iter().map(|x| f64::from(*x).powi(2)).sum()
        };
        // The burst goes beyond the bell on both sides: less than 6 dB of it can be taken.
        for (from, to) in [(start + 441, start + 882), (start + 882, 2 * start)] {
            let taken_db = db_from_power(power(&input, from, to) / power(&after, from, to));
            assert!((3.5..=6.0).contains(&taken_db), "{from}: {taken_db}");
        }
    }
}
