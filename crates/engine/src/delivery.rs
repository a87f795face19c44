//! Where the pipeline's samples go: a staged file beside its final name.

use std::fs::File;
use std::path::{Path, PathBuf};

use acetate_dsp::{Sink, Source, Spec, StreamError};
use acetate_io::{
    Broadcast, Outcome, OutputFormat, Spill, StageOptions, StagedFile, TagWarning, Tags, WriteError,
};
use acetate_master::report::{FileFacts, Measures, MetadataNote};
use acetate_master::{Delivery, MasterFile, Mastered, Scratch};
use anyhow::Context;

use crate::input::file_facts;
use crate::job::{Job, PIPE, is_pipe};
use crate::observer::Observer;

/// Name under which a master for standard output is staged in the working folder.
const PIPE_STAGE: &str = "acetate-stdout";
/// Most things that are named in one line.
const MOST_NAMED: usize = 12;

/// A master on its way to its file.
pub(crate) struct FileDelivery {
    /// Its final name; a name in the working folder where it goes to standard output.
    output: PathBuf,
    to_stdout: bool,
    /// Whether a verified master gets a name in the end.
    is_kept: bool,
    overwrite: bool,
    format: OutputFormat,
    tags: Tags,
    warnings: Vec<TagWarning>,
    staged: Option<StagedFile>,
}

impl FileDelivery {
    /// Checks that the output can be written and reads the tags of the input.
    pub(crate) fn new(job: &Job, input: &Path, overwrite: bool) -> anyhow::Result<Self> {
        let to_stdout = is_pipe(&job.output);
        let output = if to_stdout {
            PathBuf::from(format!(
                "{PIPE_STAGE}.{}",
                job.format.container().extension()
            ))
        } else {
            job.output.clone()
        };
        let overwrite = overwrite || to_stdout;
        StagedFile::check(&output, overwrite)?;
        let (tags, warnings) = Tags::read(input);
        Ok(Self {
            output,
            to_stdout,
            is_kept: !to_stdout,
            overwrite,
            format: job.format,
            tags,
            warnings,
            staged: None,
        })
    }

    /// As [`new`](Self::new), of samples that no file holds: they carry nothing beside the sound.
    pub(crate) fn of_samples(job: &Job, overwrite: bool) -> anyhow::Result<Self> {
        StagedFile::check(&job.output, overwrite)?;
        Ok(Self {
            output: job.output.clone(),
            to_stdout: false,
            is_kept: true,
            overwrite,
            format: job.format,
            tags: Tags::default(),
            warnings: Vec::new(),
            staged: None,
        })
    }

    /// A render that never gets its name: it goes away with this.
    pub(crate) fn temporary(job: &Job, input: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            is_kept: false,
            ..Self::new(job, input, true)?
        })
    }

    /// What was written, to be read.
    pub(crate) fn open(&self) -> anyhow::Result<Box<dyn Source>> {
        Ok(Box::new(self.staged()?.reread()?))
    }

    /// What the input carries beside the sound and the master does not, as it was.
    pub(crate) fn metadata(&self) -> Vec<MetadataNote> {
        let staged = self.staged.iter().flat_map(StagedFile::tag_warnings);
        let notes = self
            .warnings
            .iter()
            .chain(staged)
            .map(|warning| MetadataNote {
                outcome: warning.outcome().name().to_owned(),
                what: warning.what().to_owned(),
                why: warning.why().to_owned(),
            });
        notes.collect()
    }

    /// Says it, in a line for each reason; what is lost as a warning.
    pub(crate) fn tell_metadata(&self, observer: &dyn Observer) {
        let staged = self.staged.iter().flat_map(StagedFile::tag_warnings);
        let warnings = self.warnings.iter().chain(staged);
        tell_tag_warnings(&self.output, warnings, observer);
    }

    /// What the report says of the file, as it is on disk.
    pub(crate) fn facts(&self) -> anyhow::Result<FileFacts> {
        let staged = self.staged()?;
        let name = if self.to_stdout {
            Path::new(PIPE)
        } else {
            &self.output
        };
        file_facts(staged.temporary_path(), name, &staged.reread()?)
    }

    /// The master as it is on disk, made of `input`.
    pub(crate) fn master_file(
        &self,
        input: FileFacts,
        mastered: Mastered,
    ) -> anyhow::Result<MasterFile> {
        self.state_loudness(&mastered.after)?;
        Ok(MasterFile {
            input,
            output: self.facts()?,
            metadata: self.metadata(),
            mastered,
        })
    }

    /// Puts what was measured into the `bext` chunk of a WAV.
    pub(crate) fn state_loudness(&self, after: &Measures) -> anyhow::Result<()> {
        let figures = Broadcast {
            description: String::new(),
            integrated_lufs: after.integrated_lufs,
            loudness_range_lu: after.loudness_range_lu,
            true_peak_dbtp: after.true_peak_dbtp,
            momentary_max_lufs: after.momentary_max_lufs,
            short_term_max_lufs: after.short_term_max_lufs,
            history: String::new(),
        };
        Ok(self.staged()?.state_loudness(&figures)?)
    }

    /// Gives the verified master its name.
    pub(crate) fn commit(mut self) -> anyhow::Result<()> {
        let staged = self.staged.take().context("nothing was written")?;
        staged.commit(self.overwrite)?;
        Ok(())
    }

    fn staged(&self) -> anyhow::Result<&StagedFile> {
        self.staged.as_ref().context("nothing was written")
    }
}

/// Sends the verified master to standard output; its temporary file goes away.
pub(crate) fn deliver_to_stdout(delivery: FileDelivery) -> anyhow::Result<()> {
    let mut file = File::open(delivery.staged()?.temporary_path())?;
    let mut out = std::io::stdout().lock();
    let sent = std::io::copy(&mut file, &mut out).and_then(|_| std::io::Write::flush(&mut out));
    sent.context("standard output: the master could not be delivered whole")
}

/// Tells what an input carries beside the sound and the file `output` does not, as it was: a line for each reason;
/// what is lost as a warning.
pub fn tell_tag_warnings<'a>(
    output: &Path,
    warnings: impl Iterator<Item = &'a TagWarning>,
    observer: &dyn Observer,
) {
    let mut told: Vec<(&TagWarning, Vec<&str>)> = Vec::new();
    for warning in warnings {
        let same = told.iter_mut().find(|(first, _)| {
            first.outcome() == warning.outcome() && first.why() == warning.why()
        });
        match same {
            Some((_, all)) => all.push(warning.what()),
            None => told.push((warning, vec![warning.what()])),
        }
    }
    for (first, mut all) in told {
        all.dedup();
        let more = all.len().saturating_sub(MOST_NAMED);
        all.truncate(MOST_NAMED);
        let more = match more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let is_lost = first.outcome() == Outcome::Lost;
        let outcome = if is_lost {
            "not carried over from the input"
        } else {
            first.outcome().name()
        };
        let names = all.join(", ");
        let line = format!(
            "{}: {outcome}: {names}{more} ({})",
            output.display(),
            first.why()
        );
        if is_lost {
            observer.warn(&line);
        } else {
            observer.note(&line);
        }
    }
}

impl Delivery for FileDelivery {
    fn scratch(&mut self, spec: Spec, frames: u64) -> Result<Box<dyn Scratch>, StreamError> {
        let spill = Spill::create(&self.output, spec, Some(frames)).map_err(StreamError::new)?;
        Ok(Box::new(spill))
    }

    fn begin(&mut self, spec: Spec, frames: u64) -> Result<Box<dyn Sink + '_>, StreamError> {
        // The earlier attempt's file goes away before the new one is made.
        self.staged = None;
        let options = StageOptions {
            expected_frames: Some(frames),
            tags: Some(&self.tags),
            has_loudness_later: true,
            ..StageOptions::new(self.format)
        };
        let staged = StagedFile::create(&self.output, spec, &options).map_err(StreamError::new)?;
        Ok(Box::new(self.staged.insert(staged)))
    }

    fn reread(&mut self) -> Result<Box<dyn Source>, StreamError> {
        let staged = self.staged.as_mut().ok_or_else(|| {
            StreamError::new(WriteError::Order {
                path: self.output.clone(),
                expected: "a written master",
                got: "none",
            })
        })?;
        if self.is_kept {
            staged.begin_sync();
        }
        Ok(Box::new(staged.reread().map_err(StreamError::new)?))
    }
}
