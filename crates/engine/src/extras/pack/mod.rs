//! `--pack`: a folder for a mastering engineer, whole or not there at all.

mod earlier;
mod texts;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use acetate_dsp::chain::Bypass;
use acetate_dsp::for_each_block;
use acetate_dsp::measure::levels::OutputMeasures;
use acetate_dsp::measure::verify_pass;
use acetate_dsp::process::dither::{Dither, WordLength};
use acetate_dsp::stream::Tapped;
use acetate_dsp::units::gain_from_db;
use acetate_dsp::{Audio, Processor, Settings, Sink, Source, Spec, StreamError, plain};
use acetate_io::{
    Broadcast, Container, OpenOptions, OutputFormat, Spill, StageOptions, StagedFile, StagedFolder,
    Tags, history_line, sum_line,
};
use acetate_master::{MasterFile, PreLimiter};
use anyhow::{Context, bail};

use super::RunContext;
use crate::input::Input;
use crate::job::Job;
use crate::observer::{FileProgress, Step, go_on};

/// Names in the folder.
const MASTER: &str = "reference-master.wav";
const UNLIMITED: &str = "un-limited.wav";
const MATCHED_A: &str = "A-mix-matched.wav";
const MATCHED_B: &str = "B-master-matched.wav";
const DIFFERENCE: &str = "difference.wav";
const SUMS: &str = "SHA256SUMS";
const CERTIFICATE: &str = "certificate.json";
/// The mix has its own ending behind this.
const MIX: &str = "mix.";
const PROJECT: &str = "chain.dawproject";
const SETTINGS: &str = "settings.toml";
const SHEET: &str = "sheet.html";
const EQ: &str = "eq.txt";
const SESSION: &str = "session.rpp";
const README: &str = "README.txt";
/// All names but those of the mix and the sums.
const FILES: [&str; 12] = [
    MASTER,
    UNLIMITED,
    MATCHED_A,
    MATCHED_B,
    DIFFERENCE,
    CERTIFICATE,
    PROJECT,
    SETTINGS,
    SHEET,
    EQ,
    SESSION,
    README,
];
/// A longer ending of the mix's name is none.
const MAX_EXTENSION_BYTES: usize = 8;
/// Seed of the dither of the matched files.
const DITHER_SEED: u64 = 0xAB5E_ED00;
/// A matched file keeps its true peak this far below full scale, dBTP.
const MATCHED_PEAK_DBTP: f64 = -0.1;
/// Steps of the progress bar: one for each sound file, one for the rest.
const STEPS: u64 = 7;

/// Whether a pack can be made at `path`, tried out before the work.
pub(crate) fn check(path: &Path, overwrite: bool) -> anyhow::Result<()> {
    earlier::look(path)?;
    Ok(StagedFolder::check(path, overwrite)?)
}

/// Writes the pack.
pub(crate) fn write(
    path: &Path,
    job: &Job,
    input: &mut Input<'_>,
    file: &MasterFile,
    context: &RunContext<'_>,
) -> anyhow::Result<()> {
    let done = &file.mastered.treatment;
    let mut progress = PackProgress {
        progress: FileProgress::new(context.observer, &job.input),
        done: 0,
    };
    let overwrite = context.options.overwrite;
    let earlier = earlier::look(path)?;
    let folder = StagedFolder::create(path, overwrite)?;
    let (tags, _) = Tags::read(input.path());
    let pack = Pack {
        folder: folder.handle_path(),
        tags,
        file,
        context,
        title: title(job),
    };
    let mix = pack.copy_mix(input)?;
    progress.advance(1);
    let mut master = acetate_io::open(&job.output, &OpenOptions { strict: true })?;
    pack.write(
        MASTER,
        &mut master,
        0.0,
        "reference master",
        done.word_length_bits,
    )?;
    progress.advance(1);
    let spec = master.spec();
    let settings = done.settings.clone();
    let bypass = context.options.brief.bypass.clone();
    let unlimited_db = settings.limiter.drive_db + done.last_trim_db();
    let mut unlimited = pack.rendered(input, &settings, &bypass, spec)?;
    pack.write(
        UNLIMITED,
        &mut unlimited,
        unlimited_db,
        "the master without its limiter",
        32,
    )?;
    drop(unlimited);
    progress.advance(1);
    let mut plain = pack.rendered(input, &Settings::default(), &Bypass::default(), spec)?;
    let gains = pack.match_levels(&mut plain, &mut master)?;
    progress.advance(2);
    pack.difference(&mut plain, &mut master, gains)?;
    drop(plain);
    progress.advance(1);
    pack.texts(&mix, spec, gains)?;
    progress.advance(1);
    pack.sums()?;
    if let Some(kept) = folder.commit(earlier.as_ref())? {
        context.observer.warn(&format!(
            "{}: files came into the earlier pack or changed while the new one was made: they are in {}",
            path.display(),
            kept.display()
        ));
    }
    Ok(())
}

/// Tells how many of the steps are done.
struct PackProgress<'a> {
    progress: FileProgress<'a>,
    done: u64,
}

impl PackProgress<'_> {
    fn advance(&mut self, steps: u64) {
        self.done += steps;
        self.progress
            .share(Step::Pack, self.done as f64 / STEPS as f64);
    }
}

/// The song's name for people: the file's name without its extension.
fn title(job: &Job) -> String {
    let stem = job.input.file_stem().unwrap_or(job.input.as_os_str());
    plain::path(Path::new(stem))
}

/// Gains of the matched files, dB.
#[derive(Clone, Copy)]
struct Gains {
    mix_db: f64,
    master_db: f64,
}

struct Pack<'a> {
    folder: PathBuf,
    tags: Tags,
    file: &'a MasterFile,
    context: &'a RunContext<'a>,
    title: String,
}

impl Pack<'_> {
    /// The mix's own bytes under its own extension; its name in the pack.
    fn copy_mix(&self, input: &Input<'_>) -> anyhow::Result<String> {
        let from = input.path();
        let extension = from.extension().and_then(|extension| extension.to_str());
        // Nothing but an ending: the name stands in sums, sessions and projects.
        let is_short = |text: &&str| {
            (1..=MAX_EXTENSION_BYTES).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let extension = extension.filter(is_short);
        let name = format!("{MIX}{}", extension.unwrap_or(input.extension()));
        let to = self.folder.join(&name);
        let mut copied = acetate_io::open_regular(from)?;
        File::create_new(&to)
            .and_then(|mut out| std::io::copy(&mut copied, &mut out))
            .with_context(|| to.display().to_string())?;
        if acetate_io::content_hash(from)? != acetate_io::content_hash(&to)? {
            bail!("{}: the copy of the mix differs from the mix", to.display());
        }
        Ok(name)
    }

    /// Everything before the limiter, parked on disk.
    fn rendered(
        &self,
        input: &mut Input<'_>,
        settings: &Settings,
        bypass: &Bypass,
        spec: Spec,
    ) -> anyhow::Result<Spill> {
        let analysis = &self.file.mastered.analysis;
        let frames = (analysis.duration_s * f64::from(spec.sample_rate_hz)).ceil() as u64;
        let mut spill = Spill::create(self.folder.join("scratch"), spec, Some(frames))?;
        let chain = PreLimiter {
            analysis,
            settings,
            bypass,
        };
        chain.render(input.source(), spec, &mut |source| {
            for_each_block(source, &mut |block| spill.write(block))?;
            Sink::finish(&mut spill)
        })?;
        Ok(spill)
    }

    /// Measures a source behind a gain, then writes it with its figures in the file.
    fn write(
        &self,
        name: &str,
        source: &mut dyn Source,
        gain_db: f64,
        what: &str,
        bits: u32,
    ) -> anyhow::Result<OutputMeasures> {
        let word_length = WordLength::from_bits(bits)
            .with_context(|| format!("expected 16, 24 or 32 bits, got {bits}"))?;
        let dither = gain_db != 0.0;
        let mut scaled = scaled(source, gain_db);
        let mut frames = 0;
        let measured = verify_pass(
            &mut scaled,
            self.context.options.brief.dual_mono,
            &mut |done| {
                frames = done;
                Ok(go_on(self.context.observer)?)
            },
        )?;
        let spec = scaled.spec();
        let broadcast = Broadcast {
            description: format!("{}: {what}", self.title),
            integrated_lufs: measured.integrated_lufs,
            loudness_range_lu: measured.loudness_range_lu,
            true_peak_dbtp: measured.true_peak_dbtp,
            momentary_max_lufs: measured.momentary_max_lufs,
            short_term_max_lufs: measured.short_term_max_lufs,
            history: history_line(spec.sample_rate_hz, word_length.bits(), spec.channels),
        };
        let path = self.folder.join(name);
        let options = StageOptions {
            expected_frames: Some(frames),
            tags: Some(&self.tags),
            broadcast: Some(&broadcast),
            ..StageOptions::new(OutputFormat::new(Container::Wav, word_length)?)
        };
        let mut staged = StagedFile::create(&path, spec, &options)?;
        let mut quantize = Dither::new(word_length, DITHER_SEED);
        for_each_block(&mut scaled, &mut |block| {
            go_on(self.context.observer)?;
            // What was on its grid stays on it.
            if dither {
                quantize.process(block);
            }
            staged.write(block)
        })?;
        staged.finish_file()?;
        staged.commit(false)?;
        Ok(measured)
    }

    /// A and B at the lower of the two loudnesses.
    fn match_levels(&self, mix: &mut dyn Source, master: &mut dyn Source) -> anyhow::Result<Gains> {
        let dual_mono = self.context.options.brief.dual_mono;
        let measure = |source: &mut dyn Source| verify_pass(source, dual_mono, &mut |_| Ok(()));
        let (a, b) = (measure(mix)?, measure(master)?);
        // A mix that peaks over full scale has to come down further, and the master with it.
        let common_lufs = [&a, &b]
            .into_iter()
            .map(|m| m.integrated_lufs + (MATCHED_PEAK_DBTP - m.true_peak_dbtp).min(0.0))
            .chain([a.integrated_lufs.min(b.integrated_lufs)])
            .fold(f64::INFINITY, f64::min);
        let gains = Gains {
            mix_db: common_lufs - a.integrated_lufs,
            master_db: common_lufs - b.integrated_lufs,
        };
        self.write(MATCHED_A, mix, gains.mix_db, "the mix, as loud as B", 24)?;
        self.write(
            MATCHED_B,
            master,
            gains.master_db,
            "the master, as loud as A",
            24,
        )?;
        Ok(gains)
    }

    /// B less A, both as loud.
    fn difference(
        &self,
        mix: &mut dyn Source,
        master: &mut dyn Source,
        gains: Gains,
    ) -> anyhow::Result<()> {
        let mut difference = Difference {
            a: scaled(mix, gains.mix_db),
            b: scaled(master, gains.master_db),
            other: None,
        };
        self.write(DIFFERENCE, &mut difference, 0.0, "B less A", 32)?;
        Ok(())
    }

    /// The hash of every file, for `sha256sum -c`.
    fn sums(&self) -> anyhow::Result<()> {
        let named = || self.folder.display().to_string();
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder).with_context(named)? {
            names.push(entry.with_context(named)?.file_name());
        }
        names.sort();
        let mut text = String::new();
        for name in names {
            let path = self.folder.join(&name);
            let hash = acetate_io::sha256_of_file(&path).with_context(named)?;
            text.push_str(&sum_line(&hash, &name.to_string_lossy()));
        }
        Ok(acetate_io::deliver_text(
            &self.folder.join(SUMS),
            &text,
            false,
        )?)
    }
}

/// A source behind a gain.
fn scaled(source: &mut dyn Source, gain_db: f64) -> impl Source {
    let gain = gain_from_db(gain_db) as f32;
    Tapped::new(source, move |block| {
        if gain != 1.0 {
            block.scale(gain);
        }
        Ok(())
    })
}

/// One source less another of the same length and rate.
struct Difference<A, B> {
    a: A,
    b: B,
    /// What of `a` has been read ahead.
    other: Option<Audio>,
}

impl<A: Source, B: Source> Source for Difference<A, B> {
    fn spec(&self) -> Spec {
        self.b.spec()
    }

    fn frames_hint(&self) -> Option<u64> {
        self.b.frames_hint()
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        let frames = self.b.read(block, max_frames)?;
        let spec = self.a.spec();
        let silence = || Audio::silence(spec.sample_rate_hz, spec.channels, 0);
        let mut other = self.other.take().unwrap_or_else(silence);
        let mut part = silence();
        while other.frames() < frames && self.a.read(&mut part, frames - other.frames())? > 0 {
            other.append(&part);
        }
        other.set_frames(other.frames().max(frames));
        for (from, take) in block.channels_mut().zip(other.channels()) {
            for (sample, less) in from.iter_mut().zip(take) {
                *sample -= less;
            }
        }
        other.drop_front(frames);
        self.other = Some(other);
        Ok(frames)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.other = None;
        self.a.rewind()?;
        self.b.rewind()
    }
}
