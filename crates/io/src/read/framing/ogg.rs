//! Pages of Ogg (RFC 3533, 6): checksum, sequence numbers, the mark of the last page.

use std::collections::BTreeMap;
use std::io;

use super::Damage;
use super::window::Window;

const MARK: &[u8; 4] = b"OggS";
/// Bytes of a page's header before its segment table.
const HEADER_BYTES: usize = 27;
/// Longest page: header, 255 segments, 255 bytes in each.
const MAX_PAGE_BYTES: usize = HEADER_BYTES + 255 + 255 * 255;
/// Flags of a stream's first and last page.
const FIRST_PAGE: u8 = 2;
const LAST_PAGE: u8 = 4;
/// Most chained streams; a day of radio has fewer songs.
const MAX_LINKS: usize = 4096;
/// Streams whose sequence numbers are followed; no file of sound has more.
const MAX_STREAMS: usize = 64;

/// Marks that begin no page, in a whole file; one with more is no longer looked through: a
/// checksum for each takes time.
const MAX_FALSE_MARKS: usize = 1000;

/// A whole page with the right checksum.
struct Page {
    bytes: u64,
    flags: u8,
    serial: u32,
    sequence: u32,
}

/// Walks from page to page. Also where each of the chained streams begins (RFC 3533, 4).
pub(super) fn walk(window: &mut Window) -> io::Result<(Damage, Vec<u64>)> {
    let table = crc_table();
    let mut damage = Damage::default();
    let mut links = Vec::new();
    // No page, or only first ones: several streams side by side begin together.
    let mut at_start = true;
    let mut was_first = false;
    let mut next_sequence = BTreeMap::new();
    let (mut at, mut ended, mut resynced) = (0, true, false);
    let mut false_marks = 0;
    while at < window.length() {
        let Some(page) = page_at(window, at, &table)? else {
            let Some(next) = next_page(window, at + 1, &table, &mut false_marks)? else {
                // Tags that somebody put behind the last page are not its rest.
                ended &= !window.at(at, MARK.len())?.starts_with(MARK);
                break;
            };
            damage.add(at, next - at);
            (at, resynced) = (next, true);
            continue;
        };
        let is_first = page.flags & FIRST_PAGE != 0;
        if is_first && (at_start || !was_first) && links.len() < MAX_LINKS {
            links.push(at);
        }
        (at_start, was_first) = (false, is_first);
        let expected = next_sequence.get(&page.serial).copied();
        // A chained stream may have the number of one before it, and counts anew.
        if expected.is_some_and(|expected| expected != page.sequence) && !resynced && !is_first {
            damage.add(at, 0);
        }
        if expected.is_some() || next_sequence.len() < MAX_STREAMS {
            next_sequence.insert(page.serial, page.sequence.wrapping_add(1));
        }
        ended = page.flags & LAST_PAGE != 0;
        resynced = false;
        at += page.bytes;
    }
    if !ended {
        damage.cut_off_at_byte = Some(at);
    }
    Ok((damage, links))
}

/// The next place with a whole page.
fn next_page(
    window: &mut Window,
    from: u64,
    table: &[u32; 256],
    false_marks: &mut usize,
) -> io::Result<Option<u64>> {
    let mut at = from;
    while at < window.length() && *false_marks < MAX_FALSE_MARKS {
        let piece = window.at(at, MAX_PAGE_BYTES)?;
        let Some(offset) = piece.windows(MARK.len()).position(|found| found == MARK) else {
            // A mark may begin in the last bytes of the piece.
            at += piece.len().saturating_sub(MARK.len() - 1).max(1) as u64;
            continue;
        };
        at += offset as u64;
        if page_at(window, at, table)?.is_some() {
            return Ok(Some(at));
        }
        *false_marks += 1;
        at += 1;
    }
    Ok(None)
}

fn page_at(window: &mut Window, at: u64, table: &[u32; 256]) -> io::Result<Option<Page>> {
    let piece = window.at(at, MAX_PAGE_BYTES)?;
    if piece.len() < HEADER_BYTES || !piece.starts_with(MARK) || piece[4] != 0 {
        return Ok(None);
    }
    let segments = usize::from(piece[26]);
    let Some(segment_bytes) = piece.get(HEADER_BYTES..HEADER_BYTES + segments) else {
        return Ok(None);
    };
    let body_bytes: usize = segment_bytes.iter().map(|bytes| usize::from(*bytes)).sum();
    let Some(page) = piece.get(..HEADER_BYTES + segments + body_bytes) else {
        return Ok(None);
    };
    let word = |at: usize| u32::from_le_bytes([page[at], page[at + 1], page[at + 2], page[at + 3]]);
    // The checksum is made with its own bytes as zero.
    let parts: [&[u8]; 3] = [&page[..22], &[0; 4], &page[26..]];
    let checksum = parts.iter().fold(0, |sum, part| crc(sum, part, table));
    if checksum != word(22) {
        return Ok(None);
    }
    Ok(Some(Page {
        bytes: page.len() as u64,
        flags: page[5],
        serial: word(14),
        sequence: word(18),
    }))
}

/// CRC-32 with the generator 0x04C11DB7, highest bit first, from 0, not inverted (RFC 3533, 6).
fn crc(start: u32, bytes: &[u8], table: &[u32; 256]) -> u32 {
    bytes.iter().fold(start, |sum, byte| {
        sum << 8 ^ table[(sum >> 24) as usize ^ usize::from(*byte)]
    })
}

fn crc_table() -> [u32; 256] {
    std::array::from_fn(|byte| {
        (0..8).fold((byte as u32) << 24, |sum, _| {
            sum << 1 ^ if sum >> 31 == 1 { 0x04C1_1DB7 } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_standard() {
        // The published check value of CRC-32/CKSUM, which inverts it at the end.
        assert_eq!(crc(0, b"123456789", &crc_table()), !0x765E_7680);
    }
}
