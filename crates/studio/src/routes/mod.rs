//! [`routes`]: the one table of what the studio answers to.

mod album;
mod assets;
mod files;
mod listen;
mod references;
mod route;
mod sessions;
mod songs;
mod turn;
mod upload;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::{Json, Router};

pub(crate) use route::{Answer, Route};
pub(crate) use sessions::{OrderAsked, Sessions};
pub(crate) use songs::{Curves, SessionView};
pub(crate) use turn::Turned;

use self::route::{delete, get, post, put};
use crate::error::ApiError;
use crate::openapi;
use crate::session::{Session, Song};

/// Largest body of a request that is no upload, bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// The type of samples and files.
const BYTES: Answer = Answer::Bytes("application/octet-stream");
const WHICH: &[(&str, &str, bool)] = &[("revision", "integer", false)];

/// What every route knows.
pub(crate) type App = Arc<Session>;

/// Every route, by what it is about.
pub(crate) fn routes() -> Vec<Route> {
    let parts = [page(), session(), song(), sound(), taking_home()];
    parts.into_iter().flatten().collect()
}

fn page() -> Vec<Route> {
    vec![
        get("/", "The page.", Answer::Bytes("text/html"), assets::page),
        get(
            "/assets/{name}",
            "A file of the page.",
            Answer::Bytes("text/javascript"),
            assets::asset,
        ),
        get(
            "/api/openapi.json",
            "This document.",
            Answer::Json("Any"),
            document,
        ),
    ]
}

fn session() -> Vec<Route> {
    vec![
        get(
            "/api/session",
            "The songs that are open, targets, parameters, loudspeakers.",
            Answer::Json("SessionView"),
            songs::session,
        ),
        get(
            "/api/events",
            "What happens, as server-sent events of the schema Event. When the last listener goes, renders are dropped.",
            Answer::Bytes("text/event-stream"),
            listen::events,
        ),
        put(
            "/api/order",
            "Puts the songs in another order.",
            Answer::Nothing,
            sessions::order,
        )
        .with_body("OrderAsked")
        .with_status("204"),
        post(
            "/api/album",
            "What is decided of several songs together: levels, tone and width. Nothing is rendered.",
            Answer::Json("AlbumView"),
            album::album,
        )
        .with_body("AlbumAsked"),
        get(
            "/api/sessions",
            "Earlier sessions, the newest first.",
            Answer::Json("Sessions"),
            sessions::earlier,
        ),
        post(
            "/api/sessions/{name}",
            "Opens an earlier session within this one.",
            Answer::Nothing,
            sessions::reopen,
        )
        .with_status("204"),
        delete(
            "/api/sessions/{name}",
            "Forgets an earlier session, with the audio that it kept.",
            Answer::Nothing,
            sessions::forget,
        )
        .with_status("204"),
        delete(
            "/api/waiting",
            "Waits no longer for mixes of an earlier session.",
            Answer::Nothing,
            sessions::stop_waiting,
        )
        .with_status("204"),
    ]
}

fn song() -> Vec<Route> {
    let mut upload = post(
        "/api/songs",
        "Opens a song: the body is its sound file.",
        Answer::Json("SongView"),
        upload::song,
    );
    upload.handler = upload.handler.layer(DefaultBodyLimit::disable());
    let mut reference = post(
        "/api/songs/{id}/references",
        "Gives a song a reference: the body is its sound file. A turn may name it once it is ready.",
        Answer::Json("SongView"),
        references::add,
    );
    reference.handler = reference.handler.layer(DefaultBodyLimit::disable());
    vec![
        upload
            .with_body("application/octet-stream")
            .with_queries(&[("name", "string", true)])
            .with_status("201"),
        get(
            "/api/songs/{id}",
            "A song.",
            Answer::Json("SongView"),
            songs::song,
        ),
        delete(
            "/api/songs/{id}",
            "Closes a song.",
            Answer::Nothing,
            songs::close,
        )
        .with_status("204"),
        put(
            "/api/songs/{id}/turn",
            "Sets the knobs; a master is made once they rest.",
            Answer::Json("Turned"),
            turn::turn,
        )
        .with_body("Turn"),
        put(
            "/api/songs/{id}/slots",
            "Keeps the slots of settings.",
            Answer::Nothing,
            turn::slots,
        )
        .with_body("Slots")
        .with_status("204"),
        reference
            .with_body("application/octet-stream")
            .with_queries(&[("name", "string", true)])
            .with_status("201"),
        delete(
            "/api/songs/{id}/references/{reference}",
            "Takes a reference away.",
            Answer::Nothing,
            references::remove,
        )
        .with_status("204"),
        post(
            "/api/songs/{id}/variants",
            "Makes a few masters along loud and open, dark and bright; they can then be heard.",
            Answer::Nothing,
            turn::variants,
        )
        .with_status("202"),
    ]
}

fn sound() -> Vec<Route> {
    vec![
        post(
            "/api/songs/{id}/passage",
            "A passage as the knobs stand: 32-bit floats, little-endian, one channel after the other. The header x-acetate-passage has PassageFacts.",
            BYTES,
            turn::passage,
        )
        .with_body("Ask"),
        get(
            "/api/songs/{id}/sound/{sound}",
            "Samples of mix, master, unlimited, reference.NUMBER or variant.NAME: 32-bit floats, little-endian, one channel after the other. A reference is at the song's rate and begins again where it ends.",
            BYTES,
            listen::sound,
        )
        .with_queries(&[
            ("from", "integer", true),
            ("frames", "integer", true),
            ("revision", "integer", false),
        ]),
        get(
            "/api/songs/{id}/outline/{sound}",
            "Lowest and highest sample of each outline_frames frames: 16-bit pairs, little-endian.",
            BYTES,
            listen::outline,
        )
        .with_queries(WHICH),
        get(
            "/api/songs/{id}/curves",
            "Loudness and gain reduction over the song.",
            Answer::Json("Curves"),
            songs::curves,
        ),
        get(
            "/api/devices/{device}",
            "The response of a loudspeaker as taps of a filter, for listening: 32-bit floats, little-endian.",
            BYTES,
            listen::device,
        )
        .with_queries(&[("rate_hz", "integer", true)]),
        get(
            "/api/songs/{id}/report",
            "The report of the master, as `acetate master --json` prints it.",
            Answer::Json("Report"),
            songs::report,
        ),
    ]
}

fn taking_home() -> Vec<Route> {
    vec![
        post(
            "/api/songs/{id}/files/{kind}",
            "An address from which master, settings, certificate, report, page or pack can be fetched once.",
            Answer::Json("Any"),
            files::ticket,
        ),
        get(
            "/take/{ticket}",
            "A file, once, by the address that /api/songs/{id}/files/{kind} gave; asks for no token.",
            BYTES,
            files::take,
        ),
        post(
            "/api/songs/{id}/beside/{kind}",
            "Makes the page (the report page) or the pack (the zipped folder for a mastering engineer) of the master.",
            Answer::Nothing,
            files::beside,
        )
        .with_status("202"),
        post(
            "/api/songs/{id}/deliver",
            "Writes master, settings, certificate and what was made beside them into the folder of --deliver-to.",
            Answer::Json("Any"),
            files::deliver,
        ),
    ]
}

/// The routes as a service.
pub(crate) fn router(session: App) -> Router {
    let routes = routes().into_iter();
    routes
        .fold(Router::new(), |router, route| {
            router.route(route.path, route.handler)
        })
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(session)
}

async fn document() -> Json<serde_json::Value> {
    Json(openapi::document(&routes()))
}

async fn nothing() -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "expected an address of the studio, found another",
    )
}

/// The song of this number.
fn song_of(session: &Session, id: u64) -> Result<Arc<Song>, ApiError> {
    session
        .song(id)
        .ok_or_else(|| ApiError::not_found("a song"))
}

/// What the command line would refuse too.
fn refused(error: &anyhow::Error) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{error:#}"))
}

/// Runs what reads the disk or computes away from the threads that answer.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(ApiError::failed(&"the work broke off: please report it")))
}
