//! [`AnalysisCache`]: analyses of files by what is in them, so that a second rendering of a mix
//! need not measure it again.
//!
//! An entry's name is a hash of the file's content and of everything else that decides the
//! analysis; it holds every number exactly. Whatever is not as it was written (cut short, damaged,
//! of another version) is taken for absent. Entries replace each other in one step; where they take
//! too much room, those that were not used for longest go.

mod layout;

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use acetate_dsp::Analysis;

use crate::Seal;
use crate::disk::regular::{open_regular, read_open};
use crate::disk::temporary::{TemporaryFile, remove_stale_temporary_files};

/// Extension of an entry.
const EXTENSION: &str = "analysis";
/// First bytes of an entry.
const MAGIC: &[u8; 8] = b"acetate\0";
/// Bytes of magic and hash before the analysis.
const HEAD_BYTES: usize = MAGIC.len() + blake3::OUT_LEN;
/// Most bytes of one entry: 12 hours take less than half of it.
const MAX_ENTRY_BYTES: u64 = 64 << 20;
/// Among more entries than these, room is made for several at once.
const FEW_ENTRIES: usize = 64;
/// Most bytes of all entries, unless told otherwise: about 300 songs.
const MAX_BYTES: u64 = 256 << 20;

/// A folder of analyses.
#[derive(Clone, Debug)]
pub struct AnalysisCache {
    folder: PathBuf,
    max_bytes: u64,
    /// Without it anybody could write an entry that counts.
    seal: Option<Seal>,
    /// Bytes of all entries as far as this process knows: a batch need not look through the folder for
    /// every song.
    stored_bytes: Arc<Mutex<Option<u64>>>,
}

/// What an analysis is an analysis of, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct CacheKey<'a> {
    /// [`content_hash`](crate::content_hash) of the file.
    pub content: &'a str,
    /// Everything else that decides the figures: the program and its version, options, features.
    pub circumstances: &'a str,
}

impl CacheKey<'_> {
    fn hash(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&layout::VERSION.to_le_bytes());
        // Lengths first, so that no two pairs run into the same bytes.
        for part in [self.content, self.circumstances] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize()
    }
}

impl AnalysisCache {
    /// A cache in a folder, which is made when something is stored.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            max_bytes: MAX_BYTES,
            seal: None,
            stored_bytes: Arc::default(),
        }
    }

    /// Takes only entries that were stored with the same secret.
    pub fn sealed_by(self, seal: Seal) -> Self {
        Self {
            seal: Some(seal),
            ..self
        }
    }

    /// The analysis under a key, where the cache has it whole.
    pub fn load(&self, key: &CacheKey<'_>) -> Option<Analysis> {
        let hash = key.hash();
        let path = self.path(&hash);
        let file = open_regular(&path).ok()?;
        let bytes = read_open(&file, &path, MAX_ENTRY_BYTES).ok()?;
        let (head, body) = bytes.split_at_checked(HEAD_BYTES)?;
        if head[..MAGIC.len()] != *MAGIC
            || head[MAGIC.len()..] != *self.seal(&hash, body).as_bytes()
        {
            return None;
        }
        let analysis = layout::decode(body)?;
        // When it was used last; where that cannot be noted, it goes the sooner.
        let _ = file.set_modified(SystemTime::now());
        Some(analysis)
    }

    /// Keeps an analysis under a key.
    ///
    /// # Errors
    /// The system's.
    pub fn store(&self, key: &CacheKey<'_>, analysis: &Analysis) -> io::Result<()> {
        let hash = key.hash();
        let body = layout::encode(analysis);
        let path = self.path(&hash);
        fs::create_dir_all(&self.folder)?;
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let temporary = TemporaryFile::create(&path, name)?;
        let mut file = temporary.file();
        file.write_all(MAGIC)?;
        file.write_all(self.seal(&hash, &body).as_bytes())?;
        file.write_all(&body)?;
        // Not synchronized: what a crash leaves behind is recognized by its seal.
        temporary.commit_lazily(&path)?;
        self.make_room(&path, (HEAD_BYTES + body.len()) as u64)
    }

    /// Ties an entry to its key, and to the user's secret.
    fn seal(&self, key: &blake3::Hash, body: &[u8]) -> blake3::Hash {
        let key = match &self.seal {
            Some(seal) => seal.key_for(key.as_bytes()),
            None => *key,
        };
        blake3::keyed_hash(key.as_bytes(), body)
    }

    /// Counts a new entry, and looks through the folder at the first one and where there are too many.
    fn make_room(&self, newest: &Path, bytes: u64) -> io::Result<()> {
        let mut stored = self
            .stored_bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let known = stored.map(|stored| stored.saturating_add(bytes));
        *stored = match known.filter(|known| *known <= self.max_bytes) {
            Some(known) => Some(known),
            None => Some(self.evict(newest)?),
        };
        Ok(())
    }

    fn path(&self, hash: &blake3::Hash) -> PathBuf {
        self.folder.join(format!("{}.{EXTENSION}", hash.to_hex()))
    }

    /// Removes the entries that were not used for longest, but for `newest`, until the rest has
    /// room; the bytes of what is left.
    fn evict(&self, newest: &Path) -> io::Result<u64> {
        remove_stale_temporary_files(&self.folder);
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let path = entry.path();
            if path.extension() != Some(OsStr::new(EXTENSION)) {
                continue;
            }
            // Another run may have removed it meanwhile.
            if let Ok(metadata) = entry.metadata() {
                entries.push((metadata.modified()?, path, metadata.len()));
            }
        }
        entries.sort();
        // Among many some more go, so that the next ones find room without another look.
        let slack = if entries.len() > FEW_ENTRIES {
            self.max_bytes / 8
        } else {
            0
        };
        let max_bytes = self.max_bytes - slack;
        let mut bytes: u64 = entries.iter().map(|(_, _, bytes)| bytes).sum();
        for (_, path, entry_bytes) in entries {
            if bytes <= max_bytes {
                break;
            }
            if path != newest && fs::remove_file(&path).is_ok() {
                bytes -= entry_bytes;
            }
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use acetate_dsp::stream::AudioSource;
    use acetate_dsp::{Audio, analyze};

    use super::*;

    const KEY: CacheKey<'static> = CacheKey {
        content: "c",
        circumstances: "v1",
    };

    fn analysis(amplitude: f32) -> Analysis {
        let wave = |period: u32| -> Vec<f32> {
            let samples = (0..44_100).map(|n| amplitude * ((n % period) as f32 / period as f32));
            samples.collect()
        };
        let audio = Audio::new(44_100, vec![wave(100), wave(441)]).unwrap();
        analyze(&mut AudioSource::new(audio)).unwrap()
    }

    fn entries(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn what_comes_back_is_what_was_stored_to_the_last_bit() {
        let folder = tempfile::tempdir().unwrap();
        let cache = AnalysisCache::new(folder.path().join("deep").join("er"));
        assert_eq!(cache.load(&KEY), None);
        // Silence has figures of -inf.
        for analysis in [analysis(0.9), analysis(0.0)] {
            cache.store(&KEY, &analysis).unwrap();
            let back = cache.load(&KEY).unwrap();
            assert_eq!(layout::encode(&back), layout::encode(&analysis));
            assert_eq!(back, analysis);
        }
    }

    #[test]
    fn another_content_or_another_program_finds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let cache = AnalysisCache::new(folder.path());
        cache.store(&KEY, &analysis(0.5)).unwrap();
        for (content, circumstances) in [("d", "v1"), ("c", "v2"), ("cv", "1"), ("", "cv1")] {
            let other = CacheKey {
                content,
                circumstances,
            };
            assert_eq!(cache.load(&other), None);
        }
    }

    #[test]
    fn an_entry_of_another_user_is_taken_for_absent() {
        let folder = tempfile::tempdir().unwrap();
        let seal = |name: &str| Seal::of_user(&folder.path().join(name)).unwrap();
        let of = |name: &str| AnalysisCache::new(folder.path()).sealed_by(seal(name));
        of("a").store(&KEY, &analysis(0.5)).unwrap();
        assert!(of("a").load(&KEY).is_some());
        assert_eq!(of("b").load(&KEY), None);
        assert_eq!(AnalysisCache::new(folder.path()).load(&KEY), None);
        AnalysisCache::new(folder.path())
            .store(&KEY, &analysis(0.5))
            .unwrap();
        assert_eq!(of("a").load(&KEY), None);
    }

    #[test]
    fn damaged_and_foreign_entries_are_taken_for_absent() {
        let folder = tempfile::tempdir().unwrap();
        let cache = AnalysisCache::new(folder.path());
        cache.store(&KEY, &analysis(0.5)).unwrap();
        let path = entries(folder.path()).remove(0);
        let whole = fs::read(&path).unwrap();
        for at in [0, MAGIC.len(), HEAD_BYTES, whole.len() / 2, whole.len() - 1] {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            fs::write(&path, flipped).unwrap();
            assert_eq!(cache.load(&KEY), None, "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(cache.load(&KEY), None, "cut at {at}");
        }
        // An entry under another one's name.
        let other = CacheKey {
            content: "other",
            ..KEY
        };
        fs::write(cache.path(&other.hash()), &whole).unwrap();
        assert_eq!(cache.load(&other), None);
        fs::write(&path, &whole).unwrap();
        assert!(cache.load(&KEY).is_some());
    }

    #[test]
    fn a_body_of_nonsense_is_no_analysis() {
        let body = layout::encode(&analysis(0.5));
        for at in (0..body.len()).step_by(997) {
            assert_eq!(layout::decode(&body[..at]), None, "cut at {at}");
        }
        assert_eq!(layout::decode(&[0xFF; 4096]), None);
        assert_eq!(layout::decode(&[body.as_slice(), &[0]].concat()), None);
    }

    #[test]
    fn the_entries_not_used_for_longest_go() {
        let folder = tempfile::tempdir().unwrap();
        let analysis = analysis(0.5);
        let entry_bytes = (HEAD_BYTES + layout::encode(&analysis).len()) as u64;
        let cache = AnalysisCache {
            max_bytes: 2 * entry_bytes,
            ..AnalysisCache::new(folder.path())
        };
        let key = |content: &'static str| CacheKey { content, ..KEY };
        let age = |content, hours: u64| {
            let file = File::open(cache.path(&key(content).hash())).unwrap();
            let past = SystemTime::now() - std::time::Duration::from_secs(3600 * hours);
            file.set_modified(past).unwrap();
        };
        fs::write(
            folder.path().join("notes.txt"),
            vec![0; 4 * entry_bytes as usize],
        )
        .unwrap();
        cache.store(&key("a"), &analysis).unwrap();
        age("a", 2);
        cache.store(&key("b"), &analysis).unwrap();
        age("b", 1);
        // Used again, and so younger than b.
        assert!(cache.load(&key("a")).is_some());
        cache.store(&key("c"), &analysis).unwrap();
        assert!(cache.load(&key("a")).is_some());
        assert!(cache.load(&key("b")).is_none());
        assert!(cache.load(&key("c")).is_some());
        assert!(folder.path().join("notes.txt").exists());
    }
}
