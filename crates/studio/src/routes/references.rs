//! References: finished records that a song is led to.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;

use super::upload::{Dropped, take};
use super::{App, refused, song_of};
use crate::error::ApiError;
use crate::session::{SongView, Task};

pub(super) async fn add(
    State(session): State<App>,
    Path(id): Path<u64>,
    Query(dropped): Query<Dropped>,
    body: Body,
) -> Result<(StatusCode, Json<SongView>), ApiError> {
    let song = song_of(&session, id)?;
    if song.mix.get().is_none() {
        return Err(ApiError::not_yet("the mix"));
    }
    let reference = song
        .new_reference(&dropped.name)
        .map_err(|error| refused(&error))?;
    if let Err(error) = take(reference.file(), body).await {
        song.drop_reference(reference.id);
        return Err(error.of_song(&reference.name));
    }
    session
        .queue
        .add(Task::Reference(Arc::clone(&song), reference));
    session.tell_of(&song);
    Ok((StatusCode::CREATED, Json(song.view())))
}

pub(super) async fn remove(
    State(session): State<App>,
    Path((id, reference)): Path<(u64, u64)>,
) -> Result<StatusCode, ApiError> {
    let song = song_of(&session, id)?;
    if !song.drop_reference(reference) {
        return Err(ApiError::not_found("a reference"));
    }
    let turn = song.facts().turn.clone();
    if turn.reference == Some(reference) {
        let without = crate::session::Turn {
            reference: None,
            ..turn
        };
        session.turn(&song, without);
    }
    session.tell_of(&song);
    Ok(StatusCode::NO_CONTENT)
}
