//! The order of an album in time: [`Timeline`]. Pieces that overlap or fade are one [`Unit`], rendered together
//! before one limiter; units follow each other with their pauses.

mod fade;
mod mixed;
mod piece;

use std::ops::Range;

use acetate_dsp::Analysis;

use crate::decide::body_lufs;
use crate::release::{Piece, Release};

pub(crate) use mixed::{FadeFrames, Mixed, Placed};
pub(crate) use piece::PieceSource;

/// Pause that is heard between two songs unless one is given, seconds.
const HEARD_GAP_S: f64 = 2.0;
/// Sound this far below the body of its song has faded, LU.
const FADED_LU: f64 = 50.0;
/// Steps of the power of a program in a second.
const STEPS_PER_SECOND: f64 = 100.0;

/// Pieces that are rendered before one limiter.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Its pieces.
    pub pieces: Range<usize>,
    /// Pause before it, seconds.
    pub gap_s: f64,
    /// One piece as it is, without a fade.
    pub is_straight: bool,
}

/// The whole in time, at no rate yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// In order.
    pub units: Vec<Unit>,
}

/// A unit at one sample rate.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitFrames {
    /// Where each of its pieces begins.
    pub pieces: Vec<u64>,
    /// Where each of its tracks begins.
    pub tracks: Vec<u64>,
    /// Length of the sound.
    pub frames: u64,
}

/// How much of a piece's start and end is not heard, seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Silence {
    /// Before the sound.
    pub start_s: f64,
    /// Behind it.
    pub end_s: f64,
}

impl Silence {
    /// Of a measured piece.
    pub fn of(analysis: &Analysis) -> Self {
        let powers = &analysis.sequences.k_power_10ms;
        let least_lufs = body_lufs(analysis) - FADED_LU;
        let least = acetate_dsp::measure::loudness::power_from_lufs(least_lufs);
        let is_heard = |power: &f32| f64::from(*power) > least;
        let start = powers.iter().position(is_heard).unwrap_or(0);
        let end = powers.iter().rev().position(is_heard).unwrap_or(0);
        Self {
            start_s: start as f64 / STEPS_PER_SECOND,
            end_s: end as f64 / STEPS_PER_SECOND,
        }
    }
}

impl Timeline {
    /// The units of a release; `silences` are those of its pieces.
    pub fn of(release: &Release, silences: &[Silence]) -> Self {
        let mut units: Vec<Unit> = Vec::new();
        for (index, piece) in release.pieces.iter().enumerate() {
            let fades = piece.fade_in.length_s > 0.0 || piece.fade_out.length_s > 0.0;
            match units.last_mut() {
                Some(unit) if piece.crossfade.length_s > 0.0 => {
                    unit.pieces.end = index + 1;
                    unit.is_straight = false;
                }
                _ => units.push(Unit {
                    pieces: index..index + 1,
                    gap_s: if index == 0 {
                        0.0
                    } else {
                        gap_s(piece, index, silences)
                    },
                    is_straight: !fades,
                }),
            }
        }
        Self { units }
    }
}

/// The pause before a piece that is not the first.
fn gap_s(piece: &Piece, index: usize, silences: &[Silence]) -> f64 {
    if let Some(gap_s) = piece.gap_s {
        return gap_s;
    }
    let silence = |index: usize| silences.get(index).copied().unwrap_or_default();
    heard_gap_s(silence(index - 1), silence(index))
}

/// The pause between two songs, seconds, with which about two seconds of silence are heard between them.
pub fn heard_gap_s(before: Silence, next: Silence) -> f64 {
    let there_s = next.start_s + before.end_s;
    // A hundredth is as fine as it was measured.
    ((HEARD_GAP_S - there_s).max(0.0) * STEPS_PER_SECOND).round() / STEPS_PER_SECOND
}

impl Unit {
    /// Its places in frames of a rate; a track begins on a multiple of `grid` frames.
    pub fn frames(&self, release: &Release, sample_rate_hz: u32, grid: u64) -> UnitFrames {
        let rate = f64::from(sample_rate_hz);
        let scaled =
            |frames: u64, from_hz: u32| (frames as f64 * rate / f64::from(from_hz)).round() as u64;
        let on_grid = |frame: u64| (frame + grid / 2) / grid * grid;
        let (mut pieces, mut tracks, mut end) = (Vec::new(), Vec::new(), 0_u64);
        for piece in release.pieces.get(self.pieces.clone()).unwrap_or_default() {
            let own_hz = piece.spec().sample_rate_hz;
            let overlap = if pieces.is_empty() {
                0
            } else {
                (piece.crossfade.length_s * rate).round() as u64
            };
            let start = end.saturating_sub(overlap);
            pieces.push(start);
            let mut within = 0;
            for song in &piece.songs {
                tracks.push(on_grid(start + scaled(within, own_hz)));
                within += song.frames;
            }
            end = start + scaled(within, own_hz);
        }
        UnitFrames {
            pieces,
            tracks,
            frames: end,
        }
    }
}
