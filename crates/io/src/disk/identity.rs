//! What a path leads to: a regular file, and still the same one?

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::time::SystemTime;

/// What tells a changed file from the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device_inode: (u64, u64),
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Identity {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self::from(&fs::metadata(path)?))
    }

    /// Of a file that is open.
    pub(crate) fn of_open(file: &File) -> io::Result<Self> {
        Ok(Self::from(&file.metadata()?))
    }

    /// Whether it is the very file of another identity, changed or not.
    pub(crate) fn is_file_of(&self, other: &Self) -> bool {
        self.device_inode == other.device_inode
    }

    /// Length of the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn describe(&self, other: &Self) -> String {
        if self.bytes != other.bytes {
            format!("{} bytes", self.bytes)
        } else if self.device_inode != other.device_inode {
            format!("file number {}", self.device_inode.1)
        } else {
            format!("modification time {:?}", self.modified)
        }
    }
}

impl From<&fs::Metadata> for Identity {
    fn from(metadata: &fs::Metadata) -> Self {
        Self {
            device_inode: (metadata.dev(), metadata.ino()),
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

/// What a path is when it is no regular file.
pub(crate) fn special_file(metadata: &fs::Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    if kind.is_file() {
        None
    } else if kind.is_dir() {
        Some("a folder")
    } else if kind.is_fifo() {
        Some("a pipe")
    } else if kind.is_socket() {
        Some("a socket")
    } else {
        Some("a device")
    }
}
