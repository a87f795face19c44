//! [`find_clicks`]: clicks to the sample, for their repair.
//!
//! What an autoregressive model of order 32 cannot predict of a channel is compared, in cells of 0.75 ms, with what it
//! cannot predict in most of the cells of the 150 ms before and after. A waveform with edges has them all the time; a
//! click stands alone. Where more is unpredicted after it than before, or the sound becomes louder, something
//! has begun, and it is no click.
//!
//! Where many clicks are plain, as on a scratched record, fainter ones are taken for clicks as well: what looks like one is
//! then more likely to be one.

use super::unpredicted::Unpredicted;
use crate::numeric::{median, quantile_of_sorted};
use crate::settings::RepairedChannel;
use crate::stream::BLOCK_FRAMES;
use crate::units::{db_from_gain, gain_from_db};
use crate::{Audio, Source, StreamError};

/// Length of a cell, s.
const CELL_S: f64 = 0.000_75;
/// Cells on either side that are compared …
const AROUND: usize = 200;
/// … and those next to it that tell what comes before and after.
const BESIDE: usize = 8;
/// Cells next to a click that may still belong to it.
const GAP: usize = 2;
/// Plain clicks of a channel a minute, up to which they are few …
const FEW_PER_MINUTE: f64 = 6.0;
/// … and from which on they are many.
const MANY_PER_MINUTE: f64 = 60.0;
/// Share of the cells around that may be as high as they like: other clicks.
const USUAL: f64 = 0.95;
/// So much more unpredicted after than before is an onset, as a ratio …
const ONSET_RATIO: f64 = 2.5;
/// … and so much more power (9 dB).
const ONSET_POWER: f64 = 8.0;
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
/// Shorter programs count as so long, minutes: a click or two are not many.
const MINUTES: f64 = 0.25;
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

/// How far clicks have to stand over what surrounds them, dB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClickLimits {
    /// Where few stand so far over it.
    pub few_db: f64,
    /// Where many do; at most `few_db`.
    pub many_db: f64,
}

impl ClickLimits {
    /// The limit where so many clicks of a channel stand over [`few_db`](Self::few_db) in a minute.
    fn at(&self, per_minute: f64) -> f64 {
        let share = libm::log(per_minute.max(FEW_PER_MINUTE) / FEW_PER_MINUTE)
            / libm::log(MANY_PER_MINUTE / FEW_PER_MINUTE);
        self.few_db + (self.many_db - self.few_db) * share.min(1.0)
    }
}

/// Finds clicks that stand over what surrounds them, in order of time. Reads the source from its start.
///
/// # Errors
/// [`StreamError`] when the source fails or `progress` stops the work.
pub fn find_clicks(
    source: &mut dyn Source,
    limits: ClickLimits,
    progress: &mut dyn FnMut(u64) -> Result<(), StreamError>,
) -> Result<Vec<FoundClick>, StreamError> {
    source.rewind()?;
    let spec = source.spec();
    let rate_hz = f64::from(spec.sample_rate_hz);
    let frames_in = |seconds: f64| (seconds * rate_hz) as usize;
    let (chunk, overlap) = (frames_in(CHUNK_S), frames_in(OVERLAP_S));
    let mut finder = Finder::new(rate_hz, limits.many_db.min(limits.few_db));
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
    let plain = found.iter().filter(|click| click.over_db >= limits.few_db);
    let minutes = (first + overlap as i64).max(1) as f64 / rate_hz / 60.0;
    let least_db = limits.at(plain.count() as f64 / spec.channels as f64 / minutes.max(MINUTES));
    found.retain(|click| click.over_db >= least_db);
    found.sort_by_key(|click| (click.start_frame, click.channel == RepairedChannel::Right));
    Ok(found)
}

struct Finder {
    rate_hz: f64,
    least_db: f64,
    models: Unpredicted,
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
        Self {
            rate_hz,
            least_db,
            models: Unpredicted::new(rate_hz),
            cells: Vec::new(),
            sorted: Vec::new(),
        }
    }

    /// The clicks that begin in a range of the samples: first sample, length, and how far over the usual, dB.
    fn find(&mut self, samples: &[f32], range: std::ops::Range<usize>) -> Vec<(usize, usize, f64)> {
        let cell_frames = ((CELL_S * self.rate_hz) as usize).max(4);
        let errors = self.models.of(samples);
        self.cells.clear();
        let pairs = errors.chunks(cell_frames).zip(samples.chunks(cell_frames));
        self.cells.extend(pairs.map(|(errors, samples)| Cell {
            most: errors.iter().copied().fold(0.0, f32::max),
            mean: errors.iter().sum::<f32>() / errors.len() as f32,
            power: samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32,
        }));
        let (rate_hz, last) = (self.rate_hz, self.cells.len());
        let mut tall = Vec::new();
        for index in range.start / cell_frames..range.end.div_ceil(cell_frames).min(last) {
            if !self.is_highest(index) || !self.stands_alone(index) || self.is_onset(index) {
                continue;
            }
            let most = f64::from(self.cells[index].most);
            let usual = self.usual(index);
            let over_db = db_from_gain(most / usual.max(1e-9));
            if over_db >= self.least_db && most >= FAINT * self.level(index) {
                tall.push((index, usual, over_db));
            }
        }
        let errors = self.models.last();
        let mut found: Vec<(usize, usize, f64)> = Vec::new();
        let mut free = 0;
        for (index, usual, over_db) in tall {
            let (start, length) = extent(errors, index * cell_frames, cell_frames, usual, rate_hz);
            let is_inside = range.contains(&start) && start >= free;
            if is_inside && length as f64 <= LONGEST_S * rate_hz {
                free = start + length;
                found.push((start, length, over_db));
            }
        }
        found
    }

    /// What is unpredicted, and the power, before and after a cell.
    fn beside(&self, index: usize) -> [(f64, f64); 2] {
        let before = index.saturating_sub(GAP + BESIDE)..index.saturating_sub(GAP);
        let after = (index + GAP + 1).min(self.cells.len())
            ..(index + GAP + 1 + BESIDE).min(self.cells.len());
        // The middle one: another click close by is no onset.
        let middle = |range: &std::ops::Range<usize>, value: fn(&Cell) -> f32| {
            let mut values = [0.0_f64; BESIDE];
            let values = &mut values[..range.len()];
            for (slot, cell) in values.iter_mut().zip(&self.cells[range.clone()]) {
                *slot = f64::from(value(cell));
            }
            median(values).unwrap_or(0.0)
        };
        [before, after].map(|range| {
            (
                middle(&range, |cell| cell.mean),
                middle(&range, |cell| cell.power),
            )
        })
    }

    fn is_onset(&self, index: usize) -> bool {
        let [before, after] = self.beside(index);
        after.0 > ONSET_RATIO * before.0 || after.1 > ONSET_POWER * before.1
    }

    /// No cell beside it is higher.
    fn is_highest(&self, index: usize) -> bool {
        let from = index.saturating_sub(GAP);
        let cells = &self.cells[from..(index + GAP + 1).min(self.cells.len())];
        let most = self.cells[index].most;
        most > 0.0 && cells.iter().all(|cell| cell.most <= most)
    }

    /// Cells that a cell is compared with.
    fn around(&self, index: usize) -> impl Iterator<Item = f32> + '_ {
        let from = index.saturating_sub(AROUND);
        let to = (index + AROUND + 1).min(self.cells.len());
        let before = &self.cells[from..index.saturating_sub(GAP).max(from)];
        let after = &self.cells[(index + GAP + 1).min(to)..to];
        before.iter().chain(after).map(|cell| cell.most)
    }

    /// Whether so few cells around come near a cell that [`usual`](Self::usual) can lie far enough below it. Most cells
    /// are told without sorting.
    fn stands_alone(&self, index: usize) -> bool {
        let near = self.cells[index].most * gain_from_db(-self.least_db) as f32;
        let count = self.around(index).count();
        let most = count - (USUAL * count.saturating_sub(1) as f64) as usize;
        self.around(index)
            .filter(|&cell| cell > near)
            .take(most)
            .count()
            < most
    }

    /// What most of the cells around stay below.
    fn usual(&mut self, index: usize) -> f64 {
        let mut sorted = std::mem::take(&mut self.sorted);
        sorted.clear();
        sorted.extend(self.around(index).map(f64::from));
        sorted.sort_unstable_by(f64::total_cmp);
        let usual = quantile_of_sorted(&sorted, USUAL).unwrap_or(0.0);
        self.sorted = sorted;
        usual
    }

    /// Level of the samples around, RMS.
    fn level(&self, index: usize) -> f64 {
        let from = index.saturating_sub(AROUND);
        let cells = &self.cells[from..(index + AROUND).min(self.cells.len())];
        let sum: f64 = cells.iter().map(|cell| f64::from(cell.power)).sum();
        (sum / cells.len().max(1) as f64).sqrt()
    }
}

/// Where a click around a cell begins, and how long it is, margins included.
fn extent(
    errors: &[f32],
    start: usize,
    cell_frames: usize,
    usual: f64,
    rate_hz: f64,
) -> (usize, usize) {
    let cell = &errors[start..(start + cell_frames).min(errors.len())];
    let peak = cell
        .iter()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(b.1))
        .map_or(start, |(n, _)| start + n);
    let height = f64::from(errors[peak]);
    let level = (WITHIN * height).min(OVER_USUAL * usual) as f32;
    let ended = ((ENDED_S * rate_hz) as usize).max(4);
    let margin = ((MARGIN_S * rate_hz) as usize).max(2);
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
