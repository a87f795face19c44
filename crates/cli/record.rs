//! What a batch has delivered, so that `--resume` need not do it again.
//!
//! One line of JSON per master in a hidden file of the output's folder, written before the master
//! gets its name: a master counts as delivered when its bytes have the hash of its line, never
//! because a file of its name is there. A line that a killed run left half written is passed over.
//!
//! Each line carries a mark made with a secret of the user's. A line without it (another user's, another
//! machine's, a forged one) proves nothing: the master is made again and compared.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use acetate_dsp::plain;
use acetate_io::Seal;
use acetate_master::Report;
use anyhow::Context;
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
    /// The mark of all that; empty where the user has no secret.
    #[serde(default)]
    mark: String,
}

impl Line {
    /// What the mark is made of: no two lines have the same.
    fn marked(&self) -> String {
        format!(
            "{:?} {:?} {:?} {:?} {}",
            self.output, self.output_blake3, self.input_blake3, self.asked, self.all_met
        )
    }
}

/// What the record says of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// There is no such file.
    Absent,
    /// Delivered from this very input, for what is asked now; whether all checks passed.
    Delivered {
        /// Every check passed.
        all_met: bool,
    },
    /// The record says so in a line that this user's runs did not write.
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

/// The lines of a record by the names of their outputs.
type Lines = HashMap<String, Vec<Line>>;

/// The records of the folders that a run writes to.
pub struct Records {
    seal: Option<Seal>,
    /// Each is read once: what this run adds, it need not look up.
    read: Mutex<HashMap<PathBuf, Arc<Lines>>>,
}

impl Records {
    /// With the secret that marks lines, where there is one.
    pub fn new(seal: Option<Seal>) -> Self {
        Self {
            seal,
            read: Mutex::default(),
        }
    }

    /// Adds a master to its folder's record, before it gets its name.
    pub fn add(&self, output: &Path, asked: &str, report: &Report) -> anyhow::Result<()> {
        let (Some(input), Some(written)) = (&report.input, &report.output) else {
            return Ok(());
        };
        let mut line = Line {
            output: name_of(output),
            output_blake3: written.blake3.clone(),
            input_blake3: input.blake3.clone(),
            asked: asked.to_owned(),
            all_met: report.all_met,
            mark: String::new(),
        };
        if let Some(seal) = &self.seal {
            line.mark = seal.mark(&line.marked());
        }
        let path = record_of(output);
        let in_context = || {
            let (output, path) = (output.display(), path.display());
            format!("{output}: delivered masters cannot be recorded in {path}")
        };
        // One write of whole lines: several processes may share a folder. The line break in front
        // ends what a killed run may have left.
        let text = format!("\n{}\n", plain::json(serde_json::to_string(&line)?));
        let mut file = acetate_io::open_shared(&path).with_context(in_context)?;
        file.write_all(text.as_bytes()).with_context(in_context)?;
        file.sync_data().with_context(in_context)
    }

    /// Holds an output on disk against the record, by the hashes of both files.
    pub fn look_up(&self, job: &Job, asked: &str) -> anyhow::Result<Known> {
        if std::fs::symlink_metadata(&job.output).is_err() {
            return Ok(Known::Absent);
        }
        let all = self.lines(&record_of(&job.output))?;
        let Some(lines) = all.get(&name_of(&job.output)) else {
            return Ok(Known::Foreign);
        };
        let output_blake3 = acetate_io::content_hash(&job.output)?;
        let of_file = lines
            .iter()
            .filter(|line| line.output_blake3 == output_blake3);
        let of_file: Vec<&Line> = of_file.collect();
        if of_file.is_empty() {
            return Ok(Known::Foreign);
        }
        let input_blake3 = acetate_io::content_hash(&job.input)?;
        let same = |line: &&&Line| line.input_blake3 == input_blake3 && line.asked == asked;
        if let Some(line) = of_file.iter().rev().filter(same).find(|l| self.is_ours(l)) {
            return Ok(Known::Delivered {
                all_met: line.all_met,
            });
        }
        Ok(if of_file.iter().any(|line| same(&line)) {
            Known::Claimed {
                blake3: output_blake3,
            }
        } else {
            Known::Outdated
        })
    }

    fn is_ours(&self, line: &Line) -> bool {
        let seal = self.seal.as_ref();
        seal.is_some_and(|seal| seal.is_mark(&line.marked(), &line.mark))
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
            .filter_map(|line| serde_json::from_slice::<Line>(line).ok());
        for line in whole {
            lines.entry(line.output.clone()).or_default().push(line);
        }
        let lines = Arc::new(lines);
        read.insert(path.to_owned(), Arc::clone(&lines));
        Ok(lines)
    }
}
