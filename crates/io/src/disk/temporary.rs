//! Temporary files and folders beside an output: `.<name>.<pid>-<n>.acetate-tmp`.
//!
//! A process-wide list lets the handler of an interrupt remove them; each is locked while it is in
//! use, so that those of a killed run are told from those of a living one.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::disk::paths::folder_of;
use crate::platform::{
    Folder, OpenFolder, cut_name, is_locked, is_recent, lock, may_be_running, name_of,
};

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

/// Fails unless the name still stands for what was made under it.
fn expect(is_same: bool) -> io::Result<()> {
    if is_same {
        return Ok(());
    }
    Err(io::Error::other(
        "somebody put another file in the place of the one that was written: use a folder that \
         nobody else can write to",
    ))
}

/// A temporary folder, removed with all that is in it when dropped unless it was given away.
#[derive(Debug)]
pub(crate) struct TemporaryFolder {
    path: PathBuf,
    name: OsString,
    parent: Folder,
    folder: OpenFolder,
    kept: bool,
}

impl TemporaryFolder {
    /// A path that leads through the handle, or the name where there is none.
    pub(crate) fn handle_path(&self) -> PathBuf {
        self.folder.path().unwrap_or_else(|| self.path.clone())
    }

    /// Creates one beside `output`, whose name is `name`.
    pub(crate) fn create(output: &Path, name: &OsStr) -> io::Result<Self> {
        let made = Made::beside(output, name, |parent, name| {
            parent.create_folder(name)?;
            parent.open_folder(name).inspect_err(|_| {
                let _ = fs::remove_dir(folder_of(output).join(name));
            })
        })?;
        Ok(Self {
            path: made.path,
            name: made.name,
            parent: made.parent,
            folder: made.handle,
            kept: false,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the folder that it is in has something of this name.
    pub(crate) fn has(&self, name: &OsStr) -> bool {
        self.parent.has(name)
    }

    /// Gives it a name that is free.
    pub(crate) fn rename(&self, to: &OsStr) -> io::Result<()> {
        self.expect_itself()?;
        self.parent.rename(&self.name, to, false)
    }

    /// Changes names with what stands there, in one step; `Ok(false)` where the file system cannot.
    pub(crate) fn exchange(&self, with: &OsStr) -> io::Result<bool> {
        self.expect_itself()?;
        self.parent.exchange(&self.name, with)
    }

    fn expect_itself(&self) -> io::Result<()> {
        expect(self.parent.is_folder(&self.name, &self.folder)?)
    }

    /// Moves another folder beside it.
    pub(crate) fn move_beside(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        self.parent.rename(from, to, false)
    }

    /// It has another name now: nothing is left to remove.
    pub(crate) fn keep(mut self) {
        self.kept = true;
        self.folder.sync();
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
    parent: Folder,
    /// Holds the lock, and is synchronized before the file gets its name.
    file: File,
    kept: bool,
}

impl TemporaryFile {
    /// Creates one beside `output`, whose file name is `name`.
    pub(crate) fn create(output: &Path, name: &OsStr) -> io::Result<Self> {
        let made = Made::beside(output, name, |parent, name| {
            let file = parent.create_file(name)?;
            lock(&file);
            Ok(file)
        })?;
        Ok(Self {
            path: made.path,
            name: made.name,
            parent: made.parent,
            file: made.handle,
            kept: false,
        })
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
        if replace {
            self.parent.narrow(&self.file, to)?;
        }
        expect(self.parent.is_file(&self.name, &self.file)?)?;
        self.parent.rename(&self.name, to, replace)?;
        self.kept = true;
        live().remove(&self.path);
        // Between the look and the rename somebody may have been faster.
        expect(self.parent.is_file(to, &self.file)?)
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing can be done about a failure here; the next run tries again.
            let _ = self.parent.remove_file(&self.name);
            live().remove(&self.path);
        }
    }
}

/// What was made under a temporary name, and is on the list.
struct Made<H> {
    path: PathBuf,
    name: OsString,
    parent: Folder,
    handle: H,
}

impl<H> Made<H> {
    /// Makes something beside `output` under the next name that is free. What `make` cannot finish it takes away
    /// itself.
    fn beside(
        output: &Path,
        name: &OsStr,
        make: impl Fn(&Folder, &OsStr) -> io::Result<H>,
    ) -> io::Result<Self> {
        let folder = folder_of(output);
        let parent = Folder::open(&folder)?;
        loop {
            let name = next_name(name);
            let path = folder.join(&name);
            // The list is held until it is on it: an interrupt in between waits.
            let mut live = live();
            match make(&parent, &name) {
                Ok(handle) => {
                    live.insert(path.clone());
                    return Ok(Self {
                        path,
                        name,
                        parent,
                        handle,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
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
    let mut prefix = OsString::from(".");
    prefix.push(cut_name(name, MAX_NAME_BYTES));
    prefix.push(".");
    prefix
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
            let (name, path) = (entry.file_name(), entry.path());
            if let Some(temporary) = left_aside(name.as_encoded_bytes()) {
                put_back(&path, temporary);
                return false;
            }
            let is_stale = owner(name.as_encoded_bytes()).is_some_and(is_gone)
                && !is_locked(&path)
                && !is_recent(&path);
            is_stale && remove(&path).is_ok()
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
    let Some(new) = name_of(temporary).map(|name| aside.with_file_name(name)) else {
        return;
    };
    let is_in_use = fs::symlink_metadata(&new).is_ok() && is_locked(&new);
    // `.<name>.<pid>-<n>.acetate-tmp`, the name maybe cut.
    let middle = temporary
        .strip_suffix(SUFFIX.as_bytes())
        .unwrap_or_default();
    let dot = middle.iter().rposition(|byte| *byte == b'.').unwrap_or(0);
    let name = middle.get(1..dot).unwrap_or_default();
    if !is_in_use
        && (1..MAX_NAME_BYTES).contains(&name.len())
        && let Some(name) = name_of(name)
        && let Ok(parent) = Folder::open(&folder_of(aside))
    {
        let from = aside.file_name().unwrap_or_default();
        let _ = parent.rename(from, &name, false);
    }
}

/// The process number in `.<name>.<pid>-<n>.acetate-tmp`.
fn owner(file_name: &[u8]) -> Option<i32> {
    let name = file_name
        .strip_prefix(b".")?
        .strip_suffix(SUFFIX.as_bytes())?;
    let middle = name.rsplit(|byte| *byte == b'.').next()?;
    let (pid, number) = std::str::from_utf8(middle).ok()?.split_once('-')?;
    number.parse::<u64>().ok()?;
    pid.parse().ok().filter(|pid| *pid > 0)
}

fn is_gone(pid: i32) -> bool {
    !may_be_running(pid)
}
