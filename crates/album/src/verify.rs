//! An album's folder, measured again and held against its report.

use std::path::Path;

use acetate_dsp::threads;
use acetate_engine::{Observer, go_on};
use acetate_io::{Container, sum_line};
use serde::Serialize;

use crate::deliver::{figures_of, read_ddp, sum_of};
use crate::error::AlbumError;
use crate::release::Deliverable;
use crate::report::{
    AlbumReport, FileReport, MAX_REPORT_BYTES, REPORT_NAME, SUMS_NAME, all_files, read_report,
};

/// Figures closer than this are the same, dB or LU: the digits of a text file.
const SAME: f64 = 1e-6;

/// Something that is not as the report has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlbumDifference {
    /// File and figure.
    pub what: String,
    /// As the report has it.
    pub certified: String,
    /// As found now.
    pub found: String,
}

/// What became of an album's check.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlbumVerdict {
    /// Version of this object.
    pub schema: String,
    /// The folder.
    pub folder: String,
    /// Files that were read.
    pub files: usize,
    /// Files of them that were measured again.
    pub measured: usize,
    /// Everything that differs.
    pub differences: Vec<AlbumDifference>,
    /// Checks and demands of the report that were not met when it was made.
    pub missed: Vec<String>,
    /// Nothing differs, and everything was met.
    pub all_met: bool,
}

/// Reads every file of an album again: sums, and of every lossless file loudness and peaks by both meters.
///
/// # Errors
/// [`AlbumError`] if there is no report, or the observer stopped the work.
pub fn verify_album(folder: &Path, observer: &dyn Observer) -> Result<AlbumVerdict, AlbumError> {
    let report = read_report(folder)?;
    let files = all_files(&report);
    let found = threads::map(&files, |(place, file)| {
        one(folder, place, file, &report, observer)
    });
    let mut differences = Vec::new();
    let mut measured = 0;
    for found in found {
        let (is_measured, found) = found?;
        measured += usize::from(is_measured);
        differences.extend(found);
    }
    differences.extend(listed(folder, &report)?);
    differences.extend(fileset(folder, &report));
    let missed = missed(&report);
    Ok(AlbumVerdict {
        schema: "acetate.album-verdict/1".to_owned(),
        folder: folder.display().to_string(),
        files: files.len(),
        measured,
        all_met: differences.is_empty() && missed.is_empty(),
        differences,
        missed,
    })
}

/// What differs in one file; whether it was measured.
fn one(
    folder: &Path,
    place: &Path,
    file: &FileReport,
    report: &AlbumReport,
    observer: &dyn Observer,
) -> Result<(bool, Vec<AlbumDifference>), AlbumError> {
    go_on(observer)?;
    let name = place.display().to_string();
    let difference = |what: &str, certified: String, found: String| AlbumDifference {
        what: format!("{name}: {what}"),
        certified,
        found,
    };
    let path = folder.join(place);
    if !path.is_file() {
        return Ok((
            false,
            vec![difference("file", "there".to_owned(), "missing".to_owned())],
        ));
    }
    let mut differences = Vec::new();
    let sum = sum_of(&path)?;
    if sum != file.sha256 {
        differences.push(difference("SHA-256", file.sha256.clone(), sum));
    }
    let extension = place.extension().unwrap_or_default().to_string_lossy();
    let Some(certified) = &file.figures else {
        return Ok((false, differences));
    };
    if Container::from_extension(&extension).is_none() {
        return Ok((false, differences));
    }
    let (figures, frames, rate_hz) = match figures_of(&path, observer) {
        Ok(found) => found,
        Err(AlbumError::Canceled) => return Err(AlbumError::Canceled),
        Err(error) => {
            differences.push(difference(
                "sound",
                "readable".to_owned(),
                error.to_string(),
            ));
            return Ok((false, differences));
        }
    };
    let numbers = [
        (
            "integrated loudness, LUFS",
            certified.integrated_lufs,
            figures.integrated_lufs,
        ),
        (
            "true peak, dBTP",
            certified.true_peak_dbtp,
            figures.true_peak_dbtp,
        ),
    ];
    // The whole is told from its tracks, at whose borders a step of 10 ms may be short; a side by one meter.
    let tolerance = if report.files.iter().any(|own| own.sha256 == file.sha256) {
        SAME
    } else {
        0.05
    };
    for (what, certified, found) in numbers {
        let is_same = certified == found || (certified - found).abs() <= tolerance;
        if !is_same {
            differences.push(difference(
                what,
                format!("{certified:.3}"),
                format!("{found:.3}"),
            ));
        }
    }
    let sizes = [
        ("frames", file.frames, frames),
        (
            "sample rate, Hz",
            file.sample_rate_hz.map(u64::from),
            u64::from(rate_hz),
        ),
    ];
    for (what, certified, found) in sizes {
        if let Some(certified) = certified
            && certified != found
        {
            differences.push(difference(what, certified.to_string(), found.to_string()));
        }
    }
    Ok((true, differences))
}

/// What is wrong with the descriptors of a DDP fileset.
fn fileset(folder: &Path, report: &AlbumReport) -> Option<AlbumDifference> {
    let mut all = report.deliverables.iter();
    let ddp = all.find(|deliverable| deliverable.name == Deliverable::Ddp.name())?;
    let found = read_ddp(&folder.join(&ddp.name)).err()?;
    Some(AlbumDifference {
        what: format!("{}: descriptors", ddp.name),
        certified: "a whole fileset".to_owned(),
        found,
    })
}

/// The lists of sums, which name every file.
fn listed(folder: &Path, report: &AlbumReport) -> Result<Vec<AlbumDifference>, AlbumError> {
    let path = folder.join(SUMS_NAME);
    let mut differences = Vec::new();
    let text = match acetate_io::read_text(&path, MAX_REPORT_BYTES) {
        Ok(text) => text,
        Err(error) => {
            return Ok(vec![AlbumDifference {
                what: SUMS_NAME.to_owned(),
                certified: "there".to_owned(),
                found: error.to_string(),
            }]);
        }
    };
    let own = sum_of(&folder.join(REPORT_NAME))?;
    let report_line = (own.as_str(), REPORT_NAME);
    let files = report
        .files
        .iter()
        .map(|file| (file.sha256.as_str(), file.name.as_str()));
    for (sum, name) in files.chain([report_line]) {
        let expected = sum_line(sum, name);
        if !text.lines().any(|line| line == expected.trim_end()) {
            differences.push(AlbumDifference {
                what: format!("{SUMS_NAME}: {name}"),
                certified: sum.to_owned(),
                found: "another sum, or none".to_owned(),
            });
        }
    }
    Ok(differences)
}

/// What was not met when the report was made.
pub(crate) fn missed(report: &AlbumReport) -> Vec<String> {
    let mut missed = Vec::new();
    for song in &report.songs {
        let name = format!("{} {}", song.number, song.title);
        if let Some(reason) = &song.infeasible {
            missed.push(format!("{name}: {reason}"));
        }
        for check in song.checks.iter().filter(|check| !check.pass) {
            missed.push(format!(
                "{name}: {}: expected {:.2} {}, found {:.2}",
                check.name, check.target, check.unit, check.measured
            ));
        }
    }
    for deliverable in &report.deliverables {
        for demand in deliverable.demands.iter().filter(|demand| !demand.pass) {
            missed.push(format!(
                "{}: {}: expected {}, found {}",
                deliverable.name, demand.what, demand.expected, demand.found
            ));
        }
    }
    missed
}
