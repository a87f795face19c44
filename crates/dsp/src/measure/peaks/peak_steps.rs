//! Sample peaks per 10 ms, and how many of them stand at one ceiling: what a limiter leaves behind, at
//! whatever level.

use super::simd::highest;
use crate::Audio;
use crate::units::db_from_gain;

/// Steps a second; step `k` covers samples `floor(k·rate/100)..floor((k+1)·rate/100)`.
pub const STEPS_PER_SECOND: u64 = 100;
/// Steps that peak this far below the loudest one are pauses, dB.
const PAUSE_DB: f64 = -60.0;
/// The ceiling is the level that this share of the steps stays below: a lone spike is no ceiling.
const CEILING_SHARE: f64 = 0.995;
/// Steps that peak this close below the ceiling stand at it, dB.
const AT_CEILING_DB: f64 = 0.75;

/// First frame of a step.
pub fn boundary(sample_rate_hz: u32, step: usize) -> u64 {
    step as u64 * u64::from(sample_rate_hz) / STEPS_PER_SECOND
}

/// Streaming meter of the highest magnitude of all channels per 10 ms.
#[derive(Clone, Debug)]
pub struct PeakSteps {
    sample_rate_hz: u32,
    frames_left: usize,
    peak: f32,
    peaks: Vec<f32>,
}

impl PeakSteps {
    /// A meter at rest.
    pub fn new(sample_rate_hz: u32) -> Self {
        let mut meter = Self {
            sample_rate_hz,
            frames_left: 0,
            peak: 0.0,
            peaks: Vec::new(),
        };
        meter.frames_left = meter.frames_of(0);
        meter
    }

    fn frames_of(&self, step: usize) -> usize {
        (boundary(self.sample_rate_hz, step + 1) - boundary(self.sample_rate_hz, step)) as usize
    }

    /// The peaks of the whole steps so far, full scale = 1.
    pub fn steps(&self) -> &[f32] {
        &self.peaks
    }

    /// Takes a block; samples must be finite.
    pub fn process(&mut self, block: &Audio) {
        let mut start = 0;
        while start < block.frames() {
            let end = (start + self.frames_left).min(block.frames());
            for channel in block.channels() {
                self.peak = self.peak.max(highest(&channel[start..end]));
            }
            self.frames_left -= end - start;
            start = end;
            if self.frames_left == 0 {
                self.peaks.push(std::mem::take(&mut self.peak));
                self.frames_left = self.frames_of(self.peaks.len());
            }
        }
    }

    /// The peaks of all whole steps, full scale = 1.
    pub fn finish(self) -> Vec<f32> {
        self.peaks
    }
}

/// Share of the steps that sound which peak within 0.75 dB of the program's ceiling, percent. A limiter
/// piles peaks up there; a mix has few. 0 for silence.
pub fn at_ceiling_percent(peaks: &[f32]) -> f64 {
    let mut levels_db: Vec<f64> = peaks
        .iter()
        .filter(|&&peak| peak > 0.0)
        .map(|&peak| db_from_gain(f64::from(peak)))
        .collect();
    levels_db.sort_unstable_by(f64::total_cmp);
    let Some(&loudest_db) = levels_db.last() else {
        return 0.0;
    };
    let pauses = levels_db.partition_point(|&level_db| level_db < loudest_db + PAUSE_DB);
    let sounding = &levels_db[pauses..];
    let above = ((1.0 - CEILING_SHARE) * sounding.len() as f64) as usize;
    let ceiling_db = sounding[sounding.len() - 1 - above];
    let below = sounding.partition_point(|&level_db| level_db < ceiling_db - AT_CEILING_DB);
    100.0 * (sounding.len() - below) as f64 / sounding.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_do_not_depend_on_how_the_signal_is_cut() {
        let samples: Vec<f32> = (0..11_025).map(|n| (n % 997) as f32 / 997.0).collect();
        let audio = Audio::new(11_025, vec![samples]).unwrap();
        let whole = {
            let mut meter = PeakSteps::new(11_025);
            meter.process(&audio);
            meter.finish()
        };
        assert_eq!(whole.len(), 100);
        for block in [1, 64, 1_000] {
            let mut meter = PeakSteps::new(11_025);
            let mut at = 0;
            while at < audio.frames() {
                let end = (at + block).min(audio.frames());
                meter.process(&audio.slice(at, end));
                at = end;
            }
            assert_eq!(meter.finish(), whole);
        }
    }

    #[test]
    fn a_limited_program_stands_at_its_ceiling_and_a_free_one_does_not() {
        let free: Vec<f32> = (0..4_000)
            .map(|k| 0.05 + 0.9 * ((k * 7_919) % 4_001) as f32 / 4_001.0)
            .map(|x| x * x * x)
            .collect();
        let limited: Vec<f32> = free.iter().map(|&x| (4.0 * x).min(0.5)).collect();
        assert!(
            at_ceiling_percent(&free) < 6.0,
            "{}",
            at_ceiling_percent(&free)
        );
        assert!(at_ceiling_percent(&limited) > 30.0);
        let quiet: Vec<f32> = limited.iter().map(|x| 0.01 * x).collect();
        let (loud, quiet) = (at_ceiling_percent(&limited), at_ceiling_percent(&quiet));
        assert!((loud - quiet).abs() < 1e-6);
        assert_eq!(at_ceiling_percent(&[0.0; 50]), 0.0);
    }
}
