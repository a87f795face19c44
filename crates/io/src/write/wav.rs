//! WAV writer: RIFF WAVE, and RF64 (EBU Tech 3306) where 32-bit sizes do not suffice.
//!
//! One writer of our own for both, because the decision between them can fall at the end: where
//! the length is not known to be small, a `JUNK` chunk keeps the place of `ds64`. (hound, which
//! writes RIFF only, wraps its sizes at 4 GiB, and does not pad odd chunks, reads these files in
//! the tests.)

use std::io::{self, Seek, SeekFrom, Write};
use std::sync::Arc;

use acetate_dsp::{Audio, Spec};

use crate::read::containers::rf64::{SUBTYPE_TAIL, push_chunk};
use acetate_dsp::process::dither::WordLength;
use acetate_dsp::process::dither::to_i32;

/// Audio above this size, in bytes, is written as RF64: 4 GiB less 128 MiB for header, tags and
/// cover art.
pub const RF64_ABOVE_BYTES: u64 = u32::MAX as u64 - 128 * 1024 * 1024;

/// Frames that are rounded before they are packed.
const ROUNDED_FRAMES: usize = 256;
/// Body of a ds64 chunk without a table.
const DS64_BYTES: usize = 28;
/// Place of the RIFF size, and of the JUNK or ds64 chunk.
const RIFF_SIZE_AT: u64 = 4;
const DS64_AT: u64 = 12;

/// Writes the header at once, samples as they come, tags and sizes at the end.
pub(crate) struct WavWriter<W> {
    out: W,
    word_length: WordLength,
    channels: usize,
    rf64_above_bytes: u64,
    has_room_for_rf64: bool,
    fact_at: Option<u64>,
    data_at: u64,
    data_bytes: u64,
    bytes: Vec<u8>,
}

/// Why writing stopped.
#[derive(Debug)]
pub(crate) enum WavError {
    Io(io::Error),
    /// The sizes exceed the header: most bytes, bytes asked for.
    TooLong(u64, u64),
}

impl From<io::Error> for WavError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl<W: Write + Seek> WavWriter<W> {
    pub(crate) fn new(
        mut out: W,
        spec: Spec,
        word_length: WordLength,
        expected_frames: Option<u64>,
        rf64_above_bytes: u64,
        broadcast: Option<&[u8]>,
    ) -> io::Result<Self> {
        let frame_bytes = spec.channels as u64 * word_length.bytes();
        let has_room_for_rf64 = expected_frames
            .is_none_or(|frames| frames.saturating_mul(frame_bytes) > rf64_above_bytes);
        let mut header = b"RIFF\0\0\0\0WAVE".to_vec();
        if has_room_for_rf64 {
            push_chunk(&mut header, b"JUNK", &[0; DS64_BYTES]);
        }
        if let Some(broadcast) = broadcast {
            push_chunk(&mut header, b"bext", broadcast);
        }
        push_chunk(&mut header, b"fmt ", &fmt_chunk(spec, word_length));
        let fact_at = (word_length == WordLength::Float32).then(|| {
            // Length in frames; every format but integer PCM states it.
            push_chunk(&mut header, b"fact", &[0; 4]);
            header.len() as u64 - 4
        });
        header.extend(b"data\0\0\0\0");
        out.write_all(&header)?;
        Ok(Self {
            out,
            word_length,
            channels: spec.channels,
            rf64_above_bytes,
            has_room_for_rf64,
            fact_at,
            data_at: header.len() as u64,
            data_bytes: 0,
            bytes: Vec::new(),
        })
    }

    /// Samples on the grid are stored exactly; see [`to_i32`].
    pub(crate) fn write(&mut self, block: &Audio) -> Result<(), WavError> {
        match self.word_length {
            WordLength::Bits16 => self.encode(block, |x| {
                let [a, b, ..] = to_i32(x, 16).to_le_bytes();
                [a, b]
            }),
            WordLength::Bits24 => match block.channels() {
                [left, right] => self.encode_24_bit_frames(left, right),
                _ => self.encode(block, |x| {
                    let [a, b, c, _] = to_i32(x, 24).to_le_bytes();
                    [a, b, c]
                }),
            },
            WordLength::Float32 => self.encode(block, f32::to_le_bytes),
        }
        let data_bytes = self.data_bytes + self.bytes.len() as u64;
        if !self.has_room_for_rf64 && self.data_at + data_bytes > u64::from(u32::MAX) {
            return Err(WavError::TooLong(
                u64::from(u32::MAX) - self.data_at,
                data_bytes,
            ));
        }
        self.out.write_all(&self.bytes)?;
        self.data_bytes = data_bytes;
        Ok(())
    }

    /// Rounds many samples side by side, then packs a frame at a time.
    fn encode_24_bit_frames(&mut self, left: &[f32], right: &[f32]) {
        self.bytes.resize(left.len() * 6, 0);
        let (frames, _) = self.bytes.as_chunks_mut::<6>();
        let mut rounded = [[0; ROUNDED_FRAMES]; 2];
        let pieces = left
            .chunks(ROUNDED_FRAMES)
            .zip(right.chunks(ROUNDED_FRAMES));
        for (frames, (left, right)) in frames.chunks_mut(ROUNDED_FRAMES).zip(pieces) {
            for (rounded, samples) in rounded.iter_mut().zip([left, right]) {
                for (rounded, &sample) in rounded.iter_mut().zip(samples) {
                    *rounded = to_i32(sample, 24);
                }
            }
            for ((frame, &left), &right) in frames.iter_mut().zip(&rounded[0]).zip(&rounded[1]) {
                let word = (left as u32 & 0x00FF_FFFF) as u64 | (right as u32 as u64) << 24;
                let [a, b, c, d, e, f, ..] = word.to_le_bytes();
                *frame = [a, b, c, d, e, f];
            }
        }
    }

    fn encode<const N: usize>(&mut self, block: &Audio, word: impl Fn(f32) -> [u8; N]) {
        self.bytes.resize(block.frames() * self.channels * N, 0);
        let (words, _) = self.bytes.as_chunks_mut::<N>();
        match block.channels() {
            [left, right] => {
                let (frames, _) = words.as_chunks_mut::<2>();
                for ((frame, left), right) in frames.iter_mut().zip(left).zip(right) {
                    *frame = [word(*left), word(*right)];
                }
            }
            channels => {
                for (out, sample) in words.iter_mut().zip(channels.iter().flatten()) {
                    *out = word(*sample);
                }
            }
        }
    }

    /// Pads the data, appends chunks (each padded already, in pieces) and fills in the sizes.
    pub(crate) fn finish(&mut self, chunks: &[Arc<Vec<u8>>]) -> Result<(), WavError> {
        if self.data_bytes % 2 == 1 {
            self.out.write_all(&[0])?;
        }
        for piece in chunks {
            self.out.write_all(piece)?;
        }
        let end = self.out.stream_position()?;
        let riff_bytes = end - 8;
        let frames = self.data_bytes / (self.channels as u64 * self.word_length.bytes());
        let wide = self.data_bytes > self.rf64_above_bytes || riff_bytes > u64::from(u32::MAX);
        let (riff_size, data_size) = if wide && self.has_room_for_rf64 {
            let mut ds64 = Vec::new();
            for size in [riff_bytes, self.data_bytes, frames] {
                ds64.extend(size.to_le_bytes());
            }
            ds64.extend(0_u32.to_le_bytes());
            self.out.rewind()?;
            self.out.write_all(b"RF64")?;
            self.out.seek(SeekFrom::Start(DS64_AT))?;
            let mut chunk = Vec::new();
            push_chunk(&mut chunk, b"ds64", &ds64);
            self.out.write_all(&chunk)?;
            (u32::MAX, u32::MAX)
        } else {
            let riff_size = u32::try_from(riff_bytes)
                .map_err(|_| WavError::TooLong(u64::from(u32::MAX), riff_bytes))?;
            // Smaller than the file that holds it.
            (riff_size, self.data_bytes as u32)
        };
        self.patch(RIFF_SIZE_AT, riff_size)?;
        self.patch(self.data_at - 4, data_size)?;
        if let Some(fact_at) = self.fact_at {
            self.patch(fact_at, u32::try_from(frames).unwrap_or(u32::MAX))?;
        }
        self.out.seek(SeekFrom::Start(end))?;
        Ok(self.out.flush()?)
    }

    fn patch(&mut self, at: u64, value: u32) -> io::Result<()> {
        self.out.seek(SeekFrom::Start(at))?;
        self.out.write_all(&value.to_le_bytes())
    }
}

/// WAVEFORMAT for 16 bits, WAVEFORMATEXTENSIBLE for 24 bits, as its definition asks for, and
/// WAVEFORMATEX for float.
fn fmt_chunk(spec: Spec, word_length: WordLength) -> Vec<u8> {
    // At most 2 channels, 192 kHz and 32 bits: everything fits its field.
    let channels = spec.channels as u16;
    let bits = word_length.bits() as u16;
    let block_align = channels * bits / 8;
    let tag: u16 = match word_length {
        WordLength::Bits16 => 1,
        WordLength::Bits24 => 0xFFFE,
        WordLength::Float32 => 3,
    };
    let mut fmt = Vec::new();
    fmt.extend(tag.to_le_bytes());
    fmt.extend(channels.to_le_bytes());
    fmt.extend(spec.sample_rate_hz.to_le_bytes());
    fmt.extend((spec.sample_rate_hz * u32::from(block_align)).to_le_bytes());
    fmt.extend(block_align.to_le_bytes());
    fmt.extend(bits.to_le_bytes());
    match word_length {
        WordLength::Bits16 => {}
        WordLength::Bits24 => {
            // Front left and right, or front center.
            let mask: u32 = if channels == 2 { 3 } else { 4 };
            fmt.extend(22_u16.to_le_bytes());
            fmt.extend(bits.to_le_bytes());
            fmt.extend(mask.to_le_bytes());
            fmt.extend(1_u16.to_le_bytes());
            fmt.extend(SUBTYPE_TAIL);
        }
        WordLength::Float32 => fmt.extend(0_u16.to_le_bytes()),
    }
    fmt
}
