//! [`Input`]: one opened mix, from a file or from standard input.

use std::path::{Path, PathBuf};

use acetate_dsp::solve::stems::Added;
use acetate_dsp::{Audio, Source, Spec, StreamError};
use acetate_io::{DecodeError, Decoder, OpenOptions, SpooledInput};
use acetate_master::findings::{Finding, damaged, decoded_elsewhere};
use acetate_master::report::{FileFacts, TargetCheck};
use acetate_master::{Assessment, Report};
use anyhow::anyhow;

use crate::job::is_pipe;
use crate::observer::{Observer, StemSource, Watched};

/// One opened input.
pub struct Input<'a> {
    given: PathBuf,
    decoder: Watched<'a, Decoder>,
    /// Keeps what came from standard input on disk while it is read.
    spooled: Option<SpooledInput>,
    /// Of its bytes, once it was asked for.
    hash: Option<String>,
    /// What is added to the mix to move its lead.
    added: Option<Added<StemSource<'a>>>,
}

impl<'a> Input<'a> {
    /// Opens a file, or takes standard input into a temporary file in `folder` (the working
    /// folder where `None`), so that it can be read again.
    ///
    /// # Errors
    /// Where it cannot be decoded; the message names the file, what was expected and what was found.
    pub fn open(
        path: &Path,
        folder: Option<&Path>,
        strict: bool,
        observer: &'a dyn Observer,
    ) -> anyhow::Result<Self> {
        let spooled = is_pipe(path)
            .then(|| {
                SpooledInput::from_reader(
                    &mut std::io::stdin().lock(),
                    folder.unwrap_or(Path::new(".")),
                )
            })
            .transpose()
            .map_err(|error| without_name(&error))?;
        let options = OpenOptions { strict };
        let decoder = match &spooled {
            Some(spooled) => acetate_io::open(spooled.path(), &options)
                .map_err(|error| of_stdin(spooled.path(), &error))?,
            None => acetate_io::open(path, &options)?,
        };
        Ok(Self {
            given: path.to_owned(),
            decoder: Watched {
                inner: decoder,
                observer,
            },
            spooled,
            hash: None,
            added: None,
        })
    }

    /// The audio; with what was added to it.
    pub fn source(&mut self) -> &mut dyn Source {
        self
    }

    /// From now on the audio is the mix with this added to it.
    pub(crate) fn add(&mut self, added: Added<StemSource<'a>>) {
        self.added = Some(added);
    }

    /// Whether the audio is that of the file alone.
    pub(crate) fn is_as_given(&self) -> bool {
        self.added.is_none()
    }

    /// The name that was given.
    pub fn given(&self) -> &Path {
        &self.given
    }

    /// Whether the decoder met no damage so far.
    pub fn is_sound(&self) -> bool {
        self.decoder.inner.warnings().is_empty()
    }

    /// BLAKE3 of the bytes that are decoded.
    pub fn content_hash(&mut self) -> anyhow::Result<String> {
        if let Some(hash) = &self.hash {
            return Ok(hash.clone());
        }
        let hash = hash_unchanged(self.path(), &self.decoder.inner)?;
        self.hash = Some(hash.clone());
        Ok(hash)
    }

    /// The codec where it discards part of the sound.
    pub fn lossy_codec(&self) -> Option<&str> {
        let info = self.decoder.inner.info();
        info.lossy.then_some(info.codec.as_str())
    }

    /// Length where the container says it.
    pub fn frames_hint(&self) -> Option<u64> {
        self.decoder.inner.frames_hint()
    }

    /// Length where the container says it exactly.
    pub fn exact_frames(&self) -> Option<u64> {
        self.decoder.inner.info().frames
    }

    /// The usual ending of names of such files.
    pub fn extension(&self) -> &'static str {
        let info = self.decoder.inner.info();
        let named = format!("{} {}", info.container, info.codec).to_ascii_lowercase();
        let known = [
            ("wav", "wav"),
            ("rf64", "wav"),
            ("aiff", "aiff"),
            ("caf", "caf"),
            ("ogg", "ogg"),
            ("mp4", "m4a"),
            ("m4a", "m4a"),
            ("adts", "aac"),
            ("flac", "flac"),
            ("mp", "mp3"),
        ];
        let found = known.iter().find(|(part, _)| named.contains(part));
        found.map_or("wav", |(_, extension)| extension)
    }

    /// The file that is read: the temporary one for standard input.
    pub fn path(&self) -> &Path {
        self.spooled
            .as_ref()
            .map_or(&self.given, SpooledInput::path)
    }

    /// Who decodes the file, where it is not Acetate itself.
    pub fn foreign_decoder(&self) -> Option<&str> {
        let foreign = self.decoder.inner.info().foreign.as_ref();
        foreign.map(|foreign| foreign.program.as_str())
    }

    /// Says who decoded the file if Acetate did not, and what the decoder went past.
    pub fn report_warnings(&self) {
        declare(&self.given, &self.decoder.inner, self.decoder.observer);
        for warning in self.decoder.inner.warnings() {
            self.decoder
                .observer
                .warn(&format!("{}: {warning}", self.given.display()));
        }
    }

    /// Says what the decoder went past, and puts it first into the report.
    pub fn with_damage(&self, mut report: Report) -> Report {
        report.findings.splice(0..0, self.damage());
        report.with_check(self.whole_check())
    }

    /// Says what the decoder went past, and puts it first into what is said of the mix.
    pub(crate) fn assess(&self, assessment: &mut Assessment) {
        assessment.findings.splice(0..0, self.damage());
        assessment.checks.extend(self.whole_check());
    }

    /// Whether the song is whole; `None` if all of it could be decoded.
    pub(crate) fn whole_check(&self) -> Option<TargetCheck> {
        let (replaced_frames, frames) = self.decoder.inner.replaced_frames();
        let sample_rate_hz = self.decoder.inner.info().sample_rate_hz;
        TargetCheck::of_replaced(replaced_frames, frames, sample_rate_hz)
    }

    /// Says what the decoder went past, and gives it as findings.
    pub fn damage(&self) -> Vec<Finding> {
        self.report_warnings();
        let warnings = self.decoder.inner.warnings();
        let findings = warnings.iter().map(|warning| damaged(&warning.to_string()));
        let elsewhere = declaration(&self.decoder.inner).map(|text| decoded_elsewhere(&text));
        findings.chain(elsewhere).collect()
    }

    /// What the report says of the file.
    pub fn facts(&self) -> anyhow::Result<FileFacts> {
        match &self.hash {
            // Still that of what was decoded.
            Some(hash) => {
                self.decoder.inner.expect_unchanged()?;
                Ok(facts_of(&self.given, &self.decoder.inner, hash.clone()))
            }
            None => file_facts(self.path(), &self.given, &self.decoder.inner),
        }
    }
}

impl Source for Input<'_> {
    fn spec(&self) -> Spec {
        self.decoder.spec()
    }

    fn frames_hint(&self) -> Option<u64> {
        self.decoder.frames_hint()
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        let frames = self.decoder.read(block, max_frames)?;
        if let Some(added) = &mut self.added
            && frames > 0
        {
            added.add_to(block)?;
        }
        Ok(frames)
    }

    fn skip(&mut self, frames: u64) -> Result<(), StreamError> {
        if let Some(added) = &mut self.added {
            added.skip(frames)?;
        }
        self.decoder.skip(frames)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        if let Some(added) = &mut self.added {
            added.rewind()?;
        }
        self.decoder.rewind()
    }
}

/// An error of standard input: the temporary file's name says nothing to anybody.
fn without_name(error: &DecodeError) -> anyhow::Error {
    let text = error.to_string();
    let (_, what) = text.split_once(": ").unwrap_or(("", &text));
    anyhow!("standard input: {what}")
}

/// As [`without_name`], for a file that was taken from standard input and kept under a temporary name.
fn of_stdin(path: &Path, error: &DecodeError) -> anyhow::Error {
    let place = format!("{}: ", path.display());
    let text = error.to_string().replace(&place, "");
    let [file, stem] = [path.file_name(), path.file_stem()]
        .map(|name| name.unwrap_or_default().to_string_lossy().into_owned());
    let text = text.replace(&file, "input").replace(&stem, "output");
    anyhow!("standard input: {text}")
}

/// Hash and format of a file on disk, under the name that the report gives it.
pub(crate) fn file_facts(path: &Path, name: &Path, decoder: &Decoder) -> anyhow::Result<FileFacts> {
    Ok(facts_of(name, decoder, hash_unchanged(path, decoder)?))
}

/// The hash has to be that of the bytes that are decoded.
fn hash_unchanged(path: &Path, decoder: &Decoder) -> anyhow::Result<String> {
    let blake3 = acetate_io::content_hash(path)?;
    decoder.expect_unchanged()?;
    Ok(blake3)
}

fn facts_of(name: &Path, decoder: &Decoder, blake3: String) -> FileFacts {
    let info = decoder.info();
    FileFacts {
        path: name.display().to_string(),
        blake3,
        format: if info.container == info.codec {
            info.codec.to_string()
        } else {
            format!("{} {}", info.container, info.codec)
        },
        sample_rate_hz: info.sample_rate_hz,
        channels: info.channels,
        decoder: (info.foreign.as_ref()).map(|foreign| foreign.program.clone()),
        changes: (info.foreign.as_ref()).map_or_else(Vec::new, |foreign| foreign.changes.clone()),
    }
}

/// One sentence on a file that another program decodes.
fn declaration(decoder: &Decoder) -> Option<String> {
    let info = decoder.info();
    let foreign = info.foreign.as_ref()?;
    let mut text = format!(
        "decoded by {}, not by Acetate itself ({} in {})",
        foreign.program, info.codec, info.container
    );
    for change in &foreign.changes {
        text.push_str("; ");
        text.push_str(change);
    }
    Some(text)
}

/// Says it where another program decodes a file.
pub fn declare(name: &Path, decoder: &Decoder, observer: &dyn Observer) {
    if let Some(text) = declaration(decoder) {
        observer.warn(&format!("{}: {text}", name.display()));
    }
}
