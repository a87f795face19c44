//! From arguments to [`Options`]: every value resolved once.

use std::collections::BTreeSet;
use std::path::Path;

use acetate_dsp::Settings;
use acetate_dsp::chain::Bypass;
use acetate_dsp::settings::{Amounts, EqPhase};
use acetate_engine::{Cache, Options, OwnAmounts, REFERENCE_SHARE, Reference, Request};
use acetate_master::{Brief, presets, settings_file};
use acetate_model::reference::{DEFAULT_MAX_EQ_RMS_DB, Dimensions};
use anyhow::Context;

use crate::args::{Dimension, Loudness, MasterArgs};
use crate::verify;

/// Settings are a few kilobytes; more than this are none, bytes.
const MAX_SETTINGS_BYTES: u64 = 1 << 20;

/// The options of a run, but for what depends on how many mixes there are.
pub fn options(args: &MasterArgs) -> anyhow::Result<Options> {
    Ok(Options {
        brief: brief(args)?,
        request: request(args),
        read_files: args.settings.iter().cloned().collect(),
        strict: args.strict,
        overwrite: args.overwrite,
        skip_existing: args.skip_existing,
        resume: args.resume,
        keep_record: args.resume,
        dry_run: args.dry_run,
        variants: args.variants.map(usize::from),
        // Of how many mixes is known when they are found.
        stems: None,
        rebalance: args.rebalance,
        cache: match &args.cache {
            _ if args.no_cache => Cache::Off,
            Some(folder) => Cache::Folder(folder.clone()),
            None => Cache::User,
        },
        notes: args.notes.clone(),
        written_files: Vec::new(),
    })
}

fn request(args: &MasterArgs) -> Request {
    let references = args.references.iter().zip(&args.reference_weights);
    let share = |percent: Option<f64>| percent.map(|percent| percent / 100.0);
    Request {
        weights: args.weights.clone(),
        references: references
            .map(|(path, &weight)| Reference {
                path: path.clone(),
                weight,
            })
            .collect(),
        matched: dimensions(&args.matched),
        match_limit_db: args.match_limit.unwrap_or(DEFAULT_MAX_EQ_RMS_DB),
        // There is nothing beyond a reference.
        way_share: args
            .amount
            .map_or(REFERENCE_SHARE, |amount| (amount / 100.0).min(1.0)),
        save_signature: args.save_signature.clone(),
        style: args.style.clone(),
        genre: args.genre,
        loudness_named: args.target.lufs.is_some() || args.target.target.is_some(),
        own_amounts: OwnAmounts {
            eq: share(args.eq_amount),
            compressor: share(args.compressor_amount),
            stereo: share(args.stereo_amount),
        },
    }
}

/// What is to be matched: everything unless it was named.
fn dimensions(matched: &[Dimension]) -> Dimensions {
    if matched.is_empty() {
        return Dimensions::ALL;
    }
    let named: BTreeSet<Dimension> = matched.iter().copied().collect();
    Dimensions {
        tone: named.contains(&Dimension::Tone),
        width: named.contains(&Dimension::Width),
        dynamics: named.contains(&Dimension::Dynamics),
        loudness: named.contains(&Dimension::Loudness),
    }
}

fn brief(args: &MasterArgs) -> anyhow::Result<Brief> {
    let mut target = verify::target(&args.target)?;
    if let Some(max_limiting_db) = args.max_limiting {
        target.max_limiting_db = max_limiting_db;
    }
    let mut settings = args.settings.as_deref().map(read_settings).transpose()?;
    if let Some(settings) = &mut settings
        && args.linear_phase
    {
        settings.eq.phase = EqPhase::Linear;
    }
    let share = |own: Option<f64>| own.or(args.amount).unwrap_or(100.0) / 100.0;
    let asked = args.target.target.is_some()
        || args.target.lufs.is_some()
        || args.target.ceiling.is_some()
        || args.max_limiting.is_some();
    if asked && let Some(settings) = &settings {
        // What was not asked for stays as the file has it.
        let own = &settings.target;
        let named = args.target.target.is_some();
        if !named && args.target.lufs.is_none() {
            target.integrated_lufs = own.integrated_lufs;
        }
        if !named && args.target.ceiling.is_none() {
            target.true_peak_dbtp = own.true_peak_dbtp;
        }
        if args.max_limiting.is_none() {
            target.max_limiting_db = own.max_limiting_db;
        }
    }
    Settings::aiming_at(target).validate()?;
    Ok(Brief {
        target,
        target_overrides: asked,
        keep_loudness: args.target.lufs == Some(Loudness::Keep),
        amounts: Amounts {
            eq: share(args.eq_amount),
            compressor: share(args.compressor_amount),
            deesser: share(args.deesser_amount),
            saturation: share(args.saturation_amount),
            stereo: share(args.stereo_amount),
        },
        bypass: Bypass::new(args.bypass.iter().copied()),
        settings,
        sample_rate_hz: args.rate,
        word_length: args.word_length(),
        dual_mono: args.target.dual_mono,
        repair: !args.no_repair,
        repairs: args.repair.unwrap_or_default(),
        sections: args.sections,
        codec_safe: !args.no_codec_safe
            && (args.codec_safe || implied(args.target.target.as_deref())),
        eq_phase: if args.linear_phase {
            EqPhase::Linear
        } else {
            EqPhase::Minimum
        },
    })
}

/// Whether a named target is one of a lossy platform.
fn implied(target: Option<&str>) -> bool {
    target
        .and_then(presets::find)
        .is_some_and(|preset| preset.codec_safe)
}

fn read_settings(path: &Path) -> anyhow::Result<Settings> {
    let text = acetate_io::read_text(path, MAX_SETTINGS_BYTES)?;
    settings_file::from_toml(&text).with_context(|| path.display().to_string())
}
