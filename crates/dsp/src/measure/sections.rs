//! [`Parts`]: the parts of a song, named so that parts that sound alike share a letter.
//!
//! The band frames are gathered into cells of a second. Each has a spectrum, without its level, and a level. The song is
//! cut where cells differ the most: of all ways to cut it into parts of at least 8 s, the one whose cells are closest to
//! the mean of their part (least squares by dynamic programming, after Bellman 1961), with a price on each part. Parts
//! are alike where their spectra are (average linkage). Levels take no part in that, so that a chorus that was mixed
//! softer is still the same chorus.

use super::bands::{BANDS, FIRST_BAND};
use super::spectrum::fft_frames;
use crate::Analysis;
use crate::analysis::BandFrame;
use crate::numeric::{median, quantile};
use crate::units::{db_from_power, power_from_db};

/// Length of a cell, s; longer in long programs.
const CELL_S: f64 = 1.0;
/// Most cells.
const MAX_CELLS: f64 = 400.0;
/// Shortest part, s.
const MIN_PART_S: f64 = 8.0;
/// Most parts.
const MAX_PARTS: usize = 12;
/// Price of a part: its share of the whole spread of the cells.
const PART_PRICE: f64 = 0.015;
/// Parts whose spectra are this far apart (RMS over the bands) are not alike, dB.
const ALIKE_DB: f64 = 3.5;
/// Weight of the level against the RMS of the spectrum.
const LEVEL_WEIGHT: f64 = 0.5;
/// What is further than this from the song's median counts as this far, dB: one silence is not the whole spread.
const MAX_DB: f64 = 10.0;
/// Share of the cells that are louder than the loud ones.
const LOUD: f64 = 0.9;
/// Cells this far below the loud ones are pauses, dB.
const PAUSE_DB: f64 = 25.0;
/// Bands this far below the loud cells count as this low, dB.
const FLOOR_DB: f64 = 60.0;
/// Bands whose median is this far below the loud cells do not tell how parts differ, dB: mid and side.
const INAUDIBLE_DB: [f64; 2] = [50.0, 60.0];
/// A part with fewer cells that are no pause has no sound of its own.
const LEAST_CELLS: usize = 4;
/// Halves of a part that differ by more in level are a fade, dB.
const FADE_DB: f64 = 3.0;

/// A part of a song.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Start, s.
    pub start_s: f64,
    /// End, s.
    pub end_s: f64,
    /// From `A` on, in order of their first appearance.
    pub letter: char,
    /// Its sound; `None` where it is too short or silent for one, or where it is a fade.
    pub sound: Option<PartSound>,
}

/// Mean levels of a part, dBFS in each judged band.
#[derive(Clone, Debug, PartialEq)]
pub struct PartSound {
    /// Of the mid signal.
    pub mid_db: [f64; BANDS],
    /// Of the side signal.
    pub side_db: [f64; BANDS],
}

/// The parts of a song.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// In order of time, without gaps; one alone where the song is too short to be cut.
    pub parts: Vec<Part>,
    /// Bands in which mid is loud enough to be compared.
    pub mid_audible: [bool; BANDS],
    /// Bands in which side is loud enough to be compared.
    pub side_audible: [bool; BANDS],
}

/// Levels of a second or so, dBFS.
struct Cell {
    mid_db: [f64; BANDS],
    side_db: [f64; BANDS],
    level_db: f64,
}

impl Parts {
    /// Finds the parts of a program; none in one without sound.
    pub fn of(analysis: &Analysis) -> Option<Self> {
        let cell_s = CELL_S.max(analysis.duration_s / MAX_CELLS);
        let cells = cells(analysis, cell_s);
        let levels: Vec<f64> = cells.iter().map(|cell| cell.level_db).collect();
        let loud_db = quantile(&levels, LOUD)?;
        if !analysis.integrated_lufs.is_finite() {
            return None;
        }
        let points = points(&cells, loud_db)?;
        let least = libm::ceil(MIN_PART_S / cell_s).max(1.0) as usize;
        let bounds = cut(&points, least);
        let letters = letters(&points, &bounds);
        let is_sound = |cell: &&Cell| cell.level_db > loud_db - PAUSE_DB;
        let count = letters.len();
        let parts = bounds.windows(2).zip(letters).enumerate();
        let parts = parts.map(|(index, (bound, letter))| {
            let own: Vec<&Cell> = cells[bound[0]..bound[1]].iter().filter(is_sound).collect();
            Part {
                start_s: bound[0] as f64 * cell_s,
                end_s: if index + 1 == count {
                    analysis.duration_s
                } else {
                    bound[1] as f64 * cell_s
                },
                letter,
                sound: sound(&own),
            }
        });
        let parts = parts.collect();
        let sounding: Vec<&Cell> = cells.iter().filter(is_sound).collect();
        let audible = |of: fn(&Cell) -> &[f64; BANDS], below_db: f64| {
            std::array::from_fn(|band| {
                let mut levels: Vec<f64> = sounding.iter().map(|cell| of(cell)[band]).collect();
                median(&mut levels).is_some_and(|level_db| level_db > loud_db - below_db)
            })
        };
        Some(Self {
            parts,
            mid_audible: audible(|cell| &cell.mid_db, INAUDIBLE_DB[0]),
            side_audible: audible(|cell| &cell.side_db, INAUDIBLE_DB[1]),
        })
    }
}

/// The band frames by cell: mean powers.
fn cells(analysis: &Analysis, cell_s: f64) -> Vec<Cell> {
    let rate_hz = f64::from(analysis.sample_rate_hz);
    let middle = fft_frames(analysis.sample_rate_hz) as f64 / 2.0;
    let spacing = analysis.sequences.band_spacing_frames as f64;
    let cell_of = |frame: usize| ((frame as f64 * spacing + middle) / rate_hz / cell_s) as usize;
    let mut cells = Vec::new();
    let mut own: Vec<&BandFrame> = Vec::new();
    let mut current = 0;
    for (index, frame) in analysis.sequences.band_frames.iter().enumerate() {
        // A cell without a frame, as at the start, goes on with the next ones.
        if cell_of(index) > current && !own.is_empty() {
            while current < cell_of(index) {
                cells.push(cell(&own));
                current += 1;
            }
            own.clear();
        }
        own.push(frame);
    }
    if !own.is_empty() {
        cells.push(cell(&own));
    }
    cells
}

fn cell(frames: &[&BandFrame]) -> Cell {
    let mean = |of: fn(&BandFrame) -> &[f32], band: usize| {
        let powers = frames
            .iter()
            .map(|frame| power_from_db(f64::from(of(frame)[FIRST_BAND + band])));
        powers.sum::<f64>() / frames.len() as f64
    };
    let mid: [f64; BANDS] = std::array::from_fn(|band| mean(|frame| &frame.mid_db, band));
    let side: [f64; BANDS] = std::array::from_fn(|band| mean(|frame| &frame.side_db, band));
    Cell {
        level_db: db_from_power(mid.iter().chain(&side).sum()),
        mid_db: mid.map(db_from_power),
        side_db: side.map(db_from_power),
    }
}

/// What cells are compared by: the spectrum of mid and side together without its level, and the level.
fn points(cells: &[Cell], loud_db: f64) -> Option<Vec<[f64; BANDS + 1]>> {
    let limited = |value: f64, middle: f64| (value - middle).clamp(-MAX_DB, MAX_DB);
    let mut points: Vec<[f64; BANDS + 1]> = cells.iter().map(|cell| point(cell, loud_db)).collect();
    let mut middle = [0.0; BANDS + 1];
    for (axis, middle) in middle.iter_mut().enumerate() {
        let sounding = points.iter().zip(cells);
        let mut values: Vec<f64> = sounding
            .filter(|(_, cell)| cell.level_db > loud_db - PAUSE_DB)
            .map(|(point, _)| point[axis])
            .collect();
        *middle = median(&mut values)?;
    }
    for point in &mut points {
        for (value, middle) in point.iter_mut().zip(middle) {
            *value = limited(*value, middle);
        }
        let mean = point[..BANDS].iter().sum::<f64>() / BANDS as f64;
        for value in &mut point[..BANDS] {
            *value -= mean;
        }
    }
    Some(points)
}

fn point(cell: &Cell, loud_db: f64) -> [f64; BANDS + 1] {
    let mut point = [0.0; BANDS + 1];
    for (band, value) in point[..BANDS].iter_mut().enumerate() {
        let power = power_from_db(cell.mid_db[band]) + power_from_db(cell.side_db[band]);
        *value = db_from_power(power).max(loud_db - FLOOR_DB);
    }
    let mean = point[..BANDS].iter().sum::<f64>() / BANDS as f64;
    for value in &mut point[..BANDS] {
        *value -= mean;
    }
    point[BANDS] = cell.level_db.max(loud_db - FLOOR_DB);
    point
}

/// Sums up to each cell, from which the spread of any stretch follows.
struct Sums {
    values: Vec<[f64; BANDS + 1]>,
    squares: Vec<f64>,
}

impl Sums {
    fn of(points: &[[f64; BANDS + 1]]) -> Self {
        let mut sums = Self {
            values: vec![[0.0; BANDS + 1]],
            squares: vec![0.0],
        };
        let (mut values, mut square) = ([0.0; BANDS + 1], 0.0);
        for point in points {
            for (axis, (sum, value)) in values.iter_mut().zip(point).enumerate() {
                let weighted = value * weight(axis);
                *sum += weighted;
                square += weighted * weighted;
            }
            sums.values.push(values);
            sums.squares.push(square);
        }
        sums
    }

    /// Squared distances of the cells from their mean.
    fn spread(&self, from: usize, to: usize) -> f64 {
        let pairs = self.values[from].iter().zip(&self.values[to]);
        let mean: f64 = pairs.map(|(from, to)| (to - from) * (to - from)).sum();
        self.squares[to] - self.squares[from] - mean / (to - from) as f64
    }
}

fn weight(axis: usize) -> f64 {
    if axis == BANDS {
        LEVEL_WEIGHT
    } else {
        1.0 / libm::sqrt(BANDS as f64)
    }
}

/// Where parts begin, and the end: the cheapest way to cut the cells into parts of at least `least` cells.
fn cut(points: &[[f64; BANDS + 1]], least: usize) -> Vec<usize> {
    let count = points.len();
    if count < 2 * least {
        return vec![0, count];
    }
    let sums = Sums::of(points);
    // cheapest[k][n]: of the first n cells in k parts, and where the last of them begins.
    let mut cheapest = vec![vec![(f64::INFINITY, 0); count + 1]; MAX_PARTS + 1];
    cheapest[0][0] = (0.0, 0);
    for end in least..=count {
        for start in 0..=end - least {
            let spread = sums.spread(start, end);
            for parts in 1..=MAX_PARTS {
                let cost = cheapest[parts - 1][start].0 + spread;
                if cost < cheapest[parts][end].0 {
                    cheapest[parts][end] = (cost, start);
                }
            }
        }
    }
    let price = PART_PRICE * sums.spread(0, count);
    let total = |parts: usize| cheapest[parts][count].0 + price * parts as f64;
    let best = (1..=MAX_PARTS).min_by(|&a, &b| total(a).total_cmp(&total(b)));
    let mut bounds = vec![count];
    for parts in (1..=best.unwrap_or(1)).rev() {
        let end = bounds.last().copied().unwrap_or(count);
        bounds.push(cheapest[parts][end].1);
    }
    bounds.reverse();
    bounds
}

/// A letter for each part: groups are joined while the mean distance of their members' spectra is small.
fn letters(points: &[[f64; BANDS + 1]], bounds: &[usize]) -> Vec<char> {
    let means: Vec<[f64; BANDS]> = bounds
        .windows(2)
        .map(|bound| {
            let own = &points[bound[0]..bound[1]];
            std::array::from_fn(|band| {
                own.iter().map(|point| point[band]).sum::<f64>() / own.len().max(1) as f64
            })
        })
        .collect();
    let apart_db = |a: usize, b: usize| {
        let pairs = means[a].iter().zip(&means[b]);
        let squares: f64 = pairs.map(|(a, b)| (a - b) * (a - b)).sum();
        libm::sqrt(squares / BANDS as f64)
    };
    let mut groups: Vec<Vec<usize>> = (0..means.len()).map(|part| vec![part]).collect();
    loop {
        let mut closest = (ALIKE_DB, None);
        for later in 1..groups.len() {
            for earlier in 0..later {
                let pairs = groups[earlier]
                    .iter()
                    .flat_map(|&a| groups[later].iter().map(move |&b| apart_db(a, b)));
                let count = groups[earlier].len() * groups[later].len();
                let distance_db = pairs.sum::<f64>() / count as f64;
                if distance_db < closest.0 {
                    closest = (distance_db, Some((earlier, later)));
                }
            }
        }
        let Some((earlier, later)) = closest.1 else {
            break;
        };
        let joined = groups.remove(later);
        groups[earlier].extend(joined);
    }
    let first = |group: &Vec<usize>| group.iter().min().copied();
    groups.sort_by_key(first);
    let mut letters = vec!['A'; means.len()];
    for (group, letter) in groups.iter().zip('A'..='Z') {
        for &part in group {
            letters[part] = letter;
        }
    }
    letters
}

fn sound(cells: &[&Cell]) -> Option<PartSound> {
    if cells.len() < LEAST_CELLS {
        return None;
    }
    let level_db =
        |cells: &[&Cell]| cells.iter().map(|cell| cell.level_db).sum::<f64>() / cells.len() as f64;
    let (first, second) = cells.split_at(cells.len() / 2);
    if (level_db(first) - level_db(second)).abs() > FADE_DB {
        return None;
    }
    let mean = |of: fn(&Cell) -> &[f64; BANDS], band: usize| {
        cells.iter().map(|cell| of(cell)[band]).sum::<f64>() / cells.len() as f64
    };
    Some(PartSound {
        mid_db: std::array::from_fn(|band| mean(|cell| &cell.mid_db, band)),
        side_db: std::array::from_fn(|band| mean(|cell| &cell.side_db, band)),
    })
}
