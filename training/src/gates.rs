//! Fits the variance gates on validation albums: how much of each proposed move to dare.

use acetate_dsp::settings::MID_KNOTS;
use acetate_model::features::BANDS;
use acetate_model::outputs::{DYNAMICS_OUTPUTS, SIDE_OUTPUTS};
use acetate_model::predictor::{RawOutputs, gated_mid_db, gated_side_db};
use acetate_model::weights::{Gate, Gates};

use crate::corpus::Track;
use crate::evaluate::{Case, PLR, SEVERITIES_DB, SPREAD, net_curves, tonal_error};

/// Most harm that the gate may do to masters that were fine already, dB of tonal error (the design
/// asks for at most 0.3 on test albums; a margin is left).
pub const MAX_HARM_DB: f64 = 0.26;
/// How much each severity of [`SEVERITIES_DB`] counts in the fit: real mixes are about 1 dB off in
/// the median. Untouched masters are not weighed but bounded.
const SEVERITY_WEIGHTS: [f64; 6] = [0.0, 0.4, 0.3, 0.15, 0.1, 0.05];
/// Gate constants tried.
const CONSTANTS: [f64; 13] = [
    0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0,
];
/// Exponents tried.
const EXPONENTS: [f64; 4] = [1.0, 2.0, 4.0, 8.0];
/// Strengths tried.
const STRENGTHS: [f64; 6] = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5];

/// No restraint at all: where the fit starts.
const OPEN: Gate = Gate {
    strength: 1.0,
    constant: 0.0,
    exponent: 2.0,
};

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

/// Finds the gates with the least weighted error at severities from 1 dB up among those that keep the harm
/// to untouched masters within bounds, all on validation cases.
pub fn fit_gates(tracks: &[Track], cases: &[Case]) -> Gates {
    let start = Gates {
        mid: OPEN,
        side: OPEN,
        spread: OPEN,
        plr: OPEN,
    };
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
    let mid = search(|gate| {
        let gates = Gates { mid: gate, ..start };
        cost(&|case| {
            let (mid, _) = net_curves(&case.raw, &gates);
            tonal_error(&tracks[case.track], &case.fault, &mid, &[0.0; BANDS]).0
        })
    });
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
    // Untouched dynamics count as much as all expanded ones together.
    let spread = search(|gate| {
        let gates = Gates {
            spread: gate,
            ..start
        };
        cases
            .iter()
            .map(|case| {
                let applied = applied_spread_db(&case.raw, &gates);
                untouched_weight(case.fault.expansion) * (case.spread_target_db - applied).abs()
            })
            .sum()
    });
    let plr = search(|gate| {
        let gates = Gates { plr: gate, ..start };
        cases
            .iter()
            .map(|case| {
                let applied = applied_plr_db(&case.raw, &gates);
                untouched_weight(case.fault.plr_excess_db) * (case.plr_target_db - applied).abs()
            })
            .sum()
    });
    Gates {
        mid,
        side,
        spread,
        plr,
    }
}

/// Untouched dynamics count as much as all changed ones together: each of the four strengths is
/// tried equally often.
fn untouched_weight(strength: f64) -> f64 {
    if strength == 0.0 { 3.0 } else { 1.0 }
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
