//! A mix or a reference is dropped: its bytes go to the session's folder as they come.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use futures_util::StreamExt;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::App;
use crate::error::ApiError;
use crate::session::SongView;

/// Largest mix: three hours of stereo at 192 kHz in 32 bits.
const MAX_UPLOAD_BYTES: u64 = 16_588_800_000 + (1 << 20);
/// The page may pause so long between two parts of a file.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Parts of a file on the way to the disk.
const PARTS: usize = 16;

/// What is dropped.
#[derive(Deserialize)]
pub(super) struct Dropped {
    /// The file's name.
    pub(super) name: String,
}

pub(super) async fn song(
    State(session): State<App>,
    Query(dropped): Query<Dropped>,
    body: Body,
) -> Result<(StatusCode, Json<SongView>), ApiError> {
    let song = session.new_song(&dropped.name);
    let song = song.map_err(|error| ApiError::new(StatusCode::CONFLICT, format!("{error:#}")))?;
    let taken = take(song.input().to_owned(), body).await;
    if let Err(error) = taken {
        song.remove();
        return Err(error.of_song(&song.name));
    }
    session.begin(Arc::clone(&song));
    Ok((StatusCode::CREATED, Json(song.view())))
}

/// Writes the body to a file, part by part.
pub(super) async fn take(path: PathBuf, body: Body) -> Result<(), ApiError> {
    let (give, mut parts) = mpsc::channel::<Bytes>(PARTS);
    let writer = tokio::task::spawn_blocking(move || {
        let mut file = File::create_new(path)?;
        while let Some(part) = parts.blocking_recv() {
            file.write_all(&part)?;
        }
        file.flush()
    });
    let read = read(body, &give).await;
    drop(give);
    let written = writer.await;
    written
        .map_err(|error| ApiError::failed(&error))?
        .map_err(|error| not_written(&error))?;
    read
}

async fn read(body: Body, give: &mpsc::Sender<Bytes>) -> Result<(), ApiError> {
    let mut body = body.into_data_stream();
    let mut bytes = 0_u64;
    loop {
        let part = timeout(LONGEST_PAUSE, body.next()).await.map_err(|_| {
            let message = format!(
                "expected the file's next part within {} s",
                LONGEST_PAUSE.as_secs()
            );
            ApiError::new(StatusCode::REQUEST_TIMEOUT, message)
        })?;
        let Some(part) = part else { return Ok(()) };
        let part = part.map_err(|_| {
            ApiError::new(StatusCode::BAD_REQUEST, "the file broke off: drop it again")
        })?;
        bytes += part.len() as u64;
        if bytes > MAX_UPLOAD_BYTES {
            let message = format!(
                "expected at most {MAX_UPLOAD_BYTES} bytes, found more: open it with `acetate studio FILE`, which copies nothing"
            );
            return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, message));
        }
        if give.send(part).await.is_err() {
            // The writer says why.
            return Ok(());
        }
    }
}

fn not_written(error: &std::io::Error) -> ApiError {
    let is_full = matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    );
    if is_full {
        ApiError::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "expected room for the mix in the session's folder, found a full disk: make room, or choose another disk with --session-dir",
        )
    } else {
        ApiError::failed(&error.kind())
    }
}
