//! A second file behind the first one, as `cat` joins them. Containers that state their own size hide it,
//! and every player reads the first one alone.

use std::fs::File;
use std::io;

use crate::platform::Positioned;

/// Most boxes that are walked over: a fragmented film of hours has fewer.
const MAX_BOXES: usize = 1 << 20;

/// Where a second RIFF, RF64 or AIFF begins behind the first one.
pub(crate) fn second_form(file: &File) -> io::Result<Option<u64>> {
    let Some(first) = head(file, 0)? else {
        return Ok(None);
    };
    let size = [first[4], first[5], first[6], first[7]];
    let is_big_endian = first.starts_with(b"FORM");
    let bytes = u64::from(match is_big_endian {
        true => u32::from_be_bytes(size),
        false => u32::from_le_bytes(size),
    });
    let at = 8 + bytes + (bytes & 1);
    let is_another = head(file, at)?.is_some_and(|next| match &next[..4] {
        b"RIFF" | b"RF64" | b"BW64" => &next[8..12] == b"WAVE",
        b"FORM" => next[8..11] == *b"AIF",
        _ => false,
    });
    Ok(is_another.then_some(at))
}

/// Where a second MP4 begins behind the first one: its `ftyp` box, after a whole movie.
pub(crate) fn second_movie(file: &File) -> io::Result<Option<u64>> {
    let file_bytes = file.metadata()?.len();
    let (mut at, mut has_movie) = (0, false);
    for _ in 0..MAX_BOXES {
        let Some(head) = head(file, at)? else {
            break;
        };
        let bytes = match u32::from_be_bytes([head[0], head[1], head[2], head[3]]) {
            0 => break,
            1 => {
                let mut wide = [0; 8];
                if at + 16 > file_bytes {
                    break;
                }
                file.read_exact_at(&mut wide, at + 8)?;
                u64::from_be_bytes(wide)
            }
            bytes => u64::from(bytes),
        };
        match &head[4..8] {
            b"ftyp" if has_movie => return Ok(Some(at)),
            b"moov" => has_movie = true,
            _ => {}
        }
        at = match at.checked_add(bytes) {
            Some(next) if bytes >= 8 => next,
            _ => break,
        };
    }
    Ok(None)
}

fn head(file: &File, at: u64) -> io::Result<Option<[u8; 12]>> {
    let mut head = [0; 12];
    match file.read_exact_at(&mut head, at) {
        Ok(()) => Ok(Some(head)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}
