//! What is no sound, written with the same care: under a temporary name first, then renamed in one step.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::WriteError;
use crate::disk::temporary::TemporaryFile;

/// Bytes on their way to a file, which has its name only when all of them are in it. What is not committed is
/// removed when dropped.
#[derive(Debug)]
pub struct StagedBytes {
    path: PathBuf,
    temporary: TemporaryFile,
}

impl StagedBytes {
    /// Begins a file beside its final name.
    ///
    /// # Errors
    /// [`WriteError`] that names the file.
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        let temporary = match path.file_name() {
            Some(name) => TemporaryFile::create(path, name),
            None => Err(io::ErrorKind::InvalidInput.into()),
        };
        Ok(Self {
            temporary: temporary.map_err(|source| refused(path, source))?,
            path: path.to_owned(),
        })
    }

    /// Gives the file its name; an earlier one is replaced only with `overwrite`.
    ///
    /// # Errors
    /// [`WriteError`] that names the file.
    pub fn commit(self, overwrite: bool) -> Result<(), WriteError> {
        let Self { path, temporary } = self;
        let synced = temporary.file().sync_all();
        let committed = synced.and_then(|()| temporary.commit(&path, overwrite));
        committed.map_err(|source| refused(&path, source))
    }
}

impl Write for StagedBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.file().flush()
    }
}

fn refused(path: &Path, source: io::Error) -> WriteError {
    let path = path.to_owned();
    if source.kind() == io::ErrorKind::AlreadyExists {
        WriteError::Exists { path }
    } else {
        WriteError::Commit { path, source }
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
    write_small(path, text.as_bytes(), overwrite).map_err(|source| refused(path, source))
}

/// Copies a file with the care of [`deliver_text`].
///
/// # Errors
/// [`WriteError`] that names the file to be written.
pub fn deliver_file(from: &Path, path: &Path, overwrite: bool) -> Result<(), WriteError> {
    let copied = File::open(from).and_then(|mut from| write_whole(path, &mut from, overwrite));
    copied.map_err(|source| refused(path, source))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_has_its_name_only_when_all_of_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table");
        let mut staged = StagedBytes::create(&path).unwrap();
        staged.write_all(b"one").unwrap();
        assert!(!path.exists());
        staged.write_all(b"two").unwrap();
        staged.commit(false).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"onetwo");

        let mut second = StagedBytes::create(&path).unwrap();
        second.write_all(b"three").unwrap();
        let refused = second.commit(false);
        assert!(matches!(refused, Err(WriteError::Exists { .. })));
        drop(StagedBytes::create(&path).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"onetwo");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
