//! The blocks of a FLAC header (RFC 9639, 8), looked at one after the other in the file.

mod out;

use std::fs::File;
use std::io;
use std::sync::Arc;

pub(crate) use self::out::Sound;
use super::{Application, Collected, aiff, text, u32_be, vorbis, wave};
use crate::platform::Positioned;

const STREAM_INFO: u8 = 0;
const APPLICATION: u8 = 2;
const COMMENTS: u8 = 4;
const CUE_SHEET: u8 = 5;
const PICTURE: u8 = 6;
const NO_BLOCK: u8 = 127;
/// Most blocks that are walked over.
const MAX_BLOCKS: usize = 4096;
/// What of a picture block is read before its data.
const PICTURE_HEAD_BYTES: u64 = 64 * 1024;

pub(super) fn read(file: &File, start: u64, to: &mut Collected) -> io::Result<()> {
    let file_bytes = file.metadata()?.len();
    let mut at = start + 4;
    to.next_tag();
    for _ in 0..MAX_BLOCKS {
        let mut head = [0; 4];
        if at + 4 > file_bytes {
            break;
        }
        file.read_exact_at(&mut head, at)?;
        let [kind, a, b, c] = head;
        let bytes = u64::from(u32::from_be_bytes([0, a, b, c])).min(file_bytes - at - 4);
        at += 4;
        match kind & 0x7F {
            NO_BLOCK => break,
            STREAM_INFO => {
                let info = to.block(file, at, bytes, "the stream information")?;
                let rate = info.as_deref().and_then(|info| u32_be(info, 10));
                to.rate(rate.unwrap_or(0) >> 12);
                let channels = info.as_deref().and_then(|info| info.get(12));
                to.tags.channels = channels.map(|byte| u16::from(byte >> 1 & 7) + 1);
            }
            APPLICATION => application(file, at, bytes, to)?,
            COMMENTS => {
                if let Some(block) = to.block(file, at, bytes, "the comments")? {
                    vorbis::read(&block, to);
                }
            }
            CUE_SHEET => {
                let block = to.carried(file, at, bytes, "the cue sheet")?;
                to.tags.cue_sheet = block.map(Arc::new);
            }
            PICTURE => picture(file, at, bytes, to)?,
            // The seek table and padding are made anew.
            1 | 3 => {}
            other => to.lost(
                format!("FLAC block of type {other}"),
                "nothing is known of it",
            ),
        }
        at += bytes;
        if kind & 0x80 != 0 {
            break;
        }
    }
    Ok(())
}

fn application(file: &File, at: u64, bytes: u64, to: &mut Collected) -> io::Result<()> {
    let mut id = [0; 4];
    if bytes < 4 {
        return Ok(());
    }
    file.read_exact_at(&mut id, at)?;
    match &id {
        // What `flac --keep-foreign-metadata` keeps of a WAV or AIFF: a chunk with its head.
        b"riff" | b"aiff" if bytes >= 12 => {
            let mut head = [0; 8];
            file.read_exact_at(&mut head, at + 4)?;
            let [a, b, c, d, size @ ..] = head;
            let stated = if &id == b"riff" {
                u32::from_le_bytes(size)
            } else {
                u32::from_be_bytes(size)
            };
            let (at, bytes) = (at + 12, u64::from(stated).min(bytes - 12));
            if &id == b"riff" {
                if ![b"RIFF", b"RF64", b"data"].contains(&&[a, b, c, d]) {
                    wave::chunk(file, [a, b, c, d], at, bytes, to)?;
                }
            } else {
                aiff::chunk(file, [a, b, c, d], at, bytes, to)?;
            }
        }
        b"riff" | b"aiff" => {}
        _ => {
            let what = format!("FLAC application block {}", text(&id));
            if let Some(data) = to.carried(file, at + 4, bytes - 4, &what)? {
                to.tags.applications.push(Application {
                    id,
                    data: Arc::new(data),
                });
            }
        }
    }
    Ok(())
}

fn picture(file: &File, at: u64, bytes: u64, to: &mut Collected) -> io::Result<()> {
    let what = "a picture";
    let Some(mut head) = to.block(file, at, bytes.min(PICTURE_HEAD_BYTES), what)? else {
        return Ok(());
    };
    // The data are read once, into their place.
    head.resize(bytes as usize, 0);
    let parsed = vorbis::flac_picture(&head);
    drop(head);
    let Some((picture, data_at)) = parsed else {
        to.lost(what, "its block is broken");
        return Ok(());
    };
    let data_bytes = bytes - data_at as u64;
    if let Some(data) = to.carried(file, at + data_at as u64, data_bytes, what)? {
        to.picture_with_room(picture.kind, &picture.mime, &picture.description, data);
    }
    Ok(())
}
