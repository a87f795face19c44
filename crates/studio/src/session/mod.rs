//! [`Session`]: the songs that are open, and the worker that makes their masters.

mod events;
mod folder;
mod made;
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

use acetate_engine::Cache;
use anyhow::Context;

pub(crate) use events::{Event, Events};
pub(crate) use folder::Folder;
pub(crate) use made::Made;
pub(crate) use passage::{Ask, PassageFacts, passage};
pub(crate) use proposal::{ProposalView, planned};
pub(crate) use queue::{Queue, Task};
pub(crate) use song::{Song, SongView, State};
pub(crate) use sound::{Sound, planar_bytes};
pub(crate) use turn::Turn;
pub(crate) use work::{proposal_for, work};

use crate::token::Token;

/// Most songs in a session.
pub(crate) const MAX_SONGS: usize = 64;

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
    pub(crate) events: Events,
    pub(crate) queue: Arc<Queue>,
    songs: Mutex<BTreeMap<u64, Arc<Song>>>,
    next_id: AtomicU64,
    tickets: Mutex<HashMap<Token, Ticket>>,
    /// The last page was closed: nothing is rendered until one comes back.
    is_paused: AtomicBool,
}

impl Session {
    pub(crate) fn new(folder: Folder, cache: Cache) -> Self {
        Self {
            folder,
            cache,
            events: Events::default(),
            queue: Arc::default(),
            songs: Mutex::default(),
            next_id: AtomicU64::new(1),
            tickets: Mutex::default(),
            is_paused: AtomicBool::new(false),
        }
    }

    fn songs_now(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Song>>> {
        self.songs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A song that is about to be uploaded; nobody sees it before [`begin`](Self::begin).
    pub(crate) fn new_song(&self, name: &str) -> anyhow::Result<Arc<Song>> {
        anyhow::ensure!(
            self.songs_now().len() < MAX_SONGS,
            "expected at most {MAX_SONGS} songs in a session: close one first"
        );
        let id = self.next_id.fetch_add(1, Ordering::SeqCst);
        let song = Song::create(id, name, self.folder.path());
        Ok(Arc::new(song.context("the session's folder")?))
    }

    /// The song's file is there: opens it.
    pub(crate) fn begin(&self, song: Arc<Song>) {
        self.songs_now().insert(song.id, Arc::clone(&song));
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
        let song = self.new_song(&name)?;
        std::os::unix::fs::symlink(&full, song.input()).with_context(|| format!("{shown}"))?;
        self.begin(song);
        Ok(())
    }

    pub(crate) fn song(&self, id: u64) -> Option<Arc<Song>> {
        self.songs_now().get(&id).cloned()
    }

    pub(crate) fn views(&self) -> Vec<SongView> {
        self.songs_now().values().map(|song| song.view()).collect()
    }

    /// Closes a song and takes away what is kept of it.
    pub(crate) fn close(&self, id: u64) -> bool {
        let closed = self.songs_now().remove(&id);
        self.queue.forget(id);
        if let Some(song) = &closed {
            song.remove();
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
        revision
    }

    /// Nobody listens: what is being rendered is dropped.
    pub(crate) fn pause(&self) {
        self.is_paused.store(true, Ordering::SeqCst);
        self.queue.pause();
        for song in self.songs_now().values() {
            let mut facts = song.facts();
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
        let paused: Vec<Arc<Song>> = (self.songs_now().values())
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
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        tickets.insert(token.clone(), ticket);
        Ok(token)
    }

    pub(crate) fn take_ticket(&self, token: &str) -> Option<Ticket> {
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        tickets.remove(&Token::from_text(token))
    }
}
