//! CD-Text as it stands in the lead-in: packs of 18 bytes (GNU libcdio, "CD Text Format").

use super::super::sheets::{Disc, disc_text, latin1};

const TITLE: u8 = 0x80;
const PERFORMER: u8 = 0x81;
const SIZES: u8 = 0x8F;
/// Bytes of text in a pack.
const TEXT_BYTES: usize = 12;
/// The sequence number is a byte.
const MAX_PACKS: usize = 256;
const ENGLISH: u8 = 0x09;

/// All packs; `None` if there is no text, or more than a block holds.
pub(super) fn packs(disc: &Disc) -> Option<Vec<u8>> {
    let titles = disc.tracks.iter().map(|track| track.title.as_str());
    let artists = disc.tracks.iter().map(|track| track.artist.as_str());
    let kinds: [(u8, Vec<&str>); 2] = [
        (
            TITLE,
            std::iter::once(disc.title.as_str()).chain(titles).collect(),
        ),
        (
            PERFORMER,
            std::iter::once(disc.artist.as_str())
                .chain(artists)
                .collect(),
        ),
    ];
    let mut packs: Vec<[u8; 16]> = Vec::new();
    let mut counts = [0_u8; 16];
    for (kind, texts) in &kinds {
        let own = of_kind(*kind, texts);
        counts[usize::from(kind & 0x0F)] = u8::try_from(own.len()).ok()?;
        packs.extend(own);
    }
    if packs.is_empty() || packs.len() + 3 > MAX_PACKS {
        return None;
    }
    counts[15] = 3;
    let last = u8::try_from(packs.len() + 2).ok()?;
    packs.extend(sizes(disc, counts, last));
    let mut bytes = Vec::new();
    for (sequence, mut pack) in (0_u8..=255).zip(packs) {
        pack[2] = sequence;
        bytes.extend(pack);
        bytes.extend((!crc(&pack)).to_be_bytes());
    }
    Some(bytes)
}

/// The texts of one kind, the disc's and then the tracks', each with its zero, cut into packs.
fn of_kind(kind: u8, texts: &[&str]) -> Vec<[u8; 16]> {
    if texts.iter().all(|text| text.is_empty()) {
        return Vec::new();
    }
    // Of each byte its track and its place in the text.
    let mut all: Vec<(u8, usize, u8)> = Vec::new();
    for (track, text) in (0_u8..).zip(texts) {
        let text = latin1(&disc_text(text));
        let ended = text.into_iter().chain([0]).enumerate();
        all.extend(ended.map(|(place, byte)| (byte, place, track)));
    }
    let chunks = all.chunks(TEXT_BYTES);
    let pack = |chunk: &[(u8, usize, u8)]| {
        let mut pack = [0; 16];
        pack[0] = kind;
        if let Some(&(_, place, track)) = chunk.first() {
            pack[1] = track;
            pack[3] = place.min(15) as u8;
        }
        for (to, &(byte, ..)) in pack[4..].iter_mut().zip(chunk) {
            *to = byte;
        }
        pack
    };
    chunks.map(pack).collect()
}

/// Character set, tracks, how many packs there are of each kind, and the language.
fn sizes(disc: &Disc, counts: [u8; 16], last: u8) -> [[u8; 16]; 3] {
    let mut all = [0; 36];
    all[1] = 1;
    all[2] = u8::try_from(disc.tracks.len()).unwrap_or(u8::MAX);
    all[4..20].copy_from_slice(&counts);
    all[20] = last;
    all[28] = ENGLISH;
    let mut packs = [[0; 16]; 3];
    for (part, pack) in packs.iter_mut().enumerate() {
        pack[0] = SIZES;
        pack[1] = part as u8;
        pack[4..].copy_from_slice(&all[part * TEXT_BYTES..][..TEXT_BYTES]);
    }
    packs
}

/// CRC-16 of CCITT, from zero.
pub(super) fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc: u16, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
            let carry = crc & 0x8000 != 0;
            (crc << 1) ^ if carry { 0x1021 } else { 0 }
        })
    })
}
