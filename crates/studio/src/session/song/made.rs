//! [`Made`]: a master that was made and verified, ready to be heard and taken home.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use acetate_dsp::chain::Stage;
use acetate_dsp::process::ProcessSpec;
use acetate_dsp::process::limiter::Limiter;
use acetate_dsp::stream::OnFrames;
use acetate_dsp::units::{db_from_gain, gain_from_db};
use acetate_dsp::{Analysis, Audio, Processor, Settings, Source, Spec, StreamError};
use acetate_io::OpenOptions;
use acetate_master::{Brief, MasterFile, PreLimiter, Report};
use schemars::JsonSchema;
use serde::Serialize;

use super::sound::Sound;

/// Entries of the limiter's gain trace behind one of the curve: ten a second.
const TRACE_STEPS: usize = 10;

/// A master that was made.
pub(crate) struct Made {
    pub(crate) revision: u64,
    pub(crate) brief: Brief,
    /// The settings with the solved drive.
    pub(crate) settings: Settings,
    /// The report with the places of this machine taken out, as the command line's JSON.
    pub(crate) report: serde_json::Value,
    pub(crate) file: PathBuf,
    pub(crate) sound: Sound,
    all_met: bool,
    /// What was limited to, dBTP, and taken off behind it, dB.
    limited: (f64, f64),
    /// Everything but the limiter, and what the limiter took; made when somebody asks.
    pub(crate) unlimited: OnceLock<Unlimited>,
}

/// The master without its limiter.
pub(crate) struct Unlimited {
    pub(crate) sound: Sound,
    /// The most that the limiter takes, ten times a second, dB, positive.
    pub(crate) limiting_db: Vec<f32>,
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
}

impl Made {
    /// Takes the file that was delivered with this report.
    pub(crate) fn take(
        revision: u64,
        brief: Brief,
        made: &MasterFile,
        file: &Path,
        beside: &Path,
        progress: &mut OnFrames<'_>,
    ) -> anyhow::Result<Self> {
        let done = &made.mastered.treatment;
        let mut written = acetate_io::open(file, &OpenOptions { strict: true })?;
        let sound = Sound::take(&mut written, beside, progress)?;
        let last = done.attempts.last();
        Ok(Self {
            revision,
            brief,
            settings: done.settings.clone(),
            report: serde_json::to_value(Report::from(made.clone()))?,
            file: file.to_owned(),
            sound,
            all_met: made.mastered.all_met(),
            limited: last.map_or((done.target.true_peak_dbtp, 0.0), |attempt| {
                (attempt.ceiling_dbtp, attempt.trim_db)
            }),
            unlimited: OnceLock::new(),
        })
    }

    pub(crate) fn view(&self) -> MadeView {
        let unlimited = self.unlimited.get();
        MadeView {
            revision: self.revision,
            all_met: self.all_met,
            master_lufs: self.sound.integrated_lufs,
            unlimited_lufs: unlimited.map(|unlimited| unlimited.sound.integrated_lufs),
        }
    }

    /// Renders everything but the limiter, and runs the limiter beside it to see what it takes.
    pub(crate) fn without_limiter(
        &self,
        mix: &Sound,
        analysis: &Analysis,
        beside: &Path,
        progress: &mut OnFrames<'_>,
    ) -> Result<Unlimited, StreamError> {
        let (ceiling_dbtp, trim_db) = self.limited;
        let spec = self.sound.spec;
        let process = ProcessSpec {
            sample_rate_hz: spec.sample_rate_hz,
            channels: spec.channels,
            program_lufs: self.settings.target.integrated_lufs,
        };
        let limiter = Limiter::new(&self.settings.limiter, ceiling_dbtp, &process);
        let gain = gain_from_db(self.settings.limiter.drive_db + trim_db) as f32;
        let mut limiter = limiter.with_gain_trace(self.sound.frames);
        let mut taken = None;
        let chain = PreLimiter {
            analysis,
            settings: &self.settings,
            bypass: &self.brief.bypass,
        };
        chain.render(&mut mix.reader(), spec, &mut |before| {
            let mut driven = Driven {
                before,
                gain,
                limiter: &mut limiter,
            };
            taken = Some(Sound::take(&mut driven, beside, progress)?);
            Ok(())
        })?;
        let is_limited = !self.brief.bypass.contains(Stage::Limiter);
        let steps = limiter.gain_trace().chunks(TRACE_STEPS);
        let most_db = |gains: &[f32]| {
            let least = gains.iter().fold(1.0_f32, |least, gain| least.min(*gain));
            -db_from_gain(f64::from(least)) as f32
        };
        let sound = taken.ok_or_else(|| StreamError::new("nothing was rendered"))?;
        Ok(Unlimited {
            sound,
            limiting_db: steps.map(most_db).filter(|_| is_limited).collect(),
        })
    }
}

/// A source at its drive, with a limiter that listens.
struct Driven<'a> {
    before: &'a mut dyn Source,
    gain: f32,
    limiter: &'a mut Limiter,
}

impl Source for Driven<'_> {
    fn spec(&self) -> Spec {
        self.before.spec()
    }

    fn frames_hint(&self) -> Option<u64> {
        self.before.frames_hint()
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        let frames = self.before.read(block, max_frames)?;
        self.limiter.process(&mut block.clone());
        block.scale(self.gain);
        Ok(frames)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.limiter.reset();
        self.before.rewind()
    }
}
