//! The worker: one thread that opens songs and makes masters, with the engine.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use acetate_dsp::StreamError;
use acetate_dsp::stream::Canceled;
use acetate_engine::{Engine, EngineError, Input, Observer, Options, Step};
use anyhow::Context;

use super::Session;
use super::made::Made;
use super::progress::{Phase, Watch};
use super::proposal::{self, Proposal, SharedProposal};
use super::queue::Task;
use super::song::{Song, State};
use super::sound::Sound;
use super::turn::Turn;

/// Works until the queue ends.
pub(crate) fn work(session: &Session) {
    while let Some((task, stop)) = session.queue.next() {
        let song = Arc::clone(task.song());
        let run = || match &task {
            Task::Open(song) => open(session, song, &stop),
            Task::Master(song) => master(session, song, &stop),
            Task::Unlimited(song, made) => unlimited(session, song, made, &stop),
        };
        // Whatever goes wrong with one song, the others go on.
        let outcome = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
            Err(anyhow::anyhow!(
                "the work on this song broke off: please report it"
            ))
        });
        session.queue.done();
        let is_stopped = stop.load(Ordering::SeqCst);
        if let Err(error) = outcome
            && !is_stopped
        {
            let text = song.without_places(&format!("{error:#}"));
            let mut facts = song.facts();
            facts.state = Some(State::Failed);
            facts.error = Some(text);
        }
        session.tell_of(&song);
    }
}

/// The error of a stopped job is only that it stopped.
fn failed(error: EngineError) -> anyhow::Error {
    match error {
        EngineError::Failed(error) => error,
        canceled => canceled.into(),
    }
}

fn open(session: &Session, song: &Arc<Song>, stop: &Arc<AtomicBool>) -> anyhow::Result<()> {
    let watch = Watch::new(session, song, stop, Phase::Opening);
    session.set_state(song, State::Opening);
    take_mix(song, &watch)?;
    session.set_state(song, State::Measuring);
    let options = Options {
        cache: session.cache.clone(),
        ..Options::default()
    };
    let input = song.input();
    let engine = Engine::new(&[], &options, &watch).map_err(failed)?;
    let analysis = engine.measure(&input, &watch).map_err(failed)?;
    song.facts().analysis = Some(Arc::new(analysis));
    master(session, song, stop)
}

/// Decodes the mix, to be heard.
fn take_mix(song: &Song, watch: &Watch<'_>) -> anyhow::Result<()> {
    let path = song.input();
    let mut input = Input::open(&path, None, false, watch)?;
    let frames = input.frames_hint();
    let mix = Sound::take(input.source(), &song.beside(), &mut |done| {
        watch.decoded(done, frames);
        Ok(())
    });
    let mix = mix.with_context(|| path.display().to_string())?;
    input.report_warnings();
    // A song is opened once.
    let _ = song.mix.set(mix);
    Ok(())
}

fn master(session: &Session, song: &Arc<Song>, stop: &Arc<AtomicBool>) -> anyhow::Result<()> {
    session.set_state(song, State::Mastering);
    let watch = Watch::new(session, song, stop, Phase::Mastering);
    let (turn, revision) = {
        let facts = song.facts();
        (facts.turn.clone(), facts.revision)
    };
    let proposal = proposal_for(session, song, &turn)?;
    let output = song.output(revision, turn.format.extension());
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder)?;
    }
    let job = proposal::job(&turn, &song.input(), &output)?;
    let options = proposal::options_of(&turn, &proposal, &session.cache)?;
    let brief = options.brief.clone();
    let engine = Engine::new(std::slice::from_ref(&job), &options, &watch).map_err(failed)?;
    let delivered = engine.master(&job, &watch).map_err(failed)?;
    let (_, file) = delivered.masters.first().context("no master was made")?;
    let beside = song.beside();
    let made = Made::take(revision, brief, file, &output, &beside, &mut |_| {
        go_on(stop)
    })?;
    let made = Arc::new(made);
    let older = {
        let mut facts = song.facts();
        facts.error = None;
        // A knob may have been turned at the last moment.
        facts.state = Some(if facts.revision == revision {
            State::Ready
        } else {
            State::Mastering
        });
        facts.made.replace(Arc::clone(&made))
    };
    if let Some(folder) = older.as_ref().and_then(|older| older.file.parent()) {
        remove_older(folder, &output);
    }
    session.queue.add(Task::Unlimited(Arc::clone(song), made));
    Ok(())
}

/// A download that is under way keeps its open file.
fn remove_older(folder: &Path, output: &Path) {
    if output.parent() != Some(folder) {
        let _ = fs::remove_dir_all(folder);
    }
}

/// The proposal for the words of a turn, asked for once.
pub(crate) fn proposal_for(
    session: &Session,
    song: &Song,
    turn: &Turn,
) -> anyhow::Result<SharedProposal> {
    let (known, analysis) = {
        let facts = song.facts();
        (facts.proposal.clone(), facts.analysis.clone())
    };
    if let Some(known) = known.filter(|known| known.answers(turn)) {
        return Ok(known);
    }
    let analysis = analysis.context("the song is not measured yet: wait until it is")?;
    let proposal = Arc::new(Proposal::ask(turn, &analysis, &session.cache)?);
    song.facts().proposal = Some(Arc::clone(&proposal));
    Ok(proposal)
}

fn unlimited(session: &Session, song: &Song, made: &Made, stop: &AtomicBool) -> anyhow::Result<()> {
    let analysis = song.facts().analysis.clone();
    let (Some(mix), Some(analysis)) = (song.mix.get(), analysis) else {
        return Ok(());
    };
    let unlimited = made.without_limiter(mix, &analysis, &song.beside(), &mut |_| {
        // Whoever is stopped waits for nobody.
        go_on(stop)?;
        session.queue.let_passages_pass();
        go_on(stop)
    })?;
    // Made once for each master.
    let _ = made.unlimited.set(unlimited);
    Ok(())
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
