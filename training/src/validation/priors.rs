//! Fits what the posterior leaves open: how many mixes are right as they are, how much the members' variances
//! and the evidence of several coordinates count. The sizes of faults and their shares are the recipe's. The
//! error is that of validation albums; the harm is bounded on them and on songs unlike any that the net learned
//! from, since a user's mix is more likely to be one of those.

use acetate_dsp::numeric::quantile;
use acetate_model::features::BANDS;
use acetate_model::outputs::{MODES, PLR, SIDE_OUTPUTS, SPREAD, modes_of_curve};
use acetate_model::posterior::{Prior, Priors};
use rayon::prelude::*;
use serde::Serialize;

use crate::corpus::Track;
use crate::degrade::Fault;
use crate::eval::calibration::HALF_WIDTH_80;
use crate::eval::faults::rms;
use crate::recipe::{FaultPrior, SeverityPrior};
use crate::rng::Rng;
use crate::validation::{Case, SEVERITIES_DB, applied_db, net_curves, tonal_error};

/// Most harm that the EQ may do to masters that were fine already, dB of tonal error in the mean. On audio it is less, since
/// here the levels and peaks of most cases are changed, so that few look finished: 0.18 dB where this is 0.27.
pub const MAX_HARM_DB: f64 = 0.4;
/// Most that the 95th percentile of the EQ moves of untouched masters may be, dB RMS.
pub const MAX_MOVE_95_DB: f64 = 1.2;
/// The same two of songs unlike those learned from: whether they are right as they are, nobody knows.
pub const MAX_UNLIKE_HARM_DB: f64 = 0.5;
/// See [`MAX_UNLIKE_HARM_DB`].
pub const MAX_UNLIKE_MOVE_95_DB: f64 = 1.8;
/// Most that the compressor may take off the level spread of untouched masters, dB on average.
const MAX_SPREAD_HARM_DB: f64 = 0.15;
/// Most that the saturation may take off the PLR of untouched masters, dB on average: the limiter
/// takes its share as well.
const MAX_PLR_HARM_DB: f64 = 0.1;
/// Shares of mixes that are right as they are, tried.
const RIGHT_SHARES: [f64; 8] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 0.9];
/// Factors on the variances tried.
const VARIANCE_SCALES: [f64; 5] = [0.5, 0.7, 1.0, 1.4, 2.0];
/// Exponents of the evidence tried.
const EVIDENCE_EXPONENTS: [f64; 5] = [0.2, 0.35, 0.5, 0.7, 1.0];
/// Faults drawn to find the variance of each mode.
const DRAWN_FAULTS: usize = 4_000;
const DRAWN_SEED: u64 = 0xACE7_0003;

/// Tracks and what the net says of them.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The tracks that the cases point into.
    pub tracks: &'a [Track],
    /// The cases.
    pub cases: &'a [Case],
}

/// What untouched songs lose to a set of priors.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Harm {
    /// Cases untouched in tone; where they are validation cases, levels and peaks of most of them are changed.
    pub cases: usize,
    /// Mean tonal error of mid that the EQ brings, dB.
    pub mid_error_db: f64,
    /// 95th percentile of the EQ's move, dB RMS.
    pub move_95_db: f64,
}

/// Judges what the EQ does to untouched cases.
pub fn harm(judged: &Judged<'_>, priors: &Priors) -> Harm {
    let untouched = judged.cases.iter().filter(|case| case.severity_db == 0.0);
    let each: Vec<(f64, f64)> = untouched
        .map(|case| {
            let track = &judged.tracks[case.track];
            let (mid, _) = net_curves(track, case, priors);
            let error_db = tonal_error(track, &case.fault, &mid, &[0.0; BANDS]).0;
            (error_db, rms(&mid))
        })
        .collect();
    let moves_db: Vec<f64> = each.iter().map(|(_, moved_db)| *moved_db).collect();
    let sum: f64 = each.iter().map(|(error_db, _)| error_db).sum();
    Harm {
        cases: each.len(),
        mid_error_db: sum / each.len().max(1) as f64,
        move_95_db: quantile(&moves_db, 0.95).unwrap_or(0.0),
    }
}

/// The priors that a recipe gives before anything is fitted.
pub fn of_recipe(severity: &SeverityPrior, faults: &FaultPrior) -> Priors {
    let mut rng = Rng::new(DRAWN_SEED);
    let drawn: Vec<Fault> = (0..DRAWN_FAULTS)
        .map(|_| Fault::draw(&mut rng, severity))
        .collect();
    let mean_of =
        |value: &dyn Fn(&Fault) -> f64| drawn.iter().map(value).sum::<f64>() / drawn.len() as f64;
    let learned = mean_of(&|fault| square(rms(&fault.tone_db)));
    let modes: Vec<f64> = (0..MODES)
        .map(|mode| mean_of(&|fault| square(modes_of_curve(&fault.tone_db)[mode])) / learned)
        .collect();
    let side = [
        mean_of(&|fault| square(fault.side_gain_db)) / learned,
        mean_of(&|fault| square(fault.side_tilt_db)) / learned,
    ];
    let prior = |unit_variance: Vec<f64>, learned_square_db2: f64| {
        let mut prior = Prior {
            unit_variance: unit_variance.iter().map(|v| v.max(1e-6)).collect(),
            learned_square_db2,
            sizes_db: faults.sizes_db.clone(),
            shares: Vec::new(),
            finished_shares: Vec::new(),
            variance_scale: 1.0,
            evidence_exponent: 1.0,
            interval_scale: 1.0,
            usual_db: Vec::new(),
        };
        set_right_share(&mut prior, 0.5, faults);
        prior
    };
    Priors {
        tone: prior(modes, learned),
        side: prior(side.to_vec(), learned),
        // Level spread and PLR are single numbers of the same order as the sizes.
        spread: prior(vec![SPREAD_UNIT], learned),
        plr: prior(vec![1.0], learned),
    }
}

/// A change of level spread is about a fifth of the size of a fault, so that the sizes serve it too, dB² per dB².
const SPREAD_UNIT: f64 = 0.05;

fn square(x: f64) -> f64 {
    x * x
}

fn set_right_share(prior: &mut Prior, right: f64, faults: &FaultPrior) {
    let with = |right: f64| -> Vec<f64> {
        let total: f64 = faults.shares.iter().sum();
        std::iter::once(right)
            .chain(
                faults
                    .shares
                    .iter()
                    .map(|share| (1.0 - right) * share / total),
            )
            .collect()
    };
    prior.shares = with(right);
    prior.finished_shares = with(faults.finished_right_share.max(right));
}

/// Finds the priors with the least error at severities from 1 dB up among those that keep the harm to untouched
/// masters within bounds, all on validation cases. `unlike` are untouched songs unlike those learned from: the
/// EQ's harm is bounded on them too.
pub fn fit_priors(
    start: Priors,
    faults: &FaultPrior,
    valid: &Judged<'_>,
    unlike: &Judged<'_>,
) -> Priors {
    let mut priors = start;
    let (tracks, cases) = (valid.tracks, valid.cases);
    let base = priors.clone();
    priors.tone = search(&base.tone, faults, &|tone| {
        let priors = Priors {
            tone: tone.clone(),
            ..base.clone()
        };
        let within = |judged: &Judged<'_>, most_db: f64, most_95_db: f64| {
            let harm = harm(judged, &priors);
            harm.mid_error_db <= most_db && harm.move_95_db <= most_95_db
        };
        if !(within(valid, MAX_HARM_DB, MAX_MOVE_95_DB)
            && within(unlike, MAX_UNLIKE_HARM_DB, MAX_UNLIKE_MOVE_95_DB))
        {
            return f64::INFINITY;
        }
        shares_left(
            cases,
            &|case| {
                let track = &tracks[case.track];
                let (mid, _) = net_curves(track, case, &priors);
                tonal_error(track, &case.fault, &mid, &[0.0; BANDS]).0
            },
            &|case| {
                tonal_error(
                    &tracks[case.track],
                    &case.fault,
                    &[0.0; BANDS],
                    &[0.0; BANDS],
                )
                .0
            },
        )
    });
    let base = priors.clone();
    priors.side = search(&base.side, faults, &|side| {
        let priors = Priors {
            side: side.clone(),
            ..base.clone()
        };
        let left = |case: &Case, priors: Option<&Priors>| {
            let track = &tracks[case.track];
            let flat = [0.0; BANDS];
            let (mid, side) = priors.map_or((flat, flat), |priors| net_curves(track, case, priors));
            tonal_error(track, &case.fault, &mid, &side)
                .1
                .unwrap_or(0.0)
        };
        let untouched: Vec<f64> = cases
            .iter()
            .filter(|case| case.severity_db == 0.0)
            .map(|case| left(case, Some(&priors)))
            .collect();
        if untouched.iter().sum::<f64>() > MAX_SIDE_HARM_DB * untouched.len() as f64 {
            return f64::INFINITY;
        }
        shares_left(cases, &|case| left(case, Some(&priors)), &|case| {
            left(case, None)
        })
    });
    for (output, most_db) in [(SPREAD, MAX_SPREAD_HARM_DB), (PLR, MAX_PLR_HARM_DB)] {
        let base = priors.clone();
        let group = if output == SPREAD {
            &base.spread
        } else {
            &base.plr
        };
        let found = search(group, faults, &|prior| {
            let mut priors = base.clone();
            *dynamics_prior(&mut priors, output) = prior.clone();
            dynamics_cost(cases, most_db, &|case| {
                let (size, target_db) = if output == SPREAD {
                    (case.fault.expansion, case.spread_target_db)
                } else {
                    (case.fault.plr_excess_db, case.plr_target_db)
                };
                (size, target_db - applied_db(case, &priors, output))
            })
        });
        *dynamics_prior(&mut priors, output) = found;
    }
    priors.tone.interval_scale = interval_scale(valid, &priors);
    priors
}

/// Most harm that width may do, dB: a fault of side is harder to hear than one of the whole.
const MAX_SIDE_HARM_DB: f64 = 0.35;

fn dynamics_prior(priors: &mut Priors, output: usize) -> &mut Prior {
    if output == SPREAD {
        &mut priors.spread
    } else {
        &mut priors.plr
    }
}

/// Mean over the severities from 1 dB up of the error left as a share of doing nothing's; infinite where faults
/// of 1 dB are made larger.
fn shares_left(
    cases: &[Case],
    left_db: &(dyn Fn(&Case) -> f64 + Sync),
    nothing_db: &(dyn Fn(&Case) -> f64 + Sync),
) -> f64 {
    let mut sum = 0.0;
    for severity_db in SEVERITIES_DB.into_iter().filter(|&db| db > 0.0) {
        let at = || {
            cases
                .iter()
                .filter(move |case| case.severity_db == severity_db)
        };
        let share = at().map(left_db).sum::<f64>() / at().map(nothing_db).sum::<f64>().max(1e-9);
        if severity_db == 1.0 && share > 1.0 {
            return f64::INFINITY;
        }
        sum += share;
    }
    sum
}

/// Error left where the dynamics were changed, unless the harm to untouched ones is out of bounds.
/// `judged` gives the strength of the change and the error left, dB.
fn dynamics_cost(cases: &[Case], max_harm_db: f64, judged: &dyn Fn(&Case) -> (f64, f64)) -> f64 {
    let (mut harm, mut untouched, mut error) = (0.0, 0.0, 0.0);
    for (strength, error_db) in cases.iter().map(judged) {
        if strength == 0.0 {
            harm += error_db.abs();
            untouched += 1.0;
        } else {
            error += error_db.abs();
        }
    }
    if harm > max_harm_db * untouched {
        f64::INFINITY
    } else {
        error
    }
}

/// The prior of least cost among all that are tried; where none is within bounds, one that says that everything is
/// right as it is.
fn search(start: &Prior, faults: &FaultPrior, cost: &(dyn Fn(&Prior) -> f64 + Sync)) -> Prior {
    let mut tried = Vec::new();
    for right in RIGHT_SHARES {
        for variance_scale in VARIANCE_SCALES {
            for evidence_exponent in EVIDENCE_EXPONENTS {
                let mut prior = Prior {
                    variance_scale,
                    evidence_exponent,
                    ..start.clone()
                };
                set_right_share(&mut prior, right, faults);
                tried.push(prior);
            }
        }
    }
    let costs: Vec<f64> = tried.par_iter().map(cost).collect();
    let best = costs
        .iter()
        .zip(tried)
        .filter(|(cost, _)| cost.is_finite())
        .min_by(|a, b| a.0.total_cmp(b.0));
    best.map_or_else(
        || {
            let mut shut = start.clone();
            set_right_share(&mut shut, 1.0, faults);
            shut
        },
        |(_, prior)| prior,
    )
}

/// What the posterior deviations of tone must be multiplied with for 80 % of the errors to lie in their interval.
fn interval_scale(valid: &Judged<'_>, priors: &Priors) -> f64 {
    let mut ratios: Vec<f64> = valid
        .cases
        .iter()
        .flat_map(|case| {
            let track = &valid.tracks[case.track];
            let (sd_db, left_db) = crate::validation::predicted_error(track, case, priors);
            sd_db
                .into_iter()
                .zip(left_db)
                .filter(|(sd_db, _)| *sd_db > 0.0)
                .map(|(sd_db, left_db)| left_db.abs() / sd_db)
                .collect::<Vec<_>>()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let at_80 = ratios.get(ratios.len() * 4 / 5).copied().unwrap_or(1.0);
    (at_80 / HALF_WIDTH_80).clamp(0.2, 5.0)
}

const _: () = assert!(SPREAD == MODES + SIDE_OUTPUTS && PLR == SPREAD + 1);

#[cfg(test)]
mod tests {
    use acetate_model::predictor::RawOutputs;

    use super::*;
    use crate::recipe::SeverityRange;
    use crate::synthetic::album;

    fn faults() -> FaultPrior {
        FaultPrior {
            sizes_db: vec![0.0, 1.0, 3.0, 6.0],
            shares: vec![0.4, 0.4, 0.2],
            finished_right_share: 0.9,
        }
    }

    fn start() -> Priors {
        let severity = SeverityPrior {
            ranges: vec![SeverityRange {
                share: 1.0,
                from_db: 0.0,
                to_db: 6.0,
            }],
        };
        of_recipe(&severity, &faults())
    }

    /// What a net says that is right but for an error, of faults of every severity.
    fn cases(tracks: &[Track], error_db: f64) -> Vec<Case> {
        let mut rng = Rng::new(4);
        let mut cases = Vec::new();
        for (index, _) in tracks.iter().enumerate() {
            for severity_db in SEVERITIES_DB {
                for _ in 0..3 {
                    let drawn = crate::eval::faults::smooth(&mut rng, severity_db);
                    let tone_db = drawn.mid_bands_db();
                    let modes = modes_of_curve(&tone_db);
                    let mean_db = std::array::from_fn(|output| {
                        let truth = modes.get(output).map_or(0.0, |mode| -mode);
                        truth + error_db * rng.normal()
                    });
                    cases.push(Case {
                        track: index,
                        severity_db,
                        fault: Fault {
                            tone_db,
                            ..Fault::NONE
                        },
                        raw: RawOutputs {
                            mean_db,
                            variance: [error_db * error_db; acetate_model::outputs::MEANS],
                        },
                        finished_probability: 0.0,
                        spread_target_db: 0.0,
                        plr_target_db: 0.0,
                    });
                }
            }
        }
        cases
    }

    #[test]
    fn a_sure_net_is_let_do_its_work_and_an_unsure_one_does_no_harm() {
        let tracks = album("a", 1, 4);
        for (error_db, most_share) in [(0.1, 0.35), (0.6, 1.0)] {
            let cases = cases(&tracks, error_db);
            let judged = Judged {
                tracks: &tracks,
                cases: &cases,
            };
            let none = Judged {
                tracks: &tracks,
                cases: &[],
            };
            let priors = fit_priors(start(), &faults(), &judged, &none);
            assert!(harm(&judged, &priors).mid_error_db <= MAX_HARM_DB + 1e-9);
            let (mut left, mut nothing) = (0.0, 0.0);
            for case in cases.iter().filter(|case| case.severity_db == 3.0) {
                let track = &tracks[case.track];
                let flat = [0.0; BANDS];
                let (mid, _) = net_curves(track, case, &priors);
                left += tonal_error(track, &case.fault, &mid, &flat).0;
                nothing += tonal_error(track, &case.fault, &flat, &flat).0;
            }
            assert!(
                left <= most_share * nothing,
                "{error_db}: {left} of {nothing}"
            );
        }
    }

    #[test]
    fn the_modes_of_the_drawn_faults_hold_nearly_all_of_their_size() {
        let sum: f64 = start().tone.unit_variance.iter().sum();
        assert!((0.9..=1.001).contains(&sum), "{sum}");
        start().check([MODES, SIDE_OUTPUTS, 1, 1]).unwrap();
    }
}
