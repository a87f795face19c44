//! [`Session`]: the songs that are open, and the worker that makes their masters.

mod album;
mod events;
mod keeping;
mod kept;
mod passage;
mod progress;
mod proposal;
mod queue;
mod song;
mod sound;
mod turn;
mod work;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acetate_engine::{Cache, Engine};
use anyhow::Context;

pub(crate) use album::{AlbumAsked, AlbumView, decide_album};
pub(crate) use events::{Event, Events};
pub(crate) use keeping::{EarlierView, WaitingView};
pub(crate) use kept::{Folder, FolderOptions};
pub(crate) use passage::{Ask, PassageFacts, passage};
pub(crate) use proposal::ProposalView;
pub(crate) use queue::{Queue, Task};
pub(crate) use song::{Beside, Made, Reference, Song, SongView, State};
pub(crate) use sound::{Sound, planar_bytes};
pub(crate) use turn::{Slots, Turn};
pub(crate) use work::{proposal_for, work};

use self::kept::{SessionRecord, SongRecord};
use self::proposal::Asked;
use crate::token::Token;

/// Most songs in a session.
pub(crate) const MAX_SONGS: usize = 64;
/// Engines that are kept for what was asked last.
const MAX_ENGINES: usize = 8;

/// A file that may be fetched once.
pub(crate) struct Ticket {
    pub(crate) file: PathBuf,
    pub(crate) name: String,
    /// What is given instead of the file's own bytes.
    pub(crate) text: Option<String>,
}

/// The songs that are open.
pub(crate) struct Session {
    pub(crate) folder: Folder,
    pub(crate) cache: Cache,
    /// Where masters may be delivered, if anywhere.
    pub(crate) deliver_to: Option<PathBuf>,
    pub(crate) events: Events,
    pub(crate) queue: Arc<Queue>,
    songs: Mutex<BTreeMap<u64, Arc<Song>>>,
    /// The songs' numbers as they were put in order.
    order: Mutex<Vec<u64>>,
    next_id: AtomicU64,
    tickets: Mutex<HashMap<Token, Ticket>>,
    /// Engines by what they have read, the one that was used last at the end.
    engines: Mutex<Vec<(Asked, Arc<Engine>)>>,
    /// Songs of an earlier session whose mixes were not found yet.
    waiting: Mutex<Vec<SongRecord>>,
    /// What was last written down.
    written: Mutex<Option<SessionRecord>>,
    /// The last page was closed: nothing is rendered until one comes back.
    is_paused: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What they hold is set in one go: whoever panicked left none half set.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    pub(crate) fn new(folder: Folder, cache: Cache, deliver_to: Option<PathBuf>) -> Self {
        let next_id = AtomicU64::new(folder.first_free());
        let session = Self {
            folder,
            cache,
            deliver_to,
            events: Events::default(),
            queue: Arc::default(),
            songs: Mutex::default(),
            order: Mutex::default(),
            next_id,
            tickets: Mutex::default(),
            engines: Mutex::default(),
            waiting: Mutex::default(),
            written: Mutex::default(),
            is_paused: AtomicBool::new(false),
        };
        if let Some(record) = session.folder.record() {
            session.take_up(record);
        }
        session
    }

    /// A song that is about to be uploaded; nobody sees it before [`begin`](Self::begin).
    pub(crate) fn new_song(&self, name: &str) -> anyhow::Result<Arc<Song>> {
        self.create(name, None)
    }

    fn create(&self, name: &str, input: Option<PathBuf>) -> anyhow::Result<Arc<Song>> {
        anyhow::ensure!(
            locked(&self.songs).len() < MAX_SONGS,
            "expected at most {MAX_SONGS} songs in a session: close one first"
        );
        let id = self.next_id.fetch_add(1, Ordering::SeqCst);
        let song = Song::create(id, name, &self.folder.songs(), input);
        Ok(Arc::new(song.context("the session's folder")?))
    }

    /// The song's file is there: opens it.
    pub(crate) fn begin(&self, song: Arc<Song>) {
        locked(&self.songs).insert(song.id, Arc::clone(&song));
        locked(&self.order).push(song.id);
        self.set_state(&song, State::Waiting);
        self.queue.add(Task::Open(song));
    }

    /// Opens a file of the command line where it lies.
    pub(crate) fn open_path(&self, path: &Path) -> anyhow::Result<()> {
        let shown = path.display();
        let full = std::fs::canonicalize(path).with_context(|| format!("{shown}"))?;
        anyhow::ensure!(
            full.is_file(),
            "{shown}: expected a sound file, found something else"
        );
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_open = locked(&self.songs)
            .values()
            .any(|song| song.input() == full);
        if !is_open {
            let song = self.create(&name, Some(full))?;
            self.begin(song);
        }
        Ok(())
    }

    pub(crate) fn song(&self, id: u64) -> Option<Arc<Song>> {
        locked(&self.songs).get(&id).cloned()
    }

    /// The songs in their order.
    fn in_order(&self) -> Vec<Arc<Song>> {
        let songs = locked(&self.songs);
        let order = locked(&self.order);
        let all = order.iter().filter_map(|id| songs.get(id).cloned());
        all.collect()
    }

    pub(crate) fn views(&self) -> Vec<SongView> {
        self.in_order().iter().map(|song| song.view()).collect()
    }

    /// Puts the songs in another order: those that are named first, as they are named.
    pub(crate) fn put_in_order(&self, wanted: &[u64]) {
        let mut order = locked(&self.order);
        let place = |id: &u64| wanted.iter().position(|one| one == id);
        order.sort_by_key(|id| place(id).unwrap_or(usize::MAX));
        drop(order);
        self.keep();
        self.events.tell(Event::Session);
    }

    /// Closes a song and takes away what is kept of it.
    pub(crate) fn close(&self, id: u64) -> bool {
        let closed = locked(&self.songs).remove(&id);
        locked(&self.order).retain(|one| *one != id);
        self.queue.forget(id);
        if let Some(song) = &closed {
            song.remove();
            self.keep();
            self.events.tell(Event::Gone { id });
        }
        closed.is_some()
    }

    pub(crate) fn set_state(&self, song: &Song, state: State) {
        {
            let mut facts = song.facts();
            facts.state = Some(state);
            if state != State::Failed {
                facts.error = None;
            }
        }
        self.tell_of(song);
    }

    pub(crate) fn tell_of(&self, song: &Song) {
        if self.song(song.id).is_some() {
            let song = Box::new(song.view());
            self.events.tell(Event::Song { song });
        }
    }

    /// A knob was turned.
    pub(crate) fn turn(&self, song: &Arc<Song>, turn: Turn) -> u64 {
        let is_paused = self.is_paused.load(Ordering::SeqCst);
        let revision = {
            let mut facts = song.facts();
            if facts.turn == turn && facts.error.is_none() {
                return facts.revision;
            }
            facts.turn = turn;
            facts.revision += 1;
            facts.varying = false;
            if facts.analysis.is_some() {
                facts.state = Some(if is_paused {
                    State::Paused
                } else {
                    State::Mastering
                });
                facts.error = None;
            }
            facts.revision
        };
        if !is_paused {
            self.queue.turned(song);
        }
        self.tell_of(song);
        self.keep();
        revision
    }

    /// An engine that has read what is asked for: weights, words and the reference are read once.
    pub(crate) fn engine_for(&self, asked: &Asked) -> anyhow::Result<Arc<Engine>> {
        let mut engines = locked(&self.engines);
        let known = engines.iter().position(|(one, _)| one == asked);
        let engine = match known {
            Some(place) => engines.remove(place).1,
            None => Arc::new(proposal::engine(asked, &self.cache)?),
        };
        if engines.len() >= MAX_ENGINES {
            engines.remove(0);
        }
        engines.push((asked.clone(), Arc::clone(&engine)));
        Ok(engine)
    }

    /// Nobody listens: what is being rendered is dropped.
    pub(crate) fn pause(&self) {
        self.is_paused.store(true, Ordering::SeqCst);
        self.queue.pause();
        for song in locked(&self.songs).values() {
            let mut facts = song.facts();
            facts.varying = false;
            let is_made = facts
                .made
                .as_ref()
                .is_some_and(|made| made.revision == facts.revision);
            if facts.analysis.is_some() && !is_made && facts.state != Some(State::Failed) {
                facts.state = Some(State::Paused);
            }
        }
    }

    /// Somebody listens again: what was dropped is made.
    pub(crate) fn resume(&self) {
        self.is_paused.store(false, Ordering::SeqCst);
        let paused: Vec<Arc<Song>> = (locked(&self.songs).values())
            .filter(|song| song.facts().state == Some(State::Paused))
            .cloned()
            .collect();
        for song in paused {
            self.set_state(&song, State::Waiting);
            self.queue.turned(&song);
        }
    }

    /// A secret with which a file can be fetched once, by a link that can carry no header.
    pub(crate) fn give_ticket(&self, ticket: Ticket) -> anyhow::Result<Token> {
        let token = Token::random()?;
        locked(&self.tickets).insert(token.clone(), ticket);
        Ok(token)
    }

    pub(crate) fn take_ticket(&self, token: &str) -> Option<Ticket> {
        locked(&self.tickets).remove(&Token::from_text(token))
    }
}
