//! Why the engine made nothing.

use thiserror::Error;

use crate::observer::Observer;

/// A name that is taken, or that two things would have: the message says by what and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct NameTaken(pub(crate) String);

/// Why the engine made nothing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The observer asked to stop. Nothing is left behind.
    #[error("stopped on request")]
    Canceled,
    /// Bad input, no room, a name that is taken: the message says what was expected, what was found and
    /// what to do. What failed is in the chain: [`downcast_ref`](anyhow::Error::downcast_ref) finds a
    /// [`NameTaken`], a [`DecodeError`](acetate_io::DecodeError), a [`WriteError`](acetate_io::WriteError) or a
    /// [`MasterError`](acetate_master::MasterError).
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// An error of a run that was asked to stop is that it stopped.
pub(crate) fn or_canceled<T>(
    result: anyhow::Result<T>,
    observer: &dyn Observer,
) -> Result<T, EngineError> {
    result.map_err(|error| {
        if observer.is_canceled() {
            EngineError::Canceled
        } else {
            EngineError::Failed(error)
        }
    })
}
