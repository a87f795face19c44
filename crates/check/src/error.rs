//! Why a mix could not be checked.

use acetate_dsp::StreamError;
use thiserror::Error;

/// Why a mix could not be checked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The input failed, or cannot be measured.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// Nothing in the program reaches the loudness gate.
    #[error(
        "expected a program of at least 0.4 s above -70 LUFS, found {duration_s:.3} s with no \
         measurable loudness (silence, or too short)"
    )]
    NoLoudness {
        /// Length of the input, seconds.
        duration_s: f64,
    },
    /// The embedded corpus cannot be used.
    #[error("embedded corpus: {reason}")]
    Corpus {
        /// What is wrong with it.
        reason: String,
    },
}
