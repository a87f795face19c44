//! [`find_clicks`]: clicks to the sample, for their repair.
//!
//! What an autoregressive model of order 32 cannot predict of a channel is compared, in cells of 0.75 ms, with what it
//! cannot predict in most of the cells of the 150 ms before and after. A waveform with edges has them all the time; a
//! click stands alone. Where more is unpredicted after it than before, or the sound becomes louder, something
//! has begun, and it is no click.

use super::autoregressive::Interpolator;
use crate::numeric::quantile_of_sorted;
use crate::settings::RepairedChannel;
use crate::stream::BLOCK_FRAMES;
use crate::units::db_from_gain;
use crate::{Audio, Source, StreamError};

/// Order of the model.
const ORDER: usize = 32;
/// One model holds for so long, s; it is learned from twice as much.
const MODEL_S: f64 = 0.046;
/// Length of a cell, s.
const CELL_S: f64 = 0.000_75;
/// Cells on either side that are compared …
const AROUND: usize = 200;
/// … and those next to it that tell what comes before and after.
const BESIDE: usize = 8;
/// Cells next to a click that may still belong to it.
const GAP: usize = 2;
/// A click stands over what is beside it by at least this, wherever it is looked for, dB.
const CANDIDATE_DB: f64 = 10.0;
/// Share of the cells around that may be as high as they like: other clicks.
const USUAL: f64 = 0.95;
/// So much more unpredicted after than before is an onset, as a ratio …
const ONSET_RATIO: f64 = 1.6;
/// … and so much more power (6 dB).
const ONSET_POWER: f64 = 4.0;
/// A click goes on while more than this share of its height is unpredicted …
const WITHIN: f64 = 0.1;
/// … or more than so many times what is usual.
const OVER_USUAL: f64 = 1.5;
/// It is over when nothing was for so long, s.
const ENDED_S: f64 = 0.000_3;
/// What is replaced with it on either side, s.
const MARGIN_S: f64 = 0.000_1;
/// Longest click, s.
const LONGEST_S: f64 = 0.006;
/// Read at once, and looked at beyond it on either side, s.
const CHUNK_S: f64 = 8.0;
const OVERLAP_S: f64 = 0.4;
/// Jumps this far below the program are inaudible, as gain (-50 dB).
const FAINT: f64 = 0.003;

/// A click that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoundClick {
    /// The channel.
    pub channel: RepairedChannel,
    /// First frame to replace.
    pub start_frame: u64,
    /// Frames to replace.
    pub frames: u64,
    /// How far it stands over what is not predicted around it, dB.
    pub over_db: f64,
}

/// Finds clicks that stand at least `least_db` over what surrounds them, in order of time. Reads the source from
/// its start.
///
/// # Errors
/// [`StreamError`] when the source fails or `progress` stops the work.
pub fn find_clicks(
    source: &mut dyn Source,
    least_db: f64,
    progress: &mut dyn FnMut(u64) -> Result<(), StreamError>,
) -> Result<Vec<FoundClick>, StreamError> {
    source.rewind()?;
    let spec = source.spec();
    let rate_hz = f64::from(spec.sample_rate_hz);
    let frames_in = |seconds: f64| (seconds * rate_hz) as usize;
    let (chunk, overlap) = (frames_in(CHUNK_S), frames_in(OVERLAP_S));
    let mut finder = Finder::new(rate_hz, least_db.max(CANDIDATE_DB));
    let mut window = Audio::silence(spec.sample_rate_hz, spec.channels, overlap);
    let mut block = window.clone();
    // Frame 0 of the program stands at `overlap` in the first window.
    let mut first = -(overlap as i64);
    let mut found = Vec::new();
    let mut is_over = false;
    while !is_over {
        while window.frames() < chunk + 2 * overlap && !is_over {
            if source.read(&mut block, BLOCK_FRAMES)? == 0 {
                is_over = true;
            } else {
                window.append(&block);
            }
        }
        crate::measure::levels::silence_non_finite(&mut window);
        let end = if is_over {
            window.frames()
        } else {
            chunk + overlap
        };
        for (lane, samples) in window.channels().iter().enumerate() {
            let clicks = finder.find(samples, overlap.min(end)..end);
            found.extend(
                clicks
                    .into_iter()
                    .map(|(start, frames, over_db)| FoundClick {
                        channel: if spec.channels == 1 {
                            RepairedChannel::Both
                        } else if lane == 0 {
                            RepairedChannel::Left
                        } else {
                            RepairedChannel::Right
                        },
                        start_frame: (first + start as i64).max(0) as u64,
                        frames: frames as u64,
                        over_db,
                    }),
            );
        }
        let done = end - overlap;
        window.drop_front(done);
        first += done as i64;
        progress((first + overlap as i64).max(0) as u64)?;
    }
    found.sort_by_key(|click| (click.start_frame, click.channel == RepairedChannel::Right));
    Ok(found)
}

struct Finder {
    rate_hz: f64,
    least_db: f64,
    model: Interpolator,
    unpredicted: Vec<f32>,
    cells: Vec<Cell>,
    sorted: Vec<f64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    /// Largest and mean unpredicted magnitude.
    most: f32,
    mean: f32,
    /// Mean square of the samples.
    power: f32,
}

impl Finder {
    fn new(rate_hz: f64, least_db: f64) -> Self {
        let room = 4 * (MODEL_S * rate_hz) as usize + 4 * ORDER;
        Self {
            rate_hz,
            least_db,
            model: Interpolator::new(ORDER, room, 0),
            unpredicted: Vec::new(),
            cells: Vec::new(),
            sorted: Vec::new(),
        }
    }

    /// What the models of a stretch of samples cannot predict.
    fn predict(&mut self, samples: &[f32]) {
        let hop = ((MODEL_S * self.rate_hz) as usize).max(ORDER);
        self.unpredicted.clear();
        self.unpredicted.resize(samples.len(), 0.0);
        let mut start = 0;
        while start < samples.len() {
            let end = (start + hop).min(samples.len());
            let around = start.saturating_sub(hop / 2)..(end + hop / 2).min(samples.len());
            self.model.samples.clear();
            (self.model.samples).extend(samples[around].iter().map(|&x| f64::from(x)));
            self.model.clear_model();
            self.model.learn(0, self.model.samples.len());
            let filter = self.model.filter();
            for at in start..end {
                let mut error = 0.0;
                for (lag, tap) in filter.iter().enumerate().take(at + 1) {
                    error += tap * f64::from(samples[at - lag]);
                }
                self.unpredicted[at] = error.abs() as f32;
            }
            start = end;
        }
    }

    /// The clicks that begin in a range of the samples: first sample, length, and how far over the usual, dB.
    fn find(&mut self, samples: &[f32], range: std::ops::Range<usize>) -> Vec<(usize, usize, f64)> {
        self.predict(samples);
        let cell_frames = ((CELL_S * self.rate_hz) as usize).max(4);
        self.cells.clear();
        let pairs = self
            .unpredicted
            .chunks(cell_frames)
            .zip(samples.chunks(cell_frames));
        self.cells.extend(pairs.map(|(errors, samples)| Cell {
            most: errors.iter().copied().fold(0.0, f32::max),
            mean: errors.iter().sum::<f32>() / errors.len() as f32,
            power: samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32,
        }));
        let mut found: Vec<(usize, usize, f64)> = Vec::new();
        let last = self.cells.len();
        let mut free = 0;
        for index in range.start / cell_frames..range.end.div_ceil(cell_frames).min(last) {
            let most = f64::from(self.cells[index].most);
            // A quick look at what is beside it spares the sort.
            let beside = self.beside(index);
            if most <= 3.0 * beside[0].0.min(beside[1].0) || most <= 0.0 {
                continue;
            }
            let usual = self.usual(index);
            let over_db = db_from_gain(most / usual.max(1e-9));
            if over_db < self.least_db || !self.is_highest(index) || self.is_onset(beside) {
                continue;
            }
            let level = self.level(index);
            if most < FAINT * level {
                continue;
            }
            let (start, length) = self.extent(index * cell_frames, cell_frames, usual);
            let is_inside = range.contains(&start) && start >= free;
            if is_inside && length as f64 <= LONGEST_S * self.rate_hz {
                free = start + length;
                found.push((start, length, over_db));
            }
        }
        found
    }

    /// What is unpredicted, and the power, before and after a cell, means.
    fn beside(&self, index: usize) -> [(f64, f64); 2] {
        let before = index.saturating_sub(GAP + BESIDE)..index.saturating_sub(GAP);
        let after = (index + GAP + 1).min(self.cells.len())
            ..(index + GAP + 1 + BESIDE).min(self.cells.len());
        [before, after].map(|range| {
            let count = range.len().max(1) as f64;
            let cells = &self.cells[range];
            (
                cells.iter().map(|cell| f64::from(cell.mean)).sum::<f64>() / count,
                cells.iter().map(|cell| f64::from(cell.power)).sum::<f64>() / count,
            )
        })
    }

    fn is_onset(&self, [before, after]: [(f64, f64); 2]) -> bool {
        after.0 > ONSET_RATIO * before.0 || after.1 > ONSET_POWER * before.1
    }

    /// No cell beside it is higher.
    fn is_highest(&self, index: usize) -> bool {
        let from = index.saturating_sub(GAP);
        let cells = &self.cells[from..(index + GAP + 1).min(self.cells.len())];
        cells.iter().all(|cell| cell.most <= self.cells[index].most)
    }

    /// What most of the cells around stay below.
    fn usual(&mut self, index: usize) -> f64 {
        let from = index.saturating_sub(AROUND);
        let to = (index + AROUND + 1).min(self.cells.len());
        self.sorted.clear();
        let away = |n: usize| n.abs_diff(index) > GAP;
        let cells = (from..to)
            .filter(|&n| away(n))
            .map(|n| f64::from(self.cells[n].most));
        self.sorted.extend(cells);
        self.sorted.sort_unstable_by(f64::total_cmp);
        quantile_of_sorted(&self.sorted, USUAL).unwrap_or(0.0)
    }

    /// Level of the samples around, RMS.
    fn level(&self, index: usize) -> f64 {
        let from = index.saturating_sub(AROUND);
        let cells = &self.cells[from..(index + AROUND).min(self.cells.len())];
        let sum: f64 = cells.iter().map(|cell| f64::from(cell.power)).sum();
        (sum / cells.len().max(1) as f64).sqrt()
    }

    /// Where a click around a cell begins, and how long it is, margins included.
    fn extent(&self, start: usize, cell_frames: usize, usual: f64) -> (usize, usize) {
        let errors = &self.unpredicted;
        let cell = &errors[start..(start + cell_frames).min(errors.len())];
        let peak = cell
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(b.1))
            .map_or(start, |(n, _)| start + n);
        let height = f64::from(errors[peak]);
        let level = (WITHIN * height).min(OVER_USUAL * usual) as f32;
        let ended = ((ENDED_S * self.rate_hz) as usize).max(4);
        let margin = ((MARGIN_S * self.rate_hz) as usize).max(2);
        let (mut from, mut to) = (peak, peak + 1);
        for n in (0..peak).rev() {
            if from - n > ended {
                break;
            }
            if errors[n] > level {
                from = n;
            }
        }
        for (n, &error) in errors.iter().enumerate().skip(peak + 1) {
            if n - to >= ended {
                break;
            }
            if error > level {
                to = n + 1;
            }
        }
        let from = from.saturating_sub(margin);
        (from, (to + margin).min(errors.len()) - from)
    }
}
