//! A CAF whose writer could not go back to fill in the size of its sound (Core Audio Format, Audio Data
//! Chunk): it states -1, which means to the end of the file, and which the demuxer cannot follow.

use std::fs::File;
use std::io;

use crate::platform::Positioned;
use crate::read::containers::splice::Splice;

/// Bytes of the file's head, and of a chunk's.
const FILE_HEAD_BYTES: u64 = 8;
const CHUNK_HEAD_BYTES: u64 = 12;
/// Most bytes before the sound that are held.
const MAX_HEAD_BYTES: u64 = 16 << 20;
const OPEN_SIZE: i64 = -1;

/// The file with the size that it has; `None` where it states one.
pub(crate) fn closed(file: &File) -> io::Result<Option<Splice>> {
    let file_bytes = file.metadata()?.len();
    let mut at = FILE_HEAD_BYTES;
    while at + CHUNK_HEAD_BYTES <= file_bytes.min(MAX_HEAD_BYTES) {
        let mut head = [0; CHUNK_HEAD_BYTES as usize];
        file.read_exact_at(&mut head, at)?;
        let [a, b, c, d, size @ ..] = head;
        let size = i64::from_be_bytes(size);
        let start = at + CHUNK_HEAD_BYTES;
        if &[a, b, c, d] == b"data" && size == OPEN_SIZE {
            let mut before = vec![0; start as usize];
            file.read_exact_at(&mut before, 0)?;
            let size_at = (at + 4) as usize;
            let bytes = file_bytes - start;
            before[size_at..size_at + 8].copy_from_slice(&bytes.to_be_bytes());
            return Splice::new(file, before, start, file_bytes).map(Some);
        }
        let Ok(size) = u64::try_from(size) else {
            break;
        };
        at = start.saturating_add(size);
    }
    Ok(None)
}
