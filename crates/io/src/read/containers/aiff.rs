//! What an AIFF states of its length (Audio Interchange File Format 1.3, Common Chunk), which the
//! demuxer reads from the size of the sound alone.

use std::fs::File;
use std::io;

use crate::platform::Positioned;

/// Most chunks that are walked over.
const MAX_CHUNKS: usize = 4096;

/// Frames by the `COMM` chunk; `None` where there is none.
pub(crate) fn stated_frames(file: &File) -> io::Result<Option<u64>> {
    let file_bytes = file.metadata()?.len();
    let mut at = 12;
    for _ in 0..MAX_CHUNKS {
        if at + 8 > file_bytes {
            break;
        }
        let mut head = [0; 8];
        file.read_exact_at(&mut head, at)?;
        let [a, b, c, d, size @ ..] = head;
        let bytes = u64::from(u32::from_be_bytes(size));
        if &[a, b, c, d] == b"COMM" && at + 8 + 6 <= file_bytes {
            // Behind the number of channels.
            let mut frames = [0; 4];
            file.read_exact_at(&mut frames, at + 8 + 2)?;
            return Ok(Some(u64::from(u32::from_be_bytes(frames))));
        }
        at += 8 + bytes + (bytes & 1);
    }
    Ok(None)
}
