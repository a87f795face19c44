//! [`Measured`]: what was rendered in one way, track by track.

use acetate_dsp::process::dither::WordLength;
use acetate_master::presets::Preset;

use super::sheets::CD_FRAME;
use super::tracks::{TrackPlace, places};
use super::write::measure;
use crate::error::AlbumError;
use crate::release::{Deliverable, Release};
use crate::render::{Renderer, Set, UnitDone};
use crate::report::Figures;

/// Sample rate of a CD, Hz.
const CD_RATE_HZ: u32 = 44_100;
/// Sample rate of sound for pictures, Hz.
pub(super) const VIDEO_RATE_HZ: u32 = 48_000;
/// Loudness of the loudest song on a record, LUFS: between -16 and -18, as plants advise.
pub(super) const VINYL_LUFS: f64 = -17.0;
/// A cut needs no more limiting than this, dB.
const VINYL_LIMITING_DB: f64 = 3.0;
/// Louder than its own loudness, Spotify asks for this ceiling, dBTP (Spotify for Artists, "Loudness
/// normalization").
const LOUD_CEILING_DBTP: f64 = -2.0;

/// What was rendered in one way, with what was measured of each track.
pub(crate) struct Measured<'a> {
    pub(crate) set: Set,
    pub(crate) done: Vec<UnitDone>,
    pub(crate) places: Vec<TrackPlace<'a>>,
    pub(crate) figures: Vec<Figures>,
    /// Of the whole sequence.
    pub(crate) whole: Figures,
    /// K-weighted power of each track in steps of 10 ms.
    pub(crate) powers: Vec<Vec<f32>>,
}

/// Renders a set and measures each of its tracks.
pub(crate) fn rendered<'a>(
    release: &'a Release,
    renderer: &Renderer<'_>,
    set: Set,
) -> Result<Measured<'a>, AlbumError> {
    let done = renderer.set(&set)?;
    let places = places(release, &renderer.plan.timeline, &set, &done);
    let measured = measure(&places, renderer.observer)?;
    let figures: Vec<Figures> = measured.iter().map(Figures::of).collect();
    let whole = Figures::of_all(&measured);
    let powers = measured
        .into_iter()
        .map(|measured| measured.k_power_10ms)
        .collect();
    Ok(Measured {
        set,
        done,
        places,
        figures,
        whole,
        powers,
    })
}

/// The way in which the masters themselves are rendered.
pub(crate) fn base_set(release: &Release) -> Set {
    Set {
        sample_rate_hz: None,
        word_length: WordLength::Bits24,
        louder_lu: 0.0,
        ceiling_dbtp: release.target.true_peak_dbtp,
        max_limiting_db: release.target.max_limiting_db,
        codec_safe: false,
        grid: 1,
    }
}

/// The way in which a deliverable is rendered.
pub(crate) fn set_of(deliverable: Deliverable, release: &Release) -> Set {
    let base = base_set(release);
    match deliverable {
        Deliverable::Hires | Deliverable::Streaming | Deliverable::Preview => base,
        Deliverable::Cd | Deliverable::Ddp => Set {
            sample_rate_hz: Some(CD_RATE_HZ),
            word_length: WordLength::Bits16,
            grid: CD_FRAME,
            ..base
        },
        Deliverable::Video => Set {
            sample_rate_hz: Some(VIDEO_RATE_HZ),
            ..base
        },
        Deliverable::Vinyl => vinyl(release, base),
        Deliverable::Platform(preset) => platform(release, preset, base),
    }
}

/// A record: softer, with little limiting.
fn vinyl(release: &Release, base: Set) -> Set {
    Set {
        louder_lu: VINYL_LUFS - release.target.integrated_lufs,
        max_limiting_db: VINYL_LIMITING_DB.min(release.target.max_limiting_db),
        ..base
    }
}

/// A platform: as loud as the masters, or as the platform plays it if they are softer; under its ceiling, and
/// lower where lossy encoding asks for it.
fn platform(release: &Release, preset: &Preset, base: Set) -> Set {
    let asked = release.target.integrated_lufs;
    let loudness = asked.max(preset.integrated_lufs);
    let mut ceiling_dbtp = preset.true_peak_dbtp.min(release.target.true_peak_dbtp);
    if preset.name == "spotify" && loudness > preset.integrated_lufs {
        ceiling_dbtp = ceiling_dbtp.min(LOUD_CEILING_DBTP);
    }
    Set {
        louder_lu: loudness - asked,
        ceiling_dbtp,
        codec_safe: preset.codec_safe,
        ..base
    }
}
