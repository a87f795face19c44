//! Temporary files and folders beside an output: `.<name>.<pid>-<n>.acetate-tmp`.
//!
//! A process-wide list lets the handler of an interrupt remove them; each is locked while it is in
//! use, so that those of a killed run are told from those of a living one.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, test_kill_process};

use crate::place::folder_of;

const SUFFIX: &str = ".acetate-tmp";
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
    if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    }
}

/// A temporary folder, removed with all that is in it when dropped unless it was given away.
#[derive(Debug)]
pub(crate) struct TemporaryFolder {
    path: PathBuf,
    /// Holds the lock.
    handle: File,
    kept: bool,
}

impl TemporaryFolder {
    /// Creates one beside `output`, whose name is `name`.
    pub(crate) fn create(output: &Path, name: &OsStr) -> io::Result<Self> {
        let folder = folder_of(output);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let mut folder_name = prefix(name);
            folder_name.push(format!("{}-{number}{SUFFIX}", std::process::id()));
            let path = folder.join(folder_name);
            let mut live = live();
            match fs::create_dir(&path) {
                Ok(()) => {
                    live.insert(path.clone());
                    let handle = File::open(&path)?;
                    let _ = handle.try_lock();
                    return Ok(Self {
                        path,
                        handle,
                        kept: false,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// It has another name now: nothing is left to remove.
    pub(crate) fn keep(mut self) {
        self.kept = true;
        let _ = self.handle.sync_all();
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

/// A temporary file, removed when dropped unless it was given away.
#[derive(Debug)]
pub(crate) struct TemporaryFile {
    path: PathBuf,
    /// Holds the lock, and is synchronised before the file gets its name.
    file: File,
    kept: bool,
}

impl TemporaryFile {
    /// Creates one beside `output`, whose file name is `name`.
    pub(crate) fn create(output: &Path, name: &OsStr) -> io::Result<Self> {
        let folder = folder_of(output);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let mut file_name = prefix(name);
            file_name.push(format!("{}-{number}{SUFFIX}", std::process::id()));
            let path = folder.join(file_name);
            // The list is held until the file is on it: an interrupt in between waits.
            let mut live = live();
            let created = OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .open(&path);
            match created {
                Ok(file) => {
                    live.insert(path.clone());
                    // Where the file system has no locks, the process number alone decides.
                    let _ = file.try_lock();
                    return Ok(Self {
                        path,
                        file,
                        kept: false,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// It has another name now, or is gone: nothing is left to remove.
    pub(crate) fn keep(mut self) {
        self.kept = true;
        live().remove(&self.path);
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing can be done about a failure here; the next run tries again.
            let _ = fs::remove_file(&self.path);
            live().remove(&self.path);
        }
    }
}

/// `.<name>.`, the name cut where it is very long.
fn prefix(name: &OsStr) -> OsString {
    let name = name.as_bytes();
    let mut prefix = b".".to_vec();
    prefix.extend(&name[..name.len().min(MAX_NAME_BYTES)]);
    prefix.push(b'.');
    OsString::from_vec(prefix)
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
            let is_stale = owner(entry.file_name().as_bytes()).is_some_and(is_gone);
            is_stale && is_unlocked(&entry.path()) && remove(&entry.path()).is_ok()
        })
        .count()
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
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file() || metadata.is_dir())
        && File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}
