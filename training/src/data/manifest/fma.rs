//! The Free Music Archive dataset's metadata: `tracks.csv` with two lines of column names (group
//! and name) and a third that names the first column, and `echonest.csv` with three and a fourth.

use std::collections::HashMap;

use super::license::of_words;
use super::select::Song;
use super::table::{Columns, Row, Text, field, number};
use super::{ManifestError, Rules};

/// Name of the first column, in the line below the names of the others.
const INDEX: &str = "track_id";

pub(super) fn songs(
    tracks: &Text,
    echonest: Option<&Text>,
    rules: &Rules,
) -> Result<Vec<Song>, ManifestError> {
    let instrumentalness = echonest.map(instrumentalness_of).transpose()?;
    let rows = tracks.csv()?;
    let (columns, rows) = read(tracks, &rows, 2)?;
    let artist = columns.find("artist.id")?;
    let title = columns.find("track.title")?;
    let genre = columns.find("track.genre_top")?;
    let license = columns.find("track.license")?;
    let duration = columns.find("track.duration")?;
    let language = columns.find("track.language_code")?;
    rows.iter()
        .map(|row| {
            let text = |at, column| field(tracks, row, at, column);
            let id = text(0, INDEX)?;
            let number_ok = !id.is_empty() && id.chars().all(|c| c.is_ascii_digit());
            if !number_ok {
                return Err(tracks.wrong(row.0, "a number as track_id", &format!("{id:?}")));
            }
            let vocals = match (&instrumentalness, rules.max_instrumentalness) {
                (Some(all), Some(limit)) => all.get(id).map(|value| *value <= limit),
                // The language of the words: where there is none, nobody says that nobody sings.
                _ => (!text(language, "track.language_code")?.is_empty()).then_some(true),
            };
            let padded = format!("{id:0>6}");
            let folder = padded.get(..3).unwrap_or_default();
            let genre = text(genre, "track.genre_top")?.to_lowercase();
            Ok(Song {
                id: format!("track_{padded}"),
                artist: format!("artist_{}", text(artist, "artist.id")?),
                title: Some(text(title, "track.title")?.to_owned()).filter(|it| !it.is_empty()),
                genres: Some(genre)
                    .filter(|it| !it.is_empty())
                    .into_iter()
                    .collect(),
                license: of_words(text(license, "track.license")?),
                duration_s: number(tracks, row, duration, "track.duration")?,
                vocals,
                sha256: None,
                path: format!("{folder}/{padded}.mp3"),
            })
        })
        .collect()
}

/// How instrumental each track sounds, 0 to 1.
fn instrumentalness_of(text: &Text) -> Result<HashMap<String, f64>, ManifestError> {
    let column = "echonest.audio_features.instrumentalness";
    let rows = text.csv()?;
    let (columns, rows) = read(text, &rows, 3)?;
    let at = columns.find(column)?;
    rows.iter()
        .map(|row| {
            let id = field(text, row, 0, INDEX)?;
            Ok((id.to_owned(), number(text, row, at, column)?))
        })
        .collect()
}

/// The names of the columns, which stand in several lines, and the rows below them.
fn read<'r, 't>(
    text: &'t Text,
    rows: &'r [Row],
    name_lines: usize,
) -> Result<(Columns<'t>, &'r [Row]), ManifestError> {
    let names = rows.get(..name_lines).unwrap_or_default();
    let index = rows.get(name_lines).and_then(|(_, row)| row.first());
    if names.len() < name_lines || index.map(String::as_str) != Some(INDEX) {
        let expected = format!("{INDEX} below {name_lines} lines of column names");
        let found = index.map_or("nothing", String::as_str);
        return Err(text.wrong(name_lines + 1, &expected, found));
    }
    let width = names.iter().map(|(_, row)| row.len()).max().unwrap_or(0);
    let name = |at: usize| {
        let parts = names.iter().filter_map(|(_, row)| row.get(at));
        parts.map(String::as_str).collect::<Vec<_>>().join(".")
    };
    let columns = Columns::new(text, (0..width).map(name));
    let rows = rows.get(name_lines + 1..).unwrap_or_default();
    // A quotation mark out of place would shift fields into other columns.
    match rows.iter().find(|(_, row)| row.len() != width) {
        Some((line, row)) => {
            let found = format!("{} fields", row.len());
            Err(text.wrong(*line, &format!("{width} fields"), &found))
        }
        None => Ok((columns, rows)),
    }
}
