//! How many peaks stand at one ceiling: what a limiter leaves behind, at whatever level.

use acetate_dsp::Audio;
use acetate_dsp::units::db_from_gain;

/// Length of a block, s.
const BLOCK_S: f64 = 0.010;
/// Resolution, dB.
const STEP_DB: f64 = 0.05;
/// Lowest level that is told apart, dBFS.
const LOWEST_DBFS: f64 = -120.0;
/// Highest, dBFS.
const HIGHEST_DBFS: f64 = 120.0;
/// The ceiling is the level that this share of the blocks stays below: a lone spike is no ceiling.
const CEILING_SHARE: f64 = 0.995;
/// Blocks that peak this close below the ceiling stand at it, dB.
const AT_CEILING_DB: f64 = 0.75;

/// Streaming histogram of block peaks.
pub(super) struct Peaks {
    block_frames: usize,
    filled: usize,
    peak: f32,
    counts: Vec<u64>,
}

impl Peaks {
    pub(super) fn new(sample_rate_hz: u32) -> Self {
        Self {
            block_frames: ((BLOCK_S * f64::from(sample_rate_hz)) as usize).max(1),
            filled: 0,
            peak: 0.0,
            counts: vec![0; ((HIGHEST_DBFS - LOWEST_DBFS) / STEP_DB) as usize + 1],
        }
    }

    pub(super) fn process(&mut self, block: &Audio) {
        let mut start = 0;
        while start < block.frames() {
            let end = (start + self.block_frames - self.filled).min(block.frames());
            for channel in block.channels() {
                let peaks = channel[start..end].iter().map(|x| x.abs());
                self.peak = peaks.fold(self.peak, f32::max);
            }
            self.filled += end - start;
            start = end;
            if self.filled == self.block_frames {
                let level_db = db_from_gain(f64::from(self.peak)).max(LOWEST_DBFS);
                let bin = ((level_db - LOWEST_DBFS) / STEP_DB) as usize;
                let last = self.counts.len() - 1;
                self.counts[bin.min(last)] += 1;
                (self.filled, self.peak) = (0, 0.0);
            }
        }
    }

    /// Share of blocks at the ceiling, percent, of those that sound.
    pub(super) fn finish(self) -> f64 {
        let loudest = self.counts.iter().rposition(|&count| count > 0);
        let Some(loudest) = loudest else { return 0.0 };
        // Blocks 60 dB below the loudest are pauses.
        let pause = loudest.saturating_sub((60.0 / STEP_DB) as usize);
        let sounding: u64 = self.counts[pause..].iter().sum();
        let above = ((1.0 - CEILING_SHARE) * sounding as f64) as u64;
        let mut counted = 0;
        let mut ceiling = loudest;
        while counted + self.counts[ceiling] <= above && ceiling > pause {
            counted += self.counts[ceiling];
            ceiling -= 1;
        }
        let low = ceiling.saturating_sub((AT_CEILING_DB / STEP_DB) as usize);
        let at: u64 = self.counts[low..].iter().sum();
        100.0 * at as f64 / sounding.max(1) as f64
    }
}
