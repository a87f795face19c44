//! What a file says about its audio, and what was wrong with it.

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
}

/// Damage that decoding went past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeWarning {
    /// Packets that could not be decoded; silence of the same length stands in for them.
    BrokenPackets {
        /// How many.
        count: u64,
        /// Frames before the first of them.
        first_at_frame: u64,
    },
    /// The file ends before the length that its header states.
    EndsEarly {
        /// Frames that the header states.
        expected_frames: u64,
        /// Frames that were there.
        got_frames: u64,
    },
}

impl fmt::Display for DecodeWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BrokenPackets {
                count,
                first_at_frame,
            } => write!(
                f,
                "{count} packets could not be decoded and were replaced by silence, the first at frame {first_at_frame}"
            ),
            Self::EndsEarly {
                expected_frames,
                got_frames,
            } => write!(
                f,
                "the file ends after {got_frames} frames, but its header says {expected_frames}"
            ),
        }
    }
}
