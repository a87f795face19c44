//! Fits the variance gates on validation albums: how much of each proposed move to dare.

use acetate_dsp::settings::MID_KNOTS;
use acetate_model::features::BANDS;
use acetate_model::outputs::{DYNAMICS_OUTPUTS, SIDE_OUTPUTS};
use acetate_model::predictor::{RawOutputs, gated_mid_db, gated_side_db};
use acetate_model::weights::{Gate, Gates};

use crate::corpus::Track;
use crate::evaluate::{Case, SEVERITIES_DB, SPREAD, net_curves, tonal_error};

/// How much each severity of [`SEVERITIES_DB`] counts in the fit: the prior over real mixes, with
/// the harm to finished masters in front.
const SEVERITY_WEIGHTS: [f64; 6] = [0.35, 0.25, 0.2, 0.1, 0.06, 0.04];
/// Gate constants tried.
const CONSTANTS: [f64; 8] = [0.0, 0.1, 0.25, 0.5, 1.0, 1.5, 2.5, 4.0];
/// Strengths tried.
const STRENGTHS: [f64; 6] = [1.0, 0.95, 0.9, 0.8, 0.7, 0.5];

/// No restraint at all: where the fit starts.
const OPEN: Gate = Gate {
    strength: 1.0,
    constant: 0.0,
};

/// The gated mid knots, dB.
pub fn applied_mid_db(raw: &RawOutputs, gates: &Gates) -> [f64; MID_KNOTS] {
    gated_mid_db(raw, gates).0
}

/// The gated side gain and tilt, dB.
pub fn applied_side_db(raw: &RawOutputs, gates: &Gates) -> [f64; SIDE_OUTPUTS] {
    gated_side_db(raw, gates).0
}

/// The gated change of level spread, dB.
pub fn applied_spread_db(raw: &RawOutputs, gates: &Gates) -> f64 {
    let move_db = raw.mean_db[SPREAD];
    move_db * gates.spread.share(move_db, raw.variance[SPREAD].sqrt())
}

/// Finds the gates with the least weighted error on the validation cases.
pub fn fit_gates(tracks: &[Track], cases: &[Case]) -> Gates {
    let start = Gates {
        mid: OPEN,
        side: OPEN,
        spread: OPEN,
        plr: OPEN,
    };
    let severity_weight = |case: &Case| {
        SEVERITIES_DB
            .iter()
            .position(|&severity| severity == case.severity_db)
            .map_or(0.0, |index| SEVERITY_WEIGHTS[index])
    };
    let mid = search(|gate| {
        let gates = Gates { mid: gate, ..start };
        cases
            .iter()
            .map(|case| {
                let track = &tracks[case.track];
                let (mid, _) = net_curves(&case.raw, &gates);
                severity_weight(case) * tonal_error(track, &case.fault, &mid, &[0.0; BANDS]).0
            })
            .sum()
    });
    let side = search(|gate| {
        let gates = Gates {
            mid,
            side: gate,
            ..start
        };
        cases
            .iter()
            .map(|case| {
                let track = &tracks[case.track];
                let (mid, side) = net_curves(&case.raw, &gates);
                let error = tonal_error(track, &case.fault, &mid, &side)
                    .1
                    .unwrap_or(0.0);
                severity_weight(case) * error
            })
            .sum()
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
                let weight = if case.fault.expansion == 0.0 {
                    3.0
                } else {
                    1.0
                };
                let applied = applied_spread_db(&case.raw, &gates).min(0.0);
                weight * (case.spread_target_db - applied).abs()
            })
            .sum()
    });
    // The PLR excess is drawn apart from tone; its gate follows the level spread's, which is
    // judged on the same kind of statistic.
    Gates {
        mid,
        side,
        spread,
        plr: spread,
    }
}

fn search(cost: impl Fn(Gate) -> f64) -> Gate {
    let mut best = (f64::INFINITY, OPEN);
    for constant in CONSTANTS {
        for strength in STRENGTHS {
            let gate = Gate { strength, constant };
            let cost = cost(gate);
            if cost < best.0 {
                best = (cost, gate);
            }
        }
    }
    best.1
}

const _: () = assert!(SPREAD + DYNAMICS_OUTPUTS == acetate_model::outputs::MEANS);
