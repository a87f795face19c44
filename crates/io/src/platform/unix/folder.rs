//! A folder by its handle: what its path leads to later does not matter.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags, Stat, renameat, renameat_with};
use rustix::io::Errno;

use super::lock;

/// A folder in which names are made, changed and taken away.
#[derive(Debug)]
pub(crate) struct Folder(OwnedFd);

impl Folder {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        // A folder that may be written to but not listed is enough.
        #[cfg(target_os = "linux")]
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        #[cfg(not(target_os = "linux"))]
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(rustix::fs::open(path, flags, Mode::empty())?))
    }

    /// What stands under a name, links not followed.
    fn stat(&self, name: &OsStr) -> rustix::io::Result<Stat> {
        rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Whether something stands under a name.
    pub(crate) fn has(&self, name: &OsStr) -> bool {
        self.stat(name).is_ok()
    }

    /// Writes the names through to the disk; a file system that cannot is no failure.
    pub(crate) fn sync(&self) {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&self.0, ".", flags, Mode::empty());
        let _ = opened.map(File::from).map(|folder| folder.sync_all());
    }

    /// Creates a file with the mode that the umask gives; `AlreadyExists` where something has the name.
    pub(crate) fn create_file(&self, name: &OsStr) -> io::Result<File> {
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&self.0, name, flags, Mode::from_raw_mode(0o666))?;
        Ok(File::from(opened))
    }

    /// Creates a folder; `AlreadyExists` where something has the name.
    pub(crate) fn create_folder(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(
            &self.0,
            name,
            Mode::from_raw_mode(0o777),
        )?)
    }

    /// Opens a folder that was just created, and locks it.
    pub(crate) fn open_folder(&self, name: &OsStr) -> io::Result<OpenFolder> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = File::from(rustix::fs::openat(&self.0, name, flags, Mode::empty())?);
        lock(&handle);
        Ok(OpenFolder(handle))
    }

    /// Takes a file's name away.
    pub(crate) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Renames inside the folder. Without `replace` an existing name is never taken: atomic where the
    /// file system can (Linux: `renameat2`, macOS: `renamex_np`), else by hard link, which never
    /// replaces either, else by looking first.
    pub(crate) fn rename(&self, from: &OsStr, to: &OsStr, replace: bool) -> io::Result<()> {
        let here = &self.0;
        if replace {
            return Ok(renameat(here, from, here, to)?);
        }
        match renameat_with(here, from, here, to, RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                match rustix::fs::linkat(here, from, here, to, AtFlags::empty()) {
                    Ok(()) => Ok(rustix::fs::unlinkat(here, from, AtFlags::empty())?),
                    Err(Errno::EXIST) => Err(Errno::EXIST.into()),
                    Err(_) if self.stat(to).is_ok() => Err(Errno::EXIST.into()),
                    Err(_) => Ok(renameat(here, from, here, to)?),
                }
            }
            done => Ok(done?),
        }
    }

    /// Changes two names in one step; `Ok(false)` where the file system cannot.
    pub(crate) fn exchange(&self, one: &OsStr, other: &OsStr) -> io::Result<bool> {
        match renameat_with(&self.0, one, &self.0, other, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(true),
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether `name` stands for what `file` has open.
    pub(crate) fn is_file(&self, name: &OsStr, file: &File) -> io::Result<bool> {
        let (named, open) = (self.stat(name)?, rustix::fs::fstat(file)?);
        Ok((named.st_dev, named.st_ino) == (open.st_dev, open.st_ino))
    }

    /// Whether `name` stands for this folder.
    pub(crate) fn is_folder(&self, name: &OsStr, folder: &OpenFolder) -> io::Result<bool> {
        self.is_file(name, &folder.0)
    }

    /// Narrows the mode of a file that is going to replace another one: it never widens it.
    pub(crate) fn narrow(&self, file: &File, replaced: &OsStr) -> io::Result<()> {
        if let Ok(old) = self.stat(replaced)
            && FileType::from_raw_mode(old.st_mode) == FileType::RegularFile
        {
            let own = rustix::fs::fstat(file)?.st_mode;
            let narrowed = own & old.st_mode & 0o777;
            if narrowed != own & 0o7777 {
                rustix::fs::fchmod(file, Mode::from_raw_mode(narrowed))?;
            }
        }
        Ok(())
    }
}

/// A folder that was made; its handle holds the lock.
#[derive(Debug)]
pub(crate) struct OpenFolder(File);

impl OpenFolder {
    /// A path that leads through the handle (Linux's procfs), where there is one.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        let path = PathBuf::from(format!("/proc/self/fd/{}", self.0.as_raw_fd()));
        let found = std::fs::metadata(&path).ok()?;
        let own = self.0.metadata().ok()?;
        ((own.dev(), own.ino()) == (found.dev(), found.ino())).then_some(path)
    }

    /// Writes what is in it through to the disk; a file system that cannot is no failure.
    pub(crate) fn sync(&self) {
        let _ = self.0.sync_all();
    }
}
