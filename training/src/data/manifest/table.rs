//! Tables of metadata in text: CSV (RFC 4180, fields may be quoted and span lines) and TSV.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::ManifestError;

/// Larger tables are refused, bytes.
const MAX_BYTES: u64 = 1 << 30;

/// A row of fields, with the line that it starts in.
pub(super) type Row = (usize, Vec<String>);

/// A metadata file, read whole.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) path: PathBuf,
    text: String,
}

impl Text {
    /// Reads a file of UTF-8 text.
    pub(super) fn read(path: &Path) -> Result<Self, ManifestError> {
        let wrong = |line, expected: &str, found: String| ManifestError::Line {
            path: path.to_owned(),
            line,
            expected: expected.to_owned(),
            found,
        };
        let bytes = acetate_io::read_bounded(path, MAX_BYTES)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let before = error.as_bytes().get(..valid).unwrap_or_default();
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            wrong(line, "text in UTF-8", "other bytes".to_owned())
        })?;
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        Ok(Self {
            path: path.to_owned(),
            text,
        })
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate();
        lines.map(|(index, line)| (index + 1, line))
    }

    /// The rows of a table whose fields are separated by tabs.
    pub(super) fn tsv(&self) -> Vec<Row> {
        self.lines()
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(number, line)| (number, line.split('\t').map(str::to_owned).collect()))
            .collect()
    }

    /// The rows of a table whose fields are separated by commas.
    pub(super) fn csv(&self) -> Result<Vec<Row>, ManifestError> {
        let mut rows = Vec::new();
        let (mut row, mut field) = (Vec::new(), String::new());
        let (mut line, mut start) = (1, 1);
        let mut quoted = false;
        let mut characters = self.text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '"' if quoted && characters.peek() == Some(&'"') => {
                    characters.next();
                    field.push('"');
                }
                '"' => quoted = !quoted,
                ',' if !quoted => row.push(std::mem::take(&mut field)),
                '\r' if !quoted && characters.peek() == Some(&'\n') => {}
                '\n' if !quoted => {
                    row.push(std::mem::take(&mut field));
                    rows.push((start, std::mem::take(&mut row)));
                    line += 1;
                    start = line;
                }
                other => {
                    line += usize::from(other == '\n');
                    field.push(other);
                }
            }
        }
        if quoted {
            return Err(self.wrong(start, "a closing quotation mark", "the end of the file"));
        }
        if !field.is_empty() || !row.is_empty() {
            row.push(field);
            rows.push((start, row));
        }
        rows.retain(|(_, row)| row.iter().any(|field| !field.is_empty()));
        Ok(rows)
    }

    /// The error of a line that is not as expected.
    pub(super) fn wrong(&self, line: usize, expected: &str, found: &str) -> ManifestError {
        ManifestError::Line {
            path: self.path.clone(),
            line,
            expected: expected.to_owned(),
            found: found.to_owned(),
        }
    }
}

/// Where the columns of a table are.
#[derive(Debug)]
pub(super) struct Columns<'a> {
    text: &'a Text,
    positions: HashMap<String, usize>,
}

impl<'a> Columns<'a> {
    /// Names of columns, in the table's order.
    pub(super) fn new(text: &'a Text, names: impl IntoIterator<Item = String>) -> Self {
        let positions = names.into_iter().enumerate();
        Self {
            text,
            positions: positions.map(|(at, name)| (name, at)).collect(),
        }
    }

    /// The position of a column that has to be there.
    pub(super) fn find(&self, column: &str) -> Result<usize, ManifestError> {
        self.positions.get(column).copied().ok_or_else(|| {
            let mut found: Vec<&str> = self.positions.keys().map(String::as_str).collect();
            found.sort_unstable();
            ManifestError::Column {
                path: self.text.path.clone(),
                column: column.to_owned(),
                found: found.join(", "),
            }
        })
    }
}

/// A field of a row that has to be there.
pub(super) fn field<'r>(
    text: &Text,
    row: &'r Row,
    at: usize,
    column: &str,
) -> Result<&'r str, ManifestError> {
    let (line, fields) = row;
    fields.get(at).map(|field| field.trim()).ok_or_else(|| {
        let found = format!("{} fields", fields.len());
        text.wrong(*line, &format!("a field {column}"), &found)
    })
}

/// A field that is a number.
pub(super) fn number(
    text: &Text,
    row: &Row,
    at: usize,
    column: &str,
) -> Result<f64, ManifestError> {
    let found = field(text, row, at, column)?;
    let number = found
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite());
    number.ok_or_else(|| {
        text.wrong(
            row.0,
            &format!("a number as {column}"),
            &format!("{found:?}"),
        )
    })
}
