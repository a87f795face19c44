//! [`Work`]: the folder beside the album in which masters lie until all of them are done. What is whole in it
//! is taken by a run that resumes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use acetate_dsp::settings::{Settings, Target};
use acetate_dsp::{Sink, Source, Spec, StreamError};
use acetate_io::{
    Container, DecodeError, OutputFormat, Spill, StageOptions, StagedFile, WriteError,
    content_hash, read_bounded, remove_stale_temporary_files, write_text,
};
use acetate_master::report::{CodecSafety, TargetCheck, Treatment};
use acetate_master::{Delivery, Scratch, settings_file};
use serde::{Deserialize, Serialize};

use super::set::Set;
use crate::error::AlbumError;

/// A record is a few kilobytes, bytes.
const MAX_RECORD_BYTES: u64 = 4 << 20;

/// What was done to one piece.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PieceDone {
    /// Loudness that was asked for, LUFS.
    pub(crate) target_lufs: f64,
    /// What was checked of the piece without the pause behind it; of one that overlaps with others there is
    /// nothing of its own.
    pub(crate) checks: Vec<TargetCheck>,
    /// What lossy encoding does to it, where that was asked for; of pieces that overlap, to all of them.
    pub(crate) codecs: Option<CodecSafety>,
    /// What was rendered, as the TOML that `--settings` reads.
    pub(crate) settings: String,
    /// Most gain reduction of the limiter, dB.
    pub(crate) limiting_db: f64,
    /// Most gain reduction of the compressor, dB.
    pub(crate) compression_db: f64,
    /// Why the loudness could not be met honestly.
    pub(crate) infeasible: Option<String>,
}

impl PieceDone {
    pub(super) fn of(
        settings: &Settings,
        compression_db: f64,
        limited: &Treatment,
        target: Target,
    ) -> Result<Self, AlbumError> {
        let settings = settings_file::to_toml(settings);
        Ok(Self {
            target_lufs: target.integrated_lufs,
            checks: Vec::new(),
            codecs: None,
            settings: settings.map_err(|source| AlbumError::SettingsFile {
                what: "settings of a master".to_owned(),
                source,
            })?,
            limiting_db: limited.limiting_db,
            compression_db,
            infeasible: (limited.infeasible.as_ref()).map(|infeasible| infeasible.reason.clone()),
        })
    }
}

/// A unit that is whole in the work folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct UnitDone {
    /// Hash of what decides its bytes.
    request: String,
    /// BLAKE3 of its file.
    blake3: String,
    /// What was done to its pieces.
    pub(crate) pieces: Vec<PieceDone>,
    /// Its file.
    #[serde(skip)]
    pub(crate) path: PathBuf,
}

/// The work folder.
#[derive(Debug)]
pub(crate) struct Work {
    folder: PathBuf,
}

impl Work {
    /// Makes the folder for an album at `output`; what an earlier run left there goes away unless `resume`.
    pub(crate) fn open(output: &Path, resume: bool) -> Result<Self, AlbumError> {
        let name = output.file_name().unwrap_or_default().to_string_lossy();
        let work = Self {
            folder: output.with_file_name(format!(".{name}.album-work")),
        };
        if !resume {
            work.remove()?;
        }
        fs::create_dir_all(&work.folder).map_err(|source| work.failed(source))?;
        Ok(work)
    }

    /// Removes the folder and what we put into it.
    pub(crate) fn remove(&self) -> Result<(), AlbumError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(|source| self.failed(source))?,
        };
        // What a killed run was writing.
        remove_stale_temporary_files(&self.folder);
        for entry in entries {
            let path = entry.map_err(|source| self.failed(source))?.path();
            let extension = path.extension().unwrap_or_default().to_string_lossy();
            if ["wav", "json"].contains(&extension.as_ref()) {
                fs::remove_file(&path).map_err(|source| AlbumError::File { path, source })?;
            }
        }
        fs::remove_dir(&self.folder).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> AlbumError {
        AlbumError::File {
            path: self.folder.clone(),
            source,
        }
    }

    fn path(&self, set: &Set, number: usize, extension: &str) -> PathBuf {
        let name = format!("{}-{:03}.{extension}", set.name(), number + 1);
        self.folder.join(name)
    }

    /// What an earlier run finished of this very request.
    pub(super) fn finished(
        &self,
        set: &Set,
        number: usize,
        request: &str,
    ) -> Result<Option<UnitDone>, AlbumError> {
        let path = self.path(set, number, "wav");
        let record = self.path(set, number, "json");
        if !path.exists() || !record.exists() {
            return Ok(None);
        }
        let text = read_bounded(&record, MAX_RECORD_BYTES)?;
        let Ok(done) = serde_json::from_slice::<UnitDone>(&text) else {
            return Ok(None);
        };
        let is_same = done.request == request && content_hash(&path)? == done.blake3;
        Ok(is_same.then_some(UnitDone { path, ..done }))
    }

    /// A place for the master of a unit.
    pub(super) fn delivery(&self, set: &Set, number: usize) -> Result<WorkDelivery, AlbumError> {
        Ok(WorkDelivery {
            path: self.path(set, number, "wav"),
            format: OutputFormat::new(Container::Wav, set.word_length)?,
            staged: None,
        })
    }

    /// Keeps a verified master.
    pub(super) fn keep(
        &self,
        delivery: WorkDelivery,
        set: &Set,
        number: usize,
        pieces: Vec<PieceDone>,
        request: &str,
    ) -> Result<UnitDone, AlbumError> {
        let path = delivery.path.clone();
        let staged = delivery
            .staged
            .ok_or_else(|| AlbumError::plan("a master", "samples that were written", "none", ""))?;
        let blake3 = content_hash(staged.temporary_path())?;
        staged.commit(true)?;
        let done = UnitDone {
            request: request.to_owned(),
            blake3,
            pieces,
            path,
        };
        let record = self.path(set, number, "json");
        let text = serde_json::to_string(&done).map_err(|error| AlbumError::NoText {
            found: error.to_string(),
        })?;
        write_text(&record, &text).map_err(|source| AlbumError::File {
            path: record,
            source,
        })?;
        Ok(done)
    }
}

/// A unit's master on its way into the work folder.
pub(super) struct WorkDelivery {
    path: PathBuf,
    format: OutputFormat,
    staged: Option<StagedFile>,
}

impl Delivery for WorkDelivery {
    fn scratch(&mut self, spec: Spec, frames: u64) -> Result<Box<dyn Scratch>, StreamError> {
        let spill = Spill::create(&self.path, spec, Some(frames)).map_err(StreamError::new)?;
        Ok(Box::new(spill))
    }

    fn begin(&mut self, spec: Spec, frames: u64) -> Result<Box<dyn Sink + '_>, StreamError> {
        self.staged = None;
        let options = StageOptions {
            expected_frames: Some(frames),
            ..StageOptions::new(self.format)
        };
        let staged = StagedFile::create(&self.path, spec, &options).map_err(StreamError::new)?;
        Ok(Box::new(self.staged.insert(staged)))
    }

    fn reread(&mut self) -> Result<Box<dyn Source>, StreamError> {
        let staged = self.staged.as_ref().ok_or_else(|| {
            StreamError::new(WriteError::Order {
                path: self.path.clone(),
                expected: "a written master",
                got: "none",
            })
        })?;
        let reread = staged
            .reread()
            .map_err(|error: DecodeError| StreamError::new(error));
        Ok(Box::new(reread?))
    }
}
