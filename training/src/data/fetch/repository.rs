//! One git repository: fetch its commit, check every file against its committed name, move the
//! files into place one by one.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::cache_error;
use super::git::Store;
use super::package::{create_dir, is_plain_file, remove_dir};
use super::{Event, FetchError, Progress};
use crate::datasets::{Datasets, Repository, RepositoryTrack};

/// Lies beside the tracks of a repository.
const RECORD_NAME: &str = "fetched.json";
/// A larger record is none, bytes.
const MAX_RECORD_BYTES: u64 = 16 << 20;

/// What is in a repository's folder.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// Where it came from.
    url: String,
    /// The commit that the files are of; none where they were asked for alone.
    commit: Option<String>,
    /// Git's name of each file's content, by path.
    blobs: BTreeMap<String, String>,
}

/// A repository with all entries that it has in the file.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) name: &'a str,
    entries: Vec<&'a Repository>,
    first: &'a Repository,
}

/// A commit, and a store that has it.
struct Commit<'a> {
    store: Store<'a>,
    name: String,
}

/// How the fetch of one repository ended well.
#[derive(Debug)]
pub(super) enum Outcome {
    /// All of its tracks are there.
    Complete,
    /// It could not be reached, for this reason.
    Unreachable(FetchError),
}

/// All repositories, in the file's order.
pub(super) fn wanted(datasets: &Datasets) -> Vec<Wanted<'_>> {
    let mut all: Vec<Wanted<'_>> = Vec::new();
    for entry in datasets.repositories() {
        match all.iter_mut().find(|wanted| wanted.name == entry.name) {
            Some(wanted) => wanted.entries.push(entry),
            None => all.push(Wanted {
                name: &entry.name,
                entries: vec![entry],
                first: entry,
            }),
        }
    }
    all
}

impl Wanted<'_> {
    fn tracks(&self) -> impl Iterator<Item = &RepositoryTrack> {
        self.entries.iter().flat_map(|entry| &entry.tracks)
    }

    pub(super) fn track_count(&self) -> usize {
        self.tracks().count()
    }

    pub(super) fn size_bytes(&self) -> u64 {
        let sizes = self.tracks().map(|track| track.size_bytes);
        sizes.fold(0, u64::saturating_add)
    }

    fn folder(&self, cache_dir: &Path) -> PathBuf {
        self.first.folder(cache_dir)
    }

    /// Whether all of its tracks are in the cache.
    pub(super) fn is_complete(&self, cache_dir: &Path) -> bool {
        let folder = self.folder(cache_dir);
        let record = read_record(&folder);
        self.tracks().all(|track| {
            let recorded = record.blobs.get(&track.path) == Some(&track.blob);
            recorded && has_size(&folder.join(&track.path), track.size_bytes)
        })
    }

    /// Fetches what is missing.
    pub(super) fn fetch(
        &self,
        git: &OsStr,
        cache_dir: &Path,
        progress: &mut dyn Progress,
    ) -> Result<Outcome, FetchError> {
        let partial = cache_dir.join("partial").join(self.name);
        // What an interrupted run left behind; whole files of it are in their place.
        remove_dir(self.name, &partial)?;
        let result = self.fetch_into(git, &partial, cache_dir, progress);
        let cleaned = remove_dir(self.name, &partial);
        let outcome = result?;
        cleaned.map(|()| outcome)
    }

    fn fetch_into(
        &self,
        git: &OsStr,
        partial: &Path,
        cache_dir: &Path,
        progress: &mut dyn Progress,
    ) -> Result<Outcome, FetchError> {
        let folder = self.folder(cache_dir);
        create_dir(self.name, &folder)?;
        let create =
            |attempt: &str| Store::create(git, self.name, partial.join(attempt), &self.first.url);
        let store = match create("by-commit") {
            Ok(store) => store,
            Err(error) => return unreachable(error),
        };
        let mut missing = Vec::new();
        let mut record = Record {
            url: self.first.url.clone(),
            ..read_record(&folder)
        };
        record.blobs.retain(|path, _| folder.join(path).exists());
        for track in self.tracks() {
            let file = folder.join(&track.path);
            // An interrupted run leaves no record of the files that it brought.
            let there = has_size(&file, track.size_bytes) && store.name_of(&file)? == track.blob;
            if there {
                record.blobs.insert(track.path.clone(), track.blob.clone());
            } else {
                record.blobs.remove(&track.path);
                missing.push(track);
            }
        }
        if !missing.is_empty() {
            let got = match self.get_commit(store, create) {
                Ok(commit) => Ok((commit.store, Some(commit.name))),
                // A server that lacks files we do not want gives no commit, but those we do want.
                Err(error) => match self.get_contents(&missing, create) {
                    Ok(store) => Ok((store, None)),
                    Err(_) => Err(error),
                },
            };
            let (store, commit) = match got {
                Ok(got) => got,
                Err(error) => return unreachable(error),
            };
            if commit
                .as_deref()
                .is_none_or(|got| !got.starts_with(&self.first.commit))
            {
                progress.event(Event::OtherCommit {
                    repository: self.name,
                    expected: &self.first.commit,
                    got: commit.as_deref(),
                });
            }
            record.commit = commit;
            for track in missing {
                let commit = record.commit.as_deref();
                self.bring(&store, commit, track, partial, &folder)?;
                record.blobs.insert(track.path.clone(), track.blob.clone());
            }
        }
        write_record(&record, &folder).map_err(cache_error(
            self.name,
            "write",
            &folder.join(RECORD_NAME),
        ))?;
        Ok(Outcome::Complete)
    }

    /// A store with the commit, and its full name. By the commit's name alone where the server
    /// allows that, else as the newest one, else with all branches. If no branch has it any more
    /// (a rewritten history), the newest one: files are checked by their content.
    fn get_commit<'s>(
        &self,
        by_commit: Store<'s>,
        create: impl Fn(&str) -> Result<Store<'s>, FetchError>,
    ) -> Result<Commit<'s>, FetchError> {
        /// Digits of a full name, which alone can be asked for.
        const FULL: usize = 40;
        let wanted = &self.first.commit;
        if wanted.len() == FULL
            && by_commit.fetch(&[wanted], Some(1)).is_ok()
            && let Some(name) = by_commit.commit(wanted)
        {
            let store = by_commit;
            return Ok(Commit { store, name });
        }
        // New stores: the history of a shallow one ends where the first fetch left it.
        let newest = create("newest")?;
        newest.fetch(&["HEAD"], Some(1))?;
        if let Some(name) = newest.commit(wanted) {
            let store = newest;
            return Ok(Commit { store, name });
        }
        let branches = create("branches")?;
        let all = branches.fetch(&["+refs/heads/*:refs/remotes/origin/*"], None);
        if let Some(name) = branches.commit(wanted) {
            let store = branches;
            return Ok(Commit { store, name });
        }
        all?;
        match newest.commit("FETCH_HEAD") {
            Some(name) => Ok(Commit {
                store: newest,
                name,
            }),
            None => Err(FetchError::Content {
                repository: self.name.to_owned(),
                path: "HEAD".to_owned(),
                got: "none".to_owned(),
                expected: wanted.clone(),
            }),
        }
    }

    /// A store with the contents of files alone, asked for by their names.
    fn get_contents<'s>(
        &self,
        missing: &[&RepositoryTrack],
        create: impl Fn(&str) -> Result<Store<'s>, FetchError>,
    ) -> Result<Store<'s>, FetchError> {
        let store = create("by-content")?;
        let names: Vec<&str> = missing.iter().map(|track| track.blob.as_str()).collect();
        store.fetch(&names, Some(1))?;
        Ok(store)
    }

    /// Brings one file into its place, whole and checked.
    fn bring(
        &self,
        store: &Store<'_>,
        commit: Option<&str>,
        track: &RepositoryTrack,
        partial: &Path,
        folder: &Path,
    ) -> Result<(), FetchError> {
        let differs = |got: Option<String>| FetchError::Content {
            repository: self.name.to_owned(),
            path: track.path.clone(),
            got: got.unwrap_or_else(|| "missing in its commit".to_owned()),
            expected: track.blob.clone(),
        };
        if let Some(commit) = commit {
            let listed = store.blob(commit, &track.path);
            if listed.as_deref() != Some(&track.blob) {
                return Err(differs(listed));
            }
        }
        let file = partial.join("file");
        store.write(&track.blob, &file)?;
        let got = store.name_of(&file)?;
        if got != track.blob {
            return Err(differs(Some(got)));
        }
        if !has_size(&file, track.size_bytes) {
            let size = format!("{got} of another size than {} bytes", track.size_bytes);
            return Err(differs(Some(size)));
        }
        let place = folder.join(&track.path);
        if let Some(parent) = place.parent() {
            create_dir(self.name, parent)?;
        }
        fs::rename(&file, &place).map_err(cache_error(self.name, "move into place", &place))
    }
}

/// Git could not be run or did not get through: said and left out. Errors of the cache stay
/// errors.
fn unreachable(error: FetchError) -> Result<Outcome, FetchError> {
    match error {
        FetchError::Start { .. } | FetchError::Command { .. } => Ok(Outcome::Unreachable(error)),
        other => Err(other),
    }
}

fn has_size(file: &Path, size_bytes: u64) -> bool {
    is_plain_file(file) && fs::metadata(file).is_ok_and(|found| found.len() == size_bytes)
}

/// A record that cannot be read is as good as none: the files are compared again.
fn read_record(folder: &Path) -> Record {
    let text = acetate_io::read_bounded(&folder.join(RECORD_NAME), MAX_RECORD_BYTES);
    let text = text.unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

fn write_record(record: &Record, folder: &Path) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(record)?;
    text.push(b'\n');
    acetate_io::write_bytes(&folder.join(RECORD_NAME), &text)
}
