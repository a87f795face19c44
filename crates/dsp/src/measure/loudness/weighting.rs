//! [`Weighting`]: energies behind two sections in a row, those of the K-weighting.

use pulp::{Arch, Simd, WithSimd};

use super::low_rate_shelf;
use crate::measure::biquad::{Biquad, Coefficients, Frame, Pair};
use crate::units::gain_from_db;

/// Corner (Hz) and quality of the high-pass: solved from the coefficients of BS.1770-5, Annex 1,
/// Table 2.
pub(super) const HIGH_PASS: (f64, f64) = (38.135_470_876_024_44, 0.500_327_037_323_877_3);

/// Rates below this are too near the shelf's corner for the bilinear transform, Hz.
const LOW_RATE_HZ: f64 = 44_100.0;

/// The two sections of the K-weighting at any sample rate: the bilinear transform of the
/// analog filters whose image at 48 kHz is BS.1770-5, Annex 1, Tables 1 and 2; below 44.1 kHz with
/// a shelf that is fitted to the table's response.
pub fn k_weighting(sample_rate_hz: f64) -> [Coefficients; 2] {
    let [shelf, high_pass] = bilinear(sample_rate_hz);
    if sample_rate_hz < LOW_RATE_HZ {
        let [table, _] = bilinear(48_000.0);
        return [low_rate_shelf::shelf(table, sample_rate_hz), high_pass];
    }
    [shelf, high_pass]
}

fn bilinear(sample_rate_hz: f64) -> [Coefficients; 2] {
    // Corner, quality and gain solved from the tables' coefficients.
    let warp = |corner_hz: f64| libm::tan(std::f64::consts::PI * corner_hz / sample_rate_hz);
    let (k, q) = (warp(1_681.974_450_955_533), 0.707_175_236_955_419_6);
    let high = gain_from_db(3.999_843_853_973_347);
    let band = gain_from_db(3.999_843_853_973_347 * 0.499_666_774_154_541_6);
    let norm = 1.0 / (1.0 + k / q + k * k);
    let shelf = Coefficients {
        b: [
            (high + band * k / q + k * k) * norm,
            2.0 * (k * k - high) * norm,
            (high - band * k / q + k * k) * norm,
        ],
        a: [2.0 * (k * k - 1.0) * norm, (1.0 - k / q + k * k) * norm],
    };
    // The table's numerator is 1, -2, 1, which at 48 kHz lifts the whole passband by 0.04 dB;
    // every other rate gets the same lift.
    let (corner_hz, q) = HIGH_PASS;
    let (k, table_k) = (
        warp(corner_hz),
        libm::tan(std::f64::consts::PI * corner_hz / 48_000.0),
    );
    let norm = 1.0 / (1.0 + k / q + k * k);
    let lift = (1.0 + table_k / q + table_k * table_k) * norm;
    let high_pass = Coefficients {
        b: [lift, -2.0 * lift, lift],
        a: [2.0 * (k * k - 1.0) * norm, (1.0 - k / q + k * k) * norm],
    };
    [shelf, high_pass]
}

/// Power gain of the K-weighting at a frequency (BS.1770-5, Annex 1: shelf and RLB high-pass),
/// from the analog prototypes of [`k_weighting`]. Their constants are rounded to nine decimals:
/// the shipped weights were trained on features with these bits.
pub fn k_weight_power(freq_hz: f64) -> f64 {
    let highpass = {
        let (f0, q) = (38.135_470_876, 0.500_327_037);
        let w = freq_hz / f0;
        let w2 = w * w;
        w2 * w2 / ((1.0 - w2) * (1.0 - w2) + w2 / (q * q))
    };
    let shelf = {
        let (f0, q, gain_db) = (1_681.974_451, 0.707_175_237, 3.999_843_854);
        let vh = libm::pow(10.0, gain_db / 20.0);
        let vb = libm::pow(vh, 0.499_666_774);
        let w2 = (freq_hz / f0) * (freq_hz / f0);
        let numerator = (1.0 - vh * w2) * (1.0 - vh * w2) + vb * vb * w2 / (q * q);
        let denominator = (1.0 - w2) * (1.0 - w2) + w2 / (q * q);
        numerator / denominator
    };
    highpass * shelf
}

/// The K-weighting of BS.1770-5 with its state.
#[derive(Clone, Debug)]
pub struct Weighting {
    arch: Arch,
    sections: [Biquad; 2],
}

impl Weighting {
    /// A weighting at rest.
    pub fn new(sample_rate_hz: f64) -> Self {
        Self {
            arch: Arch::new(),
            sections: k_weighting(sample_rate_hz).map(Biquad::new),
        }
    }

    /// Sets a state that has decayed into silence to zero. Call it at fixed places of the signal.
    pub fn settle(&mut self) {
        self.sections.iter_mut().for_each(Biquad::settle);
    }

    /// Weights the next frames of two channels and returns `energy` plus the squares of them all, added
    /// one frame after the other.
    #[must_use]
    pub fn add_energy(&mut self, energy: f64, left: &[f32], right: &[f32]) -> f64 {
        self.arch.dispatch(Run {
            sections: &mut self.sections,
            energy,
            left,
            right,
        })
    }
}

struct Run<'a> {
    sections: &'a mut [Biquad; 2],
    energy: f64,
    left: &'a [f32],
    right: &'a [f32],
}

impl WithSimd for Run<'_> {
    type Output = f64;

    // Nothing but plain loops: compiled for each kind of processor, they differ in width alone.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> f64 {
        let [first, second] = self.sections;
        let mut energy = self.energy;
        let mut frames = self.left.iter().zip(self.right);
        let Some((&left, &right)) = frames.next() else {
            return energy;
        };
        // The second section works on a frame while the first has the next one.
        let mut between = first.step([f64::from(left), f64::from(right)]);
        let mut pair = Pair::new(first, second);
        for (&left, &right) in frames {
            let out = pair.step([f64::from(left), f64::from(right), between[0], between[1]]);
            between = [out[0], out[1]];
            energy += out[2] * out[2] + out[3] * out[3];
        }
        [*first, *second] = pair.split();
        let [left, right]: Frame = second.step(between);
        energy + (left * left + right * right)
    }
}
