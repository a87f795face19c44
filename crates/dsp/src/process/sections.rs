//! [`Sections`]: level and side gain by part of the song.
//!
//! The last stage before the limiter: what was decided on the mix arrives there whole, and no stage with a threshold
//! works otherwise for it. At a boundary the gains go from the one part's to the next one's in dB, along half a
//! cosine; everywhere else they are constant, so that nothing is modulated. Frames without a change pass bit for bit.

use crate::Audio;
use crate::process::{ProcessSpec, Processor};
use crate::settings::Section;
use crate::units::gain_from_db;

/// How long the gains take from one part to the next, s: about a bar. A part that is shorter takes its length.
pub const CHANGE_S: f64 = 2.0;

/// True where the settings do nothing.
pub fn is_neutral(sections: &[Section]) -> bool {
    sections.iter().all(Section::is_neutral)
}

/// Gains of a moment, dB.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct GainsDb {
    level: f64,
    side: f64,
}

impl GainsDb {
    /// On the way to others.
    fn toward(self, other: Self, share: f64) -> Self {
        Self {
            level: self.level + share * (other.level - self.level),
            side: self.side + share * (other.side - self.side),
        }
    }

    /// Gains of mid and side.
    fn linear(self) -> (f64, f64) {
        (
            gain_from_db(self.level),
            gain_from_db(self.level + self.side),
        )
    }
}

/// A stretch in frames, with the gains at its start and at its end.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    start: u64,
    end: u64,
    from: GainsDb,
    to: GainsDb,
}

/// The stage. The first part's gains hold from the start of the song and the last one's up to its end, wherever they
/// begin and end; between two parts with a gap nothing is changed.
#[derive(Clone, Debug)]
pub struct Sections {
    /// In order of time, without gaps.
    stretches: Vec<Stretch>,
    /// The stretch of the next frame.
    current: usize,
    /// Frames that went through.
    frame: u64,
}

impl Sections {
    /// Resolves the parts into frames. `late_frames` is the latency of the stages before it.
    pub fn new(sections: &[Section], spec: &ProcessSpec, late_frames: usize) -> Self {
        let stretches = if is_neutral(sections) {
            Vec::new()
        } else {
            let frame = |at_s: f64| {
                let at = libm::round(at_s * f64::from(spec.sample_rate_hz));
                (at + late_frames as f64).max(0.0) as u64
            };
            stretches(&without_gaps(sections), frame)
        };
        Self {
            stretches,
            current: 0,
            frame: 0,
        }
    }
}

/// The parts, with gaps that are long enough for two changes as neutral parts, and shorter ones closed.
fn without_gaps(sections: &[Section]) -> Vec<Section> {
    let mut parts: Vec<Section> = Vec::with_capacity(2 * sections.len());
    for &section in sections {
        if let Some(last) = parts.last_mut() {
            let (from_s, to_s) = (last.end_s, section.start_s);
            if to_s - from_s < CHANGE_S {
                last.end_s = to_s;
            } else {
                parts.push(Section {
                    start_s: from_s,
                    end_s: to_s,
                    level_db: 0.0,
                    side_db: 0.0,
                    ..section
                });
            }
        }
        parts.push(section);
    }
    parts
}

/// Constant stretches, and between them those in which the gains change.
fn stretches(parts: &[Section], frame: impl Fn(f64) -> u64) -> Vec<Stretch> {
    let gains = |part: &Section| GainsDb {
        level: part.level_db,
        side: part.side_db,
    };
    let mut all = Vec::with_capacity(2 * parts.len());
    let mut start = 0;
    for pair in parts.windows(2) {
        let [before, after] = pair else { continue };
        let shorter_s = (before.end_s - before.start_s).min(after.end_s - after.start_s);
        let half_s = 0.5 * shorter_s.min(CHANGE_S);
        let (from, to) = (gains(before), gains(after));
        let (change, constant) = (frame(before.end_s - half_s), frame(before.end_s + half_s));
        all.push(Stretch {
            start,
            end: change,
            from,
            to: from,
        });
        all.push(Stretch {
            start: change,
            end: constant,
            from,
            to,
        });
        start = constant;
    }
    if let Some(last) = parts.last() {
        all.push(Stretch {
            start,
            end: u64::MAX,
            from: gains(last),
            to: gains(last),
        });
    }
    all
}

impl Processor for Sections {
    fn name(&self) -> &'static str {
        "sections"
    }

    fn process(&mut self, block: &mut Audio) {
        let frames = block.frames();
        let mut done = 0;
        while done < frames {
            let Some(stretch) = self.stretches.get(self.current).copied() else {
                break;
            };
            let left = stretch.end.saturating_sub(self.frame);
            if left == 0 {
                self.current += 1;
                continue;
            }
            let count = (frames - done).min(usize::try_from(left).unwrap_or(usize::MAX));
            apply(block, done, count, &stretch, self.frame);
            self.frame += count as u64;
            done += count;
        }
    }

    fn latency_frames(&self) -> usize {
        0
    }

    fn reset(&mut self) {
        self.current = 0;
        self.frame = 0;
    }
}

/// Changes `count` frames from `from` on, the first of which is frame `frame` of the program.
fn apply(block: &mut Audio, from: usize, count: usize, stretch: &Stretch, frame: u64) {
    let constant = stretch.from.linear();
    let is_constant = stretch.from == stretch.to;
    if is_constant && stretch.from == GainsDb::default() {
        return;
    }
    let gains_at = |index: usize| {
        if is_constant {
            return constant;
        }
        let passed = (frame + index as u64 - stretch.start) as f64 + 0.5;
        let share = passed / (stretch.end - stretch.start) as f64;
        let share = 0.5 - 0.5 * libm::cos(std::f64::consts::PI * share);
        stretch.from.toward(stretch.to, share).linear()
    };
    let (left, right) = block.split_mut();
    let left = &mut left[from..from + count];
    let Some(right) = right else {
        for (index, sample) in left.iter_mut().enumerate() {
            *sample = (gains_at(index).0 * f64::from(*sample)) as f32;
        }
        return;
    };
    let pairs = left.iter_mut().zip(&mut right[from..from + count]);
    for (index, (l, r)) in pairs.enumerate() {
        let (mid_gain, side_gain) = gains_at(index);
        let mid = 0.5 * mid_gain * (f64::from(*l) + f64::from(*r));
        let side = 0.5 * side_gain * (f64::from(*l) - f64::from(*r));
        *l = (mid + side) as f32;
        *r = (mid - side) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::processed;

    const RATE_HZ: u32 = 8_000;

    fn part(start_s: f64, end_s: f64, level_db: f64, side_db: f64) -> Section {
        Section {
            start_s,
            end_s,
            letter: 'A',
            level_db,
            side_db,
        }
    }

    /// Gains of mid and side at each frame, in dB, of 40 s.
    fn gains_db(sections: &[Section], late_frames: usize) -> Vec<(f64, f64)> {
        let spec = ProcessSpec {
            sample_rate_hz: RATE_HZ,
            channels: 2,
            program_lufs: -14.0,
        };
        let frames = 40 * RATE_HZ as usize;
        // Mid 0.5, side 0.25.
        let signal = Audio::new(RATE_HZ, vec![vec![0.75; frames], vec![0.25; frames]]).unwrap();
        let out = processed(&mut Sections::new(sections, &spec, late_frames), &signal);
        let decibels = |value: f32, was: f32| 20.0 * f64::from(value / was).log10();
        let pairs = out.channel(0).iter().zip(out.channel(1));
        pairs
            .map(|(l, r)| (decibels(0.5 * (l + r), 0.5), decibels(0.5 * (l - r), 0.25)))
            .collect()
    }

    #[test]
    fn gains_are_constant_but_for_two_seconds_around_a_boundary() {
        let sections = [part(0.0, 15.0, 1.0, -1.0), part(15.0, 38.0, -0.5, 1.5)];
        for late_frames in [0, 4096] {
            let gains = gains_db(&sections, late_frames);
            let at = |s: f64| gains[(s * f64::from(RATE_HZ)) as usize + late_frames];
            for (s, level_db, side_db) in [
                (0.0, 1.0, 0.0),
                (13.99, 1.0, 0.0),
                (15.0, 0.25, 0.5),
                (16.01, -0.5, 1.0),
                (39.0, -0.5, 1.0),
            ] {
                let (level, side) = at(s);
                assert!((level - level_db).abs() < 1e-3, "{s} s: {level}");
                assert!((side - side_db).abs() < 1e-3, "{s} s: {side}");
            }
            let steepest = gains.windows(2).map(|pair| (pair[1].0 - pair[0].0).abs());
            // A step of 1.5 dB within 2 s is at most π/2 times as steep as a line.
            let most_db = 1.5 / 2.0 * 1.6 / f64::from(RATE_HZ);
            assert!(steepest.fold(0.0, f64::max) < most_db + 1e-5);
        }
    }

    #[test]
    fn a_gap_is_neutral_and_a_short_one_is_closed() {
        let gains = gains_db(&[part(2.0, 10.0, 1.0, 0.0), part(20.0, 30.0, 1.0, 0.0)], 0);
        let at = |s: usize| gains[s * RATE_HZ as usize].0;
        assert!((at(0) - 1.0).abs() < 1e-3 && (at(35) - 1.0).abs() < 1e-3);
        assert_eq!(at(15), 0.0);
        let gains = gains_db(&[part(2.0, 10.0, 1.0, 0.0), part(11.0, 30.0, 1.0, 0.0)], 0);
        assert!(
            gains
                .iter()
                .all(|(level_db, _)| (level_db - 1.0).abs() < 1e-3)
        );
    }

    #[test]
    fn a_part_without_a_change_passes_bit_for_bit() {
        let gains = gains_db(&[part(0.0, 20.0, 0.0, 0.0), part(20.0, 40.0, 0.5, 0.0)], 0);
        let before = &gains[..19 * RATE_HZ as usize - 1];
        assert!(before.iter().all(|pair| *pair == (0.0, 0.0)));
    }
}
