//! The limiter's character: which look-ahead, hold and releases do this program the least
//! audible damage.
//!
//! A few short passages in which the limiter takes the most are limited with each candidate, all
//! at the same loudness: a slow limiter costs loudness, and has to be driven harder for it. What a
//! candidate adds to the driven passage is held against what the passage masks
//! ([`MaskedReference`]); the least noise-to-mask ratio wins.

use std::fmt;
use std::ops::Range;

use super::DriveCurve;
use super::drive_curve::{Limited, SUB_BLOCKS_PER_SECOND};
use crate::Audio;
use crate::measure::biquad::Biquad;
use crate::measure::noise_to_mask::{LevelMatch, MaskedReference};
use crate::measure::weighting::k_weighting;
use crate::process::limiter::detection::Detection;
use crate::settings;
use crate::threads::map;
use crate::units::{db_from_power, gain_from_db};

/// Candidates beside the base: look-ahead, hold, fast release, slow release, ms.
const CANDIDATES: [[f64; 4]; 5] = [
    [0.5, 2.0, 1.0, 400.0],
    [1.0, 0.0, 0.5, 400.0],
    [1.0, 1.0, 1.0, 1600.0],
    [2.0, 2.0, 1.0, 400.0],
    [2.0, 15.0, 5.0, 400.0],
];
/// A candidate replaces the base only when its noise-to-mask ratio is lower by this, dB.
const WORTH_A_CHANGE_DB: f64 = 0.5;
/// Less limiting than this is not worth a choice, dB.
const LEAST_REDUCTION_DB: f64 = 0.5;
/// Most passages that are listened to.
const MAX_PASSAGES: usize = 6;
/// Part of a passage in which the limiter only runs in, s.
const RUN_IN_S: f64 = 0.25;
/// Drive per missing level of the limited passages at first: some of it is lost again.
const DRIVE_PER_DB: f64 = 1.4;
/// The same at most, later on.
const MOST_DRIVE_PER_DB: f64 = 4.0;
/// Trials that bring a candidate to the level of the base.
const MAX_RETRIALS: usize = 4;
/// Level at which two trials are alike, dB.
const LEVEL_TOLERANCE_DB: f64 = 0.05;

/// A limiter's character and why it was chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CharacterChoice {
    /// The base with the chosen times; its drive is the base's.
    pub limiter: settings::Limiter,
    /// What was found; `None` where there was nothing to choose for.
    pub ratios: Option<Ratios>,
}

/// Noise-to-mask ratios over all passages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratios {
    /// Of the base, dB.
    pub base_db: f64,
    /// Of the choice, dB.
    pub chosen_db: f64,
    /// Passages listened to.
    pub passages: usize,
}

impl fmt::Display for CharacterChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(ratios) = self.ratios else {
            return write!(f, "the limiter hardly works");
        };
        if ratios.base_db == ratios.chosen_db {
            return write!(
                f,
                "no other character leaves clearly less audible noise ({:.1} dB against what the \
                 music masks, in {} passages)",
                ratios.base_db, ratios.passages
            );
        }
        write!(
            f,
            "look-ahead {:.1} ms, hold {:.0} ms, release {:.1} and {:.0} ms: {:.1} dB of noise \
             against what the music masks instead of {:.1}, in {} passages",
            self.limiter.lookahead_ms,
            self.limiter.hold_ms,
            self.limiter.fast_release_ms,
            self.limiter.release_ms,
            ratios.chosen_db,
            ratios.base_db,
            ratios.passages,
        )
    }
}

/// Where a limiter works most, and what it costs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LimitedPassages {
    /// Frames of the passages to hand to [`choose_character`]: spread over what the limiter takes,
    /// in order and apart. Empty where it takes next to nothing.
    pub ranges: Vec<Range<u64>>,
    /// Integrated loudness that the limiter costs the whole program, LU.
    pub loss_lu: f64,
}

impl DriveCurve {
    /// Finds the passages in which this limiter takes the most at this drive.
    pub fn limited_passages(&self, limiter: &settings::Limiter, drive_db: f64) -> LimitedPassages {
        self.passages_of(&self.limited(limiter, drive_db), drive_db)
    }

    /// The same where what the limiter does is known.
    pub(super) fn passages_of(&self, limited: &Limited, drive_db: f64) -> LimitedPassages {
        if self.max_gain_reduction_db(drive_db) < LEAST_REDUCTION_DB {
            return LimitedPassages::default();
        }
        let loss_lu = self.unlimited_lufs(drive_db) - limited.integrated_lufs;
        LimitedPassages {
            ranges: self.spread_over(&limited.taken),
            loss_lu: if loss_lu.is_finite() { loss_lu } else { 0.0 },
        }
    }

    /// Passages of a second spread over the energy that is taken off in each.
    fn spread_over(&self, taken: &[f64]) -> Vec<Range<u64>> {
        let total: f64 = taken.iter().sum();
        if total <= 0.0 {
            return Vec::new();
        }
        let mut passages = Vec::with_capacity(MAX_PASSAGES);
        let (mut sum, mut next) = (0.0, 0.5);
        for (index, share) in taken.iter().enumerate() {
            sum += share / total * MAX_PASSAGES as f64;
            if sum > next {
                let start = index as u64 * SUB_BLOCKS_PER_SECOND;
                passages.push(self.frame_of(start)..self.frame_of(start + SUB_BLOCKS_PER_SECOND));
                next = (sum + 0.5).floor() + 0.5;
            }
        }
        passages
    }
}

/// Compares the base with a few other characters on passages of the signal before the
/// limiter, at the drive that the base needs. `loss_lu` is the loudness that the base costs the
/// whole program there ([`LimitedPassages::loss_lu`]): all are judged at that level.
pub fn choose_character(
    base: &settings::Limiter,
    drive_db: f64,
    loss_lu: f64,
    ceiling_dbtp: f64,
    passages: &[Audio],
) -> CharacterChoice {
    let level_match = LevelMatch::Gain(gain_from_db(loss_lu));
    let idle = CharacterChoice {
        limiter: *base,
        ratios: None,
    };
    if passages.is_empty() {
        return idle;
    }
    let base_at_drive = settings::Limiter { drive_db, ..*base };
    let passages = map(passages, |audio| Passage::new(audio, drive_db));
    let with = |limiter: &settings::Limiter| Trial::run(&passages, limiter, ceiling_dbtp);
    let first = with(&base_at_drive);
    let Some(base_db) = first.ratio_db(&passages, level_match) else {
        return idle;
    };
    let judged = map(
        &CANDIDATES,
        |&[lookahead_ms, hold_ms, fast_release_ms, release_ms]| {
            let candidate = settings::Limiter {
                lookahead_ms,
                hold_ms,
                fast_release_ms,
                release_ms,
                ..base_at_drive
            };
            let trial = as_loud(&with, candidate, first.power);
            (candidate, trial.ratio_db(&passages, level_match))
        },
    );
    let mut choice = CharacterChoice {
        limiter: *base,
        ratios: Some(Ratios {
            base_db,
            chosen_db: base_db,
            passages: passages.len(),
        }),
    };
    let mut least_db = base_db - WORTH_A_CHANGE_DB;
    for (candidate, ratio_db) in judged {
        if let Some(ratio_db) = ratio_db
            && ratio_db < least_db
        {
            least_db = ratio_db;
            choice.limiter = settings::Limiter {
                drive_db: base.drive_db,
                ..candidate
            };
            choice.ratios = Some(Ratios {
                base_db,
                chosen_db: ratio_db,
                passages: passages.len(),
            });
        }
    }
    choice
}

/// A trial that is driven until its passages have this power.
fn as_loud(
    with: &(impl Fn(&settings::Limiter) -> Trial + Sync),
    candidate: settings::Limiter,
    power: f64,
) -> Trial {
    let mut limiter = candidate;
    let mut trial = with(&limiter);
    let mut drive_per_db = DRIVE_PER_DB;
    for _ in 0..MAX_RETRIALS {
        let missing_db = db_from_power(power / trial.power);
        if missing_db.abs() <= LEVEL_TOLERANCE_DB || !missing_db.is_finite() {
            break;
        }
        let more_db = drive_per_db * missing_db;
        limiter.drive_db += more_db;
        let next = with(&limiter);
        let gained_db = db_from_power(next.power / trial.power);
        if gained_db * more_db > 0.0 {
            drive_per_db = (more_db / gained_db).min(MOST_DRIVE_PER_DB);
        }
        trial = next;
    }
    trial
}

/// A passage, and what every trial needs to know of it.
struct Passage {
    audio: Audio,
    detection: Detection,
    /// K-weighted power of each frame, channels summed.
    powers: Vec<f32>,
    reference: MaskedReference,
}

impl Passage {
    fn new(audio: &Audio, drive_db: f64) -> Self {
        let mut driven = audio.slice(run_in_frames(audio), audio.frames());
        driven.scale(gain_from_db(drive_db) as f32);
        Self {
            audio: audio.clone(),
            detection: Detection::new(audio),
            powers: k_powers(audio),
            reference: MaskedReference::new(&driven),
        }
    }

    /// The passage behind gains, without the run-in.
    fn limited(&self, gains: &[f32]) -> Audio {
        let run_in = run_in_frames(&self.audio);
        let mut limited = self.audio.slice(run_in, self.audio.frames());
        for channel in limited.channels_mut() {
            for (sample, gain) in channel.iter_mut().zip(&gains[run_in..]) {
                *sample *= gain;
            }
        }
        limited
    }

    /// K-weighted power behind gains, without the run-in: they move too slowly to matter to the
    /// weighting.
    fn power(&self, gains: &[f32]) -> f64 {
        let run_in = run_in_frames(&self.audio);
        let pairs = self.powers[run_in..].iter().zip(&gains[run_in..]);
        pairs
            .map(|(&power, &gain)| f64::from(power) * f64::from(gain).powi(2))
            .sum()
    }
}

fn run_in_frames(passage: &Audio) -> usize {
    let run_in = (RUN_IN_S * f64::from(passage.sample_rate_hz())) as usize;
    run_in.min(passage.frames())
}

/// All passages behind one limiter.
struct Trial {
    /// What each frame of each passage is multiplied by.
    gains: Vec<Vec<f32>>,
    /// K-weighted power of them all.
    power: f64,
}

impl Trial {
    fn run(passages: &[Passage], limiter: &settings::Limiter, ceiling_dbtp: f64) -> Self {
        let gains = map(passages, |passage| {
            passage.detection.gains(limiter, ceiling_dbtp)
        });
        let powers = passages.iter().zip(&gains);
        Self {
            power: powers.map(|(passage, gains)| passage.power(gains)).sum(),
            gains,
        }
    }

    /// Mean noise-to-mask ratio over the passages, dB.
    fn ratio_db(&self, passages: &[Passage], level_match: LevelMatch) -> Option<f64> {
        let mut ratios = Vec::with_capacity(passages.len());
        for (passage, gains) in passages.iter().zip(&self.gains) {
            // A passage in which nothing is audible has no say.
            let ratio = passage
                .reference
                .compare(&passage.limited(gains), level_match);
            ratios.extend(ratio.map(|ratio| libm::pow(10.0, ratio.total_db / 10.0)));
        }
        let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
        (!ratios.is_empty()).then(|| db_from_power(mean))
    }
}

/// K-weighted power of each frame, channels summed.
fn k_powers(audio: &Audio) -> Vec<f32> {
    let [mut shelf, mut high_pass] =
        k_weighting(f64::from(audio.sample_rate_hz())).map(Biquad::new);
    (0..audio.frames())
        .map(|index| {
            let [left, right] = high_pass.step(shelf.step(audio.frame(index)));
            (left * left + right * right) as f32
        })
        .collect()
}
