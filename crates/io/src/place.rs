//! Where files lie: the folder of an output, free space, and whether two paths are one file.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::WriteError;

/// Whether two paths lead to the same existing file, also through links of either kind.
pub fn same_file(a: impl AsRef<Path>, b: impl AsRef<Path>) -> bool {
    let identity = |path: &Path| -> io::Result<(u64, u64)> {
        let metadata = fs::metadata(path)?;
        Ok((metadata.dev(), metadata.ino()))
    };
    match (identity(a.as_ref()), identity(b.as_ref())) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// The folder that holds a path's file.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
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
