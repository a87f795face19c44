//! Single files: opening, identity, names and space.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::Path;
use std::time::Duration;

use same_file::Handle;

/// A temporary file that was not written to for this long belongs to no living run.
const RECENT: Duration = Duration::from_secs(24 * 3600);

/// What tells a file from all others: a hash of the number that the system gives it, or of its path where
/// it cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId(u64);

impl FileId {
    fn of(what: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        what.hash(&mut hasher);
        Self(hasher.finish())
    }

    /// Its number, for messages.
    pub(crate) fn number(self) -> u64 {
        self.0
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
        let metadata = fs::metadata(path)?;
        // To open anything else may have effects, or wait for somebody.
        let handle = (metadata.is_file() || metadata.is_dir()).then(|| Handle::from_path(path));
        let id = match handle {
            Some(Ok(handle)) => FileId::of(handle),
            _ => FileId::of(fs::canonicalize(path)?),
        };
        Ok(Self { id, metadata })
    }

    /// Under this very name, which may be a link.
    pub(crate) fn named(path: &Path) -> io::Result<Self> {
        let metadata = fs::symlink_metadata(path)?;
        if metadata.is_symlink() {
            let id = FileId::of(std::path::absolute(path)?);
            return Ok(Self { id, metadata });
        }
        Self::at(path)
    }

    /// Behind a handle.
    pub(crate) fn open(file: &File) -> io::Result<Self> {
        let id = FileId::of(Handle::from_file(file.try_clone()?)?);
        let metadata = file.metadata()?;
        Ok(Self { id, metadata })
    }
}

/// Opens for reading.
pub(crate) fn open_to_read(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Opens for reading and appending, or creates; `None` for a symbolic link.
pub(crate) fn open_shared(path: &Path) -> io::Result<Option<File>> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
        return Ok(None);
    }
    let mut options = OpenOptions::new();
    let opened = options.read(true).append(true).create(true).open(path);
    opened.map(Some)
}

/// Whether the file has more than one name: not known here.
pub(crate) fn has_other_names(_metadata: &Metadata) -> bool {
    false
}

/// Opens what is meant to be a secret for reading, never through a symbolic link.
pub(crate) fn open_secret(path: &Path) -> io::Result<File> {
    if fs::symlink_metadata(path)?.is_file() {
        return File::open(path);
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        "expected a regular file, found something else: remove it",
    ))
}

/// Whether it may be this user's: the folder of the user's own files is all that guards it.
pub(crate) fn is_secret(metadata: &Metadata) -> bool {
    metadata.is_file()
}

/// Leaves the file as the system made it.
pub(crate) fn hide(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Fills with bytes that nobody can guess.
pub(crate) fn fill_random(bytes: &mut [u8]) -> io::Result<()> {
    getrandom::fill(bytes).map_err(io::Error::other)
}

/// What something is that is neither a file nor a folder.
pub(crate) fn kind_of_special(_kind: FileType) -> &'static str {
    "a device or a pipe"
}

/// The longest name that the file system of a folder states; `None` for a folder that is not there. Some
/// state 0: nothing is known here.
pub(crate) fn max_name_bytes(_folder: &Path) -> Option<u64> {
    Some(0)
}

/// Free space for this user on the disk of a folder: not known here.
pub(crate) fn available_bytes(_folder: &Path) -> io::Result<Option<u64>> {
    Ok(None)
}

/// The name that these bytes are, if they are Unicode.
pub(crate) fn name_of(bytes: &[u8]) -> Option<OsString> {
    std::str::from_utf8(bytes).ok().map(OsString::from)
}

/// At most so many bytes of a name; what is no Unicode in it is replaced.
pub(crate) fn cut_name(name: &OsStr, max_bytes: usize) -> OsString {
    let mut name = name.to_string_lossy().into_owned();
    name.truncate(name.floor_char_boundary(max_bytes));
    name.into()
}

/// A file in a folder that never has a name: none here.
pub(crate) fn create_unnamed(_folder: &Path) -> Option<File> {
    None
}

/// No mark: on some systems a lock keeps every other handle from reading.
pub(crate) fn lock(_file: &File) {}

/// Whether a file or folder carries the mark of [`lock`]: none does.
pub(crate) fn is_locked(_path: &Path) -> bool {
    false
}

/// Whether a process of this number certainly runs: only this one does.
pub(crate) fn may_be_running(pid: i32) -> bool {
    u32::try_from(pid) == Ok(std::process::id())
}

/// Whether a temporary file is too young to be taken for left behind.
pub(crate) fn is_recent(path: &Path) -> bool {
    let modified = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    // A time in the future has no age.
    modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age < RECENT))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn an_open_file_is_known_again_by_all_its_names_and_by_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a"), "x").unwrap();
        fs::write(at("b"), "x").unwrap();
        fs::hard_link(at("a"), at("hard")).unwrap();
        let open = Found::open(&File::open(at("a")).unwrap()).unwrap().id;
        assert!(Found::at(&at("a")).unwrap().id == open);
        assert!(Found::named(&at("hard")).unwrap().id == open);
        assert!(Found::at(&at("b")).unwrap().id != open);
        assert!(Found::at(folder.path()).is_ok());
        assert!(Found::at(&at("none")).is_err());
    }

    #[test]
    fn a_temporary_file_is_recent_for_a_day() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let aged = |hours: u64| {
            let then = SystemTime::now() - Duration::from_secs(3600 * hours);
            file.as_file().set_modified(then).unwrap();
            is_recent(file.path())
        };
        assert!(is_recent(file.path()) && aged(23) && !aged(25));
        assert!(!is_recent(Path::new("no/such/file")));
    }

    #[test]
    fn a_name_is_cut_between_its_characters() {
        assert_eq!(cut_name("aé".as_ref(), 2), "a");
        assert_eq!(cut_name("aé".as_ref(), 3), "aé");
    }
}
