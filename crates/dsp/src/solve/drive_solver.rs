//! The drive that reaches the target, or the loudest that the brief allows and what is missing.

use super::drive_curve::Limited;
use super::{DriveCurve, LimitedPassages};
use crate::settings;
use crate::settings::params::Param;

/// Loudness tolerance of the root finding, LU: far below what the prediction is good for.
const TOLERANCE_LU: f64 = 0.002;
/// Width in dB at which the root finding gives up: the loudness jumps there (a gate).
const TOLERANCE_DB: f64 = 1e-4;
/// Step of the search for a bracket, dB.
const STEP_DB: f64 = 1.0;
/// Most trial drives in one bracket.
const MAX_TRIALS: usize = 40;
/// Most steps from the model's root.
const MAX_STEPS: usize = 5;
/// A curve as flat as this is left to the bracketed search, LU per dB.
const LEAST_SLOPE: f64 = 0.05;

/// Why a target is not reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LimitedBy {
    /// Nothing of the program passes the loudness gates (silence, or shorter than 400 ms).
    NoLoudness,
    /// A louder master would need more gain reduction than the brief allows.
    MaxLimiting {
        /// By how much the loudest allowed result falls short, LU.
        short_lu: f64,
    },
    /// More drive does not make it louder.
    Saturated {
        /// By how much the loudest result falls short, LU.
        short_lu: f64,
    },
    /// The drive is at the end of its range.
    DriveRange {
        /// Target minus prediction, LU.
        short_lu: f64,
    },
    /// The settings fix the drive.
    DriveFixed {
        /// Target minus prediction, LU.
        short_lu: f64,
    },
}

/// A drive and what it will do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Solution {
    /// Gain before the limiter, dB.
    pub drive_db: f64,
    /// Integrated loudness behind the limiter, LUFS.
    pub predicted_lufs: f64,
    /// The limiter's largest gain reduction, dB.
    pub max_reduction_db: f64,
    /// What kept the target out of reach; `None` when it is reached.
    pub limited_by: Option<LimitedBy>,
}

/// A trial drive and what it did.
#[derive(Clone, Debug)]
struct Trial {
    drive_db: f64,
    limited: Limited,
}

impl Trial {
    /// Integrated loudness, LUFS.
    fn lufs(&self) -> f64 {
        self.limited.integrated_lufs
    }
}

impl DriveCurve {
    /// The drive at which the program reaches the target's loudness under this limiter, the
    /// lowest one if there are several; or the loudest allowed. `limiter.drive_db` is only read
    /// where `limiter.drive_fixed` is set.
    pub fn solve_drive(&self, target: &settings::Target, limiter: &settings::Limiter) -> Solution {
        let (at, limited_by) = self.solved(target, limiter);
        self.solution(&at, limited_by)
    }

    /// As [`solve_drive`](Self::solve_drive), with the passages in which the limiter takes the most at that
    /// drive, which cost next to nothing beside it.
    pub fn solve_drive_and_passages(
        &self,
        target: &settings::Target,
        limiter: &settings::Limiter,
    ) -> (Solution, LimitedPassages) {
        let (at, limited_by) = self.solved(target, limiter);
        let passages = self.passages_of(&at.limited, at.drive_db);
        (self.solution(&at, limited_by), passages)
    }

    /// The solving trial, and what kept the target out of reach.
    fn solved(
        &self,
        target: &settings::Target,
        limiter: &settings::Limiter,
    ) -> (Trial, Option<LimitedBy>) {
        let trial = |drive_db: f64| Trial {
            drive_db,
            limited: self.limited(limiter, drive_db),
        };
        let aim = target.integrated_lufs;
        if limiter.drive_fixed {
            let at = trial(limiter.drive_db);
            let short_lu = aim - at.lufs();
            let off = short_lu.abs() > TOLERANCE_LU;
            return (at, off.then_some(LimitedBy::DriveFixed { short_lu }));
        }
        let (lowest_db, highest_db) = drive_range_db();
        let unlimited_lufs = self.unlimited_lufs(0.0);
        if !unlimited_lufs.is_finite() && !self.unlimited_lufs(highest_db).is_finite() {
            return (trial(0.0), Some(LimitedBy::NoLoudness));
        }
        let cap_db = self.drive_for_reduction_db(target.max_limiting_db);
        let range = Range {
            lowest_db,
            end_db: cap_db.clamp(lowest_db, highest_db),
            linear_db: if unlimited_lufs.is_finite() {
                aim - unlimited_lufs
            } else {
                lowest_db
            },
        };
        if let Some(at) = self.root_near_model(&trial, aim, range) {
            return (at, None);
        }
        match seek(&trial, aim, range) {
            Found::Root(at) => (at, None),
            Found::TooLoud(at) => {
                let short_lu = aim - at.lufs();
                (at, Some(LimitedBy::DriveRange { short_lu }))
            }
            Found::TooQuiet(loudest) => {
                let short_lu = aim - loudest.lufs();
                let reason = if loudest.drive_db < range.end_db {
                    LimitedBy::Saturated { short_lu }
                } else if cap_db <= highest_db {
                    LimitedBy::MaxLimiting { short_lu }
                } else {
                    LimitedBy::DriveRange { short_lu }
                };
                (loudest, Some(reason))
            }
        }
    }

    /// The root, found from that of a limiter without memory, which costs next to nothing: usually
    /// three trials. `None` where they lead out of the range or do not settle.
    fn root_near_model(
        &self,
        trial: &dyn Fn(f64) -> Trial,
        aim: f64,
        range: Range,
    ) -> Option<Trial> {
        let model = |drive_db: f64| Trial {
            drive_db,
            limited: Limited {
                integrated_lufs: self.instantaneous_lufs(drive_db),
                taken: Vec::new(),
            },
        };
        let Found::Root(start) = seek(&model, aim, range) else {
            return None;
        };
        let mut last = trial(start.drive_db);
        let slope_db = 0.5;
        let mut slope = (model(start.drive_db + slope_db).lufs() - start.lufs()) / slope_db;
        for _ in 0..MAX_STEPS {
            let miss = aim - last.lufs();
            if miss.abs() <= TOLERANCE_LU {
                return Some(last);
            }
            let drive_db = last.drive_db + miss / slope;
            // Also where it is not a number.
            if !(range.lowest_db..=range.end_db).contains(&drive_db) {
                return None;
            }
            let next = trial(drive_db);
            slope = (next.lufs() - last.lufs()) / (next.drive_db - last.drive_db);
            if slope.is_nan() || slope <= LEAST_SLOPE {
                return None;
            }
            last = next;
        }
        None
    }

    fn solution(&self, at: &Trial, limited_by: Option<LimitedBy>) -> Solution {
        Solution {
            drive_db: at.drive_db,
            predicted_lufs: at.lufs(),
            max_reduction_db: self.max_gain_reduction_db(at.drive_db),
            limited_by,
        }
    }
}

/// Where a drive is sought, dB.
#[derive(Clone, Copy, Debug)]
struct Range {
    lowest_db: f64,
    /// What the parameter and the brief allow.
    end_db: f64,
    /// The drive that would do without a limiter.
    linear_db: f64,
}

/// What a search ends with.
enum Found {
    Root(Trial),
    /// Even the lowest drive is.
    TooLoud(Trial),
    /// The loudest within the range.
    TooQuiet(Trial),
}

/// The lowest drive that reaches the aim.
///
/// The loudness rises by at most the drive. So it is below the aim up to the drive that would reach
/// it without a limiter, and from there upwards no crossing lies nearer than what is missing. The
/// first one is sought: gating can make the curve turn.
fn seek(trial: &dyn Fn(f64) -> Trial, aim: f64, range: Range) -> Found {
    let Range {
        lowest_db, end_db, ..
    } = range;
    let mut low = trial((range.linear_db - STEP_DB).clamp(lowest_db, end_db));
    while low.lufs() > aim && low.drive_db > lowest_db {
        low = trial((low.drive_db - 4.0 * STEP_DB).max(lowest_db));
    }
    if low.lufs() > aim {
        return Found::TooLoud(low);
    }
    let mut loudest = low.clone();
    while low.drive_db < end_db {
        let missing_db = if low.lufs().is_finite() {
            aim - low.lufs()
        } else {
            0.0
        };
        let high = trial((low.drive_db + missing_db.max(STEP_DB)).min(end_db));
        if high.lufs() >= aim {
            return Found::Root(find_root(trial, aim, low, high));
        }
        if high.lufs() > loudest.lufs() + TOLERANCE_LU {
            loudest = high.clone();
        }
        low = high;
    }
    if aim - loudest.lufs() <= TOLERANCE_LU {
        return Found::Root(loudest);
    }
    Found::TooQuiet(loudest)
}

/// The range of `limiter.drive_db`, dB.
fn drive_range_db() -> (f64, f64) {
    Param::named("limiter.drive_db").map_or((0.0, 0.0), |param| (param.min, param.max))
}

/// Regula falsi with the Illinois weights, kept inside the bracket and replaced by bisection
/// where it does not halve the bracket in three steps. `low` is below the aim, `high` is not.
fn find_root(trial: &dyn Fn(f64) -> Trial, aim: f64, low: Trial, high: Trial) -> Trial {
    let (mut low, mut high) = (low, high);
    let (mut low_miss, mut high_miss) = (low.lufs() - aim, high.lufs() - aim);
    let mut last_width = high.drive_db - low.drive_db;
    for step in 0..MAX_TRIALS {
        let width = high.drive_db - low.drive_db;
        if high.lufs() - aim <= TOLERANCE_LU || width <= TOLERANCE_DB {
            return high;
        }
        if aim - low.lufs() <= TOLERANCE_LU {
            return low;
        }
        let mut share = low_miss / (low_miss - high_miss);
        if step % 3 == 2 {
            if width > 0.5 * last_width {
                share = 0.5;
            }
            last_width = width;
        }
        if !(share > 0.0 && share < 1.0) {
            share = 0.5;
        }
        let middle = trial(low.drive_db + share * width);
        let miss = middle.lufs() - aim;
        if miss >= 0.0 {
            high = middle;
            high_miss = miss;
            low_miss *= 0.5;
        } else {
            low = middle;
            low_miss = miss;
            high_miss *= 0.5;
        }
    }
    high
}
