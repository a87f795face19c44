//! Dropouts: silence that begins and ends at once within the music.

use acetate_dsp::Audio;

use super::joined;
use crate::finding::Place;

/// Length of a cell, s.
const CELL_S: f64 = 0.000_25;
/// Shortest and longest gap, s. What lasts longer is a pause.
const GAP_S: std::ops::RangeInclusive<f64> = 0.001_5..=1.0;
/// Silence is this far below the level of the music before, as amplitude.
const SILENCE: f32 = 3e-4;
/// Quieter music than this has no dropouts that could be told from its pauses, full scale = 1.
const QUIETEST: f32 = 1e-5;
/// The music before and after is at least this loud relative to itself, as amplitude.
const SUDDEN: f32 = 0.1;
/// Time constant of the level of the music, s.
const LEVEL_S: f64 = 0.1;
/// Gaps whose places are kept.
const MAX_GAPS: usize = 1_024;
/// Cells before a gap that show how it began.
const LAST: usize = 3;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GapFigures {
    /// Number of gaps.
    pub count: u64,
    /// Longest, ms.
    pub longest_ms: f64,
    /// Where.
    pub places: Vec<Place>,
}

/// A gap that is not over.
#[derive(Clone, Copy, Debug)]
struct Open {
    start: u64,
    level: f32,
}

/// Streaming detector.
pub(super) struct Gaps {
    cell_frames: usize,
    cell_s: f64,
    share: f32,
    filled: usize,
    peak: f32,
    last: [f32; LAST],
    /// Mean of the cells' peaks.
    level: f32,
    at: u64,
    open: Option<Open>,
    figures: GapFigures,
    places: Vec<Place>,
}

impl Gaps {
    pub(super) fn new(sample_rate_hz: u32) -> Self {
        let cell_frames = ((CELL_S * f64::from(sample_rate_hz)) as usize).max(1);
        let cell_s = cell_frames as f64 / f64::from(sample_rate_hz);
        Self {
            cell_frames,
            cell_s,
            share: (cell_s / LEVEL_S).min(1.0) as f32,
            filled: 0,
            peak: 0.0,
            last: [0.0; LAST],
            level: 0.0,
            at: 0,
            open: None,
            figures: GapFigures::default(),
            places: Vec::new(),
        }
    }

    pub(super) fn process(&mut self, block: &Audio) {
        let mut start = 0;
        while start < block.frames() {
            let end = (start + self.cell_frames - self.filled).min(block.frames());
            for channel in block.channels() {
                let peaks = channel[start..end].iter().map(|x| x.abs());
                self.peak = peaks.fold(self.peak, f32::max);
            }
            self.filled += end - start;
            start = end;
            if self.filled == self.cell_frames {
                self.close_cell();
            }
        }
    }

    fn close_cell(&mut self) {
        let peak = std::mem::take(&mut self.peak);
        self.filled = 0;
        match self.open {
            None if peak <= SILENCE * self.level && self.level > QUIETEST => {
                let before = self.last.iter().copied().fold(0.0, f32::max);
                if before >= SUDDEN * self.level {
                    self.open = Some(Open {
                        start: self.at,
                        level: self.level,
                    });
                }
            }
            Some(gap) if peak > SILENCE * gap.level => {
                self.close_gap(gap, peak);
            }
            _ => {}
        }
        if self.open.is_none() {
            self.level += self.share * (peak - self.level);
        }
        self.last = [self.last[1], self.last[2], peak];
        self.at += 1;
    }

    fn close_gap(&mut self, gap: Open, peak: f32) {
        // The cell in which the music comes back may hold little of it.
        let one_later = self.last[LAST - 1] > SILENCE * gap.level;
        if peak < SUDDEN * gap.level && !one_later {
            return;
        }
        self.open = None;
        if peak < SUDDEN * gap.level {
            return;
        }
        let length_s = (self.at - gap.start) as f64 * self.cell_s;
        if GAP_S.contains(&length_s) {
            self.figures.count += 1;
            self.figures.longest_ms = self.figures.longest_ms.max(1e3 * length_s);
            if self.places.len() < MAX_GAPS {
                let from_s = gap.start as f64 * self.cell_s;
                self.places.push(Place {
                    from_s,
                    to_s: from_s + length_s,
                });
            }
        }
    }

    pub(super) fn finish(self) -> GapFigures {
        GapFigures {
            places: joined(&self.places, 0.0),
            ..self.figures
        }
    }
}
