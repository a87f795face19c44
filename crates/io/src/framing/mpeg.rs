//! Frame headers of MPEG audio, layer III (ISO/IEC 11172-3, 2.4.1.3; 13818-3; and MPEG 2.5).

use super::walk::Header;

/// Bit rates by index, kbit/s (ISO/IEC 11172-3, 2.4.2.3).
const MPEG1_KBIT_S: [usize; 14] = [
    32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
];
/// Bit rates by index, kbit/s (ISO/IEC 13818-3, 2.4.2.3).
const MPEG2_KBIT_S: [usize; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
/// Sample rates of MPEG 1 by index, Hz; halved for MPEG 2, and again for 2.5.
const SAMPLE_RATES_HZ: [usize; 3] = [44_100, 48_000, 32_000];

/// The header at the start of `bytes`; `None` for anything else, and for the free format, whose
/// frames do not say how long they are.
pub(super) fn header(bytes: &[u8]) -> Option<Header> {
    let &[0xFF, second, third, ..] = bytes else {
        return None;
    };
    if second & 0xE0 != 0xE0 || second & 0x06 != 0x02 {
        return None;
    }
    let (kbit_s, slots, halvings) = match (second >> 3) & 3 {
        3 => (MPEG1_KBIT_S, 144, 0),
        2 => (MPEG2_KBIT_S, 72, 1),
        0 => (MPEG2_KBIT_S, 72, 2),
        _ => return None,
    };
    let kbit_s = *kbit_s.get(usize::from(third >> 4).checked_sub(1)?)?;
    let sample_rate_hz = SAMPLE_RATES_HZ.get(usize::from((third >> 2) & 3))? >> halvings;
    let padding = usize::from((third >> 1) & 1);
    Some(Header {
        kind: u32::from(second & 0x18) << 8 | u32::from(third & 0x0C),
        bytes: slots * kbit_s * 1000 / sample_rate_hz + padding,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_standard() {
        let bytes = |header_bytes: &[u8]| header(header_bytes).map(|header| header.bytes);
        assert_eq!(bytes(&[0xFF, 0xFB, 0x90, 0x00]), Some(417), "128 kbit/s");
        assert_eq!(bytes(&[0xFF, 0xFB, 0x92, 0x00]), Some(418), "padded");
        assert_eq!(bytes(&[0xFF, 0xF3, 0x80, 0x00]), Some(208), "MPEG 2");
        assert_eq!(bytes(&[0xFF, 0xFB, 0x00, 0x00]), None, "free format");
        assert_eq!(bytes(&[0xFF, 0xFD, 0x90, 0x00]), None, "layer II");
    }
}
