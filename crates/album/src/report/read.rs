//! The report of an album, found in its folder.

use std::path::{Component, Path, PathBuf};

use acetate_dsp::plain;
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
    if report.schema != ALBUM_SCHEMA {
        return Err(AlbumError::plan(name, ALBUM_SCHEMA, report.schema, ""));
    }
    if let Some(found) = names(&report).find(|name| !is_in_folder(name)) {
        let found = plain::field(found).into_owned();
        return Err(AlbumError::plan(
            name,
            "names of files in its folder",
            found,
            "",
        ));
    }
    Ok(report)
}

/// The names of files and of the folders of deliverables.
fn names(report: &AlbumReport) -> impl Iterator<Item = &str> {
    let deliverables = report.deliverables.iter();
    let files = deliverables.clone().flat_map(|one| &one.files);
    let files = report.files.iter().chain(files);
    files
        .map(|file| file.name.as_str())
        .chain(deliverables.map(|one| one.name.as_str()))
}

/// Whether a name leads to no other folder: it is read from a file that anybody may have written.
fn is_in_folder(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!(
        (parts.next(), parts.next()),
        (Some(Component::Normal(_)), None)
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leaves_the_folder_is_none() {
        for name in ["01_song.wav", "cd", "..wav", "a b.flac"] {
            assert!(is_in_folder(name), "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            "../a.wav",
            "a/b.wav",
            "/etc/passwd",
            "a/../b",
        ] {
            assert!(!is_in_folder(name), "{name}");
        }
    }
}
