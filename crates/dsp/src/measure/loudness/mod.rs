//! Loudness after ITU-R BS.1770-5, EBU Tech 3341 and EBU Tech 3342.
//!
//! The meter keeps one number per 10 ms, the K-weighted power summed over the channels, and
//! takes every figure from those: 1.4 MB an hour. The same functions serve a solver that scales
//! such powers without touching audio. A last 10 ms that is not complete is discarded.

mod low_rate_shelf;
pub mod reference_meter;
mod upsampled;
pub mod weighting;

use self::weighting::Weighting;
use crate::Audio;
use crate::units::{db_from_power, power_from_db};

/// Powers per second.
pub const POWERS_PER_SECOND: usize = 100;
/// Powers in the window of momentary loudness and in a gating block, 400 ms.
const MOMENTARY: usize = 40;
/// Powers in the window of short-term loudness, 3 s.
const SHORT_TERM: usize = 300;
/// Powers from one gating block or one short-term value to the next, 100 ms.
const STEP: usize = 10;
/// Absolute gate (BS.1770-5, Annex 1; EBU Tech 3342), LUFS.
const ABSOLUTE_GATE_LUFS: f64 = -70.0;
/// Relative gate of the integrated loudness (BS.1770-5, Annex 1), LU.
const RELATIVE_GATE_LU: f64 = -10.0;
/// Relative gate of the loudness range (EBU Tech 3342), LU.
const RANGE_GATE_LU: f64 = -20.0;
/// Offset of BS.1770-5, Annex 1, equation 2: a 1 kHz sine in one channel reads its level.
pub const OFFSET_LU: f64 = -0.691;

/// Weight of a surround channel's power (BS.1770-5, Annex 1, Table 3); the front ones have 1.
pub const SURROUND_WEIGHT: f64 = 1.41;

/// Loudness in LUFS of a K-weighted power (channels summed, full scale = 1); `-inf` for none.
pub fn lufs_from_power(power: f64) -> f64 {
    OFFSET_LU + db_from_power(power)
}

/// K-weighted power of a loudness in LUFS.
pub fn power_from_lufs(loudness_lufs: f64) -> f64 {
    power_from_db(loudness_lufs - OFFSET_LU)
}

/// Streaming loudness meter of one or two channels.
#[derive(Clone, Debug)]
pub struct Loudness {
    sample_rate_hz: u64,
    weighting: Weighting,
    /// Weight of the only channel of a mono signal: 2 where it is to count as two.
    mono_weight: f64,
    sum: f64,
    frames_in_sum: usize,
    frames_left: usize,
    powers: Vec<f32>,
}

impl Loudness {
    /// A meter at rest for 8 to 384 kHz. With `dual_mono` a mono signal counts as two equal
    /// channels (as it is played on a pair of loudspeakers): 3.01 LU more.
    pub fn new(sample_rate_hz: u32, dual_mono: bool) -> Self {
        let mut meter = Self {
            sample_rate_hz: u64::from(sample_rate_hz),
            weighting: Weighting::new(f64::from(sample_rate_hz)),
            mono_weight: if dual_mono { 2.0 } else { 1.0 },
            sum: 0.0,
            frames_in_sum: 0,
            frames_left: 0,
            powers: Vec::new(),
        };
        meter.frames_left = meter.frames_of(0);
        meter
    }

    /// Frames in the `k`-th 10 ms: `floor(k·rate/100)..floor((k+1)·rate/100)`.
    fn frames_of(&self, k: usize) -> usize {
        let boundary = |k: usize| k as u64 * self.sample_rate_hz / POWERS_PER_SECOND as u64;
        (boundary(k + 1) - boundary(k)) as usize
    }

    /// Takes a block of one or two channels; samples must be finite.
    pub fn process(&mut self, block: &Audio) {
        match block.channels() {
            [left, right, ..] => self.run(left, right, 1.0),
            // Both alike have twice the power.
            [mono] => self.run(mono, mono, 0.5 * self.mono_weight),
            [] => {}
        }
    }

    fn run(&mut self, mut left: &[f32], mut right: &[f32], weight: f64) {
        while !left.is_empty() {
            let count = left.len().min(self.frames_left);
            let (now, later) = (left.split_at(count), right.split_at(count));
            self.sum = self.weighting.add_energy(self.sum, now.0, later.0);
            (left, right) = (now.1, later.1);
            self.frames_left -= count;
            self.frames_in_sum += count;
            if self.frames_left == 0 {
                self.close(weight);
            }
        }
    }

    fn close(&mut self, weight: f64) {
        let power = weight * self.sum / self.frames_in_sum as f64;
        self.powers.push(power.min(f64::from(f32::MAX)) as f32);
        self.sum = 0.0;
        self.frames_in_sum = 0;
        self.frames_left = self.frames_of(self.powers.len());
        self.weighting.settle();
    }

    /// K-weighted power of each complete 10 ms so far, channels summed, full scale = 1.
    pub fn k_power_10ms(&self) -> &[f32] {
        &self.powers
    }

    /// The meter's powers, without a copy.
    pub fn into_k_power_10ms(self) -> Vec<f32> {
        self.powers
    }
}

/// Adds the powers of other channels of the same program, each times `weight`: a program of more
/// than two channels is measured with one meter per pair.
pub fn add_channels(powers: &mut [f32], others: &[f32], weight: f64) {
    for (power, &other) in powers.iter_mut().zip(others) {
        *power = (f64::from(*power) + weight * f64::from(other)) as f32;
    }
}

/// Every figure that follows from the powers of a program. One that does not exist (the
/// loudness of silence, the range of two seconds) is `-inf`.
#[derive(Clone, Debug, PartialEq)]
pub struct LoudnessFigures {
    /// Integrated loudness, LUFS.
    pub integrated_lufs: f64,
    /// Loudness range, LU.
    pub loudness_range_lu: f64,
    /// Highest momentary loudness, LUFS.
    pub momentary_max_lufs: f64,
    /// Highest short-term loudness, LUFS.
    pub short_term_max_lufs: f64,
    /// Short-term loudness ten times a second, LUFS.
    pub short_term_lufs: Vec<f32>,
}

impl LoudnessFigures {
    /// All figures of `powers`, K-weighted per 10 ms.
    pub fn from_k_power_10ms(powers: &[f32]) -> Self {
        let short_term_lufs = short_term_from_k_power_10ms(powers);
        Self {
            integrated_lufs: integrated_from_k_power_10ms(powers),
            loudness_range_lu: range_from_short_term(&short_term_lufs),
            momentary_max_lufs: highest(powers, MOMENTARY),
            short_term_max_lufs: highest(powers, SHORT_TERM),
            short_term_lufs,
        }
    }
}

/// Integrated loudness in LUFS (BS.1770-5, Annex 1: 400 ms blocks with 75 % overlap, gated at
/// -70 LUFS and at -10 LU) of K-weighted powers per 10 ms, `f32` or `f64`. `-inf` where no block
/// passes the gate.
pub fn integrated_from_k_power_10ms<P: Copy + Into<f64>>(powers: &[P]) -> f64 {
    let tenths: Vec<f64> = powers.chunks_exact(STEP).map(total).collect();
    let blocks = || {
        tenths
            .windows(MOMENTARY / STEP)
            .map(|window| window.iter().sum::<f64>() / MOMENTARY as f64)
    };
    let absolute = power_from_lufs(ABSOLUTE_GATE_LUFS);
    let ungated = mean(blocks().filter(|&power| power > absolute));
    let relative = ungated * power_from_db(RELATIVE_GATE_LU);
    let gate = relative.max(absolute);
    lufs_from_power(mean(blocks().filter(|&power| power > gate)))
}

/// Loudness range in LU (EBU Tech 3342) of K-weighted powers per 10 ms, `f32` or `f64`; `-inf`
/// where no 3 s pass the absolute gate.
pub fn range_from_k_power_10ms<P: Copy + Into<f64>>(powers: &[P]) -> f64 {
    range_from_short_term(&short_term_from_k_power_10ms(powers))
}

/// Short-term loudness (3 s) ten times a second, the first after 3 s, LUFS.
pub fn short_term_from_k_power_10ms<P: Copy + Into<f64>>(powers: &[P]) -> Vec<f32> {
    let tenths: Vec<f64> = powers.chunks_exact(STEP).map(total).collect();
    tenths
        .windows(SHORT_TERM / STEP)
        .map(|window| lufs_from_power(window.iter().sum::<f64>() / SHORT_TERM as f64) as f32)
        .collect()
}

/// EBU Tech 3342: percentile 95 less percentile 10 of the gated short-term values.
fn range_from_short_term(short_term_lufs: &[f32]) -> f64 {
    let above = |gate_lufs: f64| {
        short_term_lufs
            .iter()
            .map(|&value| f64::from(value))
            .filter(move |&value| value >= gate_lufs)
    };
    let ungated = mean(above(ABSOLUTE_GATE_LUFS).map(power_from_lufs));
    let gate = (lufs_from_power(ungated) + RANGE_GATE_LU).max(ABSOLUTE_GATE_LUFS);
    let mut values: Vec<f64> = above(gate).collect();
    values.sort_unstable_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else {
        return f64::NEG_INFINITY;
    };
    let percentile = |share: f64| values[(last as f64 * share + 0.5) as usize];
    percentile(0.95) - percentile(0.10)
}

/// Highest loudness of a window, a whole number of [`STEP`]s, that moves by one power; `-inf` where there is none.
fn highest<P: Copy + Into<f64>>(powers: &[P], window: usize) -> f64 {
    // Windows share the sums of their steps, so that none is made anew.
    let steps: Vec<f64> = powers.windows(STEP).map(total).collect();
    let last = window - STEP;
    let top = steps
        .windows(last + 1)
        .map(|steps| steps.iter().step_by(STEP).sum())
        .fold(0.0, f64::max);
    lufs_from_power(top / window as f64)
}

fn total<P: Copy + Into<f64>>(powers: &[P]) -> f64 {
    powers.iter().map(|&power| power.into()).sum()
}

/// Mean of the values, 0 of none.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0u64), |(sum, n), value| (sum + value, n + 1));
    if count == 0 { 0.0 } else { sum / count as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::weighting::k_weighting;

    fn response_db(sample_rate_hz: f64, freq_hz: f64) -> f64 {
        let omega = std::f64::consts::TAU * freq_hz / sample_rate_hz;
        let magnitude = |c: [f64; 3]| {
            let re = c[0] + c[1] * libm::cos(omega) + c[2] * libm::cos(2.0 * omega);
            let im = c[1] * libm::sin(omega) + c[2] * libm::sin(2.0 * omega);
            re.hypot(im)
        };
        let sections = k_weighting(sample_rate_hz);
        let gain = sections.map(|s| magnitude(s.b) / magnitude([1.0, s.a[0], s.a[1]]));
        db_from_power((gain[0] * gain[1]).powi(2))
    }

    /// BS.1770-5, Annex 1, Tables 1 and 2.
    #[test]
    fn the_filters_at_48_khz_are_the_tables() {
        let table = [
            [
                1.535_124_859_586_97,
                -2.691_696_189_406_38,
                1.198_392_810_852_85,
                -1.690_659_293_182_41,
                0.732_480_774_215_85,
            ],
            [1.0, -2.0, 1.0, -1.990_047_454_833_98, 0.990_072_250_366_21],
        ];
        for (section, row) in k_weighting(48_000.0).iter().zip(table) {
            let [b0, b1, b2] = section.b;
            let [a1, a2] = section.a;
            for (got, expected) in [b0, b1, b2, a1, a2].into_iter().zip(row) {
                assert!((got - expected).abs() < 1e-11, "{got} {expected}");
            }
        }
    }

    /// The frequencies of BS.2217's tones.
    #[test]
    fn every_rate_weights_as_48_khz_does() {
        for rate in [44_100.0, 88_200.0, 96_000.0, 176_400.0, 192_000.0] {
            for freq_hz in [25.0, 100.0, 500.0, 1_000.0, 2_000.0, 10_000.0] {
                let off_db = response_db(rate, freq_hz) - response_db(48_000.0, freq_hz);
                assert!(off_db.abs() < 0.05, "{rate} {freq_hz}: {off_db}");
            }
        }
    }

    #[test]
    fn low_rates_weight_as_48_khz_does_up_to_half_of_them() {
        let cases = [
            (8_000.0, 0.04),
            (11_025.0, 0.02),
            (12_000.0, 0.02),
            (16_000.0, 0.02),
            (22_050.0, 0.02),
            (24_000.0, 0.02),
            (32_000.0, 0.02),
            (37_800.0, 0.02),
            (44_099.0, 0.02),
        ];
        for (rate, tolerance_db) in cases {
            for step in 1..400 {
                let freq_hz = 0.5 * rate * f64::from(step) / 400.0;
                if freq_hz < 20.0 {
                    continue;
                }
                let off_db = response_db(rate, freq_hz) - response_db(48_000.0, freq_hz);
                assert!(off_db.abs() < tolerance_db, "{rate} {freq_hz}: {off_db}");
            }
        }
    }

    #[test]
    fn powers_tile_the_signal_at_rates_that_are_no_multiple_of_100() {
        for rate in [11_025, 22_050, 37_800, 44_100] {
            let mut meter = Loudness::new(rate, false);
            let tone: Vec<f32> = (0..rate * 2).map(|n| (n % 7) as f32 / 7.0).collect();
            meter.process(&Audio::new(rate, vec![tone.clone()]).unwrap());
            assert_eq!(meter.k_power_10ms().len(), 200, "{rate}");
            let mut pieces = Loudness::new(rate, false);
            for piece in tone.chunks(77) {
                pieces.process(&Audio::new(rate, vec![piece.to_vec()]).unwrap());
            }
            assert_eq!(pieces.k_power_10ms(), meter.k_power_10ms());
        }
    }

    #[test]
    fn figures_that_do_not_exist_are_minus_infinity() {
        let silence = LoudnessFigures::from_k_power_10ms(&[0.0; 1_000]);
        assert_eq!(silence.integrated_lufs, f64::NEG_INFINITY);
        assert_eq!(silence.loudness_range_lu, f64::NEG_INFINITY);
        assert_eq!(silence.momentary_max_lufs, f64::NEG_INFINITY);
        let short = LoudnessFigures::from_k_power_10ms(&[0.1; 39]);
        assert_eq!(short.integrated_lufs, f64::NEG_INFINITY);
        assert_eq!(short.momentary_max_lufs, f64::NEG_INFINITY);
        let steady = LoudnessFigures::from_k_power_10ms(&[0.1; 400]);
        assert!((steady.integrated_lufs - lufs_from_power(0.1)).abs() < 1e-6);
        assert_eq!(steady.loudness_range_lu, 0.0);
        assert!((steady.short_term_max_lufs - steady.momentary_max_lufs).abs() < 1e-9);
    }

    #[test]
    fn powers_in_single_and_double_precision_give_the_same_loudness() {
        let single: Vec<f32> = (0..3_000).map(|k| ((k * 37) % 101) as f32 * 1e-3).collect();
        let double: Vec<f64> = single.iter().map(|&p| f64::from(p)).collect();
        assert_eq!(
            integrated_from_k_power_10ms(&single),
            integrated_from_k_power_10ms(&double)
        );
        assert_eq!(
            range_from_k_power_10ms(&single),
            range_from_k_power_10ms(&double)
        );
    }
}
