//! The EQ's curve: what the knots mean at every frequency.
//!
//! A clamped cubic spline in log-frequency (de Boor, *A Practical Guide to Splines*, ch. IV, zero
//! slope at both ends), flat beyond the outer knots. It is linear in the knot gains, so that a
//! matrix ([`mid_basis`], [`side_basis`]) stands for it wherever many curves are needed at once.

use crate::process::ResponseDb;
use crate::settings::{
    self, FINE_BANDS, MID_KNOTS, SIDE_KNOTS, fine_band_hz, mid_knot_hz, side_knot_hz,
};

/// Width of the fade of boosts below `boost_limit_hz`, octaves.
const BOOST_FADE_OCTAVES: f64 = 1.0 / 6.0;

/// A clamped cubic spline through `N` equidistant knots in log10(frequency).
struct Spline<const N: usize> {
    first_log10_hz: f64,
    step_log10_hz: f64,
    value_db: [f64; N],
    /// Slope at each knot, dB per knot distance.
    slope_db: [f64; N],
}

impl<const N: usize> Spline<N> {
    fn new(knot_hz: fn(usize) -> f64, value_db: &[f64; N]) -> Self {
        let first_log10_hz = libm::log10(knot_hz(0));
        let last_log10_hz = libm::log10(knot_hz(N - 1));
        Self {
            first_log10_hz,
            step_log10_hz: (last_log10_hz - first_log10_hz) / (N - 1) as f64,
            value_db: *value_db,
            slope_db: clamped_slopes(value_db),
        }
    }

    fn at(&self, log10_hz: f64) -> f64 {
        let position =
            ((log10_hz - self.first_log10_hz) / self.step_log10_hz).clamp(0.0, (N - 1) as f64);
        let index = (position as usize).min(N - 2);
        let t = position - index as f64;
        let (y0, y1) = (self.value_db[index], self.value_db[index + 1]);
        let (m0, m1) = (self.slope_db[index], self.slope_db[index + 1]);
        let u = 1.0 - t;
        // Cubic Hermite form.
        y0 * u * u * (1.0 + 2.0 * t) + m0 * t * u * u + y1 * t * t * (3.0 - 2.0 * t)
            - m1 * t * t * u
    }
}

/// Slopes that make the second derivative continuous, zero at both ends: the tridiagonal system
/// m[i-1] + 4·m[i] + m[i+1] = 3·(y[i+1] - y[i-1]), by the Thomas algorithm.
fn clamped_slopes<const N: usize>(value_db: &[f64; N]) -> [f64; N] {
    let mut slope = [0.0; N];
    let mut upper = [0.0; N];
    for i in 1..N - 1 {
        let pivot = 4.0 - upper[i - 1];
        upper[i] = 1.0 / pivot;
        slope[i] = (3.0 * (value_db[i + 1] - value_db[i - 1]) - slope[i - 1]) / pivot;
    }
    for i in (1..N - 1).rev() {
        slope[i] -= upper[i] * slope[i + 1];
    }
    slope
}

fn log10_hz(freq_hz: f64) -> f64 {
    libm::log10(freq_hz.max(f64::MIN_POSITIVE))
}

/// The whole curve, ready to be read at many frequencies.
pub(super) struct EqCurve {
    mid: Spline<MID_KNOTS>,
    side: Spline<SIDE_KNOTS>,
    fine_mid: Spline<FINE_BANDS>,
    fine_side: Spline<FINE_BANDS>,
    boost_limit_hz: f64,
}

impl EqCurve {
    pub(super) fn new(settings: &settings::Eq) -> Self {
        Self {
            mid: Spline::new(mid_knot_hz, &settings.mid_db),
            side: Spline::new(side_knot_hz, &settings.side_db),
            fine_mid: Spline::new(fine_band_hz, &settings.fine_mid_db),
            fine_side: Spline::new(fine_band_hz, &settings.fine_side_db),
            boost_limit_hz: settings.boost_limit_hz,
        }
    }

    pub(super) fn at(&self, freq_hz: f64) -> ResponseDb {
        let log10_hz = log10_hz(freq_hz);
        let mid_db = self.mid.at(log10_hz) + self.fine_mid.at(log10_hz);
        let side_db = mid_db + self.side.at(log10_hz) + self.fine_side.at(log10_hz);
        let boost_share = self.boost_share(freq_hz);
        let limited = |gain_db: f64| gain_db.min(0.0) + boost_share * gain_db.max(0.0);
        ResponseDb {
            mid_db: limited(mid_db),
            side_db: limited(side_db),
        }
    }

    /// 1 well below the boost limit, 0 from it on, a smooth step between.
    fn boost_share(&self, freq_hz: f64) -> f64 {
        let octaves_below = libm::log2(self.boost_limit_hz / freq_hz.max(f64::MIN_POSITIVE));
        let t = (octaves_below / BOOST_FADE_OCTAVES).clamp(0.0, 1.0);
        t * t * (3.0 - 2.0 * t)
    }
}

/// Gain of the EQ at one frequency: the curve that the filter is built from.
///
/// The mid gain is the knots' curve plus the fine one, the side gain that plus the side's two. From
/// `boost_limit_hz` on neither is above 0 dB; boosts fade over the sixth of an octave below it.
pub fn eq_curve_db(settings: &settings::Eq, freq_hz: f64) -> ResponseDb {
    EqCurve::new(settings).at(freq_hz)
}

/// Linear basis of the mid curve: row `i`, column `k` is the curve's value in dB at
/// `freq_hz[i]` when mid knot `k` is 1 dB and the others 0. Shape `[frequencies][MID_KNOTS]`.
///
/// The curve without boost limit and fine curve is this matrix times the knots.
pub fn mid_basis(freq_hz: &[f64]) -> Vec<[f64; MID_KNOTS]> {
    basis(mid_knot_hz, freq_hz)
}

/// Linear basis of what the side knots add to the mid curve; see [`mid_basis`]. Shape
/// `[frequencies][SIDE_KNOTS]`.
pub fn side_basis(freq_hz: &[f64]) -> Vec<[f64; SIDE_KNOTS]> {
    basis(side_knot_hz, freq_hz)
}

fn basis<const N: usize>(knot_hz: fn(usize) -> f64, freq_hz: &[f64]) -> Vec<[f64; N]> {
    let splines: [Spline<N>; N] = std::array::from_fn(|knot| {
        let mut unit = [0.0; N];
        unit[knot] = 1.0;
        Spline::new(knot_hz, &unit)
    });
    freq_hz
        .iter()
        .map(|&hz| {
            let log10_hz = log10_hz(hz);
            std::array::from_fn(|knot| splines[knot].at(log10_hz))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zigzag() -> settings::Eq {
        let mut eq = settings::Eq::default();
        for (index, knot) in eq.mid_db.iter_mut().enumerate() {
            *knot = [1.5, -2.0, 0.5][index % 3];
        }
        eq.side_db = [2.0, -1.0, 0.5, 3.0];
        eq
    }

    #[test]
    fn the_curve_goes_through_its_knots_and_is_flat_beyond() {
        let eq = zigzag();
        for (index, &knot_db) in eq.mid_db.iter().enumerate() {
            let got = eq_curve_db(&eq, mid_knot_hz(index)).mid_db;
            assert!((got - knot_db).abs() < 1e-9, "knot {index}: {got}");
        }
        for (index, &knot_db) in eq.side_db.iter().enumerate() {
            let got = eq_curve_db(&eq, side_knot_hz(index));
            assert!((got.side_db - got.mid_db - knot_db).abs() < 1e-9);
        }
        let below = eq_curve_db(&eq, 5.0).mid_db;
        assert!((below - eq.mid_db[0]).abs() < 1e-12);
        assert!((eq_curve_db(&eq, 0.0).mid_db - below).abs() < 1e-12);
        let above = eq_curve_db(&eq, 22_000.0).mid_db;
        assert!((above - eq.mid_db[MID_KNOTS - 1]).abs() < 1e-12);
    }

    #[test]
    fn equal_knots_are_a_plain_gain() {
        let eq = settings::Eq {
            mid_db: [2.5; MID_KNOTS],
            ..Default::default()
        };
        for freq_hz in [10.0, 50.0, 432.1, 9_999.0, 30_000.0] {
            assert!((eq_curve_db(&eq, freq_hz).mid_db - 2.5).abs() < 1e-12);
        }
    }

    #[test]
    fn the_basis_times_the_knots_is_the_curve() {
        let eq = zigzag();
        let freq_hz = [
            20.0, 33.0, 97.0, 440.0, 1_234.0, 7_777.0, 15_000.0, 20_000.0,
        ];
        let rows = mid_basis(&freq_hz).into_iter().zip(side_basis(&freq_hz));
        for (&hz, (mid, side)) in freq_hz.iter().zip(rows) {
            let mid_db: f64 = mid.iter().zip(&eq.mid_db).map(|(b, k)| b * k).sum();
            let extra_db: f64 = side.iter().zip(&eq.side_db).map(|(b, k)| b * k).sum();
            let curve = eq_curve_db(&eq, hz);
            assert!((curve.mid_db - mid_db).abs() < 1e-9, "{hz} Hz");
            assert!((curve.side_db - mid_db - extra_db).abs() < 1e-9, "{hz} Hz");
        }
    }

    #[test]
    fn nothing_is_boosted_above_the_limit_and_cuts_stay() {
        let mut eq = zigzag();
        eq.boost_limit_hz = 6_000.0;
        let mut eq_open = eq;
        eq_open.boost_limit_hz = 96_000.0;
        for hz in [6_000.0, 7_000.0, 9_000.0, 12_000.0, 18_000.0] {
            let (limited, open) = (eq_curve_db(&eq, hz), eq_curve_db(&eq_open, hz));
            assert!(limited.mid_db <= 0.0 && limited.side_db <= 0.0, "{hz} Hz");
            assert_eq!(limited.mid_db, open.mid_db.min(0.0));
        }
        assert_eq!(eq_curve_db(&eq, 5_000.0), eq_curve_db(&eq_open, 5_000.0));
    }
}
