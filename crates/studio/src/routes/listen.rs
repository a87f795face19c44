//! What is heard and drawn of a song, and the stream of what happens.

use std::convert::Infallible;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use acetate_check::DEVICES;
use acetate_dsp::Audio;
use acetate_dsp::measure::bands::{THIRD_OCTAVES, center_hz};
use acetate_dsp::process::eq::minimum_phase;
use acetate_dsp::process::resample::RATE_RANGE_HZ;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::songs::ASK_AGAIN;
use super::{App, aside, song_of};
use crate::error::ApiError;
use crate::session::{Event, Reference, Session, Song, Sound, planar_bytes};

/// Most frames of one answer: 32 MiB of a stereo song.
const MOST_FRAMES: u64 = 1 << 22;
/// A loudspeaker's response is drawn from here, Hz, and no deeper than this, dB.
const LOWEST_HZ: f64 = 10.0;
const DEEPEST_DB: f64 = -80.0;
/// How long a closed page may take to come back, as on a reload, before its renders are dropped.
const COME_BACK: Duration = Duration::from_secs(5);
/// Carries what the samples of an answer are.
const FRAMES: HeaderName = HeaderName::from_static("x-acetate-frames");
const CHANNELS: HeaderName = HeaderName::from_static("x-acetate-channels");

/// Which frames, and of which master.
#[derive(Deserialize)]
pub(super) struct Wanted {
    from: u64,
    frames: u64,
    /// The turn that the master has to be made for.
    revision: Option<u64>,
}

/// Which master.
#[derive(Deserialize)]
pub(super) struct Which {
    revision: Option<u64>,
}

/// Hands a sound of a song by its name to `read`.
fn with_sound<T>(
    song: &Song,
    name: &str,
    revision: Option<u64>,
    read: impl FnOnce(&Sound) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    if name == "mix" {
        return read(song.mix.get().ok_or_else(|| ApiError::not_yet("the mix"))?);
    }
    let made = song.facts().made.clone();
    let made = made.filter(|made| revision.is_none_or(|revision| revision == made.revision));
    let made = made.ok_or_else(|| ApiError::not_yet("this master"))?;
    match name {
        "master" => read(&made.sound),
        "unlimited" => {
            let unlimited = made.unlimited.get();
            let unlimited =
                unlimited.ok_or_else(|| ApiError::not_yet("the master without its limiter"))?;
            read(&unlimited.sound)
        }
        _ => Err(ApiError::not_found(
            "a sound called mix, master, unlimited, reference.NUMBER or variant.NAME",
        )),
    }
}

/// A reference of a song that can be heard.
fn heard_reference(song: &Song, number: &str) -> Result<Arc<Reference>, ApiError> {
    let id = number.parse::<u64>().ok();
    let known = id.and_then(|id| song.facts().references.get(&id).cloned());
    known
        .filter(|reference| reference.sound().is_some())
        .ok_or_else(|| ApiError::not_found("a reference that can be heard"))
}

/// The frames of a sound by its name.
fn frames_of(
    song: &Song,
    name: &str,
    revision: Option<u64>,
    frames: Range<u64>,
) -> Result<Audio, ApiError> {
    let failed = |error| ApiError::failed(&error);
    if let Some(number) = name.strip_prefix("reference.") {
        let reference = heard_reference(song, number)?;
        let sound = reference.sound();
        let sound = sound.ok_or_else(|| ApiError::not_yet("this reference"))?;
        return sound.read_repeated(frames).map_err(failed);
    }
    if let Some(variant) = name.strip_prefix("variant.") {
        let set = song.facts().variants.clone();
        let set = set.filter(|set| revision.is_none_or(|revision| revision == set.revision));
        let one = set.as_ref().and_then(|set| set.named(variant));
        let one = one.ok_or_else(|| ApiError::not_yet("this variant"))?;
        return one.sound.read(frames).map_err(failed);
    }
    with_sound(song, name, revision, |sound| {
        sound.read(frames).map_err(failed)
    })
}

/// Which rate.
#[derive(Deserialize)]
pub(super) struct Rate {
    rate_hz: u32,
}

/// The taps of a loudspeaker's response, none louder than it came: what passes it does not clip.
pub(super) async fn device(
    Path(name): Path<String>,
    Query(rate): Query<Rate>,
) -> Result<Response, ApiError> {
    let device = DEVICES.iter().find(|device| device.name == name);
    let device = device.ok_or_else(|| ApiError::not_found("a loudspeaker"))?;
    if !RATE_RANGE_HZ.contains(&rate.rate_hz) {
        let message = format!(
            "expected a rate of {} to {} Hz, found {}",
            RATE_RANGE_HZ.start(),
            RATE_RANGE_HZ.end(),
            rate.rate_hz
        );
        return Err(ApiError::new(StatusCode::BAD_REQUEST, message));
    }
    aside(move || {
        let bands = (0..THIRD_OCTAVES).map(|band| device.response_db(center_hz(band)));
        let most_db = bands.fold(f64::NEG_INFINITY, f64::max);
        let taps = minimum_phase(rate.rate_hz, |hz| {
            (device.response_db(hz.max(LOWEST_HZ)) - most_db).max(DEEPEST_DB)
        });
        let bytes: Vec<u8> = taps
            .iter()
            .flat_map(|tap| (*tap as f32).to_le_bytes())
            .collect();
        Ok(([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
    })
    .await
}

pub(super) async fn sound(
    State(session): State<App>,
    Path((id, name)): Path<(u64, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, ApiError> {
    let song = song_of(&session, id)?;
    if wanted.frames > MOST_FRAMES {
        return Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            format!(
                "expected at most {MOST_FRAMES} frames, found {}",
                wanted.frames
            ),
        ));
    }
    let range = wanted.from..wanted.from.saturating_add(wanted.frames);
    let audio = aside(move || frames_of(&song, &name, wanted.revision, range)).await?;
    Ok(samples(&audio))
}

/// Samples as the page plays them.
pub(super) fn samples(audio: &Audio) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (FRAMES, audio.frames().to_string()),
        (CHANNELS, audio.channel_count().to_string()),
    ];
    (headers, planar_bytes(audio)).into_response()
}

pub(super) async fn outline(
    State(session): State<App>,
    Path((id, name)): Path<(u64, String)>,
    Query(which): Query<Which>,
) -> Result<Response, ApiError> {
    let song = song_of(&session, id)?;
    let bytes = with_sound(&song, &name, which.revision, |sound| {
        Ok(sound.outline.bytes.clone())
    })?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

/// A page that listens.
struct Listener {
    session: Arc<Session>,
    receiver: Receiver<Event>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let is_last = self.session.events.left();
        // Without a runtime the server has ended, and everything with it.
        let runtime = tokio::runtime::Handle::try_current();
        if let (true, Ok(runtime)) = (is_last, runtime) {
            let session = Arc::clone(&self.session);
            runtime.spawn(async move {
                tokio::time::sleep(COME_BACK).await;
                if session.events.nobody_listens() {
                    session.pause();
                }
            });
        }
    }
}

pub(super) async fn events(
    State(session): State<App>,
) -> Sse<impl Stream<Item = Result<Sent, Infallible>>> {
    let receiver = session.events.listen();
    session.resume();
    let listener = Listener { session, receiver };
    let told = stream::unfold(listener, |mut listener| async move {
        let event = match listener.receiver.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(_)) => Event::Missed,
            Err(RecvError::Closed) => return None,
        };
        let sent = Sent::default().json_data(&event);
        let sent = sent.unwrap_or_else(|_| Sent::default().comment("an event that is no JSON"));
        Some((Ok(sent.retry(ASK_AGAIN)), listener))
    });
    Sse::new(told).keep_alive(KeepAlive::default())
}
