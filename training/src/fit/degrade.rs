//! Musically sized faults: what training adds to a finished master so that the net can learn to
//! take it away again. The generator of `evaluate` is another one.

use acetate_dsp::measure::bands;
use acetate_model::features::{BANDS, FIRST_BAND};
use acetate_model::outputs::side_curve_db;

use crate::recipe::SeverityPrior;
use crate::rng::Rng;

/// Side gain and tilt are about this share of the tonal severity.
const SIDE_SHARE: f64 = 0.8;
/// Largest expansion strength: levels move this much further from their mean.
pub const MAX_EXPANSION: f64 = 0.6;
/// Share of mixes whose dynamics are left alone.
const DYNAMICS_UNTOUCHED: f64 = 0.5;
/// Largest excess of the PLR, dB.
const MAX_PLR_EXCESS_DB: f64 = 6.0;

/// One mix's faults.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// EQ on mid and side, dB at the net's bands; its mean over the bands is 0.
    pub tone_db: [f64; BANDS],
    /// Extra gain of side, dB.
    pub side_gain_db: f64,
    /// Extra tilt of side, dB per decade around 1 kHz.
    pub side_tilt_db: f64,
    /// Expansion strength: 0 leaves the levels alone.
    pub expansion: f64,
    /// PLR above the master's, dB.
    pub plr_excess_db: f64,
}

impl Fault {
    /// No fault at all.
    pub const NONE: Self = Self {
        tone_db: [0.0; BANDS],
        side_gain_db: 0.0,
        side_tilt_db: 0.0,
        expansion: 0.0,
        plr_excess_db: 0.0,
    };

    /// Both faults, one after the other.
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            tone_db: std::array::from_fn(|band| self.tone_db[band] + other.tone_db[band]),
            side_gain_db: self.side_gain_db + other.side_gain_db,
            side_tilt_db: self.side_tilt_db + other.side_tilt_db,
            expansion: self.expansion + other.expansion,
            plr_excess_db: self.plr_excess_db + other.plr_excess_db,
        }
    }

    /// Draws a fault from the prior.
    pub fn draw(rng: &mut Rng, prior: &SeverityPrior) -> Self {
        let severity_db = draw_severity(rng, prior);
        let scale = SIDE_SHARE * severity_db.max(0.3 * rng.unit());
        let touched = rng.unit() >= DYNAMICS_UNTOUCHED;
        Self {
            tone_db: scaled_to_rms(tone_shape(rng), severity_db),
            side_gain_db: scale * 0.8 * rng.normal(),
            side_tilt_db: scale * 0.8 * rng.normal(),
            expansion: if touched {
                rng.uniform(0.0, MAX_EXPANSION)
            } else {
                0.0
            },
            plr_excess_db: if touched {
                rng.uniform(0.0, MAX_PLR_EXCESS_DB)
            } else {
                0.0
            },
        }
    }

    /// Gain of the side signal at band `band` (of the net's), dB, tone included.
    pub fn side_db(&self, band: usize) -> f64 {
        self.tone_db[band]
            + side_curve_db(
                self.side_gain_db,
                self.side_tilt_db,
                bands::center_hz(FIRST_BAND + band),
            )
    }
}

fn draw_severity(rng: &mut Rng, prior: &SeverityPrior) -> f64 {
    let total: f64 = prior.ranges.iter().map(|range| range.share).sum();
    let mut at = rng.unit() * total;
    for range in &prior.ranges {
        if at < range.share {
            return rng.uniform(range.from_db, range.to_db);
        }
        at -= range.share;
    }
    0.0
}

/// Removes the mean over the bands and scales to `rms_db`.
pub fn scaled_to_rms(mut curve_db: [f64; BANDS], rms_db: f64) -> [f64; BANDS] {
    let mean = curve_db.iter().sum::<f64>() / BANDS as f64;
    for gain in &mut curve_db {
        *gain -= mean;
    }
    let rms = (curve_db.iter().map(|gain| gain * gain).sum::<f64>() / BANDS as f64).sqrt();
    if rms > 1e-9 {
        for gain in &mut curve_db {
            *gain *= rms_db / rms;
        }
    }
    curve_db
}

/// Distance of a band from a frequency, octaves.
fn octaves_from(band: usize, freq_hz: f64) -> f64 {
    libm::log2(bands::center_hz(FIRST_BAND + band) / freq_hz)
}

/// A random smooth curve: tilt, shelves, bells and named faults.
fn tone_shape(rng: &mut Rng) -> [f64; BANDS] {
    let mut curve = [0.0; BANDS];
    let mut add = |gain_db: f64, shape: &dyn Fn(usize) -> f64| {
        for (band, gain) in curve.iter_mut().enumerate() {
            *gain += gain_db * shape(band);
        }
    };
    let bell = |freq_hz: f64, width_oct: f64| {
        move |band: usize| libm::exp(-0.5 * (octaves_from(band, freq_hz) / width_oct).powi(2))
    };
    let shelf = |freq_hz: f64, width_oct: f64, sign: f64| {
        move |band: usize| 1.0 / (1.0 + libm::exp(-sign * octaves_from(band, freq_hz) / width_oct))
    };
    if rng.unit() < 0.7 {
        add(rng.normal(), &|band| octaves_from(band, 1000.0) / 3.0);
    }
    if rng.unit() < 0.6 {
        let freq_hz = rng.uniform(60.0, 400.0);
        add(
            1.5 * rng.normal(),
            &shelf(freq_hz, rng.uniform(0.2, 0.7), -1.0),
        );
    }
    if rng.unit() < 0.6 {
        let freq_hz = rng.uniform(2000.0, 9000.0);
        add(
            1.5 * rng.normal(),
            &shelf(freq_hz, rng.uniform(0.2, 0.7), 1.0),
        );
    }
    for _ in 0..rng.below(5) {
        let freq_hz = 40.0 * libm::pow(400.0, rng.unit());
        add(1.5 * rng.normal(), &bell(freq_hz, rng.uniform(0.3, 1.2)));
    }
    if rng.unit() < 0.3 {
        // Muddy, harsh, boomy, boxy, dull or thin: the faults that mixes really have, and their
        // mirror images half of the time.
        let (freq_hz, width_oct) = [
            (280.0, 0.8),
            (3500.0, 0.8),
            (80.0, 0.7),
            (550.0, 0.6),
            (9000.0, 1.2),
            (150.0, 1.3),
        ][rng.below(6)];
        add(2.0 * rng.sign(), &bell(freq_hz, width_oct));
    }
    curve
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_has_the_severity_it_was_scaled_to_and_no_level() {
        let mut rng = Rng::new(1);
        for _ in 0..50 {
            let mut shape = tone_shape(&mut rng);
            shape[3] += 0.5;
            let curve = scaled_to_rms(shape, 3.0);
            let mean = curve.iter().sum::<f64>() / BANDS as f64;
            let rms = (curve.iter().map(|g| g * g).sum::<f64>() / BANDS as f64).sqrt();
            assert!(mean.abs() < 1e-9 && (rms - 3.0).abs() < 1e-9);
        }
    }
}
