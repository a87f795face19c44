//! The list of pairs: a CSV with the columns `mix`, `master` and `album` (RFC 4180; fields may be
//! quoted, lines may end in CR LF). Paths are relative to the list.
//! ```
//! use acetate_io::pairs_list::{field, read};
//!
//! let folder = tempfile::tempdir()?;
//! let list = folder.path().join("pairs.csv");
//! std::fs::write(&list, format!("mix,master,album\na.wav,b.wav,{}\n", field("One, two")))?;
//! let pairs = read(&list)?;
//! assert_eq!(pairs[0].mix, folder.path().join("a.wav"));
//! assert_eq!(pairs[0].album, "One, two");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::path::{Path, PathBuf};

pub use acetate_dsp::plain::csv_field as field;
use acetate_dsp::plain::{FORMULA, TEXT_MARK};
use thiserror::Error;

use crate::WriteError;
use crate::disk::paths::same_file;
use crate::disk::regular::{ReadError, read_text};
use crate::write::small::deliver_text;

/// Larger lists are refused, bytes.
const MAX_BYTES: u64 = 64 << 20;
/// The columns, in any order.
const COLUMNS: [&str; 3] = ["mix", "master", "album"];

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairFiles {
    /// Line in the list, from 1.
    pub line: usize,
    /// The mix.
    pub mix: PathBuf,
    /// Its master.
    pub master: PathBuf,
    /// Its album.
    pub album: String,
}

/// Why a list is refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ListError {
    /// The list cannot be read, or is no text in UTF-8.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The list cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A line that is none of ours.
    #[error("{path}: line {line}: expected {expected}, found {found}")]
    Line {
        /// The list.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
}

/// Reads a list of pairs.
///
/// # Errors
/// [`ListError`] naming the list and the line.
pub fn read(path: &Path) -> Result<Vec<PairFiles>, ListError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let pair = |row: Row<3>| {
        let [mix, master, album] = row.fields;
        PairFiles {
            line: row.line,
            mix: folder.join(mix),
            master: folder.join(master),
            album,
        }
    };
    Ok(rows(path, COLUMNS, 0)?.into_iter().map(pair).collect())
}

/// One line of a list.
pub(crate) struct Row<const N: usize> {
    /// Line in the list, from 1.
    pub(crate) line: usize,
    /// The values of the columns.
    pub(crate) fields: [String; N],
}

/// The values of some columns, of which the last few may be missing or empty.
pub(crate) fn rows<const N: usize>(
    path: &Path,
    columns: [&str; N],
    optional: usize,
) -> Result<Vec<Row<N>>, ListError> {
    let text = read_text(path, MAX_BYTES)?;
    parse(without_mark(&text), columns, optional).map_err(|wrong| in_list(path, wrong))
}

/// A text without the mark that some programs put before UTF-8.
fn without_mark(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
}

fn in_list(path: &Path, (line, expected, found): Wrong) -> ListError {
    ListError::Line {
        path: path.to_owned(),
        line,
        expected,
        found,
    }
}

/// Adds a pair to a list, in the columns that the list has; a new list has those of [`read`]. What is on the list
/// already is not added again: `Ok(false)`.
///
/// # Errors
/// [`ListError`] naming the list.
pub fn append(path: &Path, mix: &Path, master: &Path, album: &str) -> Result<bool, ListError> {
    let mut text = format!("{}\n", COLUMNS.join(","));
    if path.exists() {
        let is_pair =
            |pair: &PairFiles| same_file(&pair.mix, mix) && same_file(&pair.master, master);
        if read(path)?.iter().any(is_pair) {
            return Ok(false);
        }
        text = read_text(path, MAX_BYTES)?;
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    let header = records(without_mark(&text)).map_err(|wrong| in_list(path, wrong))?;
    let names = header.into_iter().next().unwrap_or_default().1;
    let value = |name: &String| match name.trim().to_ascii_lowercase().as_str() {
        "mix" => field(&mix.to_string_lossy()),
        "master" => field(&master.to_string_lossy()),
        "album" => field(album),
        _ => String::new(),
    };
    let fields: Vec<String> = names.iter().map(value).collect();
    text.push_str(&fields.join(","));
    text.push('\n');
    deliver_text(path, &text, true)?;
    Ok(true)
}

/// A field as it was before [`field`].
fn unmarked(text: &str) -> &str {
    let is_marked = |rest: &&str| {
        rest.strip_prefix(TEXT_MARK)
            .unwrap_or(rest)
            .starts_with(FORMULA)
    };
    text.strip_prefix(TEXT_MARK)
        .filter(is_marked)
        .unwrap_or(text)
}

/// Line, what was expected, what was found.
type Wrong = (usize, String, String);

fn parse<const N: usize>(
    text: &str,
    columns: [&str; N],
    optional: usize,
) -> Result<Vec<Row<N>>, Wrong> {
    let required = columns
        .get(..N.saturating_sub(optional))
        .unwrap_or(&columns);
    let mut records = records(text)?.into_iter();
    let header_wrong = |found: String| {
        let expected = match required {
            [one] => format!("a header with the column {one}"),
            several => format!("a header with the columns {}", several.join(", ")),
        };
        (1, expected, found)
    };
    let (_, header) = records
        .next()
        .ok_or_else(|| header_wrong("nothing".to_owned()))?;
    let names: Vec<&str> = header.iter().map(|name| name.trim()).collect();
    let places = columns.map(|column| {
        let named = |name: &&str| name.eq_ignore_ascii_case(column);
        names.iter().position(named)
    });
    if places
        .iter()
        .zip(required)
        .any(|(place, _)| place.is_none())
    {
        return Err(header_wrong(format!("\"{}\"", names.join(","))));
    }
    records
        .map(|(line, fields)| {
            if fields.len() != names.len() {
                let expected = format!("{} fields", names.len());
                return Err((line, expected, fields.len().to_string()));
            }
            let fields = places.map(|place| {
                let field = place.and_then(|place| fields.get(place));
                field.map_or("", |field| unmarked(field.trim())).to_owned()
            });
            if let Some((name, _)) = required
                .iter()
                .zip(&fields)
                .find(|(_, field)| field.is_empty())
            {
                return Err((line, format!("a value for {name}"), "nothing".to_owned()));
            }
            Ok(Row { line, fields })
        })
        .collect()
}

/// The records with the line that each begins on; empty lines are none.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, Wrong> {
    let mut records = Vec::new();
    let mut fields = Vec::new();
    let (mut field, mut quoted, mut was_quoted) = (String::new(), false, false);
    let (mut line, mut began) = (1, 1);
    let mut characters = text.chars().peekable();
    loop {
        let character = characters.next();
        match character {
            None if quoted => {
                let expected = "a closing quote".to_owned();
                return Err((began, expected, "the end of the file".to_owned()));
            }
            Some('"') if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            Some('"') if quoted => quoted = false,
            Some('"') if field.is_empty() && !was_quoted => (quoted, was_quoted) = (true, true),
            Some(other) if quoted => {
                line += usize::from(other == '\n');
                field.push(other);
            }
            Some('\r') if characters.peek() == Some(&'\n') => {}
            Some(',') => {
                fields.push(std::mem::take(&mut field));
                was_quoted = false;
            }
            Some('\n') | None => {
                if !(fields.is_empty() && field.trim().is_empty() && !was_quoted) {
                    fields.push(std::mem::take(&mut field));
                    records.push((began, std::mem::take(&mut fields)));
                }
                field.clear();
                was_quoted = false;
                line += 1;
                began = line;
            }
            Some(other) if was_quoted => {
                let expected = "a comma after the closing quote".to_owned();
                return Err((line, expected, format!("{other:?}")));
            }
            Some(other) => field.push(other),
        }
        if character.is_none() {
            return Ok(records);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs_of(text: &str) -> Result<Vec<PairFiles>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.csv");
        std::fs::write(&path, text).unwrap();
        read(&path)
            .map_err(|error| error.to_string())
            .map(|mut pairs| {
                for pair in &mut pairs {
                    pair.mix = pair.mix.strip_prefix(folder.path()).unwrap().to_owned();
                    pair.master = pair.master.strip_prefix(folder.path()).unwrap().to_owned();
                }
                pairs
            })
    }

    #[test]
    fn columns_in_any_order_quotes_and_line_ends_are_read() {
        let text = "\u{feff}Album,mix,master\r\n\"One, \"\"1\"\"\",a.wav,b.wav\r\n\r\nTwo,\"c\nd.wav\",e.wav\nThree,f,g";
        let pairs = pairs_of(text).unwrap();
        let row = |line: usize, mix: &str, master: &str, album: &str| PairFiles {
            line,
            mix: mix.into(),
            master: master.into(),
            album: album.to_owned(),
        };
        assert_eq!(
            pairs,
            [
                row(2, "a.wav", "b.wav", "One, \"1\""),
                row(4, "c\nd.wav", "e.wav", "Two"),
                row(6, "f", "g", "Three"),
            ]
        );
    }

    #[test]
    fn a_formula_is_a_text_and_reads_back() {
        assert_eq!(field("a, \"b\""), "\"a, \"\"b\"\"\"");
        for album in ["=1+1", "+1", "-x", "@SUM(A1)", "'=1", "''", "'tis", "plain"] {
            let written = field(album);
            assert!(!written.starts_with(FORMULA), "{written}");
            let pairs = pairs_of(&format!("mix,master,album\na,b,{written}\n")).unwrap();
            assert_eq!(pairs[0].album, album);
        }
    }

    #[test]
    fn a_pair_is_added_once_in_the_columns_of_the_list() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a.wav"), b"").unwrap();
        std::fs::write(at("b.wav"), b"").unwrap();
        std::fs::write(at("old.csv"), "\u{feff}note,\"Album\",master,mix\nx,1,c,d").unwrap();
        for (list, line) in [("new.csv", 2), ("old.csv", 3)] {
            let add = || append(&at(list), &at("a.wav"), &at("b.wav"), "=One, two").unwrap();
            assert!(add() && !add(), "{list}");
            let pairs = read(&at(list)).unwrap();
            let expected = PairFiles {
                line,
                mix: at("a.wav"),
                master: at("b.wav"),
                album: "=One, two".to_owned(),
            };
            assert_eq!(pairs.last(), Some(&expected));
        }
    }

    #[test]
    fn errors_name_the_list_and_the_line() {
        for (text, line, words) in [
            ("", 1, "mix, master, album"),
            ("mix,album\n", 1, "\"mix,album\""),
            ("mix,master,album\na,b\n", 2, "3 fields, found 2"),
            ("mix,master,album\na,b,c\n\na,,c\n", 4, "a value for master"),
            ("mix,master,album\na,\"b,c\n", 2, "closing quote"),
            ("mix,master,album\na,\"b\"x,c\n", 2, "'x'"),
        ] {
            let error = pairs_of(text).unwrap_err();
            assert!(error.contains("pairs.csv"), "{error}");
            assert!(
                error.contains(&format!("line {line}:")),
                "{text:?}: {error}"
            );
            assert!(error.contains(words), "{text:?}: {error}");
        }
    }
}
