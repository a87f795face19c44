//! [`Song`]: one mix of the session, how far it is, and what was made of it.

mod made;
mod places;
mod reference;
mod variants;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use acetate_dsp::Analysis;
use anyhow::Context;
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) use made::{Beside, Made, MadeFor};
pub(crate) use reference::Reference;
pub(crate) use variants::{VARIANTS_MADE, VariantMade, VariantSet};

use self::made::MadeView;
use self::places::Places;
use self::reference::{MAX_REFERENCES, ReferenceView};
use self::variants::VariantsView;
use super::kept::{ReferenceRecord, SongRecord};
use super::proposal::Proposal;
use super::sound::{OUTLINE_FRAMES, Sound};
use super::turn::{Slots, Turn};

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
    /// The slots of settings; `None` before one was used.
    pub slots: Option<Slots>,
    /// The master that is there.
    pub made: Option<MadeView>,
    /// The references that were given.
    pub references: Vec<ReferenceView>,
    /// The variants that are there.
    pub variants: Option<VariantsView>,
    /// Variants are being made.
    pub varying: bool,
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
    /// BLAKE3 of the mix, once it was read.
    pub(crate) blake3: Option<String>,
    pub(crate) slots: Option<Slots>,
    pub(crate) made: Option<Arc<Made>>,
    /// What was last proposed, and by which words.
    pub(crate) proposal: Option<Arc<Proposal>>,
    pub(crate) references: BTreeMap<u64, Arc<Reference>>,
    pub(crate) variants: Option<Arc<VariantSet>>,
    pub(crate) varying: bool,
}

/// One mix of the session.
pub(crate) struct Song {
    pub(crate) id: u64,
    pub(crate) name: String,
    folder: PathBuf,
    /// Where the mix lies.
    input: PathBuf,
    places: Places,
    /// The mix, to be heard; set once it is decoded.
    pub(crate) mix: OnceLock<Sound>,
    facts: Mutex<Facts>,
    /// Counts what was asked of passages: an older one is dropped.
    asked: AtomicU64,
}

impl Song {
    /// A song with a folder of its own below `songs`; `input` is where its mix lies, in that folder where `None`.
    pub(crate) fn create(
        id: u64,
        name: &str,
        songs: &Path,
        input: Option<PathBuf>,
    ) -> std::io::Result<Self> {
        let folder = songs.join(id.to_string());
        let name = clean_name(name);
        let input = input.unwrap_or_else(|| folder.join("in").join(&name));
        let song = Self {
            id,
            places: Places::new(&folder, &input, &name),
            name,
            folder,
            input,
            mix: OnceLock::new(),
            facts: Mutex::default(),
            asked: AtomicU64::new(0),
        };
        fs::create_dir_all(song.folder.join("in"))?;
        fs::create_dir_all(song.folder.join("out"))?;
        Ok(song)
    }

    /// Where the mix lies.
    pub(crate) fn input(&self) -> &Path {
        &self.input
    }

    /// The name of a file that is made of the song, with this ending.
    fn file_name(&self, ending: &str) -> String {
        let stem = Path::new(&self.name).file_stem().unwrap_or_default();
        format!("{}.{ending}", stem.to_string_lossy())
    }

    /// Where a master goes; each has a folder of its own, so that one that is being downloaded stays whole.
    pub(crate) fn output(&self, revision: u64, extension: &str) -> PathBuf {
        let name = self.file_name(&format!("master.{extension}"));
        self.folder
            .join("out")
            .join(revision.to_string())
            .join(name)
    }

    /// Where the variants of a turn go.
    pub(crate) fn variants_output(&self, revision: u64, extension: &str) -> PathBuf {
        let name = self.file_name(&format!("master.{extension}"));
        self.folder
            .join("variants")
            .join(revision.to_string())
            .join(name)
    }

    /// Where something beside the master of a turn goes.
    pub(crate) fn beside_output(&self, revision: u64, ending: &str) -> PathBuf {
        self.folder
            .join("beside")
            .join(revision.to_string())
            .join(self.file_name(ending))
    }

    /// A name on the disk that sounds are kept on.
    pub(crate) fn beside(&self) -> PathBuf {
        self.folder.join("sound")
    }

    /// One more reference, whose file is to come.
    pub(crate) fn new_reference(&self, name: &str) -> anyhow::Result<Arc<Reference>> {
        let mut facts = self.facts();
        anyhow::ensure!(
            facts.references.len() < MAX_REFERENCES,
            "expected at most {MAX_REFERENCES} references of a song: take one away first"
        );
        let last = facts.references.keys().next_back().copied().unwrap_or(0);
        let reference =
            Reference::create(last + 1, clean_name(name), self.reference_folder(last + 1))?;
        let reference = Arc::new(reference);
        facts
            .references
            .insert(reference.id, Arc::clone(&reference));
        Ok(reference)
    }

    /// The signature of the reference that a turn names.
    pub(crate) fn signature_for(&self, turn: &Turn) -> anyhow::Result<Option<PathBuf>> {
        let Some(id) = turn.reference else {
            return Ok(None);
        };
        let known = self.facts().references.get(&id).cloned();
        let known = known.filter(|reference| reference.view().is_ready);
        let known = known.context("expected a reference of this song that was read, found none")?;
        Ok(Some(known.signature()))
    }

    fn reference_folder(&self, id: u64) -> PathBuf {
        self.folder.join("references").join(id.to_string())
    }

    /// Takes a reference away, and the turn's hold on it; whether there was one.
    pub(crate) fn drop_reference(&self, id: u64) -> bool {
        let was_there = self.facts().references.remove(&id).is_some();
        let _ = fs::remove_dir_all(self.reference_folder(id));
        was_there
    }

    /// Takes over how the knobs stood in an earlier session.
    pub(crate) fn adopt(&self, record: &SongRecord) {
        let of_record = |record: &ReferenceRecord| {
            let folder = self.reference_folder(record.id);
            Reference::of_record(record, folder).ok().map(Arc::new)
        };
        let references = record.references.iter().filter_map(of_record);
        let references: BTreeMap<u64, Arc<Reference>> = references
            .map(|reference| (reference.id, reference))
            .collect();
        let mut facts = self.facts();
        facts.turn = record.turn.clone();
        if (facts.turn.reference).is_some_and(|id| !references.contains_key(&id)) {
            facts.turn.reference = None;
        }
        facts.slots.clone_from(&record.slots);
        facts.references = references;
        facts.revision += 1;
    }

    /// What is kept of it; `None` before its hash is known. `session` is the session's folder, whose audio may be
    /// kept too.
    pub(crate) fn record(&self, session: &Path, keeps_audio: bool) -> Option<SongRecord> {
        let facts = self.facts();
        let path = match self.input.strip_prefix(session) {
            Ok(within) => keeps_audio.then(|| within.to_path_buf()),
            Err(_) => Some(self.input.clone()),
        };
        Some(SongRecord {
            name: self.name.clone(),
            blake3: facts.blake3.clone()?,
            path,
            turn: facts.turn.clone(),
            slots: facts.slots.clone(),
            references: (facts.references.values())
                .filter_map(|reference| reference.record())
                .collect(),
            master: facts.made.as_ref().map(|made| made.record()),
        })
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
        self.places.clean(text)
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
            slots: facts.slots.clone(),
            made: facts.made.as_ref().map(|made| made.view()),
            references: (facts.references.values())
                .map(|reference| reference.view())
                .collect(),
            variants: facts.variants.as_ref().map(|variants| variants.view()),
            varying: facts.varying,
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
}
