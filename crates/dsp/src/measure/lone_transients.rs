//! [`LoneTransients`]: single short events that stand far above everything else: a bump of the microphone, a
//! click. They are not the music, and must not decide how it is treated.
//!
//! A candidate is a 10 ms step that stands 6 dB above what lies 50 to 140 ms before and after it. It is lone
//! where, all such candidates left out, nothing else in the program comes near it. Short and gone without a
//! trace, it is a click; anything longer is a bump.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::peaks::peak_steps::{PeakSteps, STEPS_PER_SECOND, boundary};
use crate::Audio;
use crate::units::{db_from_gain, gain_from_db};

/// Steps before a candidate that are looked at …
const BEFORE_STEPS: usize = 14;
/// … but for these next to it.
const NEAR_BEFORE_STEPS: usize = 4;
/// Steps after a candidate that are looked at …
const AFTER_STEPS: usize = 14;
/// … but for these next to it.
const NEAR_AFTER_STEPS: usize = 8;
/// How far a candidate stands above the steps around it, as gain (6 dB).
const CANDIDATE_GAIN: f32 = 2.0;
/// What stands less far above the loudest of the rest is left to the limiter: a click, dB …
const CLICK_DB: f64 = 6.0;
/// … and a bump, which might be music, dB.
const BUMP_DB: f64 = 9.0;
/// Candidates that are kept, the highest ones.
const KEPT: usize = 32;
/// Lone events are rare: at most so many …
const FEW: usize = 2;
/// … and one more for each so many seconds, s.
const ONE_MORE_S: f64 = 10.0;

/// What is next to a click belongs to it, s …
const CLICK_NEAR_S: f64 = 0.005;
/// … and what is compared with it lies up to here, s.
const CLICK_AROUND_S: f64 = 0.02;
/// Longest click, s.
const LONGEST_CLICK_S: f64 = 0.005;
/// A click stands so far above the 20 ms on either side, as gain (12 dB).
const CLICK_GAIN: f32 = 4.0;
/// An event ends where it has come down to this times its surroundings …
const ENDED_GAIN: f32 = 1.5;
/// … and stays there, s: a click …
const CLICK_ENDED_S: f64 = 0.001;
/// … and a bump.
const BUMP_ENDED_S: f64 = 0.005;
/// Something that rings louder than before, as gain (6 dB), is no click …
const RINGING_GAIN: f32 = 2.0;
/// … unless the ringing is this far below the click, as gain (-34 dB).
const FAINT_GAIN: f32 = 0.02;

/// What kind of event it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TransientKind {
    /// At most 5 ms long, and what follows is as it was before: no instrument sounds so.
    Click,
    /// Longer, or with something ringing after it.
    Bump,
}

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoneTransient {
    /// What kind of event it is.
    pub kind: TransientKind,
    /// First frame.
    pub start_frame: u64,
    /// Length in frames.
    pub frames: u64,
    /// Highest sample, dBFS.
    pub peak_dbfs: f64,
    /// How far it stands above the highest sample of the rest of the program, dB.
    pub over_db: f64,
}

impl LoneTransient {
    /// The 10 ms steps that it touches.
    pub fn steps(&self, sample_rate_hz: u32) -> std::ops::RangeInclusive<usize> {
        let step = |frame: u64| (frame * STEPS_PER_SECOND / u64::from(sample_rate_hz)) as usize;
        step(self.start_frame)..=step(self.start_frame + self.frames)
    }
}

/// Streaming meter; it measures the peaks of all 10 ms steps on the way.
#[derive(Clone, Debug)]
pub struct LoneTransients {
    sample_rate_hz: u32,
    peaks: PeakSteps,
    /// The last moments of sound, and where they start.
    recent: Audio,
    recent_start_frame: u64,
    /// The next step to look at.
    next_step: usize,
    candidates: Vec<(f32, LoneTransient)>,
}

impl LoneTransients {
    /// A meter at rest.
    pub fn new(sample_rate_hz: u32, channels: usize) -> Self {
        Self {
            sample_rate_hz,
            peaks: PeakSteps::new(sample_rate_hz),
            recent: Audio::silence(sample_rate_hz, channels, 0),
            recent_start_frame: 0,
            next_step: 0,
            candidates: Vec::new(),
        }
    }

    /// Takes a block; samples must be finite.
    pub fn process(&mut self, block: &Audio) {
        self.peaks.process(block);
        self.recent.append(block);
        while self.next_step + AFTER_STEPS < self.peaks.steps().len() {
            self.look();
        }
        let needed = self.next_step.saturating_sub(BEFORE_STEPS);
        let start_frame = self.boundary(needed);
        self.recent
            .drop_front((start_frame - self.recent_start_frame) as usize);
        self.recent_start_frame = start_frame;
    }

    fn boundary(&self, step: usize) -> u64 {
        boundary(self.sample_rate_hz, step)
    }

    /// Looks at the next step.
    fn look(&mut self) {
        let step = self.next_step;
        self.next_step += 1;
        let peaks = self.peaks.steps();
        let peak = peaks[step];
        let highest = |from, to| highest(peaks, from, to);
        let near_before = step.saturating_sub(NEAR_BEFORE_STEPS);
        let near_after = step + NEAR_AFTER_STEPS + 1;
        let before = highest(step.saturating_sub(BEFORE_STEPS), near_before);
        let after = highest(near_after, step + AFTER_STEPS + 1);
        let stands_out = peak > CANDIDATE_GAIN * before.max(after)
            && peak > highest(near_before, step)
            && peak >= highest(step + 1, near_after);
        let weakest = self.candidates.last().map_or(0.0, |(peak, _)| *peak);
        if !stands_out || (self.candidates.len() == KEPT && peak <= weakest) {
            return;
        }
        let event = self.inspect(step);
        let place = self.candidates.partition_point(|(other, _)| *other >= peak);
        self.candidates.insert(place, (peak, event));
        self.candidates.truncate(KEPT);
    }

    /// Kind and extent of what happens in a step.
    fn inspect(&self, step: usize) -> LoneTransient {
        let first = self.boundary(step.saturating_sub(BEFORE_STEPS));
        let last = self.boundary(step + AFTER_STEPS + 1);
        let magnitudes: Vec<f32> = {
            let offset = (first - self.recent_start_frame) as usize;
            let end = ((last - self.recent_start_frame) as usize).min(self.recent.frames());
            (offset..end)
                .map(|n| {
                    let channels = self.recent.channels().iter();
                    channels.fold(0.0, |most: f32, channel| most.max(channel[n].abs()))
                })
                .collect()
        };
        let within =
            (self.boundary(step) - first) as usize..(self.boundary(step + 1) - first) as usize;
        let peak_at = within
            .filter(|&n| n < magnitudes.len())
            .max_by(|&a, &b| magnitudes[a].total_cmp(&magnitudes[b]).then(b.cmp(&a)))
            .unwrap_or(0);
        let peak = magnitudes.get(peak_at).copied().unwrap_or(0.0);
        let (kind, from, to) = self.click(&magnitudes, peak_at, peak).map_or_else(
            || {
                let (from, to) = self.bump(&magnitudes, peak_at);
                (TransientKind::Bump, from, to)
            },
            |(from, to)| (TransientKind::Click, from, to),
        );
        LoneTransient {
            kind,
            start_frame: first + from as u64,
            frames: (to - from) as u64,
            peak_dbfs: db_from_gain(f64::from(peak)),
            over_db: 0.0,
        }
    }

    fn frames_in(&self, seconds: f64) -> usize {
        ((seconds * f64::from(self.sample_rate_hz)) as usize).max(1)
    }

    /// The extent of a click; `None` where it is none.
    fn click(&self, magnitudes: &[f32], peak_at: usize, peak: f32) -> Option<(usize, usize)> {
        let (near, around) = (self.frames_in(CLICK_NEAR_S), self.frames_in(CLICK_AROUND_S));
        let before = highest(
            magnitudes,
            peak_at.saturating_sub(around),
            peak_at.saturating_sub(near),
        );
        let after = highest(magnitudes, peak_at + near, peak_at + around);
        let rings = after > RINGING_GAIN * before && after > FAINT_GAIN * peak;
        if rings || peak < CLICK_GAIN * before.max(after) {
            return None;
        }
        let ended = ENDED_GAIN * before.max(after);
        let (from, to) = extent(
            magnitudes,
            peak_at,
            ended.max(FAINT_GAIN * peak),
            self.frames_in(CLICK_ENDED_S),
        );
        (to - from <= self.frames_in(LONGEST_CLICK_S)).then_some((from, to))
    }

    /// The extent of a bump.
    fn bump(&self, magnitudes: &[f32], peak_at: usize) -> (usize, usize) {
        let step_frames = self.boundary(1) as usize;
        let from = peak_at.saturating_sub(NEAR_BEFORE_STEPS * step_frames);
        let to = (peak_at + NEAR_AFTER_STEPS * step_frames).min(magnitudes.len());
        let around = highest(magnitudes, 0, from).max(highest(magnitudes, to, magnitudes.len()));
        let (start, end) = extent(
            magnitudes,
            peak_at,
            ENDED_GAIN * around,
            self.frames_in(BUMP_ENDED_S),
        );
        (start.max(from), end.min(to))
    }

    /// The lone transients in order of time, and the peak of each whole 10 ms step, full scale = 1.
    pub fn finish(mut self) -> (Vec<LoneTransient>, Vec<f32>) {
        while self.next_step < self.peaks.steps().len() {
            self.look();
        }
        let peaks = self.peaks.finish();
        let seconds = peaks.len() as f64 / STEPS_PER_SECOND as f64;
        let few = FEW + (seconds / ONE_MORE_S) as usize;
        let mut rest = peaks.clone();
        let mut lone = Vec::new();
        let mut left_out = Vec::new();
        for (peak, event) in self.candidates.iter().take(few) {
            left_out.push(*event);
            for step in event.steps(self.sample_rate_hz) {
                for near in step.saturating_sub(1)..=(step + 1).min(rest.len().saturating_sub(1)) {
                    rest[near] = 0.0;
                }
            }
            let of_rest = rest.iter().copied().fold(0.0, f32::max);
            if f64::from(*peak) > gain_from_db(CLICK_DB) * f64::from(of_rest) && of_rest > 0.0 {
                let over = |event: &LoneTransient| LoneTransient {
                    over_db: event.peak_dbfs - db_from_gain(f64::from(of_rest)),
                    ..*event
                };
                lone = left_out.iter().map(over).collect();
            }
        }
        lone.retain(|event: &LoneTransient| {
            event.kind == TransientKind::Click || event.over_db > BUMP_DB
        });
        lone.sort_by_key(|event| event.start_frame);
        (lone, peaks)
    }
}

/// Highest of the magnitudes in a range, which is cut to what there is.
fn highest(magnitudes: &[f32], from: usize, to: usize) -> f32 {
    let to = to.min(magnitudes.len());
    let from = from.min(to);
    magnitudes[from..to].iter().copied().fold(0.0, f32::max)
}

/// From where to where the magnitudes around a peak stand above a level, gaps shorter than `gap` included.
fn extent(magnitudes: &[f32], peak_at: usize, level: f32, gap: usize) -> (usize, usize) {
    let (mut from, mut to) = (peak_at, peak_at + 1);
    for n in (0..peak_at).rev() {
        if from - n > gap {
            break;
        }
        if magnitudes[n] > level {
            from = n;
        }
    }
    for (n, &magnitude) in magnitudes.iter().enumerate().skip(peak_at + 1) {
        if n - to >= gap {
            break;
        }
        if magnitude > level {
            to = n + 1;
        }
    }
    (from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: u32 = 44_100;

    /// Twenty seconds that pulse gently, at most 0.05.
    fn music() -> Vec<f32> {
        (0..20 * RATE_HZ)
            .map(|n| {
                let t = f64::from(n) / f64::from(RATE_HZ);
                let pulse = 0.6 + 0.4 * (std::f64::consts::TAU * 2.0 * t).sin();
                (0.05 * pulse * (std::f64::consts::TAU * 220.0 * t).sin()) as f32
            })
            .collect()
    }

    fn found(samples: Vec<f32>, block: usize) -> Vec<LoneTransient> {
        let audio = Audio::new(RATE_HZ, vec![samples]).unwrap();
        let mut meter = LoneTransients::new(RATE_HZ, 1);
        let mut at = 0;
        while at < audio.frames() {
            meter.process(&audio.slice(at, at + block));
            at += block;
        }
        let (lone, peaks) = meter.finish();
        assert_eq!(peaks.len(), 2_000);
        lone
    }

    fn with(mut samples: Vec<f32>, at_s: f64, event: impl Iterator<Item = f64>) -> Vec<f32> {
        let at = (at_s * f64::from(RATE_HZ)) as usize;
        for (sample, x) in samples[at..].iter_mut().zip(event) {
            *sample += x as f32;
        }
        samples
    }

    fn decay(seconds: f64, freq_hz: f64) -> impl Iterator<Item = f64> {
        (0..RATE_HZ).map(move |n| {
            let t = f64::from(n) / f64::from(RATE_HZ);
            0.9 * (-t / seconds).exp() * (std::f64::consts::TAU * freq_hz * t).sin()
        })
    }

    #[test]
    fn a_click_is_found_with_its_place_and_length() {
        let samples = with(music(), 7.0, std::iter::repeat_n(0.9, 60));
        for block in [441, 10_000, 882_000] {
            let lone = found(samples.clone(), block);
            assert_eq!(lone.len(), 1, "{lone:?}");
            assert_eq!(lone[0].kind, TransientKind::Click);
            assert_eq!((lone[0].start_frame, lone[0].frames), (308_700, 60));
            assert!(lone[0].over_db > 20.0, "{lone:?}");
        }
    }

    #[test]
    fn a_bump_is_found_at_the_start_and_at_the_end_as_well() {
        let bump = || decay(0.015, 60.0);
        for at_s in [0.0, 9.3, 19.9] {
            let lone = found(with(music(), at_s, bump()), 4_096);
            assert_eq!(lone.len(), 1, "{at_s}: {lone:?}");
            assert_eq!(lone[0].kind, TransientKind::Bump);
            let start_s = lone[0].start_frame as f64 / f64::from(RATE_HZ);
            assert!((start_s - at_s).abs() < 0.01, "{lone:?}");
        }
    }

    #[test]
    fn what_comes_often_or_rings_on_is_music() {
        assert_eq!(found(music(), 4_096), []);
        let mut drums = music();
        for beat in 0..39 {
            drums = with(drums, 0.5 * f64::from(beat), decay(0.01, 200.0));
        }
        assert_eq!(found(drums, 4_096), []);
        let gong = with(music(), 8.0, decay(0.6, 150.0));
        assert_eq!(found(gong, 4_096), []);
    }
}
