//! Fits the variance gates: how much of each proposed move to dare. The error is that of validation
//! albums; the harm is bounded on them and on songs unlike any that the net learned from, since a
//! user's mix is more likely to be one of those.

use acetate_dsp::settings::MID_KNOTS;
use acetate_model::features::BANDS;
use acetate_model::outputs::{DYNAMICS_OUTPUTS, SIDE_OUTPUTS};
use acetate_model::predictor::{RawOutputs, gated_mid_db, gated_side_db};
use acetate_model::weights::{Gate, Gates};
use serde::Serialize;

use crate::corpus::Track;
use crate::eval::faults::rms;
use crate::eval::statistics::quantile;
use crate::evaluate::{Case, PLR, SEVERITIES_DB, SPREAD, net_curves, tonal_error};

/// Most harm that the gate may do to masters that were fine already, dB of tonal error: half of the 0.3 that the
/// design allows, for a mix that is fine should come back almost untouched. What it costs at 2 to 4 dB is a few
/// hundredths of a decibel (training/README.md).
pub const MAX_HARM_DB: f64 = 0.15;
/// Most that the 95th percentile of the EQ moves of untouched masters may be, dB RMS (the design asks
/// for 0.8 on test albums, on which they are smaller than on validation albums).
pub const MAX_MOVE_95_DB: f64 = 0.9;
/// The same of songs unlike those learned from.
pub const MAX_UNLIKE_MOVE_95_DB: f64 = 1.4;
/// Most that the compressor may take off the level spread of untouched masters, dB on average: with
/// more than this the group does no better than its own mean, and leaves the net.
const MAX_SPREAD_HARM_DB: f64 = 0.15;
/// Most that the saturation may take off the PLR of untouched masters, dB on average: the limiter
/// takes its share as well.
const MAX_PLR_HARM_DB: f64 = 0.1;
/// How much each severity of [`SEVERITIES_DB`] counts in the fit: real mixes are about 1 dB off in
/// the median. Untouched masters are not weighed but bounded.
const SEVERITY_WEIGHTS: [f64; 6] = [0.0, 0.4, 0.3, 0.15, 0.1, 0.05];
/// Gate constants tried.
const CONSTANTS: [f64; 14] = [
    0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.7, 2.0,
];
/// Exponents tried.
const EXPONENTS: [f64; 7] = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0];
/// Strengths tried.
const STRENGTHS: [f64; 6] = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5];

/// Nothing is dared: what is left where no gate keeps within bounds.
const SHUT: Gate = Gate {
    strength: 0.0,
    constant: 1.0,
    exponent: 2.0,
};

/// The gated mid knots, dB.
pub fn applied_mid_db(raw: &RawOutputs, gates: &Gates) -> [f64; MID_KNOTS] {
    gated_mid_db(raw, gates).0
}

/// The gated side gain and tilt, dB.
pub fn applied_side_db(raw: &RawOutputs, gates: &Gates) -> [f64; SIDE_OUTPUTS] {
    gated_side_db(raw, gates).0
}

/// The gated change of level spread, dB: a compressor lowers it, it cannot raise it.
pub fn applied_spread_db(raw: &RawOutputs, gates: &Gates) -> f64 {
    let move_db = raw.mean_db[SPREAD];
    (move_db * gates.spread.share(move_db, raw.variance[SPREAD].sqrt())).min(0.0)
}

/// The gated change of PLR, dB: saturation lowers it, it cannot raise it.
pub fn applied_plr_db(raw: &RawOutputs, gates: &Gates) -> f64 {
    let move_db = raw.mean_db[PLR];
    (move_db * gates.plr.share(move_db, raw.variance[PLR].sqrt())).min(0.0)
}

fn severity_weight(case: &Case) -> f64 {
    SEVERITIES_DB
        .iter()
        .position(|&severity| severity == case.severity_db)
        .map_or(0.0, |index| SEVERITY_WEIGHTS[index])
}

/// Tracks and what the net says of them.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The tracks that the cases point into.
    pub tracks: &'a [Track],
    /// The cases.
    pub cases: &'a [Case],
}

/// What untouched songs lose to a set of gates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Harm {
    /// Cases untouched in tone; where they are validation cases, levels and peaks of most of them are changed.
    pub cases: usize,
    /// Mean tonal error of mid that the EQ brings, dB.
    pub mid_error_db: f64,
    /// 95th percentile of the EQ's move, dB RMS.
    pub move_95_db: f64,
}

/// Judges what the gated EQ does to untouched cases.
pub fn harm(judged: &Judged<'_>, gates: &Gates) -> Harm {
    let mut error_db = 0.0;
    let mut moves_db = Vec::new();
    for case in judged.cases.iter().filter(|case| case.severity_db == 0.0) {
        let (mid, _) = net_curves(&case.raw, gates);
        error_db += tonal_error(&judged.tracks[case.track], &case.fault, &mid, &[0.0; BANDS]).0;
        moves_db.push(rms(&applied_mid_db(&case.raw, gates)));
    }
    Harm {
        cases: moves_db.len(),
        mid_error_db: error_db / moves_db.len().max(1) as f64,
        move_95_db: quantile(&moves_db, 0.95).unwrap_or(0.0),
    }
}

/// Finds the gates with the least weighted error at severities from 1 dB up among those that keep the harm
/// to untouched masters within bounds, all on validation cases. `unlike` are untouched songs unlike those
/// learned from: the EQ's harm is bounded on them too.
pub fn fit_gates(valid: &Judged<'_>, unlike: &Judged<'_>) -> Gates {
    let start = Gates::OPEN;
    let (tracks, cases) = (valid.tracks, valid.cases);
    let mid = search(|gate| {
        let gates = Gates { mid: gate, ..start };
        let within = |judged: &Judged<'_>, most_95_db: f64| {
            let harm = harm(judged, &gates);
            harm.mid_error_db <= MAX_HARM_DB && harm.move_95_db <= most_95_db
        };
        if within(valid, MAX_MOVE_95_DB) && within(unlike, MAX_UNLIKE_MOVE_95_DB) {
            let faulty = cases.iter().filter(|case| case.severity_db > 0.0);
            faulty
                .map(|case| {
                    let (mid, _) = net_curves(&case.raw, &gates);
                    let track = &tracks[case.track];
                    severity_weight(case) * tonal_error(track, &case.fault, &mid, &[0.0; BANDS]).0
                })
                .sum()
        } else {
            f64::INFINITY
        }
    });
    let cost = |error_db: &dyn Fn(&Case) -> f64| {
        let (mut harm, mut untouched, mut error) = (0.0, 0.0, 0.0);
        for case in cases {
            if case.severity_db == 0.0 {
                harm += error_db(case);
                untouched += 1.0;
            } else {
                error += severity_weight(case) * error_db(case);
            }
        }
        if harm > MAX_HARM_DB * untouched {
            f64::INFINITY
        } else {
            error
        }
    };
    let side = search(|gate| {
        let gates = Gates {
            mid,
            side: gate,
            ..start
        };
        cost(&|case| {
            let (mid, side) = net_curves(&case.raw, &gates);
            tonal_error(&tracks[case.track], &case.fault, &mid, &side)
                .1
                .unwrap_or(0.0)
        })
    });
    let spread = search(|gate| {
        let gates = Gates {
            spread: gate,
            ..start
        };
        dynamics_cost(cases, MAX_SPREAD_HARM_DB, &|case| {
            (
                case.fault.expansion,
                case.spread_target_db - applied_spread_db(&case.raw, &gates),
            )
        })
    });
    let plr = search(|gate| {
        let gates = Gates { plr: gate, ..start };
        dynamics_cost(cases, MAX_PLR_HARM_DB, &|case| {
            (
                case.fault.plr_excess_db,
                case.plr_target_db - applied_plr_db(&case.raw, &gates),
            )
        })
    });
    Gates {
        mid,
        side,
        spread,
        plr,
    }
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

fn search(cost: impl Fn(Gate) -> f64) -> Gate {
    let mut best = (f64::INFINITY, SHUT);
    for constant in CONSTANTS {
        for strength in STRENGTHS {
            for exponent in EXPONENTS {
                let gate = Gate {
                    strength,
                    constant,
                    exponent,
                };
                let cost = cost(gate);
                if cost < best.0 {
                    best = (cost, gate);
                }
            }
        }
    }
    best.1
}

const _: () = assert!(SPREAD + DYNAMICS_OUTPUTS == acetate_model::outputs::MEANS);
