//! [`SpooledInput`]: a pipe on disk, so that it can be read again.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::disk::regular::open_regular;
use crate::disk::temporary::TemporaryFile;
use crate::read::sniff::{self, Kind, MAX_ZERO_BYTES};
use crate::{DecodeError, OpenOptions, open};

/// So much of the sound is looked at before the rest is taken.
const HEAD_BYTES: u64 = 1 << 20;

/// A pipe's bytes in a temporary file, so that they can be read again. Removed when dropped.
#[derive(Debug)]
pub struct SpooledInput {
    temporary: TemporaryFile,
}

impl SpooledInput {
    /// Copies everything from `reader` into a temporary file in `folder`. What is no audio by its first
    /// bytes is refused before the rest of it is taken.
    ///
    /// # Errors
    /// [`DecodeError::NotAudio`]; [`DecodeError::Open`] when the folder cannot be written to or the reader
    /// fails.
    pub fn from_reader(reader: &mut impl Read, folder: &Path) -> Result<Self, DecodeError> {
        let path = folder.join("stdin");
        let failed = |source| DecodeError::Open {
            path: path.clone(),
            source,
        };
        let temporary = TemporaryFile::create(&path, "stdin".as_ref()).map_err(failed)?;
        let is_whole = copy_head(reader, temporary.file()).map_err(failed)?;
        let this = Self { temporary };
        if !is_whole {
            this.refuse_other()?;
            io::copy(reader, &mut this.temporary.file()).map_err(failed)?;
        }
        Ok(this)
    }

    /// Refuses what can be no audio however it goes on.
    fn refuse_other(&self) -> Result<(), DecodeError> {
        let mut file = open_regular(self.path())?;
        let kind = sniff::sniff(&mut file).map_err(|source| DecodeError::Open {
            path: self.path().to_owned(),
            source,
        })?;
        // Containers may state what is in them at their end.
        if !matches!(kind, Kind::Other(..) | Kind::Elementary { .. }) {
            return Ok(());
        }
        match open(self.path(), &OpenOptions::default()) {
            Err(error @ (DecodeError::NotAudio { .. } | DecodeError::NoAudio { .. })) => Err(error),
            _ => Ok(()),
        }
    }

    /// Where the bytes are.
    pub fn path(&self) -> &Path {
        self.temporary.path()
    }
}

/// Copies so much that the sound has begun, whatever tags and zeros stand before it; whether that was all.
fn copy_head(reader: &mut impl Read, mut to: &File) -> io::Result<bool> {
    let (mut bytes, mut wanted_bytes) = (0, HEAD_BYTES);
    loop {
        bytes += io::copy(&mut reader.take(wanted_bytes - bytes), &mut to)?;
        if bytes < wanted_bytes {
            return Ok(true);
        }
        let start = sniff::sound_start(&mut to)?;
        to.seek(SeekFrom::End(0))?;
        wanted_bytes = match start {
            Some(start) => start + HEAD_BYTES,
            None if bytes <= MAX_ZERO_BYTES => 2 * bytes,
            None => bytes,
        };
        if wanted_bytes <= bytes {
            return Ok(false);
        }
    }
}
