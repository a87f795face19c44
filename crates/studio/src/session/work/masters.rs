//! A song is opened, mastered, and rendered without its limiter.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use acetate_engine::Input;
use acetate_io::content_hash;
use anyhow::Context;

use super::{failed, go_on, proposal_for};
use crate::session::Session;
use crate::session::progress::{Phase, Watch};
use crate::session::proposal::{self, Asked};
use crate::session::queue::Task;
use crate::session::song::{Made, MadeFor, Song, State};
use crate::session::sound::Sound;
use crate::session::turn::Turn;

pub(super) fn open(
    session: &Session,
    song: &Arc<Song>,
    stop: &Arc<AtomicBool>,
) -> anyhow::Result<()> {
    let watch = Watch::new(session, song, stop, Phase::Opening);
    session.set_state(song, State::Opening);
    take_mix(song, &watch)?;
    let hash = content_hash(song.input())?;
    song.facts().blake3 = Some(hash.clone());
    if let Some(record) = session.found(&hash) {
        song.adopt(&record);
    }
    session.set_state(song, State::Measuring);
    session.keep();
    let plain = Asked::of(&Turn::default(), None);
    let engine = session.engine_for(&plain)?;
    let analysis = engine.measure(song.input(), &watch).map_err(failed)?;
    song.facts().analysis = Some(Arc::new(analysis));
    master(session, song, stop)
}

/// Decodes the mix, to be heard.
fn take_mix(song: &Song, watch: &Watch<'_>) -> anyhow::Result<()> {
    let path = song.input();
    let mut input = Input::open(path, None, false, watch)?;
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

pub(super) fn master(
    session: &Session,
    song: &Arc<Song>,
    stop: &Arc<AtomicBool>,
) -> anyhow::Result<()> {
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
    let job = proposal::job(&turn, song.input(), &output)?;
    let options = proposal.options(&turn)?;
    let engine = (proposal.engine.again(std::slice::from_ref(&job), &options)).map_err(failed)?;
    let delivered = engine.master(&job, &watch).map_err(failed)?;
    let (_, file) = delivered.masters.first().context("no master was made")?;
    // A mix that was exchanged beneath would not be what is heard as the mix.
    let known = song.facts().blake3.clone();
    anyhow::ensure!(
        known.is_none_or(|known| known == file.input.blake3),
        "{}: expected the mix that was opened, found a file that changed since: close the song and open it again",
        song.name
    );
    let beside = song.beside();
    let asked = MadeFor {
        revision,
        turn,
        brief: options.brief,
    };
    let made = Made::take(asked, file, &output, &beside, &mut |_| go_on(stop))?;
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

pub(super) fn unlimited(
    session: &Session,
    song: &Song,
    made: &Made,
    stop: &AtomicBool,
) -> anyhow::Result<()> {
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
