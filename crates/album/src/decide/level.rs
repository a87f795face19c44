//! Levels: how loud each song stands beside the others.

use acetate_dsp::numeric::{median, quantile, quantile_of_sorted};
use acetate_dsp::units::db_from_gain;
use acetate_dsp::{Analysis, Param};

use super::heard::{Asked, Heard};
use crate::manifest::Balance;

/// A mix whose peaks lie this far below those of the others is quiet on purpose, dB.
pub const SET_APART_DB: f64 = 15.0;
/// Peaks are as high as the highest sample of 10 ms that this share of all stays below, 0 to 1: beside single
/// peaks, which an EQ moves by decibels.
const PEAK_SHARE: f64 = 0.999;
/// How much of the differences in dynamics shows in the bodies' levels, 0 to 1. This, the share above and the
/// three figures below bring songs of the train and valid splits, moved in level and tone, nearest to where they
/// were (`campaigns/album/heights.py`).
const DYNAMICS_SHARE: f64 = 0.85;
/// Variance of a mix's level around its place on the finished album, dB²: that of a move of up to 4 dB.
const MIX_VARIANCE_DB2: f64 = 16.0 / 3.0;
/// Variance of a place around what its dynamics say: at least this, dB², and this share of the variance of what
/// the dynamics of the album's songs say.
const LEAST_VARIANCE_DB2: f64 = 0.4;
const SPREAD_SHARE: f64 = 0.3;
/// Share of what mixes and dynamics differ by beyond [`MIX_VARIANCE_DB2`] that the dynamics are wrong by.
const DISAGREEMENT_SHARE: f64 = 0.3;
/// The body of a song is as loud as its short-term loudness at this share of the time, 0 to 1.
const BODY_SHARE: f64 = 0.95;
/// Short-term loudness so far below the highest is no part of the song, LU.
const NOT_SONG_LU: f64 = 40.0;

/// How loud the body of a program is, LUFS: the 95th percentile of its short-term loudness; the
/// integrated loudness of one shorter than 3 s.
pub fn body_lufs(analysis: &Analysis) -> f64 {
    body_of(
        &analysis.sequences.short_term_lufs,
        analysis.integrated_lufs,
    )
}

/// The same of a sequence of short-term loudness, LUFS, in any steps.
pub(crate) fn body_of(short_term_lufs: &[f32], integrated_lufs: f64) -> f64 {
    let highest = short_term_lufs
        .iter()
        .copied()
        .fold(f32::NEG_INFINITY, f32::max);
    let mut heard: Vec<f64> = short_term_lufs
        .iter()
        .map(|&lufs| f64::from(lufs))
        .filter(|lufs| lufs.is_finite() && *lufs > f64::from(highest) - NOT_SONG_LU)
        .collect();
    heard.sort_by(f64::total_cmp);
    quantile_of_sorted(&heard, BODY_SHARE).unwrap_or(integrated_lufs)
}

/// The level of one song.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    pub(super) integrated_lufs: f64,
    pub(super) body_lufs: f64,
    pub(super) is_set_apart: bool,
}

/// A song in figures of level.
#[derive(Clone, Copy, Debug)]
struct Standing {
    body_lufs: f64,
    peak_dbfs: f64,
}

impl Standing {
    fn of(program: &Analysis) -> Self {
        Self {
            body_lufs: body_lufs(program),
            peak_dbfs: peak_height_dbfs(program),
        }
    }

    /// The middle of several.
    fn middle(all: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| {
            let mut figures: Vec<f64> = all.iter().map(figure).collect();
            median(&mut figures).unwrap_or(0.0)
        };
        Self {
            body_lufs: of(|one| one.body_lufs),
            peak_dbfs: of(|one| one.peak_dbfs),
        }
    }

    /// Where its dynamics put it, less loud the higher its peaks stand above its body, up to one gain for all.
    fn by_dynamics_lufs(self) -> f64 {
        DYNAMICS_SHARE * (self.body_lufs - self.peak_dbfs)
    }

    /// The gain that brings a song to its place, up to one gain for all. Its body's place x minimizes
    /// w (x - m)² + (1 - w) (x - p)²: m is where the mix has it, p where its dynamics put it.
    fn gain_db(self, mix_share: f64) -> f64 {
        (1.0 - mix_share) * (self.by_dynamics_lufs() - self.body_lufs)
    }
}

/// Weight of where the mixes have the songs against where their dynamics put them, 0 to 1: the ratio of the two
/// variances. Where songs differ much in dynamics, or mixes and dynamics disagree by more than mixes are off, the
/// dynamics say less.
fn mix_share(songs: &[Standing]) -> f64 {
    let by_dynamics: Vec<f64> = songs.iter().map(|song| song.by_dynamics_lufs()).collect();
    let apart: Vec<f64> = songs
        .iter()
        .map(|song| song.body_lufs - song.by_dynamics_lufs())
        .collect();
    let disagreement_db2 = (variance(&apart) - MIX_VARIANCE_DB2).max(0.0);
    let variance_db2 = LEAST_VARIANCE_DB2
        + SPREAD_SHARE * variance(&by_dynamics)
        + DISAGREEMENT_SHARE * disagreement_db2;
    variance_db2 / (variance_db2 + MIX_VARIANCE_DB2)
}

/// The level of each song.
pub(super) fn levels(pieces: &[Heard<'_>], asked: &Asked<'_>) -> Vec<Level> {
    let programs: Vec<&Analysis> = pieces
        .iter()
        .map(|piece| piece.analysis.program())
        .collect();
    let standings: Vec<Standing> = programs
        .iter()
        .map(|program| Standing::of(program))
        .collect();
    let usual = Standing::middle(&standings);
    // Masters of an album move together.
    let finished = pieces.iter().zip(&standings);
    let finished = finished.filter(|(piece, _)| piece.is_finished);
    let finished: Vec<Standing> = finished.map(|(_, standing)| *standing).collect();
    let finished = Standing::middle(&finished);
    let target = asked.target.integrated_lufs;
    let is_apart = |standing: &Standing| standing.peak_dbfs < usual.peak_dbfs - SET_APART_DB;
    let mixes = standings.iter().zip(pieces);
    let mixes = mixes.filter(|(standing, piece)| !piece.is_finished && !is_apart(standing));
    let mixes: Vec<Standing> = mixes.map(|(standing, _)| *standing).collect();
    let mix_share = mix_share(&mixes);
    let gains: Vec<(f64, bool)> = standings
        .iter()
        .zip(pieces)
        .map(|(standing, piece)| {
            match asked.balance {
                Balance::AsMixed | Balance::Track => (0.0, false),
                Balance::Album if piece.is_finished => (finished.gain_db(mix_share), false),
                // As far below the others as in the mixes.
                Balance::Album if is_apart(standing) => (usual.gain_db(mix_share), true),
                Balance::Album => (standing.gain_db(mix_share), false),
            }
        })
        .collect();
    let placed =
        |(program, (gain_db, _)): (&&Analysis, &(f64, bool))| program.integrated_lufs + gain_db;
    let loudest = programs
        .iter()
        .zip(&gains)
        .map(placed)
        .fold(f64::NEG_INFINITY, f64::max);
    let all = programs.iter().zip(&gains).zip(pieces).zip(&standings);
    all.map(|(((program, gain), piece), standing)| {
        let placed = match asked.balance {
            Balance::Track => target,
            Balance::Album | Balance::AsMixed => placed((program, gain)) - loudest + target,
        };
        Level {
            integrated_lufs: within_range(placed + piece.offset_lu),
            body_lufs: standing.body_lufs,
            is_set_apart: gain.1,
        }
    })
    .collect()
}

/// Variance of all of `values`, 0 without any.
pub(crate) fn variance(values: &[f64]) -> f64 {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|value| (value - mean) * (value - mean));
    squares.sum::<f64>() / count
}

/// How high the peaks of a program stand, dBFS.
fn peak_height_dbfs(analysis: &Analysis) -> f64 {
    let peaks = &analysis.sequences.peak_10ms;
    let heard: Vec<f64> = peaks
        .iter()
        .map(|&peak| f64::from(peak))
        .filter(|peak| *peak > 0.0)
        .collect();
    quantile(&heard, PEAK_SHARE).map_or(analysis.sample_peak_dbfs, db_from_gain)
}

/// What a master can be asked to measure: an interlude far below the songs is as soft as that allows.
pub(crate) fn within_range(lufs: f64) -> f64 {
    let param = Param::named("target.integrated_lufs");
    param.map_or(lufs, |param| lufs.clamp(param.min, param.max))
}
