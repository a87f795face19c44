//! Streams of frames with a mark and a length: MP3 and ADTS.

use std::io;

use super::Damage;
use super::window::Window;

/// Bytes of the longest header.
const HEADER_BYTES: usize = 7;
/// Whatever follows the last frame may be this long before it counts as sound that is lost:
/// players' and encoders' own tags.
const TRAILING_BYTES: u64 = 8192;

/// What a frame says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// What is the same in all frames of a stream.
    pub kind: u32,
    /// Length of the whole frame, bytes.
    pub bytes: usize,
}

/// Walks from frame to frame.
pub(super) fn walk(
    window: &mut Window<'_>,
    parse: impl Fn(&[u8]) -> Option<Header>,
) -> io::Result<Damage> {
    let mut damage = Damage::default();
    let mut at = leading_tags(window)?;
    let Some((first, stream)) = next_frame(window, at, None, &parse)? else {
        return Ok(damage);
    };
    at = first;
    while at < window.length() {
        if let Some(header) = header_at(window, at, Some(stream), &parse)? {
            let end = at + header.bytes as u64;
            if end > window.length() {
                damage.cut_off_at_byte = Some(at);
                break;
            }
            at = end;
        } else if let Some(bytes) = tag_bytes(window, at)? {
            at += bytes;
        } else if let Some((next, _)) = next_frame(window, at + 1, Some(stream), &parse)? {
            damage.add(at, next - at);
            at = next;
        } else {
            if window.length() - at > TRAILING_BYTES {
                damage.cut_off_at_byte = Some(at);
            }
            break;
        }
    }
    Ok(damage)
}

fn header_at(
    window: &mut Window<'_>,
    at: u64,
    stream: Option<u32>,
    parse: impl Fn(&[u8]) -> Option<Header>,
) -> io::Result<Option<Header>> {
    let header = parse(window.at(at, HEADER_BYTES)?);
    Ok(header.filter(|header| stream.is_none_or(|kind| kind == header.kind)))
}

/// The next place with a frame that another one, a tag or the end follows, and its kind.
fn next_frame(
    window: &mut Window<'_>,
    from: u64,
    stream: Option<u32>,
    parse: impl Fn(&[u8]) -> Option<Header>,
) -> io::Result<Option<(u64, u32)>> {
    for at in from..window.length() {
        let Some(header) = header_at(window, at, stream, &parse)? else {
            continue;
        };
        let end = at + header.bytes as u64;
        if end == window.length()
            || header_at(window, end, Some(header.kind), &parse)?.is_some()
            || tag_bytes(window, end)?.is_some()
        {
            return Ok(Some((at, header.kind)));
        }
    }
    Ok(None)
}

/// Where the tags at the start of the file end.
fn leading_tags(window: &mut Window<'_>) -> io::Result<u64> {
    let mut at = 0;
    while let Some(bytes) = tag_bytes(window, at)? {
        at += bytes;
    }
    Ok(at)
}

/// Length of the tag that begins here: ID3v1 (with its extension), ID3v2, APEv2, Lyrics3.
fn tag_bytes(window: &mut Window<'_>, at: u64) -> io::Result<Option<u64>> {
    let left = window.length().saturating_sub(at);
    let head = window.at(at, 32)?;
    Ok(match head {
        [b'T', b'A', b'G', b'+', ..] if left == 227 + 128 => Some(227),
        [b'T', b'A', b'G', ..] if left == 128 => Some(128),
        [b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] if (a | b | c | d) & 0x80 == 0 => {
            let footer_bytes = if flags & 0x10 == 0 { 0 } else { 10 };
            let size = [a, b, c, d].iter().fold(0_u64, |size, seven_bits| {
                size << 7 | u64::from(**seven_bits)
            });
            Some((10 + size + footer_bytes).min(left))
        }
        _ if head.starts_with(b"APETAGEX") && head.len() == 32 => {
            // The size counts the items and the footer, not the header; at a footer alone it is
            // the end of the tag.
            let size = u32::from_le_bytes([head[12], head[13], head[14], head[15]]);
            let is_header = head[23] & 0x20 != 0;
            let bytes = if is_header { 32 + u64::from(size) } else { 32 };
            Some(bytes.min(left))
        }
        _ if head.starts_with(b"LYRICSBEGIN") => Some(left.saturating_sub(128).max(1)),
        _ => None,
    })
}
