//! What is taken home: a link can carry no token, so it gets a ticket that opens one file once.

use std::fs::File;
use std::io::Read;
use std::path::Path as FilePath;
use std::sync::Arc;

use acetate_io::{deliver_file, deliver_text};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};

use super::{App, aside, song_of};
use crate::error::ApiError;
use crate::session::{Beside, Made, Song, Task, Ticket};

/// Bytes of a file that are read at once.
const PART_BYTES: usize = 1 << 18;

pub(super) async fn ticket(
    State(session): State<App>,
    Path((id, kind)): Path<(u64, String)>,
) -> Result<Json<Value>, ApiError> {
    let song = song_of(&session, id)?;
    let made = made_of(&song)?;
    let ticket = aside(move || ticket_for(&made, &kind)).await?;
    let name = ticket.name.clone();
    let token = session
        .give_ticket(ticket)
        .map_err(|error| ApiError::failed(&error))?;
    Ok(Json(
        json!({ "address": format!("/take/{}", token.as_str()), "name": name }),
    ))
}

fn made_of(song: &Song) -> Result<Arc<Made>, ApiError> {
    let made = song.facts().made.clone();
    made.ok_or_else(|| ApiError::not_yet("the master"))
}

fn file_name(file: &FilePath) -> String {
    let name = file.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// What is taken of a master by this name.
fn ticket_for(made: &Made, kind: &str) -> Result<Ticket, ApiError> {
    let failed = |error: &dyn std::fmt::Display| ApiError::failed(error);
    let (file, text) = match kind {
        "master" => (made.file.clone(), None),
        "settings" => (made.file.with_extension("settings.toml"), None),
        "certificate" => {
            let text = made.certificate().map_err(|error| failed(&error))?;
            (made.file.with_extension("certificate.json"), Some(text))
        }
        "report" => {
            let text = serde_json::to_string_pretty(&made.report());
            let text = text.map_err(|error| failed(&error))? + "\n";
            (made.file.with_extension("report.json"), Some(text))
        }
        _ => {
            let kind = Beside::named(kind).ok_or_else(|| {
                ApiError::not_found(
                    "a file called master, settings, certificate, report, page or pack",
                )
            })?;
            let file = made.beside(kind);
            (file.ok_or_else(|| ApiError::not_yet("this file"))?, None)
        }
    };
    Ok(Ticket {
        name: file_name(&file),
        file,
        text,
    })
}

/// Makes the report page or the pack.
pub(super) async fn beside(
    State(session): State<App>,
    Path((id, kind)): Path<(u64, String)>,
) -> Result<StatusCode, ApiError> {
    let song = song_of(&session, id)?;
    let kind = Beside::named(&kind).ok_or_else(|| ApiError::not_found("a page or a pack"))?;
    let made = made_of(&song)?;
    if made.ask_beside(kind) {
        let task = Task::Beside(Arc::clone(&song), made, kind);
        session.queue.add(task);
        session.tell_of(&song);
    }
    Ok(StatusCode::ACCEPTED)
}

/// Writes everything of a master into the folder that the command line named.
pub(super) async fn deliver(
    State(session): State<App>,
    Path(id): Path<u64>,
) -> Result<Json<Value>, ApiError> {
    let song = song_of(&session, id)?;
    let made = made_of(&song)?;
    let folder = session.deliver_to.clone();
    let folder = folder.ok_or_else(|| {
        let message =
            "expected a folder to deliver into, found none: open the studio with --deliver-to DIR";
        ApiError::new(StatusCode::CONFLICT, message)
    })?;
    aside(move || {
        let mut kinds = vec!["master", "settings", "certificate"];
        kinds.extend(made.beside(Beside::Page).map(|_| "page"));
        kinds.extend(made.beside(Beside::Pack).map(|_| "pack"));
        let tickets = kinds.iter().map(|kind| ticket_for(&made, kind));
        let tickets: Vec<Ticket> = tickets.collect::<Result<_, _>>()?;
        // All of them or none.
        if let Some(taken) = tickets.iter().find(|one| folder.join(&one.name).exists()) {
            let message = format!(
                "{}: expected a name that is free in the folder, found a file: move it away, or rename the mix",
                taken.name
            );
            return Err(ApiError::new(StatusCode::CONFLICT, message));
        }
        for ticket in &tickets {
            delivered(ticket, &folder)?;
        }
        let names: Vec<&str> = tickets.iter().map(|one| one.name.as_str()).collect();
        Ok(Json(json!({ "files": names })))
    })
    .await
}

fn delivered(ticket: &Ticket, folder: &FilePath) -> Result<(), ApiError> {
    let to = folder.join(&ticket.name);
    let done = match &ticket.text {
        Some(text) => deliver_text(&to, text, false),
        None => deliver_file(&ticket.file, &to, false),
    };
    done.map_err(|error| {
        let text = error
            .to_string()
            .replace(&to.display().to_string(), &ticket.name);
        ApiError::new(StatusCode::CONFLICT, text)
    })
}

pub(super) async fn take(
    State(session): State<App>,
    Path(ticket): Path<String>,
) -> Result<Response, ApiError> {
    let ticket = session.take_ticket(&ticket);
    let ticket = ticket.ok_or_else(|| ApiError::not_found("a link that was not used yet"))?;
    let headers = [
        (CONTENT_TYPE, content_type(&ticket.file).to_owned()),
        (CONTENT_DISPOSITION, disposition(&ticket.name)),
    ];
    if let Some(text) = ticket.text {
        return Ok((headers, text).into_response());
    }
    let (file, bytes) = aside(move || {
        let file = File::open(&ticket.file);
        let length = file.and_then(|file| Ok((file.metadata()?.len(), file)));
        let (bytes, file) = length.map_err(|error| ApiError::failed(&error.kind()))?;
        Ok((file, bytes))
    })
    .await?;
    let body = Body::from_stream(parts(file));
    Ok((headers, [(CONTENT_LENGTH, bytes.to_string())], body).into_response())
}

/// A file part by part, read away from the threads that answer.
fn parts(file: File) -> impl stream::Stream<Item = Result<Bytes, std::io::Error>> {
    stream::try_unfold(file, |mut file| async move {
        let read = tokio::task::spawn_blocking(move || {
            let mut part = Vec::with_capacity(PART_BYTES);
            Read::by_ref(&mut file)
                .take(PART_BYTES as u64)
                .read_to_end(&mut part)?;
            Ok::<_, std::io::Error>((part, file))
        });
        let (part, file) = read.await.map_err(std::io::Error::other)??;
        Ok((!part.is_empty()).then(|| (Bytes::from(part), file)))
    })
}

fn content_type(file: &FilePath) -> &'static str {
    let extension = file.extension().unwrap_or_default().to_string_lossy();
    match &*extension {
        "wav" => "audio/wav",
        "flac" => "audio/flac",
        "json" => "application/json",
        "html" => "text/html; charset=utf-8",
        "zip" => "application/zip",
        _ => "text/plain; charset=utf-8",
    }
}

/// A name for the saved file, in whatever letters (RFC 6266, RFC 8187).
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._- ()".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_any_letters_cannot_leave_its_header() {
        let text = disposition("Lied \"ä\"\r\nX: y.wav");
        assert!(!text.contains('\n') && !text.contains('\r'));
        assert_eq!(text.matches('"').count(), 2);
        assert!(text.ends_with("filename*=UTF-8''Lied%20%22%C3%A4%22%0D%0AX%3A%20y.wav"));
    }
}
