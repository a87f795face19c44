//! The chunks of a WAV, RF64 or BW64 beside `fmt ` and the sound.

mod chunk;
mod info;
pub(super) mod ixml;
mod out;

use std::fs::File;
use std::io;
use std::sync::Arc;

pub(super) use self::chunk::Chunk;
pub(crate) use self::out::WaveTags;
use super::{Collected, id3, text, u16_le, u32_le};
use crate::read::containers::rf64::each_chunk;

/// What the file is made of, made anew for the master.
const STRUCTURE: &[&[u8; 4]] = &[
    b"data", b"fact", b"ds64", b"JUNK", b"junk", b"PAD ", b"FLLR", b"Fake", b"filr",
];
/// Peaks, pictures of the waveform and checksums of the old sound.
const UNTRUE: &[&[u8; 4]] = &[b"PEAK", b"levl", b"LEVL", b"MD5 ", b"ovwf", b"DGDA"];

pub(super) fn read(file: &File, to: &mut Collected) -> io::Result<()> {
    // Behind a broken size, or a header that was never completed, anything looks like a chunk.
    let mut chunks = each_chunk(file)?;
    let end = chunks.iter().position(|(id, ..)| !is_name(*id));
    chunks.truncate(end.unwrap_or(chunks.len()));
    // Where both have a text, ID3v2 says more than INFO.
    chunks.sort_by_key(|(id, ..)| ![b"id3 ", b"ID3 "].contains(&id));
    for (id, at, bytes) in chunks {
        chunk(file, id, at, bytes, to)?;
    }
    Ok(())
}

fn is_name(id: [u8; 4]) -> bool {
    id.iter().all(|byte| (0x20..0x7F).contains(byte))
}

/// Takes one chunk.
pub(super) fn chunk(
    file: &File,
    id: [u8; 4],
    at: u64,
    bytes: u64,
    to: &mut Collected,
) -> io::Result<()> {
    let name = format!("{} chunk", text(&id).trim_end());
    if STRUCTURE.contains(&&id) {
        return Ok(());
    }
    if UNTRUE.contains(&&id) {
        to.dropped(&name);
        return Ok(());
    }
    match &id {
        b"fmt " => {
            if let Some(body) = to.block(file, at, bytes.min(64), "the fmt chunk")? {
                to.rate(u32_le(&body, 4).unwrap_or(0));
                to.tags.channels = u16_le(&body, 2).or(to.tags.channels);
            }
        }
        b"id3 " | b"ID3 " => {
            if let Some(body) = to.block(file, at, bytes, &name)? {
                id3::read_chunk(&body, to);
            }
        }
        b"LIST" => {
            let kind = to.block(file, at, bytes.min(4), &name)?.unwrap_or_default();
            if kind == b"INFO" {
                if let Some(body) = to.block(file, at, bytes, "the INFO list")? {
                    info::read(body.get(4..).unwrap_or_default(), to);
                }
            } else if kind == b"wavl" {
                to.lost("LIST wavl chunk", "it is sound and silence in pieces");
            } else {
                keep(file, id, at, bytes, &name, to)?;
            }
        }
        _ => keep(file, id, at, bytes, &name, to)?,
    }
    Ok(())
}

fn keep(
    file: &File,
    id: [u8; 4],
    at: u64,
    bytes: u64,
    name: &str,
    to: &mut Collected,
) -> io::Result<()> {
    if let Some(body) = to.carried(file, at, bytes, name)? {
        to.tags.chunks.push(Chunk {
            id,
            body: Arc::new(body),
        });
    }
    Ok(())
}
