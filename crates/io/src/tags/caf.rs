//! The chunks of a CAF beside the sound (Apple Core Audio Format Specification 1.0).

use std::collections::BTreeMap;
use std::fs::File;
use std::io;

use super::aiff::add;
use super::positions::{CuePoint, chunks_of};
use super::{Collected, id3, text, u32_be, u64_be};
use crate::platform::Positioned;

const MAX_CHUNKS: usize = 4096;
const MARKER_BYTES: usize = 28;

pub(super) fn read(file: &File, to: &mut Collected) -> io::Result<()> {
    let file_bytes = file.metadata()?.len();
    let mut at = 8;
    let mut marks = Vec::new();
    let mut strings = BTreeMap::new();
    to.next_tag();
    for _ in 0..MAX_CHUNKS {
        if at + 12 > file_bytes {
            break;
        }
        let mut head = [0; 12];
        file.read_exact_at(&mut head, at)?;
        let [a, b, c, d, size @ ..] = head;
        let id = [a, b, c, d];
        at += 12;
        // -1: to the end of the file.
        let Ok(bytes) = u64::try_from(i64::from_be_bytes(size)) else {
            break;
        };
        let name = format!("{} chunk", text(&id).trim_end());
        match &id {
            b"data" | b"pakt" | b"chan" | b"kuki" | b"free" => {}
            b"ovvw" | b"peak" => to.dropped(&name),
            b"desc" | b"info" | b"mark" | b"strg" | b"ID32" | b"id3 " => {
                if let Some(body) = to.block(file, at, bytes, &name)? {
                    match &id {
                        b"desc" => rate(&body, to),
                        b"info" => information(&body, to),
                        b"mark" => marks = markers(&body),
                        b"strg" => strings = names(&body),
                        _ => id3::read_chunk(&body, to),
                    }
                }
            }
            _ if id.iter().all(|byte| (0x20..0x7F).contains(byte)) => {
                to.lost(&name, "a WAV or FLAC has no place for it");
            }
            _ => break,
        }
        at = at.saturating_add(bytes);
    }
    let mut points: Vec<CuePoint> = marks
        .into_iter()
        .map(|(id, at)| CuePoint {
            at,
            label: strings.remove(&id),
        })
        .collect();
    points.sort_by_key(|point| point.at);
    add(chunks_of(&points, 1), to);
    Ok(())
}

fn rate(body: &[u8], to: &mut Collected) {
    let rate = u64_be(body, 0).map_or(0.0, f64::from_bits);
    if (1.0..=1e7).contains(&rate) {
        to.rate(rate.round() as u32);
    }
    to.tags.channels = u32_be(body, 24).and_then(|channels| u16::try_from(channels).ok());
}

/// Keys and values, each ended by a zero byte.
fn information(body: &[u8], to: &mut Collected) {
    let mut parts = body.get(4..).unwrap_or_default().split(|byte| *byte == 0);
    for _ in 0..u32_be(body, 0).unwrap_or(0) {
        let (Some(key), Some(value)) = (parts.next(), parts.next()) else {
            break;
        };
        let name = match text(key).as_str() {
            "track number" => "TRACKNUMBER".to_owned(),
            "year" | "recorded date" => "DATE".to_owned(),
            "tempo" => "BPM".to_owned(),
            "key signature" => "INITIALKEY".to_owned(),
            "comments" => "COMMENT".to_owned(),
            "encoding application" => "ENCODER".to_owned(),
            "nominal bit rate"
            | "approximate duration in seconds"
            | "source encoder"
            | "channel layout" => {
                to.dropped(text(key));
                continue;
            }
            other => other.to_owned(),
        };
        to.field(&super::names::of_vorbis(&name), &text(value));
    }
}

/// Numbers and places of markers.
fn markers(body: &[u8]) -> Vec<(u32, u64)> {
    let count = u32_be(body, 4).unwrap_or(0) as usize;
    let there = body.get(8..).unwrap_or_default();
    let places = there
        .chunks_exact(MARKER_BYTES)
        .take(count)
        .filter_map(|marker| {
            let at = f64::from_bits(u64_be(marker, 4)?);
            let id = u32_be(marker, 12)?;
            (0.0..1e15).contains(&at).then_some((id, at.round() as u64))
        });
    places.take(20_000).collect()
}

/// Names by their numbers.
fn names(body: &[u8]) -> BTreeMap<u32, String> {
    let count = (u32_be(body, 0).unwrap_or(0) as usize).min(20_000);
    let strings = body.get(4 + 12 * count..).unwrap_or_default();
    let named = body
        .get(4..)
        .unwrap_or_default()
        .chunks_exact(12)
        .take(count)
        .filter_map(|entry| {
            let id = u32_be(entry, 0)?;
            let at = usize::try_from(u64_be(entry, 4)?).ok()?;
            Some((id, text(strings.get(at..)?)))
        });
    named.collect()
}
