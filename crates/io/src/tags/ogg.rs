//! The comments of an Ogg stream: the second packet of Vorbis, Opus or Speex, or the blocks of FLAC in
//! Ogg, put together from its pages (RFC 3533).

use std::fs::File;
use std::io;

use super::{Collected, MAX_CARRIED_BYTES, text, vorbis};
use crate::platform::Positioned;

const PAGE_HEAD_BYTES: u64 = 27;
/// Packets that are looked at: those before the sound.
const HEADERS: usize = 64;

pub(super) fn read(file: &File, to: &mut Collected) -> io::Result<()> {
    let packets = packets(file, to)?;
    let Some(first) = packets.first() else {
        return Ok(());
    };
    to.next_tag();
    if first.starts_with(b"\x7FFLAC") {
        for block in &packets[1..] {
            match block.split_first_chunk::<4>() {
                Some(([4 | 0x84, ..], body)) => vorbis::read(body, to),
                Some(([6 | 0x86, ..], body)) => vorbis::picture(body, to),
                Some(([0xFF, ..], _)) | None => break,
                Some(([1 | 3 | 0x81 | 0x83, ..], _)) => {}
                Some(([2 | 0x82, ..], body)) => {
                    let id = text(body.get(..4).unwrap_or_default());
                    to.lost(
                        format!("FLAC application block {id}"),
                        "it is not read out of an Ogg file",
                    );
                }
                Some(([5 | 0x85, ..], _)) => {
                    to.lost("the cue sheet", "it is not read out of an Ogg file")
                }
                Some(_) => break,
            }
        }
        return Ok(());
    }
    let marks: [(&[u8], usize); 2] = [(b"\x03vorbis", 7), (b"OpusTags", 8)];
    let comments = packets.get(1).map(|packet| {
        let mark = marks.iter().find(|(mark, _)| packet.starts_with(mark));
        &packet[mark.map_or(0, |(_, bytes)| *bytes)..]
    });
    if let Some(comments) = comments {
        vorbis::read(comments, to);
    }
    Ok(())
}

/// The first packets of the first stream.
fn packets(file: &File, to: &mut Collected) -> io::Result<Vec<Vec<u8>>> {
    let file_bytes = file.metadata()?.len();
    let mut packets: Vec<Vec<u8>> = Vec::new();
    let mut open: Vec<u8> = Vec::new();
    let mut serial = None;
    let mut total = 0_u64;
    let mut at = 0;
    let mut wanted = 2;
    while packets.len() < wanted && at + PAGE_HEAD_BYTES <= file_bytes {
        let mut head = [0; PAGE_HEAD_BYTES as usize];
        file.read_exact_at(&mut head, at)?;
        if !head.starts_with(b"OggS") {
            break;
        }
        let own = [head[14], head[15], head[16], head[17]];
        let mut lacing = vec![0; usize::from(head[26])];
        if at + PAGE_HEAD_BYTES + lacing.len() as u64 > file_bytes {
            break;
        }
        file.read_exact_at(&mut lacing, at + PAGE_HEAD_BYTES)?;
        at += PAGE_HEAD_BYTES + lacing.len() as u64;
        let bytes: u64 = lacing.iter().map(|byte| u64::from(*byte)).sum();
        if serial.is_none() || serial == Some(own) {
            serial = Some(own);
            total += bytes;
            if total > MAX_CARRIED_BYTES * 3 / 2 {
                to.too_much("the comments", total);
                return Ok(Vec::new());
            }
            let mut page = vec![0; bytes.min(file_bytes.saturating_sub(at)) as usize];
            file.read_exact_at(&mut page, at)?;
            let mut rest = page.as_slice();
            for length in lacing {
                let (piece, after) = rest.split_at(usize::from(length).min(rest.len()));
                rest = after;
                open.extend(piece);
                if length < 255 {
                    packets.push(std::mem::take(&mut open));
                }
            }
            if packets
                .first()
                .is_some_and(|first| first.starts_with(b"\x7FFLAC"))
            {
                wanted = HEADERS;
            }
        }
        at += bytes;
    }
    Ok(packets)
}
