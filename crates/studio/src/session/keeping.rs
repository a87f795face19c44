//! What a session writes down of itself, and how an earlier one is taken up.

use std::fs;
use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::kept::{SessionRecord, SongRecord};
use super::{Event, Session, locked};

/// A song of an earlier session whose mix was not found yet.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct WaitingView {
    /// The file's name: the very file is to be dropped again.
    pub name: String,
}

/// An earlier session that can be opened again.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct EarlierView {
    /// What it is called in addresses.
    pub name: String,
    /// When it was last written, seconds since 1970.
    pub saved_unix_s: u64,
    /// The names of its songs.
    pub songs: Vec<String>,
}

impl Session {
    /// Writes down how everything stands. What cannot be written is a session that cannot be opened again, and no
    /// reason to stop.
    pub(crate) fn keep(&self) {
        let keeps_audio = self.folder.keeps_audio();
        let folder = self.folder.path();
        let songs = self.in_order();
        let mut records: Vec<SongRecord> = songs
            .iter()
            .filter_map(|song| song.record(folder, keeps_audio))
            .collect();
        records.extend(locked(&self.waiting).iter().cloned());
        let mut written = locked(&self.written);
        if written
            .as_ref()
            .is_some_and(|written| written.songs == records)
        {
            return;
        }
        let record = SessionRecord::of(records, keeps_audio);
        let kept = if record.songs.is_empty() {
            SessionRecord::remove(self.folder.path())
        } else {
            record.write(self.folder.path())
        };
        if kept.is_ok() {
            *written = Some(record);
        }
    }

    /// Takes up what an earlier session wrote down: its songs open where their files still lie, the others wait for
    /// theirs.
    pub(super) fn take_up(&self, record: SessionRecord) {
        let folder = self.folder.path();
        let places: Vec<_> = (record.songs.iter())
            .filter_map(|song| song.path.as_ref().map(|path| folder.join(path)))
            .collect();
        if record.keeps_audio {
            self.folder.keep_audio();
        }
        locked(&self.waiting).extend(record.songs);
        for place in places {
            // A file that is gone is one that is waited for.
            let _ = self.open_path(&place);
        }
    }

    /// The song of an earlier session whose mix has this hash; it waits no longer.
    pub(super) fn found(&self, blake3: &str) -> Option<SongRecord> {
        let mut waiting = locked(&self.waiting);
        let place = waiting.iter().position(|song| song.blake3 == blake3)?;
        let found = waiting.remove(place);
        drop(waiting);
        self.events.tell(Event::Session);
        Some(found)
    }

    pub(crate) fn waiting(&self) -> Vec<WaitingView> {
        let waiting = locked(&self.waiting);
        let names = waiting.iter().map(|song| song.name.clone());
        names.map(|name| WaitingView { name }).collect()
    }

    /// Waits for no mix of an earlier session any more.
    pub(crate) fn stop_waiting(&self) {
        locked(&self.waiting).clear();
        self.keep();
        self.events.tell(Event::Session);
    }

    pub(crate) fn earlier(&self) -> Vec<EarlierView> {
        let earlier = self.folder.earlier().into_iter();
        let views = earlier.map(|earlier| EarlierView {
            name: earlier.name,
            saved_unix_s: earlier.record.saved_unix_s,
            songs: earlier
                .record
                .songs
                .into_iter()
                .map(|song| song.name)
                .collect(),
        });
        views.collect()
    }

    /// Opens an earlier session within this one; whether there was one of this name.
    pub(crate) fn reopen(&self, name: &str) -> io::Result<bool> {
        let is_there = self.folder.take_in(name, |record| {
            self.take_up(record);
            self.keep();
            // Its folder goes only when this is on the disk.
            fs::metadata(self.folder.path()).map(drop)
        })?;
        if is_there {
            self.events.tell(Event::Session);
        }
        Ok(is_there)
    }
}
