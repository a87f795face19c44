//! A FLAC file for the decoder: its stream information, then its frames, without the blocks between
//! them. Those say nothing of the sound, and one that the decoder cannot read (a cue sheet that is no
//! CD's, a broken picture) would be the end of a sound file.

use std::fs::File;
use std::io;

use crate::platform::Positioned;
use crate::read::containers::flac_frame::{MAX_HEADER_BYTES, StreamInfo, end_of_last, header};
use crate::read::containers::splice::Splice;

const MARK: &[u8; 4] = b"fLaC";
/// Bytes of the head of a metadata block, and of the stream information (RFC 9639, 8.1 and 8.2).
const BLOCK_HEAD_BYTES: u64 = 4;
const STREAM_INFO_BYTES: usize = 34;
const STREAM_INFO: u8 = 0;
/// How a stream begins: its mark, and the head of its information, with and without the bit for the last
/// block.
const BEGINNINGS: [&[u8; 8]; 2] = [b"fLaC\0\0\0\x22", b"fLaC\x80\0\0\x22"];
/// Bytes that are searched at a time.
const PIECE_BYTES: usize = 1 << 20;
/// Most streams in a file.
const MAX_LINKS: usize = 4096;
/// The type that no block may have: a frame begins with it.
const NO_BLOCK: u8 = 127;
/// Bytes of an ID3v1 tag, and of an APEv2 tag's footer or header.
const ID3V1_BYTES: u64 = 128;
/// Where its last text ends: a track number and a genre follow.
const ID3V1_TEXT_END: usize = 125;
const APE_FOOTER_BYTES: u64 = 32;
/// Most blocks that are walked over; a file of sound has a dozen.
const MAX_BLOCKS: usize = 4096;

/// The last frame is looked for in so many bytes at the end; one of 65,535 frames in 8 channels of 32
/// bits has 2 MB, one of mono or stereo sound at most 0.5 MB.
const LAST_FRAME_WITHIN_BYTES: u64 = 1 << 20;

/// What the decoder sees.
pub(crate) struct BareFlac {
    pub source: Splice,
    /// Where the first frame's sound belongs; `None` where its header is broken.
    pub first_frame: Option<u64>,
}

/// Where things stand in a FLAC file.
struct Layout {
    stream_info: [u8; STREAM_INFO_BYTES],
    frames_start: u64,
}

/// Where streams begin and end: the one whose mark stands at `start`, and those that were joined to it.
pub(crate) fn links(file: &File, start: u64) -> io::Result<Vec<(u64, u64)>> {
    let end = trailing_tags_start(file)?;
    let mut starts = vec![start];
    // Pictures and the like may hold anything.
    let mut at = read_layout(file, start)?.map_or(end, |layout| layout.frames_start);
    let mut piece = vec![0; PIECE_BYTES];
    while at < end && starts.len() < MAX_LINKS {
        let read = file.read_at(&mut piece, at)?;
        let found =
            (piece[..read].windows(8)).position(|next| BEGINNINGS.iter().any(|b| next == *b));
        match found {
            Some(offset) => {
                let next = at + offset as u64;
                starts.push(next);
                at = read_layout(file, next)?.map_or(next + 8, |layout| layout.frames_start);
            }
            // A mark may begin in the last bytes.
            None if read > 7 => at += read as u64 - 7,
            None => break,
        }
    }
    let ends = starts.iter().copied().skip(1).chain([end]);
    Ok(starts.iter().copied().zip(ends).collect())
}

/// The bytes that the decoder sees of a stream between two places; `None` where its blocks cannot be
/// walked over.
pub(crate) fn bare(file: &File, (start, end): (u64, u64)) -> io::Result<Option<BareFlac>> {
    let Some(layout) = read_layout(file, start)? else {
        return Ok(None);
    };
    // The only block, and therefore the last one.
    let block_head = [0x80, 0, 0, STREAM_INFO_BYTES as u8];
    let head = [&MARK[..], &block_head, &layout.stream_info].concat();
    let info = StreamInfo::new(&layout.stream_info);
    let start = layout.frames_start;
    let end = frames_end(file, start, end, info)?;
    let mut first = [0; MAX_HEADER_BYTES];
    let first_bytes = file.read_at(&mut first, start)?;
    Ok(Some(BareFlac {
        source: Splice::new(file, head, start, end)?,
        first_frame: header(&first[..first_bytes], info).map(|first| first.first_frame),
    }))
}

/// Where the frames end: with the one that brings them to the stated number, whatever follows it (the
/// demuxer takes all that for its rest).
fn frames_end(file: &File, start: u64, end: u64, info: StreamInfo<'_>) -> io::Result<u64> {
    let from = end.saturating_sub(LAST_FRAME_WITHIN_BYTES).max(start);
    if info.frames() == 0 || from >= end {
        return Ok(end);
    }
    let mut bytes = vec![0; (end - from) as usize];
    file.read_exact_at(&mut bytes, from)?;
    let is_last = |at: &usize| {
        header(&bytes[*at..], info)
            .is_some_and(|header| header.first_frame + header.frames == info.frames())
    };
    let last = (0..bytes.len()).rev().find(is_last);
    let length = last.and_then(|at| Some(at + end_of_last(&bytes[at..], info)?));
    Ok(length.map_or(end, |length| from + length as u64))
}

/// Where the tags at the end of a file begin (ID3v1, APEv2), which the decoder would take for the last
/// frame's rest.
fn trailing_tags_start(file: &File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    if is_id3v1(file, end)? {
        end -= ID3V1_BYTES;
    }
    let footer_at = end.checked_sub(APE_FOOTER_BYTES);
    if let Some(at) = footer_at
        && starts_with(file, footer_at, b"APETAGEX")?
    {
        let mut footer = [0; APE_FOOTER_BYTES as usize];
        file.read_exact_at(&mut footer, at)?;
        // The size counts the items and the footer, not the header (APEv2, tag header).
        let bytes = u32::from_le_bytes([footer[12], footer[13], footer[14], footer[15]]);
        let header_bytes = if footer[23] & 0x80 == 0 {
            0
        } else {
            APE_FOOTER_BYTES
        };
        end = end.saturating_sub(u64::from(bytes) + header_bytes);
    }
    Ok(end)
}

/// Whether an ID3v1 tag ends at `end`: its letters, and text or zeros in all of its fields. Sound that spells
/// the letters by chance holds control characters among the rest.
fn is_id3v1(file: &File, end: u64) -> io::Result<bool> {
    let Some(at) = end.checked_sub(ID3V1_BYTES) else {
        return Ok(false);
    };
    let mut tag = [0; ID3V1_BYTES as usize];
    file.read_exact_at(&mut tag, at)?;
    let is_text = |byte: &u8| matches!(byte, 0 | b'\t' | b'\n' | b'\r' | 0x20..=0x7E | 0x80..);
    Ok(tag.starts_with(b"TAG") && tag[3..ID3V1_TEXT_END].iter().all(is_text))
}

fn starts_with(file: &File, at: Option<u64>, mark: &[u8]) -> io::Result<bool> {
    let Some(at) = at else {
        return Ok(false);
    };
    let mut found = vec![0; mark.len()];
    file.read_exact_at(&mut found, at)?;
    Ok(found == mark)
}

fn read_layout(file: &File, start: u64) -> io::Result<Option<Layout>> {
    let file_bytes = file.metadata()?.len();
    let mut stream_info = None;
    let mut at = start + MARK.len() as u64;
    for _ in 0..MAX_BLOCKS {
        if at + BLOCK_HEAD_BYTES > file_bytes {
            return Ok(None);
        }
        let mut head = [0; BLOCK_HEAD_BYTES as usize];
        file.read_exact_at(&mut head, at)?;
        let [kind, a, b, c] = head;
        let bytes = u64::from(u32::from_be_bytes([0, a, b, c]));
        at += BLOCK_HEAD_BYTES;
        match kind & 0x7F {
            NO_BLOCK => return Ok(None),
            STREAM_INFO if bytes == STREAM_INFO_BYTES as u64 && at + bytes <= file_bytes => {
                let mut body = [0; STREAM_INFO_BYTES];
                file.read_exact_at(&mut body, at)?;
                stream_info.get_or_insert(body);
            }
            _ => {}
        }
        at += bytes;
        if kind & 0x80 != 0 {
            return Ok(stream_info
                .filter(|_| at <= file_bytes)
                .map(|stream_info| Layout {
                    stream_info,
                    frames_start: at,
                }));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_that_spells_the_letters_of_a_tag_is_no_tag() {
        let file_of = |rest: &dyn Fn(u8) -> u8| {
            let mut file = tempfile::tempfile().unwrap();
            let mut bytes = vec![1; 1_000];
            bytes.extend(b"TAG");
            bytes.extend((0..125).map(rest));
            std::io::Write::write_all(&mut file, &bytes).unwrap();
            (file, bytes.len() as u64)
        };
        let (text, end) = file_of(&|n| if n < 30 { b'x' } else { 0 });
        assert!(is_id3v1(&text, end).unwrap());
        let (sound, end) = file_of(&|n| n.wrapping_mul(97));
        assert!(!is_id3v1(&sound, end).unwrap());
        assert!(!is_id3v1(&sound, 100).unwrap());
    }
}
