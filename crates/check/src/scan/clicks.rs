//! Clicks: jumps of a few samples that stand alone.
//!
//! The second difference of the samples is compared with its mean in the 6 ms before and after. An
//! attack of a drum stays up, a click does not: what jumps more after a candidate than before it began there and is
//! none. A waveform with edges jumps all the time, and just as far
//! each time: what counts is how far the strongest jumps stand over those that come every second.

use std::collections::VecDeque;

use acetate_dsp::Audio;
use acetate_dsp::units::db_from_gain;

use crate::finding::TimeSpan;

/// Length of a cell, s.
const CELL_S: f64 = 0.000_75;
/// Cells on either side that are compared …
const AROUND: usize = 8;
/// … but for these next to the cell.
const GAP: usize = 1;
/// A jump this far over its surroundings is a candidate, dB.
const CANDIDATE_DB: f64 = 14.0;
/// Where the samples jump so much more after a candidate than before it, something has begun there: the attack of a
/// synthetic drum, which may well be a single step.
const ONSET_RATIO: f32 = 1.41;
/// The same where the sound itself is so much louder, as power (6 dB): a drum without any noise in it.
const ONSET_POWER: f32 = 4.0;
/// Jumps this far below the whole are inaudible, as power (-40 dB).
const FAINT: f64 = 1e-4;
/// Jumps that come this often belong to the sound, per second.
const USUAL_PER_SECOND: f64 = 1.0;
/// Resolution of the jumps' heights, dB.
const STEP_DB: f64 = 0.25;
/// Number of heights told apart above [`CANDIDATE_DB`].
const STEPS: usize = 400;
/// How many clicks there must be at least: the figure is that of the weakest of so many …
const AT_LEAST: usize = 3;
/// … and one more for every so many seconds, since a long song has more chances, s.
const ONE_MORE_S: f64 = 15.0;
/// Strongest candidates that are kept.
const KEPT: usize = 64;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClickFigures {
    /// How far the strongest jumps stand over those that belong to the sound, dB: the weakest of three,
    /// of more in a long program; 0 where there are fewer.
    pub strongest_db: f64,
    /// The strongest jumps, strongest first: how far over their surroundings, dB, and when.
    pub strongest: Vec<(f64, TimeSpan)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    /// Sum of the second differences' sizes, and the largest.
    sum: f32,
    max: f32,
    /// Sum of the samples' squares.
    power: f32,
}

/// A jump.
#[derive(Clone, Copy, Debug)]
struct Jump {
    over_db: f64,
    cell: u64,
    size: f32,
}

struct Lane {
    before: [f32; 2],
    cell: Cell,
    filled: usize,
    cells: VecDeque<Cell>,
    /// Index of the cell in the middle of `cells`.
    middle: u64,
}

/// Streaming detector.
pub(super) struct Clicks {
    cell_frames: usize,
    cell_s: f64,
    lanes: Vec<Lane>,
    heights: Vec<u64>,
    cells: u64,
    power: f64,
    strongest: Vec<Jump>,
}

impl Clicks {
    pub(super) fn new(sample_rate_hz: u32, channels: usize) -> Self {
        let cell_frames = ((CELL_S * f64::from(sample_rate_hz)) as usize).max(4);
        let lane = || Lane {
            before: [0.0; 2],
            cell: Cell::default(),
            filled: 0,
            // Silence in front, so that a click at the very start is seen.
            cells: std::iter::repeat_n(Cell::default(), AROUND + GAP).collect(),
            middle: 0,
        };
        Self {
            cell_frames,
            cell_s: cell_frames as f64 / f64::from(sample_rate_hz),
            lanes: (0..channels).map(|_| lane()).collect(),
            heights: vec![0; STEPS],
            cells: 0,
            power: 0.0,
            strongest: Vec::new(),
        }
    }

    pub(super) fn process(&mut self, block: &Audio) {
        for index in 0..self.lanes.len().min(block.channel_count()) {
            let mut samples = block.channel(index);
            while !samples.is_empty() {
                let lane = &mut self.lanes[index];
                let (now, rest) =
                    samples.split_at((self.cell_frames - lane.filled).min(samples.len()));
                let [mut a, mut b] = lane.before;
                let mut cell = lane.cell;
                for &x in now {
                    let jump = (x - 2.0 * b + a).abs();
                    cell.sum += jump;
                    cell.max = cell.max.max(jump);
                    cell.power += x * x;
                    (a, b) = (b, x);
                }
                lane.before = [a, b];
                lane.cell = cell;
                lane.filled += now.len();
                samples = rest;
                if lane.filled == self.cell_frames {
                    self.close_cell(index);
                }
            }
        }
    }

    fn close_cell(&mut self, index: usize) {
        let lane = &mut self.lanes[index];
        self.power += f64::from(lane.cell.power);
        lane.cells.push_back(std::mem::take(&mut lane.cell));
        lane.filled = 0;
        if index == 0 {
            self.cells += 1;
        }
        let span = 2 * (AROUND + GAP) + 1;
        if lane.cells.len() < span {
            return;
        }
        let at = lane.middle;
        lane.middle += 1;
        let middle = lane.cells[AROUND + GAP];
        let neighbors = |range: std::ops::Range<usize>| -> [f32; 2] {
            let cells = lane.cells.range(range);
            cells.fold([0.0; 2], |[sum, power], cell| {
                [sum + cell.sum, power + cell.power]
            })
        };
        let [before, power_before] = neighbors(0..AROUND);
        let [after, power_after] = neighbors(AROUND + 2 * GAP + 1..span);
        lane.cells.pop_front();
        let mean = before.max(after) / (AROUND * self.cell_frames) as f32;
        // Jumps out of digital silence are starts, and belong to the edges.
        if mean <= 1e-9 || middle.max <= 0.0 {
            return;
        }
        let over_db = db_from_gain(f64::from(middle.max / mean));
        if over_db >= CANDIDATE_DB {
            let step = ((over_db - CANDIDATE_DB) / STEP_DB) as usize;
            self.heights[step.min(STEPS - 1)] += 1;
            if after > ONSET_RATIO * before || power_after > ONSET_POWER * power_before {
                return;
            }
            let weakest = self.strongest.last().map_or(0.0, |jump| jump.over_db);
            if self.strongest.len() < KEPT || over_db > weakest {
                let place = self
                    .strongest
                    .partition_point(|jump| jump.over_db >= over_db);
                let jump = Jump {
                    over_db,
                    cell: at,
                    size: middle.max,
                };
                self.strongest.insert(place, jump);
                self.strongest.truncate(KEPT);
            }
        }
    }

    pub(super) fn finish(self) -> ClickFigures {
        let duration_s = self.cells as f64 * self.cell_s;
        let wanted = AT_LEAST
            .max((duration_s / ONE_MORE_S) as usize)
            .min(KEPT / 2);
        let usual = (USUAL_PER_SECOND * duration_s) as u64;
        let mut higher = 0;
        let usual_step = (0..STEPS).rev().find(|&step| {
            higher += self.heights[step];
            higher > usual
        });
        let usual_db = CANDIDATE_DB + STEP_DB * usual_step.map_or(0.0, |step| step as f64);
        // A click in both channels is one click.
        let samples = self.cells * (self.cell_frames * self.lanes.len()) as u64;
        let audible = FAINT * self.power / samples.max(1) as f64;
        let mut strongest: Vec<(f64, TimeSpan)> = Vec::new();
        for jump in &self.strongest {
            if f64::from(jump.size * jump.size) < audible {
                continue;
            }
            let (over_db, from_s) = (jump.over_db, jump.cell as f64 * self.cell_s);
            let known = |place: &TimeSpan| (place.from_s - from_s).abs() < 2.5 * self.cell_s;
            if !strongest.iter().any(|(_, place)| known(place)) {
                let to_s = from_s + self.cell_s;
                strongest.push((over_db - usual_db, TimeSpan { from_s, to_s }));
            }
        }
        ClickFigures {
            strongest_db: strongest.get(wanted - 1).map_or(0.0, |&(db, _)| db),
            strongest,
        }
    }
}
