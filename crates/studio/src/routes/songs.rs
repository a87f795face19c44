//! The session, its songs, and what there is to read of them.

use std::time::Duration;

use acetate_check::DEVICES;
use acetate_dsp::PARAMS;
use acetate_dsp::process::eq::{mid_basis, side_basis};
use acetate_dsp::settings::{mid_knot_hz, side_knot_hz};
use acetate_master::Report;
use acetate_master::presets::PRESETS;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::{App, song_of};
use crate::error::ApiError;
use crate::session::{SongView, WaitingView};

/// Points of the EQ's curve as the page draws it.
const CURVE_POINTS: usize = 160;
/// From where to where it is drawn, Hz.
const CURVE_HZ: (f64, f64) = (20.0, 20_000.0);
/// How long a page waits before it asks again after a lost connection.
pub(super) const ASK_AGAIN: Duration = Duration::from_secs(1);

/// The session as a page first sees it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SessionView {
    /// Version of the software.
    version: &'static str,
    /// The songs that are open.
    songs: Vec<SongView>,
    /// Named targets: name, loudness, ceiling, what they are for.
    targets: Value,
    /// Every parameter of the chain: name, unit, range, neutral value, help.
    params: Value,
    /// What a knob of the EQ does to its curve.
    eq: EqBasis,
    /// Loudspeakers that can be listened through: name, where the curve comes from, whether it sums to mono.
    devices: Value,
    /// Songs of an earlier session whose mixes were not found yet.
    waiting: Vec<WaitingView>,
    /// A folder was named to deliver into.
    delivers: bool,
}

/// What a knob of the EQ does to its curve: the curve is the sum of its knots' gains times these.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EqBasis {
    /// Where the curve is drawn, Hz.
    hz: Vec<f64>,
    /// Where the knots for mid are, Hz.
    mid_knots_hz: Vec<f64>,
    /// Where the knots for the side signal are, Hz.
    side_knots_hz: Vec<f64>,
    /// For each frequency the share of each knot for mid.
    mid: Vec<Vec<f64>>,
    /// For each frequency the share of each knot for the side signal.
    side: Vec<Vec<f64>>,
}

impl EqBasis {
    fn new() -> Self {
        let (low, high) = CURVE_HZ;
        let hz: Vec<f64> = (0..CURVE_POINTS)
            .map(|point| low * (high / low).powf(point as f64 / (CURVE_POINTS - 1) as f64))
            .collect();
        let knots = |hz_of: fn(usize) -> f64, count| (0..count).map(hz_of).collect();
        Self {
            mid: mid_basis(&hz).iter().map(|row| row.to_vec()).collect(),
            side: side_basis(&hz).iter().map(|row| row.to_vec()).collect(),
            mid_knots_hz: knots(mid_knot_hz, acetate_dsp::settings::MID_KNOTS),
            side_knots_hz: knots(side_knot_hz, acetate_dsp::settings::SIDE_KNOTS),
            hz,
        }
    }
}

pub(super) async fn session(State(session): State<App>) -> Json<SessionView> {
    let targets = PRESETS.iter().map(|preset| {
        json!({
            "name": preset.name,
            "integrated_lufs": preset.integrated_lufs,
            "true_peak_dbtp": preset.true_peak_dbtp,
            "help": preset.help,
        })
    });
    let params = PARAMS.iter().map(|param| {
        json!({
            "name": param.name,
            "unit": param.unit,
            "min": param.min,
            "max": param.max,
            "neutral": param.neutral,
            "help": param.help,
        })
    });
    let devices = DEVICES.iter().map(|device| {
        json!({
            "name": device.name,
            "source": device.source,
            "sums_to_mono": device.sums_to_mono,
        })
    });
    Json(SessionView {
        version: env!("CARGO_PKG_VERSION"),
        songs: session.views(),
        targets: targets.collect(),
        params: params.collect(),
        eq: EqBasis::new(),
        devices: devices.collect(),
        waiting: session.waiting(),
        delivers: session.deliver_to.is_some(),
    })
}

pub(super) async fn song(
    State(session): State<App>,
    Path(id): Path<u64>,
) -> Result<Json<SongView>, ApiError> {
    Ok(Json(song_of(&session, id)?.view()))
}

pub(super) async fn close(
    State(session): State<App>,
    Path(id): Path<u64>,
) -> Result<StatusCode, ApiError> {
    if session.close(id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found("a song"))
    }
}

/// What changes over the song, ten times a second.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Curves {
    /// Short-term loudness (3 s) of the mix, LUFS; null where there is none.
    mix_lufs: Vec<Option<f32>>,
    /// The same of the master; empty before there is one.
    master_lufs: Vec<Option<f32>>,
    /// The most that the limiter takes, dB, positive; empty before it is known.
    limiting_db: Vec<f32>,
}

fn finite(values: &[f32]) -> Vec<Option<f32>> {
    let values = values.iter();
    values
        .map(|value| value.is_finite().then_some(*value))
        .collect()
}

pub(super) async fn curves(
    State(session): State<App>,
    Path(id): Path<u64>,
) -> Result<Json<Curves>, ApiError> {
    let song = song_of(&session, id)?;
    let mix = song.mix.get().ok_or_else(|| ApiError::not_yet("the mix"))?;
    let made = song.facts().made.clone();
    let unlimited = made.as_ref().and_then(|made| made.unlimited.get());
    Ok(Json(Curves {
        mix_lufs: finite(&mix.short_term_lufs),
        master_lufs: (made.as_ref())
            .map_or_else(Vec::new, |made| finite(&made.sound.short_term_lufs)),
        limiting_db: unlimited.map_or_else(Vec::new, |unlimited| unlimited.limiting_db.clone()),
    }))
}

/// The report of the master that is there, as `acetate master --json` prints it.
pub(super) async fn report(
    State(session): State<App>,
    Path(id): Path<u64>,
) -> Result<Json<Report>, ApiError> {
    let song = song_of(&session, id)?;
    let made = song.facts().made.clone();
    let made = made.ok_or_else(|| ApiError::not_yet("the report"))?;
    Ok(Json(made.report()))
}
