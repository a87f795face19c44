//! Flat tops at whatever level they are: a mix that was clipped and then turned down stays clipped.
//!
//! A run is at least three successive samples within 10⁻⁴ of the channel's highest level, with a step
//! of at least 5·10⁻⁴ beside it, both relative to that level. As in `acetate_dsp::measure::clipping`,
//! which counts only what stands near full scale.

use acetate_dsp::Audio;

use super::joined;
use crate::finding::TimeSpan;

const TOLERANCE: f32 = 1e-4;
const EDGE: f32 = 5e-4;
const SHORTEST: u32 = 3;
/// Runs whose places are kept per channel.
const MAX_RUNS: usize = 4_096;
/// Levels below this are silence, full scale = 1.
const SILENCE: f32 = 1e-5;
/// A polarity whose top lies this far below the other's was not clipped.
const OTHER_POLARITY: f32 = 0.97;
/// Samples that are looked at together: most lie far below the highest level.
const TOGETHER: usize = 64;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlatTopFigures {
    /// Flat samples in a million.
    pub ppm: f64,
    /// Number of runs.
    pub runs: u64,
    /// Longest run, ms.
    pub longest_ms: f64,
    /// Where.
    pub places: Vec<TimeSpan>,
    /// For each channel the level above and below zero at which it was cut off, full scale = 1; 0 where it was not.
    pub levels: Vec<[f64; 2]>,
}

/// One polarity of one channel.
#[derive(Clone, Debug, Default)]
struct Polarity {
    level: f32,
    run: u32,
    start: u64,
    sharp: bool,
    before: f32,
    runs: u64,
    samples: u64,
    longest: u32,
    places: Vec<(u64, u32)>,
}

impl Polarity {
    #[inline]
    fn step(&mut self, x: f32, frame: u64) {
        if x >= self.level * (1.0 - TOLERANCE) && x > SILENCE {
            if x > self.level * (1.0 + TOLERANCE) {
                *self = Self {
                    level: x,
                    before: self.before,
                    places: std::mem::take(&mut self.places),
                    ..Self::default()
                };
                self.places.clear();
            }
            if self.run == 0 {
                self.sharp = x - self.before >= EDGE * self.level;
                self.start = frame;
            }
            self.run += 1;
        } else if self.run > 0 {
            self.sharp |= self.before - x >= EDGE * self.level;
            self.close();
        }
        self.before = x;
    }

    /// Whether samples up to this one change nothing but what comes before the next.
    fn is_beneath(&self, highest: f32) -> bool {
        self.run == 0 && highest < self.level * (1.0 - TOLERANCE)
    }

    fn close(&mut self) {
        if self.run >= SHORTEST && self.sharp {
            self.runs += 1;
            self.samples += u64::from(self.run);
            self.longest = self.longest.max(self.run);
            if self.places.len() < MAX_RUNS {
                self.places.push((self.start, self.run));
            }
        }
        self.run = 0;
    }
}

/// Streaming counter.
pub(super) struct FlatTops {
    channels: Vec<[Polarity; 2]>,
}

impl FlatTops {
    pub(super) fn new(channels: usize) -> Self {
        Self {
            channels: vec![Default::default(); channels],
        }
    }

    pub(super) fn process(&mut self, block: &Audio, first_frame: u64) {
        for ([up, down], channel) in self.channels.iter_mut().zip(block.channels()) {
            let mut frame = first_frame;
            for samples in channel.chunks(TOGETHER) {
                let highest = samples.iter().fold(0.0f32, |most, x| most.max(x.abs()));
                if up.is_beneath(highest) && down.is_beneath(highest) {
                    let last = samples[samples.len() - 1];
                    (up.before, down.before) = (last, -last);
                    frame += samples.len() as u64;
                    continue;
                }
                for &x in samples {
                    up.step(x, frame);
                    down.step(-x, frame);
                    frame += 1;
                }
            }
        }
    }

    pub(super) fn finish(mut self, sample_rate_hz: u32, samples: u64) -> FlatTopFigures {
        let rate = f64::from(sample_rate_hz);
        let mut figures = FlatTopFigures::default();
        let mut clipped = 0;
        let mut places = Vec::new();
        for polarities in &mut self.channels {
            let top = polarities[0].level.max(polarities[1].level);
            let mut levels = [0.0; 2];
            for (polarity, level) in polarities.iter_mut().zip(&mut levels) {
                polarity.sharp = true;
                polarity.close();
                if polarity.level < OTHER_POLARITY * top {
                    continue;
                }
                if polarity.runs > 0 {
                    *level = f64::from(polarity.level);
                }
                clipped += polarity.samples;
                figures.runs += polarity.runs;
                figures.longest_ms = figures
                    .longest_ms
                    .max(1e3 * f64::from(polarity.longest) / rate);
                places.extend(polarity.places.iter().map(|&(start, run)| {
                    let from_s = start as f64 / rate;
                    TimeSpan {
                        from_s,
                        to_s: from_s + f64::from(run) / rate,
                    }
                }));
            }
            figures.levels.push(levels);
        }
        figures.ppm = 1e6 * clipped as f64 / samples.max(1) as f64;
        places.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
        figures.places = joined(&places, 1.0);
        figures
    }
}
