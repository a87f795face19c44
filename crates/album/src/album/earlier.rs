//! An earlier album in the place of a new one: only what it made itself goes away with it.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use acetate_engine::Observer;
use acetate_io::{Earlier, sha256_of_file};

use crate::error::AlbumError;
use crate::report::{AlbumReport, REPORT_NAME, SUMS_NAME, all_files, read_report};

/// An album that is there.
pub(super) struct Found {
    report: AlbumReport,
    files: Earlier,
}

/// Looks for an earlier album; a folder with other things in it and no album is refused.
pub(super) fn look(output: &Path) -> Result<Option<Found>, AlbumError> {
    let is_empty = fs::read_dir(output).map(|mut entries| entries.next().is_none());
    match is_empty {
        Ok(true) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        _ => {}
    }
    let other = || {
        AlbumError::plan(
            output.display().to_string(),
            "an empty folder, none, or an earlier album",
            "a folder with other things in it",
            "choose another folder",
        )
    };
    let report = read_report(output).map_err(|_| other())?;
    let mut files = Earlier::default();
    let own = report.files.iter().map(|file| file.name.as_str());
    for name in own.chain([REPORT_NAME, SUMS_NAME]) {
        if let Ok(file) = File::open(output.join(name)) {
            let added = files.add(name.as_ref(), &file);
            added.map_err(|source| AlbumError::File {
                path: output.join(name),
                source,
            })?;
        }
    }
    Ok(Some(Found { report, files }))
}

impl Found {
    /// What goes away with the folder.
    pub(super) fn files(&self) -> &Earlier {
        &self.files
    }

    /// Removes from an album that was set aside what it made itself, and says what is left.
    pub(super) fn remove(&self, aside: &Path, observer: &dyn Observer) {
        for (place, file) in all_files(&self.report) {
            let path = aside.join(place);
            if sha256_of_file(&path).is_ok_and(|sum| sum == file.sha256) {
                let _ = fs::remove_file(path);
            }
        }
        for deliverable in &self.report.deliverables {
            let _ = fs::remove_dir(aside.join(&deliverable.name));
        }
        if fs::remove_dir(aside).is_err() {
            observer.warn(&format!(
                "{}: what was in the earlier album and not its own, or was changed, is here",
                aside.display()
            ));
        }
    }
}
