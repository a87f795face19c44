//! What a batch has delivered, so that `--resume` need not do it again.
//!
//! One line of JSON per master in a hidden file of the output's folder, written before the master
//! gets its name: a master counts as delivered when its bytes have the hash of its line, never
//! because a file of its name is there. A line that a killed run left half written is passed over.
//!
//! Each line carries a mark made with a secret of the user's. One with the mark of another secret (another
//! user's, another machine's) proves nothing: the master is made again and compared. One that was changed
//! behind the user's own mark is told, and nothing is done.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use acetate_dsp::plain;
use acetate_io::Seal;
use acetate_master::MasterFile;
use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::job::Job;

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
    /// Whose secret marked the line; empty where the user has none.
    #[serde(default)]
    by: String,
    /// The mark of all that.
    #[serde(default)]
    mark: String,
}

impl Line {
    /// As it stands in the record.
    fn to_text(&self) -> anyhow::Result<String> {
        Ok(plain::json(serde_json::to_string(self)?))
    }
}

/// Who wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    /// This user.
    User,
    /// Somebody else, or nobody knows.
    Other,
    /// Somebody who changed what this user wrote.
    Forger,
}

/// What the record says of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// There is no such file.
    Absent,
    /// Delivered from this very input, for what is asked now; whether all checks passed.
    Delivered {
        /// Every check passed.
        all_met: bool,
    },
    /// The record says so in a line that was changed since this user's run wrote it.
    Forged,
    /// The record says so in a line of another user's.
    Claimed {
        /// BLAKE3 of the file that is there.
        blake3: String,
    },
    /// Delivered, but from another input or for something else.
    Outdated,
    /// Not what was delivered under this name, or nothing was.
    Foreign,
}

/// The record of an output's folder.
pub(crate) fn record_of(output: &Path) -> PathBuf {
    output.with_file_name(FILE_NAME)
}

fn name_of(output: &Path) -> String {
    output
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The lines of a record by the names of their outputs.
type Lines = HashMap<String, Vec<(Line, Writer)>>;

/// The records of the folders that a run writes to.
pub(crate) struct Records {
    seal: Option<Seal>,
    /// Each is read once: what this run adds, it need not look up.
    read: Mutex<HashMap<PathBuf, Arc<Lines>>>,
}

impl Records {
    /// With the secret that marks lines, where there is one.
    pub(crate) fn new(seal: Option<Seal>) -> Self {
        Self {
            seal,
            read: Mutex::default(),
        }
    }

    /// Adds a master to its folder's record, before it gets its name.
    pub(crate) fn add(&self, output: &Path, asked: &str, file: &MasterFile) -> anyhow::Result<()> {
        let mut line = Line {
            output: name_of(output),
            output_blake3: file.output.blake3.clone(),
            input_blake3: file.input.blake3.clone(),
            asked: asked.to_owned(),
            all_met: file.mastered.all_met(),
            by: String::new(),
            mark: String::new(),
        };
        if let Some(seal) = &self.seal {
            line.by = seal.name();
            line.mark = seal.mark(&line.to_text()?);
        }
        let path = record_of(output);
        let in_context = || {
            let (output, path) = (output.display(), path.display());
            format!("{output}: delivered masters cannot be recorded in {path}")
        };
        // One write of whole lines: several processes may share a folder. The line break in front
        // ends what a killed run may have left.
        let text = format!("\n{}\n", line.to_text()?);
        let mut file = acetate_io::open_shared(&path).with_context(in_context)?;
        file.write_all(text.as_bytes()).with_context(in_context)?;
        file.sync_data().with_context(in_context)
    }

    /// Holds an output on disk against the record, by the hashes of both files.
    pub(crate) fn look_up(&self, job: &Job, asked: &str) -> anyhow::Result<Known> {
        if std::fs::symlink_metadata(&job.output).is_err() {
            return Ok(Known::Absent);
        }
        let all = self.lines(&record_of(&job.output))?;
        let Some(lines) = all.get(&name_of(&job.output)) else {
            return Ok(Known::Foreign);
        };
        let output_blake3 = acetate_io::content_hash(&job.output)?;
        let of_file: Vec<&(Line, Writer)> = lines
            .iter()
            .filter(|(line, _)| line.output_blake3 == output_blake3)
            .collect();
        if of_file.is_empty() {
            return Ok(Known::Foreign);
        }
        let input_blake3 = acetate_io::content_hash(&job.input)?;
        let same = of_file
            .iter()
            .rfind(|(line, _)| line.input_blake3 == input_blake3 && line.asked == asked);
        Ok(match same {
            None => Known::Outdated,
            Some((line, Writer::User)) => Known::Delivered {
                all_met: line.all_met,
            },
            Some((_, Writer::Forger)) => Known::Forged,
            Some((_, Writer::Other)) => Known::Claimed {
                blake3: output_blake3,
            },
        })
    }

    /// Reads a line; `None` for half of one.
    fn parsed(&self, text: &[u8]) -> Option<(Line, Writer)> {
        let mut line: Line = serde_json::from_slice(text).ok()?;
        let Some(seal) = self.seal.as_ref().filter(|seal| seal.name() == line.by) else {
            return Some((line, Writer::Other));
        };
        // To the byte: nothing but what was written has the mark.
        let is_as_written = line.to_text().ok()?.as_bytes() == text;
        let mark = std::mem::take(&mut line.mark);
        let is_marked = seal.is_mark(&line.to_text().ok()?, &mark);
        let writer = match is_as_written && is_marked {
            true => Writer::User,
            false => Writer::Forger,
        };
        Some((line, writer))
    }

    fn lines(&self, path: &Path) -> anyhow::Result<Arc<Lines>> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lines) = read.get(path) {
            return Ok(Arc::clone(lines));
        }
        let bytes = match acetate_io::read_bounded(path, MAX_BYTES) {
            Err(error) if error.is_absent() => Vec::new(),
            bytes => bytes?,
        };
        let mut lines = Lines::new();
        let whole = bytes
            .split(|byte| *byte == b'\n')
            .filter_map(|line| self.parsed(line));
        for (line, writer) in whole {
            let of_output = lines.entry(line.output.clone()).or_default();
            of_output.push((line, writer));
        }
        let lines = Arc::new(lines);
        read.insert(path.to_owned(), Arc::clone(&lines));
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_with_another_byte_passes_for_this_users() {
        let folder = tempfile::tempdir().unwrap();
        let seal = Seal::of_user(folder.path()).unwrap();
        let records = Records::new(Some(seal.clone()));
        let mut line = Line {
            output: "song.master.wav".to_owned(),
            output_blake3: "a1".repeat(32),
            input_blake3: "b2".repeat(32),
            asked: "c3".repeat(32),
            all_met: false,
            by: seal.name(),
            mark: String::new(),
        };
        line.mark = seal.mark(&line.to_text().unwrap());
        let text = line.to_text().unwrap().into_bytes();
        let (_, writer) = records.parsed(&text).unwrap();
        assert_eq!(writer, Writer::User);

        for at in 0..text.len() {
            let mut broken = text.clone();
            for byte in 0..=u8::MAX {
                broken[at] = byte;
                // Half a line is none; the letters of the mark are the only ones whose case is free.
                let (Some((found, writer)), false) =
                    (records.parsed(&broken), broken.eq_ignore_ascii_case(&text))
                else {
                    continue;
                };
                assert_ne!(writer, Writer::User, "byte {at} as {byte}: {found:?}");
            }
            let shorter = [&text[..at], &text[at + 1..]].concat();
            if let Some((found, writer)) = records.parsed(&shorter) {
                assert_ne!(writer, Writer::User, "without byte {at}: {found:?}");
            }
        }
    }
}
