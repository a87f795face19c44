//! The worker: one thread that opens songs and makes masters, with the engine.

mod asides;
mod masters;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use acetate_dsp::StreamError;
use acetate_dsp::stream::Canceled;
use acetate_engine::{EngineError, Observer, Step};
use anyhow::Context;

use super::Session;
use super::events::Event;
use super::progress::Watch;
use super::proposal::{Asked, Proposal, SharedProposal};
use super::queue::Task;
use super::song::{Song, State};
use super::turn::Turn;

/// Works until the queue ends.
pub(crate) fn work(session: &Session) {
    while let Some((task, stop)) = session.queue.next() {
        let song = Arc::clone(task.song());
        let run = || match &task {
            Task::Open(song) => masters::open(session, song, &stop),
            Task::Master(song) => masters::master(session, song, &stop),
            Task::Unlimited(song, made) => masters::unlimited(session, song, made, &stop),
            Task::Reference(song, reference) => asides::reference(session, song, reference, &stop),
            Task::Variants(song, made) => asides::variants(session, song, made, &stop),
            Task::Beside(song, made, kind) => asides::beside(session, song, (made, *kind), &stop),
        };
        // Whatever goes wrong with one song, the others go on.
        let outcome = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
            Err(anyhow::anyhow!(
                "the work on this song broke off: please report it"
            ))
        });
        session.queue.done();
        let is_stopped = stop.load(Ordering::SeqCst);
        if let Err(error) = outcome {
            failed_at(session, &task, &format!("{error:#}"), is_stopped);
        }
        session.tell_of(&song);
        session.keep();
    }
}

/// A master that fails is the song's failure; what is made beside one is not.
fn failed_at(session: &Session, task: &Task, error: &str, is_stopped: bool) {
    let song = task.song();
    let text = song.without_places(error);
    match task {
        Task::Open(_) | Task::Master(_) => {
            if !is_stopped {
                let mut facts = song.facts();
                facts.state = Some(State::Failed);
                facts.error = Some(text);
            }
            return;
        }
        Task::Reference(_, reference) => {
            song.drop_reference(reference.id);
        }
        Task::Beside(_, made, kind) => made.put_beside(*kind, None),
        Task::Variants(..) => song.facts().varying = false,
        // What can be heard of it is one version less.
        Task::Unlimited(..) => {}
    }
    if !is_stopped {
        session.events.tell(Event::Trouble { id: song.id, text });
    }
}

/// The error of a stopped job is only that it stopped.
fn failed(error: EngineError) -> anyhow::Error {
    match error {
        EngineError::Failed(error) => error,
        canceled => canceled.into(),
    }
}

/// The proposal for the words and the reference of a turn, asked for once.
pub(crate) fn proposal_for(
    session: &Session,
    song: &Song,
    turn: &Turn,
) -> anyhow::Result<SharedProposal> {
    let asked = Asked::of(turn, song.signature_for(turn)?);
    let (known, analysis) = {
        let facts = song.facts();
        (facts.proposal.clone(), facts.analysis.clone())
    };
    if let Some(known) = known.filter(|known| known.answers(&asked)) {
        return Ok(known);
    }
    let analysis = analysis.context("the song is not measured yet: wait until it is")?;
    let engine = session.engine_for(&asked)?;
    let proposal = Arc::new(Proposal::ask(asked, engine, &analysis)?);
    song.facts().proposal = Some(Arc::clone(&proposal));
    Ok(proposal)
}

fn go_on(stop: &AtomicBool) -> Result<(), StreamError> {
    if stop.load(Ordering::SeqCst) {
        return Err(Canceled.into());
    }
    Ok(())
}

impl Observer for Watch<'_> {
    fn progress(&self, _: &Path, step: Step, done: u64, total: Option<u64>) {
        self.at(step, done, total);
    }

    fn warn(&self, text: &str) {
        self.warned(text);
    }

    fn is_canceled(&self) -> bool {
        self.is_stopped()
    }
}
