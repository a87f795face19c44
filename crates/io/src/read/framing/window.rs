//! Bytes of a file at any place, read in large pieces.

use std::fs::File;
use std::io;

use crate::platform::Positioned;

/// Bytes held at a time.
const HELD_BYTES: usize = 256 * 1024;
/// Of these before the place that was asked for, so that a look ahead does not read all again.
const BEHIND_BYTES: u64 = 64 * 1024;

/// A view of a file, or of its first bytes; its own position is not used.
pub(super) struct Window {
    file: File,
    length: u64,
    start: u64,
    held: Vec<u8>,
}

impl Window {
    /// Over the whole file.
    pub(super) fn new(file: &File) -> io::Result<Self> {
        Ok(Self {
            length: file.metadata()?.len(),
            file: file.try_clone()?,
            start: 0,
            held: Vec::new(),
        })
    }

    /// As if the file ended at `end`.
    pub(super) fn ending_at(mut self, end: u64) -> Self {
        self.length = self.length.min(end);
        self
    }

    /// Where the view ends, bytes from the start of the file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The `bytes` bytes from `at` on, fewer at the end of the file. At most 128 KiB.
    pub(super) fn at(&mut self, at: u64, bytes: usize) -> io::Result<&[u8]> {
        let end = at.saturating_add(bytes as u64).min(self.length);
        if at >= end {
            return Ok(&[]);
        }
        if at < self.start || end > self.start + self.held.len() as u64 {
            self.fill(at.saturating_sub(BEHIND_BYTES))?;
        }
        let from = (at - self.start) as usize;
        let to = (end - self.start) as usize;
        // Shorter than it was when the walk began: the decoder finds that out.
        Ok(self.held.get(from..to.min(self.held.len())).unwrap_or(&[]))
    }

    fn fill(&mut self, start: u64) -> io::Result<()> {
        self.start = start;
        self.held.resize(HELD_BYTES, 0);
        let mut filled = 0;
        while filled < HELD_BYTES {
            match self
                .file
                .read_at(&mut self.held[filled..], start + filled as u64)
            {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.held.truncate(filled);
        Ok(())
    }
}
