//! [`HumCancel`]: steady lines of the mains are taken out, and nothing beside them.
//!
//! A notch takes what plays at its frequency, and rings. Here each line's amplitude and phase are estimated over some
//! seconds around each moment and the line itself is subtracted. Moments are weighed by the inverse of what else
//! sounds close to the line, so that bass notes count little; what varies as much as music does is not taken,
//! and never more than 3 dB beyond the line's level in the settings.

use std::f64::consts::TAU;

use crate::Audio;
use crate::process::{ProcessSpec, Processor};
use crate::settings::Cleanup;
use crate::units::power_from_db;

/// From one look to the next, s.
const HOP_S: f64 = 0.1;
/// Hops under the window of a look.
const LOOK_HOPS: usize = 4;
/// Looks on either side of a moment that its estimate is made of.
const REACH: usize = 30;
/// Looks in which less than this share of the line's power is there have no hum: digital silence.
const PRESENT: f64 = 0.01;
/// Most that is taken beyond the level, as gain (3 dB).
const MAX_GAIN: f64 = 1.41;
/// Number of looks that an estimate's variance is that of, as a share of the looks: neighbors overlap.
const INDEPENDENT: f64 = 0.4;

/// A complex number.
type Complex = (f64, f64);

fn times(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

fn power(a: Complex) -> f64 {
    a.0 * a.0 + a.1 * a.1
}

/// e^{i·turns·2π}
fn turned(turns: f64) -> Complex {
    let angle = TAU * (turns - libm::floor(turns));
    (libm::cos(angle), libm::sin(angle))
}

/// One line of one channel.
#[derive(Clone, Debug)]
struct Line {
    /// Turns a frame.
    turns: f64,
    /// Power of the line's rotating half, a quarter of its amplitude squared.
    power: f64,
    /// The last looks; look `k` stands at `k` modulo the length.
    looks: Vec<Complex>,
    /// Amplitudes at the hop's start and end.
    ends: [Complex; 2],
    /// Where the line stands in the frame that comes out next, and its turn from one frame to the next.
    phase: Complex,
    step: Complex,
}

impl Line {
    fn look(&self, number: i64) -> Complex {
        usize::try_from(number).map_or((0.0, 0.0), |number| self.looks[number % self.looks.len()])
    }

    /// The looks around one, each with its weight: near it, and where little else sounds.
    fn weighed(&self, middle: i64) -> impl Iterator<Item = (f64, Complex)> + '_ {
        let reach = REACH as i64;
        ((middle - reach).max(0)..=middle + reach).filter_map(move |number| {
            let look = self.look(number);
            let own = power(look);
            let beside = power(self.look(number - 1)) + power(self.look(number + 1));
            let away = (number - middle) as f64 / (reach + 1) as f64;
            let window = 0.5 + 0.5 * libm::cos(std::f64::consts::PI * away);
            let weight = window / (0.25 * beside + 0.5 * own + self.power);
            (own >= PRESENT * self.power).then_some((weight, look))
        })
    }

    /// The amplitude around a look, as far as it stands out.
    fn estimate(&self, middle: i64) -> Complex {
        let near = power(self.look(middle))
            .max(power(self.look(middle - 1)))
            .max(power(self.look(middle + 1)));
        if near < PRESENT * self.power {
            return (0.0, 0.0);
        }
        let (mut sum, mut weighted) = (0.0, (0.0, 0.0));
        for (weight, look) in self.weighed(middle) {
            sum += weight;
            weighted = (weighted.0 + weight * look.0, weighted.1 + weight * look.1);
        }
        if sum <= 0.0 {
            return (0.0, 0.0);
        }
        let mean = (weighted.0 / sum, weighted.1 / sum);
        let off = |(weight, look): (f64, Complex)| {
            weight * weight * power((look.0 - mean.0, look.1 - mean.1))
        };
        let spread: f64 = self.weighed(middle).map(off).sum();
        let variance = spread / (sum * sum) / INDEPENDENT;
        let found = power(mean);
        let sure = (1.0 - variance / found.max(1e-30)).max(0.0);
        let most = MAX_GAIN * MAX_GAIN * self.power;
        let bounded = (most / found.max(1e-30)).min(1.0).sqrt();
        (mean.0 * sure * bounded, mean.1 * sure * bounded)
    }
}

/// One channel.
#[derive(Clone, Debug)]
struct Lane {
    lines: Vec<Line>,
    /// The last samples; frame `n` stands at `n` modulo the length.
    ring: Vec<f32>,
}

/// Takes the hum of its settings out.
#[derive(Clone, Debug)]
pub struct HumCancel {
    hop: usize,
    latency_frames: usize,
    window: Vec<f64>,
    lanes: Vec<Lane>,
    /// Frames taken so far.
    taken: u64,
}

impl HumCancel {
    /// True where the settings do nothing.
    pub fn is_neutral(settings: &Cleanup) -> bool {
        settings.hum.as_ref().is_none_or(|hum| hum.lines.is_empty())
    }

    /// Prepares for the lines of the settings.
    pub fn new(settings: &Cleanup, spec: &ProcessSpec) -> Self {
        let rate_hz = f64::from(spec.sample_rate_hz);
        let hop = ((HOP_S * rate_hz) as usize).max(1);
        let length = LOOK_HOPS * hop;
        let window: Vec<f64> = (0..length)
            .map(|n| 0.5 - 0.5 * libm::cos(TAU * (n as f64 + 0.5) / length as f64))
            .collect();
        let sum: f64 = window.iter().sum();
        let hum = settings.hum.iter();
        let lines: Vec<Line> = hum
            .flat_map(|hum| hum.lines.iter().map(|line| (hum.mains_hz, line)))
            .map(|(mains_hz, line)| Line {
                turns: mains_hz * f64::from(line.multiple) / rate_hz,
                power: 0.5 * power_from_db(line.level_dbfs),
                looks: vec![(0.0, 0.0); 2 * REACH + 8],
                ends: [(0.0, 0.0); 2],
                phase: (1.0, 0.0),
                step: turned(mains_hz * f64::from(line.multiple) / rate_hz),
            })
            .collect();
        let latency_frames = if lines.is_empty() {
            0
        } else {
            (REACH + LOOK_HOPS) * hop
        };
        let lane = Lane {
            ring: vec![
                0.0;
                if lines.is_empty() {
                    0
                } else {
                    latency_frames + 1
                }
            ],
            lines,
        };
        Self {
            hop,
            latency_frames,
            window: window.into_iter().map(|tap| tap / sum).collect(),
            lanes: vec![lane; spec.channels],
            taken: 0,
        }
    }

    /// At a multiple of the hop: the look whose window ends here, and the amplitudes of the hop that comes out next.
    fn look(&mut self) {
        let hop = self.hop as u64;
        let number = (self.taken / hop) as i64 - 1;
        let length = self.window.len() as u64;
        let first = self.taken as i64 - length as i64;
        for lane in &mut self.lanes {
            let size = lane.ring.len() as u64;
            for line in &mut lane.lines {
                let mut sum = (0.0, 0.0);
                let step = (line.step.0, -line.step.1);
                let mut phase = turned(-line.turns * first as f64);
                for (n, tap) in self.window.iter().enumerate() {
                    if let Ok(frame) = u64::try_from(first + n as i64) {
                        let x = tap * f64::from(lane.ring[(frame % size) as usize]);
                        sum = (sum.0 + x * phase.0, sum.1 + x * phase.1);
                    }
                    phase = times(phase, step);
                }
                let at = number as usize % line.looks.len();
                line.looks[at] = sum;
                // Look k is centered on the end of hop k - 1, where hops are counted from 0.
                let middle = number - REACH as i64 - 1;
                line.ends = [line.ends[1], line.estimate(middle)];
                // Exact again, so that no rounding piles up.
                let out = self.taken.saturating_sub(self.latency_frames as u64);
                line.phase = turned(line.turns * out as f64);
            }
        }
    }
}

impl Processor for HumCancel {
    fn name(&self) -> &'static str {
        "hum"
    }

    fn process(&mut self, block: &mut Audio) {
        if self.latency_frames == 0 {
            return;
        }
        let hop = self.hop as u64;
        let latency = self.latency_frames as u64;
        let frames = block.frames();
        let mut start = 0;
        while start < frames {
            let into = self.taken % hop;
            let count = ((hop - into) as usize).min(frames - start);
            for (lane, samples) in self.lanes.iter_mut().zip(block.channels_mut()) {
                let size = lane.ring.len() as u64;
                for (n, sample) in samples[start..start + count].iter_mut().enumerate() {
                    let frame = self.taken + n as u64;
                    lane.ring[(frame % size) as usize] = *sample;
                    let Some(earlier) = frame.checked_sub(latency) else {
                        *sample = 0.0;
                        continue;
                    };
                    let x = f64::from(lane.ring[(earlier % size) as usize]);
                    let share = (into + n as u64) as f64 / hop as f64;
                    let mut hum = 0.0;
                    for line in &mut lane.lines {
                        let [from, to] = line.ends;
                        let phase = line.phase;
                        line.phase = times(phase, line.step);
                        if from == (0.0, 0.0) && to == (0.0, 0.0) {
                            continue;
                        }
                        let now = (
                            from.0 + share * (to.0 - from.0),
                            from.1 + share * (to.1 - from.1),
                        );
                        hum += 2.0 * (now.0 * phase.0 - now.1 * phase.1);
                    }
                    *sample = if hum == 0.0 {
                        x as f32
                    } else {
                        (x - hum) as f32
                    };
                }
            }
            self.taken += count as u64;
            start += count;
            if self.taken.is_multiple_of(hop) {
                self.look();
            }
        }
    }

    fn latency_frames(&self) -> usize {
        self.latency_frames
    }

    fn reset(&mut self) {
        self.taken = 0;
        for lane in &mut self.lanes {
            lane.ring.fill(0.0);
            for line in &mut lane.lines {
                line.looks.fill((0.0, 0.0));
                line.ends = [(0.0, 0.0); 2];
                line.phase = (1.0, 0.0);
            }
        }
    }
}
