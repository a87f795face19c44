//! [`Move`]: what a method wants to change, in the net's own degrees of freedom, and the settings
//! that do it.

use std::sync::OnceLock;

use acetate_dsp::measure::bands::AUDIBLE_DB;
use acetate_dsp::numeric::solve;
use acetate_dsp::settings::{MID_KNOTS, Settings};
use acetate_dsp::{Analysis, PARAMS};
use acetate_model::features::BANDS;
use acetate_model::outputs::{mid_basis, side_knots_db};
use acetate_model::predictor::centered_knots;

use crate::eval::faults::Smooth;

/// Keeps the knots beyond the bands from swinging: penalty on their squares, per judged band.
const KNOT_PENALTY: f64 = 1e-3;

/// A wanted change of tone: knots of the mid curve, gain and tilt of side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Move {
    /// Gain at each mid knot, dB; for mid and side alike.
    pub mid_db: [f64; MID_KNOTS],
    /// Extra gain of side, dB.
    pub side_gain_db: f64,
    /// Extra tilt of side, dB per decade around 1 kHz.
    pub side_tilt_db: f64,
}

impl Move {
    /// The least-squares inverse of a known fault: as good as these degrees of freedom allow.
    pub fn undoing(fault: &Smooth) -> Self {
        let wanted = fault.mid_bands_db().map(|gain_db| -gain_db);
        Self {
            mid_db: projected(&wanted, &[true; BANDS]),
            side_gain_db: -fault.side_gain_db,
            side_tilt_db: -fault.side_tilt_db,
        }
    }

    /// A share of the way from a spectrum to a target spectrum, mid only, over the bands that
    /// hold program. Both in dB relative to loudness.
    pub fn toward(target_db: &[f64; BANDS], mix_db: &[f64; BANDS], share: f64) -> Self {
        let wanted = std::array::from_fn(|band| share * (target_db[band] - mix_db[band]));
        Self {
            mid_db: projected(&wanted, &mix_db.map(|db| db > AUDIBLE_DB)),
            ..Self::default()
        }
    }
}

/// The net's basis, built once.
pub fn basis() -> &'static [[f64; BANDS]] {
    static BASIS: OnceLock<Vec<[f64; BANDS]>> = OnceLock::new();
    BASIS.get_or_init(mid_basis)
}

/// Knots whose curve is nearest to `curve_db` on the judged bands, centered as the predictor's.
pub fn projected(curve_db: &[f64; BANDS], judged: &[bool; BANDS]) -> [f64; MID_KNOTS] {
    let basis = basis();
    let count = judged.iter().filter(|judged| **judged).count();
    let over_judged = |value: &dyn Fn(usize) -> f64| -> f64 {
        (0..BANDS).filter(|&band| judged[band]).map(value).sum()
    };
    let mut normal: Vec<Vec<f64>> = (0..MID_KNOTS)
        .map(|a| {
            (0..MID_KNOTS)
                .map(|b| {
                    let penalty = if a == b {
                        KNOT_PENALTY * (count as f64).max(1.0)
                    } else {
                        0.0
                    };
                    over_judged(&|band| basis[a][band] * basis[b][band]) + penalty
                })
                .collect()
        })
        .collect();
    let mut knots: [[f64; 1]; MID_KNOTS] =
        std::array::from_fn(|knot| [over_judged(&|band| basis[knot][band] * curve_db[band])]);
    // The penalty makes the system positive definite; a curve that is not finite gives no move.
    if solve(&mut normal, &mut knots) && knots.iter().all(|[knot]| knot.is_finite()) {
        centered_knots(&knots.map(|[knot]| knot))
    } else {
        [0.0; MID_KNOTS]
    }
}

/// The settings that do a move on a mix, as the predictor would set them: within the ranges of
/// [`PARAMS`], the low side never widened, nothing boosted above the mix's bandwidth.
pub fn settings_of(wanted: &Move, analysis: &Analysis) -> Settings {
    let mut settings = Settings::default();
    settings.eq.mid_db = wanted.mid_db;
    settings.eq.boost_limit_hz = analysis.bandwidth_hz;
    if analysis.channels == 2 {
        settings.stereo.low_db = wanted.side_gain_db.min(0.0);
        settings.stereo.mid_db = wanted.side_gain_db;
        settings.stereo.high_db = wanted.side_gain_db;
        settings.eq.side_db = side_knots_db(wanted.side_tilt_db);
    }
    for param in PARAMS {
        let value = param.get(&settings).clamp(param.min, param.max);
        param.set(&mut settings, value);
    }
    settings
}

/// RMS over the bands of the mid curve that settings apply, its mean removed, dB.
pub fn eq_move_db(settings: &Settings) -> f64 {
    let curve: [f64; BANDS] = crate::eval::faults::band_curve(|hz| {
        acetate_dsp::process::eq::eq_curve_db(&settings.eq, hz).mid_db
    });
    let mean = curve.iter().sum::<f64>() / BANDS as f64;
    crate::eval::faults::rms(&curve.map(|gain| gain - mean))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::faults::{rms, smooth};
    use crate::rng::Rng;

    #[test]
    fn a_curve_of_the_basis_is_found_again() {
        let knots: [f64; MID_KNOTS] = std::array::from_fn(|k| [1.0, -2.0, 0.5][k % 3]);
        let knots = centered_knots(&knots);
        let curve: [f64; BANDS] =
            std::array::from_fn(|band| (0..MID_KNOTS).map(|k| knots[k] * basis()[k][band]).sum());
        let got = projected(&curve, &[true; BANDS]);
        let left: [f64; BANDS] = std::array::from_fn(|band| {
            curve[band]
                - (0..MID_KNOTS)
                    .map(|k| got[k] * basis()[k][band])
                    .sum::<f64>()
        });
        assert!(rms(&left) < 0.1, "{left:?}");
    }

    #[test]
    fn the_knots_leave_little_of_a_smooth_fault() {
        let mut rng = Rng::new(4);
        let left: Vec<f64> = (0..40)
            .map(|_| {
                let fault = smooth(&mut rng, 3.0);
                let undone = Move::undoing(&fault);
                let mid = fault.mid_bands_db();
                rms(&std::array::from_fn::<_, BANDS, _>(|band| {
                    mid[band]
                        + (0..MID_KNOTS)
                            .map(|k| undone.mid_db[k] * basis()[k][band])
                            .sum::<f64>()
                }))
            })
            .collect();
        let mean = left.iter().sum::<f64>() / left.len() as f64;
        assert!(mean < 0.4, "{mean}");
    }
}
