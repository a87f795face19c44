//! Repair of named moments: a click is replaced by what its surroundings predict, a bump is turned down.
//!
//! The replacement is the least-squares interpolation of an autoregressive model (Janssen, Veldhuis, Vries,
//! "Adaptive interpolation of discrete-time signals that can be modeled as autoregressive processes", IEEE
//! Trans. ASSP 34(2), 1986), one iteration with the model taken from both sides. Everything else passes
//! bit for bit, late by what must be looked ahead.

use crate::Audio;
use crate::measure::lone_transients::{LoneTransient, TransientKind};
use crate::process::{ProcessSpec, Processor, ResponseDb};
use crate::settings::{
    self, MAX_INTERPOLATED_MS, MIN_REPAIR_GAIN_DB, REPAIRS_APART_MS, RepairKind,
};
use crate::units::gain_from_db;

/// What a model is taken from, on either side, s.
const CONTEXT_S: f64 = 0.02;
/// Order of the model.
const ORDER: usize = 48;
/// White noise under the model, as a share of its power: keeps it stable (-90 dB).
const NOISE_SHARE: f64 = 1e-9;
/// What a click has on either side that is replaced with it, ms.
const CLICK_MARGIN_MS: f64 = 0.3;
/// A bump is turned down to this far above the rest's highest peak, dB: the limiter takes that alone.
const LEFT_OVER_DB: f64 = 3.0;
/// How long the gain takes to come down before a bump, and to come back after it, s.
const RAMP_S: f64 = 0.003;

/// True where the settings do nothing.
pub fn is_neutral(settings: &settings::Cleanup) -> bool {
    settings.repairs.is_empty()
}

/// One moment, in frames.
#[derive(Clone, Debug)]
struct Moment {
    start: u64,
    end: u64,
    /// Gain of a bump; `None` where the samples are replaced.
    gain: Option<f64>,
}

/// Repairs the moments of its settings.
#[derive(Clone, Debug)]
pub struct Repair {
    moments: Vec<Moment>,
    ramp_frames: u64,
    context_frames: usize,
    latency_frames: usize,
    /// The next moment to replace.
    next: usize,
    /// Frames taken so far.
    taken: u64,
    /// The last samples of each channel; frame `n` stands at `n` modulo the length.
    rings: Vec<Vec<f32>>,
    work: Work,
}

impl Repair {
    /// Prepares for the moments of the settings.
    pub fn new(settings: &settings::Cleanup, spec: &ProcessSpec) -> Self {
        let rate_hz = f64::from(spec.sample_rate_hz);
        let frame = |seconds: f64| (seconds * rate_hz).round() as u64;
        let moments: Vec<Moment> = settings
            .repairs
            .iter()
            .map(|repair| {
                let start = frame(repair.at_s);
                Moment {
                    start,
                    end: start + frame(repair.length_ms / 1000.0).max(1),
                    gain: match repair.kind {
                        RepairKind::Interpolate => None,
                        RepairKind::Attenuate => Some(gain_from_db(repair.gain_db)),
                    },
                }
            })
            .collect();
        let longest = moments
            .iter()
            .filter(|moment| moment.gain.is_none())
            .map(|moment| (moment.end - moment.start) as usize)
            .max();
        let context_frames = longest.map_or(0, |_| (CONTEXT_S * rate_hz) as usize);
        let longest = longest.unwrap_or(0);
        let latency_frames = longest + context_frames;
        let ring = if moments.is_empty() {
            Vec::new()
        } else {
            vec![0.0; latency_frames + context_frames + 1]
        };
        Self {
            ramp_frames: frame(RAMP_S).max(1),
            context_frames,
            latency_frames,
            next: 0,
            taken: 0,
            rings: vec![ring; spec.channels],
            work: Work::new(longest, context_frames),
            moments,
        }
    }

    /// Gain at a frame: 1 but for the bumps and their ramps.
    fn gain_at(&self, frame: u64) -> f64 {
        self.moments
            .iter()
            .filter_map(|moment| Some((moment, moment.gain?)))
            .map(|(moment, gain)| {
                let away = if frame < moment.start {
                    moment.start - frame
                } else {
                    (frame + 1).saturating_sub(moment.end)
                };
                let share = (away as f64 / self.ramp_frames as f64).min(1.0);
                let rise = 0.5 - 0.5 * libm::cos(std::f64::consts::PI * share);
                gain + (1.0 - gain) * rise
            })
            .fold(1.0, f64::min)
    }

    /// True where a bump or its ramps reach into a range of frames.
    fn is_turned_down(&self, start: u64, end: u64) -> bool {
        self.moments.iter().any(|moment| {
            moment.gain.is_some()
                && start < moment.end + self.ramp_frames
                && end + self.ramp_frames > moment.start
        })
    }

    /// Replaces a moment in the rings, which end with its right context.
    fn replace(&mut self, start: u64, end: u64) {
        let context = self.context_frames as u64;
        let from = start.saturating_sub(context);
        for ring in &mut self.rings {
            let length = ring.len() as u64;
            let at = |frame: u64| (frame % length) as usize;
            self.work.samples.clear();
            let known = (from..end + context).map(|frame| f64::from(ring[at(frame)]));
            self.work.samples.extend(known);
            self.work
                .interpolate((start - from) as usize, (end - from) as usize);
            for frame in start..end {
                ring[at(frame)] = self.work.samples[(frame - from) as usize] as f32;
            }
        }
    }
}

impl Processor for Repair {
    fn name(&self) -> &'static str {
        "repair"
    }

    fn process(&mut self, block: &mut Audio) {
        if self.moments.is_empty() {
            return;
        }
        let length = self.rings.first().map_or(1, Vec::len) as u64;
        let latency = self.latency_frames as u64;
        let frames = block.frames() as u64;
        let mut done = 0;
        while done < frames {
            // Up to where the next moment has all of its right context.
            let stop = self.moments[self.next..]
                .iter()
                .find(|moment| moment.gain.is_none())
                .map_or(u64::MAX, |moment| moment.end + self.context_frames as u64);
            let count = (frames - done).min(stop - self.taken);
            let turned_down = self.is_turned_down(self.taken, self.taken + count);
            for step in 0..count {
                let frame = self.taken + step;
                let gain = if turned_down {
                    self.gain_at(frame)
                } else {
                    1.0
                };
                let index = (done + step) as usize;
                for (ring, samples) in self.rings.iter_mut().zip(block.channels_mut()) {
                    let sample = &mut samples[index];
                    ring[(frame % length) as usize] = if gain == 1.0 {
                        *sample
                    } else {
                        (f64::from(*sample) * gain) as f32
                    };
                    *sample = match frame.checked_sub(latency) {
                        Some(earlier) => ring[(earlier % length) as usize],
                        None => 0.0,
                    };
                }
            }
            self.taken += count;
            done += count;
            if self.taken == stop {
                while let Some(moment) = self.moments.get(self.next) {
                    self.next += 1;
                    if moment.gain.is_none() {
                        let (start, end) = (moment.start, moment.end);
                        self.replace(start, end);
                        break;
                    }
                }
            }
        }
    }

    fn latency_frames(&self) -> usize {
        self.latency_frames
    }

    fn reset(&mut self) {
        self.next = 0;
        self.taken = 0;
        for ring in &mut self.rings {
            ring.fill(0.0);
        }
    }

    /// Flat but at the moments.
    fn response_db(&self, _freq_hz: f64) -> Option<ResponseDb> {
        Some(ResponseDb {
            mid_db: 0.0,
            side_db: 0.0,
        })
    }
}

/// The repairs of lone transients, in order of time, rounded as a settings file writes them. What lies too
/// close to the one before for a repair of its own is left to the limiter.
pub fn repairs_of(events: &[LoneTransient], sample_rate_hz: u32) -> Vec<settings::Repair> {
    let rate_hz = f64::from(sample_rate_hz);
    let mut repairs: Vec<settings::Repair> = Vec::new();
    for event in events {
        let start_s = event.start_frame as f64 / rate_hz;
        let length_ms = 1000.0 * event.frames as f64 / rate_hz;
        let repair = match event.kind {
            TransientKind::Click => {
                let at_s = (start_s - CLICK_MARGIN_MS / 1000.0).max(0.0);
                settings::Repair {
                    at_s,
                    length_ms: (1000.0 * (start_s - at_s) + length_ms + CLICK_MARGIN_MS)
                        .min(MAX_INTERPOLATED_MS),
                    kind: RepairKind::Interpolate,
                    gain_db: 0.0,
                }
            }
            TransientKind::Bump => settings::Repair {
                at_s: start_s,
                length_ms,
                kind: RepairKind::Attenuate,
                gain_db: (LEFT_OVER_DB - event.over_db).clamp(MIN_REPAIR_GAIN_DB, 0.0),
            },
        };
        let apart =
            |last: &settings::Repair| repair.at_s > last.end_s() + REPAIRS_APART_MS / 1000.0;
        if repairs.last().is_none_or(apart) {
            repairs.push(rounded(repair));
        }
    }
    repairs
}

/// As a settings file writes it.
fn rounded(repair: settings::Repair) -> settings::Repair {
    let to = |value: f64, steps: f64| (value * steps).round() / steps;
    settings::Repair {
        at_s: to(repair.at_s, 1e6),
        length_ms: to(repair.length_ms, 1e3),
        gain_db: to(repair.gain_db, 1e2),
        ..repair
    }
}

/// Room for one interpolation.
#[derive(Clone, Debug)]
struct Work {
    samples: Vec<f64>,
    /// Prediction error filter, 1 first.
    filter: [f64; ORDER + 1],
    /// Lower band of the normal equations, row by row, the diagonal last.
    band: Vec<[f64; ORDER + 1]>,
    right: Vec<f64>,
}

impl Work {
    fn new(longest: usize, context: usize) -> Self {
        Self {
            samples: Vec::with_capacity(longest + 2 * context),
            filter: [0.0; ORDER + 1],
            band: vec![[0.0; ORDER + 1]; longest],
            right: vec![0.0; longest],
        }
    }

    /// Replaces `samples[start..end]` by what the rest predicts.
    fn interpolate(&mut self, start: usize, end: usize) {
        let count = end - start;
        let (Some(left), Some(right)) = (self.samples.get(..start), self.samples.get(end..)) else {
            return;
        };
        self.filter = model(left, right);
        // Correlation of the filter with itself: the normal equations are Toeplitz.
        let correlation: [f64; ORDER + 1] = std::array::from_fn(|lag| {
            (0..=ORDER - lag)
                .map(|n| self.filter[n] * self.filter[n + lag])
                .sum()
        });
        for row in 0..count {
            let at = start + row;
            // What is beyond the samples that are there counts as silence.
            self.right[row] = -(1..=ORDER)
                .map(|lag| {
                    let before = at.checked_sub(lag).filter(|&n| n < start);
                    let after = Some(at + lag).filter(|&n| n >= end);
                    let known = |n: Option<usize>| {
                        n.and_then(|n| self.samples.get(n)).copied().unwrap_or(0.0)
                    };
                    correlation[lag] * (known(before) + known(after))
                })
                .sum::<f64>();
            let entries = self.band[row].iter_mut().rev().zip(&correlation);
            for (lag, (entry, &correlation)) in entries.enumerate() {
                *entry = if lag <= row { correlation } else { 0.0 };
            }
        }
        self.solve(count);
        self.samples[start..end].copy_from_slice(&self.right[..count]);
    }

    /// Cholesky decomposition of the band, in place, then both substitutions; `right` becomes the solution.
    fn solve(&mut self, count: usize) {
        let (band, right) = (&mut self.band[..count], &mut self.right[..count]);
        for row in 0..count {
            let first = row.saturating_sub(ORDER);
            for column in first..=row {
                let mut sum = band[row][ORDER + column - row];
                for n in first..column {
                    if column - n <= ORDER {
                        sum -= band[row][ORDER + n - row] * band[column][ORDER + n - column];
                    }
                }
                band[row][ORDER + column - row] = if column == row {
                    sum.max(f64::MIN_POSITIVE).sqrt()
                } else {
                    sum / band[column][ORDER]
                };
            }
        }
        for row in 0..count {
            let mut sum = right[row];
            for n in row.saturating_sub(ORDER)..row {
                sum -= band[row][ORDER + n - row] * right[n];
            }
            right[row] = sum / band[row][ORDER];
        }
        for row in (0..count).rev() {
            let mut sum = right[row];
            for n in row + 1..(row + ORDER + 1).min(count) {
                sum -= band[n][ORDER + row - n] * right[n];
            }
            right[row] = sum / band[row][ORDER];
        }
    }
}

/// Prediction error filter of both sides together (Levinson-Durbin on the sum of their windowed
/// autocorrelations).
fn model(left: &[f64], right: &[f64]) -> [f64; ORDER + 1] {
    let mut correlation = [0.0; ORDER + 1];
    for side in [left, right] {
        let step = std::f64::consts::TAU / (side.len() + 1) as f64;
        let window = |n: usize| 0.5 - 0.5 * libm::cos(step * (n + 1) as f64);
        for (lag, sum) in correlation.iter_mut().enumerate() {
            *sum += (lag..side.len())
                .map(|n| side[n] * window(n) * side[n - lag] * window(n - lag))
                .sum::<f64>();
        }
    }
    let mut filter = [0.0; ORDER + 1];
    filter[0] = 1.0;
    let mut error = correlation[0] * (1.0 + NOISE_SHARE) + f64::MIN_POSITIVE;
    correlation[0] = error;
    for order in 1..=ORDER {
        let sum: f64 = (0..order).map(|n| filter[n] * correlation[order - n]).sum();
        let reflection = -sum / error;
        let before = filter;
        for n in 1..=order {
            filter[n] = before[n] + reflection * before[order - n];
        }
        error *= 1.0 - reflection * reflection;
        if error <= f64::MIN_POSITIVE {
            break;
        }
    }
    filter
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use crate::process::processed;

    const SPEC: ProcessSpec = ProcessSpec {
        sample_rate_hz: 44_100,
        channels: 2,
        program_lufs: -14.0,
    };

    fn tones() -> Audio {
        let channel = |detune: f64| {
            (0..44_100)
                .map(|n| {
                    let t = f64::from(n) / 44_100.0;
                    let partial = |k: f64| (std::f64::consts::TAU * k * detune * t + k).sin() / k;
                    (0.2 * (1..9).map(|k| partial(f64::from(k))).sum::<f64>()) as f32
                })
                .collect()
        };
        Audio::new(44_100, vec![channel(196.0), channel(293.7)]).unwrap()
    }

    fn repaired(input: &Audio, repairs: Vec<settings::Repair>) -> Audio {
        let cleanup = settings::Cleanup {
            repairs,
            ..Settings::default().cleanup
        };
        let mut stage = Repair::new(&cleanup, &SPEC);
        let whole = processed(&mut stage, input);
        for block in [1, 700, 44_100] {
            stage.reset();
            let mut cut = Audio::silence(44_100, 2, 0);
            let mut longer = input.clone();
            longer.set_frames(input.frames() + stage.latency_frames());
            let mut at = 0;
            while at < longer.frames() {
                let mut part = longer.slice(at, at + block);
                at += block;
                stage.process(&mut part);
                cut.append(&part);
            }
            cut.drop_front(stage.latency_frames());
            assert_eq!(cut, whole);
        }
        whole
    }

    fn click(at_s: f64, length_ms: f64) -> settings::Repair {
        settings::Repair {
            at_s,
            length_ms,
            kind: RepairKind::Interpolate,
            gain_db: 0.0,
        }
    }

    #[test]
    fn a_click_is_replaced_by_what_was_there() {
        let clean = tones();
        let mut clicked = clean.clone();
        for channel in clicked.channels_mut() {
            channel[22_050..22_110].iter_mut().for_each(|x| *x += 0.8);
        }
        let out = repaired(&clicked, vec![click(0.5, 1.361)]);
        for (got, want) in out.channels().iter().zip(clean.channels()) {
            assert_eq!(got[..22_050], want[..22_050]);
            assert_eq!(got[22_110..], want[22_110..]);
            let error = got[22_050..22_110].iter().zip(&want[22_050..22_110]);
            let worst = error.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 0.02, "{worst}");
        }
    }

    #[test]
    fn clicks_at_the_edges_and_in_silence_end_in_numbers() {
        let mut input = tones();
        for channel in input.channels_mut() {
            channel[..40].fill(1.0);
            channel[10_000..30_000].fill(0.0);
            channel[20_000..20_050].fill(-1.0);
            channel[44_080..].fill(1.0);
        }
        let moments = vec![
            click(0.0, 1.0),
            click(20_000.0 / 44_100.0, 1.2),
            click(44_080.0 / 44_100.0, 0.5),
        ];
        let out = repaired(&input, moments);
        assert_eq!(out.frames(), 44_100);
        for channel in out.channels() {
            assert!(channel.iter().all(|x| x.abs() < 0.9));
            assert!(channel[20_000..20_050].iter().all(|x| x.abs() < 1e-6));
        }
    }

    #[test]
    fn a_bump_is_turned_down_and_nothing_else() {
        let input = tones();
        let bump = settings::Repair {
            at_s: 0.25,
            length_ms: 20.0,
            kind: RepairKind::Attenuate,
            gain_db: -20.0,
        };
        let out = repaired(&input, vec![bump]);
        for (got, had) in out.channels().iter().zip(input.channels()) {
            assert_eq!(got[..10_800], had[..10_800]);
            assert_eq!(got[12_100..], had[12_100..]);
            for n in 11_025..11_907 {
                assert!((got[n] - 0.1 * had[n]).abs() < 1e-6);
            }
        }
    }
}
