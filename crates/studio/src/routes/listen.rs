//! What is heard and drawn of a song, and the stream of what happens.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use acetate_dsp::Audio;
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
use crate::session::{Event, Session, Song, Sound, planar_bytes};

/// Most frames of one answer: 32 MiB of a stereo song.
const MOST_FRAMES: u64 = 1 << 22;
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
            "a sound called mix, master or unlimited",
        )),
    }
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
    let audio = aside(move || {
        with_sound(&song, &name, wanted.revision, |sound| {
            sound.read(range).map_err(|error| ApiError::failed(&error))
        })
    })
    .await?;
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
