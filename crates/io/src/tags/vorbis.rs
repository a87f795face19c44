//! Vorbis comments (xiph.org, "Ogg Vorbis I format specification: comment field and header
//! specification"), and the base64 of pictures in them.

use super::{Collected, id3, text, u32_le};

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
    match id3::flac_picture(block) {
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
