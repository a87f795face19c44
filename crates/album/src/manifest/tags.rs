//! What names of files and tags say of a song, for a first manifest.

use std::path::Path;

use acetate_io::Tags;

use crate::codes::{Barcode, Isrc};

/// What one file says of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Said {
    pub(super) disc: Option<u32>,
    /// Track number of the tags …
    pub(super) tagged_number: Option<u32>,
    /// … and of the file's name.
    pub(super) named_number: Option<u32>,
    pub(super) title: String,
    pub(super) artist: Option<String>,
    pub(super) album: Option<String>,
    pub(super) album_artist: Option<String>,
    pub(super) isrc: Option<Isrc>,
    pub(super) upc: Option<Barcode>,
    pub(super) date: Option<String>,
    pub(super) genre: Option<String>,
    pub(super) label: Option<String>,
    pub(super) copyright: Option<String>,
    pub(super) catalog_number: Option<String>,
    /// Codes that are there and are none, as a person should know.
    pub(super) wrong: Vec<String>,
}

impl Said {
    /// Reads a file's name and tags.
    pub(super) fn of(path: &Path) -> Self {
        let (tags, _) = Tags::read(path);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let (named_number, named_title) = of_name(&stem);
        let text = |name: &str| {
            let text = tags.text(name).map(str::trim);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let number = |name: &str| {
            let text = text(name)?;
            let first = text.split('/').next().unwrap_or_default();
            first.trim().parse().ok()
        };
        let mut said = Self {
            disc: number("DISCNUMBER"),
            tagged_number: number("TRACKNUMBER"),
            named_number,
            title: text("TITLE").unwrap_or(named_title),
            artist: text("ARTIST"),
            album: text("ALBUM"),
            album_artist: text("ALBUMARTIST"),
            date: text("DATE"),
            genre: text("GENRE"),
            label: text("LABEL").or_else(|| text("PUBLISHER")),
            copyright: text("COPYRIGHT"),
            catalog_number: text("CATALOGNUMBER"),
            ..Self::default()
        };
        if let Some(code) = text("ISRC") {
            match Isrc::read(&code) {
                Ok(isrc) => said.isrc = Some(isrc),
                Err(error) => said.wrong.push(format!("{}: {error}", path.display())),
            }
        }
        let code = text("UPC")
            .or_else(|| text("BARCODE"))
            .or_else(|| text("MCN"));
        if let Some(code) = code {
            match Barcode::read(&code) {
                Ok(upc) => said.upc = Some(upc),
                Err(error) => said.wrong.push(format!("{}: {error}", path.display())),
            }
        }
        said
    }
}

/// Track number and title of a file's name: `03 - A song`, `3. A song`, `A song`.
fn of_name(stem: &str) -> (Option<u32>, String) {
    let digits = stem.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = stem.split_at(digits);
    let title = rest.trim_start_matches([' ', '-', '_', '.', ')']);
    let is_number = (1..=3).contains(&digits) && title.len() < rest.len();
    let (number, title) = match number.parse() {
        Ok(number) if is_number && !title.is_empty() => (Some(number), title),
        // The name is a number alone.
        Ok(number) if (1..=3).contains(&digits) && rest.is_empty() => (Some(number), stem),
        _ => (None, stem),
    };
    (number, title.replace('_', " ").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_number_and_title() {
        assert_eq!(of_name("03 - A song"), (Some(3), "A song".to_owned()));
        assert_eq!(of_name("12. Two_words"), (Some(12), "Two words".to_owned()));
        assert_eq!(of_name("1999"), (None, "1999".to_owned()));
        assert_eq!(
            of_name("99 Luftballons"),
            (Some(99), "Luftballons".to_owned())
        );
        assert_eq!(of_name("2"), (Some(2), "2".to_owned()));
        assert_eq!(of_name("2pac"), (None, "2pac".to_owned()));
    }
}
