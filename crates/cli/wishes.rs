//! Who proposes the settings: the net, led by references and words where they were given.

use acetate_dsp::Settings;
use acetate_master::Brief;
use acetate_model::reference::{DEFAULT_MAX_EQ_RMS_DB, ReferencePredictor};
use acetate_model::style::{Feature, Style, StylePredictor};
use acetate_model::{Predictor, Signature};
use anyhow::Context;

use crate::args::MasterArgs;
use crate::console::Console;
use crate::progress::Bars;
use crate::{master, reference};

/// Loudest and softest target that a reference or a word leads to, LUFS.
const LOUDNESS_RANGE_LUFS: (f64, f64) = (-30.0, -6.0);

/// What a command line asks for.
pub struct Wishes {
    /// Who proposes the settings.
    pub predictor: Box<dyn Predictor>,
    /// What it leads to, where a reference was given.
    pub reference: Option<Signature>,
}

/// The predictor that was asked for; what concerns the loudness goes into the brief.
pub fn wishes(
    args: &MasterArgs,
    brief: &mut Brief,
    console: &Console,
    bars: &Bars,
) -> anyhow::Result<Wishes> {
    let style = args.style.as_deref().map(Style::parse).transpose();
    let style = style.context("--style")?;
    let mut predictor: Box<dyn Predictor> = Box::new(master::net(args.weights.as_deref())?);
    let signature = reference::signature(args, console, bars)?;
    if let Some(signature) = &signature {
        let dimensions = reference::dimensions(args);
        if dimensions.loudness && !names_loudness(args) {
            towards_loudness(brief, signature, way_share(args));
        }
        // The amount goes into the match, where it is a share of the way; scaling the settings by
        // it too would count it twice.
        predictor = Box::new(ReferencePredictor::new(
            predictor,
            signature.clone(),
            way_share(args),
            dimensions,
            args.match_limit.unwrap_or(DEFAULT_MAX_EQ_RMS_DB),
        ));
        let whole = |share: Option<f64>| share.unwrap_or(100.0) / 100.0;
        if dimensions.tone {
            brief.amounts.eq = whole(args.eq_amount);
        }
        if dimensions.dynamics {
            brief.amounts.compressor = whole(args.compressor_amount);
        }
        if dimensions.width {
            brief.amounts.stereo = whole(args.stereo_amount);
        }
    }
    if let Some(style) = style {
        console.say(&format!("style: {}", style.describe()));
        brief.target.integrated_lufs += style.wanted(Feature::Loudness);
        predictor = Box::new(StylePredictor::new(predictor, style));
    }
    Settings::aiming_at(brief.target).validate()?;
    Ok(Wishes {
        predictor,
        reference: signature,
    })
}

/// Share of the way to a reference: there is nothing beyond it.
fn way_share(args: &MasterArgs) -> f64 {
    (args.amount / 100.0).min(1.0)
}

/// Whether the loudness was named on the command line.
fn names_loudness(args: &MasterArgs) -> bool {
    args.target.lufs.is_some() || args.target.target.is_some()
}

fn towards_loudness(brief: &mut Brief, signature: &Signature, amount: f64) {
    let (low, high) = LOUDNESS_RANGE_LUFS;
    let wanted = signature.integrated_lufs.clamp(low, high);
    let way = wanted - brief.target.integrated_lufs;
    brief.target.integrated_lufs += amount * way;
}
