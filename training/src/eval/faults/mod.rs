//! Smooth EQ faults of a generator of its own: tilt, shelves, bells and named faults, made from
//! other shapes than training's and always used together with their mirror images.
//!
//! Severity r (FACTS: the learning study): the tone is r dB RMS over the net's 27 third octaves, its
//! mean over them removed; side has an extra gain and tilt of [`SIDE_SHARE`] · r dB RMS.

pub mod excerpt;
pub mod expansion;
pub mod foreign;
pub mod kind;
pub mod lossy;
pub mod plain;
pub mod unseen;

use acetate_dsp::Audio;
use acetate_dsp::measure::bands;
use acetate_dsp::process::ResponseDb;
use acetate_dsp::process::eq::apply_curves;
use acetate_model::features::{BANDS, FIRST_BAND};
use acetate_model::outputs::side_curve_db;

use crate::rng::Rng;

/// Side gain and tilt together have this share of the tone's severity, RMS over the bands.
pub const SIDE_SHARE: f64 = 0.8;
/// Share of the faults that are a named one.
const NAMED_SHARE: f64 = 0.35;

/// One piece of a tone curve, with gain 1 at its full extent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::eval) enum Shape {
    /// One per octave above 1 kHz, minus one below; flat outside 20 Hz to 20 kHz.
    Tilt,
    /// 1 far below the corner, one half at it.
    LowShelf { corner_hz: f64, width_oct: f64 },
    /// 1 far above the corner, one half at it.
    HighShelf { corner_hz: f64, width_oct: f64 },
    /// 1 at the center, one half at one width from it.
    Bell { center_hz: f64, width_oct: f64 },
}

impl Shape {
    pub(in crate::eval) fn at(self, freq_hz: f64) -> f64 {
        let octaves_from = |hz: f64| libm::log2(freq_hz.clamp(20.0, 20_000.0) / hz);
        let step = |octaves: f64| 0.5 + 0.5 * libm::tanh(octaves);
        match self {
            Self::Tilt => octaves_from(1000.0),
            Self::LowShelf {
                corner_hz,
                width_oct,
            } => step(-octaves_from(corner_hz) / width_oct),
            Self::HighShelf {
                corner_hz,
                width_oct,
            } => step(octaves_from(corner_hz) / width_oct),
            Self::Bell {
                center_hz,
                width_oct,
            } => 1.0 / (1.0 + (octaves_from(center_hz) / width_oct).powi(2)),
        }
    }
}

pub(in crate::eval) const fn bell(center_hz: f64, width_oct: f64) -> Shape {
    Shape::Bell {
        center_hz,
        width_oct,
    }
}

pub(in crate::eval) const fn low_shelf(corner_hz: f64, width_oct: f64) -> Shape {
    Shape::LowShelf {
        corner_hz,
        width_oct,
    }
}

pub(in crate::eval) const fn high_shelf(corner_hz: f64, width_oct: f64) -> Shape {
    Shape::HighShelf {
        corner_hz,
        width_oct,
    }
}

/// Faults with a name, in the words of those who hear them; gains are relative.
const NAMED: [(&str, &[(f64, Shape)]); 6] = [
    (
        "muddy",
        &[(1.0, bell(260.0, 0.9)), (-0.5, high_shelf(5000.0, 1.0))],
    ),
    ("harsh", &[(1.0, bell(3200.0, 0.7))]),
    ("dull", &[(-1.0, high_shelf(3500.0, 1.2))]),
    ("boomy", &[(1.0, bell(85.0, 0.6))]),
    ("thin", &[(-1.0, low_shelf(220.0, 1.0))]),
    ("boxy", &[(1.0, bell(520.0, 0.5))]),
];

/// A smooth fault: a tone curve on everything, a gain and a tilt on side on top of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Smooth {
    /// Pieces of the tone with their gains, dB.
    parts: Vec<(f64, Shape)>,
    /// Level of the pieces' sum over the bands, taken away, dB.
    level_db: f64,
    /// Extra gain of side, dB.
    pub side_gain_db: f64,
    /// Extra tilt of side, dB per decade around 1 kHz.
    pub side_tilt_db: f64,
}

/// Draws a fault of exactly `severity_db` dB RMS.
pub fn smooth(rng: &mut Rng, severity_db: f64) -> Smooth {
    let mut fault = Smooth {
        parts: if rng.unit() < NAMED_SHARE {
            named_parts(rng)
        } else {
            free_parts(rng)
        },
        level_db: 0.0,
        side_gain_db: rng.normal(),
        side_tilt_db: rng.normal(),
    };
    let tone = fault.mid_bands_db();
    fault.level_db = tone.iter().sum::<f64>() / BANDS as f64;
    let scale = severity_db / rms(&fault.mid_bands_db()).max(1e-9);
    for (gain_db, _) in &mut fault.parts {
        *gain_db *= scale;
    }
    fault.level_db *= scale;
    let side = band_curve(|hz| side_curve_db(fault.side_gain_db, fault.side_tilt_db, hz));
    let side_scale = SIDE_SHARE * severity_db / rms(&side).max(1e-9);
    fault.side_gain_db *= side_scale;
    fault.side_tilt_db *= side_scale;
    fault
}

/// A named fault with a little tilt, so that no two are alike.
fn named_parts(rng: &mut Rng) -> Vec<(f64, Shape)> {
    let (_, parts) = NAMED[rng.below(NAMED.len())];
    let mut parts = parts.to_vec();
    parts.push((0.06 * rng.normal(), Shape::Tilt));
    parts
}

/// Tilt, shelves and 0 to 4 bells.
fn free_parts(rng: &mut Rng) -> Vec<(f64, Shape)> {
    let mut parts = vec![(0.3 * rng.normal(), Shape::Tilt)];
    if rng.unit() < 0.5 {
        let corner_hz = 60.0 * libm::exp2(rng.uniform(0.0, 2.7));
        parts.push((
            1.4 * rng.normal(),
            low_shelf(corner_hz, rng.uniform(0.4, 1.4)),
        ));
    }
    if rng.unit() < 0.5 {
        let corner_hz = 1800.0 * libm::exp2(rng.uniform(0.0, 2.5));
        parts.push((
            1.4 * rng.normal(),
            high_shelf(corner_hz, rng.uniform(0.4, 1.4)),
        ));
    }
    for _ in 0..rng.below(5) {
        let center_hz = 45.0 * libm::exp2(rng.uniform(0.0, 8.3));
        parts.push((1.6 * rng.normal(), bell(center_hz, rng.uniform(0.3, 1.1))));
    }
    parts
}

impl Smooth {
    /// The same fault the other way round: every gain negated.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        Self {
            parts: self.parts.iter().map(|&(gain, at)| (-gain, at)).collect(),
            level_db: -self.level_db,
            side_gain_db: -self.side_gain_db,
            side_tilt_db: -self.side_tilt_db,
        }
    }

    /// Gain of mid at a frequency, dB.
    pub fn mid_db(&self, freq_hz: f64) -> f64 {
        let sum: f64 = self
            .parts
            .iter()
            .map(|&(gain_db, shape)| gain_db * shape.at(freq_hz))
            .sum();
        sum - self.level_db
    }

    /// Gain of side at a frequency, dB: the tone, and what side has on top.
    pub fn side_db(&self, freq_hz: f64) -> f64 {
        self.mid_db(freq_hz) + side_curve_db(self.side_gain_db, self.side_tilt_db, freq_hz.max(1.0))
    }

    /// Gain of mid at the net's bands, dB.
    pub fn mid_bands_db(&self) -> [f64; BANDS] {
        band_curve(|hz| self.mid_db(hz))
    }

    /// Gain of side at the net's bands, dB.
    pub fn side_bands_db(&self) -> [f64; BANDS] {
        band_curve(|hz| self.side_db(hz))
    }

    /// The fault applied to audio, by a minimum-phase filter.
    pub fn applied_to(&self, audio: &Audio) -> Audio {
        apply_curves(audio, |hz| ResponseDb {
            mid_db: self.mid_db(hz),
            side_db: self.side_db(hz),
        })
    }
}

/// A curve read at the net's bands, dB.
pub fn band_curve(curve_db: impl Fn(f64) -> f64) -> [f64; BANDS] {
    std::array::from_fn(|band| curve_db(bands::center_hz(FIRST_BAND + band)))
}

/// Root of the mean square.
pub fn rms(values: &[f64]) -> f64 {
    (values.iter().map(|value| value * value).sum::<f64>() / values.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severity_is_exact_and_the_mean_is_none() {
        let mut rng = Rng::new(5);
        for _ in 0..200 {
            let fault = smooth(&mut rng, 3.0);
            let mid = fault.mid_bands_db();
            assert!((rms(&mid) - 3.0).abs() < 1e-9);
            assert!(mid.iter().sum::<f64>().abs() < 1e-9);
            let side = fault.side_bands_db();
            let extra: Vec<f64> = side.iter().zip(mid).map(|(s, m)| s - m).collect();
            assert!((rms(&extra) - 2.4).abs() < 1e-9);
        }
    }

    #[test]
    fn a_mirror_undoes_its_fault() {
        let mut rng = Rng::new(6);
        for _ in 0..50 {
            let fault = smooth(&mut rng, 4.0);
            let mirror = fault.mirrored();
            for hz in [0.0, 30.0, 440.0, 9_000.0, 22_000.0] {
                assert!((fault.mid_db(hz) + mirror.mid_db(hz)).abs() < 1e-12);
                assert!((fault.side_db(hz) + mirror.side_db(hz)).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn faults_of_one_seed_differ_from_those_of_another() {
        assert_eq!(smooth(&mut Rng::new(1), 2.0), smooth(&mut Rng::new(1), 2.0));
        assert_ne!(smooth(&mut Rng::new(1), 2.0), smooth(&mut Rng::new(2), 2.0));
    }
}
