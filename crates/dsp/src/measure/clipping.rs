//! Flat tops: runs of samples that were cut off at the channel's peak.
//!
//! A run is at least three successive samples within 10⁻⁴ of the channel's highest (or lowest)
//! value, where that value is at least -0.5 dBFS. A slow tone also dwells at its crest, but
//! leaves it gently: on one side at least, the sample beside the run must lie 5·10⁻⁴ or more
//! below it, which no sine at or below full scale does.

use super::peaks::simd::highest;
use crate::Audio;

/// Lowest peak at which a flat top counts as clipped: -0.5 dBFS.
const FLOOR: f32 = 0.944;
/// Samples this close to the peak are at the peak: three steps of 16 bits, for dither.
const TOLERANCE: f32 = 1e-4;
/// Step beside a run, on one side at least.
const EDGE: f32 = 5e-4;
/// Shortest run.
const SHORTEST: u64 = 3;
/// Samples that are passed over at once where none of them can be at the peak.
const PIECE: usize = 256;

/// Streaming clip counter of one or two channels.
#[derive(Clone, Debug)]
pub struct Clipping {
    channels: Vec<[FlatTops; 2]>,
}

/// Flat tops of one polarity. The peak is not known beforehand: when a sample exceeds the level
/// by more than the tolerance it becomes the new level, and what was counted below is dropped.
#[derive(Clone, Copy, Debug)]
struct FlatTops {
    level: f32,
    run: u64,
    sharp: bool,
    before: f32,
    runs: u64,
    samples: u64,
}

impl FlatTops {
    const NONE: Self = Self {
        level: FLOOR,
        run: 0,
        sharp: false,
        before: 0.0,
        runs: 0,
        samples: 0,
    };

    #[inline]
    fn step(&mut self, x: f32) {
        if x >= self.level - TOLERANCE && x >= FLOOR {
            if x > self.level + TOLERANCE {
                *self = Self {
                    level: x,
                    before: self.before,
                    ..Self::NONE
                };
            }
            if self.run == 0 {
                self.sharp = x - self.before >= EDGE;
            }
            self.run += 1;
        } else if self.run > 0 {
            self.sharp |= self.before - x >= EDGE;
            self.close();
        }
        self.before = x;
    }

    /// Whether samples that are nowhere higher than `top` can only be passed over.
    fn is_above(&self, top: f32) -> bool {
        self.run == 0 && (top < FLOOR || top < self.level - TOLERANCE)
    }

    fn close(&mut self) {
        if self.run >= SHORTEST && self.sharp {
            self.runs += 1;
            self.samples += self.run;
        }
        self.run = 0;
    }
}

impl Clipping {
    /// A counter over 1 or 2 channels.
    pub fn new(channels: usize) -> Self {
        Self {
            channels: vec![[FlatTops::NONE; 2]; channels],
        }
    }

    /// Takes a block with the channels that this was built for; samples must be finite.
    pub fn process(&mut self, block: &Audio) {
        for ([up, down], channel) in self.channels.iter_mut().zip(block.channels()) {
            for piece in channel.chunks(PIECE) {
                let top = highest(piece);
                if up.is_above(top)
                    && down.is_above(top)
                    && let Some(&last) = piece.last()
                {
                    (up.before, down.before) = (last, -last);
                    continue;
                }
                for &x in piece {
                    up.step(x);
                    down.step(-x);
                }
            }
        }
    }

    /// Ends the last runs; gives runs and samples in them, each per channel.
    pub fn finish(mut self) -> (Vec<u64>, Vec<u64>) {
        let mut figures = (Vec::new(), Vec::new());
        for tops in &mut self.channels {
            for polarity in tops.iter_mut() {
                polarity.step(0.0);
            }
            // A polarity whose peak lies clearly below the other's was not clipped.
            let peak = tops[0].level.max(tops[1].level);
            let counted = tops.iter().filter(|t| t.level >= peak * 0.97);
            let (runs, samples) = counted.fold((0, 0), |(runs, samples), t| {
                (runs + t.runs, samples + t.samples)
            });
            figures.0.push(runs);
            figures.1.push(samples);
        }
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(samples: Vec<f32>) -> (u64, u64) {
        let audio = Audio::new(44_100, vec![samples]).unwrap();
        let mut whole = Clipping::new(1);
        whole.process(&audio);
        let (runs, clipped) = whole.finish();
        let mut pieces = Clipping::new(1);
        for start in (0..audio.frames()).step_by(7) {
            pieces.process(&audio.slice(start, start + 7));
        }
        assert_eq!(pieces.finish(), (runs.clone(), clipped.clone()));
        (runs[0], clipped[0])
    }

    fn sine(freq_hz: f64, gain: f64, ceiling: f64) -> Vec<f32> {
        (0..44_100)
            .map(|n| {
                let angle = std::f64::consts::TAU * freq_hz * f64::from(n) / 44_100.0;
                (gain * libm::sin(angle)).clamp(-ceiling, ceiling) as f32
            })
            .collect()
    }

    #[test]
    fn every_cut_half_wave_is_one_run() {
        let (runs, samples) = count(sine(100.0, 1.5, 1.0));
        assert_eq!(runs, 200);
        // The sine stays above 1/1.5 for 53.5 % of the time.
        assert!(
            (samples as f64 / 44_100.0 - 0.535).abs() < 0.01,
            "{samples}"
        );
        assert_eq!(count(sine(100.0, 1.5, 0.97)).0, 200);
    }

    #[test]
    fn no_clean_sine_is_clipped_however_slow() {
        for freq_hz in [10.0, 20.0, 47.0, 63.0, 100.0, 997.0, 11_025.0] {
            assert_eq!(count(sine(freq_hz, 1.0, 2.0)), (0, 0), "{freq_hz}");
        }
    }

    #[test]
    fn cut_bass_is_found() {
        assert_eq!(count(sine(20.0, 1.12, 1.0)).0, 40);
    }

    #[test]
    fn flat_tops_well_below_full_scale_or_below_the_peak_do_not_count() {
        assert_eq!(count(sine(100.0, 1.5, 0.5)), (0, 0));
        let mut signal = sine(100.0, 1.5, 0.96);
        signal[30_000] = 1.0;
        let (runs, _) = count(signal);
        assert_eq!(runs, 0, "a higher peak shows that 0.96 was no ceiling");
    }

    #[test]
    fn a_run_at_the_end_counts() {
        let mut signal = vec![0.0; 100];
        signal.extend([1.0; 5]);
        assert_eq!(count(signal), (1, 5));
    }
}
