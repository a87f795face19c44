//! A knob is turned: the passage that is heard, and the whole song behind it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::listen::samples;
use super::{App, aside, song_of};
use crate::error::ApiError;
use crate::session::{self, Ask, ProposalView, Turn, planned, proposal_for};

/// Carries what a passage was rendered with, as JSON.
const PASSAGE: HeaderName = HeaderName::from_static("x-acetate-passage");

/// What a turn comes to.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Turned {
    /// Counts the turns.
    revision: u64,
    /// What is rendered, but for the drive.
    settings: acetate_dsp::Settings,
    /// What the engine proposes by the words of the turn.
    proposal: ProposalView,
}

fn refused(error: &anyhow::Error) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{error:#}"))
}

pub(super) async fn turn(
    State(session): State<App>,
    Path(id): Path<u64>,
    Json(turn): Json<Turn>,
) -> Result<Json<Turned>, ApiError> {
    let song = song_of(&session, id)?;
    aside(move || {
        turn.check().map_err(|error| refused(&error))?;
        let analysis = song.facts().analysis.clone();
        let analysis = analysis.ok_or_else(|| ApiError::not_yet("the analysis"))?;
        let answer = || {
            let proposal = proposal_for(&session, &song, &turn)?;
            let (plan, _) = planned(&turn, &proposal, &analysis, &session.cache)?;
            anyhow::Ok((proposal, plan))
        };
        let (proposal, plan) = answer().map_err(|error| refused(&error))?;
        Ok(Json(Turned {
            revision: session.turn(&song, turn),
            settings: plan.settings,
            proposal: proposal.view.clone(),
        }))
    })
    .await
}

pub(super) async fn passage(
    State(session): State<App>,
    Path(id): Path<u64>,
    Json(ask): Json<Ask>,
) -> Result<Response, ApiError> {
    let song = song_of(&session, id)?;
    let number = if ask.follows { 0 } else { song.ask() };
    let rendered = aside(move || {
        let _first = session.queue.passage();
        session::passage(&session, &song, &ask, number).map_err(|error| refused(&error))
    })
    .await?;
    let (audio, facts) = rendered.ok_or_else(|| {
        ApiError::new(
            StatusCode::CONFLICT,
            "a newer passage was asked for meanwhile",
        )
    })?;
    let mut response = samples(&audio);
    let facts = serde_json::to_string(&facts).map_err(|error| ApiError::failed(&error))?;
    let facts = HeaderValue::from_str(&facts).map_err(|error| ApiError::failed(&error))?;
    response.headers_mut().insert(PASSAGE, facts);
    Ok(response)
}
