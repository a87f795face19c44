//! What a batch has delivered, so that `--resume` need not do it again.
//!
//! One line of JSON per master in a hidden file of the output's folder, written before the master
//! gets its name: a master counts as delivered when its bytes have the hash of its line, never
//! because a file of its name is there. A line that a killed run left half written is passed over.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use acetate_master::Report;
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use crate::naming::Job;

/// Name of the record.
const FILE_NAME: &str = ".acetate-delivered.jsonl";
/// Larger records are refused, bytes.
const MAX_BYTES: u64 = 256 << 20;

/// One delivered master.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    /// Its file name, lossily as text; the hash decides.
    output: String,
    output_blake3: String,
    input_blake3: String,
    /// Hash of everything that was asked for.
    asked: String,
    /// Whether every check passed.
    all_met: bool,
}

/// What the record says of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// There is no such file.
    Absent,
    /// Delivered from this very input, for what is asked now; whether all checks passed.
    Delivered {
        /// Every check passed.
        all_met: bool,
    },
    /// Delivered, but from another input or for something else.
    Outdated,
    /// Not what was delivered under this name, or nothing was.
    Foreign,
}

/// The record of an output's folder.
pub fn record_of(output: &Path) -> PathBuf {
    output.with_file_name(FILE_NAME)
}

fn name_of(output: &Path) -> String {
    output
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Refuses a record that is something else: a link would be written through.
fn check(path: &Path) -> anyhow::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => bail!("expected a regular file"),
        _ => Ok(()),
    }
}

/// Adds a master to its folder's record, before it gets its name.
pub fn add(output: &Path, asked: &str, report: &Report) -> anyhow::Result<()> {
    let (Some(input), Some(written)) = (&report.input, &report.output) else {
        return Ok(());
    };
    let line = Line {
        output: name_of(output),
        output_blake3: written.blake3.clone(),
        input_blake3: input.blake3.clone(),
        asked: asked.to_owned(),
        all_met: report.all_met,
    };
    let path = record_of(output);
    let in_context = || {
        let (output, path) = (output.display(), path.display());
        format!("{output}: delivered masters cannot be recorded in {path}")
    };
    check(&path).with_context(in_context)?;
    // One write of whole lines: several processes may share a folder. The line break in front
    // ends what a killed run may have left.
    let text = format!("\n{}\n", serde_json::to_string(&line)?);
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(in_context)?;
    file.write_all(text.as_bytes()).with_context(in_context)?;
    file.sync_data().with_context(in_context)
}

/// Holds an output on disk against the record, by the hashes of both files.
pub fn look_up(job: &Job, asked: &str) -> anyhow::Result<Known> {
    if fs::symlink_metadata(&job.output).is_err() {
        return Ok(Known::Absent);
    }
    let path = record_of(&job.output);
    if !path.exists() {
        return Ok(Known::Foreign);
    }
    let name = name_of(&job.output);
    let bytes = acetate_io::read_bounded(&path, MAX_BYTES)?;
    let mut lines: Vec<Line> = bytes
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .filter(|line: &Line| line.output == name)
        .collect();
    if lines.is_empty() {
        return Ok(Known::Foreign);
    }
    let output_blake3 = acetate_io::content_hash(&job.output)?;
    lines.retain(|line| line.output_blake3 == output_blake3);
    if lines.is_empty() {
        return Ok(Known::Foreign);
    }
    let input_blake3 = acetate_io::content_hash(&job.input)?;
    let same = lines
        .iter()
        .rfind(|line| line.input_blake3 == input_blake3 && line.asked == asked);
    Ok(same.map_or(Known::Outdated, |line| Known::Delivered {
        all_met: line.all_met,
    }))
}
