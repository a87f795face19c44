//! Calibration: scales each group's predicted deviations so that on validation albums the central 80 %
//! interval holds 80 % of the errors.
//!
//! The members learn their variances where they learn their means, on training albums, and are too
//! sure of themselves elsewhere. A constant on the log-variance (the simplest form of variance
//! scaling: Kuleshov, Fenner and Ermon, "Accurate uncertainties for deep learning using calibrated
//! regression", ICML 2018, recalibrates by a whole function) goes into the last layer's bias, so
//! that the weights need no further numbers.

use acetate_dsp::measure::bands;
use acetate_dsp::settings::{MID_KNOTS, mid_knot_hz};
use acetate_model::NetPredictor;
use acetate_model::features::{BANDS, FIRST_BAND};
use acetate_model::net::TENSORS;
use acetate_model::outputs::{MEANS, SIDE_OUTPUTS};
use acetate_model::predictor::centred_knots;
use acetate_model::weights::{Gates, Weights};

use crate::corpus::Track;
use crate::eval::calibration::HALF_WIDTH_80;
use crate::eval::foretold::JUDGED_KNOTS;
use crate::eval::projection::basis;
use crate::evaluate::{Case, PLR, SPREAD};
use crate::export::weights_file;
use crate::fit::Member;
use crate::run::TrainError;
use crate::simulator::loudness_change_db;

/// Between-member variance is not scaled, so that one step falls short; three meet within a percent.
const ROUNDS: usize = 3;
/// The tensor whose second half is the log-variances' bias.
const BIAS: &str = "head2.bias";
/// Groups of outputs that are scaled together.
const GROUPS: [std::ops::Range<usize>; 4] = [
    0..MID_KNOTS,
    MID_KNOTS..MID_KNOTS + SIDE_OUTPUTS,
    SPREAD..SPREAD + 1,
    PLR..PLR + 1,
];

/// Shifts the members' log-variances until validation cases, as `judged` finds them, are covered.
/// Gives the cases of the calibrated members.
///
/// # Errors
/// [`TrainError`] when the members make no net or the net cannot run.
pub fn calibrate(
    members: &mut [Member],
    recipe: &str,
    tracks: &[Track],
    judged: impl Fn(&NetPredictor) -> Result<Vec<Case>, TrainError>,
) -> Result<Vec<Case>, TrainError> {
    let cases = |members: &[Member]| judged(&open_net(members, recipe)?);
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

/// The members as a net that dares all that it proposes.
///
/// # Errors
/// [`TrainError`] when the members make no net.
pub(crate) fn open_net(members: &[Member], recipe: &str) -> Result<NetPredictor, TrainError> {
    let bytes = weights_file(members, Gates::OPEN, recipe)?;
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

/// Predicted deviation and error of each output of a group, dB; knots outside the judged range and
/// the side of mono tell nothing.
fn errors(case: &Case, track: &Track, group: &std::ops::Range<usize>) -> Vec<(f64, f64)> {
    let error_db: Vec<(usize, f64)> = if group.start == 0 {
        let left = tone_left_db(case, track);
        JUDGED_KNOTS
            .map(|knot| (knot, at_knot(&left, knot)))
            .collect()
    } else if group.start == MID_KNOTS {
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

/// What the proposal, before any gate, leaves of the fault's tone after a loudness match, dB.
fn tone_left_db(case: &Case, track: &Track) -> [f64; BANDS] {
    let knots = centred_knots(&case.raw.mean_db[..MID_KNOTS]);
    let left: [f64; BANDS] = std::array::from_fn(|band| {
        let move_db: f64 = basis()
            .iter()
            .zip(knots)
            .map(|(row, knot)| row[band] * knot)
            .sum();
        case.fault.tone_db[band] + move_db
    });
    let spectrum = &track.features.pooled_db;
    let shift_db = loudness_change_db(
        spectrum,
        |band| left[band],
        |band| left[band] + case.fault.side_db(band) - case.fault.tone_db[band],
    );
    left.map(|left_db| left_db - shift_db)
}

/// The value at a knot of a curve that is known at the bands.
fn at_knot(curve_db: &[f64; BANDS], knot: usize) -> f64 {
    let octaves = libm::log2(mid_knot_hz(knot) / bands::centre_hz(FIRST_BAND));
    let position = (3.0 * octaves).clamp(0.0, (BANDS - 1) as f64);
    let below = (position as usize).min(BANDS - 2);
    let t = position - below as f64;
    (1.0 - t) * curve_db[below] + t * curve_db[below + 1]
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

    #[test]
    fn a_curve_is_read_between_its_bands() {
        let curve: [f64; BANDS] = std::array::from_fn(|band| band as f64);
        let knot = 6;
        let expected = 3.0 * (1000.0_f64 / bands::centre_hz(FIRST_BAND)).log2();
        assert!((at_knot(&curve, knot) - expected).abs() < 1e-9);
    }
}
