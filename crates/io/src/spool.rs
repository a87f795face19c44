//! What is neither audio in nor audio out: a pipe spooled to disk, small text files.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::WriteError;
use crate::place::folder_of;
use crate::staged::rename_without_replacing;
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

/// Writes a small text file under a temporary name first, so that its name never stands for half
/// of it; an earlier one is replaced.
///
/// # Errors
/// The system's.
pub fn write_text(path: &Path, text: &str) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let temporary = TemporaryFile::create(path, name)?;
    temporary.file().write_all(text.as_bytes())?;
    temporary.file().sync_all()?;
    fs::rename(temporary.path(), path)?;
    temporary.keep();
    let _ = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Writes a small text file with the care of [`StagedFile`](crate::StagedFile): under a temporary
/// name first, then renamed in one step; an earlier one is replaced only with `overwrite`.
///
/// # Errors
/// [`WriteError`] that names the file.
pub fn deliver_text(path: &Path, text: &str, overwrite: bool) -> Result<(), WriteError> {
    let failed = |source: io::Error| WriteError::Commit {
        path: path.to_owned(),
        source,
    };
    if overwrite {
        return write_text(path, text).map_err(failed);
    }
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput);
    let name = name.map_err(|kind| failed(kind.into()))?;
    let temporary = TemporaryFile::create(path, name).map_err(failed)?;
    let written = temporary.file().write_all(text.as_bytes());
    written
        .and_then(|()| temporary.file().sync_all())
        .map_err(failed)?;
    rename_without_replacing(temporary.path(), path).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            WriteError::Exists {
                path: path.to_owned(),
            }
        } else {
            failed(error)
        }
    })?;
    temporary.keep();
    let _ = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Reads a file of at most `max_bytes`, and no more of a larger one.
///
/// # Errors
/// [`ReadError`] naming the file.
pub fn read_bounded(path: &Path, max_bytes: u64) -> Result<Vec<u8>, ReadError> {
    let failed = |source| ReadError::Read {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(max_bytes + 1).read_to_end(&mut bytes))
        .map_err(failed)?;
    if bytes.len() as u64 > max_bytes {
        return Err(ReadError::TooLarge {
            path: path.to_owned(),
            max_bytes,
        });
    }
    Ok(bytes)
}

/// Why a small file was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system refused.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Larger than anything that is expected there.
    #[error("{}: expected at most {max_bytes} bytes, found more", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        max_bytes: u64,
    },
}
