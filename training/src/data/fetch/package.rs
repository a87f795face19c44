//! One package: download, check, open, keep the listed tracks, move into place.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::command::{self, Extraction};
use super::error::cache_error;
use super::{Event, FetchError, PackageClient, Progress};
use crate::datasets::{ARCHIVE_SEPARATOR, Package};

/// Lies beside the tracks of a complete package.
const RECORD_NAME: &str = "fetched.json";
/// A larger record is none, bytes.
const MAX_RECORD_BYTES: u64 = 16 << 20;

/// What was fetched, and instead of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// The version that `datasets.toml` asked for.
    requested_version: String,
    /// The version that was available.
    version: String,
    architecture: String,
    sha256: String,
    /// Listed tracks that another version does not have.
    #[serde(default)]
    absent: BTreeSet<String>,
}

/// See [`super::is_complete`].
pub(super) fn is_complete(package: &Package, cache_dir: &Path) -> bool {
    let folder = package.folder(cache_dir);
    let Ok(text) = acetate_io::read_bounded(&folder.join(RECORD_NAME), MAX_RECORD_BYTES) else {
        return false;
    };
    // A record that cannot be read is as good as none: the package is fetched again.
    let Ok(record) = serde_json::from_slice::<Record>(&text) else {
        return false;
    };
    let there = |path: &str| is_plain_file(&folder.join(path)) || record.absent.contains(path);
    record.requested_version == package.version && package.tracks().all(|track| there(track.path))
}

/// Fetches one package; the number of its tracks that are in the cache now.
pub(super) fn fetch_package(
    client: &PackageClient,
    package: &Package,
    cache_dir: &Path,
    progress: &mut dyn Progress,
) -> Result<usize, FetchError> {
    let name = &package.name;
    let partial = cache_dir.join("partial").join(name);
    // What an interrupted run left behind.
    remove_dir(name, &partial)?;
    let result = fetch_into(client, package, &partial, cache_dir, progress);
    let cleaned = remove_dir(name, &partial);
    let tracks = result?;
    cleaned.map(|()| tracks)
}

fn fetch_into(
    client: &PackageClient,
    package: &Package,
    partial: &Path,
    cache_dir: &Path,
    progress: &mut dyn Progress,
) -> Result<usize, FetchError> {
    let name = &package.name;
    let tree = partial.join("tree");
    create_dir(name, &tree)?;

    let file = download(client, package, &partial.join("download"))?;
    let mut record = check(package, &file)?;
    let extraction = extract(package, &file, partial, &tree)?;
    let missing: Vec<String> = package
        .tracks()
        .map(|track| track.path)
        .filter(|path| !is_plain_file(&tree.join(path)))
        .map(str::to_owned)
        .collect();

    let tracks = package.track_count() - missing.len();
    if record.version != package.version {
        progress.event(Event::OtherVersion {
            package: name,
            expected: &package.version,
            got: &record.version,
            absent: &missing,
        });
    }
    if !missing.is_empty() && (record.version == package.version || tracks == 0) {
        return Err(match extraction {
            Extraction::Partial(error) => error,
            Extraction::Whole => FetchError::MissingTracks {
                package: name.clone(),
                version: record.version,
                tracks: missing,
            },
        });
    }
    record.absent = missing.into_iter().collect();
    deliver(package, &record, &tree, cache_dir)?;
    Ok(tracks)
}

/// Downloads the listed version, or the available one where that is gone; the package file.
fn download(
    client: &PackageClient,
    package: &Package,
    folder: &Path,
) -> Result<PathBuf, FetchError> {
    let name = &package.name;
    create_dir(name, folder)?;
    let exact = format!("{name}={}", package.version);
    if let Err(error) = command::download(client, name, &exact, folder) {
        // If nothing at all is available, the first reason is the better one: it names the version.
        command::download(client, name, name, folder).map_err(|_| error)?;
    }
    let files: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(cache_error(name, "read", folder))?;
    let mut packages = files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "deb"));
    packages.next().ok_or_else(|| {
        let nothing = io::Error::new(io::ErrorKind::NotFound, "the client left no .deb file");
        cache_error(name, "find the download in", folder)(nothing)
    })
}

/// Checks that the file is the package that was asked for, bit for bit where that is known.
fn check(package: &Package, file: &Path) -> Result<Record, FetchError> {
    let name = &package.name;
    let description = command::describe(name, file)?;
    if description.name != *name {
        return Err(FetchError::Output {
            package: name.clone(),
            command: format!("dpkg-deb --show {}", file.display()),
            got: description.name,
            expected: "the name of the package that was asked for",
        });
    }
    let sha256 = command::sha256(name, file)?;
    // Another architecture's build of the same version is another file; the package client has
    // authenticated it.
    let comparable =
        description.version == package.version && description.architecture == package.architecture;
    if comparable && sha256 != package.sha256 {
        return Err(FetchError::Checksum {
            package: name.clone(),
            version: description.version,
            got: sha256,
            expected: package.sha256.clone(),
        });
    }
    Ok(Record {
        requested_version: package.version.clone(),
        version: description.version,
        architecture: description.architecture,
        sha256,
        absent: BTreeSet::new(),
    })
}

/// Extracts the listed tracks into `tree`, those in zip archives too.
fn extract(
    package: &Package,
    file: &Path,
    partial: &Path,
    tree: &Path,
) -> Result<Extraction, FetchError> {
    let name = &package.name;
    let mut plain: BTreeSet<&str> = BTreeSet::new();
    let mut archives: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for track in package.tracks() {
        match track.path.split_once(ARCHIVE_SEPARATOR) {
            Some((archive, member)) => archives.entry(archive).or_default().push(member),
            None => _ = plain.insert(track.path),
        }
    }
    let list = partial.join("members");
    let members: String = plain
        .iter()
        .chain(archives.keys())
        .map(|path| format!("./{path}\n"))
        .collect();
    fs::write(&list, members).map_err(cache_error(name, "write", &list))?;
    let mut extraction = command::extract_members(name, file, &list, tree)?;

    for (archive, members) in archives {
        let inside = tree.join(archive);
        if !is_plain_file(&inside) {
            continue; // another version; its tracks are reported as missing
        }
        let outside = partial.join("archive.zip");
        fs::rename(&inside, &outside).map_err(cache_error(name, "move", &inside))?;
        let folder = tree.join(format!("{archive}!"));
        create_dir(name, &folder)?;
        if let Extraction::Partial(error) =
            command::unzip_members(name, &outside, &members, &folder)?
        {
            extraction = Extraction::Partial(error);
        }
        fs::remove_file(&outside).map_err(cache_error(name, "remove", &outside))?;
    }
    Ok(extraction)
}

/// Moves the finished tree to its place in the cache, over an incomplete one.
fn deliver(
    package: &Package,
    record: &Record,
    tree: &Path,
    cache_dir: &Path,
) -> Result<(), FetchError> {
    let name = &package.name;
    let record_path = tree.join(RECORD_NAME);
    let write = |path: &Path| -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(record)?;
        text.push(b'\n');
        fs::write(path, text)
    };
    write(&record_path).map_err(cache_error(name, "write", &record_path))?;
    let place = package.folder(cache_dir);
    remove_dir(name, &place)?;
    if let Some(parent) = place.parent() {
        create_dir(name, parent)?;
    }
    fs::rename(tree, &place).map_err(cache_error(name, "move into place", &place))
}

/// A file and not a link: a link in a package could point anywhere on this machine.
pub(super) fn is_plain_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

pub(super) fn create_dir(package: &str, path: &Path) -> Result<(), FetchError> {
    fs::create_dir_all(path).map_err(cache_error(package, "create", path))
}

pub(super) fn remove_dir(package: &str, path: &Path) -> Result<(), FetchError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(cache_error(package, "remove", path)(error))
        }
        _ => Ok(()),
    }
}
