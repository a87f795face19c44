//! Frame headers of AAC in ADTS (ISO/IEC 14496-3, 1.A.2).

use super::walk::Header;

/// AAC-LC, the one profile that is decoded here.
const PROFILE_LC: u8 = 1;
/// Bytes of a header without a checksum, and of the checksum.
const HEADER_BYTES: usize = 7;
const CHECKSUM_BYTES: usize = 2;
/// Frames of sound in one block of AAC-LC.
const BLOCK_FRAMES: u64 = 1024;
/// Sample rates by index, Hz (ISO/IEC 14496-3, table 1.18).
const SAMPLE_RATES_HZ: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

/// The header at the start of `bytes`; `None` for anything else.
pub(crate) fn header(bytes: &[u8]) -> Option<Header> {
    let &[0xFF, second, third, fourth, fifth, sixth, seventh, ..] = bytes else {
        return None;
    };
    let frame_bytes =
        usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth >> 5);
    let has_checksum = second & 1 == 0;
    let skip_bytes = HEADER_BYTES + if has_checksum { CHECKSUM_BYTES } else { 0 };
    let sample_rate_hz = *SAMPLE_RATES_HZ.get(usize::from((third >> 2) & 15))?;
    if second & 0xF6 != 0xF0 || frame_bytes <= skip_bytes {
        return None;
    }
    let has_other_profile = third >> 6 != PROFILE_LC;
    let channels = usize::from(third & 1) << 2 | usize::from(fourth >> 6);
    Some(Header {
        kind: u32::from(third & 0xFD) << 8 | u32::from(fourth & 0xC0),
        bytes: frame_bytes,
        frames: BLOCK_FRAMES * (1 + u64::from(seventh & 3)),
        sample_rate_hz,
        // Configuration 7 is eight channels (table 1.19).
        channels: if channels == 7 { 8 } else { channels },
        skip_bytes,
        is_decodable: !has_other_profile,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_states_rate_channels_and_lengths() {
        let header = header(&[0xFF, 0xF1, 0x50, 0x80, 0x2E, 0x7F, 0xFC]).unwrap();
        assert_eq!((header.sample_rate_hz, header.channels), (44_100, 2));
        assert_eq!((header.bytes, header.frames), (0x173, 1024));
        assert_eq!(header.skip_bytes, 7);
    }
}
