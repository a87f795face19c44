//! [`DriveCurve`]: loudness and gain reduction as functions of the limiter's drive.

use crate::measure::loudness::integrated_from_k_power_10ms;
use crate::measure::peak_envelope;
use crate::process::limiter::SAFETY_DB;
use crate::process::limiter::gain::GainLaw;
use crate::process::limiter::stages::GainStages;
use crate::settings;
use crate::units::{db_from_gain, gain_from_db};

/// Sub-blocks a second; sub-block `k` covers frames `floor(k·rate/1000)..floor((k+1)·rate/1000)`.
pub(super) const SUB_BLOCKS_PER_SECOND: u64 = 1000;
/// Peaks in one sub-block: a quick gain is over in a few milliseconds.
pub(super) const PEAKS_PER_SUB_BLOCK: usize = 4;
/// Peaks a second.
pub(super) const PEAKS_PER_SECOND: u64 = SUB_BLOCKS_PER_SECOND * PEAKS_PER_SUB_BLOCK as u64;
/// Weight of a silent peak, so that a silent sub-block has a mean.
const LEAST_WEIGHT: f64 = 1e-20;
/// Sub-blocks in one entry of the loudness sequence (10 ms).
const SUB_BLOCKS_PER_POWER: usize = 10;
/// Frames handled at once; bounds the scratch memory.
pub(super) const CHUNK_FRAMES: usize = 2 * peak_envelope::CHUNK_FRAMES;

/// A level in 16 bits: a positive `f32` without its last 15 bits, rounded to within 0.02 dB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Level(u16);

impl Level {
    pub(super) fn of(value: f32) -> Self {
        Self(((value.max(0.0).to_bits() + 0x4000) >> 15) as u16)
    }

    fn value(self) -> f64 {
        f64::from(f32::from_bits(u32::from(self.0) << 15))
    }
}

/// First frame of a piece, where pieces are cut `per_second`.
pub(super) fn boundary(piece: u64, per_second: u64, sample_rate_hz: u32) -> u64 {
    piece * u64::from(sample_rate_hz) / per_second
}

/// What a program does under the limiter, at 1 ms resolution (peaks at 0.25 ms): 14 bytes per
/// millisecond.
#[derive(Clone, Debug, PartialEq)]
pub struct DriveCurve {
    pub(super) sample_rate_hz: u32,
    pub(super) frames: u64,
    /// What the limiter aims at, linear.
    pub(super) ceiling: f64,
    /// Largest value of the envelope, linear.
    pub(super) peak: f64,
    /// Peak envelope, [`PEAKS_PER_SUB_BLOCK`] values for each sub-block, linear.
    pub(super) peaks: Vec<Level>,
    /// Peak of the low band in each sub-block, linear.
    pub(super) low_peaks: Vec<Level>,
    /// K-weighted energy of each sub-block, sum of squares over frames and channels.
    pub(super) energies: Vec<f32>,
}

impl DriveCurve {
    /// Number of sub-blocks of 1 ms; the last one may be shorter.
    pub fn sub_blocks(&self) -> usize {
        self.energies.len()
    }

    /// First frame of a sub-block.
    pub(super) fn frame_of(&self, sub_block: u64) -> u64 {
        boundary(sub_block, SUB_BLOCKS_PER_SECOND, self.sample_rate_hz)
    }

    /// True peak of the program before the drive, on the limiter's own grid, dBTP; `-inf` for
    /// silence.
    pub fn true_peak_dbtp(&self) -> f64 {
        db_from_gain(self.peak)
    }

    /// The limiter's largest gain reduction at a drive, dB: the excess of the highest peak. Where
    /// the bass stands over the ceiling by itself, the two gains together may take some tenths
    /// more.
    pub fn max_gain_reduction_db(&self, drive_db: f64) -> f64 {
        (self.true_peak_dbtp() + drive_db - db_from_gain(self.ceiling)).max(0.0)
    }

    /// The drive at which the largest gain reduction is `reduction_db`; infinite for silence.
    pub fn drive_for_reduction_db(&self, reduction_db: f64) -> f64 {
        reduction_db + db_from_gain(self.ceiling) - self.true_peak_dbtp()
    }

    /// The ceiling that the limiter will be given, dBTP, where it is another than when the curve was
    /// finished.
    pub fn set_ceiling(&mut self, ceiling_dbtp: f64) {
        self.ceiling = gain_from_db(ceiling_dbtp - SAFETY_DB);
    }

    /// Gives the limiter's gain in each sub-block at a drive to `take`, from the first to the last: mean
    /// of its square (a power ratio). Nothing is kept: hours have millions of them.
    fn each_power_gain(
        &self,
        limiter: &settings::Limiter,
        drive_db: f64,
        mut take: impl FnMut(usize, f64),
    ) {
        let drive = gain_from_db(drive_db);
        if self.peak * drive <= self.ceiling {
            (0..self.sub_blocks()).for_each(|sub_block| take(sub_block, 1.0));
            return;
        }
        let law = GainLaw::from_settings(limiter);
        // A peak stands on average in the middle of its piece: held for the whole of it, it is held
        // half a piece too long.
        let width_ms = 500.0 / PEAKS_PER_SECOND as f64;
        let mut stages = GainStages::new(&law, self.ceiling, PEAKS_PER_SECOND as f64, width_ms);
        let delay = stages.delay_frames();
        let total = self.peaks.len();
        // Within a sub-block the energy stands where the peaks stand.
        let (mut sum, mut weights) = (0.0, 0.0);
        let (mut peaks, mut low_peaks) = ([0.0; CHUNK_FRAMES], [0.0; CHUNK_FRAMES]);
        for start in (0..total + delay).step_by(CHUNK_FRAMES) {
            let count = CHUNK_FRAMES.min(total + delay - start);
            let driven = |levels: &[Level], index: usize| {
                levels.get(index).map_or(0.0, |level| level.value() * drive)
            };
            for offset in 0..count {
                let index = start + offset;
                peaks[offset] = driven(&self.peaks, index);
                low_peaks[offset] = driven(&self.low_peaks, index / PEAKS_PER_SUB_BLOCK);
            }
            stages.process(&mut peaks[..count], &mut low_peaks[..count]);
            for (offset, gain) in peaks[..count].iter().enumerate() {
                let Some(own) = (start + offset).checked_sub(delay) else {
                    continue;
                };
                let weight = self.peaks[own].value().powi(2) + LEAST_WEIGHT;
                sum += weight * gain * gain;
                weights += weight;
                if own % PEAKS_PER_SUB_BLOCK == PEAKS_PER_SUB_BLOCK - 1 {
                    take(own / PEAKS_PER_SUB_BLOCK, f64::from((sum / weights) as f32));
                    (sum, weights) = (0.0, 0.0);
                }
            }
        }
    }

    /// Integrated loudness behind drive and limiter, LUFS; `-inf` when nothing passes the gates.
    pub fn integrated_lufs(&self, limiter: &settings::Limiter, drive_db: f64) -> f64 {
        self.limited(limiter, drive_db).integrated_lufs
    }

    /// What the limiter leaves and takes at a drive.
    pub(super) fn limited(&self, limiter: &settings::Limiter, drive_db: f64) -> Limited {
        let mut powers = LimitedPowers::new(self, drive_db);
        let mut taken = vec![0.0; self.sub_blocks() / SUB_BLOCKS_PER_SECOND as usize];
        self.each_power_gain(limiter, drive_db, |sub_block, gain| {
            powers.add(sub_block, gain);
            if let Some(taken) = taken.get_mut(sub_block / SUB_BLOCKS_PER_SECOND as usize) {
                *taken += f64::from(self.energies[sub_block]) * (1.0 - gain).max(0.0);
            }
        });
        Limited {
            integrated_lufs: powers.integrated_lufs(),
            taken,
        }
    }

    /// Integrated loudness behind a limiter that takes from each sub-block what its peak needs, and
    /// remembers nothing, LUFS.
    pub(super) fn instantaneous_lufs(&self, drive_db: f64) -> f64 {
        let limit = self.ceiling / gain_from_db(drive_db);
        self.integrated_of_gains(drive_db, |sub_block| {
            let first = sub_block * PEAKS_PER_SUB_BLOCK;
            let peaks = &self.peaks[first..first + PEAKS_PER_SUB_BLOCK];
            let highest = peaks
                .iter()
                .fold(Level::default(), |top, &level| top.max(level));
            (limit / highest.value()).min(1.0).powi(2)
        })
    }

    /// Integrated loudness behind a drive without a limiter, LUFS.
    pub(super) fn unlimited_lufs(&self, drive_db: f64) -> f64 {
        self.integrated_of_gains(drive_db, |_| 1.0)
    }

    /// Integrated loudness with a gain (power ratio) for each sub-block behind a drive, LUFS.
    fn integrated_of_gains(&self, drive_db: f64, gain_of: impl Fn(usize) -> f64) -> f64 {
        let mut powers = LimitedPowers::new(self, drive_db);
        (0..self.sub_blocks()).for_each(|sub_block| powers.add(sub_block, gain_of(sub_block)));
        powers.integrated_lufs()
    }
}

/// What a limiter does to a program at a drive.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Limited {
    /// Behind drive and limiter, LUFS; `-inf` when nothing passes the gates.
    pub(super) integrated_lufs: f64,
    /// K-weighted energy that it takes off in each whole second, before the drive.
    pub(super) taken: Vec<f64>,
}

/// The gating blocks' powers of a program whose sub-blocks get their gains one after another.
struct LimitedPowers<'a> {
    curve: &'a DriveCurve,
    power_gain: f64,
    energy: f64,
    powers: Vec<f32>,
}

impl<'a> LimitedPowers<'a> {
    fn new(curve: &'a DriveCurve, drive_db: f64) -> Self {
        Self {
            curve,
            power_gain: gain_from_db(2.0 * drive_db),
            energy: 0.0,
            powers: Vec::with_capacity(curve.sub_blocks() / SUB_BLOCKS_PER_POWER + 1),
        }
    }

    /// The gain (power ratio) of the next sub-block.
    fn add(&mut self, sub_block: usize, gain: f64) {
        self.energy += f64::from(self.curve.energies[sub_block]) * gain;
        let next = sub_block + 1;
        if !next.is_multiple_of(SUB_BLOCKS_PER_POWER) {
            return;
        }
        let start = self.curve.frame_of((next - SUB_BLOCKS_PER_POWER) as u64);
        let end = self.curve.frame_of(next as u64);
        // An incomplete last entry is discarded, like an incomplete gating block.
        if end <= self.curve.frames {
            let frames = (end - start).max(1) as f64;
            self.powers
                .push((self.energy * self.power_gain / frames) as f32);
        }
        self.energy = 0.0;
    }

    fn integrated_lufs(&self) -> f64 {
        integrated_from_k_power_10ms(&self.powers)
    }
}
