//! Part of a file for a demuxer, with other bytes before it where wanted.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

use crate::platform::Positioned;

/// `head`, then the bytes of the file from `start` to `end`.
pub(crate) struct Splice {
    file: File,
    head: Vec<u8>,
    start: u64,
    end: u64,
    position: u64,
}

impl Splice {
    pub(crate) fn new(file: &File, head: Vec<u8>, start: u64, end: u64) -> io::Result<Self> {
        Ok(Self {
            file: file.try_clone()?,
            head,
            start,
            end: end.max(start),
            position: 0,
        })
    }

    fn length(&self) -> u64 {
        self.head.len() as u64 + (self.end - self.start)
    }
}

impl Read for Splice {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let head_bytes = self.head.len() as u64;
        let read = if self.position < head_bytes {
            let mut rest = &self.head[self.position as usize..];
            rest.read(out)?
        } else {
            let left = self.length().saturating_sub(self.position);
            let bytes = left.min(out.len() as u64) as usize;
            let at = self.start + (self.position - head_bytes);
            self.file.read_at(&mut out[..bytes], at)?
        };
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Splice {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.length().checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

impl MediaSource for Splice {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.length())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn head_and_part_read_as_one() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let mut splice = Splice::new(&file, b"ab".to_vec(), 3, 7).unwrap();
        let mut all = String::new();
        splice.read_to_string(&mut all).unwrap();
        assert_eq!(all, "ab3456");
        assert_eq!(splice.seek(SeekFrom::End(-3)).unwrap(), 3);
        all.clear();
        splice.read_to_string(&mut all).unwrap();
        assert_eq!(all, "456");
    }
}
