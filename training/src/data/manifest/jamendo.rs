//! MTG-Jamendo's metadata: a TSV with the columns TRACK_ID, ARTIST_ID, ALBUM_ID, PATH, DURATION
//! and TAGS, of which the last goes on to the end of the line; licenses as paragraphs that start
//! with a track's path and hold `Available under a NAME: ADDRESS`.

use std::collections::HashMap;

use super::license::of_address;
use super::select::Song;
use super::table::{Columns, Text, field, number};
use super::{ManifestError, Rules};

/// What stands before a genre in TAGS.
const GENRE: &str = "genre---";
/// What stands before the name of a license.
const LICENSE: &str = "Available under a";

pub(super) fn songs(
    tracks: &Text,
    licenses: &Text,
    checksums: Option<&Text>,
    rules: &Rules,
) -> Result<Vec<Song>, ManifestError> {
    let licenses = licenses_of(licenses)?;
    let checksums = checksums.map(checksums_of).transpose()?;
    let mut rows = tracks.tsv().into_iter();
    let header = rows.next().map(|(_, names)| names).unwrap_or_default();
    let columns = Columns::new(tracks, header);
    let id = columns.find("TRACK_ID")?;
    let artist = columns.find("ARTIST_ID")?;
    let path = columns.find("PATH")?;
    let duration = columns.find("DURATION")?;
    let tags = columns.find("TAGS")?;
    rows.map(|row| {
        let tags = row.1.get(tags..).unwrap_or_default();
        let path = field(tracks, &row, path, "PATH")?;
        let genres = tags.iter().filter_map(|tag| tag.trim().strip_prefix(GENRE));
        // A tag is there or not: without one nobody says that nobody sings.
        let sung = tags
            .iter()
            .any(|tag| rules.vocal_tags.iter().any(|vocal| vocal == tag.trim()));
        Ok(Song {
            id: field(tracks, &row, id, "TRACK_ID")?.to_owned(),
            artist: field(tracks, &row, artist, "ARTIST_ID")?.to_owned(),
            title: None,
            genres: genres.map(str::to_lowercase).collect(),
            license: licenses.get(path).cloned().flatten(),
            duration_s: number(tracks, &row, duration, "DURATION")?,
            vocals: sung.then_some(true),
            sha256: checksums.as_ref().and_then(|all| all.get(path).cloned()),
            path: path.to_owned(),
        })
    })
    .collect()
}

/// The license of each path; `None` where it is none of Creative Commons.
fn licenses_of(text: &Text) -> Result<HashMap<String, Option<String>>, ManifestError> {
    let mut licenses = HashMap::new();
    let mut current: Option<&str> = None;
    for (_, line) in text.lines() {
        let line = line.trim();
        if is_path(line) {
            current = Some(line);
        } else if line.contains(LICENSE) {
            let address = line.rsplit(' ').next().unwrap_or_default();
            if let Some(path) = current.take() {
                licenses.insert(path.to_owned(), of_address(address));
            }
        }
    }
    if licenses.is_empty() {
        let expected = "paragraphs of a track's path and \"Available under a NAME: ADDRESS\"";
        return Err(text.wrong(1, expected, "none"));
    }
    Ok(licenses)
}

/// A path like `14/214.mp3`.
fn is_path(line: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    line.strip_suffix(".mp3")
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(folder, id)| digits(folder) && digits(id))
}

/// The SHA-256 of each path, one line each: checksum, space, path.
fn checksums_of(text: &Text) -> Result<HashMap<String, String>, ManifestError> {
    let lines = text.lines().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let mut words = line.split_whitespace();
            let hex = |sum: &&str| sum.len() == 64 && sum.chars().all(|c| c.is_ascii_hexdigit());
            match (words.next().filter(hex), words.next()) {
                (Some(sum), Some(path)) => Ok((path.to_owned(), sum.to_lowercase())),
                _ => Err(text.wrong(number, "a SHA-256 and a path", line)),
            }
        })
        .collect()
}
