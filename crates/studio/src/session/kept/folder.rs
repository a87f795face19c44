//! [`Folder`]: where a session keeps what is uploaded and made; gone when the session ends.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use acetate_io::user_cache_dir;
use tempfile::TempDir;

use crate::error::StudioError;

/// Held by the process that a session belongs to.
const LOCK: &str = "lock";
/// What folders of sessions are called.
const PREFIX: &str = "session-";

/// A session's folder, readable by its user alone.
pub(crate) struct Folder {
    folder: TempDir,
    /// Locked as long as the process lives.
    _lock: File,
}

impl Folder {
    /// Makes one in `given`, else in the user's cache: a temporary folder may be memory. Removes what killed
    /// sessions left there.
    pub(crate) fn create(given: Option<&Path>) -> Result<Self, StudioError> {
        let place = given.map_or_else(usual_place, Path::to_path_buf);
        let refused = |source| StudioError::Folder {
            folder: place.display().to_string(),
            source,
        };
        fs::create_dir_all(&place).map_err(refused)?;
        remove_abandoned(&place);
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(&place)
            .map_err(refused)?;
        let lock = File::create_new(folder.path().join(LOCK)).map_err(refused)?;
        lock.try_lock().map_err(|error| refused(error.into()))?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn usual_place() -> PathBuf {
    user_cache_dir().map_or_else(std::env::temp_dir, |cache| cache.join("studio"))
}

/// Removes the folders of sessions whose process is gone. One that cannot be removed is left.
fn remove_abandoned(place: &Path) {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    for entry in entries {
        let is_session = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let Ok(lock) = File::open(entry.path().join(LOCK)) else {
            continue;
        };
        if is_session && lock.try_lock().is_ok() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_takes_its_folder_away_and_what_killed_ones_left() {
        let place = tempfile::tempdir().unwrap();
        let abandoned = place.path().join("session-killed");
        fs::create_dir(&abandoned).unwrap();
        fs::write(abandoned.join(LOCK), "").unwrap();
        fs::write(place.path().join("session-notes.txt"), "not ours").unwrap();
        let first = Folder::create(Some(place.path())).unwrap();
        assert!(!abandoned.exists());
        let second = Folder::create(Some(place.path())).unwrap();
        assert!(first.path().exists(), "one that lives is left alone");
        drop((first, second));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }
}
