//! Mains hum: lines at 50 or 60 Hz and their multiples that never go away.
//!
//! Every 15 s each multiple's prominence is measured ([`mains`](super::mains)); its median over the windows
//! counts, since notes come and go and hum does not, and more where nearly all windows show it. Of the notes
//! of the tempered scale at 440 Hz only the F at 349.2 Hz lies within half a percent of a multiple of 50 or
//! 60 Hz up to the tenth.

use acetate_dsp::Audio;
use acetate_dsp::units::db_from_power;

use super::mains::{Lines, MULTIPLES, Mains, OFFSETS, offset_share};

/// Sample rate after the decimation, Hz, at least.
const RATE_HZ: f64 = 2_000.0;
/// Prominence is the mean over this many of the most prominent multiples.
const LINES: usize = 7;
/// Most windows kept; beyond, every second one is dropped.
const MAX_WINDOWS: usize = 512;
/// Most that one line may count, dB: one steady note must not make a hum.
const MAX_PROMINENCE_DB: f64 = 15.0;
/// Most that a line may count which is there in all windows but [`EXCEPTIONS`], dB: three of them are a hum.
const MAX_STEADY_DB: f64 = 30.0;
/// Share of the windows that may be without a steady line.
const EXCEPTIONS: f64 = 0.1;
/// Mains frequencies, Hz.
const MAINS_HZ: [f64; 2] = [50.0, 60.0];

/// One multiple of the mains frequency.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HumLineFigures {
    /// Which one.
    pub multiple: u32,
    /// How far it stands over its neighbors in nine of ten windows, dB.
    pub always_db: f64,
    /// Its level, dBFS.
    pub level_dbfs: f64,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HumFigures {
    /// 50 or 60 Hz, whichever is more prominent.
    pub mains_hz: f64,
    /// That frequency as it was found, Hz.
    pub found_hz: f64,
    /// Its multiples.
    pub lines: [HumLineFigures; MULTIPLES],
    /// Mean prominence of the seven most prominent lines, as far as each may count, dB.
    pub prominence_db: f64,
    /// Level of all lines together, dBFS.
    pub level_dbfs: f64,
}

/// Streaming meter.
pub(super) struct Hum {
    factor: usize,
    /// Three moving sums in a row, and their integrators' worth of history.
    stages: [Boxcar; 3],
    phase: usize,
    mains: [Mains; 2],
    /// What each window showed of each multiple, for either mains.
    windows: [Vec<Vec<Lines>>; 2],
    stride: u64,
    seen: [u64; 2],
}

/// Running mean.
struct Boxcar {
    ring: Vec<f64>,
    at: usize,
    sum: f64,
}

impl Boxcar {
    fn new(length: usize) -> Self {
        Self {
            ring: vec![0.0; length],
            at: 0,
            sum: 0.0,
        }
    }

    #[inline]
    fn step(&mut self, x: f64) -> f64 {
        self.sum += x - self.ring[self.at];
        self.ring[self.at] = x;
        self.at += 1;
        if self.at == self.ring.len() {
            self.at = 0;
            // Rounding must not pile up over hours.
            self.sum = self.ring.iter().sum();
        }
        self.sum / self.ring.len() as f64
    }
}

impl Hum {
    pub(super) fn new(sample_rate_hz: u32) -> Self {
        let factor = ((f64::from(sample_rate_hz) / RATE_HZ) as usize).max(1);
        let rate_hz = f64::from(sample_rate_hz) / factor as f64;
        Self {
            factor,
            stages: [(); 3].map(|()| Boxcar::new(factor)),
            phase: 0,
            mains: MAINS_HZ.map(|mains_hz| Mains::new(mains_hz, rate_hz)),
            windows: [Vec::new(), Vec::new()],
            stride: 1,
            seen: [0; 2],
        }
    }

    pub(super) fn process(&mut self, block: &Audio) {
        let left = block.channel(0);
        let right = block.channels().last().map_or(left, Vec::as_slice);
        for (&l, &r) in left.iter().zip(right) {
            let mut x = 0.5 * (f64::from(l) + f64::from(r));
            for stage in &mut self.stages {
                x = stage.step(x);
            }
            self.phase += 1;
            if self.phase == self.factor {
                self.phase = 0;
                self.step(x as f32);
            }
        }
    }

    fn step(&mut self, sample: f32) {
        let both = self.mains.iter_mut().zip(&mut self.windows);
        for ((mains, windows), seen) in both.zip(&mut self.seen) {
            if let Some(lines) = mains.step(sample) {
                if seen.is_multiple_of(self.stride) {
                    windows.push(lines);
                }
                *seen += 1;
            }
        }
        if self
            .windows
            .iter()
            .all(|windows| windows.len() >= MAX_WINDOWS)
        {
            for windows in &mut self.windows {
                let mut index = 0;
                windows.retain(|_| {
                    index += 1;
                    index % 2 == 1
                });
            }
            self.stride *= 2;
        }
    }

    pub(super) fn finish(self) -> Option<HumFigures> {
        let figures = MAINS_HZ.into_iter().zip(&self.windows);
        figures
            .flat_map(|(mains_hz, windows)| {
                (0..OFFSETS).filter_map(move |offset| of_offset(mains_hz, offset, windows))
            })
            .max_by(|a, b| a.prominence_db.total_cmp(&b.prominence_db))
    }
}

/// Figures of a mains frequency that is off by one of the offsets. All its multiples are off by the same share,
/// and so one offset has to fit them all.
fn of_offset(mains_hz: f64, offset: usize, windows: &[Vec<Lines>]) -> Option<HumFigures> {
    let sorted = |value: &dyn Fn(&Lines) -> f32, multiple: usize| -> Vec<f32> {
        let column = windows.iter().map(|lines| value(&lines[multiple]));
        let mut column: Vec<f32> = column.collect();
        column.sort_unstable_by(f32::total_cmp);
        column
    };
    // What the share of the windows does not exceed.
    let quantile = |column: &[f32], share: f64| -> Option<f64> {
        let at = (share * column.len() as f64) as usize;
        column.get(at).map(|&value| f64::from(value))
    };
    let mut prominences = Vec::with_capacity(MULTIPLES);
    let mut power = 0.0;
    let mut lines = [HumLineFigures::default(); MULTIPLES];
    for multiple in 0..MULTIPLES {
        let prominence_db = sorted(&|lines| lines.prominence_db[offset], multiple);
        let usual_db = quantile(&prominence_db, 0.5)?;
        let always_db = quantile(&prominence_db, EXCEPTIONS)?;
        let line_db = usual_db
            .min(MAX_PROMINENCE_DB)
            .max(always_db.min(MAX_STEADY_DB));
        prominences.push(line_db.max(-MAX_PROMINENCE_DB));
        let line_power = quantile(&sorted(&|lines| lines.power[offset], multiple), 0.5)?;
        power += line_power;
        lines[multiple] = HumLineFigures {
            multiple: multiple as u32 + 1,
            always_db,
            level_dbfs: db_from_power(line_power + 1e-20),
        };
    }
    prominences.sort_unstable_by(|a, b| b.total_cmp(a));
    Some(HumFigures {
        mains_hz,
        found_hz: mains_hz * (1.0 + offset_share(offset)),
        lines,
        prominence_db: prominences.iter().take(LINES).sum::<f64>() / LINES as f64,
        level_dbfs: db_from_power(power + 1e-20),
    })
}
