//! A folder by its path.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::{FileId, Found};

/// A folder in which names are made, changed and taken away.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if fs::metadata(path)?.is_dir() {
            return Ok(Self(path.to_owned()));
        }
        Err(ErrorKind::NotADirectory.into())
    }

    fn at(&self, name: &OsStr) -> PathBuf {
        self.0.join(name)
    }

    /// Whether something stands under a name.
    pub(crate) fn has(&self, name: &OsStr) -> bool {
        fs::symlink_metadata(self.at(name)).is_ok()
    }

    /// The names reach the disk when the system thinks fit.
    pub(crate) fn sync(&self) {}

    /// Creates a file; `AlreadyExists` where something has the name.
    pub(crate) fn create_file(&self, name: &OsStr) -> io::Result<File> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create_new(true);
        options.open(self.at(name))
    }

    /// Creates a folder; `AlreadyExists` where something has the name.
    pub(crate) fn create_folder(&self, name: &OsStr) -> io::Result<()> {
        fs::create_dir(self.at(name))
    }

    /// Keeps in mind which folder was just created.
    pub(crate) fn open_folder(&self, name: &OsStr) -> io::Result<OpenFolder> {
        Found::named(&self.at(name)).map(|found| OpenFolder(found.id))
    }

    /// Takes a file's name away.
    pub(crate) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.at(name))
    }

    /// Renames inside the folder. Without `replace` an existing name is never taken: a file gets a second
    /// name, a hard link, and loses its first one. Where the file system has no hard links, an empty file
    /// takes the name and is replaced at once; a kill in between leaves it.
    pub(crate) fn rename(&self, from: &OsStr, to: &OsStr, replace: bool) -> io::Result<()> {
        let (from, to) = (self.at(from), self.at(to));
        if replace {
            return fs::rename(from, to);
        }
        if fs::symlink_metadata(&to).is_ok() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        // A folder can replace nothing but an empty folder.
        if fs::symlink_metadata(&from)?.is_dir() {
            return fs::rename(from, to);
        }
        match fs::hard_link(&from, &to) {
            Ok(()) => fs::remove_file(from),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
            Err(_) => rename_over_placeholder(&from, &to),
        }
    }

    /// Changes two names in one step: never here.
    pub(crate) fn exchange(&self, _one: &OsStr, _other: &OsStr) -> io::Result<bool> {
        Ok(false)
    }

    /// Whether `name` stands for what `file` has open.
    pub(crate) fn is_file(&self, name: &OsStr, file: &File) -> io::Result<bool> {
        Ok(Found::named(&self.at(name))?.id == Found::open(file)?.id)
    }

    /// Whether `name` stands for this folder.
    pub(crate) fn is_folder(&self, name: &OsStr, folder: &OpenFolder) -> io::Result<bool> {
        Ok(Found::named(&self.at(name))?.id == folder.0)
    }

    /// Leaves a file that is going to replace another one as the system made it.
    pub(crate) fn narrow(&self, _file: &File, _replaced: &OsStr) -> io::Result<()> {
        Ok(())
    }
}

/// Takes the name with an empty file first: whoever was faster keeps it.
fn rename_over_placeholder(from: &Path, to: &Path) -> io::Result<()> {
    drop(File::create_new(to)?);
    let renamed = fs::rename(from, to);
    if renamed.is_err() {
        let _ = fs::remove_file(to);
    }
    renamed
}

/// A folder that was made.
#[derive(Debug)]
pub(crate) struct OpenFolder(FileId);

impl OpenFolder {
    /// A path that leads through a handle: none here.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        None
    }

    /// What is in it reaches the disk when the system thinks fit.
    pub(crate) fn sync(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_is_never_given_to_another_file() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        let folder = Folder::open(place.path()).unwrap();
        for (name, text) in [("new", "new"), ("old", "old")] {
            fs::write(at(name), text).unwrap();
        }
        fs::create_dir(at("folder")).unwrap();
        for (from, to) in [("new", "old"), ("new", "folder"), ("folder", "old")] {
            let error = folder.rename(from.as_ref(), to.as_ref(), false);
            assert_eq!(error.unwrap_err().kind(), ErrorKind::AlreadyExists);
        }
        let error = rename_over_placeholder(&at("new"), &at("old")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(at("old")).unwrap(), b"old");
        folder.rename("new".as_ref(), "old".as_ref(), true).unwrap();
        assert_eq!(fs::read(at("old")).unwrap(), b"new");
    }

    #[test]
    fn a_free_name_is_given_on_file_systems_with_and_without_hard_links() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::write(at("a"), "text").unwrap();
        let folder = Folder::open(place.path()).unwrap();
        folder.rename("a".as_ref(), "b".as_ref(), false).unwrap();
        rename_over_placeholder(&at("b"), &at("c")).unwrap();
        assert_eq!(fs::read(at("c")).unwrap(), b"text");
        assert!(rename_over_placeholder(&at("b"), &at("d")).is_err());
        let names = fs::read_dir(place.path()).unwrap().count();
        assert_eq!(names, 1, "nothing else is left");
    }
}
