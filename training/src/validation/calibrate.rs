//! Calibration: scales each group's predicted deviations so that on validation albums the central 80 %
//! interval holds 80 % of the errors.
//!
//! The members learn their variances where they learn their means, on training albums, and are too
//! sure of themselves elsewhere. A constant on the log-variance (the simplest form of variance
//! scaling: Kuleshov, Fenner and Ermon, "Accurate uncertainties for deep learning using calibrated
//! regression", ICML 2018, recalibrates by a whole function) goes into the last layer's bias, so
//! that the weights need no further numbers.

use acetate_model::NetPredictor;
use acetate_model::net::TENSORS;
use acetate_model::outputs::{MEANS, MODES, PLR, SPREAD, modes_of_curve};
use acetate_model::posterior::Priors;
use acetate_model::weights::Weights;

use crate::corpus::Track;
use crate::eval::calibration::HALF_WIDTH_80;
use crate::export::weights_file;
use crate::fit::Member;
use crate::trained::TrainError;
use crate::validation::Case;

/// Between-member variance is not scaled, so that one step falls short; three meet within a percent.
const ROUNDS: usize = 3;
/// The tensor whose second half is the log-variances' bias.
const BIAS: &str = "head2.bias";
/// Groups of outputs that are scaled together.
const GROUPS: [std::ops::Range<usize>; 4] =
    [0..MODES, MODES..SPREAD, SPREAD..SPREAD + 1, PLR..PLR + 1];

/// Shifts the members' log-variances until validation cases, as `judged` finds them, are covered.
/// Gives the cases of the calibrated members.
///
/// # Errors
/// [`TrainError`] when the members make no net or the net cannot run.
pub fn calibrate(
    members: &mut [Member],
    priors: &Priors,
    recipe: &str,
    tracks: &[Track],
    judged: impl Fn(&NetPredictor) -> Result<Vec<Case>, TrainError>,
) -> Result<Vec<Case>, TrainError> {
    let cases = |members: &[Member]| judged(&net_of(members, priors, recipe)?);
    let mut found = cases(members)?;
    for _ in 0..ROUNDS {
        for group in GROUPS {
            let errors: Vec<(f64, f64)> = found
                .iter()
                .flat_map(|case| errors(case, &tracks[case.track], &group))
                .collect();
            let Some(factor) = deviation_factor(&errors) else {
                continue;
            };
            for member in &mut *members {
                widen(member, &group, factor);
            }
        }
        found = cases(members)?;
    }
    Ok(found)
}

/// The members as a net with these priors.
///
/// # Errors
/// [`TrainError`] when the members make no net.
pub(crate) fn net_of(
    members: &[Member],
    priors: &Priors,
    recipe: &str,
) -> Result<NetPredictor, TrainError> {
    let bytes = weights_file(members, priors, recipe)?;
    Ok(NetPredictor::new(Weights::from_bytes(&bytes)?))
}

/// What the deviations must be multiplied with for 80 % of the errors to lie in their interval;
/// pairs of predicted deviation and error, dB. `None` without any.
fn deviation_factor(errors: &[(f64, f64)]) -> Option<f64> {
    let mut ratios: Vec<f64> = errors
        .iter()
        .filter(|(sd_db, _)| *sd_db > 0.0)
        .map(|(sd_db, error_db)| error_db.abs() / sd_db)
        .collect();
    ratios.sort_by(f64::total_cmp);
    let at_80 = ratios.get((ratios.len() * 4 / 5).min(ratios.len().saturating_sub(1)))?;
    (*at_80 > 0.0).then(|| at_80 / HALF_WIDTH_80)
}

fn widen(member: &mut Member, group: &std::ops::Range<usize>, factor: f64) {
    let tensors = TENSORS.iter().zip(&mut member.tensors);
    for ((name, _), values) in tensors {
        if *name == BIAS {
            for log_variance in &mut values[MEANS + group.start..MEANS + group.end] {
                *log_variance += (2.0 * libm::log(factor)) as f32;
            }
        }
    }
}

/// Predicted deviation and error of each output of a group, dB; the side of mono tells nothing.
fn errors(case: &Case, track: &Track, group: &std::ops::Range<usize>) -> Vec<(f64, f64)> {
    let error_db: Vec<(usize, f64)> = if group.start == 0 {
        let fault = modes_of_curve(&case.fault.tone_db);
        let outputs = group.clone().zip(fault);
        outputs
            .map(|(output, fault)| (output, fault + case.raw.mean_db[output]))
            .collect()
    } else if group.start == MODES {
        let fault = [case.fault.side_gain_db, case.fault.side_tilt_db];
        let outputs = group.clone().zip(fault).filter(|_| track.channels == 2);
        outputs
            .map(|(output, fault)| (output, fault + case.raw.mean_db[output]))
            .collect()
    } else if group.start == SPREAD {
        vec![(SPREAD, case.spread_target_db - case.raw.mean_db[SPREAD])]
    } else {
        vec![(PLR, case.plr_target_db - case.raw.mean_db[PLR])]
    };
    error_db
        .into_iter()
        .map(|(output, error_db)| (case.raw.variance[output].sqrt(), error_db))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn deviations_that_are_half_of_the_errors_are_doubled() {
        let mut rng = Rng::new(5);

        let errors: Vec<(f64, f64)> = (1..4000)
            .map(|index| {
                let sd_db = 0.5 + (index % 7) as f64;
                (sd_db, 2.0 * sd_db * rng.normal())
            })
            .collect();
        let factor = deviation_factor(&errors).unwrap();
        assert!((factor - 2.0).abs() < 0.1, "{factor}");
        assert!(deviation_factor(&[]).is_none());
    }
}
