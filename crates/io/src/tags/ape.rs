//! APEv2 tags at the end of a file (the format of Monkey's Audio and WavPack, and of some MP3s).

use std::fs::File;
use std::io;

use super::{Collected, names, text, u32_le};
use crate::platform::Positioned;

const FOOTER_BYTES: u64 = 32;
const ID3V1_BYTES: u64 = 128;
/// What an item holds besides text (item flags, bits 1 and 2).
const BINARY: u32 = 1;

pub(super) fn read(file: &File, to: &mut Collected) -> io::Result<()> {
    let file_bytes = file.metadata()?.len();
    for behind in [0, ID3V1_BYTES] {
        let Some(at) = file_bytes.checked_sub(behind + FOOTER_BYTES) else {
            continue;
        };
        let mut footer = [0; FOOTER_BYTES as usize];
        file.read_exact_at(&mut footer, at)?;
        if &footer[..8] != b"APETAGEX" {
            continue;
        }
        let bytes = u64::from(u32_le(&footer, 12).unwrap_or(0));
        let count = u32_le(&footer, 16).unwrap_or(0);
        let Some(start) = (at + FOOTER_BYTES).checked_sub(bytes) else {
            to.lost("the APE tag", "its size is broken");
            return Ok(());
        };
        let items = bytes.saturating_sub(FOOTER_BYTES);
        if let Some(items) = to.block(file, start, items, "the APE tag")? {
            self::items(&items, count, to);
        }
        return Ok(());
    }
    Ok(())
}

fn items(mut rest: &[u8], count: u32, to: &mut Collected) {
    for _ in 0..count {
        let (Some(bytes), Some(flags)) = (u32_le(rest, 0), u32_le(rest, 4)) else {
            break;
        };
        let key_end = rest[8..].iter().position(|byte| *byte == 0);
        let value = key_end.and_then(|end| {
            let value = rest.get(8 + end + 1..)?.get(..bytes as usize)?;
            Some((text(&rest[8..8 + end]), value, 8 + end + 1 + bytes as usize))
        });
        let Some((key, value, next)) = value else {
            to.lost("the rest of the APE tag", "an item in it is broken");
            break;
        };
        rest = &rest[next..];
        if flags >> 1 & 3 != BINARY {
            let name = match key.to_ascii_uppercase().as_str() {
                "TRACK" => "TRACKNUMBER".to_owned(),
                "DISC" => "DISCNUMBER".to_owned(),
                "YEAR" => "DATE".to_owned(),
                _ => key,
            };
            to.field(&names::of_vorbis(&name), &String::from_utf8_lossy(value));
        } else if let Some(kind) = key.to_ascii_lowercase().strip_prefix("cover art (") {
            let kind = match kind {
                "front)" => 3,
                "back)" => 4,
                _ => 0,
            };
            let end = value
                .iter()
                .position(|byte| *byte == 0)
                .map_or(0, |end| end + 1);
            let data = &value[end..];
            let mime = if data.starts_with(b"\x89PNG") {
                "image/png"
            } else {
                "image/jpeg"
            };
            to.picture(kind, mime, "", data);
        } else {
            to.lost(format!("APE item {key}"), "it is no text");
        }
    }
    to.chapters_from_comments();
}
