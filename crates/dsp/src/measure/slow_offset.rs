//! How far each channel wanders off zero: the largest mean over 3 s. A constant offset shows in it, and so
//! does one that drifts and has a mean of zero.

use crate::Audio;

/// Steps a second that means are kept of.
const STEPS_PER_SECOND: usize = 1;
/// Steps in one mean, 3 s: music of 20 Hz at full scale has a mean below -50 dBFS over that.
const STEPS: usize = 3;

/// Streaming meter of one or two channels.
#[derive(Clone, Debug)]
pub struct SlowOffset {
    step_frames: usize,
    filled: usize,
    sums: [f64; 2],
    /// Sums of the steps that came last, at most [`STEPS`] of each channel.
    recent: Vec<[f64; 2]>,
    largest: [f64; 2],
    channels: usize,
}

impl SlowOffset {
    /// A meter at rest.
    pub fn new(sample_rate_hz: u32, channels: usize) -> Self {
        Self {
            step_frames: (sample_rate_hz as usize / STEPS_PER_SECOND).max(1),
            filled: 0,
            sums: [0.0; 2],
            recent: Vec::with_capacity(STEPS + 1),
            largest: [0.0; 2],
            channels,
        }
    }

    /// Takes a block; samples must be finite.
    pub fn process(&mut self, block: &Audio) {
        let left = block.channel(0);
        let right = block.channels().last().map_or(left, Vec::as_slice);
        let mut start = 0;
        while start < block.frames() {
            let end = (start + self.step_frames - self.filled).min(block.frames());
            let mut sums = self.sums;
            for (l, r) in left[start..end].iter().zip(&right[start..end]) {
                sums[0] += f64::from(*l);
                sums[1] += f64::from(*r);
            }
            self.sums = sums;
            self.filled += end - start;
            start = end;
            if self.filled == self.step_frames {
                self.close_step();
            }
        }
    }

    fn close_step(&mut self) {
        self.filled = 0;
        self.recent.push(std::mem::take(&mut self.sums));
        if self.recent.len() > STEPS {
            self.recent.remove(0);
        }
        if self.recent.len() == STEPS {
            let frames = (self.step_frames * STEPS) as f64;
            for (channel, largest) in self.largest.iter_mut().enumerate() {
                let sum: f64 = self.recent.iter().map(|sums| sums[channel]).sum();
                *largest = largest.max((sum / frames).abs());
            }
        }
    }

    /// The largest absolute mean of each channel, full scale = 1; 0 for less than 3 s.
    pub fn finish(self) -> Vec<f64> {
        self.largest[..self.channels].to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn largest(wave: impl Fn(f64) -> f64) -> f64 {
        let samples = (0..480_000)
            .map(|n| wave(n as f64 / 48_000.0) as f32)
            .collect();
        let mut meter = SlowOffset::new(48_000, 1);
        meter.process(&Audio::new(48_000, vec![samples]).unwrap());
        meter.finish()[0]
    }

    #[test]
    fn a_drift_shows_though_its_mean_is_zero() {
        let drift = largest(|t| 0.03 * (t - 5.0));
        assert!((drift - 0.03 * 3.5).abs() < 1e-3, "{drift}");
        assert!((largest(|_| -0.2) - 0.2).abs() < 1e-6);
    }

    #[test]
    fn the_lowest_music_is_no_offset() {
        let bass = largest(|t| (std::f64::consts::TAU * 20.3 * t).sin());
        assert!(bass < 0.003, "{bass}");
    }
}
