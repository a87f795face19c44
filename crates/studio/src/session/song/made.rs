//! [`Made`]: a master that was made and verified, ready to be heard and taken home.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use acetate_dsp::stream::OnFrames;
use acetate_dsp::{Analysis, StreamError};
use acetate_io::OpenOptions;
use acetate_master::{Brief, Certificate, MasterFile, Report, Unlimited};
use schemars::JsonSchema;
use serde::Serialize;

use crate::session::kept::MasterRecord;
use crate::session::sound::{Sound, SoundWriter};
use crate::session::turn::Turn;

/// Entries of the limiter's gain trace behind one of the curve: ten a second.
const TRACE_STEPS: usize = 10;

/// What a master was made for.
pub(crate) struct MadeFor {
    pub(crate) revision: u64,
    pub(crate) turn: Turn,
    pub(crate) brief: Brief,
}

/// A master that was made.
pub(crate) struct Made {
    pub(crate) revision: u64,
    pub(crate) turn: Turn,
    pub(crate) brief: Brief,
    /// What was done and measured; files are called by their names alone.
    pub(crate) delivered: MasterFile,
    pub(crate) file: PathBuf,
    pub(crate) sound: Sound,
    /// Everything but the limiter, and what the limiter took; made when somebody asks.
    pub(crate) unlimited: OnceLock<WithoutLimiter>,
    beside: Mutex<BTreeMap<Beside, Option<PathBuf>>>,
}

/// The master without its limiter.
pub(crate) struct WithoutLimiter {
    pub(crate) sound: Sound,
    /// The most that the limiter takes, ten times a second, dB, positive.
    pub(crate) limiting_db: Vec<f32>,
}

/// What can be made beside a master for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Beside {
    /// The report page.
    Page,
    /// The folder for a mastering engineer, zipped.
    Pack,
}

impl Beside {
    /// By its name in an address.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "page" => Some(Self::Page),
            "pack" => Some(Self::Pack),
            _ => None,
        }
    }
}

/// What the page knows of a master.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct MadeView {
    /// The turn of the knobs that it was made for.
    pub revision: u64,
    /// Every check passed.
    pub all_met: bool,
    /// Integrated loudness, LUFS.
    pub master_lufs: f64,
    /// Integrated loudness of the master without its limiter, LUFS, once it is there.
    pub unlimited_lufs: Option<f64>,
    /// What is there beside it, to be taken home.
    pub beside: Vec<Beside>,
    /// What is being made beside it.
    pub making: Vec<Beside>,
}

impl Made {
    /// Takes the file that was delivered with this report.
    pub(crate) fn take(
        asked: MadeFor,
        made: &MasterFile,
        file: &Path,
        beside: &Path,
        progress: &mut OnFrames<'_>,
    ) -> anyhow::Result<Self> {
        let mut written = acetate_io::open(file, &OpenOptions { strict: true })?;
        let sound = Sound::take(&mut written, beside, progress)?;
        let mut delivered = made.clone();
        for facts in [&mut delivered.input, &mut delivered.output] {
            let name = Path::new(&facts.path).file_name().unwrap_or_default();
            facts.path = name.to_string_lossy().into_owned();
        }
        Ok(Self {
            revision: asked.revision,
            turn: asked.turn,
            brief: asked.brief,
            delivered,
            file: file.to_owned(),
            sound,
            unlimited: OnceLock::new(),
            beside: Mutex::default(),
        })
    }

    /// The report, as the command line's JSON.
    pub(crate) fn report(&self) -> Report {
        Report::from(self.delivered.clone())
    }

    /// The certificate's text.
    pub(crate) fn certificate(&self) -> anyhow::Result<String> {
        Ok(Certificate::new(&self.delivered, &self.brief)?.to_json()?)
    }

    /// What is kept of it.
    pub(crate) fn record(&self) -> MasterRecord {
        MasterRecord {
            blake3: self.delivered.output.blake3.clone(),
            all_met: self.delivered.mastered.all_met(),
            integrated_lufs: self.sound.integrated_lufs,
        }
    }

    fn beside_now(&self) -> MutexGuard<'_, BTreeMap<Beside, Option<PathBuf>>> {
        self.beside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody asks for something beside it; whether it has to be made.
    pub(crate) fn ask_beside(&self, kind: Beside) -> bool {
        let mut beside = self.beside_now();
        let is_new = !beside.contains_key(&kind);
        beside.entry(kind).or_insert(None);
        is_new
    }

    /// It was made, or could not be.
    pub(crate) fn put_beside(&self, kind: Beside, file: Option<PathBuf>) {
        let mut beside = self.beside_now();
        match file {
            Some(file) => beside.insert(kind, Some(file)),
            None => beside.remove(&kind),
        };
    }

    /// The file of what was made beside it.
    pub(crate) fn beside(&self, kind: Beside) -> Option<PathBuf> {
        self.beside_now().get(&kind).cloned().flatten()
    }

    pub(crate) fn view(&self) -> MadeView {
        let unlimited = self.unlimited.get();
        let beside = self.beside_now();
        let of = |is_there: bool| {
            let all = beside.iter().filter(|(_, file)| file.is_some() == is_there);
            all.map(|(kind, _)| *kind).collect()
        };
        MadeView {
            revision: self.revision,
            all_met: self.delivered.mastered.all_met(),
            master_lufs: self.sound.integrated_lufs,
            unlimited_lufs: unlimited.map(|unlimited| unlimited.sound.integrated_lufs),
            beside: of(true),
            making: of(false),
        }
    }

    /// Renders everything but the limiter, and runs the limiter beside it to see what it takes.
    pub(crate) fn without_limiter(
        &self,
        mix: &Sound,
        analysis: &Analysis,
        beside: &Path,
        progress: &mut OnFrames<'_>,
    ) -> Result<WithoutLimiter, StreamError> {
        let spec = self.sound.spec;
        let mut sound = SoundWriter::create(beside, spec, Some(self.sound.frames))?;
        let master = Unlimited {
            analysis,
            treatment: &self.delivered.mastered.treatment,
            bypass: &self.brief.bypass,
        };
        let taken_db = master.render(&mut mix.reader(), spec, &mut |block| {
            progress(sound.write(block)?)
        })?;
        let most_db = |taken_db: &[f64]| taken_db.iter().fold(0.0, |most, db| db.max(most)) as f32;
        Ok(WithoutLimiter {
            sound: sound.finish()?,
            limiting_db: taken_db.chunks(TRACE_STEPS).map(most_db).collect(),
        })
    }
}
