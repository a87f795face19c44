//! Dropouts: silence that begins and ends at once within the music.
//!
//! A note that ends in silence ends with a ramp, if only of half a millisecond, as players of tracker modules
//! make it. Audio that is missing breaks off from one sample to the next, and comes back so.

use acetate_dsp::Audio;

use super::joined;
use crate::finding::TimeSpan;

/// Length of a cell, s.
const CELL_S: f64 = 0.000_25;
/// Shortest and longest gap, s. What lasts longer is a pause.
const GAP_S: std::ops::RangeInclusive<f64> = 0.001_5..=1.0;
/// Silence is this far below the level of the music before, as amplitude.
const SILENCE: f32 = 3e-4;
/// Quieter music than this has no dropouts that could be told from its pauses, full scale = 1.
const QUIETEST: f32 = 1e-5;
/// The music right before and after is at least this loud relative to itself, as amplitude …
const SUDDEN: f32 = 0.1;
/// … within this much of the silence, s: two samples at 44.1 kHz.
const EDGE_S: f64 = 0.000_046;
/// Time constant of the level of the music, s.
const LEVEL_S: f64 = 0.1;
/// Gaps whose places are kept.
const MAX_GAPS: usize = 1_024;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GapFigures {
    /// Number of gaps.
    pub count: u64,
    /// Longest, ms.
    pub longest_ms: f64,
    /// Where.
    pub places: Vec<TimeSpan>,
}

/// Silence that is not over, or was over less than an edge ago.
#[derive(Clone, Copy, Debug)]
struct Silence {
    start: u64,
    /// Level of the music before.
    level: f32,
    /// Largest sample within an edge before.
    before: f32,
    /// When it was over, and the largest sample since.
    over: Option<(u64, f32)>,
}

/// Streaming detector.
pub(super) struct Gaps {
    rate: f64,
    cell_frames: u64,
    share: f32,
    peak: f32,
    /// The latest frames' peaks, an edge long.
    latest: Vec<f32>,
    /// Mean of the cells' peaks.
    level: f32,
    at: u64,
    silence: Option<Silence>,
    figures: GapFigures,
    places: Vec<TimeSpan>,
}

impl Gaps {
    pub(super) fn new(sample_rate_hz: u32) -> Self {
        let rate = f64::from(sample_rate_hz);
        let cell_frames = ((CELL_S * rate) as u64).max(1);
        Self {
            rate,
            cell_frames,
            share: (cell_frames as f64 / rate / LEVEL_S).min(1.0) as f32,
            peak: 0.0,
            latest: vec![0.0; ((EDGE_S * rate) as usize).max(1)],
            level: 0.0,
            at: 0,
            silence: None,
            figures: GapFigures::default(),
            places: Vec::new(),
        }
    }

    pub(super) fn process(&mut self, block: &Audio) {
        let left = block.channel(0);
        let right = block.channels().last().map_or(left, Vec::as_slice);
        for (l, r) in left.iter().zip(right) {
            self.step(l.abs().max(r.abs()));
        }
    }

    fn step(&mut self, peak: f32) {
        self.peak = self.peak.max(peak);
        let edge = self.latest.len() as u64;
        match &mut self.silence {
            None if peak <= SILENCE * self.level && self.level > QUIETEST => {
                self.silence = Some(Silence {
                    start: self.at,
                    level: self.level,
                    before: self.latest.iter().copied().fold(0.0, f32::max),
                    over: None,
                });
            }
            Some(silence) => {
                if let Some((_, after)) = &mut silence.over {
                    *after = after.max(peak);
                } else if peak > SILENCE * silence.level {
                    silence.over = Some((self.at, peak));
                }
                if let Some((end, after)) = silence.over
                    && self.at + 1 - end >= edge
                {
                    let silence = *silence;
                    self.silence = None;
                    self.close(silence, end, after);
                }
            }
            None => {}
        }
        let slot = (self.at % edge) as usize;
        self.latest[slot] = peak;
        self.at += 1;
        if self.at.is_multiple_of(self.cell_frames) {
            let peak = std::mem::take(&mut self.peak);
            let long = |silence: Silence| self.at - silence.start >= self.cell_frames;
            if !self.silence.is_some_and(long) {
                self.level += self.share * (peak - self.level);
            }
        }
    }

    fn close(&mut self, silence: Silence, end: u64, after: f32) {
        let length_s = (end - silence.start) as f64 / self.rate;
        let sudden = silence.before.min(after) >= SUDDEN * silence.level;
        if !sudden || !GAP_S.contains(&length_s) {
            return;
        }
        self.figures.count += 1;
        self.figures.longest_ms = self.figures.longest_ms.max(1e3 * length_s);
        if self.places.len() < MAX_GAPS {
            let from_s = silence.start as f64 / self.rate;
            self.places.push(TimeSpan {
                from_s,
                to_s: from_s + length_s,
            });
        }
    }

    pub(super) fn finish(self) -> GapFigures {
        GapFigures {
            places: joined(&self.places, 0.0),
            ..self.figures
        }
    }
}
