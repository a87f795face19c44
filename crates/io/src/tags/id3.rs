//! ID3v2.2, 2.3 and 2.4 read frame by frame, 2.4 written; ID3v1 read (id3.org).

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use lofty::id3::v1::GENRES;

use super::chapters::Chapter;
use super::{Collected, Field, MAX_CARRIED_BYTES, Picture, Tags, names, text, u16_be, u32_be};

const HEAD_BYTES: usize = 10;
const V1_BYTES: u64 = 128;
/// A language that is not known (ID3v2.4 native frames, 4).
const NO_LANGUAGE: &[u8; 3] = b"XXX";
/// Most lines of synchronised lyrics.
const MAX_LINES: usize = 10_000;

/// Frames whose content counts on the old stream or its level, besides those of `names::is_untrue`.
const UNTRUE: &[&[u8; 4]] = &[
    b"RVA2", b"RVAD", b"EQU2", b"EQUA", b"RGAD", b"XRVA", b"MLLT", b"ASPI", b"SEEK", b"POSS",
    b"RBUF", b"AENC", b"ENCR", b"GRID", b"SIGN", b"NCON", b"LINK", b"CRM\0",
];

/// Three-letter names of ID3v2.2 and those that came after them.
#[rustfmt::skip]
const V22: &[(&[u8; 3], &[u8; 4])] = &[
    (b"BUF", b"RBUF"), (b"CNT", b"PCNT"), (b"COM", b"COMM"), (b"CRA", b"AENC"), (b"ETC", b"ETCO"),
    (b"EQU", b"EQUA"), (b"GEO", b"GEOB"), (b"IPL", b"IPLS"), (b"LNK", b"LINK"), (b"MCI", b"MCDI"),
    (b"MLL", b"MLLT"), (b"PIC", b"APIC"), (b"POP", b"POPM"), (b"REV", b"RVRB"), (b"RVA", b"RVAD"),
    (b"SLT", b"SYLT"), (b"STC", b"SYTC"), (b"TAL", b"TALB"), (b"TBP", b"TBPM"), (b"TCM", b"TCOM"),
    (b"TCO", b"TCON"), (b"TCP", b"TCMP"), (b"TCR", b"TCOP"), (b"TDA", b"TDAT"), (b"TDY", b"TDLY"),
    (b"TEN", b"TENC"), (b"TFT", b"TFLT"), (b"TIM", b"TIME"), (b"TKE", b"TKEY"), (b"TLA", b"TLAN"),
    (b"TLE", b"TLEN"), (b"TMT", b"TMED"), (b"TOA", b"TOPE"), (b"TOF", b"TOFN"), (b"TOL", b"TOLY"),
    (b"TOR", b"TORY"), (b"TOT", b"TOAL"), (b"TP1", b"TPE1"), (b"TP2", b"TPE2"), (b"TP3", b"TPE3"),
    (b"TP4", b"TPE4"), (b"TPA", b"TPOS"), (b"TPB", b"TPUB"), (b"TRC", b"TSRC"), (b"TRD", b"TRDA"),
    (b"TRK", b"TRCK"), (b"TSI", b"TSIZ"), (b"TS2", b"TSO2"), (b"TSA", b"TSOA"), (b"TSC", b"TSOC"),
    (b"TSP", b"TSOP"), (b"TST", b"TSOT"), (b"TSS", b"TSSE"), (b"TT1", b"TIT1"), (b"TT2", b"TIT2"),
    (b"TT3", b"TIT3"), (b"TXT", b"TEXT"), (b"TXX", b"TXXX"), (b"TYE", b"TYER"), (b"UFI", b"UFID"),
    (b"ULT", b"USLT"), (b"WAF", b"WOAF"), (b"WAR", b"WOAR"), (b"WAS", b"WOAS"), (b"WCM", b"WCOM"),
    (b"WCP", b"WCOP"), (b"WPB", b"WPUB"), (b"WXX", b"WXXX"),
];

/// A frame as ID3v2.4 has it.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub id: [u8; 4],
    pub body: Arc<Vec<u8>>,
    /// A field or a chapter says the same as far as other containers can.
    pub is_told: bool,
}

impl Frame {
    pub(super) fn new(id: [u8; 4], body: Vec<u8>) -> Self {
        Self {
            id,
            body: Arc::new(body),
            is_told: false,
        }
    }

    pub(super) fn name(&self) -> String {
        format!("ID3v2 frame {}", text(&self.id))
    }

    pub(super) fn head(&self) -> [u8; HEAD_BYTES] {
        head_of(self.id, self.body.len())
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        [&self.head()[..], &self.body].concat()
    }
}

fn head_of(id: [u8; 4], bytes: usize) -> [u8; HEAD_BYTES] {
    let [a, b, c, d] = syncsafe(bytes);
    [id[0], id[1], id[2], id[3], a, b, c, d, 0, 0]
}

/// Seven bits a byte; everything that is carried fits.
fn syncsafe(bytes: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| (bytes >> shift) as u8 & 0x7F)
}

fn from_syncsafe(bytes: [u8; 4]) -> Option<u64> {
    let is_safe = bytes.iter().all(|byte| byte & 0x80 == 0);
    is_safe.then(|| {
        bytes
            .iter()
            .fold(0, |size, byte| size << 7 | u64::from(*byte))
    })
}

/// A text frame in UTF-8.
pub(super) fn text_frame(id: [u8; 4], text: &str) -> Frame {
    Frame::new(id, [b"\x03", text.as_bytes()].concat())
}

/// Bytes of the tag that begins with these, its head and footer included.
pub(super) fn tag_bytes(head: &[u8; HEAD_BYTES]) -> Option<u64> {
    let &[b'I', b'D', b'3', version, _, flags, a, b, c, d] = head else {
        return None;
    };
    let footer = if version >= 4 && flags & 0x10 != 0 {
        10
    } else {
        0
    };
    Some(HEAD_BYTES as u64 + from_syncsafe([a, b, c, d])? + footer)
}

/// Reads a whole tag.
pub(super) fn read(tag: &[u8], to: &mut Collected) {
    let Some((head, body)) = tag.split_first_chunk::<HEAD_BYTES>() else {
        return;
    };
    let Some(bytes) = from_syncsafe([head[6], head[7], head[8], head[9]]) else {
        return to.lost("the ID3v2 tag", "its header is broken");
    };
    let (version, flags) = (head[3], head[5]);
    if !(2..=4).contains(&version) || version == 2 && flags & 0x40 != 0 {
        return to.lost("the ID3v2 tag", format!("version 2.{version} is not read"));
    }
    let body = &body[..body.len().min(bytes as usize)];
    let resynchronised;
    let mut frames = body;
    if version < 4 && flags & 0x80 != 0 {
        resynchronised = resynchronise(body);
        frames = &resynchronised;
    }
    if version > 2 && flags & 0x40 != 0 {
        let own = frames.first_chunk().copied().unwrap_or_default();
        let skip = if version == 4 {
            from_syncsafe(own).unwrap_or(0)
        } else {
            u64::from(u32::from_be_bytes(own)) + 4
        };
        frames = frames.get(skip as usize..).unwrap_or_default();
    }
    let mut dates = Dates::default();
    each_frame(frames, version, to, &mut |id, body, to| {
        take(id, body, version, to, &mut dates);
    });
    dates.put(to);
}

/// The bytes that stood before 0xFF 0x00 was written for 0xFF.
fn resynchronise(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut after_ff = false;
    for byte in bytes {
        if !(after_ff && *byte == 0) {
            out.push(*byte);
        }
        after_ff = *byte == 0xFF;
    }
    out
}

/// Calls `visit` with every frame's name and plain content.
fn each_frame(
    mut frames: &[u8],
    version: u8,
    to: &mut Collected,
    visit: &mut dyn FnMut([u8; 4], &[u8], &mut Collected),
) {
    let head_bytes = if version == 2 { 6 } else { HEAD_BYTES };
    while frames.len() > head_bytes && frames[0] != 0 {
        let (head, rest) = frames.split_at(head_bytes);
        let is_name = |name: &[u8]| {
            name.iter()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        };
        let (id, size) = if version == 2 {
            let own = [head[0], head[1], head[2]];
            let known = V22.iter().find(|(old, _)| **old == own);
            let id = known.map_or([own[0], own[1], own[2], 0], |(_, new)| **new);
            (
                id,
                u64::from(u32::from_be_bytes([0, head[3], head[4], head[5]])),
            )
        } else {
            let size = [head[4], head[5], head[6], head[7]];
            let plain = u64::from(u32::from_be_bytes(size));
            let size = match from_syncsafe(size) {
                Some(safe) if version == 4 && ends_with_a_frame(rest, safe) => safe,
                // iTunes wrote plain sizes.
                _ if version == 4 && ends_with_a_frame(rest, plain) => plain,
                Some(safe) if version == 4 => safe,
                _ => plain,
            };
            ([head[0], head[1], head[2], head[3]], size)
        };
        if !is_name(&head[..if version == 2 { 3 } else { 4 }]) || size > rest.len() as u64 {
            return to.lost("the rest of the ID3v2 tag", "a frame in it is broken");
        }
        let (body, next) = rest.split_at(size as usize);
        frames = next;
        let flags = if version == 2 { 0 } else { head[9] };
        match plain(body, version, flags) {
            Ok(body) => visit(id, &body, to),
            Err(why) => to.lost(format!("ID3v2 frame {}", text(&id)), why),
        }
    }
}

fn ends_with_a_frame(rest: &[u8], size: u64) -> bool {
    let Some(next) = usize::try_from(size).ok().and_then(|size| rest.get(size..)) else {
        return false;
    };
    next.iter().take(4).all(|byte| *byte == 0)
        || next.len() >= 4
            && next[..4]
                .iter()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// A frame's content without compression and the like.
fn plain(body: &[u8], version: u8, flags: u8) -> Result<std::borrow::Cow<'_, [u8]>, &'static str> {
    let (grouped, compressed, encrypted, unsynchronised, has_length) = match version {
        4 => (
            flags & 0x40 != 0,
            flags & 0x08 != 0,
            flags & 0x04 != 0,
            flags & 0x02 != 0,
            flags & 0x01 != 0,
        ),
        3 => (
            flags & 0x20 != 0,
            flags & 0x80 != 0,
            flags & 0x40 != 0,
            false,
            flags & 0x80 != 0,
        ),
        _ => (false, false, false, false, false),
    };
    if encrypted {
        return Err("it is encrypted");
    }
    // In version 3 the length comes first.
    let skip = usize::from(grouped) + if has_length { 4 } else { 0 };
    let body = body.get(skip..).ok_or("it is broken")?;
    let mut plain = std::borrow::Cow::Borrowed(body);
    if unsynchronised {
        plain = resynchronise(body).into();
    }
    if compressed {
        let mut inflated = Vec::new();
        let packed = flate2::read::ZlibDecoder::new(&plain[..]);
        let limit = MAX_CARRIED_BYTES / 4;
        let read = packed.take(limit).read_to_end(&mut inflated);
        if read.is_err() || inflated.len() as u64 == limit {
            return Err("it cannot be unpacked");
        }
        plain = inflated.into();
    }
    Ok(plain)
}

/// Year, day and time, which ID3v2.3 keeps apart.
#[derive(Default)]
struct Dates {
    year: Option<String>,
    day: Option<String>,
    time: Option<String>,
}

impl Dates {
    fn put(self, to: &mut Collected) {
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

fn take(id: [u8; 4], body: &[u8], version: u8, to: &mut Collected, dates: &mut Dates) {
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
        [b'T', ..] => to.push(Field {
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
            let name = if description.is_empty() {
                "URL".to_owned()
            } else {
                description
            };
            structured(id, body, &[(name, text(url))], to);
        }
        [b'W', ..] => structured(id, body, &[(name, text(body))], to),
        b"COMM" | b"USLT" => language_text(id, body, to),
        b"SYLT" => {
            let lines = synchronised(body);
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
fn synchronised(body: &[u8]) -> Option<String> {
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

/// ID3v1: what nothing else says.
pub(super) fn read_v1(file: &File, to: &mut Collected) -> io::Result<()> {
    let Some(at) = file.metadata()?.len().checked_sub(V1_BYTES) else {
        return Ok(());
    };
    let mut tag = [0; V1_BYTES as usize];
    file.read_exact_at(&mut tag, at)?;
    if !tag.starts_with(b"TAG") {
        return Ok(());
    }
    let field = |from: usize, to: usize| text(&tag[from..to]).trim_end().to_owned();
    for (name, value) in [
        ("TITLE", field(3, 33)),
        ("ARTIST", field(33, 63)),
        ("ALBUM", field(63, 93)),
        ("DATE", field(93, 97)),
        ("COMMENT", field(97, 127)),
    ] {
        to.field(name, &value);
    }
    if tag[125] == 0 && tag[126] != 0 {
        to.field("TRACKNUMBER", &tag[126].to_string());
    }
    if to.tags.text("GENRE").is_none()
        && let Some(genre) = GENRES.get(usize::from(tag[127]))
    {
        to.field("GENRE", genre);
    }
    Ok(())
}

/// A tag of version 2.4: frames first, then pictures, whose data are not copied.
pub(super) fn written(tags: &Tags, chapters: Vec<Frame>) -> Vec<Arc<Vec<u8>>> {
    let mut pieces = Vec::new();
    let mut open = Vec::new();
    for frame in text_frames(tags).into_iter().chain(chapters) {
        open.extend(frame.bytes());
    }
    let mut put = |head: Vec<u8>, body: &Arc<Vec<u8>>| {
        open.extend(head);
        pieces.push(Arc::new(std::mem::take(&mut open)));
        pieces.push(body.clone());
    };
    for frame in &tags.frames {
        put(frame.head().to_vec(), &frame.body);
    }
    for picture in &tags.pictures {
        let mut head = [b"\x03", picture.mime.replace('\0', "").as_bytes(), b"\0"].concat();
        head.push(picture.kind);
        head.extend(picture.description.replace('\0', " ").bytes());
        head.push(0);
        let bytes = head.len() + picture.data.len();
        put(
            [&head_of(*b"APIC", bytes)[..], &head].concat(),
            &picture.data,
        );
    }
    pieces.push(Arc::new(open));
    let bytes: usize = pieces.iter().map(|piece| piece.len()).sum();
    if bytes == 0 {
        return Vec::new();
    }
    let mut head = b"ID3\x04\0\0".to_vec();
    head.extend(syncsafe(bytes));
    pieces.insert(0, Arc::new(head));
    pieces
}

/// Fields as frames: texts of one name together.
fn text_frames(tags: &Tags) -> Vec<Frame> {
    let mut frames: Vec<([u8; 4], String, Vec<&str>)> = Vec::new();
    // A number's frame has the number of all as well.
    let is_beside = |field: &Field| {
        let with = |number, total| field.name == total && tags.text(number).is_some();
        with("TRACKNUMBER", "TRACKTOTAL") || with("DISCNUMBER", "DISCTOTAL")
    };
    let fields = (tags.fields.iter()).filter(|field| !field.in_frame && !is_beside(field));
    for field in fields {
        let row = names::row(&field.name);
        let own = field
            .description
            .as_ref()
            .or(field.own_name.as_ref())
            .unwrap_or(&field.name)
            .clone();
        let (id, description) = match (field.frame, row.map(|row| row.id3)) {
            (Some(id), _) if &id != b"TXXX" => (id, String::new()),
            (Some(_), _) => (*b"TXXX", own),
            (None, Some(id)) if !id.is_empty() => match id.as_bytes().first_chunk() {
                Some(frame) if id.len() == 4 && id != "WORK" => (*frame, String::new()),
                _ => (*b"TXXX", id.to_owned()),
            },
            _ => (*b"TXXX", own),
        };
        // A number of all stands behind the number.
        let known = frames
            .iter_mut()
            .find(|(other, about, _)| *other == id && *about == description);
        match known {
            Some((.., values)) => values.push(&field.value),
            None => frames.push((id, description, vec![&field.value])),
        }
    }
    let mut out = Vec::new();
    for (id, description, values) in frames {
        match &id {
            b"COMM" | b"USLT" => {
                for (index, value) in values.iter().enumerate() {
                    let mut body = b"\x03".to_vec();
                    body.extend(NO_LANGUAGE);
                    if index > 0 {
                        body.extend(format!("{}", index + 1).bytes());
                    }
                    body.push(0);
                    body.extend(value.bytes());
                    out.push(Frame::new(id, body));
                }
            }
            b"TXXX" => out.push(text_frame(
                id,
                &format!("{}\0{}", description.replace('\0', " "), values.join("\0")),
            )),
            b"TRCK" | b"TPOS" => {
                let name = if &id == b"TRCK" {
                    "TRACKTOTAL"
                } else {
                    "DISCTOTAL"
                };
                let text = values.join("\0");
                out.push(match tags.text(name) {
                    Some(total) if !text.contains('/') => {
                        text_frame(id, &format!("{text}/{}", total.trim()))
                    }
                    _ => text_frame(id, &text),
                });
            }
            _ => out.push(text_frame(id, &values.join("\0"))),
        }
    }
    out
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

/// An `id3 ` chunk's tag, whatever stands behind it.
pub(super) fn read_chunk(body: &[u8], to: &mut Collected) {
    if body.starts_with(b"ID3") && u16_be(body, 3).is_some() {
        to.next_tag();
        read(body, to);
    } else {
        to.lost("the id3 chunk", "it does not hold an ID3v2 tag");
    }
}
