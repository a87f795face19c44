//! Why a file could not be read or written; every message names the file, what was expected and
//! what was found.

use std::io;
use std::path::{Path, PathBuf};

use acetate_dsp::plain::is_unseen;
pub use acetate_dsp::stream::{MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};

use crate::ReadError;

/// Longest program that is mastered, s: the memory of an analysis grows with the length.
pub const MAX_DURATION_S: u64 = 12 * 3600;
/// Frames that any file may hold.
const FREE_FRAMES: u64 = 1 << 25;
/// Beyond those a file holds at most so many frames for each byte: a small one that stands for hours
/// of silence costs time. MP3 at 8 kbit/s and 8 kHz has 8.
const FRAMES_PER_BYTE: u64 = 64;

/// Most frames that are read from a file of so many bytes.
pub(crate) fn max_frames(file_bytes: u64, sample_rate_hz: u32) -> u64 {
    let by_size = file_bytes.saturating_mul(FRAMES_PER_BYTE);
    let by_duration = MAX_DURATION_S * u64::from(sample_rate_hz);
    by_size.saturating_add(FREE_FRAMES).min(by_duration)
}

/// What can be decoded, in words, for error messages.
pub(crate) const READABLE: &str =
    "WAV, RF64, AIFF, CAF, FLAC, MP3, Ogg Vorbis, or AAC or ALAC in M4A";

/// Why a file could not be decoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// It is missing, or may not be read.
    #[error("{}: cannot be opened: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is a directory, a pipe, a device or a socket.
    #[error("{}: expected a regular file, found {found} (the audio is read more than once, so a pipe has to be saved to a file first)", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// It holds something else than audio that can be decoded.
    #[error("{}: expected {READABLE}, found {found}{}", path.display(), hint(path, *convertible))]
    NotAudio {
        /// The file.
        path: PathBuf,
        /// What it seems to be.
        found: String,
        /// Whether it is audio that another program can convert.
        convertible: bool,
    },
    /// It holds audio that only another program decodes, and that did not help.
    #[error("{}: expected {expected}, found {found}, which Acetate does not decode itself; {}", path.display(), way_out(path, reason))]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it decodes.
        expected: &'static str,
        /// What it seems to be.
        found: String,
        /// Why the other program did not help.
        reason: String,
    },
    /// Neither mono nor stereo.
    #[error("{}: expected 1 or 2 channels, found {got}", path.display())]
    Channels {
        /// The file.
        path: PathBuf,
        /// Number of channels found.
        got: u64,
    },
    /// A sample rate out of range.
    #[error("{}: expected a sample rate of {MIN_SAMPLE_RATE_HZ} to {MAX_SAMPLE_RATE_HZ} Hz, found {got_hz} Hz", path.display())]
    SampleRate {
        /// The file.
        path: PathBuf,
        /// Sample rate found, Hz.
        got_hz: u32,
    },
    /// The sample rate changes in the middle, as where two files were joined.
    #[error("{}: expected one sample rate, found {from_hz} Hz up to frame {at_frame} and {to_hz} Hz from there{}", path.display(), hint(path, true))]
    RateChange {
        /// The file.
        path: PathBuf,
        /// Frames before the change.
        at_frame: u64,
        /// Sample rate before it, Hz.
        from_hz: u32,
        /// Sample rate after it, Hz.
        to_hz: u32,
    },
    /// It is audio, but without a single frame.
    #[error("{}: expected at least one frame of audio, found none", path.display())]
    NoAudio {
        /// The file.
        path: PathBuf,
    },
    /// Longer than anything that is mastered, or than a file of its size can be in earnest.
    #[error("{}: expected at most {max_frames} frames of audio in a file of this size, found more", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The most that are read.
        max_frames: u64,
    },
    /// The structure of the file is broken, so that nothing after this place can be decoded.
    #[error("{}: expected well-formed {container}, found at frame {frame}: {found}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Container format as far as it is known.
        container: String,
        /// Frames that were decoded before it.
        frame: u64,
        /// What is wrong.
        found: String,
    },
    /// Damage that is bridged unless [`OpenOptions::strict`](crate::OpenOptions) is set.
    #[error("{}: expected an undamaged file, found: {warning}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The damage.
        warning: crate::DecodeWarning,
    },
    /// Reading failed.
    #[error("{}: cannot be read at frame {frame}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Frames that were decoded before it.
        frame: u64,
        /// What the system said.
        source: io::Error,
    },
    /// Another pass over the file does not see what the first pass saw.
    #[error("{}: changed while it was read: expected {expected}, found {found}", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// State in the first pass.
        expected: String,
        /// State now.
        found: String,
    },
}

/// What was no file to begin with.
impl From<ReadError> for DecodeError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotAFile { path, found } => Self::NotAFile { path, found },
            ReadError::Read { path, source } => Self::Open { path, source },
            ReadError::TooLarge { ref path, .. } | ReadError::NotText { ref path, .. } => {
                Self::Open {
                    path: path.clone(),
                    source: io::Error::other(error.to_string()),
                }
            }
        }
    }
}

/// Why another program is not asked where only what this crate decodes itself counts.
pub(crate) const STRICT: &str = "--strict";

fn way_out(path: &Path, reason: &str) -> String {
    if reason == STRICT {
        let hint = hint(path, true);
        format!(
            "--strict takes nothing that another program decodes: leave it out{}",
            hint.replacen(';', ", or", 1)
        )
    } else if reason.ends_with("is not installed") {
        format!(
            "it decodes such files with ffmpeg, but {reason}: install ffmpeg, then run this again"
        )
    } else {
        format!("ffmpeg was asked to decode it, but {reason}")
    }
}

fn hint(path: &Path, convertible: bool) -> String {
    if convertible {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_else(|| "in".to_owned());
        let stem = path
            .file_stem()
            .map_or_else(|| "out".into(), |stem| stem.to_string_lossy());
        // The same name again would be the file itself.
        let converted = match format!("{stem}.wav") {
            same if same == name => format!("{stem}.pcm.wav"),
            other => other,
        };
        format!(
            "; convert it first: ffmpeg -i {} {}",
            for_shell(&name),
            for_shell(&converted)
        )
    } else {
        String::new()
    }
}

/// A file's name as one word of a shell's command line, whatever is in it.
fn for_shell(name: &str) -> String {
    let name = match name.starts_with('-') {
        true => format!("./{name}"),
        false => name.to_owned(),
    };
    let is_special = |c| matches!(c, '"' | '$' | '`' | '\\' | '!') || is_unseen(c);
    if !name.contains(is_special) {
        return format!("\"{name}\"");
    }
    format!("'{}'", name.replace('\'', "'\\''"))
}

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The name's ending stands for no format that is written.
    #[error("{}: expected a name that ends in .wav or .flac, found {found}", path.display())]
    Extension {
        /// The output.
        path: PathBuf,
        /// Its ending.
        found: String,
    },
    /// A word length that the container cannot hold.
    #[error(
        "expected 16 or 24 bits for FLAC, found 32-bit float (FLAC holds integers only; write a .wav instead)"
    )]
    FlacFloat,
    /// The path has no file name, or names something that is no regular file.
    #[error("{}: expected the name of a file to write, found {found}", path.display())]
    NotAFile {
        /// The output.
        path: PathBuf,
        /// What is there.
        found: &'static str,
    },
    /// Longer than the names that the file system takes.
    #[error("{}: expected a name of at most {max_bytes} bytes, got {got_bytes}: choose a shorter one", path.display())]
    Name {
        /// The output.
        path: PathBuf,
        /// The longest name.
        max_bytes: u64,
        /// Length of this one.
        got_bytes: u64,
    },
    /// It exists, and overwriting was not asked for.
    #[error("{}: expected no such file, found one (it is replaced only when overwriting is asked for)", path.display())]
    Exists {
        /// The output.
        path: PathBuf,
    },
    /// The folder does not exist, or nothing can be created in it.
    #[error("{}: expected a folder that can be written to: {source}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk is too full for what is going to be written.
    #[error("{}: expected {needed_bytes} bytes of free space, found {available_bytes}", folder.display())]
    NoSpace {
        /// The folder.
        folder: PathBuf,
        /// What the whole file takes.
        needed_bytes: u64,
        /// What is free.
        available_bytes: u64,
    },
    /// Neither mono nor stereo, or a rate that the format cannot state.
    #[error("{}: expected 1 or 2 channels at {MIN_SAMPLE_RATE_HZ} to {MAX_SAMPLE_RATE_HZ} Hz, got {channels} at {sample_rate_hz} Hz", path.display())]
    Spec {
        /// The output.
        path: PathBuf,
        /// Number of channels asked for.
        channels: usize,
        /// Sample rate asked for, Hz.
        sample_rate_hz: u32,
    },
    /// A block whose channels do not fit the file.
    #[error("{}: expected blocks of {expected} channels, got {got}", path.display())]
    Block {
        /// The output.
        path: PathBuf,
        /// Channels of the file.
        expected: usize,
        /// Channels of the block.
        got: usize,
    },
    /// More audio than was announced, and no room in the header for it.
    #[error("{}: expected at most {expected_bytes} bytes of audio in this header, got {got_bytes}", path.display())]
    TooLong {
        /// The output.
        path: PathBuf,
        /// The most that the header can state.
        expected_bytes: u64,
        /// What was written.
        got_bytes: u64,
    },
    /// Called in an order that makes no sense: written after the end, read or delivered before it.
    #[error("{}: expected {expected}, got {got}", path.display())]
    Order {
        /// The output.
        path: PathBuf,
        /// The state that the call needs.
        expected: &'static str,
        /// The state that it found.
        got: &'static str,
    },
    /// The FLAC encoder refused.
    #[error("{}: the FLAC encoder failed at frame {frame}: {found}", path.display())]
    Flac {
        /// The output.
        path: PathBuf,
        /// Frames written before it.
        frame: u64,
        /// What it said.
        found: String,
    },
    /// Writing failed.
    #[error("{}: cannot be written at frame {frame}: {source}", path.display())]
    Write {
        /// The output.
        path: PathBuf,
        /// Frames written before it.
        frame: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The finished file could not be given its name.
    #[error("{}: the finished file cannot be given this name: {source}", path.display())]
    Commit {
        /// The output.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_runs_anything_in_the_command_that_is_proposed() {
        assert_eq!(for_shell("a b.opus"), "\"a b.opus\"");
        assert_eq!(for_shell("-y.opus"), "\"./-y.opus\"");
        assert_eq!(for_shell("$(reboot).opus"), "'$(reboot).opus'");
        assert_eq!(for_shell("it's `x`"), "'it'\\''s `x`'");
    }
}
