//! [`routes`]: the one table of what the studio answers to.

mod assets;
mod files;
mod listen;
mod songs;
mod turn;
mod upload;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{MethodRouter, delete, get, post, put};
use axum::{Json, Router};

pub(crate) use songs::{Curves, SessionView};
pub(crate) use turn::Turned;

use crate::error::ApiError;
use crate::openapi;
use crate::session::{Session, Song};

/// Largest body of a request that is no upload, bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// What every route knows.
pub(crate) type App = Arc<Session>;

/// Every route: method, path, and what answers. The OpenAPI document is held to this table.
pub(crate) fn routes() -> Vec<(&'static str, &'static str, MethodRouter<App>)> {
    vec![
        ("get", "/", get(assets::page)),
        ("get", "/assets/{name}", get(assets::asset)),
        ("get", "/take/{ticket}", get(files::take)),
        ("get", "/api/openapi.json", get(document)),
        ("get", "/api/session", get(songs::session)),
        ("get", "/api/events", get(listen::events)),
        (
            "post",
            "/api/songs",
            post(upload::upload).layer(DefaultBodyLimit::disable()),
        ),
        ("get", "/api/songs/{id}", get(songs::song)),
        ("delete", "/api/songs/{id}", delete(songs::close)),
        ("put", "/api/songs/{id}/turn", put(turn::turn)),
        ("post", "/api/songs/{id}/passage", post(turn::passage)),
        ("get", "/api/songs/{id}/sound/{sound}", get(listen::sound)),
        (
            "get",
            "/api/songs/{id}/outline/{sound}",
            get(listen::outline),
        ),
        ("get", "/api/songs/{id}/curves", get(songs::curves)),
        ("get", "/api/songs/{id}/report", get(songs::report)),
        ("post", "/api/songs/{id}/files/{kind}", post(files::ticket)),
    ]
}

/// The routes as a service.
pub(crate) fn router(session: App) -> Router {
    let routes = routes().into_iter();
    routes
        .fold(Router::new(), |router, (_, path, answer)| {
            router.route(path, answer)
        })
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(session)
}

async fn document() -> Json<serde_json::Value> {
    Json(openapi::document())
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

/// Runs what reads the disk or computes away from the threads that answer.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(ApiError::failed(&"the work broke off: please report it")))
}
