//! What an MP4 or QuickTime file carries beside the sound: iTunes' list of atoms, QuickTime's keys and
//! texts, Nero's chapters, and chapter tracks (ISO/IEC 14496-12; QuickTime File Format Specification).

use std::fs::File;
use std::io;

use crate::platform::Positioned;
use crate::tags::chapters::Chapter;
use crate::tags::{Collected, names, text, u16_be, u32_be, u64_be};

const MAX_TOP_BOXES: usize = 100_000;
/// Most tracks that are looked at.
const MAX_TRACKS: usize = 4096;
/// Most chapters that are read.
const MAX_CHAPTERS: usize = 4096;
/// Longest title of a chapter, bytes.
const MAX_TITLE_BYTES: u64 = 1024;
/// Kinds of data (QuickTime, well-known types).
const UTF8: u32 = 1;
const UTF16: u32 = 2;
const SIGNED: u32 = 21;
const UNSIGNED: u32 = 22;
/// Boxes of user data that say nothing.
const SILENT: &[&[u8; 4]] = &[
    b"free",
    b"skip",
    b"hnti",
    b"hinf",
    b"\0\0\0\0",
    b"ptv ",
    b"WLOC",
    b"LOOP",
];

pub(in crate::tags) fn read(file: &File, to: &mut Collected) -> io::Result<()> {
    let file_bytes = file.metadata()?.len();
    let mut at = 0;
    for _ in 0..MAX_TOP_BOXES {
        if at + 8 > file_bytes {
            break;
        }
        let mut head = [0; 16];
        let head_bytes = (file_bytes - at).min(16) as usize;
        file.read_exact_at(&mut head[..head_bytes], at)?;
        let (header, bytes) = match u32_be(&head, 0) {
            Some(0) => (8, file_bytes - at),
            Some(1) => (16, u64_be(&head, 8).unwrap_or(0)),
            size => (8, u64::from(size.unwrap_or(0))),
        };
        if bytes < header {
            break;
        }
        match &head[4..8] {
            b"moov" => {
                let body_bytes = (bytes - header).min(file_bytes - at - header);
                if let Some(moov) = to.block(file, at + header, body_bytes, "the moov box")? {
                    to.next_tag();
                    movie(file, &moov, to)?;
                }
            }
            b"meta" => to.lost("the meta box of the file", "it is not read"),
            b"uuid" => to.lost("a uuid box", "nothing is known of it"),
            _ => {}
        }
        let Some(next) = at.checked_add(bytes) else {
            break;
        };
        at = next;
    }
    Ok(())
}

fn movie(file: &File, moov: &[u8], to: &mut Collected) -> io::Result<()> {
    for (name, body) in boxes(moov) {
        match name {
            b"udta" => user_data(body, to),
            b"meta" => meta(body, to),
            b"trak" => {
                if let Some(data) = child(body, b"udta") {
                    user_data(data, to);
                }
                if let Some(data) = child(body, b"meta") {
                    meta(data, to);
                }
            }
            b"uuid" => to.lost("a uuid box", "nothing is known of it"),
            _ => {}
        }
    }
    chapter_track(file, moov, to)
}

/// The boxes in a body, until one is broken.
fn boxes(mut rest: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let bytes = u32_be(rest, 0)? as usize;
        let name = rest.get(4..)?.first_chunk()?;
        let bytes = if bytes == 0 { rest.len() } else { bytes };
        let body = rest.get(8..bytes)?;
        rest = &rest[bytes..];
        Some((name, body))
    })
}

fn child<'a>(body: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(body)
        .find(|(own, _)| *own == name)
        .map(|(_, body)| body)
}

fn path<'a>(body: &'a [u8], names: &[&[u8; 4]]) -> Option<&'a [u8]> {
    names.iter().try_fold(body, |body, name| child(body, name))
}

fn user_data(body: &[u8], to: &mut Collected) {
    for (name, body) in boxes(body) {
        match name {
            b"meta" => meta(body, to),
            b"chpl" => nero(body, to),
            // The names of tracks say what a program called them.
            b"name" => to.field("TRACKNAME", &text(body)),
            [0xA9, ..] => {
                // Texts with their lengths and languages.
                let mut rest = body;
                while let Some(bytes) = u16_be(rest, 0).map(usize::from)
                    && let Some(value) = rest.get(4..).and_then(|rest| rest.get(..bytes))
                {
                    to.field(&names::of_mp4(&atom(name)), &text(value));
                    rest = &rest[4 + bytes..];
                }
            }
            name if SILENT.contains(&name) => {}
            name => to.lost(
                format!("MP4 user data {}", atom(name)),
                "a WAV or FLAC has no place for it",
            ),
        }
    }
}

/// An atom's name: Latin-1.
fn atom(name: &[u8]) -> String {
    name.iter().map(|byte| char::from(*byte)).collect()
}

fn meta(body: &[u8], to: &mut Collected) {
    // A full box in MP4, a plain one in QuickTime.
    let body = if u32_be(body, 0) == Some(0) {
        &body[4..]
    } else {
        body
    };
    let keys = child(body, b"keys").map(keys);
    for (name, item) in child(body, b"ilst").into_iter().flat_map(boxes) {
        let key = keys.as_ref().and_then(|keys| {
            let index = u32::from_be_bytes(*name).checked_sub(1)?;
            keys.get(index as usize)
        });
        let name = match (name, key) {
            (_, Some(key)) => key.clone(),
            (b"----", _) => {
                let own = child(item, b"name").and_then(|name| name.get(4..));
                own.map_or_else(
                    || "----".to_owned(),
                    |own| String::from_utf8_lossy(own).into_owned(),
                )
            }
            (name, _) => atom(name),
        };
        list_item(&name, item, to);
    }
    to.chapters_from_comments();
}

fn keys(body: &[u8]) -> Vec<String> {
    let mut rest = body.get(8..).unwrap_or_default();
    let mut keys = Vec::new();
    while let Some(bytes) = u32_be(rest, 0)
        && let Some(key) = rest.get(8..bytes as usize)
        && keys.len() < 4096
    {
        let key = text(key);
        let plain = key.strip_prefix("com.apple.quicktime.").unwrap_or(&key);
        keys.push(match plain {
            "software" => "ENCODER".to_owned(),
            "creationdate" | "year" => "DATE".to_owned(),
            "title" | "artist" | "album" | "genre" | "comment" | "copyright" | "description"
            | "keywords" | "composer" | "producer" | "publisher" => names::of_vorbis(plain),
            _ => key.clone(),
        });
        rest = &rest[bytes as usize..];
    }
    keys
}

fn list_item(own: &str, item: &[u8], to: &mut Collected) {
    let name = names::of_mp4(own);
    let mut told = false;
    for (_, data) in boxes(item).filter(|(name, _)| *name == b"data") {
        let (Some(kind), Some(value)) = (u32_be(data, 0), data.get(8..)) else {
            continue;
        };
        told = true;
        match (own, kind & 0xFF_FFFF) {
            ("covr", kind) => {
                let mime = if kind == 14 || value.starts_with(b"\x89PNG") {
                    "image/png"
                } else {
                    "image/jpeg"
                };
                to.picture(3, mime, "", value);
            }
            ("trkn" | "disk", _) => {
                let (number, total) =
                    (u16_be(value, 2).unwrap_or(0), u16_be(value, 4).unwrap_or(0));
                if number > 0 {
                    to.field(&name, &number.to_string());
                }
                if total > 0 {
                    to.field(
                        if own == "trkn" {
                            "TRACKTOTAL"
                        } else {
                            "DISCTOTAL"
                        },
                        &total.to_string(),
                    );
                }
            }
            ("gnre", _) => {
                let genre = u16_be(value, 0).and_then(|number| {
                    lofty::id3::v1::GENRES.get(usize::from(number.checked_sub(1)?))
                });
                match genre {
                    Some(genre) => to.field("GENRE", genre),
                    None => to.lost("MP4 atom gnre", "it names no genre"),
                }
            }
            (_, UTF8 | 4) => to.field(&name, &String::from_utf8_lossy(value)),
            (_, UTF16 | 5) => {
                let (units, _) = value.as_chunks::<2>();
                let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
                let value: String = char::decode_utf16(units)
                    .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect();
                to.field(&name, &value);
            }
            (_, SIGNED | UNSIGNED) if (1..=8).contains(&value.len()) => number(&name, value, to),
            // Untyped numbers are short.
            (
                "tmpo" | "cpil" | "pgap" | "rtng" | "stik" | "hdvd" | "pcst" | "shwm" | "\u{a9}mvi"
                | "\u{a9}mvc" | "cnID" | "plID" | "atID" | "geID" | "cmID" | "sfID" | "akID"
                | "tves" | "tvsn",
                0,
            ) if value.len() <= 8 => {
                number(&name, value, to);
            }
            _ if names::is_untrue(&name) => to.dropped(&name),
            _ => to.lost(format!("MP4 atom {own}"), "it is no text"),
        }
    }
    if !told {
        to.lost(format!("MP4 atom {own}"), "it holds no data");
    }
}

fn number(name: &str, value: &[u8], to: &mut Collected) {
    let number = value
        .iter()
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    // A tempo of 0 is none.
    if !(name == "BPM" && number == 0) {
        to.field(name, &number.to_string());
    }
}

/// Nero's list: places in 100 ns, titles with their lengths in a byte.
fn nero(body: &[u8], to: &mut Collected) {
    if !to.tags.chapters.is_empty() {
        return;
    }
    // Version 1 has four more bytes before the count, which takes one byte or four.
    let from = if body.first() == Some(&0) { 5 } else { 9 };
    let count = usize::from(body.get(from - 1).copied().unwrap_or(0));
    let mut rest = body.get(from..).unwrap_or_default();
    for _ in 0..count {
        let (Some(at), Some(&length)) = (u64_be(rest, 0), rest.get(8)) else {
            to.lost("the rest of the chapters", "their box is broken");
            break;
        };
        let title = rest.get(9..).unwrap_or_default();
        let title = text(title.get(..usize::from(length)).unwrap_or(title));
        to.chapter(Chapter {
            start_ms: at / 10_000,
            end_ms: None,
            title,
        });
        rest = rest.get(9 + usize::from(length)..).unwrap_or_default();
    }
}

/// The text track that a sound track names as its chapters.
fn chapter_track(file: &File, moov: &[u8], to: &mut Collected) -> io::Result<()> {
    let tracks: Vec<&[u8]> = boxes(moov)
        .filter(|(name, _)| *name == b"trak")
        .map(|(_, body)| body)
        .take(MAX_TRACKS)
        .collect();
    let kind = |track: &[u8]| {
        path(track, &[b"mdia", b"hdlr"])
            .and_then(|hdlr| hdlr.get(8..12))
            .map(<[u8]>::to_vec)
    };
    let id = |track: &[u8]| {
        let header = child(track, b"tkhd")?;
        u32_be(header, if header.first()? == &1 { 20 } else { 12 })
    };
    let wanted: Vec<u32> = tracks
        .iter()
        .filter_map(|track| path(track, &[b"tref", b"chap"]))
        .flat_map(|ids| ids.chunks_exact(4).filter_map(|id| u32_be(id, 0)))
        .take(16)
        .collect();
    for track in tracks {
        let is_chapters = id(track).is_some_and(|id| wanted.contains(&id));
        match kind(track).as_deref() {
            Some(b"soun") | None => {}
            Some(b"text" | b"sbtl") if is_chapters => {
                if to.tags.chapters.is_empty() {
                    titles(file, track, to)?;
                }
            }
            Some(other) => {
                let kind = match other {
                    b"vide" if is_chapters => "the pictures of the chapters".to_owned(),
                    b"vide" => "a video track".to_owned(),
                    b"text" | b"sbtl" => "a text track".to_owned(),
                    b"tmcd" => "a time code track".to_owned(),
                    other => format!("a track of kind {}", atom(other)),
                };
                to.lost(kind, "a WAV or FLAC has no place for it");
            }
        }
    }
    Ok(())
}

fn titles(file: &File, track: &[u8], to: &mut Collected) -> io::Result<()> {
    let timescale = path(track, &[b"mdia", b"mdhd"])
        .and_then(|mdhd| u32_be(mdhd, if mdhd.first()? == &1 { 20 } else { 12 }))
        .filter(|timescale| *timescale > 0);
    let (Some(timescale), Some(table)) = (timescale, path(track, &[b"mdia", b"minf", b"stbl"]))
    else {
        to.lost("chapters", "their track is broken");
        return Ok(());
    };
    let words = |name: &[u8; 4], from: usize| -> Vec<u32> {
        let body = child(table, name)
            .and_then(|body| body.get(from..))
            .unwrap_or_default();
        body.chunks_exact(4)
            .filter_map(|word| u32_be(word, 0))
            .take(3 * MAX_CHAPTERS)
            .collect()
    };
    let mut durations = words(b"stts", 8)
        .chunks_exact(2)
        .flat_map(|run| std::iter::repeat_n(u64::from(run[1]), (run[0] as usize).min(MAX_CHAPTERS)))
        .take(MAX_CHAPTERS)
        .collect::<Vec<_>>()
        .into_iter();
    let one_size = child(table, b"stsz")
        .and_then(|body| u32_be(body, 4))
        .unwrap_or(0);
    let sizes = words(b"stsz", 12);
    let runs = words(b"stsc", 8);
    let chunks: Vec<u64> = match child(table, b"co64") {
        Some(body) => body
            .get(8..)
            .unwrap_or_default()
            .chunks_exact(8)
            .filter_map(|at| u64_be(at, 0))
            .take(MAX_CHAPTERS)
            .collect(),
        None => words(b"stco", 8).into_iter().map(u64::from).collect(),
    };
    let file_bytes = file.metadata()?.len();
    let (mut sample, mut start) = (0, 0_u64);
    for (index, chunk) in chunks.iter().enumerate() {
        let run = runs
            .chunks_exact(3)
            .rev()
            .find(|run| run[0] as usize <= index + 1);
        let mut at = *chunk;
        for _ in 0..run.map_or(1, |run| run[1] as usize).min(MAX_CHAPTERS) {
            let bytes = if one_size > 0 {
                one_size
            } else {
                sizes.get(sample).copied().unwrap_or(0)
            };
            let Some(duration) = durations.next() else {
                return Ok(());
            };
            let readable = u64::from(bytes)
                .min(MAX_TITLE_BYTES)
                .min(file_bytes.saturating_sub(at));
            let mut title = vec![0; readable as usize];
            file.read_exact_at(&mut title, at)?;
            let length = u16_be(&title, 0).map_or(0, usize::from);
            let title = title.get(2..).unwrap_or_default();
            let ms = |ticks: u64| ticks.saturating_mul(1000) / u64::from(timescale);
            to.chapter(Chapter {
                start_ms: ms(start),
                end_ms: Some(ms(start.saturating_add(duration))),
                title: text(&title[..length.min(title.len())]),
            });
            start = start.saturating_add(duration);
            at = at.saturating_add(u64::from(bytes));
            sample += 1;
        }
    }
    Ok(())
}
