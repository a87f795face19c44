//! [`Folder`]: a session's folder. What is uploaded and made lies in it as long as the session lives; what is kept
//! of it afterwards is `session.json`, and the audio where that was asked for.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use acetate_io::user_cache_dir;

use super::record::{RECORD, SessionRecord};
use crate::error::StudioError;

/// Held by the process that a session belongs to.
const LOCK: &str = "lock";
/// What folders of sessions are called.
const PREFIX: &str = "session-";
/// Folder of everything that is uploaded and made.
const SONGS: &str = "songs";
/// Earlier sessions that are kept where the user named no folder.
const MAX_EARLIER: usize = 30;

/// Where a session lies, and what of it stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct FolderOptions {
    /// Where folders of sessions are; the user's cache folder where `None`.
    pub(crate) place: Option<PathBuf>,
    /// The very folder of this session, which may be an earlier one's.
    pub(crate) folder: Option<PathBuf>,
    /// Uploads and masters stay too.
    pub(crate) keep_audio: bool,
}

/// A session's folder, readable by its user alone, and locked as long as the process lives.
pub(crate) struct Folder {
    path: PathBuf,
    place: PathBuf,
    keep_audio: AtomicBool,
    _lock: File,
}

/// An earlier session that can be opened again.
pub(crate) struct Earlier {
    /// The name of its folder.
    pub(crate) name: String,
    pub(crate) record: SessionRecord,
}

impl Folder {
    /// Makes a fresh one in its place, or opens the one that was named. Tidies what killed sessions left there.
    pub(crate) fn create(options: &FolderOptions) -> Result<Self, StudioError> {
        let place = options.place.clone().unwrap_or_else(usual_place);
        let shown = options.folder.as_deref().unwrap_or(&place).display();
        let refused = |source| StudioError::Folder {
            folder: shown.to_string(),
            source,
        };
        let path = match &options.folder {
            Some(folder) => {
                fs::create_dir_all(folder).map_err(refused)?;
                folder.clone()
            }
            None => {
                fs::create_dir_all(&place).map_err(refused)?;
                tidy(&place);
                let made = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&place);
                made.map_err(refused)?.keep()
            }
        };
        // Texts are searched for it: there is one way to write it.
        let path = fs::canonicalize(path).map_err(refused)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK))
            .map_err(refused)?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => StudioError::InUse {
                folder: path.display().to_string(),
            },
            fs::TryLockError::Error(source) => refused(source),
        })?;
        fs::create_dir_all(path.join(SONGS)).map_err(refused)?;
        Ok(Self {
            path,
            place,
            keep_audio: AtomicBool::new(options.keep_audio),
            _lock: lock,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the songs have their folders.
    pub(crate) fn songs(&self) -> PathBuf {
        self.path.join(SONGS)
    }

    /// A number that no folder of a song has.
    pub(crate) fn first_free(&self) -> u64 {
        let numbers = entries(&self.songs())
            .filter_map(|path| path.file_name()?.to_str()?.parse::<u64>().ok());
        numbers.max().unwrap_or(0) + 1
    }

    pub(crate) fn keeps_audio(&self) -> bool {
        self.keep_audio.load(Ordering::SeqCst)
    }

    /// Audio of an earlier session is here, which was asked to be kept.
    pub(crate) fn keep_audio(&self) {
        self.keep_audio.store(true, Ordering::SeqCst);
    }

    /// The record that lies here from an earlier time.
    pub(crate) fn record(&self) -> Option<SessionRecord> {
        SessionRecord::read(&self.path)
    }

    /// Earlier sessions beside this one whose process is gone, the newest first.
    pub(crate) fn earlier(&self) -> Vec<Earlier> {
        let mut all: Vec<Earlier> = entries(&self.place)
            .filter(|path| *path != self.path && lock_of_gone(path).is_some())
            .filter_map(|path| {
                Some(Earlier {
                    record: SessionRecord::read(&path)?,
                    name: path.file_name()?.to_str()?.to_owned(),
                })
            })
            .collect();
        all.sort_by_key(|earlier| std::cmp::Reverse(earlier.record.saved_unix_s));
        all
    }

    /// Takes an earlier session into this one: its audio comes along, and its folder is there no more once
    /// `taken` has written down what it held.
    pub(crate) fn take_in(
        &self,
        name: &str,
        taken: impl FnOnce(SessionRecord) -> std::io::Result<()>,
    ) -> std::io::Result<bool> {
        let known = self.earlier().into_iter().find(|one| one.name == name);
        let Some(Earlier { mut record, .. }) = known else {
            return Ok(false);
        };
        let theirs = self.place.join(name);
        // Nobody else opens it meanwhile.
        let Some(_lock) = lock_of_gone(&theirs) else {
            return Ok(false);
        };
        let audio = theirs.join(SONGS);
        if entries(&audio).next().is_some() {
            let ours = self.songs().join(name);
            fs::rename(&audio, &ours)?;
            let folder = format!("{SONGS}/{name}");
            for song in &mut record.songs {
                song.move_kept(SONGS, &folder);
            }
        }
        taken(record)?;
        fs::remove_dir_all(&theirs)?;
        Ok(true)
    }

    /// Forgets an earlier session; whether there was one.
    pub(crate) fn forget(&self, name: &str) -> std::io::Result<bool> {
        let is_known = self.earlier().iter().any(|one| one.name == name);
        if is_known {
            fs::remove_dir_all(self.place.join(name))?;
        }
        Ok(is_known)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keeps_audio() {
            let _ = fs::remove_dir_all(self.songs());
        }
        let _ = fs::remove_file(self.path.join(LOCK));
        // A session in which nothing was opened is not kept. Whatever else lies in a folder of the user's stays.
        let _ = fs::remove_dir(self.songs());
        let _ = fs::remove_dir(&self.path);
    }
}

fn usual_place() -> PathBuf {
    user_cache_dir().map_or_else(std::env::temp_dir, |cache| cache.join("studio"))
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

/// The lock of a session's folder whose process is gone; `None` where it lives or this is no such folder.
fn lock_of_gone(folder: &Path) -> Option<Option<File>> {
    let name = folder.file_name()?.to_str()?;
    if !name.starts_with(PREFIX) || !folder.is_dir() {
        return None;
    }
    match File::open(folder.join(LOCK)) {
        Ok(lock) => lock.try_lock().is_ok().then_some(Some(lock)),
        // One that ended well has no lock, but a record.
        Err(_) => folder.join(RECORD).is_file().then_some(None),
    }
}

/// Takes away what killed sessions left but their records, and the oldest records. What cannot be removed is left.
fn tidy(place: &Path) {
    let mut kept: Vec<(u64, PathBuf)> = Vec::new();
    for folder in entries(place) {
        let Some(lock) = lock_of_gone(&folder) else {
            continue;
        };
        match SessionRecord::read(&folder) {
            Some(record) => {
                if lock.is_some() && !record.keeps_audio {
                    let _ = fs::remove_dir_all(folder.join(SONGS));
                }
                if !record.keeps_audio {
                    kept.push((record.saved_unix_s, folder));
                }
            }
            None => {
                let _ = fs::remove_dir_all(&folder);
            }
        }
    }
    kept.sort();
    let too_many = kept.len().saturating_sub(MAX_EARLIER);
    for (_, folder) in &kept[..too_many] {
        let _ = fs::remove_dir_all(folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(place: &Path) -> FolderOptions {
        FolderOptions {
            place: Some(place.to_owned()),
            ..FolderOptions::default()
        }
    }

    fn keep(folder: &Folder) {
        SessionRecord::default().write(folder.path()).unwrap();
    }

    #[test]
    fn a_session_leaves_its_record_and_one_without_songs_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("session-notes.txt"), "not ours").unwrap();
        drop(Folder::create(&options(place.path())).unwrap());
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
        let folder = Folder::create(&options(place.path())).unwrap();
        fs::write(folder.songs().join("mix.wav"), "sound").unwrap();
        keep(&folder);
        let path = folder.path().to_owned();
        drop(folder);
        let left: Vec<PathBuf> = entries(&path).collect();
        assert_eq!(left, [path.join(RECORD)]);
    }

    #[test]
    fn what_a_killed_session_left_goes_but_its_record_and_one_that_lives_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        let killed = place.path().join("session-killed");
        fs::create_dir_all(killed.join(SONGS)).unwrap();
        fs::write(killed.join(LOCK), "").unwrap();
        fs::write(killed.join(SONGS).join("mix.wav"), "sound").unwrap();
        SessionRecord::default().write(&killed).unwrap();
        let empty = place.path().join("session-empty");
        fs::create_dir(&empty).unwrap();
        fs::write(empty.join(LOCK), "").unwrap();
        let first = Folder::create(&options(place.path())).unwrap();
        assert!(!empty.exists() && !killed.join(SONGS).exists());
        let second = Folder::create(&options(place.path())).unwrap();
        assert!(first.path().exists());
        let names = |folder: &Folder| -> Vec<String> {
            folder.earlier().into_iter().map(|one| one.name).collect()
        };
        assert_eq!(names(&second), ["session-killed"]);
        assert!(second.take_in("session-killed", |_| Ok(())).unwrap());
        assert!(!killed.exists() && names(&second).is_empty());
        assert!(!second.take_in("../session-killed", |_| Ok(())).unwrap());
    }

    #[test]
    fn a_folder_of_ones_own_is_opened_again_and_by_one_process_alone() {
        let place = tempfile::tempdir().unwrap();
        let own = FolderOptions {
            folder: Some(place.path().join("mine")),
            keep_audio: true,
            ..FolderOptions::default()
        };
        let folder = Folder::create(&own).unwrap();
        assert!(matches!(
            Folder::create(&own),
            Err(StudioError::InUse { .. })
        ));
        fs::create_dir(folder.songs().join("7")).unwrap();
        keep(&folder);
        drop(folder);
        let again = Folder::create(&own).unwrap();
        assert!(again.record().is_some());
        assert_eq!(again.first_free(), 8);
    }
}
