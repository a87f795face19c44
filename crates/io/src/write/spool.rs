//! What is neither audio in nor audio out: a pipe spooled to disk, small text files.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::disk::regular::open_regular;
use crate::disk::temporary::TemporaryFile;
use crate::read::sniff::{self, Kind, MAX_ZERO_BYTES};
use crate::{DecodeError, OpenOptions, WriteError, open};

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

/// Writes a small file under a temporary name first, so that its name never stands for half of it; an
/// earlier one is replaced.
///
/// # Errors
/// The system's.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_small(path, bytes, true)
}

/// [`write_bytes`] of a text.
///
/// # Errors
/// The system's.
pub fn write_text(path: &Path, text: &str) -> io::Result<()> {
    write_bytes(path, text.as_bytes())
}

fn write_small(path: &Path, bytes: &[u8], replace: bool) -> io::Result<()> {
    write_whole(path, &mut &*bytes, replace)
}

fn write_whole(path: &Path, from: &mut impl Read, replace: bool) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let temporary = TemporaryFile::create(path, name)?;
    io::copy(from, &mut temporary.file())?;
    temporary.file().sync_all()?;
    temporary.commit(path, replace)
}

/// Writes a small text file with the care of [`StagedFile`](crate::StagedFile): under a temporary
/// name first, then renamed in one step; an earlier one is replaced only with `overwrite`.
///
/// # Errors
/// [`WriteError`] that names the file.
pub fn deliver_text(path: &Path, text: &str, overwrite: bool) -> Result<(), WriteError> {
    write_small(path, text.as_bytes(), overwrite).map_err(|source| not_delivered(path, source))
}

/// Copies a file with the care of [`deliver_text`].
///
/// # Errors
/// [`WriteError`] that names the file to be written.
pub fn deliver_file(from: &Path, path: &Path, overwrite: bool) -> Result<(), WriteError> {
    let copied = File::open(from).and_then(|mut from| write_whole(path, &mut from, overwrite));
    copied.map_err(|source| not_delivered(path, source))
}

fn not_delivered(path: &Path, source: io::Error) -> WriteError {
    let path = path.to_owned();
    if source.kind() == io::ErrorKind::AlreadyExists {
        WriteError::Exists { path }
    } else {
        WriteError::Commit { path, source }
    }
}
