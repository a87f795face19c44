//! Frame headers of FLAC (RFC 9639, 9.1), read where the demuxer goes wrong: for where a stream begins,
//! and where its last frame ends although something follows it.

use symphonia::core::codecs::audio::well_known::CODEC_ID_FLAC;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoderOptions};
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use crate::read::step::guarded;

/// Longest header: four bytes, a number of seven, two of two bytes, a checksum.
pub(crate) const MAX_HEADER_BYTES: usize = 16;
/// Bytes of the checksum that closes a frame.
const CHECKSUM_BYTES: usize = 2;
/// Most ends of a frame that are tried; chance gives one in 65,536 bytes.
const MAX_ENDS: usize = 64;

/// What a stream's information says (RFC 9639, 8.2).
#[derive(Clone, Copy)]
pub(crate) struct StreamInfo<'a> {
    bytes: &'a [u8; 34],
}

impl<'a> StreamInfo<'a> {
    pub(crate) fn new(bytes: &'a [u8; 34]) -> Self {
        Self { bytes }
    }

    fn max_block_frames(self) -> u64 {
        u64::from(u16::from_be_bytes([self.bytes[2], self.bytes[3]]))
    }

    /// All frames; 0 where that is left open.
    pub(crate) fn frames(self) -> u64 {
        let [.., a, b, c, d, e] = self.bytes[..18] else {
            return 0;
        };
        u64::from(a & 15) << 32 | u64::from(u32::from_be_bytes([b, c, d, e]))
    }
}

/// Place and length of a frame's sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub first_frame: u64,
    pub frames: u64,
}

/// The header at the start of `bytes`, with the right checksum.
pub(crate) fn header(bytes: &[u8], info: StreamInfo<'_>) -> Option<FrameHeader> {
    let &[0xFF, second, third, fourth, ..] = bytes else {
        return None;
    };
    // The last bit says whether blocks vary; of the fourth byte the last one is reserved.
    if second & 0xFE != 0xF8 || fourth & 1 != 0 {
        return None;
    }
    let mut rest = bytes.get(4..)?;
    let number = coded_number(&mut rest)?;
    let block = third >> 4;
    let frames = match block {
        0 => return None,
        1 => 192,
        2..=5 => 576 << (block - 2),
        6 => u64::from(take(&mut rest)?) + 1,
        7 => (u64::from(take(&mut rest)?) << 8 | u64::from(take(&mut rest)?)) + 1,
        _ => 256 << (block - 8),
    };
    let rate_bytes = match third & 15 {
        12 => 1,
        13 | 14 => 2,
        15 => return None,
        _ => 0,
    };
    for _ in 0..rate_bytes {
        take(&mut rest)?;
    }
    let header_bytes = bytes.len() - rest.len();
    if crc8(&bytes[..header_bytes]) != take(&mut rest)? {
        return None;
    }
    let is_variable = second & 1 != 0;
    Some(FrameHeader {
        // Blocks of one length are counted, and the last one may be shorter.
        first_frame: match is_variable {
            true => number,
            false => number.checked_mul(info.max_block_frames().max(frames))?,
        },
        frames,
    })
}

/// Where the frame that is the last one of the stream ends in `bytes`, which begin with it; `None`
/// where it ends nowhere.
pub(crate) fn end_of_last(bytes: &[u8], info: StreamInfo<'_>) -> Option<usize> {
    let ends = crc16_zeros(bytes);
    if ends.last() == Some(&bytes.len()) {
        return Some(bytes.len());
    }
    ends.into_iter()
        .filter(|end| *end > MAX_HEADER_BYTES.min(8) + CHECKSUM_BYTES)
        .take(MAX_ENDS)
        .find(|end| is_decoded(&bytes[..*end], info))
}

fn is_decoded(frame: &[u8], info: StreamInfo<'_>) -> bool {
    let mut params = AudioCodecParameters::new();
    params
        .for_codec(CODEC_ID_FLAC)
        .with_extra_data(info.bytes.to_vec().into());
    let packet = Packet::new(0, Timestamp::new(0), Duration::new(0), frame);
    let decoded = guarded(|| {
        let options = AudioDecoderOptions::default();
        let mut decoder = symphonia::default::get_codecs().make_audio_decoder(&params, &options)?;
        Ok(decoder.decode(&packet)?.frames())
    });
    decoded.is_ok_and(|frames| frames > 0)
}

fn take(bytes: &mut &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*first)
}

/// A number in the manner of UTF-8, of up to 36 bits.
fn coded_number(bytes: &mut &[u8]) -> Option<u64> {
    let first = take(bytes)?;
    let more = match first.leading_ones() {
        0 => return Some(u64::from(first)),
        ones @ 2..=7 => ones - 1,
        _ => return None,
    };
    let mut number = u64::from(first) & (0x3F_u64 >> more);
    for _ in 0..more {
        let byte = take(bytes)?;
        if byte & 0xC0 != 0x80 {
            return None;
        }
        number = number << 6 | u64::from(byte & 0x3F);
    }
    Some(number)
}

/// CRC-8 with the generator 0x07 (RFC 9639, 9.1.8).
fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ byte, |sum, _| {
            sum << 1 ^ if sum & 0x80 == 0 { 0 } else { 0x07 }
        })
    })
}

/// Lengths at which the CRC-16 with the generator 0x8005 (RFC 9639, 9.3) comes out as zero: the
/// checksum stands in the last two bytes there.
fn crc16_zeros(bytes: &[u8]) -> Vec<usize> {
    let table: [u16; 256] = std::array::from_fn(|byte| {
        (0..8).fold((byte as u16) << 8, |sum, _| {
            sum << 1 ^ if sum & 0x8000 == 0 { 0 } else { 0x8005 }
        })
    });
    let mut sum = 0_u16;
    let mut zeros = Vec::new();
    for (at, byte) in bytes.iter().enumerate() {
        sum = sum << 8 ^ table[usize::from((sum >> 8) as u8 ^ byte)];
        if sum == 0 {
            zeros.push(at + 1);
        }
    }
    zeros
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_of_the_standards_example_is_read() {
        // RFC 9639, D.1: one block of one frame, 44.1 kHz, two channels, 16 bits.
        let bytes = [0xFF, 0xF8, 0x69, 0x18, 0x00, 0x00, 0xBF, 0x03];
        let info = [
            0x10, 0, 0x10, 0, 0, 0, 0x0F, 0, 0, 0x0F, 0x0A, 0xC4, 0x42, 0xF0, 0, 0, 0, 1,
        ];
        let mut whole = [0; 34];
        whole[..18].copy_from_slice(&info);
        let info = StreamInfo::new(&whole);
        assert_eq!(info.frames(), 1);
        let expected = FrameHeader {
            first_frame: 0,
            frames: 1,
        };
        assert_eq!(header(&bytes, info), Some(expected));
        let mut broken = bytes;
        broken[6] ^= 1;
        assert_eq!(header(&broken, info), None);
    }

    #[test]
    fn numbers_are_coded_as_utf_8_is() {
        let number = |bytes: &[u8]| coded_number(&mut { bytes });
        assert_eq!(number(&[0x7F]), Some(0x7F));
        assert_eq!(number("é".as_bytes()), Some(0xE9));
        assert_eq!(number("😀".as_bytes()), Some(0x1F600));
        assert_eq!(
            number(&[0xFE, 0x82, 0x80, 0x80, 0x80, 0x80, 0x80]),
            Some(1 << 31)
        );
        assert_eq!(number(&[0x80]), None);
    }
}
