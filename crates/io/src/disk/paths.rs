//! Paths of files: the folder of an output, free space, and whether two paths are one file.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::WriteError;

/// Whether two paths lead to the same existing file, also through links of either kind.
pub fn same_file(a: impl AsRef<Path>, b: impl AsRef<Path>) -> bool {
    let identity = |path: &Path| match Identity::of(path) {
        there @ Identity::There { .. } => Some(there),
        Identity::Absent(_) => None,
    };
    identity(a.as_ref()).is_some_and(|a| identity(b.as_ref()) == Some(a))
}

/// What a path leads to: two paths with the same identity are one file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// A file or folder that exists, by device and number, so that links of either kind are seen through.
    There {
        /// Its device.
        device: u64,
        /// Its number there.
        inode: u64,
    },
    /// Nothing as yet, by its [`resolved`] path.
    Absent(PathBuf),
}

impl Identity {
    /// The identity of a path now.
    pub fn of(path: &Path) -> Self {
        match fs::metadata(path) {
            Ok(metadata) => Self::There {
                device: metadata.dev(),
                inode: metadata.ino(),
            },
            Err(_) => Self::Absent(resolved(path)),
        }
    }
}

/// A path from the root without links, `.` and `..`, as far as it exists; what does not exist follows as it was
/// given.
pub fn resolved(path: &Path) -> PathBuf {
    if let Ok(whole) = fs::canonicalize(path) {
        return whole;
    }
    match path.file_name() {
        Some(name) => resolved(&folder_of(path)).join(name),
        None => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    }
}

/// The folder that holds a path's file.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Whether the file system takes the name of an output, tried out before the work; also in a folder that is
/// not made yet.
///
/// # Errors
/// [`WriteError::Name`] with the length and the limit.
pub fn check_name(path: &Path) -> Result<(), WriteError> {
    let Some(name) = path.file_name() else {
        return Ok(());
    };
    let there = path
        .ancestors()
        .skip(1)
        .map(|folder| match folder {
            empty if empty.as_os_str().is_empty() => Path::new("."),
            other => other,
        })
        .find_map(|folder| rustix::fs::statvfs(folder).ok());
    // Some file systems state no limit, or one of other characters than bytes.
    let max_bytes = there.map_or(0, |stat| stat.f_namemax);
    let got_bytes = name.len() as u64;
    if max_bytes > 0 && got_bytes > max_bytes {
        return Err(WriteError::Name {
            path: path.to_owned(),
            max_bytes,
            got_bytes,
        });
    }
    Ok(())
}

/// Checks for free space on the disk that holds `folder`.
pub(crate) fn require_space(folder: &Path, needed_bytes: u64) -> Result<(), WriteError> {
    let stat = rustix::fs::statvfs(folder).map_err(|error| WriteError::Folder {
        folder: folder.to_owned(),
        source: error.into(),
    })?;
    let available_bytes = stat.f_bavail.saturating_mul(stat.f_frsize);
    if available_bytes < needed_bytes {
        return Err(WriteError::NoSpace {
            folder: folder.to_owned(),
            needed_bytes,
            available_bytes,
        });
    }
    Ok(())
}
