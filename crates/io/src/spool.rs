//! What is neither audio in nor audio out: a pipe spooled to disk, small text files.

use std::io::{self, Read, Write};
use std::path::Path;

use crate::WriteError;
use crate::temporary::TemporaryFile;

/// A pipe's bytes in a temporary file, so that they can be read again. Removed when dropped.
#[derive(Debug)]
pub struct SpooledInput {
    temporary: TemporaryFile,
}

impl SpooledInput {
    /// Copies everything from `reader` into a temporary file in `folder`.
    ///
    /// # Errors
    /// The system's, when the folder cannot be written to or the reader fails.
    pub fn from_reader(reader: &mut impl Read, folder: &Path) -> io::Result<Self> {
        let temporary = TemporaryFile::create(&folder.join("stdin"), "stdin".as_ref())?;
        io::copy(reader, &mut temporary.file())?;
        Ok(Self { temporary })
    }

    /// Where the bytes are.
    pub fn path(&self) -> &Path {
        self.temporary.path()
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
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let temporary = TemporaryFile::create(path, name)?;
    temporary.file().write_all(bytes)?;
    temporary.file().sync_all()?;
    temporary.commit(path, replace)
}

/// Writes a small text file with the care of [`StagedFile`](crate::StagedFile): under a temporary
/// name first, then renamed in one step; an earlier one is replaced only with `overwrite`.
///
/// # Errors
/// [`WriteError`] that names the file.
pub fn deliver_text(path: &Path, text: &str, overwrite: bool) -> Result<(), WriteError> {
    write_small(path, text.as_bytes(), overwrite).map_err(|source| {
        let path = path.to_owned();
        if source.kind() == io::ErrorKind::AlreadyExists {
            WriteError::Exists { path }
        } else {
            WriteError::Commit { path, source }
        }
    })
}
