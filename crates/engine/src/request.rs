//! [`Request`]: who proposes the settings: the net, led by references and words where they were given.

use std::path::{Path, PathBuf};

use acetate_dsp::Settings;
use acetate_master::Brief;
use acetate_model::reference::{DEFAULT_MAX_EQ_RMS_DB, Dimensions, ReferencePredictor};
use acetate_model::style::{Feature, Style, StylePredictor};
use acetate_model::{NetPredictor, Predictor, Signature, Weights};
use anyhow::Context;

use crate::observer::Observer;
use crate::reference;

/// Loudest and softest target that a reference or a word leads to, LUFS.
const LOUDNESS_RANGE_LUFS: (f64, f64) = (-30.0, -6.0);

/// A finished record to move towards.
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
    /// Records to move towards.
    pub references: Vec<Reference>,
    /// What of them is matched.
    pub matched: Dimensions,
    /// The most EQ towards them, RMS, dB.
    pub match_limit_db: f64,
    /// How much of the way to them, 0 to 1.
    pub way_share: f64,
    /// Where their common signature is saved.
    pub save_signature: Option<PathBuf>,
    /// The sound in words.
    pub style: Option<String>,
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
            way_share: 1.0,
            save_signature: None,
            style: None,
            loudness_named: false,
            own_amounts: OwnAmounts::default(),
        }
    }
}

/// A request, answered.
pub(crate) struct Proposer {
    /// Who proposes the settings.
    pub(crate) predictor: Box<dyn Predictor>,
    /// What it leads to, where a reference was given.
    pub(crate) reference: Option<Signature>,
}

impl Request {
    /// Refuses words that nobody knows, before any file is looked at.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let style = self.style.as_deref().map(Style::parse).transpose();
        style.map(drop).context("--style")
    }

    /// Reads weights and references; what concerns loudness and amounts goes into the brief.
    pub(crate) fn proposer(
        &self,
        brief: &mut Brief,
        overwrite: bool,
        observer: &dyn Observer,
    ) -> anyhow::Result<Proposer> {
        let style = self.style.as_deref().map(Style::parse).transpose();
        let style = style.context("--style")?;
        let mut predictor: Box<dyn Predictor> = Box::new(net(self.weights.as_deref())?);
        let signature = reference::signature(self, overwrite, observer)?;
        if let Some(signature) = &signature {
            let matched = self.matched;
            if matched.loudness && !self.loudness_named {
                towards_loudness(brief, signature, self.way_share);
            }
            // The amount goes into the match, where it is a share of the way; scaling the settings by
            // it too would count it twice.
            predictor = Box::new(ReferencePredictor::new(
                predictor,
                signature.clone(),
                self.way_share,
                matched,
                self.match_limit_db,
            ));
            let own = &self.own_amounts;
            if matched.tone {
                brief.amounts.eq = own.eq.unwrap_or(1.0);
            }
            if matched.dynamics {
                brief.amounts.compressor = own.compressor.unwrap_or(1.0);
            }
            if matched.width {
                brief.amounts.stereo = own.stereo.unwrap_or(1.0);
            }
        }
        if let Some(style) = style {
            observer.note(&format!("style: {}", style.describe()));
            brief.target.integrated_lufs += style.wanted(Feature::Loudness);
            predictor = Box::new(StylePredictor::new(predictor, style));
        }
        Settings::aiming_at(brief.target).validate()?;
        Ok(Proposer {
            predictor,
            reference: signature,
        })
    }
}

fn towards_loudness(brief: &mut Brief, signature: &Signature, amount: f64) {
    let (low, high) = LOUDNESS_RANGE_LUFS;
    let wanted = signature.integrated_lufs.clamp(low, high);
    let way = wanted - brief.target.integrated_lufs;
    brief.target.integrated_lufs += amount * way;
}

/// The net, with weights of the caller's own or the embedded ones.
///
/// # Errors
/// Where the weights cannot be read or do not fit.
pub fn net(weights: Option<&Path>) -> anyhow::Result<NetPredictor> {
    let weights = match weights {
        None => Weights::embedded()?,
        Some(path) => {
            let bytes = acetate_io::read_bounded(path, acetate_model::weights::MAX_BYTES as u64)?;
            Weights::from_bytes(&bytes).with_context(|| path.display().to_string())?
        }
    };
    Ok(NetPredictor::new(weights))
}
