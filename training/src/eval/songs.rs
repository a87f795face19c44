//! What is evaluated: the songs of a split, of a folder, or pairs of mix and master.

use std::path::{Path, PathBuf};

use super::EvalError;
use super::music::Music;
use crate::corpus::TrackFile;
use crate::datasets::{Datasets, Split, Tier, Track};
use acetate_io::pairs_list::{self, ListError};
use acetate_io::{Depth, MasterFile, masters_in};

/// One finished song.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Song {
    /// Name in reports: the path below the folder or in the package.
    pub name: String,
    /// Album: songs of one album are resampled together.
    pub album: String,
    /// What kind of music it is.
    pub music: Music,
    /// The file.
    pub path: PathBuf,
    /// Another song of its album, where there is one.
    pub reference: Option<PathBuf>,
    /// A song of another album, or else another one of its own.
    pub other: Option<PathBuf>,
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
    masters_of_split(datasets, split)
        .map(|track| TrackFile::of(&track, split, cache))
        .collect()
}

fn masters_of_split(datasets: &Datasets, split: Split) -> impl Iterator<Item = Track<'_>> {
    datasets
        .masters_of(split)
        .filter(|track| matches!(track.tier, Tier::A | Tier::B))
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
    for track in masters_of_split(datasets, split) {
        let file = TrackFile::of(&track, split, cache);
        if file.path.exists() {
            songs.push(Song {
                name: name_below(&file.path, &audio),
                album: file.group,
                music: Music::of(&track),
                path: file.path,
                reference: None,
                other: None,
            });
        } else {
            missing.push(file.path);
        }
    }
    (with_companions(songs), missing)
}

/// Gives each song another one of its album, the next in order, and one of another album.
fn with_companions(mut songs: Vec<Song>) -> Vec<Song> {
    let count = songs.len();
    let next = |of: usize, wanted: &dyn Fn(&Song) -> bool| {
        let others = (1..count).map(|step| &songs[(of + step) % count]);
        others
            .into_iter()
            .find(|song| wanted(song))
            .map(|song| song.path.clone())
    };
    let companions: Vec<_> = songs
        .iter()
        .enumerate()
        .map(|(at, song)| {
            let reference = next(at, &|other| other.album == song.album);
            let other = next(at, &|other| other.album != song.album);
            (reference.clone(), other.or(reference))
        })
        .collect();
    for (song, (reference, other)) in songs.iter_mut().zip(companions) {
        song.reference = reference;
        song.other = other;
    }
    songs
}

/// Every song below a folder, in a fixed order. An album is a folder of the top one; a song that lies there
/// itself is its own.
///
/// # Errors
/// [`EvalError`] when the folder cannot be read or holds no song.
pub fn songs_in(folder: &Path) -> Result<Vec<Song>, EvalError> {
    let masters = masters_in(folder, Depth::Whole)?;
    let songs = masters.into_iter().map(|MasterFile { path, .. }| {
        let name = name_below(&path, folder);
        let album = name.split_once('/').map_or(&*name, |(album, _)| album);
        Song {
            album: album.to_owned(),
            name,
            music: Music::Own,
            path,
            reference: None,
            other: None,
        }
    });
    Ok(with_companions(songs.collect()))
}

fn name_below(path: &Path, folder: &Path) -> String {
    let below = path.strip_prefix(folder).unwrap_or(path);
    below.to_string_lossy().into_owned()
}

/// Reads a list of pairs: see [`pairs_list`].
///
/// # Errors
/// [`EvalError`] naming the file and the line.
pub fn pairs_in(list: &Path) -> Result<Vec<Pair>, EvalError> {
    let folder = list.parent().unwrap_or(Path::new(""));
    let files = pairs_list::read(list)?;
    if files.is_empty() {
        return Err(EvalError::List(ListError::Line {
            path: list.to_owned(),
            line: 2,
            expected: "at least one pair".to_owned(),
            found: "none".to_owned(),
        }));
    }
    Ok(files
        .into_iter()
        .map(|files| Pair {
            name: name_below(&files.master, folder),
            album: files.album,
            mix: files.mix,
            master: files.master,
        })
        .collect())
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
    fn companions_come_from_the_album_and_from_another_one() {
        let song = |album: &str, name: &str| Song {
            name: name.to_owned(),
            album: album.to_owned(),
            music: Music::Own,
            path: name.into(),
            reference: None,
            other: None,
        };
        let companions = |songs: Vec<Song>| -> Vec<(Option<PathBuf>, Option<PathBuf>)> {
            let songs = with_companions(songs).into_iter();
            songs.map(|song| (song.reference, song.other)).collect()
        };
        let path = |name: &str| Some(PathBuf::from(name));
        assert_eq!(
            companions(vec![song("a", "1"), song("a", "2"), song("b", "3")]),
            [
                (path("2"), path("3")),
                (path("1"), path("3")),
                (None, path("1"))
            ]
        );
        assert_eq!(
            companions(vec![song("a", "1"), song("a", "2")]),
            [(path("2"), path("2")), (path("1"), path("1"))]
        );
        assert_eq!(companions(vec![song("a", "1")]), [(None, None)]);
    }

    #[test]
    fn a_subset_is_spread_evenly() {
        assert_eq!(spread((0..10).collect(), Some(2)), [2, 7]);
        assert_eq!(spread((0..3).collect(), Some(9)), [0, 1, 2]);
        assert_eq!(spread((0..3).collect(), None), [0, 1, 2]);
    }
}
