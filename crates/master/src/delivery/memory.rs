//! [`MemoryDelivery`]: a master in memory, with the very samples that a 24-bit file would hold.

use crate::delivery::{Delivery, Scratch};
use acetate_dsp::stream::AudioSource;
use acetate_dsp::{Audio, Sink, Source, Spec, StreamError};

/// Keeps the last attempt. Quantized 24-bit samples fit an `f32` exactly.
#[derive(Clone, Debug, Default)]
pub struct MemoryDelivery {
    written: Option<Audio>,
}

impl MemoryDelivery {
    /// What the last attempt wrote.
    pub fn into_written(self) -> Option<Audio> {
        self.written
    }
}

impl Delivery for MemoryDelivery {
    fn scratch(&mut self, spec: Spec, frames: u64) -> Result<Box<dyn Scratch>, StreamError> {
        let mut audio = Audio::silence(spec.sample_rate_hz, spec.channels, frames as usize);
        audio.set_frames(0);
        Ok(Box::new(MemoryScratch { audio, position: 0 }))
    }

    fn begin(&mut self, spec: Spec, frames: u64) -> Result<Box<dyn Sink + '_>, StreamError> {
        let mut audio = Audio::silence(spec.sample_rate_hz, spec.channels, frames as usize);
        audio.set_frames(0);
        Ok(Box::new(self.written.insert(audio)))
    }

    fn reread(&mut self) -> Result<Box<dyn Source>, StreamError> {
        match &self.written {
            Some(audio) => Ok(Box::new(AudioSource::new(audio.clone()))),
            None => Err(StreamError::new("expected a written master, found none")),
        }
    }
}

/// Written once, then read as often as needed.
struct MemoryScratch {
    audio: Audio,
    position: usize,
}

impl Sink for MemoryScratch {
    fn write(&mut self, block: &Audio) -> Result<(), StreamError> {
        self.audio.append(block);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), StreamError> {
        Ok(())
    }
}

impl Source for MemoryScratch {
    fn spec(&self) -> Spec {
        Spec {
            sample_rate_hz: self.audio.sample_rate_hz(),
            channels: self.audio.channel_count(),
        }
    }

    fn frames_hint(&self) -> Option<u64> {
        Some(self.audio.frames() as u64)
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        let end = (self.position + max_frames).min(self.audio.frames());
        block.set_frames(end - self.position);
        for (out, channel) in block.channels_mut().zip(self.audio.channels()) {
            out.copy_from_slice(&channel[self.position..end]);
        }
        let read = end - self.position;
        self.position = end;
        Ok(read)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.position = 0;
        Ok(())
    }
}
