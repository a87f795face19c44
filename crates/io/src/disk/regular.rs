//! Opening what is meant to be a regular file: a pipe or a device is refused and never waited for, and a
//! file of unknown size is read up to a limit.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::disk::state::special_file;
use crate::platform;

/// Opens a file for reading and makes sure by the handle that it is a regular one. Opening does not wait
/// for the writer of a pipe.
///
/// # Errors
/// [`ReadError::Read`] and [`ReadError::NotAFile`].
pub fn open_regular(path: &Path) -> Result<File, ReadError> {
    let failed = |source| ReadError::Read {
        path: path.to_owned(),
        source,
    };
    let refuse = |metadata: &fs::Metadata| match special_file(metadata) {
        Some(found) => Err(ReadError::NotAFile {
            path: path.to_owned(),
            found,
        }),
        None => Ok(()),
    };
    // Opening some devices has effects, so they are looked at first; the handle decides.
    refuse(&fs::metadata(path).map_err(failed)?)?;
    let file = platform::open_to_read(path).map_err(failed)?;
    refuse(&file.metadata().map_err(failed)?)?;
    Ok(file)
}

/// Opens a file of ours that several runs share (a record, a lock), or creates it: for reading and
/// appending, never through a link of either kind.
///
/// # Errors
/// The system's; `InvalidInput` for anything but a regular file with one name.
pub fn open_shared(path: &Path) -> io::Result<File> {
    let link = || invalid("expected a regular file, found a symbolic link: remove it");
    let file = platform::open_shared(path)?.ok_or_else(link)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(invalid(
            "expected a regular file, found something else: remove it",
        ));
    }
    if platform::has_other_names(&metadata) {
        return Err(invalid(
            "expected a file with one name, found one with several: remove it",
        ));
    }
    Ok(file)
}

/// Creates a file of ours under a name that may be known to others: what stands there is removed, never
/// written through.
///
/// # Errors
/// The system's.
pub fn create_fresh(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // `O_EXCL` follows no link.
    File::create_new(path)
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

/// Reads a regular file of at most `max_bytes`, and no more of a larger one.
///
/// # Errors
/// [`ReadError`] naming the file.
pub fn read_bounded(path: &Path, max_bytes: u64) -> Result<Vec<u8>, ReadError> {
    read_open(&open_regular(path)?, path, max_bytes)
}

/// Reads a text file in UTF-8 of at most `max_bytes`, as [`read_bounded`].
///
/// # Errors
/// [`ReadError`] naming the file.
pub fn read_text(path: &Path, max_bytes: u64) -> Result<String, ReadError> {
    String::from_utf8(read_bounded(path, max_bytes)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        ReadError::NotText {
            path: path.to_owned(),
            at,
            byte: error.as_bytes().get(at).copied().unwrap_or_default(),
        }
    })
}

/// [`read_bounded`] of a file that is open.
///
/// # Errors
/// [`ReadError`] naming the file.
pub fn read_open(file: &File, path: &Path, max_bytes: u64) -> Result<Vec<u8>, ReadError> {
    let failed = |source| ReadError::Read {
        path: path.to_owned(),
        source,
    };
    let stated_bytes = file.metadata().map_err(failed)?.len();
    let too_large = |found_bytes| ReadError::TooLarge {
        path: path.to_owned(),
        max_bytes,
        found_bytes,
    };
    if stated_bytes > max_bytes {
        return Err(too_large(stated_bytes));
    }
    // The file may grow meanwhile, and those of /proc state no size.
    let mut bytes = Vec::new();
    let mut limited = file.take(max_bytes.saturating_add(1));
    limited.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > max_bytes {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(bytes)
}

/// Why a small file was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The system refused.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder, a pipe, a device or a socket.
    #[error("{}: expected a regular file, found {found}: save it to a file first", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// Larger than anything that is expected there.
    #[error("{}: expected at most {max_bytes} bytes, found {found_bytes}: name another file", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        max_bytes: u64,
        /// What it has, or as much of it as was read.
        found_bytes: u64,
    },
    /// Not UTF-8.
    #[error("{}: expected text in UTF-8, found byte {byte:#04x} at {at}", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// Where the text ends.
        at: usize,
        /// The byte that is none.
        byte: u8,
    },
}

impl ReadError {
    /// Whether there is no such file.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_large_file_is_refused_with_the_limit_and_its_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        fs::write(&path, [b'x'; 11]).unwrap();
        assert_eq!(read_bounded(&path, 11).unwrap().len(), 11);
        let error = read_bounded(&path, 10).unwrap_err().to_string();
        assert!(error.contains("at most 10 bytes, found 11"), "{error}");
    }

    #[test]
    fn a_shared_file_is_opened_as_often_as_it_is_needed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record");
        for text in [b"one".as_slice(), b"two"] {
            open_shared(&path).unwrap().write_all(text).unwrap();
        }
        assert_eq!(fs::read(&path).unwrap(), b"onetwo");
        assert!(open_shared(folder.path()).is_err());
    }
}
