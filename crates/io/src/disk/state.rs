//! What a path leads to: a regular file, and still the same one?

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use crate::platform::{FileId, Found, kind_of_special};

/// What tells a changed file from the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileState {
    file: FileId,
    bytes: u64,
    modified: Option<SystemTime>,
}

impl FileState {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Found::at(path).map(Self::from)
    }

    /// Of what has this very name, which may be a link.
    pub(crate) fn of_name(path: &Path) -> io::Result<Self> {
        Found::named(path).map(Self::from)
    }

    /// Of a file that is open.
    pub(crate) fn of_open(file: &File) -> io::Result<Self> {
        Found::open(file).map(Self::from)
    }

    /// Whether it is the very file of another state, changed or not.
    pub(crate) fn is_file_of(&self, other: &Self) -> bool {
        self.file == other.file
    }

    /// Length of the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn describe(&self, other: &Self) -> String {
        if self.bytes != other.bytes {
            format!("{} bytes", self.bytes)
        } else if self.file != other.file {
            format!("file number {}", self.file.number())
        } else {
            format!("modification time {:?}", self.modified)
        }
    }
}

impl From<Found> for FileState {
    fn from(Found { id, metadata }: Found) -> Self {
        Self {
            file: id,
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

/// What a path is when it is no regular file.
pub(crate) fn special_file(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    if kind.is_file() {
        None
    } else if kind.is_dir() {
        Some("a folder")
    } else {
        Some(kind_of_special(kind))
    }
}
