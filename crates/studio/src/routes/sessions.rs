//! Earlier sessions, and the order of the songs in this one.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{App, aside};
use crate::error::ApiError;
use crate::session::EarlierView;

/// Earlier sessions.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Sessions {
    /// The newest first.
    sessions: Vec<EarlierView>,
}

/// The order of the songs.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderAsked {
    /// Their numbers; songs that are not named stay behind these.
    songs: Vec<u64>,
}

pub(super) async fn order(
    State(session): State<App>,
    Json(asked): Json<OrderAsked>,
) -> Result<StatusCode, ApiError> {
    aside(move || {
        session.put_in_order(&asked.songs);
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

pub(super) async fn earlier(State(session): State<App>) -> Result<Json<Sessions>, ApiError> {
    aside(move || {
        Ok(Json(Sessions {
            sessions: session.earlier(),
        }))
    })
    .await
}

pub(super) async fn reopen(
    State(session): State<App>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    aside(move || answered(session.reopen(&name))).await
}

pub(super) async fn forget(
    State(session): State<App>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    aside(move || answered(session.folder.forget(&name))).await
}

pub(super) async fn stop_waiting(State(session): State<App>) -> Result<StatusCode, ApiError> {
    aside(move || {
        session.stop_waiting();
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

fn answered(was_there: std::io::Result<bool>) -> Result<StatusCode, ApiError> {
    match was_there {
        Ok(true) => Ok(StatusCode::NO_CONTENT),
        Ok(false) => Err(ApiError::not_found("an earlier session")),
        Err(error) => Err(ApiError::failed(&error.kind())),
    }
}
