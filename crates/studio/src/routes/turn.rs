//! A knob is turned: the passage that is heard, and the whole song behind it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::listen::samples;
use super::{App, aside, refused, song_of};
use crate::error::ApiError;
use crate::session::{self, Ask, ProposalView, Slots, Task, Turn, proposal_for};

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
            let (plan, _) = proposal.planned(&turn, &analysis)?;
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

pub(super) async fn slots(
    State(session): State<App>,
    Path(id): Path<u64>,
    Json(slots): Json<Slots>,
) -> Result<StatusCode, ApiError> {
    let song = song_of(&session, id)?;
    aside(move || {
        slots.check().map_err(|error| refused(&error))?;
        song.facts().slots = Some(slots);
        session.keep();
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Variants of the master as the knobs stand.
pub(super) async fn variants(
    State(session): State<App>,
    Path(id): Path<u64>,
) -> Result<StatusCode, ApiError> {
    let song = song_of(&session, id)?;
    let made = {
        let mut facts = song.facts();
        let made = facts.made.clone();
        let made = made.filter(|made| made.revision == facts.revision);
        let made = made.ok_or_else(|| ApiError::not_yet("the master as the knobs stand"))?;
        if made.turn.overrides() {
            return Err(ApiError::new(
                StatusCode::CONFLICT,
                "variants vary what is proposed: expected EQ, compressor, de-esser, saturation and width as proposed, found some that were set by hand: go back to the proposal first",
            ));
        }
        let is_there =
            (facts.variants.as_ref()).is_some_and(|variants| variants.revision == made.revision);
        if facts.varying || is_there {
            return Ok(StatusCode::ACCEPTED);
        }
        facts.varying = true;
        made
    };
    session.queue.add(Task::Variants(song.clone(), made));
    session.tell_of(&song);
    Ok(StatusCode::ACCEPTED)
}
