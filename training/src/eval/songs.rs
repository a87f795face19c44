//! What is evaluated: the songs of a split, of a folder, or pairs of mix and master.

use std::path::{Path, PathBuf};

use super::EvalError;
use crate::corpus::TrackFile;
use crate::datasets::{Datasets, Split, Tier};

/// File names that end so are taken for songs.
const EXTENSIONS: [&str; 12] = [
    "aif", "aiff", "caf", "flac", "m4a", "mp3", "oga", "ogg", "rf64", "wav", "wave", "mp4",
];
/// Folders nested deeper than this are not searched.
const MAX_DEPTH: usize = 16;

/// One finished song.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Song {
    /// Name in reports: the path below the folder or in the package.
    pub name: String,
    /// Album: songs of one album are resampled together.
    pub album: String,
    /// The file.
    pub path: PathBuf,
}

/// A mix and the master that was made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Name in reports.
    pub name: String,
    /// Album.
    pub album: String,
    /// The unmastered mix.
    pub mix: PathBuf,
    /// The finished master.
    pub master: PathBuf,
}

/// The finished masters of a split, tiers A and B, as files of a cache, which may lack some.
pub fn files_of_split(datasets: &Datasets, split: Split, cache: &Path) -> Vec<TrackFile> {
    datasets
        .masters_of(split)
        .filter(|track| matches!(track.tier, Tier::A | Tier::B))
        .map(|track| TrackFile::of(&track, split, cache))
        .collect()
}

/// The songs of a split; those that are not in the cache apart.
pub fn songs_of_split(
    datasets: &Datasets,
    split: Split,
    cache: &Path,
) -> (Vec<Song>, Vec<PathBuf>) {
    let mut missing = Vec::new();
    let mut songs = Vec::new();
    let audio = cache.join("audio");
    for file in files_of_split(datasets, split, cache) {
        if file.path.exists() {
            songs.push(Song {
                name: name_below(&file.path, &audio),
                album: file.group,
                path: file.path,
            });
        } else {
            missing.push(file.path);
        }
    }
    (songs, missing)
}

/// Every song in a folder and its sub-folders, in the order of their names. The first sub-folder is
/// the album; a song that lies in none is an album of its own.
///
/// # Errors
/// [`EvalError`] when the folder cannot be read or holds no song.
pub fn songs_in(folder: &Path) -> Result<Vec<Song>, EvalError> {
    let mut paths = Vec::new();
    collect(folder, 0, &mut paths)?;
    paths.sort();
    if paths.is_empty() {
        return Err(EvalError::NoSongs {
            path: folder.to_owned(),
            extensions: EXTENSIONS.join(", "),
        });
    }
    Ok(paths
        .into_iter()
        .map(|path| {
            let name = name_below(&path, folder);
            Song {
                album: match name.split_once('/') {
                    Some((album, _)) => album.to_owned(),
                    None => name.clone(),
                },
                name,
                path,
            }
        })
        .collect())
}

fn name_below(path: &Path, folder: &Path) -> String {
    let below = path.strip_prefix(folder).unwrap_or(path);
    below.to_string_lossy().into_owned()
}

fn collect(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>) -> Result<(), EvalError> {
    let failed = |source| EvalError::Read {
        path: folder.to_owned(),
        source,
    };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            if depth < MAX_DEPTH {
                collect(&path, depth + 1, paths)?;
            }
        } else if is_song(&path) {
            paths.push(path);
        }
    }
    Ok(())
}

fn is_song(path: &Path) -> bool {
    path.extension()
        .map(|extension| extension.to_string_lossy().to_lowercase())
        .is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

/// Reads a table of pairs: comma-separated, a heading with `mix`, `master` and `album`, paths
/// relative to the file.
///
/// # Errors
/// [`EvalError`] naming the file and the line.
pub fn pairs_in(csv: &Path) -> Result<Vec<Pair>, EvalError> {
    let text = std::fs::read_to_string(csv).map_err(|source| EvalError::Read {
        path: csv.to_owned(),
        source,
    })?;
    let wrong = |line: usize, what: String| EvalError::Csv {
        path: csv.to_owned(),
        line: line + 1,
        what,
    };
    let folder = csv.parent().unwrap_or(Path::new(""));
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let heading = lines
        .next()
        .map(|(_, line)| fields(line))
        .unwrap_or_default();
    let column = |name: &str| {
        heading
            .iter()
            .position(|field| field == name)
            .ok_or_else(|| {
                wrong(
                    0,
                    format!("expected the columns mix, master and album, found {heading:?}"),
                )
            })
    };
    let (mix, master, album) = (column("mix")?, column("master")?, column("album")?);
    let pairs: Vec<Pair> = lines
        .map(|(number, line)| {
            let fields = fields(line);
            if fields.len() != heading.len() {
                let (expected, found) = (heading.len(), fields.len());
                return Err(wrong(
                    number,
                    format!("expected {expected} fields, found {found}"),
                ));
            }
            Ok(Pair {
                name: fields[master].clone(),
                album: fields[album].clone(),
                mix: folder.join(&fields[mix]),
                master: folder.join(&fields[master]),
            })
        })
        .collect::<Result<_, _>>()?;
    if pairs.is_empty() {
        return Err(wrong(
            0,
            "expected at least one pair, found none".to_owned(),
        ));
    }
    Ok(pairs)
}

/// The fields of a line (RFC 4180, without line breaks inside fields).
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.trim_end_matches('\r').chars().peekable();
    while let Some(character) = characters.next() {
        let last = fields.len() - 1;
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                fields[last].push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => fields[last].push(other),
        }
    }
    for field in &mut fields {
        *field = field.trim().to_owned();
    }
    fields
}

/// At most `count` items, evenly spread over all.
pub fn spread<T>(items: Vec<T>, count: Option<usize>) -> Vec<T> {
    let total = items.len();
    let Some(count) = count.filter(|count| *count < total) else {
        return items;
    };
    let picks: Vec<usize> = (0..count)
        .map(|k| (2 * k + 1) * total / (2 * count))
        .collect();
    items
        .into_iter()
        .enumerate()
        .filter(|(index, _)| picks.contains(index))
        .map(|(_, item)| item)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_spreadsheets_write_them() {
        assert_eq!(fields("a,b ,c\r"), ["a", "b", "c"]);
        assert_eq!(
            fields("\"a, b\",\"say \"\"c\"\"\","),
            ["a, b", "say \"c\"", ""]
        );
    }

    #[test]
    fn a_subset_is_spread_evenly() {
        assert_eq!(spread((0..10).collect(), Some(2)), [2, 7]);
        assert_eq!(spread((0..3).collect(), Some(9)), [0, 1, 2]);
        assert_eq!(spread((0..3).collect(), None), [0, 1, 2]);
    }
}
