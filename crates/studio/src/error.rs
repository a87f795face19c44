//! Why the studio could not be opened, and what a request is answered with that cannot be served.

use std::io;

use acetate_master::report::Failure;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use thiserror::Error;

/// Why the studio could not be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StudioError {
    /// The port is taken, or the system gives none.
    #[error(
        "127.0.0.1:{port}: expected a free port, found: {source}: choose another with --port, or 0 for any"
    )]
    Port {
        /// The port that was asked for; 0 for any.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The system has no random numbers for the token.
    #[error("expected random numbers of the system for the session's token, found: {found}")]
    NoRandom {
        /// What the system said.
        found: String,
    },
    /// No folder for what is uploaded and rendered.
    #[error(
        "{folder}: expected a folder for the session that can be written, found: {source}: choose another with --session-dir"
    )]
    Folder {
        /// The folder that was tried.
        folder: String,
        /// What the system said.
        source: io::Error,
    },
    /// Another studio has this session open.
    #[error(
        "{folder}: expected a session that is open nowhere else, found one that another `acetate studio` has open: use its page, or end it first"
    )]
    InUse {
        /// The session's folder.
        folder: String,
    },
    /// No folder to deliver into.
    #[error(
        "{folder}: expected a folder to deliver into, found {found}: make it first, or name another with --deliver-to"
    )]
    DeliverTo {
        /// The folder that was named.
        folder: String,
        /// What is there.
        found: String,
    },
    /// A mix of the command line that cannot be opened.
    #[error(transparent)]
    Mix(#[from] anyhow::Error),
    /// The server itself failed.
    #[error("the studio's server failed: {0}")]
    Serve(#[from] io::Error),
}

/// A request that cannot be served: a status, and a message of the command line's kind.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    input: String,
    message: String,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            input: String::new(),
            message: message.into(),
        }
    }

    /// Of a song, by its name.
    pub(crate) fn of_song(mut self, name: &str) -> Self {
        name.clone_into(&mut self.input);
        self
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            format!("expected {what} of this session, found none"),
        )
    }

    /// What is asked for is not there yet.
    pub(crate) fn not_yet(what: &str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            format!("{what} is not there yet: wait until the song is ready"),
        )
    }

    /// Something within failed.
    pub(crate) fn failed(error: &dyn std::fmt::Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }

    #[cfg(test)]
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(Failure::new(&self.input, &self.message))).into_response()
    }
}
