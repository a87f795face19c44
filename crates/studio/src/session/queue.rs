//! [`Queue`]: what is to be done, one thing at a time; passages that somebody waits for go before all of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::song::{Beside, Made, Reference, Song};

/// A knob rests this long before the whole song is rendered.
const REST: Duration = Duration::from_millis(600);
/// A whole render waits no longer than this for passages.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Something to be done for a song.
#[derive(Clone)]
pub(crate) enum Task {
    /// Decode, measure, propose, then a first master.
    Open(Arc<Song>),
    /// A master as the knobs stand.
    Master(Arc<Song>),
    /// The master without its limiter, for whoever listens.
    Unlimited(Arc<Song>, Arc<Made>),
    /// A reference, to be led by and heard.
    Reference(Arc<Song>, Arc<Reference>),
    /// A few masters beside the one that was asked for.
    Variants(Arc<Song>, Arc<Made>),
    /// Report page or pack.
    Beside(Arc<Song>, Arc<Made>, Beside),
}

impl Task {
    pub(crate) fn song(&self) -> &Arc<Song> {
        match self {
            Self::Open(song) | Self::Master(song) => song,
            Self::Unlimited(song, _) | Self::Variants(song, _) => song,
            Self::Reference(song, _) | Self::Beside(song, ..) => song,
        }
    }

    fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// It depends on how the knobs stand, and is worth nothing once one was turned.
    fn is_of_a_turn(&self) -> bool {
        matches!(
            self,
            Self::Master(_) | Self::Unlimited(..) | Self::Variants(..)
        )
    }
}

#[derive(Default)]
struct State {
    waiting: Vec<(Instant, Task)>,
    running: Option<(Task, Arc<AtomicBool>)>,
    passages: usize,
    ended: bool,
}

/// What is to be done.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Behind what waits already.
    pub(crate) fn add(&self, task: Task) {
        self.lock().waiting.push((Instant::now(), task));
        self.changed.notify_all();
    }

    /// A knob of a song was turned: what was made for the way it stood is dropped, and made anew once it rests.
    pub(crate) fn turned(&self, song: &Arc<Song>) {
        let mut state = self.lock();
        drop_what_is_of_a_turn(&mut state, Some(song.id));
        let is_opening = (state.waiting.iter().map(|(_, task)| task))
            .chain(state.running.iter().map(|(task, _)| task))
            .any(|task| task.is_open() && task.song().id == song.id);
        // A song that is being opened is mastered afterwards, as its knobs then stand.
        if !is_opening {
            let due = Instant::now() + REST;
            state.waiting.push((due, Task::Master(Arc::clone(song))));
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Drops everything that is to be done for a song.
    pub(crate) fn forget(&self, id: u64) {
        let mut state = self.lock();
        state.waiting.retain(|(_, task)| task.song().id != id);
        if let Some((task, stop)) = &state.running
            && task.song().id == id
        {
            stop.store(true, Ordering::SeqCst);
        }
    }

    /// Drops the masters of all songs: nobody listens. What is being opened or was asked for by a click goes on.
    pub(crate) fn pause(&self) {
        drop_what_is_of_a_turn(&mut self.lock(), None);
    }

    /// The next task and the flag that stops it, once one is due; `None` at the end.
    pub(crate) fn next(&self) -> Option<(Task, Arc<AtomicBool>)> {
        let mut state = self.lock();
        loop {
            if state.ended {
                return None;
            }
            let now = Instant::now();
            let first = (state.waiting.iter().enumerate())
                .min_by_key(|(_, (due, _))| *due)
                .map(|(place, (due, _))| (place, *due));
            state = match first {
                Some((place, due)) if due <= now => {
                    let (_, task) = state.waiting.remove(place);
                    let stop = Arc::new(AtomicBool::new(false));
                    state.running = Some((task.clone(), Arc::clone(&stop)));
                    return Some((task, stop));
                }
                Some((_, due)) => {
                    let waited = self.changed.wait_timeout(state, due - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => (self.changed.wait(state)).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// What was running is done.
    pub(crate) fn done(&self) {
        self.lock().running = None;
    }

    /// Ends what runs, and the worker.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        if let Some((_, stop)) = &state.running {
            stop.store(true, Ordering::SeqCst);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// As long as this lives, whole renders wait.
    pub(crate) fn passage(self: &Arc<Self>) -> PassageFirst {
        self.lock().passages += 1;
        PassageFirst(Arc::clone(self))
    }

    /// Waits as long as somebody waits for a passage.
    pub(crate) fn let_passages_pass(&self) {
        let state = self.lock();
        if state.passages > 0 {
            let busy = |state: &mut State| state.passages > 0 && !state.ended;
            drop(self.changed.wait_timeout_while(state, LONGEST_WAIT, busy));
        }
    }
}

/// Drops the masters that wait or run, of one song or of all.
fn drop_what_is_of_a_turn(state: &mut State, song: Option<u64>) {
    let concerned = |task: &Task| task.is_of_a_turn() && song.is_none_or(|id| task.song().id == id);
    state.waiting.retain(|(_, task)| !concerned(task));
    if let Some((task, stop)) = &state.running
        && concerned(task)
    {
        stop.store(true, Ordering::SeqCst);
    }
}

/// Somebody waits for a passage.
pub(crate) struct PassageFirst(Arc<Queue>);

impl Drop for PassageFirst {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.passages = state.passages.saturating_sub(1);
        drop(state);
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn song(id: u64, folder: &tempfile::TempDir) -> Arc<Song> {
        Arc::new(Song::create(id, "mix.wav", folder.path(), None).unwrap())
    }

    #[test]
    fn a_turned_knob_stops_the_master_that_is_being_made_and_asks_for_one_more() {
        let folder = tempfile::tempdir().unwrap();
        let (queue, song) = (Queue::default(), song(1, &folder));
        queue.add(Task::Master(Arc::clone(&song)));
        let (_, stop) = queue.next().unwrap();
        queue.turned(&song);
        queue.turned(&song);
        assert!(stop.load(Ordering::SeqCst));
        queue.done();
        assert!(matches!(queue.next(), Some((Task::Master(_), _))));
        assert!(queue.lock().waiting.is_empty(), "two turns, one master");
    }

    #[test]
    fn a_song_that_is_being_opened_is_not_disturbed_by_a_knob_or_a_closed_page() {
        let folder = tempfile::tempdir().unwrap();
        let (queue, song) = (Queue::default(), song(1, &folder));
        queue.add(Task::Open(Arc::clone(&song)));
        let (_, stop) = queue.next().unwrap();
        queue.turned(&song);
        queue.pause();
        assert!(!stop.load(Ordering::SeqCst));
        assert!(queue.lock().waiting.is_empty());
        queue.forget(1);
        assert!(stop.load(Ordering::SeqCst));
    }

    #[test]
    fn a_whole_render_waits_while_a_passage_is_rendered() {
        let queue = Arc::new(Queue::default());
        let passage = queue.passage();
        let waiter = {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || queue.let_passages_pass())
        };
        assert!(!waiter.is_finished());
        drop(passage);
        waiter.join().unwrap();
    }
}
