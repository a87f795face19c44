//! The limiter's character: which look-ahead and release do this programme the least damage.
//!
//! There is no standard measure of a limiter's damage. Ours is documented, deterministic and
//! taken from the gain alone: `damage = loss_lu + movement_db_per_s / 40 + ramps_db_per_s / 120`,
//! where *movement* is how fast the gain moves between 2 and 50 Hz (heard as pumping), *ramps*
//! how fast it moves above 50 Hz (heard as distortion), both as root mean squares weighted with
//! the K-weighted energy they fall on, and *loss* is the loudness that the limiter costs. The
//! divisors make the three terms alike at a medium reduction of real mixes; they are a judgement,
//! not a result of listening tests. The curve's 1 ms resolution tells look-aheads apart from 1 ms
//! upwards.

use std::fmt;

use super::DriveCurve;
use super::drive_curve::SUB_BLOCKS_PER_SECOND;
use crate::params::PARAMS;
use crate::settings;

/// Movement that weighs as much as a loss of 1 LU, dB/s.
const MOVEMENT_PER_LU: f64 = 40.0;
/// Ramps that weigh as much as a loss of 1 LU, dB/s.
const RAMPS_PER_LU: f64 = 120.0;
/// Candidates: factors of the base's look-ahead and release.
const CANDIDATES: [(f64, f64); 4] = [(1.0, 0.5), (1.0, 2.0), (0.5, 1.0), (2.0, 1.0)];
/// A candidate replaces the base only when its damage is smaller by this share.
const WORTH_A_CHANGE: f64 = 0.10;
/// 20 / ln 10: a small relative change of a gain in dB.
const DB_PER_NEPER: f64 = 20.0 * std::f64::consts::LOG10_E;
/// Edges of the band of pumping, Hz.
const MOVEMENT_HZ: [f64; 2] = [2.0, 50.0];

/// How the limiter's gain moves over a programme at one drive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GainMovement {
    /// Loudness that the limiter costs, LU.
    pub loss_lu: f64,
    /// Root mean square of the gain's slope between 2 and 50 Hz, weighted with energy, dB/s.
    pub movement_db_per_s: f64,
    /// The same above 50 Hz, dB/s.
    pub ramps_db_per_s: f64,
}

impl GainMovement {
    /// The measure that [`DriveCurve::choose_character`] makes small, in LU.
    pub fn damage_lu(&self) -> f64 {
        self.loss_lu + self.movement_db_per_s / MOVEMENT_PER_LU + self.ramps_db_per_s / RAMPS_PER_LU
    }
}

/// A limiter's character and why it was chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CharacterChoice {
    /// The base with the chosen look-ahead and release; its drive is the base's.
    pub limiter: settings::Limiter,
    /// The drive at which the candidates were compared, dB.
    pub drive_db: f64,
    /// What the base would do at that drive.
    pub base: GainMovement,
    /// What the choice does at that drive.
    pub chosen: GainMovement,
}

impl fmt::Display for CharacterChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.base == GainMovement::default() {
            return write!(f, "the limiter does not work at {:.2} dB", self.drive_db);
        }
        let (before, after) = (self.base.damage_lu(), self.chosen.damage_lu());
        if before == after {
            return write!(f, "no candidate does clearly less damage ({before:.2})");
        }
        write!(
            f,
            "look-ahead {:.1} ms, release {:.0} ms: damage {after:.2} instead of {before:.2} \
             (loss {:.2} LU, movement {:.0} dB/s, ramps {:.0} dB/s)",
            self.limiter.lookahead_ms,
            self.limiter.release_ms,
            self.chosen.loss_lu,
            self.chosen.movement_db_per_s,
            self.chosen.ramps_db_per_s,
        )
    }
}

impl DriveCurve {
    /// Compares the base with half and double its look-ahead and release, at the drive that the
    /// base needs, and takes the one with the least [damage](GainMovement::damage_lu).
    pub fn choose_character(
        &self,
        target: &settings::Target,
        base: &settings::Limiter,
    ) -> CharacterChoice {
        let drive_db = self.solve_drive(target, base).drive_db;
        let mut choice = CharacterChoice {
            limiter: *base,
            drive_db,
            base: GainMovement::default(),
            chosen: GainMovement::default(),
        };
        if self.max_gain_reduction_db(drive_db) == 0.0 {
            return choice;
        }
        let unlimited_lufs = self.unlimited_lufs(drive_db);
        let mut gains = Vec::new();
        let mut movement = |limiter: &settings::Limiter| {
            self.gain_reduction(limiter, drive_db, &mut gains);
            let mut movement = movement_of(&gains, self.energies());
            let loss_lu = unlimited_lufs - self.integrated_of_gains(&gains, drive_db);
            movement.loss_lu = if loss_lu.is_finite() { loss_lu } else { 0.0 };
            movement
        };
        choice.base = movement(base);
        choice.chosen = choice.base;
        let worth_it = choice.base.damage_lu() * (1.0 - WORTH_A_CHANGE);
        for (lookahead, release) in CANDIDATES {
            let candidate = settings::Limiter {
                lookahead_ms: in_range("limiter.lookahead_ms", base.lookahead_ms * lookahead),
                release_ms: in_range("limiter.release_ms", base.release_ms * release),
                ..*base
            };
            let movement = movement(&candidate);
            let damage_lu = movement.damage_lu();
            if damage_lu < worth_it && damage_lu < choice.chosen.damage_lu() {
                choice.limiter = candidate;
                choice.chosen = movement;
            }
        }
        choice
    }
}

/// Slopes of a gain per sub-block, weighted with the energy that it leaves.
fn movement_of(gains: &[f32], energies: &[f32]) -> GainMovement {
    let rate_hz = SUB_BLOCKS_PER_SECOND as f64;
    let keep = |corner_hz: f64| libm::exp(-std::f64::consts::TAU * corner_hz / rate_hz);
    let [slow_keep, fast_keep] = MOVEMENT_HZ.map(keep);
    let (mut slow, mut fast, mut last_band, mut last_rest) = (0.0, 0.0, 0.0, 0.0);
    let (mut band_sum, mut rest_sum, mut weights) = (0.0, 0.0, 0.0);
    for (&gain, &energy) in gains.iter().zip(energies) {
        let (gain, energy) = (f64::from(gain), f64::from(energy));
        slow = gain + slow_keep * (slow - gain);
        fast = gain + fast_keep * (fast - gain);
        let (band, rest) = (fast - slow, gain - fast);
        // A slope relative to the gain, squared, times energy · gain²: the gain cancels.
        band_sum += energy * (band - last_band) * (band - last_band);
        rest_sum += energy * (rest - last_rest) * (rest - last_rest);
        weights += energy * gain * gain;
        (last_band, last_rest) = (band, rest);
    }
    let rms = |sum: f64| {
        if weights > 0.0 {
            DB_PER_NEPER * rate_hz * (sum / weights).sqrt()
        } else {
            0.0
        }
    };
    GainMovement {
        loss_lu: 0.0,
        movement_db_per_s: rms(band_sum),
        ramps_db_per_s: rms(rest_sum),
    }
}

/// A value within the range of its row.
fn in_range(name: &str, value: f64) -> f64 {
    PARAMS
        .iter()
        .find(|param| param.name == name)
        .map_or(value, |param| value.clamp(param.min, param.max))
}
