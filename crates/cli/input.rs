//! Inputs: files and standard input, one after the other or side by side.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use acetate_dsp::Source;
use acetate_io::{DecodeError, Decoder, OpenOptions, SpooledInput};
use acetate_master::Report;
use acetate_master::findings::{Finding, damaged};
use acetate_master::report::{Check, Failure, FileFacts};
use anyhow::anyhow;
use rayon::prelude::*;

use crate::console::{Console, causes_in_words};
use crate::exit::Exit;
use crate::naming::is_pipe;

/// One opened input.
pub struct Input {
    given: PathBuf,
    decoder: Decoder,
    /// Keeps what came from standard input on disk while it is read.
    spooled: Option<SpooledInput>,
    /// Of its bytes, once it was asked for.
    hash: Option<String>,
}

impl Input {
    /// Opens a file, or takes standard input into a temporary file in `folder` (the working
    /// folder where `None`), so that it can be read again.
    pub fn open(path: &Path, folder: Option<&Path>, strict: bool) -> anyhow::Result<Self> {
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
            Some(spooled) => {
                acetate_io::open(spooled.path(), &options).map_err(|error| without_name(&error))?
            }
            None => acetate_io::open(path, &options)?,
        };
        Ok(Self {
            given: path.to_owned(),
            decoder,
            spooled,
            hash: None,
        })
    }

    /// The audio.
    pub fn source(&mut self) -> &mut dyn Source {
        &mut self.decoder
    }

    /// The name that was given.
    pub fn given(&self) -> &Path {
        &self.given
    }

    /// Whether the decoder met no damage so far.
    pub fn is_sound(&self) -> bool {
        self.decoder.warnings().is_empty()
    }

    /// BLAKE3 of the bytes that are decoded.
    pub fn content_hash(&mut self) -> anyhow::Result<String> {
        if let Some(hash) = &self.hash {
            return Ok(hash.clone());
        }
        let hash = hash_unchanged(self.path(), &self.decoder)?;
        self.hash = Some(hash.clone());
        Ok(hash)
    }

    /// The codec where it discards part of the sound.
    pub fn lossy_codec(&self) -> Option<&str> {
        let info = self.decoder.info();
        info.lossy.then_some(info.codec.as_str())
    }

    /// Length where the container says it.
    pub fn frames_hint(&self) -> Option<u64> {
        self.decoder.frames_hint()
    }

    /// Length where the container says it exactly.
    pub fn exact_frames(&self) -> Option<u64> {
        self.decoder.info().frames
    }

    /// The usual ending of names of such files.
    pub fn extension(&self) -> &'static str {
        let info = self.decoder.info();
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

    /// Says what the decoder went past.
    pub fn report_warnings(&self, console: &Console) {
        for warning in self.decoder.warnings() {
            console.warn(&format!("{}: {warning}", self.given.display()));
        }
    }

    /// Says what the decoder went past, and puts it first into the report.
    pub fn with_damage(&self, report: Report, console: &Console) -> Report {
        let damage = self.damage(console);
        let report = Report {
            findings: damage.into_iter().chain(report.findings).collect(),
            ..report
        };
        self.with_whole_checked(report)
    }

    /// The report of a song that is not whole if too much of it could not be decoded.
    pub fn with_whole_checked(&self, report: Report) -> Report {
        let (replaced_frames, frames) = self.decoder.replaced_frames();
        let sample_rate_hz = self.decoder.info().sample_rate_hz;
        report.with_check(Check::of_replaced(replaced_frames, frames, sample_rate_hz))
    }

    /// Says what the decoder went past, and gives it as findings.
    pub fn damage(&self, console: &Console) -> Vec<Finding> {
        self.report_warnings(console);
        let warnings = self.decoder.warnings();
        let findings = warnings.iter().map(|warning| damaged(&warning.to_string()));
        findings.collect()
    }

    /// What the report says of the file.
    pub fn facts(&self) -> anyhow::Result<FileFacts> {
        match &self.hash {
            // Still that of what was decoded.
            Some(hash) => {
                self.decoder.expect_unchanged()?;
                Ok(facts_of(&self.given, &self.decoder, hash.clone()))
            }
            None => file_facts(self.path(), &self.given, &self.decoder),
        }
    }
}

/// An error of standard input: the temporary file's name says nothing to anybody.
fn without_name(error: &DecodeError) -> anyhow::Error {
    let text = error.to_string();
    let (_, what) = text.split_once(": ").unwrap_or(("", &text));
    anyhow!("standard input: {what}")
}

/// Hash and format of a file on disk, under the name that the report gives it.
pub fn file_facts(path: &Path, name: &Path, decoder: &Decoder) -> anyhow::Result<FileFacts> {
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
    }
}

/// Runs a command on every input, on all threads where there are several. A bad file is said and
/// the others go on, even past a panic, which is a bug of ours; the worst exit code counts.
pub fn each_input(
    inputs: &[PathBuf],
    console: &Console,
    run: impl Fn(&Path) -> anyhow::Result<Exit> + Sync,
) -> anyhow::Result<Exit> {
    let run = |input: &Path| {
        // What a panic leaves behind belongs to this input alone, and is dropped with it.
        catch_unwind(AssertUnwindSafe(|| run(input))).unwrap_or_else(|_| {
            let input = input.display();
            Err(anyhow!(
                "{input}: internal error: please report it with this file"
            ))
        })
    };
    let told = |input: &PathBuf| match run(input) {
        Ok(exit) => Ok(exit),
        Err(error) => {
            console.error(&error);
            if console.json {
                let input = input.display().to_string();
                console.print_json(&Failure::new(&input, &causes_in_words(&error)))?;
            }
            Ok(Exit::Unusable)
        }
    };
    // One alone stays out of the pool, whose threads it may then use all.
    if let [input] = inputs {
        return told(input);
    }
    let exits: Vec<Exit> = inputs.par_iter().map(told).collect::<anyhow::Result<_>>()?;
    Ok(exits.into_iter().max().unwrap_or(Exit::Met))
}
