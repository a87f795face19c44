//! The finished masters in a folder, for retraining, evaluation and references: an album is a folder, what lies
//! in the top folder itself is the album `.`.

use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Extensions of what can be decoded, in lower case.
const EXTENSIONS: [&str; 15] = [
    "aac", "aif", "aifc", "aiff", "bw64", "caf", "flac", "m4a", "mp3", "mp4", "oga", "ogg", "rf64",
    "wav", "wave",
];
/// More masters than this are refused.
const MAX_MASTERS: usize = 10_000;

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
    /// More files than are read.
    #[error("{path}: expected at most {limit} masters, found more")]
    TooMany {
        /// The folder.
        path: PathBuf,
        /// Most files.
        limit: usize,
    },
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

/// Every audio file below a folder, in a fixed order. Hidden files and folders are passed over,
/// links to folders are not followed.
///
/// # Errors
/// [`WalkError`] where a folder cannot be read, or has nothing or too much in it.
pub fn masters_in(folder: &Path) -> Result<Vec<MasterFile>, WalkError> {
    let mut masters = Vec::new();
    collect(folder, ".", folder, &mut masters)?;
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
    album: &str,
    top: &Path,
    masters: &mut Vec<MasterFile>,
) -> Result<(), WalkError> {
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
            let inner = path.strip_prefix(top).unwrap_or(&path);
            collect(&path, &inner.to_string_lossy(), top, masters)?;
        } else if has_sound_name(&path) {
            if masters.len() == MAX_MASTERS {
                return Err(WalkError::TooMany {
                    path: top.to_owned(),
                    limit: MAX_MASTERS,
                });
            }
            masters.push(MasterFile {
                album: album.to_owned(),
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
        let found: Vec<(String, PathBuf)> = masters_in(top)
            .unwrap()
            .into_iter()
            .map(|file| (file.album, file.path.strip_prefix(top).unwrap().to_owned()))
            .collect();
        let expected = [
            (".", "top.mp3"),
            ("a/cd 1", "a/cd 1/x.ogg"),
            ("b", "b/1.wav"),
            ("b", "b/2.FLAC"),
        ];
        assert_eq!(
            found,
            expected.map(|(album, path)| (album.to_owned(), path.into()))
        );
    }

    #[test]
    fn a_folder_without_music_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = masters_in(folder.path()).unwrap_err().to_string();
        assert!(error.contains(&*folder.path().to_string_lossy()), "{error}");
        assert!(masters_in(&folder.path().join("missing")).is_err());
    }
}
