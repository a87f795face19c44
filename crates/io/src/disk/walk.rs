//! The sound files in a folder, for batches, albums, retraining, evaluation and references: an album is a folder,
//! what lies in the top folder itself is the album `.`.

use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Extensions of what can be decoded, in lower case.
const EXTENSIONS: [&str; 15] = [
    "aac", "aif", "aifc", "aiff", "bw64", "caf", "flac", "m4a", "mp3", "mp4", "oga", "ogg", "rf64",
    "wav", "wave",
];

/// Why a folder is refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WalkError {
    /// A folder cannot be read.
    #[error("{path}: cannot read the folder: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No audio in the folder.
    #[error("{path}: expected finished masters ({extensions}), found none")]
    NoMasters {
        /// The folder.
        path: PathBuf,
        /// What was looked for.
        extensions: String,
    },
}

/// How deep a folder is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The files that lie in the folder itself; its folders are not looked into.
    Top,
    /// Those of all folders below it too.
    Whole,
}

/// A master in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterFile {
    /// Its folder, relative to the top; `.` for the top itself.
    pub album: String,
    /// The file.
    pub path: PathBuf,
}

/// Whether a name is one that we give: `song.master.wav`, or a variant of it.
pub fn is_own_master(path: &Path) -> bool {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    name.to_lowercase()
        .split('.')
        .skip(1)
        .any(|part| part == "master")
}

/// Every audio file in a folder, in a fixed order. Hidden files and folders are passed over,
/// links to folders are not followed.
///
/// # Errors
/// [`WalkError`] if a folder cannot be read, or there is nothing in it.
pub fn masters_in(folder: &Path, depth: Depth) -> Result<Vec<MasterFile>, WalkError> {
    let mut masters = Vec::new();
    collect(folder, folder, depth, &mut masters)?;
    if masters.is_empty() {
        return Err(WalkError::NoMasters {
            path: folder.to_owned(),
            extensions: EXTENSIONS.join(", "),
        });
    }
    masters.sort_by(|a, b| (&a.album, &a.path).cmp(&(&b.album, &b.path)));
    Ok(masters)
}

fn collect(
    folder: &Path,
    top: &Path,
    depth: Depth,
    masters: &mut Vec<MasterFile>,
) -> Result<(), WalkError> {
    let album = match folder.strip_prefix(top) {
        Ok(inner) if inner != Path::new("") => inner.to_string_lossy(),
        _ => ".".into(),
    };
    let failed = |source| WalkError::Folder {
        path: folder.to_owned(),
        source,
    };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let (name, path) = (entry.file_name(), entry.path());
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            if depth == Depth::Whole {
                collect(&path, top, depth, masters)?;
            }
        } else if has_sound_name(&path) {
            masters.push(MasterFile {
                album: album.to_string(),
                path,
            });
        }
    }
    Ok(())
}

/// Whether a name ends as those of sound files do.
pub fn has_sound_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        let extension = extension.to_string_lossy().to_lowercase();
        EXTENSIONS.contains(&extension.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_albums_and_only_audio_counts() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        for name in [
            "b/2.FLAC",
            "b/1.wav",
            "top.mp3",
            "a/cd 1/x.ogg",
            ".hidden/x.wav",
            "b/._1.wav",
            "b/cover.jpg",
        ] {
            let path = top.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        let found = |depth| -> Vec<(String, PathBuf)> {
            let files = masters_in(top, depth).unwrap().into_iter();
            let below = |path: PathBuf| path.strip_prefix(top).unwrap().to_owned();
            files.map(|file| (file.album, below(file.path))).collect()
        };
        let expected = [
            (".", "top.mp3"),
            ("a/cd 1", "a/cd 1/x.ogg"),
            ("b", "b/1.wav"),
            ("b", "b/2.FLAC"),
        ];
        let expected = expected.map(|(album, path)| (album.to_owned(), path.into()));
        assert_eq!(found(Depth::Whole), expected);
        assert_eq!(found(Depth::Top), expected[..1]);
    }

    #[test]
    fn a_folder_without_music_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = masters_in(folder.path(), Depth::Whole);
        let error = error.unwrap_err().to_string();
        assert!(error.contains(&*folder.path().to_string_lossy()), "{error}");
        assert!(masters_in(&folder.path().join("missing"), Depth::Whole).is_err());
    }

    #[test]
    fn a_catalog_of_more_than_10_000_files_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let count = 10_001;
        for number in 0..count {
            fs::write(folder.path().join(format!("{number}.wav")), b"").unwrap();
        }
        let found = masters_in(folder.path(), Depth::Top).unwrap();
        assert_eq!(found.len(), count);
    }
}
