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
        Ok(Box::new(AudioSource::new(with_room(spec, frames))))
    }

    fn begin(&mut self, spec: Spec, frames: u64) -> Result<Box<dyn Sink + '_>, StreamError> {
        Ok(Box::new(self.written.insert(with_room(spec, frames))))
    }

    fn reread(&mut self) -> Result<Box<dyn Source>, StreamError> {
        match &self.written {
            Some(audio) => Ok(Box::new(AudioSource::new(audio.clone()))),
            None => Err(StreamError::new("expected a written master, found none")),
        }
    }
}

/// No frames yet, and room for so many.
fn with_room(spec: Spec, frames: u64) -> Audio {
    let mut audio = Audio::silence(spec.sample_rate_hz, spec.channels, frames as usize);
    audio.set_frames(0);
    audio
}
