//! The manifest of a batch: a CSV with the column `input`, and `output` where a track's master has a name of
//! its own. Other columns are passed over. Paths are relative to the manifest.
//! ```
//! let folder = tempfile::tempdir()?;
//! let list = folder.path().join("tracks.csv");
//! std::fs::write(&list, "input,output,isrc\na.wav,masters/a.flac,X\nb.wav,,Y\n")?;
//! let tracks = acetate_io::manifest::read(&list)?;
//! assert_eq!(tracks[0].output, Some(folder.path().join("masters/a.flac")));
//! assert_eq!(tracks[1].input, folder.path().join("b.wav"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::path::{Path, PathBuf};

use crate::disk::pairs_list::{ListError, Row, rows};

/// The columns; the last may be missing.
const COLUMNS: [&str; 2] = ["input", "output"];

/// One line of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// Line in the manifest, from 1.
    pub line: usize,
    /// The mix.
    pub input: PathBuf,
    /// Its master, where it has a name of its own.
    pub output: Option<PathBuf>,
}

/// Reads a manifest.
///
/// # Errors
/// [`ListError`] naming the manifest and the line.
pub fn read(path: &Path) -> Result<Vec<Track>, ListError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let track = |row: Row<2>| {
        let [input, output] = row.fields;
        Track {
            line: row.line,
            input: folder.join(input),
            output: (!output.is_empty()).then(|| folder.join(output)),
        }
    };
    Ok(rows(path, COLUMNS, 1)?.into_iter().map(track).collect())
}
