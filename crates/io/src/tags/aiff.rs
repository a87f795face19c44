//! The chunks of an AIFF or AIFF-C beside the sound (Audio Interchange File Format 1.3).

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::Arc;

use super::positions::{CuePoint, chunks_of, sampler_of};
use super::wave::Chunk;
use super::{Collected, id3, text, u16_be, u32_be};
use crate::platform::Positioned;

const MAX_CHUNKS: usize = 4096;
const STRUCTURE: &[&[u8; 4]] = &[b"SSND", b"FVER", b"FORM", b"FLLR", b"PAD "];
/// An instrument's bytes: note, detune, notes and velocities it is for, gain, two loops of 6 bytes.
const INSTRUMENT_BYTES: usize = 20;

pub(super) fn read(file: &File, to: &mut Collected) -> io::Result<()> {
    let mut chunks = chunks(file)?;
    // Where both have a text, ID3v2 says more.
    chunks.sort_by_key(|(id, ..)| ![b"ID3 ", b"id3 "].contains(&id));
    for (id, at, bytes) in chunks {
        chunk(file, id, at, bytes, to)?;
        if [b"ID3 ", b"id3 "].contains(&&id) {
            to.next_tag();
        }
    }
    Ok(())
}

/// Every chunk: its name, where its body begins, and how many bytes of it are there.
fn chunks(file: &File) -> io::Result<Vec<([u8; 4], u64, u64)>> {
    let file_bytes = file.metadata()?.len();
    let mut chunks = Vec::new();
    let mut at = 12;
    while chunks.len() < MAX_CHUNKS && at + 8 <= file_bytes {
        let mut head = [0; 8];
        file.read_exact_at(&mut head, at)?;
        let [a, b, c, d, size @ ..] = head;
        let bytes = u64::from(u32::from_be_bytes(size));
        if ![a, b, c, d].iter().all(|byte| (0x20..0x7F).contains(byte)) {
            break;
        }
        chunks.push(([a, b, c, d], at + 8, bytes.min(file_bytes - at - 8)));
        at += 8 + bytes + (bytes & 1);
    }
    Ok(chunks)
}

/// Takes one chunk.
pub(super) fn chunk(
    file: &File,
    id: [u8; 4],
    at: u64,
    bytes: u64,
    to: &mut Collected,
) -> io::Result<()> {
    if STRUCTURE.contains(&&id) {
        return Ok(());
    }
    let name = format!("{} chunk", text(&id).trim_end());
    let Some(body) = to.block(file, at, bytes, &name)? else {
        return Ok(());
    };
    match &id {
        b"COMM" => {
            to.tags.channels = u16_be(&body, 0).or(to.tags.channels);
            to.rate(extended(body.get(8..18).unwrap_or_default()));
        }
        b"NAME" => to.field("TITLE", &text(&body)),
        b"AUTH" => to.field("ARTIST", &text(&body)),
        b"(c) " => to.field("COPYRIGHT", &text(&body)),
        b"ANNO" => to.field("COMMENT", &text(&body)),
        b"COMT" => comments(&body, to),
        b"MARK" => {
            let marks = marks(&body);
            let points: Vec<CuePoint> = marks.into_values().collect();
            add(chunks_of(&points, 1), to);
        }
        b"INST" => instrument(file, &body, to)?,
        b"ID3 " | b"id3 " => id3::read_chunk(&body, to),
        _ => to.lost(&name, "a WAV or FLAC has no place for it"),
    }
    Ok(())
}

pub(super) fn add(chunks: Vec<Chunk>, to: &mut Collected) {
    for chunk in chunks {
        if to.has_room(chunk.body.len() as u64, &chunk.name()) {
            to.tags.chunks.push(chunk);
        }
    }
}

fn comments(body: &[u8], to: &mut Collected) {
    let mut rest = body.get(2..).unwrap_or_default();
    for _ in 0..u16_be(body, 0).unwrap_or(0) {
        // A time, a marker's number, a text.
        let Some(bytes) = u16_be(rest, 6).map(usize::from) else {
            break;
        };
        to.field(
            "COMMENT",
            &text(
                rest.get(8..)
                    .unwrap_or_default()
                    .get(..bytes)
                    .unwrap_or_default(),
            ),
        );
        rest = rest.get(8 + bytes + bytes % 2..).unwrap_or_default();
    }
}

/// Markers by number: a place and a name, as Pascal has strings.
fn marks(body: &[u8]) -> BTreeMap<u16, CuePoint> {
    let mut marks = BTreeMap::new();
    let mut rest = body.get(2..).unwrap_or_default();
    for _ in 0..u16_be(body, 0).unwrap_or(0) {
        let (Some(id), Some(at), Some(&length)) = (u16_be(rest, 0), u32_be(rest, 2), rest.get(6))
        else {
            break;
        };
        let length = usize::from(length);
        let label = text(
            rest.get(7..)
                .unwrap_or_default()
                .get(..length)
                .unwrap_or_default(),
        );
        marks.insert(
            id,
            CuePoint {
                at: u64::from(at),
                label: Some(label).filter(|label| !label.trim().is_empty()),
            },
        );
        // The length's own byte counts: the whole is even.
        rest = rest
            .get(7 + length + (length + 1) % 2..)
            .unwrap_or_default();
    }
    marks
}

/// Notes, velocities and gain become an `inst` chunk, loops between markers a `smpl` chunk.
fn instrument(file: &File, body: &[u8], to: &mut Collected) -> io::Result<()> {
    let Some(instrument) = body.first_chunk::<INSTRUMENT_BYTES>() else {
        return Ok(());
    };
    let [
        note,
        detune,
        low,
        high,
        low_velocity,
        high_velocity,
        _,
        gain_db,
        ..,
    ] = *instrument;
    add(
        vec![Chunk {
            id: *b"inst",
            body: Arc::new(vec![
                note,
                detune,
                gain_db,
                low,
                high,
                low_velocity,
                high_velocity,
            ]),
        }],
        to,
    );
    let marks = find_marks(file, to)?;
    let mut loops = Vec::new();
    for at in [8_usize, 14] {
        let word = |offset| u16_be(instrument, at + offset).unwrap_or(0);
        let place = |id: u16| marks.get(&id).and_then(|mark| u32::try_from(mark.at).ok());
        // Forward (1), or forward and backward (2); a marker stands before its frame.
        if let (mode @ 1..=2, Some(first), Some(behind)) = (word(0), place(word(2)), place(word(4)))
            && behind > first
        {
            loops.push((u32::from(mode - 1), first, behind - 1));
        }
    }
    if !loops.is_empty() {
        let rate = to.tags.sample_rate_hz.unwrap_or(0);
        add(vec![sampler_of(rate, u32::from(note), &loops)], to);
    }
    Ok(())
}

fn find_marks(file: &File, to: &mut Collected) -> io::Result<BTreeMap<u16, CuePoint>> {
    let mark = chunks(file)?.into_iter().find(|(id, ..)| id == b"MARK");
    let body = match mark {
        Some((_, at, bytes)) => to.block(file, at, bytes, "MARK chunk")?,
        None => None,
    };
    Ok(body.map(|body| marks(&body)).unwrap_or_default())
}

/// A rate as an 80-bit number (IEEE 754 extended); 0 for what is none.
fn extended(bytes: &[u8]) -> u32 {
    let (Some(exponent), Some(mantissa)) = (u16_be(bytes, 0), super::u64_be(bytes, 2)) else {
        return 0;
    };
    let shift = 16_383 + 63 - i32::from(exponent & 0x7FFF);
    match u32::try_from(shift) {
        Ok(shift @ 32..=63) => u32::try_from(mantissa >> shift).unwrap_or(0),
        _ => 0,
    }
}
