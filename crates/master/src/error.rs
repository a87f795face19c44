//! Why no master was made.

use acetate_dsp::StreamError;
use acetate_dsp::settings::SettingsError;
use acetate_model::WeightsError;
use thiserror::Error;

impl MasterError {
    /// True where somebody asked to stop, and nothing failed.
    pub fn is_canceled(&self) -> bool {
        matches!(self, Self::Stream(error) if error.is_canceled())
    }
}

/// Why no master was made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MasterError {
    /// The input or the output failed.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The settings are outside their ranges.
    #[error("settings: {0}")]
    Settings(#[from] SettingsError),
    /// The weights cannot be used.
    #[error("weights: {0}")]
    Weights(#[from] WeightsError),
    /// The short check of the mix failed.
    #[error(transparent)]
    Check(#[from] acetate_check::CheckError),
    /// The mix of a pair, and not its master, failed.
    #[error(transparent)]
    Mix(Box<MasterError>),
    /// Nothing in the program reaches the loudness gate.
    #[error(
        "expected a program of at least 0.4 s above -70 LUFS, found {duration_s:.3} s with no \
         measurable loudness (silence, or too short)"
    )]
    NoLoudness {
        /// Length of the input, seconds.
        duration_s: f64,
    },
    /// Samples so far beyond full scale that they are no sound.
    #[error(
        "expected samples of at most {max_dbfs:+.0} dBFS, found {got_dbfs:+.0} dBFS: the file is \
         broken, or its samples are of another type than its header says"
    )]
    TooLoud {
        /// Highest sample peak, dBFS.
        max_dbfs: f64,
        /// Sample peak of the input, dBFS.
        got_dbfs: f64,
    },
    /// The sample rate cannot be rendered.
    #[error("expected a sample rate of {min_hz} to {max_hz} Hz, got {got_hz} Hz")]
    SampleRate {
        /// Lowest rate, Hz.
        min_hz: u32,
        /// Highest rate, Hz.
        max_hz: u32,
        /// Rate asked for, Hz.
        got_hz: u32,
    },
    /// The second pass over the input read another length than the first.
    #[error("the input changed while it was read: {first} frames, then {second}")]
    InputChanged {
        /// Frames of the first pass.
        first: u64,
        /// Frames of a later pass.
        second: u64,
    },
    /// What came back from a codec cannot be the master.
    #[error(
        "{codec} by {encoder}: expected the master back, found {found}, so whether it survives this codec is not \
         known; nothing was delivered (try another ffmpeg, or leave the codecs out with --no-codec-safe)"
    )]
    Codec {
        /// The codec with its bit rate.
        codec: String,
        /// Program and version.
        encoder: String,
        /// What came back.
        found: String,
    },
    /// The ceiling could not be held; nothing was delivered.
    #[error(
        "the true peak could not be held: {measured_dbtp:.2} dBTP after {attempts} attempts, \
         ceiling {ceiling_dbtp:.2} dBTP; nothing was delivered"
    )]
    Ceiling {
        /// True peak of the last attempt, dBTP.
        measured_dbtp: f64,
        /// Highest true peak allowed, dBTP.
        ceiling_dbtp: f64,
        /// Attempts made.
        attempts: usize,
    },
}
