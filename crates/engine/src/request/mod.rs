//! [`Request`]: who proposes the settings: the net, led by references and words where they were given.

mod proposer;
mod reference;

use std::path::PathBuf;

use acetate_model::Genre;
use acetate_model::reference::{DEFAULT_MAX_EQ_RMS_DB, Dimensions};
use acetate_model::style::Style;
use anyhow::Context;

pub(crate) use self::proposer::Proposer;
pub use self::proposer::net;
pub use self::reference::sound_files;

/// How much of the way to a reference is gone unless another share is asked for, 0 to 1: farther, masters come
/// closer to the reference than their mixes bear.
pub const REFERENCE_SHARE: f64 = 0.6;

/// A finished record to move toward.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// A sound file, a folder of them, or a saved signature (`.toml`).
    pub path: PathBuf,
    /// How much it counts beside others.
    pub weight: f64,
}

/// Amounts that were asked for of single stages, 1 = as proposed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OwnAmounts {
    /// Tone.
    pub eq: Option<f64>,
    /// Glue compression.
    pub compressor: Option<f64>,
    /// Width.
    pub stereo: Option<f64>,
}

/// Who proposes the settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Weights instead of the embedded ones.
    pub weights: Option<PathBuf>,
    /// Records to move toward.
    pub references: Vec<Reference>,
    /// What of them is matched.
    pub matched: Dimensions,
    /// The most EQ toward them, RMS, dB.
    pub match_limit_db: f64,
    /// How much of the way to them, 0 to 1.
    pub way_share: f64,
    /// Where their common signature is saved.
    pub save_signature: Option<PathBuf>,
    /// The sound in words.
    pub style: Option<String>,
    /// The kind of music, where a person named it.
    pub genre: Option<Genre>,
    /// The brief's loudness was named: no reference moves it.
    pub loudness_named: bool,
    /// Amounts of single stages beside the way to a reference.
    pub own_amounts: OwnAmounts,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            weights: None,
            references: Vec::new(),
            matched: Dimensions::ALL,
            match_limit_db: DEFAULT_MAX_EQ_RMS_DB,
            way_share: REFERENCE_SHARE,
            save_signature: None,
            style: None,
            genre: None,
            loudness_named: false,
            own_amounts: OwnAmounts::default(),
        }
    }
}

impl Request {
    /// Refuses words that nobody knows, before any file is looked at.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        self.style().map(drop)
    }

    /// The words, understood.
    fn style(&self) -> anyhow::Result<Option<Style>> {
        let style = self.style.as_deref().map(Style::parse).transpose();
        style.context("--style")
    }
}
