//! [`StagedFile`]: an output that takes its name only when it is finished and verified.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use acetate_dsp::{Audio, Sink, Spec, StreamError};

use crate::disk::paths::{check_name, folder_of, require_space};
use crate::disk::state::special_file;
use crate::disk::temporary::{TemporaryFile, remove_stale_sometimes};
use crate::error::{MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
use crate::tags::{Sound, TagWarning, Tags, WaveTags};
use crate::write::broadcast::{continued, empty, history_line, state_loudness};
use crate::write::flac::{FlacError, FlacWriter};
use crate::write::wav::{RF64_ABOVE_BYTES, WavError, WavWriter};
use crate::{
    Broadcast, Container, DecodeError, Decoder, OpenOptions, OutputFormat, WriteError, open,
};

/// Room for header and tags in the check for free space, bytes.
const SPARE_BYTES: u64 = 1024 * 1024;

/// What is written.
#[derive(Clone, Copy, Debug)]
pub struct StageOptions<'a> {
    /// Container and word length.
    pub format: OutputFormat,
    /// Length in frames where it is known; decides between RIFF and RF64 and the free-space check.
    pub expected_frames: Option<u64>,
    /// Audio of more bytes than this is written as RF64; [`RF64_ABOVE_BYTES`] unless tested.
    pub rf64_above_bytes: u64,
    /// Tags that go into the file.
    pub tags: Option<&'a Tags>,
    /// Loudness figures for a WAV; a FLAC has no place for them.
    pub broadcast: Option<&'a Broadcast>,
    /// A WAV without them has room for them, for [`StagedFile::state_loudness`].
    pub has_loudness_later: bool,
}

impl StageOptions<'_> {
    /// A format, without tags, of unknown length.
    pub fn new(format: OutputFormat) -> Self {
        Self {
            format,
            expected_frames: None,
            rf64_above_bytes: RF64_ABOVE_BYTES,
            tags: None,
            broadcast: None,
            has_loudness_later: false,
        }
    }
}

/// An output under a temporary name in its own folder: write, [`finish`](Sink::finish),
/// [`reread`](Self::reread) to verify what is on disk, [`commit`](Self::commit). Dropped before
/// that, it leaves nothing behind.
///
/// Samples for 16 and 24 bits are expected on the grid, dithered and quantized; they are stored
/// exactly. There is no time in the file: the same samples and tags give the same bytes.
pub struct StagedFile {
    path: PathBuf,
    temporary: TemporaryFile,
    writer: Writer,
    /// Chunks behind the audio of a WAV.
    wav_chunks: Vec<Arc<Vec<u8>>>,
    tag_warnings: Vec<TagWarning>,
    channels: usize,
    frames: u64,
    /// On its way to the disk; behind `temporary`, whose name goes first.
    syncing: Option<Syncing>,
}

enum Writer {
    Wav(Box<WavWriter<BufWriter<File>>>),
    Flac(Box<FlacWriter<BufWriter<File>>>),
    Finished,
    Failed,
}

impl StagedFile {
    /// Whether `path` can be written, tried out now rather than after the work: the folder takes
    /// files, and nothing is in the way.
    ///
    /// # Errors
    /// [`WriteError`] that says what is in the way.
    pub fn check(path: impl AsRef<Path>, overwrite: bool) -> Result<(), WriteError> {
        let path = path.as_ref();
        let name = file_name(path)?;
        check_name(path)?;
        if let Ok(metadata) = fs::symlink_metadata(path) {
            refuse_special(path, &metadata)?;
            if !overwrite {
                return Err(WriteError::Exists {
                    path: path.to_owned(),
                });
            }
        }
        create_temporary(path, &name).map(drop)
    }

    /// Creates the temporary file and its header. Temporary files that killed runs left in the
    /// folder are removed.
    ///
    /// # Errors
    /// [`WriteError`] when the folder cannot be written to, the disk is too full, or the format
    /// cannot hold `spec`.
    pub fn create(
        path: impl AsRef<Path>,
        spec: Spec,
        options: &StageOptions<'_>,
    ) -> Result<Self, WriteError> {
        let path = path.as_ref();
        let name = file_name(path)?;
        if !(1..=2).contains(&spec.channels)
            || !(MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ).contains(&spec.sample_rate_hz)
        {
            return Err(WriteError::Spec {
                path: path.to_owned(),
                channels: spec.channels,
                sample_rate_hz: spec.sample_rate_hz,
            });
        }
        remove_stale_sometimes(&folder_of(path));
        let word_length = options.format.word_length();
        if let (Some(frames), Container::Wav) =
            (options.expected_frames, options.format.container())
        {
            let bytes = frames.saturating_mul(spec.channels as u64 * word_length.bytes());
            require_space(&folder_of(path), bytes.saturating_add(SPARE_BYTES))?;
        }
        let temporary = create_temporary(path, &name)?;
        let failed = |source| WriteError::Write {
            path: path.to_owned(),
            frame: 0,
            source,
        };
        let file = temporary.file().try_clone().map_err(failed)?;
        let out = BufWriter::with_capacity(256 * 1024, file);
        let mut wav_chunks = Vec::new();
        let (writer, tag_warnings) = match options.format.container() {
            Container::Wav => {
                let carried = options.tags.map(|tags| {
                    tags.wave(spec.sample_rate_hz, spec.channels, options.expected_frames)
                });
                let (WaveTags { broadcast, behind }, warnings) = carried.unwrap_or_default();
                wav_chunks = behind;
                let history = history_line(spec.sample_rate_hz, word_length.bits(), spec.channels);
                let broadcast = match (options.broadcast, broadcast) {
                    (Some(own), base) => Some(own.body(base.as_deref())),
                    (None, Some(base)) => Some(continued(&base, &history)),
                    (None, None) => options.has_loudness_later.then(|| empty(&history)),
                };
                let writer = WavWriter::new(
                    out,
                    spec,
                    word_length,
                    options.expected_frames,
                    options.rf64_above_bytes,
                    broadcast.as_deref(),
                );
                (Writer::Wav(Box::new(writer.map_err(failed)?)), warnings)
            }
            Container::Flac => {
                let sound = Sound {
                    sample_rate_hz: spec.sample_rate_hz,
                    channels: spec.channels,
                    bits: word_length.bits(),
                    frames: options.expected_frames,
                };
                let carried = options.tags.map(|tags| tags.flac(sound));
                let (tags, warnings) = carried.unwrap_or_default();
                let writer =
                    FlacWriter::new(out, spec, word_length.bits(), options.expected_frames, tags);
                let writer = writer.map_err(|error| flac_error(path, 0, error))?;
                (Writer::Flac(Box::new(writer)), warnings)
            }
        };
        Ok(Self {
            path: path.to_owned(),
            temporary,
            writer,
            wav_chunks,
            tag_warnings,
            channels: spec.channels,
            frames: 0,
            syncing: None,
        })
    }

    /// The name that it will have.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name that it has until then.
    pub fn temporary_path(&self) -> &Path {
        self.temporary.path()
    }

    /// Tags that could not be carried over.
    pub fn tag_warnings(&self) -> &[TagWarning] {
        &self.tag_warnings
    }

    /// Frames written so far.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Appends a block, as [`Sink::write`], with this crate's own error.
    ///
    /// # Errors
    /// [`WriteError`]; after one, nothing more can be written.
    pub fn write_block(&mut self, block: &Audio) -> Result<(), WriteError> {
        if block.channel_count() != self.channels {
            return Err(WriteError::Block {
                path: self.path.clone(),
                expected: self.channels,
                got: block.channel_count(),
            });
        }
        let written = match &mut self.writer {
            Writer::Wav(writer) => {
                let written = writer.write(block);
                written.map_err(|error| wav_error(&self.path, self.frames, error))
            }
            Writer::Flac(writer) => {
                let written = writer.write(block);
                written.map_err(|error| flac_error(&self.path, self.frames, error))
            }
            Writer::Finished => {
                return Err(self.order("a file that is being written", "a finished one"));
            }
            Writer::Failed => {
                return Err(self.order("a file that is being written", "a failed one"));
            }
        };
        match written {
            Ok(()) => self.frames += block.frames() as u64,
            Err(_) => self.writer = Writer::Failed,
        }
        written
    }

    /// Completes tags and sizes, as [`Sink::finish`], with this crate's own error.
    ///
    /// # Errors
    /// [`WriteError`]; the file cannot be committed then.
    pub fn finish_file(&mut self) -> Result<(), WriteError> {
        match std::mem::replace(&mut self.writer, Writer::Failed) {
            Writer::Wav(mut writer) => writer
                .finish(&self.wav_chunks)
                .map_err(|error| wav_error(&self.path, self.frames, error))?,
            Writer::Flac(writer) => writer
                .finish()
                .map_err(|error| flac_error(&self.path, self.frames, error))?,
            Writer::Finished => {}
            Writer::Failed => {
                return Err(self.order("a file that is being written", "a failed one"));
            }
        }
        self.writer = Writer::Finished;
        Ok(())
    }

    /// States the loudness of the finished file in its `bext` chunk, once it was measured: the sound stays as it
    /// is. A FLAC, or a WAV that was begun without room for it, is left as it is.
    ///
    /// # Errors
    /// [`WriteError`] when the file cannot be read or written.
    pub fn state_loudness(&self, figures: &Broadcast) -> Result<(), WriteError> {
        let failed = |source| WriteError::Write {
            path: self.path.clone(),
            frame: self.frames,
            source,
        };
        if !matches!(self.writer, Writer::Finished) {
            return Err(self.order("a finished file", "one that is being written or failed"));
        }
        state_loudness(self.temporary.file(), figures).map_err(failed)
    }

    /// Begins to write the finished file through to the disk, which takes long and little work, while it is
    /// verified: for what will probably be committed.
    pub fn begin_sync(&mut self) {
        if matches!(self.writer, Writer::Finished) && self.syncing.is_none() {
            self.syncing = Syncing::begin(self.temporary.file());
        }
    }

    /// Opens what is on disk for verification, strictly: any damage is an error.
    ///
    /// # Errors
    /// [`DecodeError`] when it is not finished or cannot be decoded.
    pub fn reread(&self) -> Result<Decoder, DecodeError> {
        if !matches!(self.writer, Writer::Finished) {
            return Err(DecodeError::Malformed {
                path: self.temporary.path().to_owned(),
                container: "output".to_owned(),
                frame: 0,
                found: "a file that is still being written".to_owned(),
            });
        }
        let decoder = open(self.temporary.path(), &OpenOptions { strict: true })?;
        if decoder.reads(self.temporary.file()) {
            return Ok(decoder);
        }
        Err(DecodeError::Changed {
            path: self.temporary.path().to_owned(),
            expected: "the file that was written".to_owned(),
            found: "another one in its place".to_owned(),
        })
    }

    /// Gives the finished file its name: written through to the disk, then renamed in one step,
    /// so that the name never stands for half a file. A symbolic link in the way is replaced, not
    /// followed.
    ///
    /// # Errors
    /// [`WriteError::Exists`] when there is a file and `overwrite` is not set, also one that came
    /// while this one was being written; [`WriteError::Commit`] when the system refuses. The
    /// temporary file is removed in any case.
    pub fn commit(mut self, overwrite: bool) -> Result<PathBuf, WriteError> {
        if !matches!(self.writer, Writer::Finished) {
            return Err(self.order("a finished file", "one that is being written or failed"));
        }
        let failed = |source| WriteError::Commit {
            path: self.path.clone(),
            source,
        };
        if let Ok(metadata) = fs::symlink_metadata(&self.path) {
            refuse_special(&self.path, &metadata)?;
        }
        // A failure to write is told once, to whom asked first.
        let synced = self.syncing.take().map_or(Ok(()), Syncing::end);
        synced.map_err(failed)?;
        self.temporary.file().sync_all().map_err(failed)?;
        self.temporary
            .commit(&self.path, overwrite)
            .map_err(|source| {
                let path = self.path.clone();
                if source.kind() == io::ErrorKind::AlreadyExists {
                    WriteError::Exists { path }
                } else {
                    WriteError::Commit { path, source }
                }
            })?;
        Ok(self.path)
    }

    fn order(&self, expected: &'static str, got: &'static str) -> WriteError {
        WriteError::Order {
            path: self.path.clone(),
            expected,
            got,
        }
    }
}

impl Sink for StagedFile {
    fn write(&mut self, block: &Audio) -> Result<(), StreamError> {
        self.write_block(block).map_err(StreamError::new)
    }

    fn finish(&mut self) -> Result<(), StreamError> {
        self.finish_file().map_err(StreamError::new)
    }
}

/// A file on its way to the disk. Dropped, it waits for the end of that: no handle keeps the space of a file
/// that is gone.
struct Syncing(Option<JoinHandle<io::Result<()>>>);

impl Syncing {
    /// `None` where that cannot be done beside other work.
    fn begin(file: &File) -> Option<Self> {
        let file = file.try_clone().ok()?;
        let thread = thread::Builder::new().spawn(move || file.sync_all());
        Some(Self(Some(thread.ok()?)))
    }

    /// Waits; whether all of it is on the disk.
    fn end(mut self) -> io::Result<()> {
        let ended = self.0.take().map(JoinHandle::join);
        ended.map_or(Ok(()), |ended| {
            ended.unwrap_or_else(|panic| resume_unwind(panic))
        })
    }
}

impl Drop for Syncing {
    fn drop(&mut self) {
        let _ = self.0.take().map(JoinHandle::join);
    }
}

fn file_name(path: &Path) -> Result<OsString, WriteError> {
    let name = path.file_name().map(OsStr::to_owned);
    name.ok_or_else(|| WriteError::NotAFile {
        path: path.to_owned(),
        found: "no file name",
    })
}

fn refuse_special(path: &Path, metadata: &fs::Metadata) -> Result<(), WriteError> {
    match special_file(metadata) {
        Some(found) if !metadata.is_symlink() => Err(WriteError::NotAFile {
            path: path.to_owned(),
            found,
        }),
        _ => Ok(()),
    }
}

fn create_temporary(path: &Path, name: &OsStr) -> Result<TemporaryFile, WriteError> {
    TemporaryFile::create(path, name).map_err(|source| WriteError::Folder {
        folder: folder_of(path),
        source,
    })
}

fn wav_error(path: &Path, frame: u64, error: WavError) -> WriteError {
    let path = path.to_owned();
    match error {
        WavError::Io(source) => WriteError::Write {
            path,
            frame,
            source,
        },
        WavError::TooLong(expected_bytes, got_bytes) => WriteError::TooLong {
            path,
            expected_bytes,
            got_bytes,
        },
    }
}

fn flac_error(path: &Path, frame: u64, error: FlacError) -> WriteError {
    let path = path.to_owned();
    match error {
        FlacError::Io(source) => WriteError::Write {
            path,
            frame,
            source,
        },
        FlacError::Encoder(found) => WriteError::Flac { path, frame, found },
    }
}
