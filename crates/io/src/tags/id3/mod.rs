//! ID3v2.2, 2.3 and 2.4 read frame by frame, 2.4 written; ID3v1 read (id3.org).

mod content;
mod mp3;
mod written;

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use lofty::id3::v1::GENRES;

use super::{Collected, MAX_CARRIED_BYTES, text, u16_be};
use crate::platform::Positioned;
use content::{Dates, take};

pub(super) use written::written;

const HEAD_BYTES: usize = 10;
const V1_BYTES: u64 = 128;
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
    let resynchronized;
    let mut frames = body;
    if version < 4 && flags & 0x80 != 0 {
        resynchronized = resynchronise(body);
        frames = &resynchronized;
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

/// What looks at a frame's name and content.
type Visit<'a> = dyn FnMut([u8; 4], &[u8], &mut Collected) + 'a;

/// Calls `visit` with every frame's name and plain content.
fn each_frame(mut frames: &[u8], version: u8, to: &mut Collected, visit: &mut Visit<'_>) {
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
        match plain(body, version, flags, to) {
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
fn plain<'a>(
    body: &'a [u8],
    version: u8,
    flags: u8,
    to: &mut Collected,
) -> Result<std::borrow::Cow<'a, [u8]>, &'static str> {
    let (grouped, compressed, encrypted, unsynchronized, has_length) = match version {
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
    if unsynchronized {
        plain = resynchronise(body).into();
    }
    if compressed {
        let mut inflated = Vec::new();
        let packed = flate2::read::ZlibDecoder::new(&plain[..]);
        // Of all frames together: a few bytes can stand for very many.
        let limit = MAX_CARRIED_BYTES - to.unpacked_bytes;
        let read = packed.take(limit).read_to_end(&mut inflated);
        to.unpacked_bytes += inflated.len() as u64;
        if read.is_err() || inflated.len() as u64 == limit {
            return Err("it cannot be unpacked");
        }
        plain = inflated.into();
    }
    Ok(plain)
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

/// An `id3 ` chunk's tag, whatever stands behind it.
pub(super) fn read_chunk(body: &[u8], to: &mut Collected) {
    if body.starts_with(b"ID3") && u16_be(body, 3).is_some() {
        to.next_tag();
        read(body, to);
    } else {
        to.lost("the id3 chunk", "it does not hold an ID3v2 tag");
    }
}
