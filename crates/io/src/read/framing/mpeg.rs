//! Frame headers of MPEG audio, layers I to III (ISO/IEC 11172-3, 2.4.1.3; 13818-3; and MPEG 2.5),
//! and the frame without sound that encoders put first: what it says of the stream.

use super::walk::Header;

/// Bit rates by index, kbit/s, of layers I to III of MPEG 1 (ISO/IEC 11172-3, 2.4.2.3).
const MPEG1_KBIT_S: [[u32; 14]; 3] = [
    [
        32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448,
    ],
    [
        32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
    ],
    [
        32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
    ],
];
/// The same of MPEG 2 and 2.5 (ISO/IEC 13818-3, 2.4.2.3): layer I, and the other two.
const MPEG2_KBIT_S: [[u32; 14]; 2] = [
    [
        32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256,
    ],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];
/// Sample rates of MPEG 1 by index, Hz; halved for MPEG 2, and again for 2.5.
const SAMPLE_RATES_HZ: [u32; 3] = [44_100, 48_000, 32_000];
/// Bytes of a header.
const HEADER_BYTES: usize = 4;
/// Frames that a layer III decoder itself lags behind.
const DECODER_DELAY_FRAMES: u64 = 529;
/// Encoders that state delay and padding as LAME does.
const LAME_LIKE: [&[u8]; 3] = [b"LAME", b"Lavf", b"Lavc"];

/// The header at the start of `bytes`; `None` for anything else, and for the free format, whose
/// frames do not say how long they are.
pub(crate) fn header(bytes: &[u8]) -> Option<Header> {
    let &[0xFF, second, third, fourth, ..] = bytes else {
        return None;
    };
    if second & 0xE0 != 0xE0 {
        return None;
    }
    let layer = layer(second)?;
    let halvings = match (second >> 3) & 3 {
        3 => 0,
        2 => 1,
        0 => 2,
        _ => return None,
    };
    let rates_kbit_s = match (halvings, layer) {
        (0, layer) => MPEG1_KBIT_S[layer - 1],
        (_, 1) => MPEG2_KBIT_S[0],
        _ => MPEG2_KBIT_S[1],
    };
    let kbit_s = *rates_kbit_s.get(usize::from(third >> 4).checked_sub(1)?)?;
    let sample_rate_hz = SAMPLE_RATES_HZ.get(usize::from((third >> 2) & 3))? >> halvings;
    let padding = u32::from((third >> 1) & 1);
    let bits = kbit_s * 1000;
    // A slot is four bytes in layer I and one in the others (11172-3, 2.4.3.1).
    let (bytes, frames) = match (layer, halvings) {
        (1, _) => ((12 * bits / sample_rate_hz + padding) * 4, 384),
        (3, 1 | 2) => (72 * bits / sample_rate_hz + padding, 576),
        _ => (144 * bits / sample_rate_hz + padding, 1152),
    };
    Some(Header {
        kind: u32::from(second & 0x1E) << 8 | u32::from(third & 0x0C),
        // At most 5,761.
        bytes: bytes as usize,
        frames,
        sample_rate_hz,
        channels: if fourth >> 6 == 3 { 1 } else { 2 },
        skip_bytes: 0,
        is_decodable: true,
    })
}

/// 1 to 3, by a header's second byte.
pub(crate) fn layer(second: u8) -> Option<usize> {
    match (second >> 1) & 3 {
        1 => Some(3),
        2 => Some(2),
        3 => Some(1),
        _ => None,
    }
}

/// What a frame without sound says of the stream that begins with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tag {
    /// Coded frames, this one not among them (some encoders count it).
    pub coded_frames: Option<u64>,
    /// Length of the stream, bytes, from this frame on.
    pub bytes: Option<u64>,
    /// Frames of sound to leave out at the start, and how many the encoder filled up at the end.
    pub trim: Option<(u64, u64)>,
}

/// The tag in a layer III frame: `Xing` or `Info` (with what LAME added to it), or Fraunhofer's `VBRI`.
pub(crate) fn tag(frame: &[u8]) -> Option<Tag> {
    let &[0xFF, second, _, fourth, ..] = frame else {
        return None;
    };
    if layer(second) != Some(3) {
        return None;
    }
    let is_mpeg1 = second & 0x18 == 0x18;
    let is_mono = fourth >> 6 == 3;
    let side_bytes = match (is_mpeg1, is_mono) {
        (true, false) => 32,
        (true, true) | (false, false) => 17,
        (false, true) => 9,
    };
    let checksum_bytes = if second & 1 == 0 { 2 } else { 0 };
    // Sound has something in its side information; a tag's place does not count a checksum.
    let is_silent = |to: usize| {
        (frame.get(HEADER_BYTES + checksum_bytes..to))
            .is_some_and(|side| side.iter().all(|byte| *byte == 0))
    };
    let xing = HEADER_BYTES + side_bytes;
    if let Some(b"Xing" | b"Info") = frame.get(xing..xing + 4)
        && is_silent(xing)
    {
        return Some(xing_tag(frame.get(xing + 4..)?));
    }
    let vbri = HEADER_BYTES + 32;
    if frame.get(vbri..vbri + 6) == Some(b"VBRI\0\x01") && is_silent(vbri) {
        return Some(Tag {
            coded_frames: number(frame, vbri + 14),
            bytes: number(frame, vbri + 10),
            trim: None,
        });
    }
    None
}

fn xing_tag(body: &[u8]) -> Tag {
    let mut tag = Tag::default();
    let Some(flags) = number(body, 0) else {
        return tag;
    };
    let mut at = 4;
    if flags & 1 != 0 {
        tag.coded_frames = number(body, at);
        at += 4;
    }
    if flags & 2 != 0 {
        tag.bytes = number(body, at);
        at += 4;
    }
    at += if flags & 4 != 0 { 100 } else { 0 };
    at += if flags & 8 != 0 { 4 } else { 0 };
    let encoder = body.get(at..at + 4).unwrap_or_default();
    if LAME_LIKE.contains(&encoder)
        && let Some(&[a, b, c]) = body.get(at + 21..at + 24)
    {
        let (a, b, c) = (u64::from(a), u64::from(b), u64::from(c));
        let (delay, padding) = (a << 4 | b >> 4, (b & 15) << 8 | c);
        tag.trim = Some((
            delay + DECODER_DELAY_FRAMES,
            padding.saturating_sub(DECODER_DELAY_FRAMES),
        ));
    }
    tag
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u64::from(u32::from_be_bytes(four)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_standard() {
        let lengths = |header_bytes: &[u8]| header(header_bytes).map(|h| (h.bytes, h.frames));
        let cases: [(&[u8], _, _); 7] = [
            (&[0xFF, 0xFB, 0x90, 0x00], Some((417, 1152)), "128 kbit/s"),
            (&[0xFF, 0xFB, 0x92, 0x00], Some((418, 1152)), "padded"),
            (&[0xFF, 0xF3, 0x80, 0x00], Some((208, 576)), "MPEG 2"),
            (&[0xFF, 0xFB, 0x00, 0x00], None, "free format"),
            (&[0xFF, 0xFD, 0xA0, 0x00], Some((626, 1152)), "layer II"),
            (&[0xFF, 0xFF, 0xC0, 0x00], Some((416, 384)), "layer I"),
            (&[0xFF, 0xF9, 0x90, 0x00], None, "no layer"),
        ];
        for (bytes, expected, name) in cases {
            assert_eq!(lengths(bytes), expected, "{name}");
        }
    }

    #[test]
    fn a_lame_tag_states_count_delay_and_padding() {
        let mut frame = vec![0; 417];
        frame[..4].copy_from_slice(&[0xFF, 0xFB, 0x90, 0x00]);
        frame[36..40].copy_from_slice(b"Info");
        frame[40..52].copy_from_slice(&[0, 0, 0, 3, 0, 0, 1, 0, 0, 1, 0, 0]);
        frame[52..56].copy_from_slice(b"LAME");
        frame[73..76].copy_from_slice(&[0x24, 0x05, 0x00]);
        let expected = Tag {
            coded_frames: Some(256),
            bytes: Some(65_536),
            trim: Some((576 + 529, 1280 - 529)),
        };
        assert_eq!(tag(&frame), Some(expected));
        frame[10] = 1;
        assert_eq!(tag(&frame), None, "a frame with sound");
    }
}
