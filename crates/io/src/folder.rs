//! [`StagedFolder`]: a folder that takes its name only when everything in it is whole.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::WriteError;
use crate::place::folder_of;
use crate::staged::rename_without_replacing;
use crate::temporary::TemporaryFolder;

/// A folder under a temporary name beside its final one: put files in, then
/// [`commit`](Self::commit). Dropped before that, it leaves nothing behind.
pub struct StagedFolder {
    path: PathBuf,
    temporary: TemporaryFolder,
}

impl StagedFolder {
    /// Whether `path` can be made, tried out now rather than after the work.
    ///
    /// # Errors
    /// [`WriteError`] that says what is in the way.
    pub fn check(path: impl AsRef<Path>, overwrite: bool) -> Result<(), WriteError> {
        Self::create(path, overwrite).map(drop)
    }

    /// Makes the folder under its temporary name.
    ///
    /// # Errors
    /// [`WriteError::Exists`] when there is something of that name that is not an empty folder and
    /// `overwrite` is not set; [`WriteError::NotAFile`] for a file in the way;
    /// [`WriteError::Folder`] when nothing can be made there.
    pub fn create(path: impl AsRef<Path>, overwrite: bool) -> Result<Self, WriteError> {
        let path = path.as_ref();
        let name = path.file_name().ok_or_else(|| WriteError::NotAFile {
            path: path.to_owned(),
            found: "no folder name",
        })?;
        match fs::symlink_metadata(path) {
            Ok(metadata) if !metadata.is_dir() => {
                return Err(WriteError::NotAFile {
                    path: path.to_owned(),
                    found: "a file where a folder is to be made",
                });
            }
            Ok(_) if !overwrite && !is_empty(path) => {
                return Err(WriteError::Exists {
                    path: path.to_owned(),
                });
            }
            _ => {}
        }
        let temporary =
            TemporaryFolder::create(path, name).map_err(|source| WriteError::Folder {
                folder: folder_of(path),
                source,
            })?;
        Ok(Self {
            path: path.to_owned(),
            temporary,
        })
    }

    /// Where files go until then.
    pub fn temporary_path(&self) -> &Path {
        self.temporary.path()
    }

    /// Gives the folder its name; an earlier one goes away in the same moment that it comes.
    ///
    /// # Errors
    /// [`WriteError::Commit`] when the system refuses; nothing is left behind then, and an
    /// earlier folder is in its place again.
    pub fn commit(self, overwrite: bool) -> Result<PathBuf, WriteError> {
        let failed = |source: io::Error| WriteError::Commit {
            path: self.path.clone(),
            source,
        };
        let earlier = (fs::symlink_metadata(&self.path).is_ok()
            && (overwrite || is_empty(&self.path)))
        .then(|| {
            let mut aside = OsString::from(self.temporary.path());
            aside.push(".earlier");
            PathBuf::from(aside)
        });
        if let Some(aside) = &earlier {
            fs::rename(&self.path, aside).map_err(failed)?;
        }
        if let Err(error) = rename_without_replacing(self.temporary.path(), &self.path) {
            if let Some(aside) = &earlier {
                let _ = fs::rename(aside, &self.path);
            }
            return Err(failed(error));
        }
        self.temporary.keep();
        if let Some(aside) = &earlier {
            let _ = fs::remove_dir_all(aside);
        }
        let _ = File::open(folder_of(&self.path)).and_then(|folder| folder.sync_all());
        Ok(self.path)
    }
}

fn is_empty(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_whole_or_not_there() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("pack");
        let names = || fs::read_dir(place.path()).unwrap().count();
        {
            let staged = StagedFolder::create(&path, false).unwrap();
            fs::write(staged.temporary_path().join("a"), "1").unwrap();
        }
        assert_eq!(names(), 0);
        let staged = StagedFolder::create(&path, false).unwrap();
        fs::write(staged.temporary_path().join("a"), "1").unwrap();
        staged.commit(false).unwrap();
        assert_eq!(fs::read(path.join("a")).unwrap(), b"1");
        assert!(matches!(
            StagedFolder::create(&path, false),
            Err(WriteError::Exists { .. })
        ));
        let staged = StagedFolder::create(&path, true).unwrap();
        fs::write(staged.temporary_path().join("b"), "2").unwrap();
        staged.commit(true).unwrap();
        assert!(!path.join("a").exists() && path.join("b").exists());
        assert_eq!(names(), 1);
    }
}
