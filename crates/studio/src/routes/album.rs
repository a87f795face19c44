//! Several songs, decided on together.

use axum::Json;
use axum::extract::State;

use super::{App, aside, refused};
use crate::error::ApiError;
use crate::session::{AlbumAsked, AlbumView, decide_album};

pub(super) async fn album(
    State(session): State<App>,
    Json(asked): Json<AlbumAsked>,
) -> Result<Json<AlbumView>, ApiError> {
    let decided = aside(move || decide_album(&session, &asked).map_err(|error| refused(&error)));
    Ok(Json(decided.await?))
}
