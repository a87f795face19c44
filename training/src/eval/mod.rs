//! `acetate eval`: the end-to-end proof. Excerpts of finished songs are degraded as audio,
//! mastered by every method through the whole pipeline at 24 bit in memory, and the written samples
//! are measured against the untouched excerpt.
//!
//! ```text
//! songs ─excerpt─▶ faults ─case: master by each method─▶ metric ─▶ report ─▶ tables, plot
//!                                  baselines, net ┘
//! ```
//! Its faults are drawn by generators that training never uses, every curve together with its
//! mirror. Albums are resampled whole for every interval.
//!
//! Key types: [`Song`](songs::Song), [`Baselines`](baselines::Baselines),
//! [`CaseResult`](case::CaseResult), [`EvalReport`](report::EvalReport).
//!
//! Not its job: the quick look on band frames that training takes (see
//! [`validation`](crate::validation)).

use std::path::PathBuf;

use thiserror::Error;

use acetate_io::WalkError;
use acetate_io::pairs_list::ListError;

pub mod case;
pub mod faults;
pub mod methods;
pub mod music;
pub mod pairs;
pub mod report;
pub mod run;
pub mod songs;
pub mod statistics;
#[cfg(test)]
mod test_signal;

pub use faults::{excerpt, expansion, foreign, kind, lossy, plain, unseen};
pub use methods::{baselines, fit, linear_part, logistic, projection, ridge, tools};
pub use report::{markdown, plot};
use report::{standing, summary};
pub use statistics::{calibration, metric, predicted_error, two_sample};

/// Why an evaluation failed, or a song of it was left out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EvalError {
    /// A song cannot be decoded.
    #[error(transparent)]
    Decode(#[from] acetate_io::DecodeError),
    /// A song failed half-way.
    #[error("{}: {source}", path.display())]
    Stream {
        /// The audio file.
        path: PathBuf,
        /// Why.
        source: acetate_dsp::StreamError,
    },
    /// A song is too short to say anything.
    #[error("{}: expected at least {min_s} s, found {got_s:.1} s", path.display())]
    TooShort {
        /// The audio file.
        path: PathBuf,
        /// Shortest length, seconds.
        min_s: f64,
        /// Length found, seconds.
        got_s: f64,
    },
    /// A signal in memory cannot be measured.
    #[error("measuring: {0}")]
    Measure(acetate_dsp::StreamError),
    /// Nothing in the excerpt has a loudness.
    #[error("expected music, found silence")]
    Silent,
    /// The pipeline ended without a master, which it must not.
    #[error("expected a written and measured master, found none")]
    NoMaster,
    /// A file cannot be written.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder of songs is refused.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// The list of pairs is refused.
    #[error(transparent)]
    List(#[from] ListError),
    /// The baselines do not fit this version.
    #[error("baselines: {0}")]
    Baselines(String),
    /// The baselines cannot be fitted.
    #[error(
        "baselines: expected tracks with finite features in the training and validation splits, \
         found {train} and {valid}"
    )]
    Fit {
        /// Training tracks.
        train: usize,
        /// Validation tracks.
        valid: usize,
    },
    /// The net cannot run.
    #[error("weights: {0}")]
    Weights(#[from] acetate_model::WeightsError),
    /// Lossy coding failed.
    #[error("ffmpeg: {0}")]
    Ffmpeg(String),
    /// A picture cannot be drawn.
    #[error("plot: {0}")]
    Plot(String),
    /// Nothing was left to evaluate.
    #[error(
        "expected at least one song that can be evaluated, found none; the first of {count}: {first}"
    )]
    Nothing {
        /// Songs that were left out.
        count: usize,
        /// Why the first was.
        first: String,
    },
}
