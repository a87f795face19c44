//! [`Declip`]: what was cut off flat is drawn anew.
//!
//! All samples at or beyond a channel's clip level count as not known. An autoregressive model of what surrounds
//! them says what they were ([`autoregressive`](super::autoregressive)); it is fitted again on what it said, since
//! flat tops have a spectrum of their own. A sample that would come out below the clip level cannot have been cut off
//! there: it stays at that level, and the others are solved for again. None goes further than [`MAX_OVERSHOOT_DB`]
//! beyond the level. Every other sample passes bit for bit.

use super::autoregressive::Interpolator;
use crate::Audio;
use crate::process::{ProcessSpec, Processor};
use crate::settings::{Cleanup, ClipLevels};
use crate::units::gain_from_db;

/// What is solved at once, s.
const STEP_S: f64 = 0.024;
/// What a model is taken from, on either side of it, s.
const CONTEXT_S: f64 = 0.024;
/// Flat tops so soon after it are solved for as well, s.
const AHEAD_S: f64 = 0.004;
/// Time that the model spans, s: order 64 at 44.1 kHz.
const MODEL_S: f64 = 64.0 / 44_100.0;
/// How often the model is fitted.
const FITS: usize = 3;
/// How often samples below the level are put back to it.
const ROUNDS: usize = 4;
/// Samples this close to the level are at it, as a share of it: three steps of 16 bits at full scale.
const TOLERANCE: f32 = 1e-4;
/// Most that a sample rises beyond the level, dB.
const MAX_OVERSHOOT_DB: f64 = 9.0;

/// One channel.
#[derive(Clone, Debug)]
struct Lane {
    levels: ClipLevels,
    /// Context, step, context.
    buffer: Vec<f32>,
    /// Frames in the buffer.
    filled: usize,
    /// Frames of the buffer before this one are done.
    done: usize,
}

/// Draws flat tops anew.
#[derive(Clone, Debug)]
pub struct Declip {
    step: usize,
    context: usize,
    ahead: usize,
    lanes: Vec<Lane>,
    work: Interpolator,
    /// Unknown samples that stay at their level.
    at_level: Vec<bool>,
    /// All that are not known, those at their level included, with that level and its sign.
    clipped: Vec<(usize, f64)>,
    overshoot: f64,
}

impl Declip {
    /// True where the settings do nothing.
    pub fn is_neutral(settings: &Cleanup) -> bool {
        settings
            .clipped
            .iter()
            .all(|levels| levels.above == 0.0 && levels.below == 0.0)
    }

    /// Prepares for the levels of the settings; a channel without any passes.
    pub fn new(settings: &Cleanup, spec: &ProcessSpec) -> Self {
        let rate_hz = f64::from(spec.sample_rate_hz);
        let frames = |seconds: f64| (seconds * rate_hz) as usize;
        let (step, context) = (frames(STEP_S).max(1), frames(CONTEXT_S).max(1));
        let context = context.max(step);
        let order = (MODEL_S * rate_hz).round().max(8.0) as usize;
        let (length, most) = if Self::is_neutral(settings) {
            (0, 0)
        } else {
            (step + 2 * context, step + 2 * context)
        };
        let lane = |index: usize| Lane {
            levels: settings.clipped.get(index).copied().unwrap_or(ClipLevels {
                above: 0.0,
                below: 0.0,
            }),
            buffer: vec![0.0; length],
            filled: (2 * context).min(length),
            done: 0,
        };
        Self {
            step,
            context,
            ahead: frames(AHEAD_S).min(context),
            lanes: (0..spec.channels).map(lane).collect(),
            work: Interpolator::new(order, length, most),
            at_level: Vec::with_capacity(most),
            clipped: Vec::with_capacity(most),
            overshoot: gain_from_db(MAX_OVERSHOOT_DB),
        }
    }
}

/// The level that a sample was cut off at, with its sign; `None` where it was not.
fn cut_at(levels: &ClipLevels, x: f32) -> Option<f64> {
    let level = if x > 0.0 { levels.above } else { levels.below };
    let is_cut = level > 0.0 && x.abs() >= level as f32 * (1.0 - TOLERANCE);
    is_cut.then(|| if x > 0.0 { level } else { -level })
}

impl Declip {
    /// Solves the middle of a lane's buffer.
    fn solve(&mut self, index: usize) {
        let (from, to) = (self.context, self.context + self.step);
        let lane = &mut self.lanes[index];
        let level_at = |buffer: &[f32], n: usize| cut_at(&lane.levels, buffer[n]);
        let from = lane.done.max(from);
        if !(from..to).any(|n| level_at(&lane.buffer, n).is_some()) {
            return;
        }
        let ahead = from..to + self.ahead;
        let cut = ahead.filter_map(|n| Some((n, level_at(&lane.buffer, n)?)));
        self.clipped.clear();
        self.clipped.extend(cut);
        // A run that goes on beyond the middle is kept whole.
        let mut end = to;
        while end < to + self.ahead && level_at(&lane.buffer, end).is_some() {
            end += 1;
        }
        lane.done = end;
        self.work.samples.clear();
        let samples = lane.buffer.iter().map(|&x| f64::from(x));
        self.work.samples.extend(samples);
        for _ in 0..FITS {
            self.work.clear_model();
            self.work.learn(0, self.work.samples.len());
            self.draw();
        }
        let buffer = &mut self.lanes[index].buffer;
        for &(n, _) in self.clipped.iter().take_while(|(n, _)| *n < end) {
            buffer[n] = self.work.samples[n] as f32;
        }
    }

    /// Draws the clipped samples by the model. One that would come out below its level stays there, and the others
    /// are solved for again.
    fn draw(&mut self) {
        let (work, at_level) = (&mut self.work, &mut self.at_level);
        at_level.clear();
        at_level.resize(self.clipped.len(), false);
        for round in 0..ROUNDS {
            work.unknown.clear();
            for (&(n, level), &fixed) in self.clipped.iter().zip(at_level.iter()) {
                if fixed {
                    work.samples[n] = level;
                } else {
                    work.unknown.push(n);
                }
            }
            if round == 0 {
                work.interpolate();
            } else {
                work.solve_again();
            }
            let mut is_settled = true;
            let samples = self.clipped.iter().zip(at_level.iter_mut());
            let free = samples.filter(|(_, fixed)| !**fixed);
            for ((&(n, level), fixed), &x) in free.zip(&work.solution) {
                let share = x / level;
                if share < 1.0 {
                    (*fixed, is_settled) = (true, false);
                }
                work.samples[n] = level * share.clamp(1.0, self.overshoot);
            }
            if is_settled {
                break;
            }
        }
    }
}

impl Processor for Declip {
    fn name(&self) -> &'static str {
        "declip"
    }

    fn process(&mut self, block: &mut Audio) {
        let latency = self.latency_frames();
        if latency == 0 {
            return;
        }
        let step = self.step;
        for index in 0..self.lanes.len().min(block.channel_count()) {
            let Some(samples) = block.channels_mut().nth(index) else {
                continue;
            };
            for sample in samples {
                let lane = &mut self.lanes[index];
                let at = lane.filled;
                lane.buffer[at] = *sample;
                *sample = lane.buffer[at - latency];
                lane.filled += 1;
                if lane.filled == lane.buffer.len() {
                    self.solve(index);
                    let lane = &mut self.lanes[index];
                    lane.buffer.copy_within(step.., 0);
                    lane.filled -= step;
                    lane.done = lane.done.saturating_sub(step);
                }
            }
        }
    }

    fn latency_frames(&self) -> usize {
        if self.work.solution.is_empty() {
            0
        } else {
            self.step + self.context
        }
    }

    fn reset(&mut self) {
        for lane in &mut self.lanes {
            lane.buffer.fill(0.0);
            lane.filled = (2 * self.context).min(lane.buffer.len());
            lane.done = 0;
        }
    }
}
