//! [`Watch`]: how far the work on a song is, told to the pages; passages go first.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use acetate_engine::Step;

use super::Session;
use super::events::Event;
use super::song::Song;

/// At most this often, so that the page has time for other things.
const TOLD_EVERY: Duration = Duration::from_millis(50);
/// Nobody guesses what is left before this share is done.
const GUESS_FROM: f64 = 0.08;

/// Which part of the way a song is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// From the file to its analysis.
    Opening,
    /// From the analysis to the verified master.
    Mastering,
    /// Something beside a master that is there.
    Beside,
}

/// Where on the whole way a step begins and ends: shares of the time, as a song of four minutes takes it.
fn way(step: Step) -> (f64, f64) {
    match step {
        Step::References | Step::Stems => (0.0, 0.0),
        Step::Analyze => (0.15, 0.5),
        Step::Render => (0.5, 0.7),
        Step::Write => (0.7, 0.8),
        Step::Verify => (0.8, 1.0),
        Step::ReportPage | Step::Pack => (1.0, 1.0),
    }
}

/// Tells the pages how far one song is.
pub(crate) struct Watch<'a> {
    session: &'a Session,
    song: &'a Song,
    stop: &'a AtomicBool,
    phase: Phase,
    begun: Instant,
    told: Mutex<Option<Instant>>,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(
        session: &'a Session,
        song: &'a Song,
        stop: &'a AtomicBool,
        phase: Phase,
    ) -> Self {
        Self {
            session,
            song,
            stop,
            phase,
            begun: Instant::now(),
            told: Mutex::new(None),
        }
    }

    /// Frames that were decoded.
    pub(crate) fn decoded(&self, done: u64, total: Option<u64>) {
        self.tell("open", share_of((0.0, 0.15), done, total));
    }

    /// So far is a step.
    pub(crate) fn at(&self, step: Step, done: u64, total: Option<u64>) {
        self.session.queue.let_passages_pass();
        let way = match self.phase {
            Phase::Beside => (0.0, 1.0),
            Phase::Opening | Phase::Mastering => way(step),
        };
        self.tell(step.name(), share_of(way, done, total));
    }

    pub(crate) fn warned(&self, text: &str) {
        let text = self.song.without_places(text);
        let mut facts = self.song.facts();
        if !facts.warnings.contains(&text) {
            facts.warnings.push(text);
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    fn tell(&self, step: &str, share: f64) {
        let now = Instant::now();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_some_and(|told| now - told < TOLD_EVERY) {
            return;
        }
        *told = Some(now);
        let from = match self.phase {
            Phase::Opening | Phase::Beside => 0.0,
            Phase::Mastering => way(Step::Render).0,
        };
        let gone = (share - from) / (1.0 - from);
        let took_s = (now - self.begun).as_secs_f64();
        self.session.events.tell(Event::Progress {
            id: self.song.id,
            step: step.to_owned(),
            share,
            left_s: (gone > GUESS_FROM && self.phase != Phase::Beside)
                .then(|| took_s * (1.0 - gone) / gone),
        });
    }
}

fn share_of((from, to): (f64, f64), done: u64, total: Option<u64>) -> f64 {
    let share = total.map_or(0.5, |total| done as f64 / total.max(1) as f64);
    from + (to - from) * share.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_of_a_master_follow_each_other_without_a_gap() {
        let steps = [Step::Analyze, Step::Render, Step::Write, Step::Verify];
        let mut at = share_of((0.0, 0.15), 1, Some(1));
        for step in steps {
            assert_eq!(share_of(way(step), 0, Some(10)), at);
            at = share_of(way(step), 10, Some(10));
        }
        assert_eq!(at, 1.0);
    }
}
