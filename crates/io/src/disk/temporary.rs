//! Temporary files and folders beside an output: `.<name>.<pid>-<n>.acetate-tmp`.
//!
//! A process-wide list lets the handler of an interrupt remove them; each is locked while it is in
//! use, so that those of a killed run are told from those of a living one.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags, Stat, renameat, renameat_with};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use crate::disk::paths::folder_of;

const SUFFIX: &str = ".acetate-tmp";
/// Ends the name of a folder that is being replaced where that takes two steps.
pub(crate) const EARLIER: &str = ".earlier";
/// Bytes of the output's name that are kept, so that the whole fits the usual limit of 255.
const MAX_NAME_BYTES: usize = 200;

static LIVE: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
static NEXT: AtomicU64 = AtomicU64::new(0);

fn live() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    // A set of paths is whole after every operation: a panic elsewhere does not spoil it.
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes every temporary file that this process has open, for the handler of an interrupt;
/// returns how many there were. The process has to exit right after it: whoever makes, keeps or
/// drops a temporary file from now on waits for that.
pub fn remove_all_temporary_files() -> usize {
    let paths = live();
    let removed = paths.iter().filter(|path| remove(path).is_ok()).count();
    std::mem::forget(paths);
    removed
}

/// Removes a temporary file, or a temporary folder with all that is in it.
fn remove(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    }
}

/// A folder by a handle, so that what its path leads to later does not matter.
#[derive(Debug)]
pub(crate) struct FolderHandle(OwnedFd);

impl FolderHandle {
    fn open(path: &Path) -> io::Result<Self> {
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

    /// Writes the names through to the disk; a file system that cannot is no failure.
    fn sync(&self) {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&self.0, ".", flags, Mode::empty());
        let _ = opened.map(File::from).map(|folder| folder.sync_all());
    }

    /// Renames inside the folder. Without `replace` an existing name is never taken: atomic where the
    /// file system can (Linux: `renameat2`, macOS: `renamex_np`), else by hard link, which never
    /// replaces either, else by looking first.
    fn rename(&self, from: &OsStr, to: &OsStr, replace: bool) -> io::Result<()> {
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

    /// Fails unless `name` stands for what `handle` has open.
    fn expect(&self, name: &OsStr, handle: &File) -> io::Result<()> {
        let (named, open) = (self.stat(name)?, rustix::fs::fstat(handle)?);
        if (named.st_dev, named.st_ino) == (open.st_dev, open.st_ino) {
            return Ok(());
        }
        Err(io::Error::other(
            "somebody put another file in the place of the one that was written: use a folder that \
             nobody else can write to",
        ))
    }
}

/// A temporary folder, removed with all that is in it when dropped unless it was given away.
#[derive(Debug)]
pub(crate) struct TemporaryFolder {
    path: PathBuf,
    name: OsString,
    parent: FolderHandle,
    /// Holds the lock.
    handle: File,
    kept: bool,
}

impl TemporaryFolder {
    /// A path that leads through the handle (Linux's procfs), or the name where there is none.
    pub(crate) fn handle_path(&self) -> PathBuf {
        let path = PathBuf::from(format!("/proc/self/fd/{}", self.handle.as_raw_fd()));
        let same = |found: &std::fs::Metadata| {
            let own = self.handle.metadata();
            own.is_ok_and(|own| (own.dev(), own.ino()) == (found.dev(), found.ino()))
        };
        match std::fs::metadata(&path) {
            Ok(found) if same(&found) => path,
            _ => self.path.clone(),
        }
    }

    /// Creates one beside `output`, whose name is `name`.
    pub(crate) fn create(output: &Path, name: &OsStr) -> io::Result<Self> {
        let folder = folder_of(output);
        let parent = FolderHandle::open(&folder)?;
        loop {
            let name = next_name(name);
            let path = folder.join(&name);
            let mut live = live();
            match rustix::fs::mkdirat(&parent.0, &name, Mode::from_raw_mode(0o777)) {
                Ok(()) => {
                    live.insert(path.clone());
                    let flags =
                        OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                    let opened = rustix::fs::openat(&parent.0, &name, flags, Mode::empty())?;
                    let handle = File::from(opened);
                    let _ = handle.try_lock();
                    return Ok(Self {
                        path,
                        name,
                        parent,
                        handle,
                        kept: false,
                    });
                }
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the folder that it is in has something of this name.
    pub(crate) fn has(&self, name: &OsStr) -> bool {
        self.parent.stat(name).is_ok()
    }

    /// Gives it a name that is free.
    pub(crate) fn rename(&self, to: &OsStr) -> io::Result<()> {
        self.parent.expect(&self.name, &self.handle)?;
        self.parent.rename(&self.name, to, false)
    }

    /// Changes names with what stands there, in one step; `Ok(false)` where the file system cannot.
    pub(crate) fn exchange(&self, with: &OsStr) -> io::Result<bool> {
        self.parent.expect(&self.name, &self.handle)?;
        let here = &self.parent.0;
        match renameat_with(here, &self.name, here, with, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(true),
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Moves another folder beside it.
    pub(crate) fn move_beside(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        self.parent.rename(from, to, false)
    }

    /// It has another name now: nothing is left to remove.
    pub(crate) fn keep(mut self) {
        self.kept = true;
        let _ = self.handle.sync_all();
        self.parent.sync();
        live().remove(&self.path);
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_dir_all(&self.path);
            live().remove(&self.path);
        }
    }
}

/// A temporary file, removed when dropped unless it got a name. It has the mode that the umask gives, and
/// everything is done to its handle or inside a handle of its folder.
#[derive(Debug)]
pub(crate) struct TemporaryFile {
    path: PathBuf,
    name: OsString,
    parent: FolderHandle,
    /// Holds the lock, and is synchronized before the file gets its name.
    file: File,
    kept: bool,
}

impl TemporaryFile {
    /// Creates one beside `output`, whose file name is `name`.
    pub(crate) fn create(output: &Path, name: &OsStr) -> io::Result<Self> {
        let folder = folder_of(output);
        let parent = FolderHandle::open(&folder)?;
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        loop {
            let name = next_name(name);
            let path = folder.join(&name);
            // The list is held until the file is on it: an interrupt in between waits.
            let mut live = live();
            match rustix::fs::openat(&parent.0, &name, flags, Mode::from_raw_mode(0o666)) {
                Ok(opened) => {
                    live.insert(path.clone());
                    let file = File::from(opened);
                    // Where the file system has no locks, the process number alone decides.
                    let _ = file.try_lock();
                    return Ok(Self {
                        path,
                        name,
                        parent,
                        file,
                        kept: false,
                    });
                }
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Gives the file its name, `to`'s last part, in the folder where it is. What it replaces may narrow
    /// its mode and never widens it. A link in the way is replaced, not followed.
    ///
    /// # Errors
    /// `AlreadyExists` without `replace`; the system's; one of ours where somebody else put another
    /// file in its place.
    pub(crate) fn commit(mut self, to: &Path, replace: bool) -> io::Result<()> {
        self.rename(to, replace)?;
        self.parent.sync();
        Ok(())
    }

    /// [`commit`](Self::commit) of what may be lost in a crash.
    ///
    /// # Errors
    /// Those of [`commit`](Self::commit).
    pub(crate) fn commit_lazily(mut self, to: &Path) -> io::Result<()> {
        self.rename(to, true)
    }

    fn rename(&mut self, to: &Path, replace: bool) -> io::Result<()> {
        let to = to.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        if replace
            && let Ok(old) = self.parent.stat(to)
            && FileType::from_raw_mode(old.st_mode) == FileType::RegularFile
        {
            let own = rustix::fs::fstat(&self.file)?.st_mode;
            let narrowed = own & old.st_mode & 0o777;
            if narrowed != own & 0o7777 {
                rustix::fs::fchmod(&self.file, Mode::from_raw_mode(narrowed))?;
            }
        }
        self.parent.expect(&self.name, &self.file)?;
        self.parent.rename(&self.name, to, replace)?;
        self.kept = true;
        live().remove(&self.path);
        // Between the look and the rename somebody may have been faster.
        self.parent.expect(to, &self.file)
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing can be done about a failure here; the next run tries again.
            let _ = rustix::fs::unlinkat(&self.parent.0, &self.name, AtFlags::empty());
            live().remove(&self.path);
        }
    }
}

/// The next name of a temporary file or folder for `name`.
fn next_name(name: &OsStr) -> OsString {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut next = prefix(name);
    next.push(format!("{}-{number}{SUFFIX}", std::process::id()));
    next
}

/// `.<name>.`, the name cut where it is very long.
fn prefix(name: &OsStr) -> OsString {
    let name = name.as_bytes();
    let mut prefix = b".".to_vec();
    prefix.extend(&name[..name.len().min(MAX_NAME_BYTES)]);
    prefix.push(b'.');
    OsString::from_vec(prefix)
}

/// [`remove_stale_temporary_files`] at the first call for a folder, the second, the fourth, the eighth: a batch
/// that looked through its folder for every file would take the square of its length.
pub(crate) fn remove_stale_sometimes(folder: &Path) {
    static CALLS: Mutex<BTreeMap<PathBuf, u64>> = Mutex::new(BTreeMap::new());
    let mut calls = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
    let count = calls.entry(folder.to_owned()).or_default();
    *count += 1;
    let is_due = count.is_power_of_two();
    drop(calls);
    if is_due {
        remove_stale_temporary_files(folder);
    }
}

/// Removes the temporary files that killed runs left in a folder, whatever they were for; returns
/// how many there were. Those of living runs and failures are left alone.
pub fn remove_stale_temporary_files(folder: impl AsRef<Path>) -> usize {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .filter(|entry| {
            if let Some(temporary) = left_aside(entry.file_name().as_bytes()) {
                put_back(&entry.path(), temporary);
                return false;
            }
            let is_stale = owner(entry.file_name().as_bytes()).is_some_and(is_gone);
            is_stale && is_unlocked(&entry.path()) && remove(&entry.path()).is_ok()
        })
        .count()
}

/// The name of the temporary folder that was to take the place of an earlier one.
fn left_aside(file_name: &[u8]) -> Option<&[u8]> {
    let temporary = file_name.strip_suffix(EARLIER.as_bytes())?;
    owner(temporary).is_some_and(is_gone).then_some(temporary)
}

/// Gives a folder that a killed run moved aside its name again, unless another one has it.
fn put_back(aside: &Path, temporary: &[u8]) {
    let new = aside.with_file_name(OsStr::from_bytes(temporary));
    let is_in_use = fs::symlink_metadata(&new).is_ok() && !is_unlocked(&new);
    // `.<name>.<pid>-<n>.acetate-tmp`, the name maybe cut.
    let middle = temporary
        .strip_suffix(SUFFIX.as_bytes())
        .unwrap_or_default();
    let dot = middle.iter().rposition(|byte| *byte == b'.').unwrap_or(0);
    let name = middle.get(1..dot).unwrap_or_default();
    if !is_in_use
        && (1..MAX_NAME_BYTES).contains(&name.len())
        && let Ok(parent) = FolderHandle::open(&folder_of(aside))
    {
        let from = aside.file_name().unwrap_or_default();
        let _ = parent.rename(from, OsStr::from_bytes(name), false);
    }
}

/// The process number in `.<name>.<pid>-<n>.acetate-tmp`.
fn owner(file_name: &[u8]) -> Option<Pid> {
    let name = file_name
        .strip_prefix(b".")?
        .strip_suffix(SUFFIX.as_bytes())?;
    let middle = name.rsplit(|byte| *byte == b'.').next()?;
    let (pid, number) = std::str::from_utf8(middle).ok()?.split_once('-')?;
    number.parse::<u64>().ok()?;
    Pid::from_raw(pid.parse().ok().filter(|pid| *pid > 0)?)
}

fn is_gone(pid: Pid) -> bool {
    test_kill_process(pid) == Err(rustix::io::Errno::SRCH)
}

/// A run in another container has a process number that means nothing here, but its lock holds.
fn is_unlocked(path: &Path) -> bool {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file() || metadata.is_dir())
        && rustix::fs::open(path, flags, Mode::empty())
            .is_ok_and(|opened| File::from(opened).try_lock().is_ok())
}
