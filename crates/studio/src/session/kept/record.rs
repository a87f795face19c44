//! [`SessionRecord`]: what is kept of a session: which songs it had, by their hashes, and how their knobs stood.
//! No audio.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use acetate_io::write_text;
use serde::{Deserialize, Serialize};

use crate::session::turn::{Slots, Turn};

/// Its name in the session's folder.
pub(crate) const RECORD: &str = "session.json";
/// Version of the record.
const SCHEMA: &str = "acetate.studio-session/1";
/// A record has some kilobytes a song; more than this is none, bytes.
const MAX_BYTES: u64 = 8 << 20;

/// What is kept of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionRecord {
    schema: String,
    /// When it was last written, seconds since 1970.
    pub(crate) saved_unix_s: u64,
    /// Uploads and masters are kept too.
    pub(crate) keeps_audio: bool,
    /// In their order.
    pub(crate) songs: Vec<SongRecord>,
}

/// What is kept of a song.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SongRecord {
    /// The file's name.
    pub(crate) name: String,
    /// BLAKE3 of the mix: it is known again by this.
    pub(crate) blake3: String,
    /// Where the mix lay: a file of the command line by its full path, kept audio from the session's folder; none
    /// of a dropped one.
    pub(crate) path: Option<PathBuf>,
    /// How the knobs stood.
    pub(crate) turn: Turn,
    /// The slots of settings.
    pub(crate) slots: Option<Slots>,
    /// The references that it had.
    pub(crate) references: Vec<ReferenceRecord>,
    /// The last master.
    pub(crate) master: Option<MasterRecord>,
}

/// What is kept of a reference: its signature, which is all that leads a master.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReferenceRecord {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// The signature, as `acetate master --save-signature` writes it.
    pub(crate) signature: String,
}

/// What is kept of a master.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MasterRecord {
    /// BLAKE3 of its file.
    pub(crate) blake3: String,
    /// Every check passed.
    pub(crate) all_met: bool,
    /// Integrated loudness, LUFS.
    pub(crate) integrated_lufs: f64,
}

impl Default for SessionRecord {
    fn default() -> Self {
        Self::of(Vec::new(), false)
    }
}

impl SessionRecord {
    /// Of these songs, now.
    pub(crate) fn of(songs: Vec<SongRecord>, keeps_audio: bool) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            schema: SCHEMA.to_owned(),
            saved_unix_s: now.map_or(0, |now| now.as_secs()),
            keeps_audio,
            songs,
        }
    }

    /// The record in a folder; `None` where there is none that this version reads.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        let text = acetate_io::read_text(&folder.join(RECORD), MAX_BYTES).ok()?;
        let record: Self = serde_json::from_str(&text).ok()?;
        (record.schema == SCHEMA).then_some(record)
    }

    /// Writes it into a folder: the earlier one stays until the new one is whole.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        write_text(&folder.join(RECORD), &text)
    }

    /// Takes it away where the session has no songs any more.
    pub(crate) fn remove(folder: &Path) -> io::Result<()> {
        match fs::remove_file(folder.join(RECORD)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl SongRecord {
    /// Kept audio went from one folder to another.
    pub(super) fn move_kept(&mut self, from: &str, to: &str) {
        if let Some(path) = &mut self.path
            && let Ok(rest) = path.strip_prefix(from)
        {
            *path = Path::new(to).join(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_another_version_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let turn = Turn {
            words: "warmer".to_owned(),
            ..Turn::default()
        };
        let record = SessionRecord::of(
            vec![SongRecord {
                name: "mix.wav".to_owned(),
                blake3: "00".to_owned(),
                path: Some(PathBuf::from("songs/1/in/mix.wav")),
                turn,
                slots: None,
                references: Vec::new(),
                master: None,
            }],
            true,
        );
        record.write(folder.path()).unwrap();
        assert_eq!(SessionRecord::read(folder.path()), Some(record));
        let text = fs::read_to_string(folder.path().join(RECORD)).unwrap();
        fs::write(
            folder.path().join(RECORD),
            text.replace("session/1", "session/9"),
        )
        .unwrap();
        assert_eq!(SessionRecord::read(folder.path()), None);
        SessionRecord::remove(folder.path()).unwrap();
        SessionRecord::remove(folder.path()).unwrap();
    }
}
