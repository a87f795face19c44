//! [`Decoder`]: a file as a re-readable [`Source`] of planar `f32` frames.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use acetate_dsp::{Audio, Source, Spec, StreamError};

use crate::disk::regular::open_regular;
use crate::disk::state::FileState;
use crate::error::{DecodeError, MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ, STRICT, max_frames};
use crate::info::{DecodeWarning, MediaInfo};
use crate::read::backend::Backend;
use crate::read::choose::start;
use crate::read::foreign::{NoHelp, Plan, without_help};
use crate::read::pass::{Pass, hash_frames};
use crate::read::sniff::{self, Kind};
use crate::read::step::{Facts, Fault, Step};
use crate::read::trim::{Trim, find_trim, states_exact_length};

/// Most frames that one read gives, whatever the caller asks for: it bounds the block's memory.
const MAX_BLOCK_FRAMES: usize = 1 << 20;

/// Highest rate of AAC to which an extension may add an upper half, Hz.
const MAX_EXTENDED_AAC_HZ: u32 = 24_000;

/// How to treat a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// Damage that would be bridged with a [`DecodeWarning`] is an error instead.
    pub strict: bool,
}

/// Opens an audio file for decoding and decodes as far as its first frame.
///
/// # Errors
/// [`DecodeError`] when it cannot be opened, is not mono or stereo audio of a supported format and
/// sample rate, or holds no frame.
pub fn open(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Decoder, DecodeError> {
    Decoder::open(path.as_ref(), *options, true)
}

/// As [`open`], for what this crate decodes itself: no other program is asked.
///
/// # Errors
/// As [`open`].
pub fn open_without_helpers(
    path: impl AsRef<Path>,
    options: &OpenOptions,
) -> Result<Decoder, DecodeError> {
    Decoder::open(path.as_ref(), *options, false)
}

/// A file being decoded. Flat memory: one packet and one block.
pub struct Decoder {
    path: PathBuf,
    options: OpenOptions,
    file: File,
    state: FileState,
    info: MediaInfo,
    spec: Spec,
    frames_hint: Option<u64>,
    kind: Kind,
    trim: Trim,
    /// Damage that was found before a frame was decoded.
    damage: Vec<DecodeWarning>,
    backend: Backend,
    /// What is asked of another program that decodes the file.
    plan: Option<Plan>,
    /// Silence to give before `pending`: stands in for broken packets.
    silence: u64,
    /// Decoded frames not yet given, from `pending_at` on.
    pending: Vec<Vec<f32>>,
    pending_at: usize,
    pass: Pass,
    /// Nothing was read since the start or the last rewind.
    untouched: bool,
    /// The first complete pass, which every later one has to repeat.
    first: Option<Pass>,
}

impl Decoder {
    fn open(path: &Path, options: OpenOptions, with_helpers: bool) -> Result<Self, DecodeError> {
        let failed = |source| DecodeError::Open {
            path: path.to_owned(),
            source,
        };
        let mut file = open_regular(path)?;
        let state = FileState::of_open(&file).map_err(failed)?;
        let kind = sniff::sniff(&mut file).map_err(failed)?;
        let own = Self::open_with(path, options, (state.clone(), file, kind), None);
        let (error, is_named) = match own {
            Ok(decoder) => match decoder.better_decoded_by_ffmpeg(with_helpers) {
                Some(plan) => return Self::open_foreign(path, options, state, kind, plan),
                None => return Ok(decoder),
            },
            Err(error) => match needs_help(&error, kind) {
                Some(is_named) => (error, is_named),
                None => return Err(error),
            },
        };
        if options.strict || !with_helpers {
            let because = NoHelp::Because(STRICT.to_owned());
            let help = if with_helpers {
                because
            } else {
                NoHelp::Unknown
            };
            return Err(without_help(error, help));
        }
        match Plan::of(path, state.bytes(), is_named) {
            Ok(plan) => match Self::open_foreign(path, options, state, kind, plan) {
                // What nobody can decode is said by the reader that knows its format.
                Err(_) if !is_named => Err(error),
                opened => opened,
            },
            Err(help) => Err(without_help(error, help)),
        }
    }

    /// Opens a file by another program.
    fn open_foreign(
        path: &Path,
        options: OpenOptions,
        state: FileState,
        kind: Kind,
        plan: Plan,
    ) -> Result<Self, DecodeError> {
        let file = open_regular(path)?;
        Self::open_with(path, options, (state, file, kind), Some(plan))
    }

    fn open_with(
        path: &Path,
        options: OpenOptions,
        (state, file, kind): (FileState, File, Kind),
        plan: Option<Plan>,
    ) -> Result<Self, DecodeError> {
        let failed = |source| DecodeError::Open {
            path: path.to_owned(),
            source,
        };
        let started = match &plan {
            Some(plan) => {
                let facts = plan.facts(&file).map_err(failed)?;
                (plan.start()).map(|reader| (Backend::Foreign(Box::new(reader)), facts))
            }
            None => start(path, kind, &file, true),
        };
        let (mut backend, facts) = started.map_err(|fault| to_error(path, "audio", 0, fault))?;

        let mut pass = Pass::default();
        let mut pending = Vec::new();
        let mut silence = 0_u64;
        loop {
            let step = backend
                .step(&mut pending)
                .map_err(|fault| to_error(path, &facts.container, 0, fault))?;
            match (step, backend.spec()) {
                (Step::Frames, Some(_)) => break,
                (Step::Frames, None) => {}
                (Step::Broken(frames), _) => {
                    silence = silence.saturating_add(frames);
                    pass.count_broken(0);
                }
                (Step::End, _) => return Err(no_frame(path, &facts, &pass)),
            }
        }
        let Some((sample_rate_hz, channels)) = backend.spec() else {
            return Err(no_frame(path, &facts, &pass));
        };
        if !(1..=2).contains(&channels) {
            return Err(DecodeError::Channels {
                path: path.to_owned(),
                got: channels as u64,
            });
        }
        if !(MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ).contains(&sample_rate_hz) {
            return Err(DecodeError::SampleRate {
                path: path.to_owned(),
                got_hz: sample_rate_hz,
            });
        }

        let trim = find_trim(&file, &facts, sample_rate_hz).map_err(failed)?;
        if trim.pieces > 1 {
            return Err(DecodeError::NotAudio {
                path: path.to_owned(),
                found: format!("an edit list that plays {} pieces", trim.pieces),
                convertible: true,
            });
        }
        let mut damage = facts.damage.clone();
        damage.extend(
            (trim.understated.zip(trim.keep)).map(|(stated_frames, got_frames)| {
                DecodeWarning::HoldsMore {
                    stated_frames,
                    got_frames,
                }
            }),
        );
        let frames_hint = match kind {
            Kind::StreamedWave => None,
            _ => trim.keep.or(facts.frames),
        };
        let this = Self {
            path: path.to_owned(),
            options,
            file,
            state,
            spec: Spec {
                sample_rate_hz,
                channels,
            },
            info: MediaInfo {
                // What another program decodes is held against its length by its own reader.
                frames: frames_hint.filter(|_| plan.is_none() && states_exact_length(&facts)),
                container: facts.container,
                codec: facts.codec,
                sample_rate_hz,
                channels,
                bits_per_sample: facts.bits_per_sample,
                lossy: facts.lossy,
                foreign: plan.as_ref().map(Plan::declaration),
            },
            plan,
            frames_hint,
            trim,
            damage,
            backend,
            silence,
            pending,
            pending_at: 0,
            pass,
            first: None,
            kind,
            untouched: true,
        };
        match this.warnings().into_iter().next() {
            Some(warning) if options.strict => Err(this.damaged(warning)),
            _ => Ok(this),
        }
    }

    /// Whether it reads the very file of a handle.
    pub(crate) fn reads(&self, file: &File) -> bool {
        FileState::of_open(file).is_ok_and(|other| self.state.is_file_of(&other))
    }

    /// A plan for sound of which this crate's decoder gives a part: AAC whose upper half stands in an
    /// extension that its header does not announce.
    fn better_decoded_by_ffmpeg(&self, with_helpers: bool) -> Option<Plan> {
        if self.options.strict || !with_helpers {
            return None;
        }
        let may_be_extended =
            self.info.codec == "aac" && self.spec.sample_rate_hz <= MAX_EXTENDED_AAC_HZ;
        if !may_be_extended {
            return None;
        }
        let plan = Plan::of(&self.path, self.state.bytes(), true).ok()?;
        (plan.coded_rate_hz() > self.spec.sample_rate_hz).then_some(plan)
    }

    /// What the file says about itself.
    pub fn info(&self) -> &MediaInfo {
        &self.info
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the path still leads to the file as it was when it was opened, for whoever reads it
    /// by another way, as for its hash.
    ///
    /// # Errors
    /// [`DecodeError::Changed`].
    pub fn expect_unchanged(&self) -> Result<(), DecodeError> {
        self.check_identity()
    }

    /// Damage met so far; complete once the file was read to its end.
    pub fn warnings(&self) -> Vec<DecodeWarning> {
        let pass = self.first.as_ref().unwrap_or(&self.pass);
        [self.damage.clone(), pass.warnings()].concat()
    }

    /// Frames of silence that stood in for sound which could not be decoded, and frames in all;
    /// complete once the file was read to its end.
    pub fn replaced_frames(&self) -> (u64, u64) {
        let pass = self.first.as_ref().unwrap_or(&self.pass);
        (pass.replaced_frames, pass.frames)
    }

    /// The next frames, as [`Source::read`], with this crate's own error.
    ///
    /// # Errors
    /// [`DecodeError`] when the file cannot be read, is broken beyond repair, is damaged and
    /// `strict` was asked for, or differs from what the first pass saw.
    pub fn read_block(
        &mut self,
        block: &mut Audio,
        max_frames: usize,
    ) -> Result<usize, DecodeError> {
        debug_assert_eq!(block.channel_count(), self.spec.channels);
        self.untouched = false;
        let wanted = max_frames.min(MAX_BLOCK_FRAMES);
        block.set_frames(wanted);
        let mut filled = 0;
        while filled < wanted && self.prepare()? {
            filled += self.give(block, filled, wanted);
        }
        block.set_frames(filled);
        Ok(filled)
    }

    /// Goes back to the first frame, as [`Source::rewind`], with this crate's own error.
    ///
    /// # Errors
    /// [`DecodeError`] when the file changed since it was opened or can no longer be read.
    pub fn rewind_to_start(&mut self) -> Result<(), DecodeError> {
        self.check_identity()?;
        if self.untouched {
            return Ok(());
        }
        self.file
            .seek(SeekFrom::Start(0))
            .map_err(|error| self.error(Fault::Io(error)))?;
        // A decoder made anew is the only state that is certain to equal the first.
        let started = match &self.plan {
            Some(plan) => (plan.start()).map(|reader| Backend::Foreign(Box::new(reader))),
            None => start(&self.path, self.kind, &self.file, false).map(|(backend, _)| backend),
        };
        self.backend = started.map_err(|fault| self.error(fault))?;
        self.silence = 0;
        self.pending.iter_mut().for_each(Vec::clear);
        self.pending_at = 0;
        self.pass = Pass::default();
        self.untouched = true;
        Ok(())
    }

    /// Sees to it that a frame is ready; false at the end.
    fn prepare(&mut self) -> Result<bool, DecodeError> {
        loop {
            if self.pass.ended {
                return Ok(false);
            }
            if self.trim.keep == Some(self.pass.frames) {
                self.pending.iter_mut().for_each(Vec::clear);
                self.pending_at = 0;
                let rest = self.backend.step(&mut self.pending);
                self.finish_pass(matches!(rest, Ok(Step::End)))?;
                return Ok(false);
            }
            let max_frames = max_frames(self.state.bytes(), self.spec.sample_rate_hz);
            if self.pass.frames > max_frames {
                return Err(DecodeError::TooLong {
                    path: self.path.clone(),
                    max_frames,
                });
            }
            let decoded = self.pending.first().map_or(0, Vec::len) - self.pending_at;
            let skip = self.trim.skip - self.pass.skipped;
            let skip_silence = skip.min(self.silence);
            self.silence -= skip_silence;
            let skip_decoded = (skip - skip_silence).min(decoded as u64);
            self.pending_at += skip_decoded as usize;
            self.pass.skipped += skip_silence + skip_decoded;
            if self.silence > 0 || decoded as u64 > skip_decoded {
                return Ok(true);
            }

            self.pending.iter_mut().for_each(Vec::clear);
            self.pending_at = 0;
            match self.backend.step(&mut self.pending) {
                Ok(Step::Frames) => {}
                Ok(Step::Broken(frames)) => {
                    self.silence = frames;
                    self.pass.count_broken(self.pass.frames);
                    self.refuse_if_strict()?;
                }
                Ok(Step::End) => {
                    self.finish_pass(true)?;
                    return Ok(false);
                }
                Err(fault) => return Err(self.error(fault)),
            }
        }
    }

    /// Copies what is ready into `block[filled..wanted]`; returns how many frames.
    fn give(&mut self, block: &mut Audio, filled: usize, wanted: usize) -> usize {
        let room = (wanted - filled) as u64;
        let room = match self.trim.keep {
            Some(keep) => room.min(keep - self.pass.frames),
            None => room,
        };
        // `room` is at most MAX_BLOCK_FRAMES, so the casts below lose nothing.
        let frames = if self.silence > 0 {
            let frames = room.min(self.silence) as usize;
            for channel in block.channels_mut() {
                channel[filled..filled + frames].fill(0.0);
            }
            self.silence -= frames as u64;
            self.pass.replaced_frames += frames as u64;
            frames
        } else {
            let start = self.pending_at;
            let frames = (room as usize).min(self.pending[0].len() - start);
            for (channel, decoded) in block.channels_mut().zip(&self.pending) {
                channel[filled..filled + frames].copy_from_slice(&decoded[start..start + frames]);
            }
            self.pending_at += frames;
            frames
        };
        if let [first, .., last] | [first @ last] = block.channels() {
            let given = filled..filled + frames;
            let channels = [&first[given.clone()], &last[given]];
            hash_frames(&mut self.pass.hashes, self.pass.frames, channels);
        }
        self.pass.frames += frames as u64;
        frames
    }

    /// `decoded_all`: the reader has nothing left, so that its checksum covers the whole.
    fn finish_pass(&mut self, decoded_all: bool) -> Result<(), DecodeError> {
        self.pass.ended = true;
        self.check_identity()?;
        if decoded_all && self.warnings().is_empty() && self.backend.is_not_what_was_encoded() {
            self.pass.checksum_differs = true;
            self.refuse_if_strict()?;
        }
        self.pass.told_at_end = self.backend.damage_at_end().to_vec();
        let got_frames = self.pass.frames;
        let other_length =
            (self.info.frames).and_then(|stated| DecodeWarning::of_lengths(stated, got_frames));
        if other_length.is_some() {
            self.pass.other_length = other_length;
            self.refuse_if_strict()?;
        }
        if self.pass.frames == 0 {
            return Err(DecodeError::NoAudio {
                path: self.path.clone(),
            });
        }
        match &self.first {
            None => self.first = Some(self.pass.clone()),
            Some(first) if first.frames != self.pass.frames => {
                return Err(self.changed(
                    format!("{} frames", first.frames),
                    format!("{} frames", self.pass.frames),
                ));
            }
            Some(first) if first.hashes != self.pass.hashes => {
                return Err(self.changed("the same samples".into(), "other samples".into()));
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn check_identity(&self) -> Result<(), DecodeError> {
        match FileState::of(&self.path) {
            Ok(now) if now == self.state => Ok(()),
            Ok(now) => Err(self.changed(self.state.describe(&now), now.describe(&self.state))),
            Err(error) => Err(self.changed("the same file".into(), error.to_string())),
        }
    }

    fn refuse_if_strict(&self) -> Result<(), DecodeError> {
        match self.pass.warnings().pop() {
            Some(warning) if self.options.strict => Err(self.damaged(warning)),
            _ => Ok(()),
        }
    }

    fn damaged(&self, warning: DecodeWarning) -> DecodeError {
        DecodeError::Damaged {
            path: self.path.clone(),
            warning,
        }
    }

    fn changed(&self, expected: String, found: String) -> DecodeError {
        DecodeError::Changed {
            path: self.path.clone(),
            expected,
            found,
        }
    }

    fn error(&self, fault: Fault) -> DecodeError {
        to_error(&self.path, &self.info.container, self.pass.frames, fault)
    }
}

impl Source for Decoder {
    fn spec(&self) -> Spec {
        self.spec
    }

    fn frames_hint(&self) -> Option<u64> {
        self.frames_hint
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        self.read_block(block, max_frames).map_err(StreamError::new)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.rewind_to_start().map_err(StreamError::new)
    }
}

/// Whether another program may decode what ended with this error; then also whether the file's first
/// bytes say what it is.
fn needs_help(error: &DecodeError, kind: Kind) -> Option<bool> {
    match (error, kind) {
        (_, Kind::Other(_, false)) => None,
        (DecodeError::NotAudio { convertible, .. }, _) => Some(*convertible),
        (DecodeError::Channels { got, .. }, _) => (*got > 2).then_some(true),
        (DecodeError::Malformed { .. }, _) => Some(false),
        _ => None,
    }
}

fn no_frame(path: &Path, facts: &Facts, pass: &Pass) -> DecodeError {
    match pass.broken {
        None => DecodeError::NoAudio {
            path: path.to_owned(),
        },
        Some((count, _)) => DecodeError::Malformed {
            path: path.to_owned(),
            container: facts.container.clone(),
            frame: 0,
            found: format!("{count} packets, none of which can be decoded"),
        },
    }
}

fn to_error(path: &Path, container: &str, frame: u64, fault: Fault) -> DecodeError {
    let path = path.to_owned();
    match fault {
        Fault::Io(source) if source.kind() == io::ErrorKind::UnexpectedEof => {
            DecodeError::Malformed {
                path,
                container: container.to_owned(),
                frame,
                found: "the end of the file in the middle of a header".to_owned(),
            }
        }
        Fault::Io(source) => DecodeError::Read {
            path,
            frame,
            source,
        },
        Fault::Malformed(found) => DecodeError::Malformed {
            path,
            container: container.to_owned(),
            frame,
            found,
        },
        Fault::NotAudio(found, convertible) => DecodeError::NotAudio {
            path,
            found,
            convertible,
        },
        Fault::Unknown => DecodeError::NotAudio {
            path,
            found: "data that is no known audio format".to_owned(),
            convertible: false,
        },
        Fault::Channels(got) => DecodeError::Channels { path, got },
        Fault::RateChange {
            at_frame,
            from_hz,
            to_hz,
        } => DecodeError::RateChange {
            path,
            at_frame,
            from_hz,
            to_hz,
        },
    }
}
