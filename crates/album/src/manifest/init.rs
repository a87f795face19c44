//! A first manifest of a folder: order, titles and codes from names and tags, pieces that run through several
//! files found by their seams.

use std::path::{Path, PathBuf};

use acetate_io::{Depth, is_own_master, masters_in};

use super::fields::{AlbumFields, Manifest, TrackFields};
use super::seam;
use super::tags::Said;
use crate::error::AlbumError;

/// A first manifest, and what a person should look at.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The manifest.
    pub manifest: Manifest,
    /// One sentence each.
    pub notes: Vec<String>,
}

/// Reads a folder's sound files (not those in folders of it, and no masters of ours) as an album.
///
/// # Errors
/// [`AlbumError`]: there are none, or one cannot be opened.
pub fn manifest_of_folder(folder: &Path) -> Result<Draft, AlbumError> {
    let files = songs_in(folder)?;
    let mut songs: Vec<(PathBuf, Said)> = files
        .into_iter()
        .map(|path| {
            let said = Said::of(&path);
            (path, said)
        })
        .collect();
    let mut notes = Vec::new();
    notes.extend(in_order(&mut songs));
    let mut tracks = Vec::new();
    let artist = common(&songs, |said| said.album_artist.clone())
        .or_else(|| common(&songs, |said| said.artist.clone()))
        .unwrap_or_default();
    for (place, (path, said)) in songs.iter().enumerate() {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let before = place.checked_sub(1).and_then(|before| songs.get(before));
        let join = match before {
            Some((before, _)) => seam::runs_through(before, path)?,
            None => false,
        };
        if join {
            notes.push(format!(
                "{}: goes on where the song before ends: join = true",
                path.display()
            ));
        }
        notes.extend(said.wrong.iter().cloned());
        tracks.push(TrackFields {
            file: PathBuf::from(name),
            title: said.title.clone(),
            artist: said.artist.clone().filter(|own| *own != artist),
            isrc: said.isrc.clone(),
            join,
            ..TrackFields::default()
        });
    }
    let folder_name = folder.canonicalize().ok().and_then(|path| {
        let name = path.file_name()?;
        Some(name.to_string_lossy().into_owned())
    });
    let album = AlbumFields {
        title: common(&songs, |said| said.album.clone())
            .or(folder_name)
            .unwrap_or_default(),
        artist,
        upc: common(&songs, |said| said.upc.clone()),
        date: common(&songs, |said| said.date.clone()),
        genre: common(&songs, |said| said.genre.clone()),
        label: common(&songs, |said| said.label.clone()),
        copyright: common(&songs, |said| said.copyright.clone()),
        catalog_number: common(&songs, |said| said.catalog_number.clone()),
        cover: cover_in(folder),
        ..AlbumFields::default()
    };
    Ok(Draft {
        manifest: Manifest {
            album,
            tracks,
            ..Manifest::default()
        },
        notes,
    })
}

/// Where a song stands, by one way to tell it; `None` if that tells nothing.
type Place = fn(&Said) -> Option<(u32, u32)>;

/// Puts songs into the first order that tells a place of its own for each of them: that of the tags, of the names, of either;
/// else they stay in the order of their names. Returns a sentence if there are tags and they have no say.
fn in_order(songs: &mut [(PathBuf, Said)]) -> Option<String> {
    let by_tags: Place = |said| Some((said.disc.unwrap_or(1), said.tagged_number?));
    let by_names: Place = |said| Some((1, said.named_number?));
    let by_either: Place = |said| {
        Some((
            said.disc.unwrap_or(1),
            said.tagged_number.or(said.named_number)?,
        ))
    };
    let is_order = |place: &Place| {
        let mut places: Vec<_> = songs.iter().map(|(_, said)| place(said)).collect();
        places.sort_unstable();
        places.iter().all(Option::is_some) && places.windows(2).all(|pair| pair[0] != pair[1])
    };
    let orders = [(by_tags, true), (by_names, false), (by_either, true)];
    let order = orders.into_iter().find(|(place, _)| is_order(place));
    if let Some((place, _)) = order {
        songs.sort_by_key(|(_, said)| place(said));
    }
    let tags_count = order.is_some_and(|(_, tags_count)| tags_count);
    let is_tagged = songs.iter().any(|(_, said)| said.tagged_number.is_some());
    (is_tagged && !tags_count).then(|| {
        "the track numbers of the tags are not one for each song: the order is that of the file names; see that it is \
         the one you want"
            .to_owned()
    })
}

/// Named files as an album, in their order.
///
/// # Errors
/// [`AlbumError`] if one cannot be opened.
pub(crate) fn manifest_of_files(files: &[PathBuf]) -> Result<Draft, AlbumError> {
    let mut draft = Draft::default();
    for (place, path) in files.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| files.get(before));
        let join = match before {
            Some(before) => seam::runs_through(before, path)?,
            None => false,
        };
        if join {
            let note = format!("{}: goes on where the song before ends", path.display());
            draft.notes.push(note);
        }
        draft.manifest.tracks.push(TrackFields {
            file: path.clone(),
            title: Said::of(path).title,
            join,
            ..TrackFields::default()
        });
    }
    Ok(draft)
}

/// The sound files that lie in a folder itself, without masters of ours.
fn songs_in(folder: &Path) -> Result<Vec<PathBuf>, AlbumError> {
    let all = masters_in(folder, Depth::Top)?;
    let paths = all.into_iter().map(|file| file.path);
    let songs: Vec<PathBuf> = paths.filter(|path| !is_own_master(path)).collect();
    if songs.is_empty() {
        return Err(AlbumError::plan(
            folder.display().to_string(),
            "a folder with the songs of an album in it",
            "none",
            "songs in folders of it are not read: name the folder that holds them",
        ));
    }
    Ok(songs)
}

/// What all songs that say it agree on.
fn common<T: PartialEq>(songs: &[(PathBuf, Said)], of: impl Fn(&Said) -> Option<T>) -> Option<T> {
    let mut said = songs.iter().filter_map(|(_, said)| of(said));
    let first = said.next()?;
    said.all(|other| other == first).then_some(first)
}

/// A picture that is plainly the front.
fn cover_in(folder: &Path) -> Option<PathBuf> {
    let stems = ["cover", "front", "folder"];
    let endings = ["jpg", "jpeg", "png"];
    let mut names = stems
        .iter()
        .flat_map(|stem| endings.iter().map(move |ending| format!("{stem}.{ending}")));
    names
        .find(|name| folder.join(name).is_file())
        .map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(songs: &[(&str, Option<u32>, Option<u32>)]) -> (Vec<String>, bool) {
        let mut all: Vec<(PathBuf, Said)> = songs
            .iter()
            .map(|&(name, tagged_number, named_number)| {
                let said = Said {
                    tagged_number,
                    named_number,
                    ..Said::default()
                };
                (PathBuf::from(name), said)
            })
            .collect();
        let note = in_order(&mut all);
        let names = all.iter().map(|(path, _)| path.display().to_string());
        (names.collect(), note.is_some())
    }

    #[test]
    fn tags_that_number_each_song_once_are_the_order() {
        let songs = [("01 a", Some(2), Some(1)), ("02 b", Some(1), Some(2))];
        assert_eq!(
            ordered(&songs),
            (vec!["02 b".to_owned(), "01 a".to_owned()], false)
        );
    }

    #[test]
    fn tags_that_number_two_songs_alike_give_way_to_the_names_and_it_is_said() {
        let songs = [
            ("01 a", Some(1), Some(1)),
            ("02 b", None, Some(2)),
            ("03 c", Some(1), Some(3)),
        ];
        let (names, is_said) = ordered(&songs);
        assert_eq!(names, ["01 a", "02 b", "03 c"]);
        assert!(is_said);
        let unnumbered = [("a", Some(3), None), ("b", Some(3), None)];
        assert_eq!(
            ordered(&unnumbered),
            (vec!["a".to_owned(), "b".to_owned()], true)
        );
    }
}
