//! What is taken home: a link can carry no token, so it gets a ticket that opens one file once.

use std::fs::File;
use std::io::Read;
use std::path::Path as FilePath;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};

use super::{App, aside, song_of};
use crate::error::ApiError;
use crate::session::{Made, Song, Ticket};

/// Bytes of a file that are read at once.
const PART_BYTES: usize = 1 << 18;

/// What can be taken: its name in the address, the ending of its file.
const KINDS: [(&str, &str); 4] = [
    ("master", ""),
    ("settings", "settings.toml"),
    ("certificate", "certificate.json"),
    ("report", "report.json"),
];

pub(super) async fn ticket(
    State(session): State<App>,
    Path((id, kind)): Path<(u64, String)>,
) -> Result<Json<Value>, ApiError> {
    let song = song_of(&session, id)?;
    let made = song.facts().made.clone();
    let made = made.ok_or_else(|| ApiError::not_yet("the master"))?;
    let ticket = ticket_for(&song, &made, &kind)?;
    let name = ticket.name.clone();
    let token = session
        .give_ticket(ticket)
        .map_err(|error| ApiError::failed(&error))?;
    Ok(Json(
        json!({ "address": format!("/take/{}", token.as_str()), "name": name }),
    ))
}

fn ticket_for(song: &Song, made: &Made, kind: &str) -> Result<Ticket, ApiError> {
    let known = KINDS.iter().find(|(name, _)| *name == kind);
    let (_, ending) = known.ok_or_else(|| {
        ApiError::not_found("a file called master, settings, certificate or report")
    })?;
    let file = match *ending {
        "" => made.file.clone(),
        ending => made.file.with_extension(ending),
    };
    let text = match kind {
        "report" => Some(song.without_places(&format!("{:#}\n", made.report))),
        "certificate" => {
            let text =
                std::fs::read_to_string(&file).map_err(|error| ApiError::failed(&error.kind()))?;
            Some(song.without_places(&text))
        }
        _ => None,
    };
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(Ticket { file, name, text })
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
