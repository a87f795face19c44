//! Traces of a lossy coder, in passages spread over the program.

mod frame_grid;
mod mdct;
mod mp3_hybrid;
mod prototype;
#[cfg(test)]
mod tests;

use acetate_dsp::Audio;

use frame_grid::Search;
pub use frame_grid::{CodecFigures, Family};
use mdct::Mdct;
use mp3_hybrid::Mp3Hybrid;

/// Length of a passage, frames: what the longest transform needs for all its places.
const PASSAGE: usize = 3_072;
/// Time between passages at first, s; it doubles in long programs.
const EVERY_S: f64 = 1.0;
/// Passages that are never reached: from here on, every other one is dropped.
const MOST: usize = 24;

/// A stretch of the program.
#[derive(Clone, Debug)]
struct Passage {
    /// Its first frame.
    at: u64,
    /// [channels][frames].
    channels: Vec<Vec<f32>>,
}

impl Passage {
    /// Mean square over all channels.
    fn mean_square(&self) -> f64 {
        let squares: f64 = self.channels.iter().map(|c| super::sum_of_squares(c)).sum();
        squares / (PASSAGE * self.channels.len()).max(1) as f64
    }
}

/// Streaming collector of passages.
pub(super) struct CodecTraces {
    rate_hz: f64,
    channels: usize,
    frames: u64,
    every: u64,
    /// First frame of the passage that is being taken, or comes next.
    next: u64,
    passages: Vec<Passage>,
    current: Vec<Vec<f32>>,
}

impl CodecTraces {
    pub(super) fn new(sample_rate_hz: u32, channels: usize) -> Self {
        let every = ((EVERY_S * f64::from(sample_rate_hz)) as u64).max(PASSAGE as u64);
        Self {
            rate_hz: f64::from(sample_rate_hz),
            channels,
            frames: 0,
            every,
            next: every,
            passages: Vec::new(),
            current: vec![Vec::with_capacity(PASSAGE); channels],
        }
    }

    pub(super) fn process(&mut self, block: &Audio) {
        if !(1..=2).contains(&self.channels) {
            return;
        }
        let end = self.frames + block.frames() as u64;
        loop {
            let taken = self.current[0].len();
            let from = self.next + taken as u64;
            if from >= end {
                break;
            }
            let start = (from - self.frames) as usize;
            let stop = (start + PASSAGE - taken).min(block.frames());
            for (current, channel) in self.current.iter_mut().zip(block.channels()) {
                current.extend_from_slice(&channel[start..stop]);
            }
            if self.current[0].len() == PASSAGE {
                self.close();
            }
        }
        self.frames = end;
    }

    fn close(&mut self) {
        let fresh = vec![Vec::with_capacity(PASSAGE); self.channels];
        self.passages.push(Passage {
            at: self.next,
            channels: std::mem::replace(&mut self.current, fresh),
        });
        if self.passages.len() == MOST {
            self.every *= 2;
            let every = self.every;
            self.passages.retain(|passage| passage.at % every == 0);
        }
        self.next += self.every;
    }

    /// The family whose frames stand out most; `None` where too little sounds.
    pub(super) fn finish(self) -> Option<CodecFigures> {
        let rate_hz = self.rate_hz;
        let passages: Vec<Passage> = self
            .passages
            .into_iter()
            .filter(|passage| passage.mean_square() > 0.0)
            .collect();
        let found = [
            Search::new(rate_hz, [Mp3Hybrid::new(), Mp3Hybrid::new()]).run(&passages),
            Search::new(rate_hz, [Mdct::aac(), Mdct::aac()]).run(&passages),
            Search::new(rate_hz, [Mdct::vorbis(), Mdct::vorbis()]).run(&passages),
        ];
        let found = found.into_iter().flatten();
        found.max_by(|a, b| a.sigma.total_cmp(&b.sigma))
    }
}

/// The traces in a signal of one or two channels; `None` where too little sounds.
pub fn coding_traces(audio: &Audio) -> Option<CodecFigures> {
    let mut coding = CodecTraces::new(audio.sample_rate_hz(), audio.channel_count());
    coding.process(audio);
    coding.finish()
}
