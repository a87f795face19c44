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
    // Where each has a number, the numbers are the order; else the names are.
    if songs.iter().all(|(_, said)| said.number.is_some()) {
        songs.sort_by_key(|(_, said)| (said.disc.unwrap_or(1), said.number));
    }
    let mut notes = Vec::new();
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
