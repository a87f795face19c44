//! Courses of fades.

use acetate_dsp::units::gain_from_db;

use crate::manifest::FadeCurve;

/// Where a fade in decibels begins, dB.
const LOGARITHMIC_RANGE_DB: f64 = 60.0;

/// The gain of a fade in at a share of its length, 0 to 1; a fade out is the same backwards.
pub(crate) fn gain(curve: FadeCurve, share: f64) -> f64 {
    let share = share.clamp(0.0, 1.0);
    let quarter = std::f64::consts::FRAC_PI_2 * share;
    match curve {
        FadeCurve::EqualPower => libm::sin(quarter),
        FadeCurve::Linear => share,
        FadeCurve::Cosine => libm::sin(quarter) * libm::sin(quarter),
        FadeCurve::Logarithmic => {
            let straight = gain_from_db(LOGARITHMIC_RANGE_DB * (share - 1.0));
            // To nothing at the end, without a step.
            let floor = gain_from_db(-LOGARITHMIC_RANGE_DB);
            (straight - floor) / (1.0 - floor)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURVES: [FadeCurve; 4] = [
        FadeCurve::EqualPower,
        FadeCurve::Linear,
        FadeCurve::Cosine,
        FadeCurve::Logarithmic,
    ];

    #[test]
    fn a_fade_rises_from_nothing_to_the_whole() {
        for curve in CURVES {
            let gains: Vec<f64> = (0..=100)
                .map(|at| gain(curve, f64::from(at) / 100.0))
                .collect();
            assert!(gains.is_sorted(), "{curve:?}");
            assert!(
                gains[0].abs() < 1e-12 && (gains[100] - 1.0).abs() < 1e-12,
                "{curve:?}"
            );
        }
    }

    #[test]
    fn a_crossfade_keeps_the_power_of_unlike_and_the_amplitude_of_like_signals() {
        for at in [0.1, 0.37, 0.5, 0.9] {
            let [up, down] = [at, 1.0 - at].map(|share| gain(FadeCurve::EqualPower, share));
            assert!((up * up + down * down - 1.0).abs() < 1e-12);
            let [up, down] = [at, 1.0 - at].map(|share| gain(FadeCurve::Linear, share));
            assert!((up + down - 1.0).abs() < 1e-12);
        }
    }
}
