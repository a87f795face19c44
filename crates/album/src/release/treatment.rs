//! What a song's table and the album's say, as the [`Brief`] of its master.

use std::path::Path;

use acetate_dsp::chain::Bypass;
use acetate_dsp::settings::{Amounts, Settings};
use acetate_io::read_text;
use acetate_master::{Brief, settings_file};

use crate::error::AlbumError;
use crate::manifest::{AlbumFields, TrackFields, Treatment};

/// Settings are a few kilobytes; more than this are none, bytes.
const MAX_SETTINGS_BYTES: u64 = 1 << 20;
/// Twice of what the evidence carries is as far as an amount goes, percent.
const MAX_AMOUNT_PERCENT: f64 = 200.0;

/// The brief of a song, and the share of the album's pull that it follows.
pub(super) fn brief(
    track: &TrackFields,
    fields: &AlbumFields,
    folder: &Path,
    name: &str,
) -> Result<(Brief, f64), AlbumError> {
    let (own, all) = (&track.master, &fields.master);
    let share = |of: fn(&Treatment) -> Option<f64>, field: &str, default: f64| {
        let percent = of(own).or_else(|| of(all)).unwrap_or(default);
        if (0.0..=MAX_AMOUNT_PERCENT).contains(&percent) {
            Ok(percent / 100.0)
        } else {
            Err(AlbumError::plan(
                format!("{name}: {field}"),
                format!("0 to {MAX_AMOUNT_PERCENT} percent"),
                percent.to_string(),
                "",
            ))
        }
    };
    let whole = share(|treatment| treatment.amount, "amount", 100.0)? * 100.0;
    let bypass = if own.bypass.is_empty() {
        &all.bypass
    } else {
        &own.bypass
    };
    let stages = bypass.iter().map(|stage| stage.parse());
    let stages = stages.collect::<Result<Vec<_>, _>>();
    let stages = stages.map_err(|source| AlbumError::Stage {
        what: name.to_owned(),
        source,
    })?;
    let settings = own.settings.as_ref().or(all.settings.as_ref());
    let settings = settings.map(|path| read_settings(&folder.join(path)));
    let mut settings = settings.transpose()?;
    let phase = own.eq_phase.or(all.eq_phase);
    if let (Some(settings), Some(phase)) = (&mut settings, phase) {
        settings.eq.phase = phase;
    }
    let brief = Brief {
        amounts: Amounts {
            eq: share(|treatment| treatment.eq_amount, "eq_amount", whole)?,
            compressor: share(
                |treatment| treatment.compressor_amount,
                "compressor_amount",
                whole,
            )?,
            deesser: share(
                |treatment| treatment.deesser_amount,
                "deesser_amount",
                whole,
            )?,
            saturation: share(
                |treatment| treatment.saturation_amount,
                "saturation_amount",
                whole,
            )?,
            stereo: share(|treatment| treatment.stereo_amount, "stereo_amount", whole)?,
        },
        bypass: Bypass::new(stages),
        settings,
        target_overrides: true,
        sample_rate_hz: fields.sample_rate_hz,
        eq_phase: phase.unwrap_or_default(),
        repair: own.repair.or(all.repair).unwrap_or(true),
        ..Brief::default()
    };
    let album_share = share(|treatment| treatment.album_amount, "album_amount", 100.0)?;
    Ok((brief, album_share.min(1.0)))
}

fn read_settings(path: &Path) -> Result<Settings, AlbumError> {
    let text = read_text(path, MAX_SETTINGS_BYTES)?;
    settings_file::from_toml(&text).map_err(|source| AlbumError::SettingsFile {
        what: path.display().to_string(),
        source,
    })
}
