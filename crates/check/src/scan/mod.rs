//! [`Scan`]: what the analysis does not look for, measured in the same pass over the samples.

mod channels;
mod clicks;
mod codec_traces;
mod edges;
mod flat_tops;
mod gaps;
mod hum;
mod mains;

use acetate_dsp::measure::levels::silence_non_finite;
use acetate_dsp::{Audio, Source, Spec, StreamError};

use crate::finding::TimeSpan;

pub use channels::ChannelFigures;
pub use clicks::ClickFigures;
pub use codec_traces::{CodecFigures, Family, coding_traces};
pub use edges::{EdgeFigures, START_S};
pub use flat_tops::FlatTopFigures;
pub use gaps::GapFigures;
pub use hum::{HumFigures, HumLineFigures};

/// Figures of a whole program. All are relative to the program's own level, so that a gain
/// changes none of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// Mean square over all channels, full scale = 1.
    pub mean_square: f64,
    /// Flat tops at the highest level.
    pub tops: FlatTopFigures,
    /// Isolated jumps.
    pub clicks: ClickFigures,
    /// Sudden silence within the music.
    pub gaps: GapFigures,
    /// Level at the first and the last moment.
    pub edges: EdgeFigures,
    /// Lines at the mains frequency; `None` below 20 s.
    pub hum: Option<HumFigures>,
    /// Levels of the channels and the delay between them; `None` for mono and where only repairs are wanted.
    pub channels: Option<ChannelFigures>,
    /// Traces of a lossy coder's frames; `None` where too little sounds and where only repairs are wanted.
    pub coding: Option<CodecFigures>,
}

/// Streaming meter behind [`Scan`].
pub struct Scanner {
    frames: u64,
    squares: f64,
    samples: u64,
    tops: flat_tops::FlatTops,
    clicks: clicks::Clicks,
    gaps: gaps::Gaps,
    edges: edges::Edges,
    hum: hum::Hum,
    channels: Option<channels::Channels>,
    coding: Option<codec_traces::CodecTraces>,
}

impl Scanner {
    /// A meter at rest.
    pub fn new(spec: Spec) -> Self {
        let Spec {
            sample_rate_hz: rate,
            channels,
        } = spec;
        Self {
            frames: 0,
            squares: 0.0,
            samples: 0,
            tops: flat_tops::FlatTops::new(channels),
            clicks: clicks::Clicks::new(rate, channels),
            gaps: gaps::Gaps::new(rate),
            edges: edges::Edges::new(rate),
            hum: hum::Hum::new(rate),
            channels: (channels == 2).then(|| channels::Channels::new(rate)),
            coding: Some(codec_traces::CodecTraces::new(rate, channels)),
        }
    }

    /// A meter at rest for what can be repaired alone. It costs half as much.
    pub fn of_repairs(spec: Spec) -> Self {
        Self {
            channels: None,
            coding: None,
            ..Self::new(spec)
        }
    }

    /// Takes a block with the spec that this was built for; samples must be finite.
    pub fn process(&mut self, block: &Audio) {
        for channel in block.channels() {
            self.squares += sum_of_squares(channel);
            self.samples += channel.len() as u64;
        }
        self.tops.process(block, self.frames);
        self.clicks.process(block);
        self.gaps.process(block);
        self.edges.process(block);
        self.hum.process(block);
        if let Some(coding) = &mut self.coding {
            coding.process(block);
        }
        if let Some(channels) = &mut self.channels {
            channels.process(block);
        }
        self.frames += block.frames() as u64;
    }

    /// The figures.
    pub fn finish(self, sample_rate_hz: u32) -> Scan {
        let mean_square = self.squares / self.samples.max(1) as f64;
        Scan {
            mean_square,
            tops: self.tops.finish(sample_rate_hz, self.samples),
            clicks: self.clicks.finish(),
            gaps: self.gaps.finish(),
            edges: self.edges.finish(mean_square),
            hum: self.hum.finish(),
            channels: self.channels.map(channels::Channels::finish),
            coding: self.coding.and_then(codec_traces::CodecTraces::finish),
        }
    }
}

/// Sum of squares in blocks of fixed order.
fn sum_of_squares(samples: &[f32]) -> f64 {
    let mut total = 0.0;
    for chunk in samples.chunks(256) {
        let mut lanes = [0.0f32; 8];
        for eight in chunk.chunks(8) {
            for (lane, x) in lanes.iter_mut().zip(eight) {
                *lane += x * x;
            }
        }
        total += lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
    }
    total
}

/// A source that shows every block to a [`Scanner`] on its way to another reader.
pub struct Scanned<'a> {
    inner: &'a mut dyn Source,
    make: fn(Spec) -> Scanner,
    scanner: Scanner,
    clean: Audio,
}

impl<'a> Scanned<'a> {
    /// Looks over the shoulder of whoever reads.
    pub fn new(inner: &'a mut dyn Source) -> Self {
        Self::with(inner, Scanner::new)
    }

    /// The same for what can be repaired alone.
    pub fn of_repairs(inner: &'a mut dyn Source) -> Self {
        Self::with(inner, Scanner::of_repairs)
    }

    fn with(inner: &'a mut dyn Source, make: fn(Spec) -> Scanner) -> Self {
        let spec = inner.spec();
        Self {
            make,
            scanner: make(spec),
            clean: Audio::silence(spec.sample_rate_hz, spec.channels, 0),
            inner,
        }
    }

    /// What was seen since the last rewind.
    pub fn finish(self) -> Scan {
        let rate = self.inner.spec().sample_rate_hz;
        self.scanner.finish(rate)
    }
}

impl Source for Scanned<'_> {
    fn spec(&self) -> Spec {
        self.inner.spec()
    }

    fn frames_hint(&self) -> Option<u64> {
        self.inner.frames_hint()
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        let read = self.inner.read(block, max_frames)?;
        if read > 0 {
            let finite = |channel: &Vec<f32>| channel.iter().all(|x| x.is_finite());
            if block.channels().iter().all(finite) {
                self.scanner.process(block);
            } else {
                // The reader behind counts what is not finite, and must still find it.
                self.clean.clone_from(block);
                silence_non_finite(&mut self.clean);
                self.scanner.process(&self.clean);
            }
        }
        Ok(read)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.scanner = (self.make)(self.inner.spec());
        self.inner.rewind()
    }
}

/// Most places that a finding names.
pub(crate) const MAX_PLACES: usize = 12;

/// Joins places that lie within `join_s` of each other, and keeps the first [`MAX_PLACES`].
pub(crate) fn joined(places: &[TimeSpan], join_s: f64) -> Vec<TimeSpan> {
    let mut joined: Vec<TimeSpan> = Vec::new();
    for place in places {
        match joined.last_mut() {
            Some(last) if place.from_s - last.to_s <= join_s => {
                last.to_s = last.to_s.max(place.to_s);
            }
            _ => joined.push(*place),
        }
    }
    joined.truncate(MAX_PLACES);
    joined
}
