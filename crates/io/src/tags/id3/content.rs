//! What the frames of an ID3v2 tag say.

use lofty::id3::v1::GENRES;

use super::super::chapters::Chapter;
use super::super::{Collected, Field, names, text, u32_be};
use super::{Frame, each_frame, head_of};

/// Most lines of synchronized lyrics.
const MAX_LINES: usize = 10_000;

/// Frames whose content counts on the old stream or its level, besides those of `names::is_untrue`.
const UNTRUE: &[&[u8; 4]] = &[
    b"RVA2", b"RVAD", b"EQU2", b"EQUA", b"RGAD", b"XRVA", b"MLLT", b"ASPI", b"SEEK", b"POSS",
    b"RBUF", b"AENC", b"ENCR", b"GRID", b"SIGN", b"NCON", b"LINK", b"CRM\0",
];

/// Year, day and time, which ID3v2.3 keeps apart.
#[derive(Default)]
pub(super) struct Dates {
    year: Option<String>,
    day: Option<String>,
    time: Option<String>,
}

impl Dates {
    pub(super) fn put(self, to: &mut Collected) {
        let Some(year) = self.year else {
            for (name, value) in [("TDAT", self.day), ("TIME", self.time)] {
                if let Some(value) = value {
                    to.field(name, &value);
                }
            }
            return;
        };
        let pair = |text: &str| {
            let is_pair = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
            is_pair.then(|| (text[..2].to_owned(), text[2..].to_owned()))
        };
        let mut date = year;
        if let Some((day, month)) = self.day.as_deref().and_then(pair) {
            date = format!("{date}-{month}-{day}");
            if let Some((hour, minute)) = self.time.as_deref().and_then(pair) {
                date = format!("{date}T{hour}:{minute}");
            }
        }
        to.field("DATE", &date);
    }
}

pub(super) fn take(id: [u8; 4], body: &[u8], version: u8, to: &mut Collected, dates: &mut Dates) {
    let name = text(&id);
    if UNTRUE.contains(&&id) || names::is_untrue(&names::of_id3(&name)) {
        return to.dropped(format!("ID3v2 frame {name}"));
    }
    let counts_in_mpeg_frames = match &id {
        b"SYLT" => body.get(4) == Some(&1),
        b"ETCO" | b"SYTC" => body.first() == Some(&1),
        _ => false,
    };
    if counts_in_mpeg_frames {
        let why = "its times count in frames of MPEG audio";
        return to.lost(format!("ID3v2 frame {name}"), why);
    }
    match &id {
        b"TYER" => dates.year = Some(all_text(body)),
        b"TDAT" => dates.day = Some(all_text(body)),
        b"TIME" => dates.time = Some(all_text(body)),
        b"TORY" => to.field("ORIGINALDATE", &all_text(body)),
        b"TIPL" | b"TMCL" | b"IPLS" => people(id, body, to),
        b"TCON" => {
            for genre in all_text(body).split('\0').flat_map(genres) {
                to.field("GENRE", &genre);
            }
        }
        b"TXXX" => own_text(body, to),
        // Apple's texts with names of their own.
        [b'T', ..] | b"MVNM" | b"MVIN" | b"GRP1" => to.push(Field {
            name: names::of_id3(&name),
            value: all_text(body),
            own_name: None,
            frame: Some(id),
            description: None,
            info: None,
            in_frame: false,
        }),
        b"WXXX" => {
            let (description, url) = described(body);
            let name = match description.trim() {
                "" => "URL".to_owned(),
                description => format!("URL:{description}"),
            };
            structured(id, body, &[(name, text(url))], to);
        }
        [b'W', ..] => structured(id, body, &[(name, text(body))], to),
        b"COMM" | b"USLT" => language_text(id, body, to),
        b"SYLT" => {
            let lines = synchronized(body);
            let fields: Vec<_> = lines
                .map(|lines| ("SYNCEDLYRICS".to_owned(), lines))
                .into_iter()
                .collect();
            structured(id, body, &fields, to);
        }
        b"UFID" => {
            let end = body
                .iter()
                .position(|byte| *byte == 0)
                .unwrap_or(body.len());
            let is_known = &body[..end] == b"http://musicbrainz.org";
            let field = (
                "MUSICBRAINZ_TRACKID".to_owned(),
                text(body.get(end + 1..).unwrap_or_default()),
            );
            structured(
                id,
                body,
                if is_known {
                    std::slice::from_ref(&field)
                } else {
                    &[]
                },
                to,
            );
        }
        b"APIC" => picture(body, version, to),
        b"CHAP" => chapter(body, version, to),
        b"CTOC" => {
            let fixed = table_head(body);
            let mut table = body[..fixed.min(body.len())].to_vec();
            table.extend(as_version_4(&body[table.len()..], version, to).0);
            keep(id, table, true, to);
        }
        [.., 0] => to.lost(
            format!("ID3v2.2 frame {name}"),
            "it has no successor in ID3v2.4",
        ),
        _ => keep(id, body.to_vec(), false, to),
    }
}

fn keep(id: [u8; 4], body: Vec<u8>, is_told: bool, to: &mut Collected) {
    let frame = Frame {
        is_told,
        ..Frame::new(id, body)
    };
    if to.has_room(frame.body.len() as u64, &frame.name()) {
        to.tags.frames.push(frame);
    }
}

/// Keeps a frame as it is, and what it says for containers that have no such frames.
fn structured(id: [u8; 4], body: &[u8], fields: &[(String, String)], to: &mut Collected) {
    let is_told = fields.iter().any(|(_, value)| !value.trim().is_empty());
    for (name, value) in fields {
        to.push(Field {
            name: name.clone(),
            value: value.clone(),
            own_name: None,
            frame: Some(id),
            description: None,
            info: None,
            in_frame: true,
        });
    }
    keep(id, body.to_vec(), is_told, to);
}

fn own_text(body: &[u8], to: &mut Collected) {
    let (description, _) = described(body);
    let encoding = body.first().copied().unwrap_or(0);
    let value = decode(encoding, described(body).1);
    let name = if description.trim().is_empty() {
        "TXXX".to_owned()
    } else {
        names::of_id3(&description)
    };
    to.push(Field {
        name,
        value: value.trim_end_matches('\0').to_owned(),
        own_name: None,
        // Under the very description that it had.
        frame: Some(*b"TXXX"),
        description: Some(description),
        info: None,
        in_frame: false,
    });
}

/// A comment or lyrics: a language, a description, a text.
fn language_text(id: [u8; 4], body: &[u8], to: &mut Collected) {
    let Some((&encoding, rest)) = body.split_first() else {
        return;
    };
    let Some((language, rest)) = rest.split_first_chunk::<3>() else {
        return;
    };
    let (description, value) = split(encoding, rest);
    let description = decode(encoding, description);
    let value = decode(encoding, value)
        .trim_end_matches('\0')
        .replace('\0', " / ");
    if names::is_untrue(&description) {
        return to.dropped(&description);
    }
    let base = if &id == b"COMM" { "COMMENT" } else { "LYRICS" };
    let is_first = to.tags.text(base).is_none();
    let is_plain = description.trim().is_empty() && is_first;
    let name = match (is_plain, description.trim()) {
        (true, _) => base.to_owned(),
        (false, "") => format!("{base}:{}", text(language)),
        (false, description) => format!("{base}:{description}"),
    };
    structured(id, body, &[(name, value)], to);
}

/// People and what they did, in pairs.
fn people(id: [u8; 4], body: &[u8], to: &mut Collected) {
    let all = all_text(body);
    let parts: Vec<&str> = all.split('\0').collect();
    let (pairs, _) = parts.as_chunks::<2>();
    let fields: Vec<_> = pairs
        .iter()
        .map(|[role, person]| match (&id, role.to_ascii_uppercase()) {
            (b"TMCL", _) => ("PERFORMER".to_owned(), format!("{person} ({role})")),
            (_, role) if role.is_empty() => ("INVOLVED".to_owned(), (*person).to_owned()),
            (_, role) => (role, (*person).to_owned()),
        })
        .collect();
    // ID3v2.4 has the old list under a new name.
    let id = if &id == b"IPLS" { *b"TIPL" } else { id };
    structured(id, body, &fields, to);
}

fn picture(body: &[u8], version: u8, to: &mut Collected) {
    let Some((&encoding, rest)) = body.split_first() else {
        return;
    };
    let parts = if version == 2 {
        rest.split_first_chunk::<3>()
            .map(|(format, rest)| match format {
                b"PNG" => ("image/png".to_owned(), rest),
                b"JPG" => ("image/jpeg".to_owned(), rest),
                other => (text(other), rest),
            })
    } else {
        let (mime, rest) = split(0, rest);
        Some((decode(0, mime), rest))
    };
    let Some((mime, [kind, rest @ ..])) = parts else {
        return to.lost("a picture", "its frame is broken");
    };
    let (description, data) = split(encoding, rest);
    to.picture(*kind, &mime, &decode(encoding, description), data);
}

/// A chapter: an element's name, start and end in ms, start and end in bytes, frames of its own.
fn chapter(body: &[u8], version: u8, to: &mut Collected) {
    let end = body
        .iter()
        .position(|byte| *byte == 0)
        .map_or(body.len(), |end| end + 1);
    let (Some(start), Some(stop)) = (u32_be(body, end), u32_be(body, end + 4)) else {
        return to.lost("a chapter", "its frame is broken");
    };
    let own = body.get(end + 16..).unwrap_or_default();
    let (frames, title, others) = as_version_4(own, version, to);
    let mut kept = body[..end + 8].to_vec();
    // Places in the old file's bytes.
    kept.extend([0xFF; 8]);
    kept.extend(frames);
    let count = to.tags.chapters.len();
    to.chapter(Chapter {
        start_ms: u64::from(start),
        end_ms: Some(u64::from(stop)),
        title: title.unwrap_or_default(),
    });
    // What of it a comment cannot say is told there.
    keep(
        *b"CHAP",
        kept,
        !others && to.tags.chapters.len() > count,
        to,
    );
}

fn table_head(body: &[u8]) -> usize {
    let end = body
        .iter()
        .position(|byte| *byte == 0)
        .map_or(body.len(), |end| end + 1);
    let count = body.get(end + 1).copied().unwrap_or(0);
    let mut at = end + 2;
    for _ in 0..count {
        let rest = body.get(at..).unwrap_or_default();
        at += rest
            .iter()
            .position(|byte| *byte == 0)
            .map_or(rest.len(), |end| end + 1);
    }
    at
}

/// The frames inside a frame, with the heads of version 4; their title; whether there are others.
fn as_version_4(frames: &[u8], version: u8, to: &mut Collected) -> (Vec<u8>, Option<String>, bool) {
    let mut out = Vec::new();
    let mut title = None;
    let mut others = false;
    each_frame(frames, version, to, &mut |id, body, _| {
        if &id == b"TIT2" {
            title.get_or_insert(all_text(body).replace('\0', " "));
        } else {
            others = true;
        }
        out.extend(head_of(id, body.len()));
        out.extend(body);
    });
    (out, title, others)
}

/// Lyrics in time, as lines of an LRC file.
fn synchronized(body: &[u8]) -> Option<String> {
    // Times in milliseconds (2), not in frames of MPEG audio (1).
    let (encoding, rest) = match body {
        [encoding, _, _, _, 2, _, rest @ ..] => (*encoding, rest),
        _ => return None,
    };
    let (_, mut rest) = split(encoding, rest);
    let mut lines = String::new();
    for _ in 0..MAX_LINES {
        if rest.is_empty() {
            break;
        }
        let (line, after) = split(encoding, rest);
        let ms = u32_be(after, 0)?;
        let line = decode(encoding, line);
        let line = line.trim_start_matches('\n').replace('\n', " ");
        lines += &format!(
            "[{:02}:{:02}.{:02}]{line}\n",
            ms / 60_000,
            ms / 1000 % 60,
            ms / 10 % 100
        );
        rest = &after[4..];
    }
    Some(lines).filter(|lines| !lines.is_empty())
}

/// "(17)(RX)Own", "17", "Rock".
fn genres(text: &str) -> Vec<String> {
    let named = |code: &str| match code {
        "RX" => Some("Remix".to_owned()),
        "CR" => Some("Cover".to_owned()),
        number => {
            let index = number.parse::<usize>().ok()?;
            GENRES.get(index).map(|genre| (*genre).to_owned())
        }
    };
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((code, after)) = rest
        .strip_prefix('(')
        .and_then(|inner| inner.split_once(')'))
        && let Some(genre) = named(code)
    {
        found.push(genre);
        rest = after;
    }
    let rest = rest.replacen("((", "(", 1);
    let rest = named(&rest).unwrap_or(rest);
    if !rest.is_empty() && !found.contains(&rest) {
        found.push(rest);
    }
    found
}

/// A frame of an encoding, a description and a value.
fn described(body: &[u8]) -> (String, &[u8]) {
    let Some((&encoding, rest)) = body.split_first() else {
        return (String::new(), &[]);
    };
    let (description, value) = split(encoding, rest);
    (decode(encoding, description), value)
}

/// A frame of an encoding and texts.
fn all_text(body: &[u8]) -> String {
    let decoded = body
        .split_first()
        .map(|(encoding, text)| decode(*encoding, text));
    decoded
        .unwrap_or_default()
        .trim_end_matches('\0')
        .to_owned()
}

/// What stands before and behind the zero that ends a text.
fn split(encoding: u8, bytes: &[u8]) -> (&[u8], &[u8]) {
    if matches!(encoding, 1 | 2) {
        let (units, _) = bytes.as_chunks::<2>();
        let end = units
            .iter()
            .position(|unit| unit == &[0, 0])
            .map(|index| index * 2);
        end.map_or((bytes, &[]), |end| (&bytes[..end], &bytes[end + 2..]))
    } else {
        let end = bytes.iter().position(|byte| *byte == 0);
        end.map_or((bytes, &[]), |end| (&bytes[..end], &bytes[end + 1..]))
    }
}

fn decode(encoding: u8, bytes: &[u8]) -> String {
    match encoding {
        1 | 2 => {
            let (units, _) = bytes.as_chunks::<2>();
            let is_little = encoding == 1 && units.first() != Some(&[0xFE, 0xFF]);
            let units = units.iter().map(|unit| {
                if is_little {
                    u16::from_le_bytes(*unit)
                } else {
                    u16::from_be_bytes(*unit)
                }
            });
            // Every text of a list may begin with a mark of its own.
            char::decode_utf16(units.filter(|unit| *unit != 0xFEFF))
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        3 => String::from_utf8_lossy(bytes).into_owned(),
        _ => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}
