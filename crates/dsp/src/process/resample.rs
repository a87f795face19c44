//! Sample-rate change of a stream, on rubato's FFT resampler in f64.
//!
//! The delay is trimmed to the exact sample and n frames at `from` become round(n·to/from) at
//! `to`. It changes the rate, so it is a [`Source`] around a source and no `Processor`.

use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Resampler};
use thiserror::Error;

use crate::Audio;
use crate::stream::{Source, Spec, StreamError};

/// Sample rates that can be converted, Hz.
pub const RATE_RANGE_HZ: std::ops::RangeInclusive<u32> = 8_000..=192_000;
/// Least length of the anti-aliasing filter, in frames of the lower rate: about 23 ms at 44.1 kHz.
const FILTER_FRAMES: usize = 1_024;

/// Why a resampler could not be built.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ResampleError {
    /// A rate outside [`RATE_RANGE_HZ`].
    #[error("expected sample rates of 8000 to 192000 Hz, got {from_hz} to {to_hz}")]
    Rate {
        /// Rate of the source.
        from_hz: u32,
        /// Rate asked for.
        to_hz: u32,
    },
    /// The resampler refused the pair of rates.
    #[error("cannot convert {from_hz} Hz to {to_hz} Hz: {reason}")]
    Unsupported {
        /// Rate of the source.
        from_hz: u32,
        /// Rate asked for.
        to_hz: u32,
        /// The resampler's reason.
        reason: String,
    },
}

/// A source at another sample rate.
pub struct Resampled<S: Source> {
    inner: S,
    spec: Spec,
    from_hz: u32,
    resampler: Fft<f64>,
    input: Vec<Vec<f64>>,
    output: Vec<Vec<f64>>,
    /// Frames of `output` that were given out or trimmed.
    output_start: usize,
    block: Audio,
    frames_in: u64,
    frames_out: u64,
    ended: bool,
}

impl<S: Source> Resampled<S> {
    /// Puts a rate change after `inner`, from the stream's start.
    ///
    /// # Errors
    /// [`ResampleError`] for rates outside [`RATE_RANGE_HZ`].
    pub fn new(inner: S, to_hz: u32) -> Result<Self, ResampleError> {
        let Spec {
            sample_rate_hz: from_hz,
            channels,
        } = inner.spec();
        if !(RATE_RANGE_HZ.contains(&from_hz) && RATE_RANGE_HZ.contains(&to_hz)) {
            return Err(ResampleError::Rate { from_hz, to_hz });
        }
        // Both FFTs must be of even size: then the filter's centre falls on a sample of either
        // rate and the delay is a whole number of frames.
        let common = greatest_common_divisor(from_hz, to_hz);
        let (step_in, step_out) = ((from_hz / common) as usize, (to_hz / common) as usize);
        let steps = FILTER_FRAMES
            .div_ceil(step_in.min(step_out))
            .next_multiple_of(2);
        let frames_in = steps * step_in;
        let resampler = Fft::<f64>::new_custom(
            from_hz as usize,
            to_hz as usize,
            frames_in,
            1,
            channels,
            rubato::WindowFunction::BlackmanHarris2,
            FixedSync::Both,
        )
        .map_err(|error| ResampleError::Unsupported {
            from_hz,
            to_hz,
            reason: error.to_string(),
        })?;
        let frames_out = resampler.output_frames_max();
        let mut resampled = Self {
            spec: Spec {
                sample_rate_hz: to_hz,
                channels,
            },
            from_hz,
            input: vec![vec![0.0; resampler.input_frames_max()]; channels],
            output: vec![vec![0.0; frames_out]; channels],
            output_start: 0,
            block: Audio::silence(from_hz, channels, 0),
            frames_in: 0,
            frames_out: 0,
            ended: false,
            resampler,
            inner,
        };
        resampled.start();
        Ok(resampled)
    }

    /// State before the first frame: nothing in the output, and the delay still to be trimmed.
    fn start(&mut self) {
        self.resampler.reset();
        self.output_start = self.output_len();
        self.frames_in = 0;
        self.frames_out = 0;
        self.ended = false;
    }

    fn output_len(&self) -> usize {
        self.output.first().map_or(0, Vec::len)
    }

    /// Length of the whole output for `frames` of input, rounded to the nearest frame.
    fn length_at_output(&self, frames: u64) -> u64 {
        let (from_hz, to_hz) = (
            u128::from(self.from_hz),
            u128::from(self.spec.sample_rate_hz),
        );
        let scaled = (u128::from(frames) * to_hz + from_hz / 2) / from_hz;
        u64::try_from(scaled).unwrap_or(u64::MAX)
    }

    /// Fills the input with the next frames, silence after the source's end, and converts it.
    fn convert(&mut self) -> Result<(), StreamError> {
        let wanted = self.resampler.input_frames_next();
        let mut filled = 0;
        while filled < wanted && !self.ended {
            let count = self.inner.read(&mut self.block, wanted - filled)?;
            self.ended = count == 0;
            for (input, channel) in self.input.iter_mut().zip(self.block.channels()) {
                for (sample, &read) in input[filled..].iter_mut().zip(&channel[..count]) {
                    *sample = f64::from(read);
                }
            }
            filled += count;
        }
        self.frames_in += filled as u64;
        for input in &mut self.input {
            input[filled..].fill(0.0);
        }
        let (channels, capacity) = (self.spec.channels, self.output_len());
        let input = SequentialSliceOfVecs::new(&self.input, channels, wanted);
        let output = SequentialSliceOfVecs::new_mut(&mut self.output, channels, capacity);
        let input = input.map_err(StreamError::new)?;
        let mut output = output.map_err(StreamError::new)?;
        self.resampler
            .process_into_buffer(&input, &mut output, None)
            .map_err(StreamError::new)?;
        self.output_start = 0;
        Ok(())
    }
}

impl<S: Source> Source for Resampled<S> {
    fn spec(&self) -> Spec {
        self.spec
    }

    fn frames_hint(&self) -> Option<u64> {
        self.inner.frames_hint().map(|n| self.length_at_output(n))
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        block.set_frames(0);
        if max_frames == 0 {
            return Ok(0);
        }
        // The first pass also trims the delay, half an FFT block and thus less than one output.
        while self.output_start == self.output_len() {
            if self.ended && self.frames_out >= self.length_at_output(self.frames_in) {
                return Ok(0);
            }
            let first = self.frames_in == 0;
            self.convert()?;
            if first {
                self.output_start = self.resampler.output_delay();
            }
        }
        let mut count = max_frames.min(self.output_len() - self.output_start);
        if self.ended {
            let left = self.length_at_output(self.frames_in) - self.frames_out;
            count = count.min(usize::try_from(left).unwrap_or(usize::MAX));
        }
        block.set_frames(count);
        for (channel, output) in block.channels_mut().zip(&self.output) {
            for (sample, &value) in channel.iter_mut().zip(&output[self.output_start..]) {
                *sample = value as f32;
            }
        }
        self.output_start += count;
        self.frames_out += count as u64;
        Ok(count)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.inner.rewind()?;
        self.start();
        Ok(())
    }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{AudioSource, read_all};

    fn sine(rate_hz: u32, frames: usize, freq_hz: f64) -> Audio {
        let step = std::f64::consts::TAU * freq_hz / f64::from(rate_hz);
        let wave: Vec<f32> = (0..frames)
            .map(|n| (0.5 * (step * n as f64).sin()) as f32)
            .collect();
        let inverted = wave.iter().map(|s| -s).collect();
        Audio::new(rate_hz, vec![wave, inverted]).unwrap()
    }

    fn resampled(audio: Audio, to_hz: u32) -> Resampled<AudioSource> {
        Resampled::new(AudioSource::new(audio), to_hz).unwrap()
    }

    /// The converted sine against the same sine computed at the new rate: level, delay and
    /// alias in one figure. f32 samples alone leave about -150 dB.
    #[test]
    fn a_sine_keeps_its_place_and_level() {
        let pairs = [
            (44_100, 48_000),
            (48_000, 44_100),
            (96_000, 44_100),
            (44_100, 96_000),
            (192_000, 48_000),
            (8_000, 192_000),
            (22_050, 16_000),
        ];
        for (from_hz, to_hz) in pairs {
            let freq_hz = f64::from(from_hz.min(to_hz)) * 0.31;
            let frames = from_hz as usize;
            let out = read_all(&mut resampled(sine(from_hz, frames, freq_hz), to_hz)).unwrap();
            assert_eq!(out.frames(), to_hz as usize);
            let want = sine(to_hz, out.frames(), freq_hz);
            let inside = out.frames() / 4..out.frames() * 3 / 4;
            let error: f64 = inside
                .clone()
                .map(|n| f64::from(out.channel(0)[n] - want.channel(0)[n]).powi(2))
                .sum();
            let error_db = 10.0 * (error / (0.125 * inside.len() as f64)).log10();
            println!("{from_hz} to {to_hz} Hz: residual {error_db:.1} dB");
            assert!(error_db < -130.0, "{from_hz} to {to_hz}: {error_db} dB");
            assert!(
                inside
                    .clone()
                    .all(|n| out.channel(0)[n] == -out.channel(1)[n])
            );
        }
    }

    #[test]
    fn lengths_are_exact_for_any_length_and_block_size() {
        for frames in [0, 1, 2, 999, 1_024, 44_101] {
            for (from_hz, to_hz) in [(44_100, 48_000), (48_000, 44_100), (44_100, 44_101)] {
                let audio = sine(from_hz, frames, 440.0);
                let mut source = resampled(audio, to_hz);
                let whole = read_all(&mut source).unwrap();
                let ratio = f64::from(to_hz) / f64::from(from_hz);
                assert_eq!(whole.frames(), (frames as f64 * ratio).round() as usize);
                source.rewind().unwrap();
                let mut pieces = Audio::silence(to_hz, 2, 0);
                let mut block = Audio::silence(to_hz, 2, 0);
                while source.read(&mut block, 777).unwrap() > 0 {
                    pieces.append(&block);
                }
                assert_eq!(pieces, whole);
            }
        }
    }

    #[test]
    fn rates_out_of_range_are_refused() {
        let source = AudioSource::new(sine(44_100, 10, 440.0));
        let error = Resampled::new(source, 400_000).err().unwrap();
        assert_eq!(
            error,
            ResampleError::Rate {
                from_hz: 44_100,
                to_hz: 400_000
            }
        );
    }
}
