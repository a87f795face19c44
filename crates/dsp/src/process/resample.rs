//! Sample-rate change of a stream, by a polyphase windowed sinc of our own.
//!
//! Coefficients and sums are `f64`, in a fixed order and without a transform that chooses its
//! instructions at run time, so that every processor gives the same bits. The delay is trimmed to the
//! exact sample and n frames at `from` become round(n·to/from) at `to`. It changes the rate, so it is
//! a [`Source`] around a source and no `Processor`.
//!
//! Of the lower rate, the response is flat up to 0.473 (20.8 kHz at 44.1 kHz) and falls to -155 dB at
//! half of it, so that nothing aliases or mirrors above that.

mod kernel;

use pulp::Arch;
use thiserror::Error;

use self::kernel::{Dots, Kernel};
use crate::Audio;
use crate::stream::{BLOCK_FRAMES, Source, Spec, StreamError};
use crate::stream::{MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};

/// Sample rates that can be converted, Hz.
pub const RATE_RANGE_HZ: std::ops::RangeInclusive<u32> = MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ;

/// Why a resampler could not be built.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResampleError {
    /// A rate outside [`RATE_RANGE_HZ`].
    #[error("expected sample rates of 8000 to 192000 Hz, got {from_hz} to {to_hz}")]
    Rate {
        /// Rate of the source.
        from_hz: u32,
        /// Rate asked for.
        to_hz: u32,
    },
}

/// A source at another sample rate.
pub struct Resampled<S: Source> {
    inner: S,
    spec: Spec,
    from_hz: u32,
    arch: Arch,
    kernel: Kernel,
    /// Input per channel from the frame [`history_start`](Self::history_start) on; in front of the
    /// first frame lies silence.
    history: Vec<Vec<f64>>,
    /// Number of the history's first frame plus the kernel's silence in front.
    history_start: u64,
    block: Audio,
    frames_in: u64,
    frames_out: u64,
    ended: bool,
}

impl<S: Source> Resampled<S> {
    /// What comes in.
    pub fn inner(&self) -> &S {
        &self.inner
    }

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
        let mut resampled = Self {
            spec: Spec {
                sample_rate_hz: to_hz,
                channels,
            },
            from_hz,
            arch: Arch::new(),
            kernel: Kernel::new(from_hz, to_hz),
            history: vec![Vec::new(); channels],
            history_start: 0,
            block: Audio::silence(from_hz, channels, 0),
            frames_in: 0,
            frames_out: 0,
            ended: false,
            inner,
        };
        resampled.start();
        Ok(resampled)
    }

    /// State before the first frame.
    fn start(&mut self) {
        for history in &mut self.history {
            history.clear();
            history.resize(self.kernel.frames_before(), 0.0);
        }
        self.history_start = 0;
        self.frames_in = 0;
        self.frames_out = 0;
        self.ended = false;
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

    /// Takes the next input into the history; silence after the source's end.
    fn fetch(&mut self) -> Result<(), StreamError> {
        let count = if self.ended {
            0
        } else {
            self.inner.read(&mut self.block, BLOCK_FRAMES)?
        };
        self.frames_in += count as u64;
        self.ended = count == 0;
        for (channel, history) in self.history.iter_mut().enumerate() {
            if self.ended {
                history.resize(history.len() + self.kernel.taps(), 0.0);
            } else {
                let samples = &self.block.channel(channel)[..count];
                history.extend(samples.iter().map(|&sample| f64::from(sample)));
            }
        }
        Ok(())
    }

    /// Forgets the input before the next output.
    fn forget(&mut self) {
        let (frame, _) = self.kernel.place(self.frames_out);
        let spent = (frame - self.history_start) as usize;
        for history in &mut self.history {
            history.drain(..spent.min(history.len()));
        }
        self.history_start = frame;
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
        block.set_frames(max_frames);
        self.forget();
        let mut count = 0;
        while count < max_frames {
            if self.ended && self.frames_out >= self.length_at_output(self.frames_in) {
                break;
            }
            let (frame, phase) = self.kernel.place(self.frames_out);
            let from = (frame - self.history_start) as usize;
            let to = from + self.kernel.taps();
            if self.history.iter().any(|history| history.len() < to) {
                // What was converted so far is given out first, so that the history stays short.
                if count > 0 {
                    break;
                }
                self.fetch()?;
                continue;
            }
            let row = self.kernel.row(phase);
            let dots = |left: &[f64], right: &[f64]| {
                let (left, right) = (&left[from..to], &right[from..to]);
                self.arch.dispatch(Dots { row, left, right })
            };
            match (self.history.as_slice(), block.split_mut()) {
                ([left, right], (out_left, Some(out_right))) => {
                    let [left, right] = dots(left, right);
                    (out_left[count], out_right[count]) = (left as f32, right as f32);
                }
                ([mono, ..], (out, _)) => out[count] = dots(mono, mono)[0] as f32,
                ([], _) => {}
            }
            self.frames_out += 1;
            count += 1;
        }
        block.set_frames(count);
        Ok(count)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.inner.rewind()?;
        self.start();
        Ok(())
    }
}

/// A source at a sample rate: as it is where it has that rate, and else [`Resampled`].
pub enum AtRate<S: Source> {
    /// It has that rate.
    AsItIs(S),
    /// It has another one.
    Resampled(Box<Resampled<S>>),
}

impl<S: Source> AtRate<S> {
    /// Puts a rate change after `inner` where it needs one, from the stream's start.
    ///
    /// # Errors
    /// As [`Resampled::new`].
    pub fn new(inner: S, to_hz: u32) -> Result<Self, ResampleError> {
        if inner.spec().sample_rate_hz == to_hz {
            return Ok(Self::AsItIs(inner));
        }
        Ok(Self::Resampled(Box::new(Resampled::new(inner, to_hz)?)))
    }

    /// What comes in.
    pub fn inner(&self) -> &S {
        match self {
            Self::AsItIs(inner) => inner,
            Self::Resampled(resampled) => resampled.inner(),
        }
    }

    fn source(&self) -> &dyn Source {
        match self {
            Self::AsItIs(inner) => inner,
            Self::Resampled(resampled) => resampled.as_ref(),
        }
    }

    fn source_mut(&mut self) -> &mut dyn Source {
        match self {
            Self::AsItIs(inner) => inner,
            Self::Resampled(resampled) => resampled.as_mut(),
        }
    }
}

impl<S: Source> Source for AtRate<S> {
    fn spec(&self) -> Spec {
        self.source().spec()
    }

    fn frames_hint(&self) -> Option<u64> {
        self.source().frames_hint()
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        self.source_mut().read(block, max_frames)
    }

    fn skip(&mut self, frames: u64) -> Result<(), StreamError> {
        self.source_mut().skip(frames)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.source_mut().rewind()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::read_all;
    use crate::stream::AudioSource;

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

    /// Level in dB of one tone through the change of rate, by its own sine and cosine.
    fn gain_db(from_hz: u32, to_hz: u32, freq_hz: f64, read_hz: f64) -> f64 {
        let out = read_all(&mut resampled(
            sine(from_hz, from_hz as usize, freq_hz),
            to_hz,
        ));
        let out = out.unwrap();
        let inside = out.frames() / 4..out.frames() * 3 / 4;
        let step = std::f64::consts::TAU * read_hz / f64::from(to_hz);
        let mut sums = [0.0; 3];
        for n in inside.clone() {
            // Hann's window keeps the strong tone out of a weak one's reading.
            let place = (n - inside.start) as f64 / inside.len() as f64;
            let window = 1.0 - (std::f64::consts::TAU * place).cos();
            let sample = window * f64::from(out.channel(0)[n]);
            sums[0] += sample * (step * n as f64).cos();
            sums[1] += sample * (step * n as f64).sin();
            sums[2] += window;
        }
        20.0 * (2.0 * sums[0].hypot(sums[1]) / sums[2] / 0.5).log10()
    }

    #[test]
    fn the_band_up_to_20_khz_is_flat_and_nothing_aliases_into_it() {
        for freq_hz in [1_000.0, 15_000.0, 19_000.0, 20_000.0] {
            for (from_hz, to_hz) in [(44_100, 48_000), (96_000, 44_100), (48_000, 44_100)] {
                let got = gain_db(from_hz, to_hz, freq_hz, freq_hz);
                assert!(
                    got.abs() < 1e-4,
                    "{from_hz} to {to_hz}, {freq_hz}: {got} dB"
                );
            }
        }
        for freq_hz in [22_060.0, 24_000.0, 30_000.0, 43_000.0] {
            let alias_hz = (44_100.0_f64 - freq_hz).abs();
            let got = gain_db(96_000, 44_100, freq_hz, alias_hz);
            println!("{freq_hz} Hz aliases to {alias_hz} Hz at {got:.1} dB");
            assert!(got < -145.0, "{freq_hz}: {got} dB");
        }
        let image_hz = 44_100.0 - 20_000.0;
        let got = gain_db(44_100, 96_000, 20_000.0, image_hz);
        assert!(got < -145.0, "image: {got} dB");
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
