//! [`Reference`]: a finished record that a song is led to, and that can be heard beside it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use acetate_dsp::process::resample::AtRate;
use acetate_dsp::stream::OnFrames;
use acetate_dsp::{Spec, StreamError};
use acetate_io::OpenOptions;
use schemars::JsonSchema;
use serde::Serialize;

use crate::session::kept::ReferenceRecord;
use crate::session::sound::Sound;

/// Most references of a song.
pub(super) const MAX_REFERENCES: usize = 8;
/// The signature's file.
const SIGNATURE: &str = "signature.toml";

/// A reference of a song.
pub(crate) struct Reference {
    pub(crate) id: u64,
    pub(crate) name: String,
    folder: PathBuf,
    /// To be heard, at the song's own rate; set once it is decoded, never of an earlier session's.
    sound: OnceLock<Sound>,
    /// Its signature was measured.
    is_measured: OnceLock<()>,
}

/// What the page knows of a reference.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ReferenceView {
    /// Its number in the song.
    pub id: u64,
    /// The file's name, without its folders.
    pub name: String,
    /// It was measured: a turn may name it.
    pub is_ready: bool,
    /// Integrated loudness, LUFS; `None` where it cannot be heard: of an earlier session only the signature is kept.
    pub lufs: Option<f64>,
}

impl Reference {
    /// A reference with a folder of its own.
    pub(crate) fn create(id: u64, name: String, folder: PathBuf) -> std::io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        Ok(Self {
            id,
            name,
            folder,
            sound: OnceLock::new(),
            is_measured: OnceLock::new(),
        })
    }

    /// One of an earlier session: it leads, and is not heard.
    pub(crate) fn of_record(record: &ReferenceRecord, folder: PathBuf) -> std::io::Result<Self> {
        let reference = Self::create(record.id, record.name.clone(), folder)?;
        std::fs::write(reference.signature(), &record.signature)?;
        reference.measured();
        Ok(reference)
    }

    /// What is kept of it.
    pub(crate) fn record(&self) -> Option<ReferenceRecord> {
        Some(ReferenceRecord {
            id: self.id,
            name: self.name.clone(),
            signature: std::fs::read_to_string(self.signature()).ok()?,
        })
    }

    /// Where its sound lies.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Where its signature goes.
    pub(crate) fn signature(&self) -> PathBuf {
        self.folder.join(SIGNATURE)
    }

    pub(crate) fn measured(&self) {
        // Measured once.
        let _ = self.is_measured.set(());
    }

    /// The sound, where it can be heard.
    pub(crate) fn sound(&self) -> Option<&Sound> {
        self.sound.get()
    }

    /// Decodes it, to be heard at the rate of a song; `beside` says on which disk.
    pub(crate) fn decode(
        &self,
        song: Spec,
        beside: &Path,
        progress: &mut OnFrames<'_>,
    ) -> anyhow::Result<()> {
        let file = acetate_io::open(self.file(), &OpenOptions::default())?;
        let at_rate = AtRate::new(file, song.sample_rate_hz);
        let sound = Sound::take(&mut at_rate.map_err(StreamError::new)?, beside, progress)?;
        // Decoded once.
        let _ = self.sound.set(sound);
        Ok(())
    }

    pub(crate) fn view(&self) -> ReferenceView {
        let lufs = self.sound().map(|sound| sound.integrated_lufs);
        ReferenceView {
            id: self.id,
            name: self.name.clone(),
            is_ready: self.is_measured.get().is_some(),
            lufs: lufs.filter(|lufs| lufs.is_finite()),
        }
    }
}
