//! [`Mixed`]: several sources in their places on one line of time, with gains and fades; silence between.

use std::ops::Range;

use acetate_dsp::{Audio, Source, Spec, StreamError};

use super::fade::gain;
use crate::manifest::FadeCurve;

/// A fade in frames.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct FadeFrames {
    pub(crate) frames: u64,
    pub(crate) curve: FadeCurve,
}

/// A source in its place.
pub(crate) struct Placed {
    pub(crate) source: Box<dyn Source>,
    /// Where it begins.
    pub(crate) start: u64,
    /// How long it is.
    pub(crate) frames: u64,
    /// Gain of the whole, linear.
    pub(crate) gain: f64,
    /// At its start.
    pub(crate) fade_in: FadeFrames,
    /// At its end.
    pub(crate) fade_out: FadeFrames,
}

impl Placed {
    /// The gain at a frame of it.
    fn gain_at(&self, frame: u64) -> f64 {
        let mut all = self.gain;
        if frame < self.fade_in.frames {
            let share = (frame as f64 + 0.5) / self.fade_in.frames as f64;
            all *= gain(self.fade_in.curve, share);
        }
        let left = self.frames.saturating_sub(frame);
        if left <= self.fade_out.frames {
            let share = (left as f64 - 0.5) / self.fade_out.frames as f64;
            all *= gain(self.fade_out.curve, share);
        }
        all
    }

    fn end(&self) -> u64 {
        self.start + self.frames
    }
}

/// The sum of all.
pub(crate) struct Mixed {
    spec: Spec,
    frames: u64,
    parts: Vec<Placed>,
    position: u64,
    block: Audio,
}

impl Mixed {
    /// All parts have the spec of the whole.
    pub(crate) fn new(spec: Spec, frames: u64, parts: Vec<Placed>) -> Self {
        Self {
            spec,
            frames,
            parts,
            position: 0,
            block: Audio::silence(spec.sample_rate_hz, spec.channels, 0),
        }
    }
}

impl Source for Mixed {
    fn spec(&self) -> Spec {
        self.spec
    }

    fn frames_hint(&self) -> Option<u64> {
        Some(self.frames)
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        let left = self.frames - self.position;
        // At most `max_frames`: the cast loses nothing.
        let count = left.min(max_frames as u64) as usize;
        block.set_frames(0);
        block.set_frames(count);
        let range = self.position..self.position + count as u64;
        for part in &mut self.parts {
            add(part, &range, block, &mut self.block)?;
        }
        self.position = range.end;
        Ok(count)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.position = 0;
        for part in &mut self.parts {
            part.source.rewind()?;
        }
        Ok(())
    }
}

/// Adds what of a part lies in `range`, which follows the range before.
fn add(
    part: &mut Placed,
    range: &Range<u64>,
    into: &mut Audio,
    block: &mut Audio,
) -> Result<(), StreamError> {
    let from = part.start.max(range.start);
    let to = part.end().min(range.end);
    let mut at = from;
    while at < to {
        let read = part.source.read(block, (to - at) as usize)?;
        if read == 0 {
            return Ok(());
        }
        let place = (at - range.start) as usize;
        let first = at - part.start;
        for (sum, channel) in into.channels_mut().zip(block.channels()) {
            let sums = sum.iter_mut().skip(place);
            for (offset, (sum, sample)) in sums.zip(channel).enumerate() {
                let gain = part.gain_at(first + offset as u64);
                *sum += (f64::from(*sample) * gain) as f32;
            }
        }
        at += read as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use acetate_dsp::read_all;
    use acetate_dsp::stream::AudioSource;

    fn ones(frames: usize) -> Box<dyn Source> {
        Box::new(AudioSource::new(
            Audio::new(48_000, vec![vec![1.0; frames]]).unwrap(),
        ))
    }

    fn placed(start: u64, frames: u64, fade_in: u64, fade_out: u64) -> Placed {
        let fade = |frames| FadeFrames {
            frames,
            curve: FadeCurve::Linear,
        };
        Placed {
            source: ones(frames as usize),
            start,
            frames,
            gain: 0.5,
            fade_in: fade(fade_in),
            fade_out: fade(fade_out),
        }
    }

    #[test]
    fn like_signals_crossfade_without_a_dip_whatever_the_blocks() {
        let spec = Spec {
            sample_rate_hz: 48_000,
            channels: 1,
        };
        let all = |blocks: usize| {
            let parts = vec![placed(0, 1000, 0, 300), placed(700, 800, 300, 0)];
            let mut mixed = Mixed::new(spec, 1600, parts);
            let mut out = Audio::silence(48_000, 1, 0);
            let mut block = Audio::silence(48_000, 1, 0);
            while mixed.read(&mut block, blocks).unwrap() > 0 {
                out.append(&block);
            }
            mixed.rewind().unwrap();
            assert_eq!(read_all(&mut mixed).unwrap(), out);
            out
        };
        let out = all(1600);
        assert_eq!(out.frames(), 1600);
        assert!(
            out.channel(0)[..1500]
                .iter()
                .all(|x| (x - 0.5).abs() < 1e-6)
        );
        assert!(out.channel(0)[1500..].iter().all(|x| *x == 0.0));
        assert_eq!(all(7), out);
    }
}
