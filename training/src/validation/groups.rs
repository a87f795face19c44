//! Does every output group of the net earn its place? Each is frozen at its own mean over the
//! held-out cases: where the error does not grow, the group says nothing about the song.

use acetate_model::features::BANDS;
use acetate_model::outputs::{PLR, SPREAD};
use acetate_model::posterior::Priors;
use serde::Serialize;

use crate::corpus::Track;
use crate::validation::{Case, applied_db, net_curves, tonal_error};

/// The mid and side curves that a method applies, dB at the net's bands.
type Curves = ([f64; BANDS], [f64; BANDS]);

/// What one group of outputs is worth on held-out cases.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupRow {
    /// The group.
    pub group: String,
    /// Mean error without the group: its move left at 0, dB.
    pub nothing_db: f64,
    /// Mean error with the group frozen at its mean over the cases, dB.
    pub frozen_db: f64,
    /// Mean error with the group as predicted, dB.
    pub net_db: f64,
}

impl GroupRow {
    /// True where the group beats both doing nothing and its own mean.
    pub fn earns_its_place(&self) -> bool {
        self.net_db < self.frozen_db && self.net_db < self.nothing_db
    }
}

/// Judges every group on cases with a fault in tone: mid and side on those, level spread and PLR on all cases.
pub fn judge_groups(tracks: &[Track], cases: &[Case], priors: &Priors) -> Vec<GroupRow> {
    let faulty: Vec<&Case> = cases.iter().filter(|c| c.severity_db > 0.0).collect();
    let curves: Vec<_> = faulty
        .iter()
        .map(|c| net_curves(&tracks[c.track], c, priors))
        .collect();
    let flat = [0.0; BANDS];
    let mean_of = |pick: fn(&Curves) -> [f64; BANDS]| -> [f64; BANDS] {
        std::array::from_fn(|band| mean(curves.iter().map(|curve| pick(curve)[band])))
    };
    let (mid_mean, side_mean) = (mean_of(|curve| curve.0), mean_of(|curve| curve.1));
    let mid_error = |mid: &dyn Fn(&Curves) -> [f64; BANDS]| {
        mean(faulty.iter().zip(&curves).map(|(case, curve)| {
            tonal_error(&tracks[case.track], &case.fault, &mid(curve), &flat).0
        }))
    };
    let side_error = |side: &dyn Fn(&Curves) -> [f64; BANDS]| {
        mean(faulty.iter().zip(&curves).filter_map(|(case, curve)| {
            tonal_error(&tracks[case.track], &case.fault, &curve.0, &side(curve)).1
        }))
    };
    vec![
        GroupRow {
            group: "mid".to_owned(),
            nothing_db: mid_error(&|_| flat),
            frozen_db: mid_error(&|_| mid_mean),
            net_db: mid_error(&|curve| curve.0),
        },
        GroupRow {
            group: "side".to_owned(),
            nothing_db: side_error(&|_| flat),
            frozen_db: side_error(&|_| side_mean),
            net_db: side_error(&|curve| curve.1),
        },
        scalar(
            "level spread",
            cases,
            &|case| case.spread_target_db,
            &|case| applied_db(case, priors, SPREAD),
        ),
        scalar("PLR", cases, &|case| case.plr_target_db, &|case| {
            applied_db(case, priors, PLR)
        }),
    ]
}

fn scalar(
    group: &str,
    cases: &[Case],
    target_db: &dyn Fn(&Case) -> f64,
    applied_db: &dyn Fn(&Case) -> f64,
) -> GroupRow {
    let frozen_db = mean(cases.iter().map(applied_db));
    GroupRow {
        group: group.to_owned(),
        nothing_db: mean(cases.iter().map(|case| target_db(case).abs())),
        frozen_db: mean(cases.iter().map(|case| (target_db(case) - frozen_db).abs())),
        net_db: mean(
            cases
                .iter()
                .map(|case| (target_db(case) - applied_db(case)).abs()),
        ),
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0usize), |(sum, count), value| {
        (sum + value, count + 1)
    });
    sum / count.max(1) as f64
}
