//! [`Song`]: one mix of the session, how far it is, and what was made of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use acetate_dsp::Analysis;
use schemars::JsonSchema;
use serde::Serialize;

use super::made::{Made, MadeView};
use super::proposal::Proposal;
use super::sound::{OUTLINE_FRAMES, Sound};
use super::turn::Turn;

/// Longest name of a song, bytes: below what every file system takes with `.master.flac` behind it.
const MAX_NAME_BYTES: usize = 120;

/// How far a song is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// Its turn comes.
    Waiting,
    /// It is being decoded.
    Opening,
    /// It is being measured; the mix can be heard.
    Measuring,
    /// A master is being made.
    Mastering,
    /// The master is made as the knobs stand, and verified.
    Ready,
    /// Nobody listens any more: the master was dropped, and is made when somebody comes back.
    Paused,
    /// It could not be opened or mastered.
    Failed,
}

/// What the page knows of a song.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SongView {
    /// Its number in the session.
    pub id: u64,
    /// The file's name, without its folders.
    pub name: String,
    /// How far it is.
    pub state: State,
    /// Why it failed; `None` where it did not.
    pub error: Option<String>,
    /// What the decoder and the engine went past.
    pub warnings: Vec<String>,
    /// Sample rate, Hz; 0 before it is open.
    pub sample_rate_hz: u32,
    /// 1 or 2; 0 before it is open.
    pub channels: usize,
    /// Length in frames; 0 before it is open.
    pub frames: u64,
    /// Frames behind one pair of an outline.
    pub outline_frames: usize,
    /// Integrated loudness of the mix, LUFS.
    pub mix_lufs: Option<f64>,
    /// How the knobs stand.
    pub turn: Turn,
    /// Counts the turns of the knobs.
    pub revision: u64,
    /// Later views of a song have higher numbers: an answer may overtake an event.
    pub view: u64,
    /// The master that is there.
    pub made: Option<MadeView>,
}

/// What changes of a song.
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) state: Option<State>,
    pub(crate) error: Option<String>,
    pub(crate) warnings: Vec<String>,
    pub(crate) turn: Turn,
    pub(crate) revision: u64,
    views: u64,
    pub(crate) analysis: Option<Arc<Analysis>>,
    pub(crate) made: Option<Arc<Made>>,
    /// What was last proposed, and by which words.
    pub(crate) proposal: Option<Arc<Proposal>>,
}

/// One mix of the session.
pub(crate) struct Song {
    pub(crate) id: u64,
    pub(crate) name: String,
    folder: PathBuf,
    /// The mix, to be heard; set once it is decoded.
    pub(crate) mix: OnceLock<Sound>,
    facts: Mutex<Facts>,
    /// Counts what was asked of passages: an older one is dropped.
    asked: AtomicU64,
}

impl Song {
    /// A song with a folder of its own in the session's.
    pub(crate) fn create(id: u64, name: &str, session: &Path) -> std::io::Result<Self> {
        let folder = session.join(id.to_string());
        let song = Self {
            id,
            name: clean_name(name),
            folder,
            mix: OnceLock::new(),
            facts: Mutex::default(),
            asked: AtomicU64::new(0),
        };
        fs::create_dir_all(song.folder.join("in"))?;
        fs::create_dir_all(song.folder.join("out"))?;
        Ok(song)
    }

    /// Where the mix lies, or leads to.
    pub(crate) fn input(&self) -> PathBuf {
        self.folder.join("in").join(&self.name)
    }

    /// Where a master goes; each has a folder of its own, so that one that is being downloaded stays whole.
    pub(crate) fn output(&self, revision: u64, extension: &str) -> PathBuf {
        let stem = Path::new(&self.name).file_stem().unwrap_or_default();
        let name = format!("{}.master.{extension}", stem.to_string_lossy());
        self.folder
            .join("out")
            .join(revision.to_string())
            .join(name)
    }

    /// A name on the disk that sounds are kept on.
    pub(crate) fn beside(&self) -> PathBuf {
        self.folder.join("sound")
    }

    pub(crate) fn facts(&self) -> MutexGuard<'_, Facts> {
        // Facts are set one by one: whoever panicked left none half set.
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for what is asked of a passage now; what was asked before gets no answer.
    pub(crate) fn ask(&self) -> u64 {
        self.asked.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Whether nothing was asked since.
    pub(crate) fn is_last_asked(&self, number: u64) -> bool {
        self.asked.load(Ordering::SeqCst) == number
    }

    /// A text for the page: no place of this machine is in it.
    pub(crate) fn without_places(&self, text: &str) -> String {
        let mut places = vec![self.folder.join("in"), self.folder.join("out")];
        if let Some(revision) = self.facts().revision.checked_add(1) {
            let out = self.folder.join("out");
            places.extend((0..=revision).map(|revision| out.join(revision.to_string())));
        }
        // The longest first: others begin with it.
        places.sort_by_key(|place| std::cmp::Reverse(place.as_os_str().len()));
        places.push(self.folder.clone());
        let mut text = text.to_owned();
        for place in places {
            let place = format!("{}/", place.display());
            text = text.replace(&place, "");
            let escaped = serde_json::to_string(&place).unwrap_or_default();
            text = text.replace(escaped.trim_matches('"'), "");
        }
        let input = fs::canonicalize(self.input()).unwrap_or_default();
        if input.parent().is_some() {
            text = text.replace(&input.display().to_string(), &self.name);
        }
        text
    }

    pub(crate) fn view(&self) -> SongView {
        let mut facts = self.facts();
        facts.views += 1;
        let mix = self.mix.get();
        SongView {
            id: self.id,
            name: self.name.clone(),
            state: facts.state.unwrap_or(State::Waiting),
            error: facts.error.clone(),
            warnings: facts.warnings.clone(),
            sample_rate_hz: mix.map_or(0, |mix| mix.spec.sample_rate_hz),
            channels: mix.map_or(0, |mix| mix.spec.channels),
            frames: mix.map_or(0, |mix| mix.frames),
            outline_frames: OUTLINE_FRAMES,
            mix_lufs: mix
                .map(|mix| mix.integrated_lufs)
                .filter(|lufs| lufs.is_finite()),
            turn: facts.turn.clone(),
            revision: facts.revision,
            view: facts.views,
            made: facts.made.as_ref().map(|made| made.view()),
        }
    }

    /// Takes away everything that lies on the disk of it.
    pub(crate) fn remove(&self) {
        // What cannot be removed goes with the session.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The last part of a name, without what no file is called: never a path.
fn clean_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name: String = last
        .chars()
        .filter(|c| !c.is_control())
        .collect::<String>()
        .trim_start_matches('.')
        .trim()
        .to_owned();
    while name.len() > MAX_NAME_BYTES {
        // The ending says what it is: the middle goes.
        let middle = name.char_indices().nth(name.chars().count() / 2);
        let Some((at, _)) = middle else { break };
        name.remove(at);
    }
    if name.is_empty() {
        "mix".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leads_out_of_the_songs_folder() {
        for given in [
            "../../etc/passwd",
            "..\\..\\passwd",
            "/etc/passwd",
            "a/b/passwd",
        ] {
            assert_eq!(clean_name(given), "passwd");
        }
        assert_eq!(clean_name(".."), "mix");
        assert_eq!(clean_name("...hidden.wav"), "hidden.wav");
        assert_eq!(clean_name("a\nb.wav"), "ab.wav");
        let long = clean_name(&format!("{}.flac", "ä".repeat(200)));
        assert!(long.len() <= MAX_NAME_BYTES && long.ends_with(".flac"));
    }

    #[test]
    fn no_text_for_the_page_names_a_place_of_this_machine() {
        let session = tempfile::tempdir().unwrap();
        let song = Song::create(3, "my mix.wav", session.path()).unwrap();
        song.facts().revision = 2;
        let input = song.input().display().to_string();
        let output = song.output(2, "wav").display().to_string();
        let text = song.without_places(&format!("{input}: expected sound; {output} is there"));
        assert_eq!(
            text,
            "my mix.wav: expected sound; my mix.master.wav is there"
        );
    }
}
