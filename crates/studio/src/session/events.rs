//! [`Events`]: what the pages are told while it happens.

use std::sync::atomic::{AtomicUsize, Ordering};

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::broadcast::{self, Receiver, Sender};

use super::song::SongView;

/// Events that a page may lag behind before it misses some; it then asks for the whole.
const LAG: usize = 256;

/// One thing that happened.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase", tag = "event")]
pub(crate) enum Event {
    /// A song is new or another than before.
    Song {
        /// The song as it is now.
        song: Box<SongView>,
    },
    /// A song is gone.
    Gone {
        /// The song's number.
        id: u64,
    },
    /// How far the work on a song is; at most twenty a second.
    Progress {
        /// The song's number.
        id: u64,
        /// What is being done.
        step: String,
        /// Share of the way from the file to the verified master, 0 to 1.
        share: f64,
        /// Seconds that are left, guessed.
        left_s: Option<f64>,
    },
    /// Something that was asked for beside the masters failed.
    Trouble {
        /// The song's number.
        id: u64,
        /// What was expected, what was found, what to do.
        text: String,
    },
    /// The session is another than before: songs in another order, or earlier ones to be found.
    Session,
    /// The page missed events, and should ask for the session.
    Missed,
}

/// Tells pages what happens.
pub(crate) struct Events {
    sender: Sender<Event>,
    listeners: AtomicUsize,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            sender: broadcast::channel(LAG).0,
            listeners: AtomicUsize::new(0),
        }
    }
}

impl Events {
    pub(crate) fn tell(&self, event: Event) {
        // Nobody may be listening.
        let _ = self.sender.send(event);
    }

    /// One more listener; [`left`](Self::left) when it goes.
    pub(crate) fn listen(&self) -> Receiver<Event> {
        self.listeners.fetch_add(1, Ordering::SeqCst);
        self.sender.subscribe()
    }

    /// A listener went; whether it was the last.
    pub(crate) fn left(&self) -> bool {
        self.listeners.fetch_sub(1, Ordering::SeqCst) == 1
    }

    pub(crate) fn nobody_listens(&self) -> bool {
        self.listeners.load(Ordering::SeqCst) == 0
    }
}
