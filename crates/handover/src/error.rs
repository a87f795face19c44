//! Why nothing was handed over.

use acetate_dsp::StreamError;
use acetate_master::MasterError;
use thiserror::Error;

/// Why nothing was handed over.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HandoverError {
    /// A source of sound failed.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The mix could not be rendered again.
    #[error(transparent)]
    Render(#[from] MasterError),
    /// A passage could not be packed for the page.
    #[error("a passage could not be encoded as FLAC: {found}")]
    Flac {
        /// What the encoder said.
        found: String,
    },
    /// Figures without a text form.
    #[error("figures as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The page's script cannot be hashed.
    #[error("the script of the page: {0}")]
    Hash(std::io::Error),
    /// A file of the pack could not be put together.
    #[error("{name}: cannot be put together: {found}")]
    Archive {
        /// The file.
        name: String,
        /// What went wrong.
        found: String,
    },
}
