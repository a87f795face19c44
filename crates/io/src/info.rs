//! What a file says about its audio, and what was wrong with it.

use std::cmp::Ordering;
use std::fmt;

/// What a file says about itself. Facts of the container, not measurements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaInfo {
    /// Container format, for example `wave`, `rf64`, `flac`, `isomp4`.
    pub container: String,
    /// Codec, for example `pcm_s24le`, `flac`, `mp3`, `aac`.
    pub codec: String,
    /// Sample rate, Hz.
    pub sample_rate_hz: u32,
    /// 1 or 2.
    pub channels: usize,
    /// Bits per sample where the codec has such a thing.
    pub bits_per_sample: Option<u32>,
    /// Length in frames after encoder delay and padding are taken off, where the container says it.
    pub frames: Option<u64>,
    /// Whether the codec discards part of the sound.
    pub lossy: bool,
    /// Who decoded it, where it was not this crate.
    pub foreign: Option<Foreign>,
}

/// What another program decodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// The program with its version.
    pub program: String,
    /// What was changed beyond decoding, one clause each.
    pub changes: Vec<String>,
}

/// Damage that decoding went past.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeWarning {
    /// Packets that could not be decoded; silence of the same length stands in for them.
    BrokenPackets {
        /// How many.
        count: u64,
        /// Frames before the first of them.
        first_at_frame: u64,
    },
    /// Between the frames or pages of the stream something is missing or unreadable. It was passed
    /// over, so that the sound is shorter there.
    Gaps {
        /// Places.
        count: u64,
        /// Bytes that were passed over.
        bytes: u64,
        /// Where in the file the first of them is.
        first_at_byte: u64,
    },
    /// The stream stops in the middle.
    CutOff {
        /// Where in the file its last whole frame or page ends.
        at_byte: u64,
    },
    /// A WAV whose header was never completed: it states no sound, and sound follows.
    Unfinished,
    /// The sound is not what the encoder's checksum over all of it says.
    Checksum,
    /// There are more frames than the header states; all of them were read.
    HoldsMore {
        /// Frames that the header states.
        stated_frames: u64,
        /// Frames that were there.
        got_frames: u64,
    },
    /// Another file follows the one that was read, as `cat` joins them; its sound was left out.
    SecondFile {
        /// Where it begins.
        at_byte: u64,
    },
    /// The number of channels changes in the stream, as where two files were joined.
    ChannelsChange {
        /// Frames before the first change.
        at_frame: u64,
    },
    /// Another program decoded the file, and complained.
    Complaint {
        /// Lines.
        count: u64,
        /// The first of them.
        first: String,
    },
    /// There are fewer frames than the header states.
    EndsEarly {
        /// Frames that the header states.
        expected_frames: u64,
        /// Frames that were there.
        got_frames: u64,
    },
}

impl DecodeWarning {
    /// Of a stated length and the one that is there; `None` where they agree.
    pub(crate) fn of_lengths(stated_frames: u64, got_frames: u64) -> Option<Self> {
        match stated_frames.cmp(&got_frames) {
            Ordering::Less => Some(Self::HoldsMore {
                stated_frames,
                got_frames,
            }),
            Ordering::Equal => None,
            Ordering::Greater => Some(Self::EndsEarly {
                expected_frames: stated_frames,
                got_frames,
            }),
        }
    }
}

impl fmt::Display for DecodeWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BrokenPackets {
                count,
                first_at_frame,
            } => write!(
                f,
                "{} could not be decoded and {} replaced by silence, the first at frame {first_at_frame}",
                counted(*count, "packet"),
                if *count == 1 { "was" } else { "were" }
            ),
            Self::Gaps {
                count,
                bytes,
                first_at_byte,
            } => write!(
                f,
                "data are missing or unreadable in {} ({} passed over), the first at byte {first_at_byte}; the sound is shorter there",
                counted(*count, "place"),
                counted(*bytes, "byte"),
            ),
            Self::CutOff { at_byte } => write!(
                f,
                "the end is missing: the last whole frame or page ends at byte {at_byte}"
            ),
            Self::Unfinished => write!(
                f,
                "the header was never completed and states no sound; all that follows it was taken as sound"
            ),
            Self::Checksum => write!(
                f,
                "the sound is not what the file's checksum over all of it says"
            ),
            Self::HoldsMore {
                stated_frames,
                got_frames,
            } => write!(
                f,
                "the header states {stated_frames} frames, the file holds {got_frames}: all of them were read"
            ),
            Self::SecondFile { at_byte } => write!(
                f,
                "another file begins at byte {at_byte}: its sound was left out"
            ),
            Self::ChannelsChange { at_frame } => write!(
                f,
                "the number of channels changes at frame {at_frame}: what is mono was read as two equal channels"
            ),
            Self::Complaint { count, first } => write!(
                f,
                "ffmpeg decoded it and reported {}: {first}",
                counted(*count, "error")
            ),
            Self::EndsEarly {
                expected_frames,
                got_frames,
            } => write!(
                f,
                "the header states {expected_frames} frames, the file holds {got_frames}"
            ),
        }
    }
}

/// "1 packet", "2 packets".
fn counted(count: u64, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}
