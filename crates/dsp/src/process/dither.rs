//! Dither and word length: the last step before the writer.
//!
//! After it every sample lies exactly on the grid of its word length, so that [`to_i32`] only
//! renames it and what was measured is what is written.
//!
//! - **16 bit**: TPDF dither of ±1 LSB (Lipshitz, Wannamaker and Vanderkooy, "Quantization and
//!   Dither", JAES 40(5), 1992): the first two moments of the error do not depend on the signal.
//! - **24 bit**: plain rounding. The grid's step is 2⁻²³ and the chain's own `f32` has steps of
//!   2⁻²⁴ below full scale; the error, at -146 dBFS, lies below the noise of every recording and
//!   converter, which dithers it already. Dither would add noise and remove nothing.
//! - **Float**: identity.

use crate::Audio;
use crate::numeric::{mix_bits, split_mix_64};
use crate::process::{Processor, ResponseDb};

/// Word length of the delivered samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordLength {
    /// 16-bit integers.
    Bits16,
    /// 24-bit integers.
    Bits24,
    /// 32-bit floating point.
    Float32,
}

impl WordLength {
    /// Bits per sample.
    pub fn bits(self) -> u32 {
        match self {
            Self::Bits16 => 16,
            Self::Bits24 => 24,
            Self::Float32 => 32,
        }
    }

    /// The one of so many bits per sample.
    pub fn from_bits(bits: u32) -> Option<Self> {
        [Self::Bits16, Self::Bits24, Self::Float32]
            .into_iter()
            .find(|word_length| word_length.bits() == bits)
    }

    /// Bytes per sample.
    pub fn bytes(self) -> u64 {
        u64::from(self.bits() / 8)
    }

    /// Bits of the integer format; `None` for floating point.
    pub fn integer_bits(self) -> Option<u32> {
        match self {
            Self::Bits16 => Some(16),
            Self::Bits24 => Some(24),
            Self::Float32 => None,
        }
    }
}

/// 1.5·2⁵²: adding and taking it away rounds an f64 to the nearest integer (ties to even), exactly
/// and in vector registers.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// Rounds a sample to an integer of `bits` bits (2 to 32), clipped to its range; a sample that is
/// no number gives 0. Exact for samples that [`Dither`] put on that grid.
#[inline(always)]
pub fn to_i32(sample: f32, bits: u32) -> i32 {
    let full_scale = full_scale(bits);
    let sample = if sample.is_nan() { 0.0 } else { sample };
    let clipped = (f64::from(sample) * full_scale).clamp(-full_scale, full_scale - 1.0);
    // The sum's lowest bits are the integer in two's complement; unlike a cast this needs no
    // look at what does not fit.
    (clipped + ROUND).to_bits() as i32
}

/// 2^(bits-1).
#[inline(always)]
fn full_scale(bits: u32) -> f64 {
    (1_u64 << (bits.clamp(2, 32) - 1)) as f64
}

/// Quantizes to a word length; see the module.
#[derive(Clone, Debug)]
pub struct Dither {
    word_length: WordLength,
    seed: u64,
    /// Generator of each channel, advanced once per frame.
    state: [u64; 2],
    clipped_samples: u64,
}

impl Dither {
    /// Dither whose noise depends on the seed, the channel and the frame's position alone.
    pub fn new(word_length: WordLength, seed: u64) -> Self {
        let mut dither = Self {
            word_length,
            seed,
            state: [0; 2],
            clipped_samples: 0,
        };
        dither.reset();
        dither
    }

    /// Samples since construction or reset that lay outside the integer range.
    pub fn clipped_samples(&self) -> u64 {
        self.clipped_samples
    }
}

impl Processor for Dither {
    fn name(&self) -> &'static str {
        "dither"
    }

    fn process(&mut self, block: &mut Audio) {
        let Some(bits) = self.word_length.integer_bits() else {
            return;
        };
        let dithered = self.word_length == WordLength::Bits16;
        for (channel, state) in block.channels_mut().zip(&mut self.state) {
            let clipped = if dithered {
                quantize(channel, bits, || triangular(state))
            } else {
                quantize(channel, bits, || 0.0)
            };
            self.clipped_samples += clipped;
        }
    }

    fn latency_frames(&self) -> usize {
        0
    }

    fn reset(&mut self) {
        // The second channel's stream starts far away from the first one's.
        self.state = [
            mix_bits(self.seed),
            mix_bits(self.seed ^ 0x5851_f42d_4c95_7f2d),
        ];
        self.clipped_samples = 0;
    }

    fn response_db(&self, _freq_hz: f64) -> Option<ResponseDb> {
        Some(ResponseDb {
            mid_db: 0.0,
            side_db: 0.0,
        })
    }
}

/// Puts samples on the grid and counts those outside the range. `noise` is in LSB.
fn quantize(samples: &mut [f32], bits: u32, mut noise: impl FnMut() -> f64) -> u64 {
    let full_scale = full_scale(bits);
    let (lowest, highest) = (-full_scale, full_scale - 1.0);
    let mut clipped = 0;
    for sample in samples {
        let level = f64::from(*sample) * full_scale + noise();
        // Clipping first keeps huge samples within what the rounding can take.
        let rounded = (level.clamp(lowest - 1.0, highest + 1.0) + ROUND) - ROUND;
        let on_grid = rounded.clamp(lowest, highest);
        clipped += u64::from(rounded != on_grid);
        *sample = if on_grid.is_nan() {
            0.0
        } else {
            (on_grid / full_scale) as f32
        };
    }
    clipped
}

/// Triangular noise of ±1 from one step of splitmix64: the sum of two uniform halves.
fn triangular(state: &mut u64) -> f64 {
    let bits = split_mix_64(state);
    let (first, second) = (bits as u32, (bits >> 32) as u32);
    (f64::from(first) - f64::from(second)) / 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dithered(word_length: WordLength, value: f32, frames: usize) -> (Dither, Audio) {
        let mut dither = Dither::new(word_length, 7);
        let mut block = Audio::new(48_000, vec![vec![value; frames]; 2]).unwrap();
        dither.process(&mut block);
        (dither, block)
    }

    #[test]
    fn samples_come_out_exactly_on_the_grid() {
        for (word_length, bits) in [(WordLength::Bits16, 16), (WordLength::Bits24, 24)] {
            let mut dither = Dither::new(word_length, 1);
            let values = (0..10_000)
                .map(|n| (n as f32 * 0.731).sin() * 1.01)
                .collect();
            let mut block = Audio::new(48_000, vec![values]).unwrap();
            dither.process(&mut block);
            for &sample in block.channel(0) {
                let integer = to_i32(sample, bits);
                let back = (f64::from(integer) / full_scale(bits)) as f32;
                assert_eq!(back, sample);
            }
            assert!(dither.clipped_samples() > 0);
        }
    }

    /// The mean error of TPDF dither is zero and its power (3/12 LSB²) the same wherever between
    /// two steps the signal lies.
    #[test]
    fn error_moments_do_not_depend_on_the_signal() {
        for share in [0.0, 0.25, 0.5, 0.8] {
            let value = (100.0 + share) / 32_768.0;
            let (_, block) = dithered(WordLength::Bits16, value, 400_000);
            let errors: Vec<f64> = block
                .channel(0)
                .iter()
                .map(|&s| (f64::from(s) - f64::from(value)) * 32_768.0)
                .collect();
            let mean = errors.iter().sum::<f64>() / errors.len() as f64;
            let power = errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64;
            assert!(mean.abs() < 0.004, "{share}: mean {mean}");
            assert!((power - 0.25).abs() < 0.004, "{share}: power {power}");
            assert_ne!(
                block.channel(0),
                block.channel(1),
                "channels share their noise"
            );
        }
    }

    #[test]
    fn the_range_is_clipped_and_counted() {
        let (dither, block) = dithered(WordLength::Bits24, 1.5, 10);
        assert_eq!(dither.clipped_samples(), 20);
        assert_eq!(to_i32(block.channel(0)[0], 24), 8_388_607);
        let (dither, block) = dithered(WordLength::Bits16, f32::NEG_INFINITY, 10);
        assert_eq!(dither.clipped_samples(), 20);
        assert_eq!(to_i32(block.channel(1)[9], 16), -32_768);
        let (_, block) = dithered(WordLength::Bits16, f32::NAN, 10);
        assert_eq!(block.channel(0), [0.0; 10]);
        let (dither, block) = dithered(WordLength::Float32, 1.5, 10);
        assert_eq!((dither.clipped_samples(), block.channel(0)[0]), (0, 1.5));
    }

    #[test]
    fn noise_depends_on_position_alone() {
        let (_, whole) = dithered(WordLength::Bits16, 0.1, 1000);
        let mut dither = Dither::new(WordLength::Bits16, 7);
        let mut pieces = Audio::silence(48_000, 2, 0);
        for frames in [1, 7, 64, 928] {
            let mut block = Audio::new(48_000, vec![vec![0.1; frames]; 2]).unwrap();
            dither.process(&mut block);
            pieces.append(&block);
        }
        assert_eq!(pieces, whole);
    }
}
