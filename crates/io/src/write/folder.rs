//! [`StagedFolder`]: a folder that takes its name only when everything in it is whole.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::WriteError;
use crate::disk::paths::{check_name, folder_of};
use crate::disk::state::FileState;
use crate::disk::temporary::{EARLIER, TemporaryFolder, remove_stale_sometimes};

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
        check_name(path)?;
        // An earlier folder that a killed run left aside gets its place back.
        remove_stale_sometimes(&folder_of(path));
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

    /// The folder through its own handle, for what is written into it: whoever owns the folder around it can
    /// lead nothing elsewhere. Its name where the system has no such paths.
    pub fn handle_path(&self) -> PathBuf {
        self.temporary.handle_path()
    }

    /// Gives the folder its name. What stood there goes away in the same moment where the file system can
    /// change two names in one step; elsewhere a kill between two steps is mended by the next run. Of an
    /// earlier folder only the files of `earlier` are removed, and only if they are still the same.
    ///
    /// Returns where the earlier folder went if something else was in it.
    ///
    /// # Errors
    /// [`WriteError::Commit`] when the system refuses; nothing is left behind then, and an earlier folder
    /// is in its place again.
    pub fn commit(self, earlier: Option<&Earlier>) -> Result<Option<PathBuf>, WriteError> {
        let failed = |source: io::Error| WriteError::Commit {
            path: self.path.clone(),
            source,
        };
        let name = self.path.file_name().unwrap_or_default().to_owned();
        if !self.temporary.has(&name) {
            self.temporary.rename(&name).map_err(failed)?;
            self.temporary.keep();
            return Ok(None);
        }
        if earlier.is_none() && !is_empty(&self.path) {
            return Err(WriteError::Exists { path: self.path });
        }
        let mut aside = self.temporary.path().to_owned();
        if !self.temporary.exchange(&name).map_err(failed)? {
            aside.as_mut_os_string().push(EARLIER);
            let aside_name = aside.file_name().unwrap_or_default();
            self.temporary
                .move_beside(&name, aside_name)
                .map_err(failed)?;
            if let Err(error) = self.temporary.rename(&name) {
                let _ = self.temporary.move_beside(aside_name, &name);
                return Err(failed(error));
            }
        }
        self.temporary.keep();
        for (file, state) in earlier.iter().flat_map(|earlier| &earlier.files) {
            let path = aside.join(file);
            if is_still(&path, state) {
                let _ = fs::remove_file(path);
            }
        }
        if fs::remove_dir(&aside).is_ok() {
            return Ok(None);
        }
        // Something came while this run worked: it gets a name that people see.
        let kept = (1..).map(|number| {
            let mut path = self.path.clone();
            path.as_mut_os_string().push(format!(".earlier-{number}"));
            path
        });
        for path in kept.take(1000) {
            if fs::symlink_metadata(&path).is_err() && fs::rename(&aside, &path).is_ok() {
                return Ok(Some(path));
            }
        }
        Ok(Some(aside))
    }
}

/// The files of a folder that may go away with it.
#[derive(Debug, Default)]
pub struct Earlier {
    files: Vec<(OsString, FileState)>,
}

impl Earlier {
    /// Adds a file of the folder as it is now, by its handle.
    ///
    /// # Errors
    /// The system's.
    pub fn add(&mut self, name: &OsStr, file: &File) -> io::Result<()> {
        self.files
            .push((name.to_owned(), FileState::of_open(file)?));
        Ok(())
    }
}

fn is_still(path: &Path, state: &FileState) -> bool {
    FileState::of_name(path).is_ok_and(|now| now == *state)
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
        staged.commit(None).unwrap();
        assert_eq!(fs::read(path.join("a")).unwrap(), b"1");
        assert!(matches!(
            StagedFolder::create(&path, false),
            Err(WriteError::Exists { .. })
        ));
        let mut earlier = Earlier::default();
        let file = File::open(path.join("a")).unwrap();
        earlier.add("a".as_ref(), &file).unwrap();
        let staged = StagedFolder::create(&path, true).unwrap();
        fs::write(staged.temporary_path().join("b"), "2").unwrap();
        assert_eq!(staged.commit(Some(&earlier)).unwrap(), None);
        assert!(!path.join("a").exists() && path.join("b").exists());
        assert_eq!(names(), 1);
    }

    #[test]
    fn what_came_into_an_earlier_folder_meanwhile_is_kept() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("pack");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("a"), "1").unwrap();
        let mut earlier = Earlier::default();
        let file = File::open(path.join("a")).unwrap();
        earlier.add("a".as_ref(), &file).unwrap();
        let staged = StagedFolder::create(&path, true).unwrap();
        fs::write(path.join("a"), "edited").unwrap();
        fs::write(path.join("notes"), "mine").unwrap();
        let kept = staged.commit(Some(&earlier)).unwrap().unwrap();
        assert_eq!(kept, place.path().join("pack.earlier-1"));
        assert_eq!(fs::read(kept.join("a")).unwrap(), b"edited");
        assert_eq!(fs::read(kept.join("notes")).unwrap(), b"mine");
        assert_eq!(fs::read_dir(&path).unwrap().count(), 0);
    }

    #[test]
    fn an_earlier_folder_that_a_killed_run_left_aside_comes_back() {
        let place = tempfile::tempdir().unwrap();
        let gone = (2_000_000_000..).find(|pid| !Path::new(&format!("/proc/{pid}")).exists());
        let aside = format!(".pack.{}-0.acetate-tmp{EARLIER}", gone.unwrap());
        let aside = place.path().join(aside);
        fs::create_dir(&aside).unwrap();
        fs::write(aside.join("a"), "1").unwrap();
        let path = place.path().join("pack");
        assert!(matches!(
            StagedFolder::create(&path, false),
            Err(WriteError::Exists { .. })
        ));
        assert_eq!(fs::read(path.join("a")).unwrap(), b"1");
    }
}
