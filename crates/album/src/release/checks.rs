//! What can be known to fail is refused before any work.

use std::collections::HashMap;
use std::path::Path;

use acetate_dsp::stream::{MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
use acetate_dsp::units::clock;
use acetate_io::read_bounded;

use super::deliverable::Deliverable;
use super::pieces::{Cover, MAX_SONGS, Piece, Release, Song};
use crate::error::AlbumError;
use crate::manifest::{AlbumFields, TrackFields};

/// Longest pause, fade or crossfade, seconds.
const MAX_LENGTH_S: f64 = 60.0;
/// Largest cover: a block of a FLAC header holds 16 MiB, and shops take at most 10 to 20 MB, bytes.
const MAX_COVER_BYTES: u64 = 15 << 20;
/// Most that a song may be louder or softer than the album would have it, LU.
const MAX_OFFSET_LU: f64 = 20.0;
/// What a CD holds by its standard's tolerance: 79:57.
const MAX_CD_S: f64 = 79.0 * 60.0 + 57.0;
/// Shortest track of a CD, seconds.
const MIN_CD_TRACK_S: f64 = 4.0;
/// Most tracks of a CD.
const MAX_CD_TRACKS: usize = 99;

/// The picture of the front.
pub(super) fn cover(fields: &AlbumFields, folder: &Path) -> Result<Option<Cover>, AlbumError> {
    let Some(name) = &fields.cover else {
        return Ok(None);
    };
    let path = folder.join(name);
    let bytes = std::fs::metadata(&path).map(|metadata| metadata.len());
    if let Ok(bytes) = bytes
        && bytes > MAX_COVER_BYTES
    {
        return Err(AlbumError::plan(
            path.display().to_string(),
            format!("a cover of at most {} MB", MAX_COVER_BYTES >> 20),
            format!("{:.1} MB", bytes as f64 / f64::from(1 << 20)),
            "save it smaller: 3000 x 3000 pixels as JPEG are enough for every shop",
        ));
    }
    let data = read_bounded(&path, MAX_COVER_BYTES)?;
    let mime = match data.as_slice() {
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        _ => {
            return Err(AlbumError::plan(
                path.display().to_string(),
                "a cover in JPEG or PNG",
                "a file of another kind",
                "",
            ));
        }
    };
    Ok(Some(Cover { mime, data }))
}

/// What the tables say, before any file is opened.
pub(super) fn tracks(tracks: &[TrackFields]) -> Result<(), AlbumError> {
    if tracks.is_empty() {
        return Err(AlbumError::plan(
            "the album",
            "at least one [[track]]",
            "none",
            "`acetate album init FOLDER` writes a first album.toml",
        ));
    }
    if tracks.len() > MAX_SONGS {
        return Err(AlbumError::plan(
            "the album",
            format!("at most {MAX_SONGS} tracks"),
            tracks.len().to_string(),
            "make an album of each disc",
        ));
    }
    let mut codes = HashMap::new();
    for (place, track) in tracks.iter().enumerate() {
        let number = place + 1;
        let name = format!("track {number} ({})", track.file.display());
        if track.file.as_os_str().is_empty() {
            return Err(AlbumError::plan(name, "a file", "none", ""));
        }
        if let Some(code) = &track.isrc
            && let Some(other) = codes.insert(code.clone(), number)
        {
            return Err(AlbumError::plan(
                name,
                "an ISRC of its own",
                format!("{}, which track {other} has", code.as_str()),
                "every recording has another code",
            ));
        }
        lengths(track, &name)?;
        transition(track, place == 0, &name)?;
    }
    Ok(())
}

/// Lengths within their ranges.
fn lengths(track: &TrackFields, name: &str) -> Result<(), AlbumError> {
    let fields = [
        ("gap_s", track.gap_s, MAX_LENGTH_S),
        ("crossfade_s", track.crossfade_s, MAX_LENGTH_S),
        ("fade_in_s", track.fade_in_s, MAX_LENGTH_S),
        ("fade_out_s", track.fade_out_s, MAX_LENGTH_S),
        ("start_s", track.start_s, f64::MAX),
    ];
    for (field, value, most) in fields {
        let Some(value) = value else { continue };
        if !(0.0..=most).contains(&value) {
            return Err(AlbumError::plan(
                format!("{name}: {field}"),
                format!("0 to {most} seconds"),
                value.to_string(),
                "",
            ));
        }
    }
    if let Some(offset_lu) = track.offset_lu
        && offset_lu.is_nan() | (offset_lu.abs() > MAX_OFFSET_LU)
    {
        return Err(AlbumError::plan(
            format!("{name}: offset_lu"),
            format!("-{MAX_OFFSET_LU} to {MAX_OFFSET_LU} LU"),
            offset_lu.to_string(),
            "",
        ));
    }
    Ok(())
}

/// A pause, a crossfade and a piece that goes on exclude each other.
fn transition(track: &TrackFields, is_first: bool, name: &str) -> Result<(), AlbumError> {
    let crossfades = track.crossfade_s.is_some_and(|length_s| length_s > 0.0);
    let said = [
        (track.join, "join"),
        (crossfades, "crossfade_s"),
        (track.gap_s.is_some(), "gap_s"),
    ];
    let said: Vec<&str> = said
        .iter()
        .filter_map(|(is_said, field)| is_said.then_some(*field))
        .collect();
    if said.len() > 1 {
        return Err(AlbumError::plan(
            name,
            "one of join, crossfade_s and gap_s",
            said.join(" and "),
            "",
        ));
    }
    if is_first && (track.join || crossfades) {
        return Err(AlbumError::plan(
            name,
            "a first track that begins by itself",
            said.join(""),
            "there is no song before it",
        ));
    }
    let alone = track.master != crate::manifest::Treatment::default()
        || track.fade_in_s.is_some()
        || track.offset_lu.is_some();
    if track.join && alone {
        return Err(AlbumError::plan(
            name,
            "a track with join that has the treatment of the track before",
            "a treatment, fade_in_s or offset_lu of its own",
            "say it at the first track of the piece",
        ));
    }
    Ok(())
}

/// What is known once every file is open.
pub(super) fn release(release: &Release) -> Result<(), AlbumError> {
    rates_and_channels(release)?;
    for (piece, before) in release.pieces.iter().skip(1).zip(&release.pieces) {
        crossfade(piece, before)?;
    }
    for piece in &release.pieces {
        fades(piece)?;
    }
    let is_disc = |one: &Deliverable| matches!(one, Deliverable::Cd | Deliverable::Ddp);
    if release.deliverables.iter().any(is_disc) {
        cd(release)?;
    }
    if release.deliverables.contains(&Deliverable::Vinyl) {
        sides(release)?;
    }
    Ok(())
}

fn rates_and_channels(release: &Release) -> Result<(), AlbumError> {
    let Some(first) = release.songs().next() else {
        return Ok(());
    };
    if let Some(rate_hz) = release.fields.sample_rate_hz
        && !(MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ).contains(&rate_hz)
    {
        return Err(AlbumError::plan(
            "album.sample_rate_hz",
            format!("{MIN_SAMPLE_RATE_HZ} to {MAX_SAMPLE_RATE_HZ}"),
            rate_hz.to_string(),
            "",
        ));
    }
    for song in release.songs() {
        if release.fields.sample_rate_hz.is_none()
            && song.spec.sample_rate_hz != first.spec.sample_rate_hz
        {
            return Err(AlbumError::plan(
                song.name(),
                format!("{} Hz, as track 1 has", first.spec.sample_rate_hz),
                format!("{} Hz", song.spec.sample_rate_hz),
                "say under [album] what all masters shall have, as sample_rate_hz = 44100",
            ));
        }
        if !release.fields.mono_to_stereo && song.spec.channels != first.spec.channels {
            let word = |channels: usize| if channels == 1 { "mono" } else { "stereo" };
            return Err(AlbumError::plan(
                song.name(),
                format!("{}, as track 1 is", word(first.spec.channels)),
                word(song.spec.channels),
                "say mono_to_stereo = true under [album] to have stereo files of all",
            ));
        }
    }
    for piece in &release.pieces {
        let spec = piece.spec();
        if let Some(song) = piece.songs.iter().find(|song| song.spec != spec) {
            return Err(AlbumError::plan(
                song.name(),
                "the sample rate and channels of the track that it goes on from",
                format!(
                    "{} Hz, {} channels",
                    song.spec.sample_rate_hz, song.spec.channels
                ),
                "convert one of them, or leave join out",
            ));
        }
    }
    Ok(())
}

fn crossfade(piece: &Piece, before: &Piece) -> Result<(), AlbumError> {
    let length_s = piece.crossfade.length_s;
    if length_s == 0.0 {
        return Ok(());
    }
    let duration_s = |piece: &Piece| {
        let frames = piece.frames() as f64;
        frames / f64::from(piece.spec().sample_rate_hz)
    };
    for (song, other) in [(piece, "it"), (before, "the song before")] {
        // The fade before a song ends where the one behind it may begin.
        let taken_s = if std::ptr::eq(song, before) {
            before.crossfade.length_s
        } else {
            0.0
        };
        if length_s + taken_s > duration_s(song) {
            return Err(AlbumError::plan(
                format!("{}: crossfade_s", piece.name()),
                format!(
                    "at most the {:.2} s that {other} lasts",
                    duration_s(song) - taken_s
                ),
                format!("{length_s} s"),
                "make it shorter",
            ));
        }
    }
    Ok(())
}

fn fades(piece: &Piece) -> Result<(), AlbumError> {
    let duration_s = piece.frames() as f64 / f64::from(piece.spec().sample_rate_hz);
    let fades_s = piece.fade_in.length_s + piece.fade_out.length_s;
    if fades_s > duration_s {
        return Err(AlbumError::plan(
            piece.name(),
            format!("fades within its {duration_s:.2} s"),
            format!("{fades_s} s"),
            "make them shorter",
        ));
    }
    Ok(())
}

/// What a CD holds (IEC 60908; 79:57 as pressing plants take it).
fn cd(release: &Release) -> Result<(), AlbumError> {
    if release.song_count() > MAX_CD_TRACKS {
        return Err(AlbumError::plan(
            "cd",
            format!("at most {MAX_CD_TRACKS} tracks"),
            release.song_count().to_string(),
            "make an album of each disc",
        ));
    }
    if let Some(song) = release
        .songs()
        .find(|song| song.duration_s() < MIN_CD_TRACK_S)
    {
        return Err(AlbumError::plan(
            song.name(),
            format!("at least {MIN_CD_TRACK_S} s for a track of a CD"),
            format!("{:.2} s", song.duration_s()),
            "",
        ));
    }
    // Pauses that are not given are at most two seconds.
    let pauses_s: f64 = release.pieces.iter().filter_map(|piece| piece.gap_s).sum();
    let overlaps_s: f64 = release
        .pieces
        .iter()
        .map(|piece| piece.crossfade.length_s)
        .sum();
    let songs_s: f64 = release.songs().map(Song::duration_s).sum();
    let total_s = songs_s + pauses_s - overlaps_s;
    if total_s > MAX_CD_S {
        return Err(AlbumError::plan(
            "cd",
            format!("at most {} of sound", clock(MAX_CD_S, 0)),
            clock(total_s, 0),
            "leave songs out or make two discs",
        ));
    }
    Ok(())
}

/// Sides are said for all tracks or for none, in one run each.
fn sides(release: &Release) -> Result<(), AlbumError> {
    let mut done: Vec<&str> = Vec::new();
    for song in release.songs() {
        let Some(side) = song.side.as_deref() else {
            return Err(AlbumError::plan(
                song.name(),
                "side = \"A\" (or another) at every track for vinyl",
                "none",
                "",
            ));
        };
        match done.last() {
            Some(last) if *last == side => {}
            _ if done.contains(&side) => {
                return Err(AlbumError::plan(
                    song.name(),
                    "the tracks of a side one after the other",
                    format!(
                        "side {side} again after side {}",
                        done.last().unwrap_or(&"")
                    ),
                    "",
                ));
            }
            _ => done.push(side),
        }
    }
    Ok(())
}
