//! Single files: opening, identity, names and space.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, FileType, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// What tells a file from all others: device and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// Its number, for messages.
    pub(crate) fn number(self) -> u64 {
        self.inode
    }
}

/// What a look at a path or a handle found.
pub(crate) struct Found {
    pub(crate) id: FileId,
    pub(crate) metadata: Metadata,
}

impl Found {
    /// At the end of all links.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        Ok(Self::from(fs::metadata(path)?))
    }

    /// Under this very name, which may be a link.
    pub(crate) fn named(path: &Path) -> io::Result<Self> {
        Ok(Self::from(fs::symlink_metadata(path)?))
    }

    /// Behind a handle.
    pub(crate) fn open(file: &File) -> io::Result<Self> {
        Ok(Self::from(file.metadata()?))
    }
}

impl From<Metadata> for Found {
    fn from(metadata: Metadata) -> Self {
        let id = FileId {
            device: metadata.dev(),
            inode: metadata.ino(),
        };
        Self { id, metadata }
    }
}

/// Opens for reading, without waiting for the writer of a pipe.
pub(crate) fn open_to_read(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

/// Opens for reading and appending, or creates; `None` for a symbolic link.
pub(crate) fn open_shared(path: &Path) -> io::Result<Option<File>> {
    let flags = OFlags::RDWR
        | OFlags::CREATE
        | OFlags::APPEND
        | OFlags::NOFOLLOW
        | OFlags::NONBLOCK
        | OFlags::NOCTTY
        | OFlags::CLOEXEC;
    match rustix::fs::open(path, flags, Mode::from_raw_mode(0o666)) {
        Ok(opened) => Ok(Some(File::from(opened))),
        Err(Errno::LOOP) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether the file has more than one name.
pub(crate) fn has_other_names(metadata: &Metadata) -> bool {
    metadata.nlink() > 1
}

/// Opens what is meant to be a secret for reading, never through a symbolic link.
pub(crate) fn open_secret(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

/// Whether it is this user's, and nobody else can read it.
pub(crate) fn is_secret(metadata: &Metadata) -> bool {
    metadata.is_file()
        && metadata.uid() == rustix::process::geteuid().as_raw()
        && metadata.mode() & 0o077 == 0
}

/// Lets nobody else read or write the file.
pub(crate) fn hide(file: &File) -> io::Result<()> {
    Ok(rustix::fs::fchmod(file, Mode::RUSR | Mode::WUSR)?)
}

/// Fills with bytes that nobody can guess.
pub(crate) fn fill_random(bytes: &mut [u8]) -> io::Result<()> {
    File::open("/dev/urandom")?.read_exact(bytes)
}

/// What something is that is neither a file nor a folder.
pub(crate) fn kind_of_special(kind: FileType) -> &'static str {
    if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

/// The longest name that the file system of a folder states; `None` for a folder that is not there. Some
/// state 0, or a limit of other characters than bytes.
pub(crate) fn max_name_bytes(folder: &Path) -> Option<u64> {
    rustix::fs::statvfs(folder).ok().map(|stat| stat.f_namemax)
}

/// Free space for this user on the disk of a folder; `None` where that is not known.
pub(crate) fn available_bytes(folder: &Path) -> io::Result<Option<u64>> {
    let stat = rustix::fs::statvfs(folder)?;
    Ok(Some(stat.f_bavail.saturating_mul(stat.f_frsize)))
}

/// The name that these bytes are.
pub(crate) fn name_of(bytes: &[u8]) -> Option<OsString> {
    Some(OsStr::from_bytes(bytes).to_owned())
}

/// At most so many bytes of a name.
pub(crate) fn cut_name(name: &OsStr, max_bytes: usize) -> OsString {
    let name = name.as_bytes();
    OsString::from_vec(name.iter().copied().take(max_bytes).collect())
}

/// A file in a folder that never has a name, where the system has such files.
pub(crate) fn create_unnamed(folder: &Path) -> Option<File> {
    #[cfg(target_os = "linux")]
    {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let opened = rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR);
        opened.ok().map(File::from)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        None
    }
}

/// Marks a temporary file as in use. Where the file system has no locks, the process number alone decides.
pub(crate) fn lock(file: &File) {
    let _ = file.try_lock();
}

/// Whether a file or folder is in use. A run in another container has a process number that means nothing
/// here, but its lock holds.
pub(crate) fn is_locked(path: &Path) -> bool {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let is_free = fs::symlink_metadata(path)
        .is_ok_and(|metadata| metadata.is_file() || metadata.is_dir())
        && rustix::fs::open(path, flags, Mode::empty())
            .is_ok_and(|opened| File::from(opened).try_lock().is_ok());
    !is_free
}

/// Whether a process of this number may run.
pub(crate) fn may_be_running(pid: i32) -> bool {
    let Some(pid) = Pid::from_raw(pid) else {
        return true;
    };
    test_kill_process(pid) != Err(Errno::SRCH)
}

/// Whether a temporary file is too young to be taken for left behind; here its owner tells.
pub(crate) fn is_recent(_path: &Path) -> bool {
    false
}
