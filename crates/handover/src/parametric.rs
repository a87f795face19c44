//! The EQ's smooth curve as a few parametric bands that any equalizer has.
//!
//! Bands are those of R. Bristow-Johnson's *Audio EQ Cookbook* (peaking, low and high shelf with Q),
//! as Equalizer APO, REW and the generic equalizers of most programs build them.

use std::f64::consts::TAU;
use std::fmt::Write;

use acetate_dsp::process::eq::eq_curve_db;
use acetate_dsp::settings;
use acetate_dsp::units::db_from_power;

use crate::solve::least_squares;

/// Bands at most.
pub const MAX_BANDS: usize = 8;
/// A fit as good as this needs no further band, dB at the worst frequency.
const GOOD_DB: f64 = 0.1;
/// A curve flatter than this needs no band at all, dB.
const FLAT_DB: f64 = 0.05;
/// Frequencies that are fitted, Hz: 30 Hz to 18 kHz.
const FROM_HZ: f64 = 30.0;
const TO_HZ: f64 = 18_000.0;
const POINTS: usize = 72;
const ROUNDS: usize = 60;
/// How much an unknown far from its start costs: a dB of gain, or a factor e of frequency or Q, as much
/// as this many dB at one frequency.
const RESTRAINT: f64 = 0.04;
/// Q of the shelves: as steep as they go without a hump.
const SHELF_Q: f64 = 0.707;
/// Ranges that every equalizer has: gain in dB, Q of a bell.
const MAX_GAIN_DB: f64 = 18.0;
const Q_RANGE: (f64, f64) = (0.2, 6.0);

/// Shape of a band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A bell.
    Bell,
    /// Everything below.
    LowShelf,
    /// Everything above.
    HighShelf,
}

/// One band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Its shape.
    pub shape: Shape,
    /// Center or corner, Hz.
    pub freq_hz: f64,
    /// Gain, dB.
    pub gain_db: f64,
    /// Quality.
    pub q: f64,
}

/// A fit and how far it is off.
#[derive(Clone, Debug, PartialEq)]
pub struct Parametric {
    /// The bands, from low to high.
    pub bands: Vec<Band>,
    /// Gain of the whole, dB.
    pub gain_db: f64,
    /// Largest distance from the curve between 30 Hz and 18 kHz, dB.
    pub worst_db: f64,
    /// Root mean square of that distance, dB.
    pub rms_db: f64,
}

impl Band {
    /// Gain of the band at a frequency, dB.
    pub fn response_db(&self, freq_hz: f64, sample_rate_hz: f64) -> f64 {
        let omega = TAU * self.freq_hz / sample_rate_hz;
        let (sin, cos) = (libm::sin(omega), libm::cos(omega));
        let a = libm::pow(10.0, self.gain_db / 40.0);
        let alpha = sin / (2.0 * self.q);
        let (b, den) = match self.shape {
            Shape::Bell => (
                [1.0 + alpha * a, -2.0 * cos, 1.0 - alpha * a],
                [1.0 + alpha / a, -2.0 * cos, 1.0 - alpha / a],
            ),
            Shape::LowShelf | Shape::HighShelf => {
                let sign = if self.shape == Shape::LowShelf {
                    1.0
                } else {
                    -1.0
                };
                let root = 2.0 * libm::sqrt(a) * alpha;
                let (up, down) = (a + 1.0, a - 1.0);
                (
                    [
                        a * (up - sign * down * cos + root),
                        sign * 2.0 * a * (down - sign * up * cos),
                        a * (up - sign * down * cos - root),
                    ],
                    [
                        up + sign * down * cos + root,
                        sign * -2.0 * (down + sign * up * cos),
                        up + sign * down * cos - root,
                    ],
                )
            }
        };
        let at = TAU * freq_hz / sample_rate_hz;
        db_from_power(power(&b, at) / power(&den, at))
    }
}

/// |b0 + b1·z⁻¹ + b2·z⁻²|² on the unit circle.
fn power(b: &[f64; 3], omega: f64) -> f64 {
    let (c1, c2) = (libm::cos(omega), libm::cos(2.0 * omega));
    b[0] * b[0]
        + b[1] * b[1]
        + b[2] * b[2]
        + 2.0 * (b[0] * b[1] + b[1] * b[2]) * c1
        + 2.0 * b[0] * b[2] * c2
}

impl Parametric {
    /// Fits the mid curve of the EQ with as few bands as come within a tenth of a dB.
    pub fn fit(eq: &settings::Eq, sample_rate_hz: u32) -> Self {
        let rate_hz = f64::from(sample_rate_hz);
        let top_hz = TO_HZ.min(0.45 * rate_hz);
        let freqs_hz: Vec<f64> = (0..POINTS)
            .map(|k| FROM_HZ * libm::pow(top_hz / FROM_HZ, k as f64 / (POINTS - 1) as f64))
            .collect();
        let curve_db: Vec<f64> = freqs_hz
            .iter()
            .map(|&hz| eq_curve_db(eq, hz).mid_db)
            .collect();
        let mut best = Self::measured(Vec::new(), 0.0, &freqs_hz, &curve_db, rate_hz);
        if best.worst_db <= FLAT_DB {
            return best;
        }
        for bands in 2..=MAX_BANDS {
            let fit = fit_bands(bands, &freqs_hz, &curve_db, rate_hz);
            if fit.worst_db < best.worst_db {
                best = fit;
            }
            if best.worst_db <= GOOD_DB {
                break;
            }
        }
        best
    }

    fn measured(
        bands: Vec<Band>,
        gain_db: f64,
        freqs_hz: &[f64],
        curve_db: &[f64],
        rate_hz: f64,
    ) -> Self {
        let off = |(hz, wanted): (&f64, &f64)| -> f64 {
            let sum: f64 = bands
                .iter()
                .map(|band| band.response_db(*hz, rate_hz))
                .sum();
            (sum + gain_db - wanted).abs()
        };
        let offs: Vec<f64> = freqs_hz.iter().zip(curve_db).map(off).collect();
        let mean_square = offs.iter().map(|off| off * off).sum::<f64>() / offs.len() as f64;
        Self {
            bands,
            gain_db,
            worst_db: offs.into_iter().fold(0.0, f64::max),
            rms_db: mean_square.sqrt(),
        }
    }

    /// As a configuration file that Equalizer APO includes and REW imports as filter settings.
    pub fn as_text(&self, what: &str) -> String {
        let mut text = format!(
            "# {what}\n# {} bands, at most {:.2} dB from the EQ's own curve between 30 Hz and 18 kHz (RMS {:.2} dB)\n",
            self.bands.len(),
            self.worst_db,
            self.rms_db
        );
        let _ = writeln!(text, "Preamp: {:.2} dB", self.gain_db);
        for (index, band) in self.bands.iter().enumerate() {
            let kind = match band.shape {
                Shape::Bell => "PK",
                Shape::LowShelf => "LSC",
                Shape::HighShelf => "HSC",
            };
            let _ = writeln!(
                text,
                "Filter {}: ON {kind} Fc {:.1} Hz Gain {:.2} dB Q {:.3}",
                index + 1,
                band.freq_hz,
                band.gain_db,
                band.q
            );
        }
        text
    }
}

/// The bands that a row of unknowns stands for: for each band the logarithm of its frequency, its
/// gain and, for bells, the logarithm of its Q; then the gain of the whole.
fn bands_of(unknowns: &[f64], count: usize, top_hz: f64) -> (Vec<Band>, f64) {
    let mut rest = unknowns.iter().copied();
    let mut next = || rest.next().unwrap_or_default();
    let bands = (0..count)
        .map(|index| {
            let shape = match index {
                0 => Shape::LowShelf,
                last if last == count - 1 => Shape::HighShelf,
                _ => Shape::Bell,
            };
            let freq_hz = libm::exp(next()).clamp(20.0, top_hz);
            let gain_db = next().clamp(-MAX_GAIN_DB, MAX_GAIN_DB);
            let q = match shape {
                Shape::Bell => libm::exp(next()).clamp(Q_RANGE.0, Q_RANGE.1),
                _ => SHELF_Q,
            };
            Band {
                shape,
                freq_hz,
                gain_db,
                q,
            }
        })
        .collect();
    (bands, next())
}

fn fit_bands(count: usize, freqs_hz: &[f64], curve_db: &[f64], rate_hz: f64) -> Parametric {
    let top_hz = freqs_hz.last().copied().unwrap_or(TO_HZ);
    let mut start = Vec::new();
    for index in 0..count {
        let share = (index as f64 + 0.5) / count as f64;
        start.push(libm::log(FROM_HZ) + share * libm::log(top_hz / FROM_HZ));
        start.push(0.1);
        if index > 0 && index < count - 1 {
            start.push(0.0);
        }
    }
    let middle_db = curve_db.iter().sum::<f64>() / curve_db.len() as f64;
    start.push(middle_db);
    let start_at = start.clone();
    let solved = least_squares(start, 1e-4, ROUNDS, &|unknowns| {
        let (bands, gain_db) = bands_of(unknowns, count, top_hz);
        let off = |(hz, wanted): (&f64, &f64)| -> f64 {
            let sum: f64 = bands
                .iter()
                .map(|band| band.response_db(*hz, rate_hz))
                .sum();
            sum + gain_db - wanted
        };
        // Bands that nobody would set by hand (far out, narrow, against each other) are held back.
        let odd = unknowns
            .iter()
            .zip(&start_at)
            .map(|(value, start)| RESTRAINT * (value - start));
        let offs = freqs_hz.iter().zip(curve_db).map(off);
        offs.chain(odd).collect()
    });
    let (mut bands, gain_db) = bands_of(&solved, count, top_hz);
    // As they will be written.
    let rounded = |value: f64, digits: f64| (value * digits).round() / digits;
    for band in &mut bands {
        band.freq_hz = rounded(band.freq_hz, 10.0);
        band.gain_db = rounded(band.gain_db, 100.0);
        band.q = rounded(band.q, 1000.0);
    }
    bands.retain(|band| band.gain_db != 0.0);
    bands.sort_by(|a, b| a.freq_hz.total_cmp(&b.freq_hz));
    Parametric::measured(bands, rounded(gain_db, 100.0), freqs_hz, curve_db, rate_hz)
}

#[cfg(test)]
mod tests {
    use super::*;
    use acetate_dsp::Settings;

    #[test]
    fn bands_have_their_gain_where_they_should() {
        let band = |shape, gain_db| Band {
            shape,
            freq_hz: 1000.0,
            gain_db,
            q: 0.707,
        };
        let at = |band: Band, hz| band.response_db(hz, 48_000.0);
        assert!((at(band(Shape::Bell, 6.0), 1000.0) - 6.0).abs() < 1e-9);
        assert!(at(band(Shape::Bell, 6.0), 20.0).abs() < 0.05);
        assert!((at(band(Shape::LowShelf, -4.0), 20.0) + 4.0).abs() < 0.01);
        assert!((at(band(Shape::LowShelf, -4.0), 1000.0) + 2.0).abs() < 1e-6);
        assert!(at(band(Shape::LowShelf, -4.0), 15_000.0).abs() < 0.05);
        assert!((at(band(Shape::HighShelf, 5.0), 20_000.0) - 5.0).abs() < 0.05);
        assert!(at(band(Shape::HighShelf, 5.0), 30.0).abs() < 0.01);
    }

    #[test]
    fn a_flat_curve_needs_no_band_and_curves_of_a_net_at_most_eight() {
        assert!(
            Parametric::fit(&Settings::default().eq, 48_000)
                .bands
                .is_empty()
        );
        let curves = [
            [
                1.0, 0.8, 0.2, -0.6, -1.1, -0.7, 0.1, 0.8, 1.2, 0.9, 0.3, 0.2,
            ],
            [
                -2.0, -1.5, -0.5, 0.2, 0.8, 1.0, 0.6, 0.0, -0.5, 0.4, 1.6, 2.4,
            ],
            [
                0.0, 2.0, -1.0, 1.5, -2.0, 1.0, -1.0, 2.0, -1.5, 1.0, -1.0, 1.0,
            ],
        ];
        for (mid_db, bound_db) in curves.into_iter().zip([0.1, 0.1, 2.0]) {
            let mut eq = Settings::default().eq;
            eq.mid_db = mid_db;
            let fit = Parametric::fit(&eq, 44_100);
            println!(
                "{} bands, worst {:.3} dB, rms {:.3}",
                fit.bands.len(),
                fit.worst_db,
                fit.rms_db
            );
            assert!(fit.bands.len() <= MAX_BANDS);
            assert!(fit.bands.iter().all(|band| band.gain_db.abs() < 8.0));
            assert!(fit.worst_db < bound_db, "{fit:?}");
            let text = fit.as_text("test");
            assert_eq!(text.matches("Filter").count(), fit.bands.len());
        }
    }
}
