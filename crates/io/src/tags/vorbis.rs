//! Vorbis comments (xiph.org, "Ogg Vorbis I format specification: comment field and header
//! specification"), and the base64 of pictures in them.

use std::sync::Arc;

use super::{Collected, Picture, text, u32_be, u32_le};

/// The comment that holds a picture block of FLAC.
const PICTURE: &str = "METADATA_BLOCK_PICTURE";

/// Reads a block of comments.
pub(super) fn read(block: &[u8], to: &mut Collected) {
    let Some((_, mut rest)) = field(block) else {
        return to.lost("the comments", "their block is broken");
    };
    let Some(count) = u32_le(rest, 0) else {
        return to.lost("the comments", "their block is broken");
    };
    rest = &rest[4..];
    let mut kind_of_cover = None;
    for _ in 0..count {
        let Some((comment, after)) = field(rest) else {
            to.lost("the rest of the comments", "their block is broken");
            break;
        };
        rest = after;
        let Some(equals) = comment.iter().position(|byte| *byte == b'=') else {
            to.lost(format!("the comment {}", text(comment)), "it has no name");
            continue;
        };
        let (name, value) = (text(&comment[..equals]), &comment[equals + 1..]);
        if name.eq_ignore_ascii_case(PICTURE) || name.eq_ignore_ascii_case("COVERART") {
            let is_block = name.eq_ignore_ascii_case(PICTURE);
            match from_base64(value) {
                Some(data) if is_block => picture(&data, to),
                Some(data) => to.picture(
                    3,
                    kind_of_cover.as_deref().unwrap_or("image/jpeg"),
                    "",
                    &data,
                ),
                None => to.lost("a picture", "its comment is broken"),
            }
        } else if name.eq_ignore_ascii_case("COVERARTMIME") {
            kind_of_cover = Some(text(value));
        } else {
            to.comment(&name, &String::from_utf8_lossy(value).replace('\0', " "));
        }
    }
    to.chapters_from_comments();
}

/// A picture block that is in memory.
pub(super) fn picture(block: &[u8], to: &mut Collected) {
    match flac_picture(block) {
        Some((picture, at)) => {
            to.picture(
                picture.kind,
                &picture.mime,
                &picture.description,
                &block[at..],
            );
        }
        None => to.lost("a picture", "its block is broken"),
    }
}

/// A picture block of FLAC, which Ogg has in a comment (RFC 9639, 8.8).
pub(super) fn flac_picture(block: &[u8]) -> Option<(Picture, usize)> {
    let kind = u32_be(block, 0)?;
    let mime_bytes = u32_be(block, 4)? as usize;
    let mime = block.get(8..)?.get(..mime_bytes)?;
    let at = 8 + mime_bytes;
    let description_bytes = u32_be(block, at)? as usize;
    let description = block.get(at + 4..)?.get(..description_bytes)?;
    let at = at + 4 + description_bytes + 16;
    let stated = u32_be(block, at)? as usize;
    let left = block.len() - (at + 4);
    let picture = Picture {
        kind: u8::try_from(kind).unwrap_or(0),
        mime: text(mime),
        description: text(description),
        data: Arc::new(Vec::new()),
    };
    // A picture of 16 MiB and more overflows its block's size, and is cut there.
    (stated <= left).then_some((picture, at + 4))
}

/// A text behind its length, and what follows.
fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = u32_le(bytes, 0)? as usize;
    bytes.get(4..)?.split_at_checked(length)
}

fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut word, mut bits) = (0_u32, 0);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' | b'\n' | b'\r' | b' ' => continue,
            _ => return None,
        };
        word = word << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits) as u8);
        }
    }
    Some(out)
}
