//! What every reader gives: [`Facts`] of the container, one [`Step`] after the other, and [`Fault`]s.

use std::io;

use symphonia::core::errors::Error as SymphoniaError;

use crate::guard;
use crate::info::DecodeWarning;

/// Why a reader cannot go on; the decoder adds path and position.
#[derive(Debug)]
pub(crate) enum Fault {
    Io(io::Error),
    /// Broken structure.
    Malformed(String),
    /// Something that is not decoded here, in words, and whether it is audio to be converted.
    NotAudio(String, bool),
    /// Not recognized as audio.
    Unknown,
    Channels(u64),
    /// The sample rate changes in the middle.
    RateChange {
        at_frame: u64,
        from_hz: u32,
        to_hz: u32,
    },
}

impl Fault {
    /// Audio that is not decoded here.
    pub(crate) fn unsupported(found: impl Into<String>) -> Self {
        Self::NotAudio(found.into(), true)
    }

    pub(crate) fn malformed(found: impl Into<String>) -> Self {
        Self::Malformed(found.into())
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What one step of a reader gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The planes hold the next frames (perhaps none).
    Frames,
    /// A packet of so many frames could not be decoded.
    Broken(u64),
    End,
}

/// What the container says.
pub(crate) struct Facts {
    pub container: String,
    pub codec: String,
    pub lossy: bool,
    pub bits_per_sample: Option<u32>,
    /// Playable frames.
    pub frames: Option<u64>,
    pub delay_frames: u64,
    /// Whether the container states delay or padding.
    pub states_trim: bool,
    /// Damage that was found before a frame was decoded.
    pub damage: Vec<DecodeWarning>,
}

/// An error of symphonia, or a panic.
pub(crate) enum Raised {
    Error(SymphoniaError),
    Panic,
}

impl From<Raised> for Fault {
    fn from(raised: Raised) -> Self {
        match raised {
            Raised::Error(SymphoniaError::IoError(error)) => Self::Io(error),
            Raised::Error(SymphoniaError::Unsupported(what)) if what.contains("missing") => {
                Self::malformed(what)
            }
            Raised::Error(SymphoniaError::Unsupported(what)) => Self::unsupported(what),
            Raised::Error(error) => Self::Malformed(error.to_string()),
            Raised::Panic => Self::malformed("data that the decoder cannot cope with"),
        }
    }
}

/// Calls symphonia; its panics are errors.
pub(crate) fn guarded<T>(call: impl FnOnce() -> Result<T, SymphoniaError>) -> Result<T, Raised> {
    match guard::guarded(call) {
        Ok(result) => result.map_err(Raised::Error),
        Err(guard::Panicked) => Err(Raised::Panic),
    }
}
