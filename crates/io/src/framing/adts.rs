//! Frame headers of AAC in ADTS (ISO/IEC 14496-3, 1.A.2).

use super::walk::Header;

/// Bytes of a header without a checksum.
const HEADER_BYTES: usize = 7;

/// The header at the start of `bytes`; `None` for anything else.
pub(super) fn header(bytes: &[u8]) -> Option<Header> {
    let &[0xFF, second, third, fourth, fifth, sixth, ..] = bytes else {
        return None;
    };
    let frame_bytes =
        usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth >> 5);
    let rate_index = (third >> 2) & 15;
    if second & 0xF6 != 0xF0 || rate_index > 12 || frame_bytes < HEADER_BYTES {
        return None;
    }
    Some(Header {
        kind: u32::from(third & 0xFD) << 8 | u32::from(fourth & 0xC0),
        bytes: frame_bytes,
    })
}
