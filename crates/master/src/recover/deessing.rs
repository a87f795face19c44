//! De-essing: how a master's treble stands against a render's, frame by frame, and the de-esser that explains it best.
//!
//! A frame's third octaves from 3.2 to 12.7 kHz of mid are held against what the same frame has from 315 Hz to 1.6 kHz,
//! so that nothing counts that moves the whole, and each less its own mean, so that no EQ that stands still does. What is
//! left is laid beside what a de-esser of each frequency, threshold and largest reduction is expected to do.

use acetate_dsp::Analysis;
use acetate_dsp::analysis::BandFrame;
use acetate_dsp::measure::bands::{THIRD_OCTAVES, center_hz};
use acetate_dsp::process::deesser::{ExpectedReduction, is_neutral};
use acetate_dsp::process::eq::eq_curve_db;
use acetate_dsp::settings::{Deesser, Settings};
use acetate_dsp::units::db_from_power;
use acetate_model::dynamics;

use super::criterion::{Left, centered};
use super::frames::{FramePair, frame_pairs, level_db, times};
use super::pair::Pair;

/// Third octaves that a de-esser moves: 3.2 to 12.7 kHz.
const BANDS: std::ops::Range<usize> = 22..29;
const COUNT: usize = BANDS.end - BANDS.start;
/// Third octaves that they are held against: 315 Hz to 1.6 kHz.
const REST: std::ops::Range<usize> = 12..20;
/// Bands this far below the whole frame tell nothing, dB.
const HEARD_DB: f64 = 55.0;
/// What is further off is no treatment of this band, dB.
const MOST_OFF_DB: f64 = 10.0;
/// What a de-esser adds to be fitted: frequency, threshold and largest reduction.
pub(super) const DEESSER_PARAMETERS: f64 = 3.0;
/// A frame is longer than a sibilant: its level is so much lower than the detector's, dB …
const LOWER_DB: f64 = 2.3;
/// … and it shows this share of the reduction (`campaigns/learn.py`).
const SHOWN: f64 = 0.7;
/// Fewer frames tell nothing.
const LEAST_FRAMES: usize = 100;
/// A smaller reduction is none, dB.
const LEAST_DB: f64 = 0.5;

/// Frequencies that are tried first, a sixth of an octave apart, Hz.
const FREQUENCIES_HZ: [f64; 9] = [
    4_000.0, 4_490.0, 5_040.0, 5_660.0, 6_350.0, 7_130.0, 8_000.0, 8_980.0, 10_000.0,
];
/// Thresholds that are tried first, LU.
const THRESHOLDS_LU: std::ops::RangeInclusive<i32> = -40..=10;
/// Largest reductions that are tried first, in halves of a dB.
const REDUCTIONS: std::ops::RangeInclusive<i32> = 1..=12;
/// Steps around the best so far: share of the frequency, LU and dB.
const FINER: [[f64; 3]; 3] = [[0.06, 0.5, 0.25], [0.03, 0.25, 0.1], [0.015, 0.1, 0.05]];
/// What frames show is tabled for each twentieth of a dB of reduction.
const TABLE_STEPS_PER_DB: f64 = 20.0;
const TABLE: usize = 121;

/// Treble of a frame against the master's: each band's difference, dB; `None` where one of both has none.
type Off = [Option<f64>; COUNT];

/// The frames of a pair, looked at for de-essing.
pub(super) struct Treble<'a> {
    pair: &'a Pair,
    frames: Vec<FramePair>,
}

/// A de-esser, and what would be left with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) deesser: Deesser,
    pub(super) left: Left,
}

impl<'a> Treble<'a> {
    pub(super) fn new(pair: &'a Pair) -> Self {
        Self {
            pair,
            frames: frame_pairs(pair),
        }
    }

    /// What the master's treble has otherwise than a render's.
    pub(super) fn left(&self, found: &Analysis) -> Left {
        let off = self.off(found);
        self.left_of(off.iter())
    }

    /// The de-esser that explains best what the master has otherwise than a render with `settings`; `None` where there
    /// is too little to tell.
    pub(super) fn search(&self, settings: &Settings, found: &Analysis) -> Option<Candidate> {
        self.best(settings, found, Tried::new)
    }

    /// The same of a band that is turned down whenever it is loud, S or not.
    pub(super) fn search_anywhere(
        &self,
        settings: &Settings,
        found: &Analysis,
    ) -> Option<Candidate> {
        self.best(settings, found, Tried::anywhere)
    }

    fn best(&self, settings: &Settings, found: &Analysis, look: Look) -> Option<Candidate> {
        if self.frames.len() < LEAST_FRAMES {
            return None;
        }
        let heard = self.before_deesser(settings);
        let mut wanted = self.off(found);
        // What the render's own de-esser did is to be explained as well.
        if !is_neutral(&settings.deesser) {
            let tried = Tried::new(&heard, settings.deesser.frequency_hz);
            let lufs = self.pair.before.integrated_lufs;
            for (row, reduced_db) in tried.reduced(&settings.deesser, lufs) {
                for (off, change) in wanted[row].iter_mut().zip(tried.change_db(reduced_db)) {
                    *off = off.map(|off| off + change);
                }
            }
        }
        let search = Search::new(&wanted, &heard, self.pair.before.integrated_lufs);
        let (deesser, sum) = search.best(look)?;
        let without = self.left_of(wanted.iter());
        let left = Left {
            mean_square: sum / search.count(),
            ..without
        };
        Some(Candidate { deesser, left })
    }

    /// The mix's frames as they come into the de-esser: behind EQ and compressor.
    fn before_deesser(&self, settings: &Settings) -> Vec<BandFrame> {
        let before = &self.pair.before;
        let powers = &before.sequences.k_power_10ms;
        let compressed = (settings.compressor.ratio > 1.0).then(|| {
            dynamics::compress_k_power(powers, before.integrated_lufs, &settings.compressor)
        });
        let (middle_s, spacing_s) = times(before);
        let curve: [_; THIRD_OCTAVES] =
            std::array::from_fn(|band| eq_curve_db(&settings.eq, center_hz(band)));
        let frames = self.frames.iter().map(|pair| {
            let step = ((middle_s + spacing_s * pair.mix as f64) * 100.0) as usize;
            let gain_db = compressed.as_ref().map_or(0.0, |compressed| {
                let powers = compressed.get(step).zip(powers.get(step));
                powers.map_or(0.0, |(after, before)| {
                    db_from_power((f64::from(*after) + 1e-20) / (f64::from(*before) + 1e-20))
                })
            });
            let mut frame = before.sequences.band_frames[pair.mix];
            for (band, gains) in curve.iter().enumerate() {
                frame.mid_db[band] += (gains.mid_db + gain_db) as f32;
                frame.side_db[band] += (gains.side_db + gain_db) as f32;
            }
            frame
        });
        frames.collect()
    }

    /// How far each frame's bands of the master are off a render's, the rest of the frame taken off, and each band's
    /// median.
    fn off(&self, found: &Analysis) -> Vec<Off> {
        let (is, wanted) = (
            &found.sequences.band_frames,
            &self.pair.after.sequences.band_frames,
        );
        let mut rows: Vec<Off> = self
            .frames
            .iter()
            .map(|pair| match (is.get(pair.mix), wanted.get(pair.master)) {
                (Some(is), Some(wanted)) => frame_off(is, wanted),
                _ => [None; COUNT],
            })
            .collect();
        for band in 0..COUNT {
            let mut values: Vec<f64> = rows.iter().filter_map(|row| row[band]).collect();
            centered(&mut values, MOST_OFF_DB);
            let mut values = values.into_iter();
            for row in &mut rows {
                if row[band].is_some() {
                    row[band] = values.next();
                }
            }
        }
        rows
    }

    fn left_of<'b>(&self, off: impl Iterator<Item = &'b Off> + Clone) -> Left {
        let mut blocks: Vec<usize> = self.frames.iter().map(|pair| pair.block).collect();
        blocks.dedup();
        let sums = Sums::of(off);
        Left {
            mean_square: sums.rest() / sums.count().max(1.0),
            blocks: blocks.len(),
        }
    }
}

fn frame_off(is: &BandFrame, wanted: &BandFrame) -> Off {
    let rest_db = level_db(wanted, REST) - level_db(is, REST);
    let floors = [is, wanted].map(|frame| level_db(frame, 0..THIRD_OCTAVES) - HEARD_DB);
    std::array::from_fn(|band| {
        let levels = [is, wanted].map(|frame| f64::from(frame.mid_db[BANDS.start + band]));
        let is_heard = levels[0] > floors[0] && levels[1] > floors[1];
        is_heard.then(|| levels[1] - levels[0] - rest_db)
    })
}

/// Sums over the frames, by band.
#[derive(Clone, Copy, Default)]
struct Sums {
    count: [f64; COUNT],
    values: [f64; COUNT],
    squares: [f64; COUNT],
}

impl Sums {
    fn of<'a>(rows: impl Iterator<Item = &'a Off>) -> Self {
        let mut sums = Self::default();
        for row in rows {
            for (band, value) in row.iter().enumerate() {
                if let Some(value) = value {
                    sums.count[band] += 1.0;
                    sums.values[band] += value;
                    sums.squares[band] += value * value;
                }
            }
        }
        sums
    }

    /// The squares less those of the means.
    fn rest(&self) -> f64 {
        let bands = self.count.iter().zip(&self.values).zip(&self.squares);
        bands
            .map(|((&count, &sum), square)| square - sum * sum / f64::max(count, 1.0))
            .sum()
    }

    fn count(&self) -> f64 {
        self.count.iter().sum()
    }
}

/// What is tried at a frequency.
type Look = fn(&[BandFrame], f64) -> Tried;

/// De-essers of one frequency on some frames.
struct Tried {
    expected: ExpectedReduction,
    /// Change of each band in a frame by reduction, dB.
    table: Vec<[f64; COUNT]>,
}

impl Tried {
    fn new(heard: &[BandFrame], frequency_hz: f64) -> Self {
        let expected = ExpectedReduction::new(frequency_hz, heard, &[0.0; THIRD_OCTAVES]);
        Self::of(expected)
    }

    /// As if everything were a sibilant.
    fn anywhere(heard: &[BandFrame], frequency_hz: f64) -> Self {
        let expected = ExpectedReduction::new(frequency_hz, heard, &[0.0; THIRD_OCTAVES]);
        Self::of(expected.anywhere())
    }

    fn of(expected: ExpectedReduction) -> Self {
        let table = (0..TABLE).map(|step| {
            let reduced_db = SHOWN * step as f64 / TABLE_STEPS_PER_DB;
            let change = |band| db_from_power(expected.band_power(reduced_db, BANDS.start + band));
            std::array::from_fn(change)
        });
        Self {
            table: table.collect(),
            expected,
        }
    }

    /// The frames that are reduced, and by how much, dB.
    fn reduced(&self, deesser: &Deesser, program_lufs: f64) -> Vec<(usize, f64)> {
        let threshold_db = deesser.threshold_lu + program_lufs - LOWER_DB;
        let reduced = self
            .expected
            .reduced_db(threshold_db, deesser.max_reduction_db);
        let rows = reduced.enumerate();
        rows.filter(|(_, reduced_db)| *reduced_db > 0.0).collect()
    }

    fn change_db(&self, reduced_db: f64) -> [f64; COUNT] {
        let step = (reduced_db * TABLE_STEPS_PER_DB).round() as usize;
        self.table[step.min(TABLE - 1)]
    }
}

/// The search for the de-esser that leaves the least.
struct Search<'a> {
    wanted: &'a [Off],
    heard: &'a [BandFrame],
    program_lufs: f64,
    sums: Sums,
}

impl<'a> Search<'a> {
    fn new(wanted: &'a [Off], heard: &'a [BandFrame], program_lufs: f64) -> Self {
        Self {
            wanted,
            heard,
            program_lufs,
            sums: Sums::of(wanted.iter()),
        }
    }

    fn count(&self) -> f64 {
        self.sums.count().max(1.0)
    }

    /// The best de-esser and the squares that it leaves; `None` where none leaves less than there is.
    fn best(&self, look: Look) -> Option<(Deesser, f64)> {
        let mut best: Option<(Deesser, f64)> = None;
        for frequency_hz in FREQUENCIES_HZ {
            let tried = look(self.heard, frequency_hz);
            for threshold_lu in THRESHOLDS_LU {
                let mut deesser = Deesser {
                    frequency_hz,
                    threshold_lu: f64::from(threshold_lu),
                    max_reduction_db: f64::INFINITY,
                };
                let rows = tried.reduced(&deesser, self.program_lufs);
                for half in REDUCTIONS {
                    deesser.max_reduction_db = 0.5 * f64::from(half);
                    self.take(&mut best, &tried, deesser, &rows);
                }
            }
        }
        for steps in FINER {
            self.refine(look, &mut best, steps);
        }
        best.filter(|(deesser, sum)| {
            *sum < self.sums.rest() && deesser.max_reduction_db >= LEAST_DB
        })
    }

    /// Tries what lies around the best so far.
    fn refine(&self, look: Look, best: &mut Option<(Deesser, f64)>, [share, lu, db]: [f64; 3]) {
        let Some((start, _)) = *best else { return };
        for shift in [-2.0, -1.0, 0.0, 1.0, 2.0] {
            let frequency_hz = start.frequency_hz * (1.0 + shift * share);
            let frequency_hz = frequency_hz.clamp(4_000.0, 10_000.0).round();
            let tried = look(self.heard, frequency_hz);
            for more_lu in [-2.0, -1.0, 0.0, 1.0, 2.0] {
                let mut deesser = Deesser {
                    frequency_hz,
                    threshold_lu: (start.threshold_lu + lu * more_lu).clamp(-40.0, 10.0),
                    max_reduction_db: f64::INFINITY,
                };
                let rows = tried.reduced(&deesser, self.program_lufs);
                for more_db in [-2.0, -1.0, 0.0, 1.0, 2.0] {
                    let most_db = start.max_reduction_db + db * more_db;
                    deesser.max_reduction_db = most_db.clamp(LEAST_DB, 6.0);
                    self.take(best, &tried, deesser, &rows);
                }
            }
        }
    }

    /// Keeps a de-esser that leaves less. `rows` are the frames that it reduces, without an upper bound.
    fn take(
        &self,
        best: &mut Option<(Deesser, f64)>,
        tried: &Tried,
        deesser: Deesser,
        rows: &[(usize, f64)],
    ) {
        let mut sums = self.sums;
        for &(row, reduced_db) in rows {
            let change = tried.change_db(reduced_db.min(deesser.max_reduction_db));
            for (band, (wanted, change)) in self.wanted[row].iter().zip(change).enumerate() {
                if let Some(wanted) = wanted {
                    sums.values[band] -= change;
                    sums.squares[band] += change * (change - 2.0 * wanted);
                }
            }
        }
        let left = sums.rest();
        if best.is_none_or(|(_, least)| left < least) {
            *best = Some((deesser, left));
        }
    }
}
