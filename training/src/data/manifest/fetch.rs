//! Gets what a manifest chooses into the cache.

use std::collections::HashSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::select::{Chosen, Selection, select};
use super::table::Text;
use super::{Archive, Manifest, ManifestError, Source, fma, jamendo};
use crate::datasets::Split;
use crate::fetch::{FetchError, Tools, cache_error, download, lock, sha256};

/// The folder of a cache that holds what manifests choose.
const FOLDER: &str = "manifests";
/// The list of the chosen songs, beside their splits' folders.
const LIST_NAME: &str = "selection.csv";

/// What a fetch tells while it works.
#[derive(Debug)]
pub enum Event<'a> {
    /// A metadata file is being downloaded.
    Metadata {
        /// From here.
        url: &'a str,
    },
    /// The songs are chosen.
    Selected(&'a Selection),
    /// A song is in its place.
    Got {
        /// Where it is.
        path: &'a Path,
    },
    /// Warning: a song could not be got; the run goes on.
    Failed {
        /// The archive's name for it.
        id: &'a str,
        /// Why.
        error: &'a ManifestError,
    },
}

/// What a fetch did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gotten {
    /// The folder with the splits and the list.
    pub folder: PathBuf,
    /// Songs that were there before.
    pub already_there: usize,
    /// Songs that came now.
    pub fetched: usize,
}

/// Reads the metadata, chooses songs, lists them and gets their audio.
///
/// # Errors
/// [`ManifestError`]: before the first song for the manifest, its metadata and the cache; at the
/// end [`ManifestError::Incomplete`] where some songs could not be got.
pub fn fetch(
    tools: &Tools,
    manifest: &Manifest,
    cache_dir: &Path,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Gotten, ManifestError> {
    let folder = cache_dir.join(FOLDER).join(&manifest.name);
    fs::create_dir_all(&folder).map_err(cache_error("create", &folder))?;
    let _lock = lock(cache_dir)?;
    let selection = select_songs(tools, manifest, &folder, tell)?;
    tell(Event::Selected(&selection));
    write_list(&selection, &folder)?;
    let (mut already_there, mut fetched) = (0, 0);
    let mut failures = Vec::new();
    for chosen in &selection.chosen {
        let target = folder.join(place(chosen));
        if target.is_file() {
            already_there += 1;
        } else {
            match get(tools, manifest, chosen, &target) {
                Ok(()) => fetched += 1,
                Err(error) => {
                    let id = &chosen.song.id;
                    tell(Event::Failed { id, error: &error });
                    failures.push(error);
                    continue;
                }
            }
        }
        tell(Event::Got { path: &target });
    }
    let failed = failures.len();
    match failures.into_iter().next() {
        Some(first) => Err(ManifestError::Incomplete {
            failed,
            of: selection.chosen.len(),
            first: Box::new(first),
        }),
        None => Ok(Gotten {
            folder,
            already_there,
            fetched,
        }),
    }
}

fn select_songs(
    tools: &Tools,
    manifest: &Manifest,
    folder: &Path,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Selection, ManifestError> {
    let mut read = |field, source: &Source| {
        let path = find(tools, manifest, field, source, folder, tell)?;
        Text::read(&path)
    };
    let metadata = &manifest.metadata;
    let tracks = read("metadata.tracks", &metadata.tracks)?;
    let mut read_if = |field, source: &Option<Source>| {
        source
            .as_ref()
            .map(|source| read(field, source))
            .transpose()
    };
    let rules = &manifest.select;
    let songs = match manifest.archive {
        Archive::Jamendo => {
            let licenses = read_if("metadata.licenses", &metadata.licenses)?;
            let checksums = read_if("metadata.checksums", &metadata.checksums)?;
            let licenses = licenses.ok_or_else(|| ManifestError::Invalid {
                path: manifest.path.clone(),
                field: "metadata.licenses",
                got: "missing".to_owned(),
                expected: "audio_licenses.txt",
            })?;
            jamendo::songs(&tracks, &licenses, checksums.as_ref(), rules)?
        }
        Archive::Fma => {
            let echonest = read_if("metadata.echonest", &metadata.echonest)?;
            fma::songs(&tracks, echonest.as_ref(), rules)?
        }
    };
    let selection = select(songs, rules);
    if selection.chosen.is_empty() {
        return Err(ManifestError::NothingSelected {
            path: manifest.path.clone(),
            tracks: selection.tracks,
        });
    }
    Ok(selection)
}

/// A metadata file: beside the manifest, in the cache, or downloaded into it.
fn find(
    tools: &Tools,
    manifest: &Manifest,
    field: &'static str,
    source: &Source,
    folder: &Path,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<PathBuf, ManifestError> {
    let beside = manifest.beside(&source.path);
    if beside.is_file() {
        return Ok(beside);
    }
    let name = source.path.file_name().unwrap_or_default();
    let cached = folder.join("metadata").join(name);
    if cached.is_file() {
        return Ok(cached);
    }
    let Some(url) = &source.url else {
        return Err(ManifestError::NoMetadata {
            field,
            beside,
            cached,
        });
    };
    tell(Event::Metadata { url });
    download(tools, &manifest.name, url, &cached)?;
    Ok(cached)
}

/// Where a song belongs, below the manifest's folder.
fn place(chosen: &Chosen) -> PathBuf {
    let song = &chosen.song;
    let ending = song.path.rsplit_once('.').map_or("audio", |(_, it)| it);
    [
        &chosen.split.to_string(),
        &song.artist,
        &format!("{}.{ending}", song.id),
    ]
    .iter()
    .collect()
}

fn get(
    tools: &Tools,
    manifest: &Manifest,
    chosen: &Chosen,
    target: &Path,
) -> Result<(), ManifestError> {
    let song = &chosen.song;
    let name = &manifest.name;
    let part = target.with_extension("part");
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).map_err(cache_error("create", parent))?;
    }
    let audio = &manifest.audio;
    let here = audio
        .folder
        .as_ref()
        .map(|folder| manifest.beside(folder).join(&song.path));
    match (here.filter(|path| path.is_file()), &audio.url) {
        (Some(here), _) => {
            copy(&here, &part).map_err(cache_error("copy", &here))?;
        }
        (None, Some(url)) => {
            let url = url.replace("{path}", &song.path);
            download(tools, name, &url, &part)?;
        }
        (None, None) => {
            let folder = audio.folder.clone().unwrap_or_default();
            return Err(ManifestError::NoAudio {
                path: manifest.beside(&folder).join(&song.path),
            });
        }
    }
    let checked = check(song.sha256.as_deref(), name, &part)
        .and_then(|()| fs::rename(&part, target).map_err(cache_error("move into place", target)));
    if checked.is_err() {
        // What is wrong must not stay; the reason matters more than whether this works.
        _ = fs::remove_file(&part);
    }
    checked.map_err(ManifestError::from)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<u64> {
    let mut from = acetate_io::open_regular(from).map_err(std::io::Error::other)?;
    std::io::copy(&mut from, &mut acetate_io::create_fresh(to)?)
}

fn check(expected: Option<&str>, name: &str, file: &Path) -> Result<(), FetchError> {
    let Some(expected) = expected else {
        return Ok(());
    };
    let got = sha256(name, file)?;
    if got == expected {
        return Ok(());
    }
    Err(FetchError::Checksum {
        package: name.to_owned(),
        version: file.display().to_string(),
        got,
        expected: expected.to_owned(),
    })
}

/// Lists what was chosen. Songs that an earlier run chose and this one does not are moved out of
/// the splits: nobody may learn from them by mistake.
fn write_list(selection: &Selection, folder: &Path) -> Result<(), FetchError> {
    let mut text = "path,split,artist,title,genres,license,duration_s,archive_path\n".to_owned();
    let mut chosen_paths = HashSet::new();
    for chosen in &selection.chosen {
        let song = &chosen.song;
        let path = place(chosen);
        let fields = [
            path.display().to_string(),
            chosen.split.to_string(),
            song.artist.clone(),
            song.title.clone().unwrap_or_default(),
            song.genres.join("/"),
            song.license.clone().unwrap_or_default(),
            song.duration_s.to_string(),
            song.path.clone(),
        ];
        let quoted = fields.map(|field| acetate_io::pairs_list::field(&field));
        let _ = writeln!(text, "{}", quoted.join(","));
        chosen_paths.insert(folder.join(path));
    }
    for split in Split::ALL {
        let split = folder.join(split.to_string());
        for file in files_below(&split, 2).map_err(cache_error("read", &split))? {
            if !chosen_paths.contains(&file) {
                let name = file.file_name().unwrap_or_default();
                let aside = folder.join("not-chosen");
                fs::create_dir_all(&aside).map_err(cache_error("create", &aside))?;
                let aside = aside.join(name);
                fs::rename(&file, &aside).map_err(cache_error("move aside", &file))?;
            }
        }
    }
    let list = folder.join(LIST_NAME);
    acetate_io::write_text(&list, &text).map_err(cache_error("write", &list))
}

/// The files in a folder's folders, `depth` deep.
fn files_below(folder: &Path, depth: usize) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            files.push(path);
        } else if depth > 1 {
            files.extend(files_below(&path, depth - 1)?);
        }
    }
    Ok(files)
}

impl Manifest {
    /// A path of the manifest's, which are relative to its own folder.
    fn beside(&self, path: &Path) -> PathBuf {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        folder.join(path)
    }
}
