//! [`Sound`]: a program on disk that any moment can be read of, with the outline that a page draws.

use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use acetate_dsp::measure::loudness::{
    Loudness, integrated_from_k_power_10ms, short_term_from_k_power_10ms,
};
use acetate_dsp::stream::{BLOCK_FRAMES, OnFrames};
use acetate_dsp::{Audio, Sink, Source, Spec, StreamError};
use acetate_io::Spill;

/// Frames behind one pair of the outline.
pub(crate) const OUTLINE_FRAMES: usize = 256;
/// Full scale of the outline.
const OUTLINE_FULL_SCALE: f32 = 32_767.0;

/// A program on disk, in a file without a name that vanishes with the process.
pub(crate) struct Sound {
    spill: Mutex<Spill>,
    pub(crate) spec: Spec,
    pub(crate) frames: u64,
    pub(crate) outline: Outline,
    pub(crate) integrated_lufs: f64,
    /// Short-term loudness ten times a second, LUFS.
    pub(crate) short_term_lufs: Vec<f32>,
}

/// Takes a program block by block.
pub(crate) struct SoundWriter {
    spill: Spill,
    spec: Spec,
    frames: u64,
    outline: Outline,
    meter: Loudness,
}

impl SoundWriter {
    /// For a program of this many frames, where that is known; `beside` says on which disk.
    pub(crate) fn create(
        beside: &Path,
        spec: Spec,
        frames_hint: Option<u64>,
    ) -> Result<Self, StreamError> {
        Ok(Self {
            spill: Spill::create(beside, spec, frames_hint).map_err(StreamError::new)?,
            spec,
            frames: 0,
            outline: Outline::default(),
            meter: Loudness::new(spec.sample_rate_hz, false),
        })
    }

    /// Takes the next block; how many frames there are now.
    pub(crate) fn write(&mut self, block: &Audio) -> Result<u64, StreamError> {
        self.spill.write(block)?;
        self.outline.add(block);
        self.meter.process(block);
        self.frames += block.frames() as u64;
        Ok(self.frames)
    }

    /// The program, whole.
    pub(crate) fn finish(mut self) -> Result<Sound, StreamError> {
        self.spill.finish()?;
        self.outline.finish();
        let powers = self.meter.k_power_10ms();
        Ok(Sound {
            integrated_lufs: integrated_from_k_power_10ms(powers),
            short_term_lufs: short_term_from_k_power_10ms(powers),
            spill: Mutex::new(self.spill),
            spec: self.spec,
            frames: self.frames,
            outline: self.outline,
        })
    }
}

impl Sound {
    /// Takes a program whole; `beside` says on which disk.
    pub(crate) fn take(
        source: &mut dyn Source,
        beside: &Path,
        progress: &mut OnFrames<'_>,
    ) -> Result<Self, StreamError> {
        let spec = source.spec();
        let mut writer = SoundWriter::create(beside, spec, source.frames_hint())?;
        let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
        source.rewind()?;
        while source.read(&mut block, BLOCK_FRAMES)? > 0 {
            progress(writer.write(&block)?)?;
        }
        writer.finish()
    }

    /// The frames of a range of a program that is repeated without end.
    pub(crate) fn read_repeated(&self, frames: Range<u64>) -> Result<Audio, StreamError> {
        let mut audio = Audio::silence(self.spec.sample_rate_hz, self.spec.channels, 0);
        let mut at = frames.start;
        while at < frames.end && self.frames > 0 {
            let from = at % self.frames;
            let part = self.read(from..(from + frames.end - at).min(self.frames))?;
            if part.frames() == 0 {
                break;
            }
            at += part.frames() as u64;
            audio.append(&part);
        }
        Ok(audio)
    }

    /// The frames of a range, fewer where the program ends before.
    pub(crate) fn read(&self, frames: Range<u64>) -> Result<Audio, StreamError> {
        let wanted = frames.end.min(self.frames).saturating_sub(frames.start);
        let mut reader = self.reader();
        reader.skip(frames.start)?;
        let mut audio = Audio::silence(self.spec.sample_rate_hz, self.spec.channels, 0);
        let mut block = audio.clone();
        let mut left = usize::try_from(wanted).unwrap_or(usize::MAX);
        while left > 0 {
            match reader.read(&mut block, left)? {
                0 => break,
                read => left -= read.min(left),
            }
            audio.append(&block);
        }
        Ok(audio)
    }

    /// The program from its start, for one of several readers at a time: each keeps its own place, and nobody
    /// waits for another longer than for a block.
    pub(crate) fn reader(&self) -> SoundReader<'_> {
        SoundReader {
            sound: self,
            at_frames: 0,
        }
    }
}

/// One of the readers of a [`Sound`].
pub(crate) struct SoundReader<'a> {
    sound: &'a Sound,
    at_frames: u64,
}

impl Source for SoundReader<'_> {
    fn spec(&self) -> Spec {
        self.sound.spec
    }

    fn frames_hint(&self) -> Option<u64> {
        Some(self.sound.frames)
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        // Whoever panicked while reading left the position alone, which every reader sets.
        let mut spill = self
            .sound
            .spill
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        spill.rewind()?;
        spill.skip(self.at_frames)?;
        let read = spill.read(block, max_frames)?;
        self.at_frames += read as u64;
        Ok(read)
    }

    fn skip(&mut self, frames: u64) -> Result<(), StreamError> {
        self.at_frames = self.at_frames.saturating_add(frames).min(self.sound.frames);
        Ok(())
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.at_frames = 0;
        Ok(())
    }
}

/// Lowest and highest sample of all channels in each [`OUTLINE_FRAMES`].
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// Little-endian 16-bit pairs, as the page reads them.
    pub(crate) bytes: Vec<u8>,
    low: f32,
    high: f32,
    filled: usize,
}

impl Outline {
    fn add(&mut self, block: &Audio) {
        for frame in 0..block.frames() {
            for channel in block.channels() {
                let sample = channel.get(frame).copied().unwrap_or(0.0);
                self.low = self.low.min(sample);
                self.high = self.high.max(sample);
            }
            self.filled += 1;
            if self.filled == OUTLINE_FRAMES {
                self.push();
            }
        }
    }

    fn finish(&mut self) {
        if self.filled > 0 {
            self.push();
        }
    }

    fn push(&mut self) {
        for value in [self.low, self.high] {
            // Saturates, as a drawing should.
            let step = (value * OUTLINE_FULL_SCALE) as i16;
            self.bytes.extend_from_slice(&step.to_le_bytes());
        }
        (self.low, self.high, self.filled) = (0.0, 0.0, 0);
    }
}

/// The samples of a passage as the page plays them: 32-bit floats, little-endian, one channel after the other.
/// These hold every sample of a master of up to 24 bits exactly.
pub(crate) fn planar_bytes(audio: &Audio) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4 * audio.frames() * audio.channel_count());
    for channel in audio.channels() {
        for sample in channel {
            bytes.extend_from_slice(&sample.to_le_bytes());
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use acetate_dsp::stream::AudioSource;
    use acetate_dsp::{analyze, signal};

    use super::*;

    #[test]
    fn any_moment_is_read_back_to_the_bit_and_the_loudness_is_that_of_the_analysis() {
        let mix = signal::mix(48_000, 6.0);
        let folder = tempfile::tempdir().unwrap();
        let beside = folder.path().join("mix");
        let mut source = AudioSource::new(mix.clone());
        let sound = Sound::take(&mut source, &beside, &mut |_| Ok(())).unwrap();
        let part = sound.read(10_000..90_000).unwrap();
        assert_eq!(part, mix.slice(10_000, 90_000));
        let end = sound.read(sound.frames - 10..sound.frames + 10).unwrap();
        assert_eq!(end.frames(), 10);
        // While one reads on, another reads elsewhere.
        let mut whole = sound.reader();
        let mut block = Audio::silence(48_000, 2, 0);
        whole.skip(1_000).unwrap();
        whole.read(&mut block, 500).unwrap();
        assert_eq!(block, mix.slice(1_000, 1_500));
        assert_eq!(
            sound.read(20_000..20_010).unwrap(),
            mix.slice(20_000, 20_010)
        );
        whole.read(&mut block, 500).unwrap();
        assert_eq!(block, mix.slice(1_500, 2_000));
        let analysis = analyze(&mut AudioSource::new(mix)).unwrap();
        assert!((sound.integrated_lufs - analysis.integrated_lufs).abs() < 0.1);
        assert_eq!(
            sound.outline.bytes.len(),
            4 * 288_000_usize.div_ceil(OUTLINE_FRAMES)
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_outline_holds_the_extremes() {
        let mut outline = Outline::default();
        let mut samples = vec![0.0; OUTLINE_FRAMES + 1];
        samples[3] = 0.5;
        samples[7] = -1.5;
        outline.add(&Audio::new(44_100, vec![samples]).unwrap());
        outline.finish();
        let values: Vec<i16> = (outline.bytes.chunks(2))
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        assert_eq!(values, [-32_768, 16_383, 0, 0]);
    }
}
