//! Sections: by how much a master's parts stand above a render's in level and side, and which of these moves are worth
//! being told.
//!
//! The parts are those that `--sections` finds in the mix. A part is moved only if its difference holds for all of its
//! time and in all of its bands: a fade changes within the part, and another arrangement or EQ from band to band.

use acetate_dsp::Analysis;
use acetate_dsp::measure::bands::{BANDS, FIRST_BAND};
use acetate_dsp::measure::sections::{Part, Parts};
use acetate_dsp::process::sections::CHANGE_S;
use acetate_dsp::settings::{Compressor, MAX_SECTION_LEVEL_DB, MAX_SECTION_SIDE_DB, Section};

use super::choice::{Choice, bounded, spread_db};
use super::criterion::{BLOCK_S, Left};
use super::frames::{FramePair, frame_pairs};
use super::pair::Pair;
use super::ratio::ratio_within;

/// A smaller move is none, dB.
pub(super) const LEAST_DB: f64 = 0.2;
/// Halves of a part that differ by more are a fade or an edit, dB.
const STEADY_DB: f64 = 1.0;
/// Blocks of a part that stray more from its mean do not play the same, dB.
const SAME_DB: f64 = 3.0;
/// Fewer blocks of a part tell nothing.
const LEAST_BLOCKS: usize = 15;
/// Bands this far below the loudness tell nothing, dB.
const HEARD_DB: f64 = 60.0;

/// One value for each block of time, dB.
type Series = Vec<(usize, f64)>;

/// Differences of a band of mid, and of its side against mid, dB; `None` where they are not heard.
type MidAndSide = (Option<f64>, Option<f64>);

/// The song's parts in a mix and its master.
pub(super) struct SongParts<'a> {
    pair: &'a Pair,
    parts: Vec<Part>,
    frames: Vec<FramePair>,
}

/// Moves of parts, and what would be left with them.
#[derive(Clone, Debug)]
pub(super) struct Moves {
    pub(super) sections: Vec<Section>,
    /// Of the level, and of side against mid.
    pub(super) left: [Left; 2],
    /// Values that were chosen, of level and of side.
    pub(super) chosen: [usize; 2],
    /// What level and side of each part go beyond their bounds, dB.
    pub(super) beyond_db: Vec<[f64; 2]>,
}

impl Moves {
    /// Values that were chosen.
    pub(super) fn parameters(&self) -> f64 {
        self.chosen.iter().sum::<usize>() as f64
    }
}

/// How far a part of the master is off ours, where no section explains it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stray {
    pub(super) start_s: f64,
    pub(super) end_s: f64,
    pub(super) letter: char,
    /// Second half less first half, dB; 0 of a part that holds its level.
    pub(super) drift_db: f64,
    /// What constant moves of level and side go beyond their bounds, dB.
    pub(super) beyond_db: [f64; 2],
}

/// A kind of move: of level or of side.
struct Kind {
    series: Series,
    /// Differences of each part in each band, dB.
    bands: Vec<Vec<f64>>,
    most_db: f64,
    /// What the render's sections do already, dB.
    done_db: Vec<f64>,
}

impl<'a> SongParts<'a> {
    /// The parts; `None` where the song has only one.
    pub(super) fn new(pair: &'a Pair) -> Option<Self> {
        let parts = Parts::of(pair.before.program())?.parts;
        (parts.len() > 1).then(|| Self {
            pair,
            parts,
            frames: frame_pairs(pair),
        })
    }

    /// What a parameter has to explain for each block-independent price: choosing one part of many costs more.
    pub(super) fn price(&self, left: Left) -> f64 {
        left.price() + 2.0 * (self.parts.len() as f64).ln()
    }

    /// What is left of level and side against a render.
    pub(super) fn left(&self, found: &Analysis) -> [Left; 2] {
        let steady = self.steady(&self.pair.riding(found));
        self.by_block(&self.rows(found)).map(|series| {
            let mut values: Vec<f64> = series
                .iter()
                .filter(|(block, _)| self.at(*block, 0.0).is_some_and(|part| steady[part]))
                .map(|(_, db)| *db)
                .collect();
            let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
            values.iter_mut().for_each(|db| *db -= mean);
            Left::of(&values)
        })
    }

    /// The moves that explain best what the master has otherwise than a render with `done`.
    pub(super) fn moves(&self, done: &[Section], found: &Analysis) -> Moves {
        let done_db = |of: fn(&Section) -> f64| -> Vec<f64> {
            let moved = done.iter().map(of);
            moved
                .chain(std::iter::repeat(0.0))
                .take(self.parts.len())
                .collect()
        };
        let steady = self.steady(&self.pair.riding(found));
        let rows = self.rows(found);
        let [level, side] = self.by_block(&rows);
        let [mid_bands, side_bands] = self.bands(&rows);
        let kinds = [
            Kind {
                series: level,
                bands: mid_bands,
                most_db: MAX_SECTION_LEVEL_DB,
                done_db: done_db(|section| section.level_db),
            },
            Kind {
                series: side,
                bands: side_bands,
                most_db: MAX_SECTION_SIDE_DB,
                done_db: done_db(|section| section.side_db),
            },
        ];
        let [level, side] = kinds.map(|kind| {
            let choice = self.chosen(&kind, &steady);
            let (moves_db, beyond_db) = bounded(choice.steps(), kind.most_db);
            (choice, moves_db, beyond_db)
        });
        let chosen =
            [&level, &side].map(|(choice, ..)| choice.moved.iter().filter(|moved| **moved).count());
        let moves = level.1.iter().zip(&side.1);
        let parts = self.parts.iter().zip(moves);
        let sections = parts.map(|(part, (level_db, side_db))| Section {
            start_s: part.start_s,
            end_s: part.end_s,
            letter: part.letter,
            level_db: *level_db,
            side_db: *side_db,
        });
        Moves {
            sections: sections.collect(),
            left: [level.0.left(), side.0.left()],
            chosen,
            beyond_db: level
                .2
                .iter()
                .zip(&side.2)
                .map(|(level, side)| [*level, *side])
                .collect(),
        }
    }

    /// The ratio with which levels within the steady parts would be closest to the master's.
    pub(super) fn ratio(&self, compressor: &Compressor, found: &Analysis) -> f64 {
        let level = self.pair.riding(found);
        let steady = self.steady(&level);
        let parts = (0..self.parts.len()).filter(|&part| steady[part]);
        let blocks = parts.map(|part| {
            let own = level.iter().copied();
            own.filter(|(block, _)| self.at(*block, 0.5 * CHANGE_S) == Some(part))
                .collect()
        });
        let blocks: Vec<Vec<(usize, f64)>> = blocks.collect();
        ratio_within(self.pair, compressor, &blocks)
    }

    /// Parts of the master that drift away from a render with the sections `done`, or lie further off than a section
    /// may move them.
    pub(super) fn strays(&self, done: &[Section], found: &Analysis) -> Vec<Stray> {
        let level = self.pair.riding(found);
        let beyond_db = self.moves(done, found).beyond_db;
        let parts = self.parts.iter().zip(beyond_db).enumerate();
        let strays = parts.map(|(index, (part, beyond_db))| {
            let drift = self.drift(&level, index);
            let drift_db = drift.map_or(0.0, |(drift_db, _)| drift_db);
            Stray {
                start_s: part.start_s,
                end_s: part.end_s,
                letter: part.letter,
                drift_db: if drift_db.abs() > STEADY_DB {
                    drift_db
                } else {
                    0.0
                },
                beyond_db,
            }
        });
        let is_told = |stray: &Stray| {
            let is_beyond = stray.beyond_db.iter().any(|db| db.abs() > LEAST_DB);
            stray.drift_db != 0.0 || is_beyond
        };
        strays.filter(is_told).collect()
    }

    /// The part of a block that lies at least `margin_s` from a boundary between two.
    fn at(&self, block: usize, margin_s: f64) -> Option<usize> {
        let at_s = BLOCK_S * (block as f64 + 0.5);
        let last = self.parts.len() - 1;
        let index = self.parts.iter().position(|part| at_s < part.end_s);
        let index = index.unwrap_or(last);
        let part = &self.parts[index];
        let starts = index == 0 || at_s - part.start_s >= margin_s;
        let ends = index == last || part.end_s - at_s >= margin_s;
        (starts && ends).then_some(index)
    }

    fn values(&self, series: &Series, part: usize) -> Vec<f64> {
        let own = series
            .iter()
            .filter(|(block, _)| self.at(*block, 0.5 * CHANGE_S) == Some(part));
        own.map(|(_, db)| *db).collect()
    }

    /// By how much a part's second half lies above its first, and how far its blocks stray from their mean, dB.
    fn drift(&self, series: &Series, part: usize) -> Option<(f64, f64)> {
        let values = self.values(series, part);
        if values.len() < LEAST_BLOCKS {
            return None;
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let (first, second) = values.split_at(values.len() / 2);
        let middle = mean(&values);
        let squares = values.iter().map(|db| (db - middle) * (db - middle));
        let stray_db = (squares.sum::<f64>() / values.len() as f64).sqrt();
        Some((mean(second) - mean(first), stray_db))
    }

    /// Which parts hold their level against a render.
    fn steady(&self, series: &Series) -> Vec<bool> {
        let parts = 0..self.parts.len();
        let steady = parts.map(|part| {
            let drift = self.drift(series, part);
            drift.is_some_and(|(drift_db, stray_db)| {
                drift_db.abs() <= STEADY_DB && stray_db <= SAME_DB
            })
        });
        steady.collect()
    }

    /// Which parts are worth a move of one kind.
    fn chosen(&self, kind: &Kind, steady: &[bool]) -> Choice {
        let own: Vec<Vec<f64>> = (0..self.parts.len())
            .map(|part| {
                let values = self.values(&kind.series, part);
                values
                    .into_iter()
                    .map(|db| db + kind.done_db[part])
                    .collect()
            })
            .collect();
        let mut choice = Choice::new(own.iter().zip(steady).map(|(own, steady)| {
            // A part that does not hold its level tells nothing of the others either.
            if *steady { own.as_slice() } else { &[] }
        }));
        loop {
            let now = choice.left();
            let best = (0..self.parts.len())
                .filter(|&part| steady[part] && !choice.moved[part])
                .map(|part| (part, choice.with(part)))
                .filter(|(part, with)| {
                    let step_db = with.step_db(*part);
                    step_db.abs() >= LEAST_DB && step_db.abs() > spread_db(&kind.bands[*part])
                })
                .min_by(|a, b| a.1.left().mean_square.total_cmp(&b.1.left().mean_square));
            match best {
                Some((_, with)) if now.gain(with.left()) > self.price(now) => choice = with,
                _ => return choice,
            }
        }
    }

    /// How much louder the master is than a render, and how much more side against mid it has, in each block: means over
    /// the bands, so that no band that is off counts for the whole, dB.
    fn by_block(&self, rows: &[[MidAndSide; BANDS]]) -> [Series; 2] {
        let of: [fn(&MidAndSide) -> Option<f64>; 2] = [|pair| pair.0, |pair| pair.1];
        of.map(|of| {
            let mut series: Vec<(usize, f64, f64)> = Vec::new();
            for (frame, row) in self.frames.iter().zip(rows) {
                let heard = row.iter().filter_map(of);
                let (sum, count) = heard.fold((0.0, 0.0), |(s, n), db| (s + db, n + 1.0));
                if count == 0.0 {
                    continue;
                }
                match series.last_mut() {
                    Some(last) if last.0 == frame.block => {
                        last.1 += sum / count;
                        last.2 += 1.0;
                    }
                    _ => series.push((frame.block, sum / count, 1.0)),
                }
            }
            let blocks = series.into_iter();
            blocks
                .map(|(block, sum, count)| (block, sum / count))
                .collect()
        })
    }

    /// Mean differences of mid, and of side against mid, of each part in each band, dB.
    fn bands(&self, rows: &[[MidAndSide; BANDS]]) -> [Vec<Vec<f64>>; 2] {
        let parts = self.parts.len();
        let mut sums = [
            vec![[(0.0, 0.0); BANDS]; parts],
            vec![[(0.0, 0.0); BANDS]; parts],
        ];
        for (frame, row) in self.frames.iter().zip(rows) {
            let Some(part) = self.at(frame.block, 0.5 * CHANGE_S) else {
                continue;
            };
            for (band, (mid, side)) in row.iter().enumerate() {
                for (sums, value) in sums.iter_mut().zip([mid, side]) {
                    if let Some(db) = value {
                        sums[part][band].0 += db;
                        sums[part][band].1 += 1.0;
                    }
                }
            }
        }
        sums.map(|parts| {
            let means = parts.into_iter().map(|bands| {
                let heard = bands.into_iter().filter(|(_, count)| *count >= 8.0);
                heard.map(|(sum, count)| sum / count).collect()
            });
            means.collect()
        })
    }

    /// Differences of mid, and of side against mid, for each frame and band, each band less its mean, dB.
    fn rows(&self, found: &Analysis) -> Vec<[MidAndSide; BANDS]> {
        let (is, wanted) = (
            &found.sequences.band_frames,
            &self.pair.after.sequences.band_frames,
        );
        let floors = [found, &self.pair.after].map(|analysis| analysis.integrated_lufs - HEARD_DB);
        let mut rows: Vec<[MidAndSide; BANDS]> = Vec::new();
        for pair in &self.frames {
            let (Some(is), Some(wanted)) = (is.get(pair.mix), wanted.get(pair.master)) else {
                rows.push([(None, None); BANDS]);
                continue;
            };
            rows.push(std::array::from_fn(|band| {
                let band = FIRST_BAND + band;
                let off = |is: f32, wanted: f32| {
                    let (is, wanted) = (f64::from(is), f64::from(wanted));
                    (is > floors[0] && wanted > floors[1]).then_some(wanted - is)
                };
                let mid = off(is.mid_db[band], wanted.mid_db[band]);
                let side = off(is.side_db[band], wanted.side_db[band]);
                (mid, mid.zip(side).map(|(mid, side)| side - mid))
            }));
        }
        for band in 0..BANDS {
            let mean = |of: fn(&MidAndSide) -> Option<f64>| {
                let values = rows.iter().filter_map(|row| of(&row[band]));
                let (sum, count) = values.fold((0.0, 0.0), |(s, n), db| (s + db, n + 1.0));
                sum / f64::max(count, 1.0)
            };
            let (mid_db, side_db) = (mean(|pair| pair.0), mean(|pair| pair.1));
            for row in &mut rows {
                row[band].0 = row[band].0.map(|db| db - mid_db);
                row[band].1 = row[band].1.map(|db| db - side_db);
            }
        }
        rows
    }
}
