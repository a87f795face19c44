//! The catalog as training sees it: measured songs, each once.

use std::collections::HashSet;
use std::path::Path;

use super::RetrainError;
use crate::corpus::{Track, TrackFile};
use crate::datasets::{Datasets, Split};
use crate::pair::Pair;
use crate::run::{Observer, measure_files, public_files};
use acetate_io::Depth;
use acetate_io::pairs_list::{self, ListError};

/// A mix and its master differ by less than this, or they are two songs, dB RMS.
const MAX_DIFFERENCE_DB: f64 = 12.0;

/// The user's songs.
#[derive(Clone, Debug, Default)]
pub struct Songs {
    /// Finished masters, those of pairs included.
    pub masters: Vec<Track>,
    /// The pairs, in the order of their masters; empty where only masters were given.
    pub pairs: Vec<Pair>,
}

/// Measures the masters in a folder. Files that cannot be used are left out with a warning.
///
/// # Errors
/// [`RetrainError`] where the folder cannot be used.
pub fn masters(
    folder: &Path,
    cache: &Path,
    observer: &dyn Observer,
) -> Result<Songs, RetrainError> {
    let files: Vec<TrackFile> = acetate_io::masters_in(folder, Depth::Whole)?
        .into_iter()
        .map(|file| track_file(file.album, &file.path))
        .collect();
    let (tracks, errors) = measure_files(&files, cache, observer)?;
    for error in &errors {
        observer.warn(&format!("left out: {error}"));
    }
    let mut known = HashSet::new();
    let (masters, doubles): (Vec<Track>, Vec<Track>) = tracks
        .into_iter()
        .partition(|track| known.insert(content(track)));
    for double in doubles {
        observer.warn(&format!(
            "left out: {}/{}: the same music as another file",
            double.group, double.name
        ));
    }
    Ok(Songs {
        masters,
        pairs: Vec::new(),
    })
}

/// Measures the pairs of a list. A pair that cannot be used is an error: it was asked for by name.
///
/// # Errors
/// [`RetrainError`] naming the list and the line.
pub fn pairs(list: &Path, cache: &Path, observer: &dyn Observer) -> Result<Songs, RetrainError> {
    let rows = pairs_list::read(list)?;
    let files: Vec<TrackFile> = rows
        .iter()
        .flat_map(|row| [&row.mix, &row.master].map(|path| track_file(row.album.clone(), path)))
        .collect();
    let (tracks, errors) = measure_files(&files, cache, observer)?;
    if let Some(error) = errors.into_iter().next() {
        return Err(error.into());
    }
    let mut songs = Songs::default();
    let mut known = HashSet::new();
    let mut tracks = tracks.into_iter();
    for row in rows {
        let (Some(mix), Some(master)) = (tracks.next(), tracks.next()) else {
            break;
        };
        let refused = |expected: &str, found: String| ListError::Line {
            path: list.to_owned(),
            line: row.line,
            expected: expected.to_owned(),
            found,
        };
        if !known.insert(content(&master)) {
            let expected = "each master once";
            return Err(refused(expected, row.master.display().to_string()).into());
        }
        let pair = Pair::new(mix, master);
        let difference_db = pair.severity_db();
        if difference_db > MAX_DIFFERENCE_DB {
            let found = format!("spectra that differ by {difference_db:.1} dB RMS");
            return Err(refused("a mix and the master of the same song", found).into());
        }
        songs.masters.push(pair.master.clone());
        songs.pairs.push(pair);
    }
    Ok(songs)
}

/// Public masters of a split that the cache holds, without those that the user has as well.
///
/// # Errors
/// [`RetrainError`] where the cache cannot be used.
pub fn public(
    datasets: Option<&Datasets>,
    split: Split,
    own: &Songs,
    cache: &Path,
    observer: &dyn Observer,
) -> Result<Vec<Track>, RetrainError> {
    let Some(datasets) = datasets else {
        return Ok(Vec::new());
    };
    let files = public_files(datasets, cache, &[split]);
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let (tracks, errors) = measure_files(&files, cache, observer)?;
    if let Some(first) = errors.first() {
        observer.warn(&format!(
            "{} of {} public masters are left out; the first: {first}",
            errors.len(),
            files.len()
        ));
    }
    let known: HashSet<_> = own.masters.iter().map(content).collect();
    Ok(tracks
        .into_iter()
        .filter(|track| !known.contains(&content(track)))
        .collect())
}

fn track_file(album: String, path: &Path) -> TrackFile {
    TrackFile {
        group: album,
        split: Split::Train,
        genre: None,
        vocals: None,
        path: path.to_owned(),
    }
}

/// The long-term spectrum to the last bit: two files with the same one are the same music.
fn content(track: &Track) -> Vec<u32> {
    track
        .features
        .pooled_db
        .iter()
        .map(|level| level.to_bits())
        .collect()
}
