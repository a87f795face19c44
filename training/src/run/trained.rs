//! What a training run gives: [`Trained`], or [`TrainError`].

use std::path::PathBuf;

use acetate_model::posterior::Priors;
use acetate_model::weights::WeightsError;
use serde::Serialize;
use thiserror::Error;

use crate::checkpoint::{CheckpointError, ValidationPoint};
use crate::datasets::Split;
use crate::fit::FitError;
use crate::groups::GroupRow;
use crate::priors::Harm;
use crate::validation::{DynamicsRow, Row};

/// How a model card begins.
pub const CARD_HEAD: &str = "# Model card: ";

/// What a training run produced, as written beside the weights.
#[derive(Clone, Debug, Serialize)]
pub struct Trained {
    /// Name of the recipe.
    pub recipe: String,
    /// BLAKE3 of the weights file, hex.
    pub weights_hash: String,
    /// Tracks used: train, valid. Test albums are left alone: they are for `acetate eval`.
    pub tracks: [usize; 2],
    /// The fitted priors.
    pub priors: Priors,
    /// What the EQ does to untouched validation albums.
    pub harm: Harm,
    /// The same for songs unlike those learned from, on which the priors are fitted too.
    pub unlike: Harm,
    /// Share of the mean curve that does best on validation albums.
    pub best_share: f64,
    /// Validation albums, every method, every severity: what choices are made on.
    pub valid: Vec<Row>,
    /// Validation albums, level spread.
    pub dynamics: Vec<DynamicsRow>,
    /// Validation albums: what each group of outputs is worth.
    pub groups: Vec<GroupRow>,
    /// Step kept for each member.
    pub best_steps: Vec<usize>,
    /// Every look at the losses, per member.
    pub looks: Vec<Vec<ValidationPoint>>,
}

/// Why training failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A split has no track.
    #[error("expected tracks in the {split} split, found none in the cache: fetch the data first")]
    NoTracks {
        /// The split.
        split: Split,
    },
    /// Training itself failed.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// A checkpoint cannot be removed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The new weights cannot be read back.
    #[error("weights: {0}")]
    Weights(#[from] WeightsError),
    /// The new weights cannot be written.
    #[error("safetensors: {0}")]
    Export(#[from] safetensors::SafeTensorError),
    /// A file cannot be written.
    #[error("{path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The loss curve cannot be drawn.
    #[error("loss curve: {0}")]
    Plot(String),
}
