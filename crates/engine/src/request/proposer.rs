//! [`Proposer`]: a [`Request`], answered.

use std::path::Path;

use acetate_dsp::Settings;
use acetate_master::Brief;
use acetate_model::reference::ReferencePredictor;
use acetate_model::style::{Feature, StylePredictor};
use acetate_model::{NetPredictor, Predictor, Signature, Weights};
use anyhow::Context;

use super::{Request, reference};
use crate::observer::Observer;

/// Loudest and softest target that a reference or a word leads to, LUFS.
const LOUDNESS_RANGE_LUFS: (f64, f64) = (-30.0, -6.0);

/// A request, answered.
pub(crate) struct Proposer {
    /// Who proposes the settings.
    pub(crate) predictor: Box<dyn Predictor>,
    /// What it leads to, where a reference was given.
    pub(crate) reference: Option<Signature>,
}

impl Proposer {
    /// Reads the request's weights and references.
    pub(crate) fn new(
        request: &Request,
        overwrite: bool,
        observer: &dyn Observer,
    ) -> anyhow::Result<Self> {
        let style = request.style()?;
        let net = net(request.weights.as_deref())?.with_genre(request.genre);
        let mut predictor: Box<dyn Predictor> = Box::new(net);
        let signature = reference::signature(request, overwrite, observer)?;
        if let Some(signature) = &signature {
            // The amount goes into the match, where it is a share of the way; scaling the settings by
            // it too would count it twice.
            predictor = Box::new(ReferencePredictor::new(
                predictor,
                signature.clone(),
                request.way_share,
                request.matched,
                request.match_limit_db,
            ));
        }
        if let Some(style) = style {
            observer.note(&format!("style: {}", style.describe()));
            predictor = Box::new(StylePredictor::new(predictor, style));
        }
        Ok(Self {
            predictor,
            reference: signature,
        })
    }

    /// What of the request concerns loudness and amounts goes into the brief.
    pub(crate) fn lead(&self, request: &Request, brief: &mut Brief) -> anyhow::Result<()> {
        if let Some(signature) = &self.reference {
            let matched = request.matched;
            if matched.loudness && !request.loudness_named {
                toward_loudness(brief, signature, request.way_share);
            }
            let own = &request.own_amounts;
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
        if let Some(style) = request.style()? {
            brief.target.integrated_lufs += style.wanted(Feature::Loudness);
        }
        Settings::aiming_at(brief.target).validate()?;
        Ok(())
    }
}

fn toward_loudness(brief: &mut Brief, signature: &Signature, amount: f64) {
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
