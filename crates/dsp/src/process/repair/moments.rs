//! [`Repair`]: named moments are replaced by what their surroundings predict, turned down, or faded.
//!
//! A replacement is one iteration of the interpolation in [`autoregressive`](super::autoregressive), with the model
//! taken from both sides. Everything else passes bit for bit, late by what must be looked ahead.

use super::autoregressive::Interpolator;
use crate::Audio;
use crate::process::{ProcessSpec, Processor, ResponseDb};
use crate::settings::{self, RepairKind};
use crate::units::gain_from_db;

/// What a model is taken from, on either side, s.
const CONTEXT_S: f64 = 0.02;
/// Order of the model.
const ORDER: usize = 48;
/// White noise under the model (-50 dB): the end of a click may reach beyond what is replaced.
const NOISE_SHARE: f64 = 1e-5;
/// What is drawn goes no higher than this times what is known within a quarter of the context.
const HIGHEST: f64 = 1.5;
/// How long the gain takes to come down before a bump, and to come back after it, s.
const RAMP_S: f64 = 0.003;

/// A moment whose samples are replaced, in frames.
#[derive(Clone, Copy, Debug)]
struct Gap {
    start: u64,
    end: u64,
}

/// A moment whose level is changed, in frames.
#[derive(Clone, Copy, Debug)]
struct Level {
    start: u64,
    end: u64,
    kind: RepairKind,
    gain: f64,
}

impl Level {
    /// Gain at a frame: 1 away from the moment and its ramps.
    fn gain_at(&self, frame: u64, ramp_frames: u64) -> f64 {
        let through = |from: u64, frames: u64| {
            (frame.saturating_sub(from) as f64 / frames.max(1) as f64).clamp(0.0, 1.0)
        };
        let rise = |share: f64| 0.5 - 0.5 * libm::cos(std::f64::consts::PI * share);
        let length = self.end - self.start;
        match self.kind {
            RepairKind::FadeIn if frame < self.start => 1.0,
            RepairKind::FadeIn => rise(through(self.start, length)),
            RepairKind::FadeOut if frame >= self.end => 1.0,
            RepairKind::FadeOut => rise(1.0 - through(self.start, length)),
            _ => {
                let away = if frame < self.start {
                    self.start - frame
                } else {
                    (frame + 1).saturating_sub(self.end)
                };
                let share = (away as f64 / ramp_frames as f64).min(1.0);
                self.gain + (1.0 - self.gain) * rise(share)
            }
        }
    }
}

/// What is repaired in one channel.
#[derive(Clone, Debug, Default)]
struct Lane {
    gaps: Vec<Gap>,
    levels: Vec<Level>,
    /// The next gap to fill, and the first level that is not over.
    next_gap: usize,
    next_level: usize,
    /// The last samples; frame `n` stands at `n` modulo the length.
    ring: Vec<f32>,
}

impl Lane {
    /// `late_frames`: how much later than in the song the frames come.
    fn new(settings: &settings::Cleanup, lane: usize, rate_hz: f64, late_frames: u64) -> Self {
        let frame = |seconds: f64| (seconds * rate_hz).round() as u64;
        let mut found = Self::default();
        let own = settings.repairs.iter();
        for repair in own.filter(|repair| repair.channel.lanes().contains(&lane)) {
            let start = frame(repair.at_s) + late_frames;
            let end = start + frame(repair.length_ms / 1000.0).max(1);
            if repair.kind == RepairKind::Interpolate {
                found.gaps.push(Gap { start, end });
            } else {
                found.levels.push(Level {
                    start,
                    end,
                    kind: repair.kind,
                    gain: gain_from_db(repair.gain_db),
                });
            }
        }
        found
    }

    /// Gain at a frame.
    fn gain_at(&self, frame: u64, ramp_frames: u64) -> f64 {
        self.levels[self.next_level..]
            .iter()
            .take_while(|level| level.start <= frame + ramp_frames)
            .map(|level| level.gain_at(frame, ramp_frames))
            .fold(1.0, f64::min)
    }

    /// Passes over the levels that are over before a frame; true where one reaches into the frames up to `end`.
    fn is_turned_down(&mut self, start: u64, end: u64, ramp_frames: u64) -> bool {
        let is_over = |level: &Level| level.end + ramp_frames <= start;
        while self.levels.get(self.next_level).is_some_and(is_over) {
            self.next_level += 1;
        }
        let next = self.levels.get(self.next_level);
        next.is_some_and(|level| level.start < end + ramp_frames)
    }

    /// Fills the next gap in the ring, which ends with its right context. Gaps in that are not known either; those
    /// before it are filled.
    fn fill(&mut self, context: u64, work: &mut Interpolator) {
        let Some((gap, later)) = self
            .gaps
            .get(self.next_gap..)
            .and_then(<[Gap]>::split_first)
        else {
            return;
        };
        let (from, to) = (gap.start.saturating_sub(context), gap.end + context);
        let length = self.ring.len() as u64;
        let at = |frame: u64| (frame % length) as usize;
        work.samples.clear();
        let all = (from..to).map(|frame| f64::from(self.ring[at(frame)]));
        work.samples.extend(all);
        let place = |frame: u64| (frame.min(to) - from) as usize;
        work.unknown.clear();
        work.unknown.extend(place(gap.start)..place(gap.end));
        work.clear_model();
        work.learn(0, place(gap.start));
        let mut known = place(gap.end);
        for other in later.iter().take_while(|other| other.start < to) {
            work.learn(known, place(other.start));
            work.unknown.extend(place(other.start)..place(other.end));
            known = place(other.end);
        }
        work.learn(known, place(to));
        work.interpolate();
        let beside = (gap.start.saturating_sub(context / 4)..gap.start)
            .chain(gap.end..gap.end + context / 4);
        let is_known = |frame: &u64| {
            !later
                .iter()
                .take_while(|other| other.start <= *frame)
                .any(|other| *frame < other.end)
        };
        let highest = beside
            .filter(is_known)
            .map(|frame| self.ring[at(frame)].abs())
            .fold(0.0, f32::max);
        let most = HIGHEST * f64::from(highest);
        for (frame, sample) in (gap.start..gap.end).zip(&work.solution) {
            self.ring[at(frame)] = sample.clamp(-most, most) as f32;
        }
        self.next_gap += 1;
    }

    /// Takes a channel's next samples, the first of which is frame `taken`, and gives the earlier ones in their place.
    fn process(&mut self, samples: &mut [f32], taken: u64, shape: &Shape, work: &mut Interpolator) {
        let length = self.ring.len() as u64;
        let (latency, frames) = (shape.latency_frames as u64, samples.len() as u64);
        let mut done = 0;
        while done < frames {
            let gap = self.gaps.get(self.next_gap).copied();
            let stop = gap.map_or(u64::MAX, |gap| gap.end + shape.context_frames);
            let now = taken + done;
            let count = (frames - done).min(stop - now);
            let turned_down = self.is_turned_down(now, now + count, shape.ramp_frames);
            for frame in now..now + count {
                let sample = &mut samples[(frame - taken) as usize];
                if turned_down {
                    let gain = self.gain_at(frame, shape.ramp_frames);
                    if gain < 1.0 {
                        *sample = (f64::from(*sample) * gain) as f32;
                    }
                }
                self.ring[(frame % length) as usize] = *sample;
                *sample = match frame.checked_sub(latency) {
                    Some(earlier) => self.ring[(earlier % length) as usize],
                    None => 0.0,
                };
            }
            done += count;
            if now + count == stop {
                self.fill(shape.context_frames, work);
            }
        }
    }
}

/// Lengths, in frames.
#[derive(Clone, Copy, Debug)]
struct Shape {
    ramp_frames: u64,
    context_frames: u64,
    latency_frames: usize,
}

/// Repairs the moments of its settings.
#[derive(Clone, Debug)]
pub struct Repair {
    shape: Shape,
    /// Frames taken so far.
    taken: u64,
    lanes: Vec<Lane>,
    work: Interpolator,
}

impl Repair {
    /// True where the settings do nothing.
    pub fn is_neutral(settings: &settings::Cleanup) -> bool {
        settings.repairs.is_empty()
    }

    /// Prepares for the moments of the settings.
    pub fn new(settings: &settings::Cleanup, spec: &ProcessSpec) -> Self {
        Self::behind(settings, spec, 0)
    }

    /// The same behind stages whose latency adds up to `late_frames`: places are those of the song.
    pub fn behind(settings: &settings::Cleanup, spec: &ProcessSpec, late_frames: usize) -> Self {
        let rate_hz = f64::from(spec.sample_rate_hz);
        let context = (CONTEXT_S * rate_hz) as u64;
        let mut lanes: Vec<Lane> = (0..spec.channels)
            .map(|lane| Lane::new(settings, lane, rate_hz, late_frames as u64))
            .collect();
        let gaps = lanes.iter().flat_map(|lane| &lane.gaps);
        let longest = gaps.map(|gap| (gap.end - gap.start) as usize).max();
        let context_frames = longest.map_or(0, |_| context);
        let longest = longest.unwrap_or(0);
        let latency_frames = longest + context_frames as usize;
        for lane in &mut lanes {
            lane.ring = vec![0.0; latency_frames + context_frames as usize + 1];
        }
        let room = longest + 2 * context_frames as usize;
        Self {
            shape: Shape {
                ramp_frames: ((RAMP_S * rate_hz).round() as u64).max(1),
                context_frames,
                latency_frames,
            },
            taken: 0,
            lanes,
            work: Interpolator::new(ORDER, room, longest + context_frames as usize)
                .with_noise(NOISE_SHARE),
        }
    }
}

impl Processor for Repair {
    fn name(&self) -> &'static str {
        "repair"
    }

    fn process(&mut self, block: &mut Audio) {
        let frames = block.frames() as u64;
        for (lane, samples) in self.lanes.iter_mut().zip(block.channels_mut()) {
            if !(lane.gaps.is_empty() && lane.levels.is_empty()) || self.shape.latency_frames > 0 {
                lane.process(samples, self.taken, &self.shape, &mut self.work);
            }
        }
        self.taken += frames;
    }

    fn latency_frames(&self) -> usize {
        self.shape.latency_frames
    }

    fn reset(&mut self) {
        self.taken = 0;
        for lane in &mut self.lanes {
            (lane.next_gap, lane.next_level) = (0, 0);
            lane.ring.fill(0.0);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use crate::process::processed;
    use crate::settings::RepairedChannel;

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
            channel: RepairedChannel::Both,
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
            // What is left of the click is at least 30 dB below it.
            assert!(worst < 0.025, "{worst}");
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
            channel: RepairedChannel::Both,
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
