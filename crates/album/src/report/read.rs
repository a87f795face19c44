//! The report of an album, found in its folder.

use std::path::{Path, PathBuf};

use acetate_io::read_bounded;

use super::fields::{ALBUM_SCHEMA, AlbumReport, FileReport, REPORT_NAME};
use crate::error::AlbumError;

/// A report has some kilobytes a song, bytes.
pub(crate) const MAX_REPORT_BYTES: u64 = 64 << 20;

/// Whether a folder holds an album of ours.
pub fn is_album(folder: &Path) -> bool {
    folder.is_dir() && folder.join(REPORT_NAME).is_file()
}

/// The report of an album in its folder.
///
/// # Errors
/// [`AlbumError`] if there is none, or one of another version.
pub fn read_report(folder: &Path) -> Result<AlbumReport, AlbumError> {
    let path = folder.join(REPORT_NAME);
    let bytes = read_bounded(&path, MAX_REPORT_BYTES)?;
    let name = path.display().to_string();
    let report: AlbumReport = serde_json::from_slice(&bytes).map_err(|error| {
        AlbumError::plan(name.clone(), "an album's report", error.to_string(), "")
    })?;
    if report.schema == ALBUM_SCHEMA {
        Ok(report)
    } else {
        Err(AlbumError::plan(name, ALBUM_SCHEMA, report.schema, ""))
    }
}

/// Every file of an album's folder but the sums, by its place in it.
pub(crate) fn all_files(report: &AlbumReport) -> Vec<(PathBuf, &FileReport)> {
    let own = report
        .files
        .iter()
        .map(|file| (PathBuf::from(&file.name), file));
    let deliverables = report.deliverables.iter();
    let others = deliverables.flat_map(|deliverable| {
        let folder = Path::new(&deliverable.name);
        deliverable
            .files
            .iter()
            .map(move |file| (folder.join(&file.name), file))
    });
    own.chain(others).collect()
}
