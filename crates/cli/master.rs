//! `acetate master`: one mix or many, each to a verified master.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::time::Instant;

use acetate_dsp::chain::Bypass;
use acetate_dsp::settings::{Amounts, EqPhase};
use acetate_dsp::{Settings, plain};
use acetate_master::{Brief, Report, presets, settings_file};
use acetate_model::{NetPredictor, Predictor, Signature, Weights};
use anyhow::{Context, anyhow, bail};

use crate::args::{Loudness, MasterArgs};
use crate::codecs::Ffmpeg;
use crate::console::Console;
use crate::delivery::{FileDelivery, deliver_to_stdout};
use crate::exit::Exit;
use crate::input::{Input, each_input};
use crate::measured::Analyses;
use crate::naming::{Job, is_pipe, jobs};
use crate::progress::Bars;
use crate::record::{Known, Records, record_of};
use crate::wishes::{Wishes, wishes};
use crate::{certificate, handover, measured, places, table, variants, verify};

/// Settings are a few kilobytes; more than this are none, bytes.
const MAX_SETTINGS_BYTES: u64 = 1 << 20;

/// Masters every input.
pub fn run(args: &MasterArgs, console: &Console) -> anyhow::Result<Exit> {
    let jobs = jobs(args)?;
    if args.save_settings.is_some() && jobs.len() > 1 {
        bail!("--save-settings takes one input, got {}", jobs.len());
    }
    for job in &jobs {
        places::check_job(args, job)?;
    }
    let certificates = certificate::paths(args, &jobs)?;
    let handovers = handover::places(args, &jobs)?;
    places::check_run(args, &jobs, &certificates, &handovers)?;
    let mut brief = brief(args)?;
    let bars = Bars::new(console);
    let Wishes {
        predictor,
        reference,
    } = wishes(args, &mut brief, console, &bars)?;
    let marks = !args.dry_run && (!args.no_cache || args.keeps_record(&jobs));
    let seal = marks.then(|| measured::seal(args, console)).flatten();
    let run = Run {
        args,
        console,
        asked: asked(&brief, predictor.as_ref()),
        keeps_record: args.keeps_record(&jobs),
        brief,
        predictor,
        reference,
        analyses: Analyses::new(args, seal.as_ref()),
        records: Records::new(seal),
        bars,
    };
    if let Some(folder) = &args.out_dir
        && !args.dry_run
    {
        if folder.is_file() {
            bail!(
                "{}: expected a folder for the masters, found a file",
                folder.display()
            );
        }
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    if !args.dry_run {
        run.clean_up(&jobs);
    }
    let started = Instant::now();
    let tally = Tally::default();
    let inputs: Vec<_> = jobs.iter().map(|job| job.input.clone()).collect();
    // Where standard output carries the audio, nothing else goes there.
    let is_audio = !args.dry_run && jobs.iter().any(|job| is_pipe(&job.output));
    let mut told = console.clone();
    told.json &= !is_audio;
    let inputs_of_jobs = jobs.iter().map(|job| job.input.as_path());
    let indices: HashMap<&Path, usize> = inputs_of_jobs.zip(0..).collect();
    let exit = each_input(&inputs, &told, |input| {
        let index = *indices.get(input).context("an input without a job")?;
        let outcome = run.master(
            &jobs[index],
            certificates[index].as_deref(),
            &handovers[index],
        );
        tally.count(&outcome);
        outcome.map(|outcome| outcome.exit())
    })?;
    if jobs.len() > 1 {
        console.say(&tally.summary(started));
    }
    Ok(exit)
}

/// What is the same for every input of a run.
struct Run<'a> {
    args: &'a MasterArgs,
    console: &'a Console,
    /// Hash of everything that decides the sound but the input.
    asked: String,
    /// Whether what is delivered goes into the folder's record.
    keeps_record: bool,
    brief: Brief,
    predictor: Box<dyn Predictor>,
    reference: Option<Signature>,
    analyses: Analyses,
    records: Records,
    bars: Bars,
}

/// How one input ended.
enum Outcome {
    Met,
    Missed,
    Skipped,
    /// Delivered by an earlier run; whether all checks passed then.
    Resumed(bool),
}

impl Outcome {
    fn exit(&self) -> Exit {
        match self {
            Self::Met | Self::Skipped | Self::Resumed(true) => Exit::Met,
            Self::Missed | Self::Resumed(false) => Exit::Missed,
        }
    }
}

impl Run<'_> {
    fn master(
        &self,
        job: &Job,
        certificate: Option<&Path>,
        handover: &handover::Place,
    ) -> anyhow::Result<Outcome> {
        if self.args.skip_existing && !is_pipe(&job.output) && job.output.exists() {
            self.console
                .say(&format!("{}: exists, skipped", job.output.display()));
            return Ok(Outcome::Skipped);
        }
        let mut overwrite = self.args.overwrite;
        let (mut certificate, mut handover) = (certificate, handover.clone());
        let known = self.delivered_before(job)?;
        let mut same_as = None;
        if let Known::Claimed { blake3 } = known {
            self.console.say(&format!(
                "{}: delivered before, as another user's record says: made again and compared",
                job.output.display()
            ));
            same_as = Some(blake3);
            overwrite = true;
        } else if let Known::Delivered { all_met } = known {
            let absent = |path: &&Path| !path.exists();
            certificate = certificate.filter(absent);
            handover = handover.absent();
            let is_whole = certificate.is_none() && handover.is_empty();
            self.console.say(&format!(
                "{}: {}, {}",
                job.output.display(),
                if all_met {
                    "delivered and verified before"
                } else {
                    "delivered before with the target missed"
                },
                if is_whole {
                    "skipped"
                } else {
                    "made again for what is missing beside it"
                }
            ));
            if is_whole {
                return Ok(Outcome::Resumed(all_met));
            }
            // The earlier run ended between the master and what stands beside it. Nothing else is replaced.
            overwrite = true;
        }
        let handover = &handover;
        let folder = if is_pipe(&job.output) {
            None
        } else {
            job.output.parent()
        };
        let mut input = Input::open(&job.input, folder, self.args.strict)?;
        let mut made = Vec::new();
        let report = match self.args.variants {
            _ if self.args.dry_run => self.rehearse(job, &mut input)?,
            None => self.deliver(job, &mut input, overwrite, same_as.as_deref())?,
            Some(count) => {
                made = self.vary(job, &mut input, usize::from(count))?;
                for one in made.iter_mut().skip(1) {
                    one.report = input.with_whole_checked(one.report.clone());
                }
                let first = made.first().context("no variant was made")?;
                input.with_damage(first.report.clone(), self.console)
            }
        };
        self.save_settings(&report)?;
        if let Some(path) = certificate {
            certificate::write(path, &report, &self.brief, self.args.overwrite)?;
        }
        let asked = handover::Asked {
            args: self.args,
            brief: &self.brief,
            reference: self.reference.as_ref(),
            bars: &self.bars,
            console: self.console,
        };
        handover::write(handover, job, &mut input, &report, &made, &asked)?;
        self.print(job, &report)?;
        for other in made.iter().skip(1) {
            let job = Job {
                output: other.path.clone(),
                ..job.clone()
            };
            self.print(&job, &other.report)?;
        }
        let all_met = report.all_met && made.iter().all(|one| one.report.all_met);
        Ok(if all_met {
            Outcome::Met
        } else {
            Outcome::Missed
        })
    }

    /// Removes what killed runs left in the folders that are written to.
    fn clean_up(&self, jobs: &[Job]) {
        let files = jobs.iter().filter(|job| !is_pipe(&job.output));
        let folders: BTreeSet<&Path> = files.filter_map(|job| job.output.parent()).collect();
        for folder in folders {
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            let removed = acetate_io::remove_stale_temporary_files(folder);
            if removed > 0 {
                let folder = folder.display();
                self.console.say(&format!(
                    "{folder}: temporary files of a killed run removed: {removed}"
                ));
            }
        }
    }

    /// For `--resume`: what is known of the very master that is there; `Absent` where it has to be made.
    fn delivered_before(&self, job: &Job) -> anyhow::Result<Known> {
        if !self.args.resume || is_pipe(&job.output) || is_pipe(&job.input) || self.args.dry_run {
            return Ok(Known::Absent);
        }
        let output = job.output.display();
        match self.records.look_up(job, &self.asked)? {
            known @ (Known::Absent | Known::Delivered { .. }) => Ok(known),
            _ if self.args.overwrite => Ok(Known::Absent),
            known @ Known::Claimed { .. } => Ok(known),
            Known::Forged => bail!(
                "{output}: expected its line in {} as it was written, found a changed one: somebody else writes there; use --overwrite to make the master again",
                record_of(&job.output).display()
            ),
            Known::Outdated => bail!(
                "{output}: was delivered from another input or with other options: use --overwrite to replace it"
            ),
            Known::Foreign => Err(another_file(&job.output)),
        }
    }

    fn rehearse(&self, job: &Job, input: &mut Input) -> anyhow::Result<Report> {
        let mut bar = self.bars.file(&job.input);
        let report = acetate_master::rehearse(
            input.source(),
            self.predictor.as_ref(),
            &self.brief,
            &mut bar,
        )
        .with_context(|| job.input.display().to_string())?;
        bar.finish();
        Ok(Report {
            input: Some(input.facts()?),
            ..input.with_damage(report, self.console)
        })
    }

    /// Makes the master; with `same_as` it has to have this hash, as the file that it replaces.
    fn deliver(
        &self,
        job: &Job,
        input: &mut Input,
        overwrite: bool,
        same_as: Option<&str>,
    ) -> anyhow::Result<Report> {
        let mut delivery = FileDelivery::new(job, input.path(), overwrite)?;
        let mut bar = self.bars.file(&job.input);
        let analysis = self
            .analyses
            .of(input, &self.brief, self.console, &mut bar)?;
        let report = if self.brief.codec_safe {
            acetate_master::master_codec_safe_measured(
                input.source(),
                analysis,
                self.predictor.as_ref(),
                &self.brief,
                &mut delivery,
                &mut Ffmpeg::probe(),
                &mut bar,
            )
        } else {
            acetate_master::master_measured(
                input.source(),
                analysis,
                self.predictor.as_ref(),
                &self.brief,
                &mut delivery,
                &mut bar,
            )
        }
        .with_context(|| job.input.display().to_string())?;
        bar.finish();
        let report = input.with_damage(report, self.console);
        let codecs = report
            .mastering
            .as_ref()
            .and_then(|mastering| mastering.codecs.as_ref());
        for missing in codecs.iter().flat_map(|codecs| &codecs.missing) {
            self.console.warn(&format!(
                "{}: {} was not tried ({}): its documented margin is used, a ceiling of at most {:.1} dBTP",
                job.output.display(),
                missing.codec,
                missing.reason,
                missing.allowed_dbtp
            ));
        }
        delivery.tell_metadata(self.console);
        let report = Report {
            metadata: delivery.metadata(),
            input: Some(input.facts()?),
            output: Some(delivery.facts()?),
            ..report
        };
        let made = report.output.as_ref().map(|facts| facts.blake3.as_str());
        if same_as.is_some() && made != same_as {
            return Err(another_file(&job.output));
        }
        if is_pipe(&job.output) {
            deliver_to_stdout(delivery)?;
        } else {
            if self.keeps_record {
                self.records.add(&job.output, &self.asked, &report)?;
            }
            delivery.commit()?;
        }
        Ok(report)
    }

    /// Several masters of one mix.
    fn vary(
        &self,
        job: &Job,
        input: &mut Input,
        count: usize,
    ) -> anyhow::Result<Vec<variants::Made>> {
        if self.brief.codec_safe {
            self.console.warn(
                "--variants tries no codecs: the target's ceiling is held, lossy copies are not tested",
            );
        }
        let mut bar = self.bars.file(&job.input);
        let made = variants::deliver(
            job,
            input,
            &self.brief,
            self.predictor.as_ref(),
            count,
            self.args.overwrite,
            (self.console, &mut bar),
        )?;
        bar.finish();
        Ok(made)
    }

    fn save_settings(&self, report: &Report) -> anyhow::Result<()> {
        let (Some(path), Some(mastering)) = (&self.args.save_settings, &report.mastering) else {
            return Ok(());
        };
        let text = settings_file::to_toml(&mastering.settings)?;
        Ok(acetate_io::deliver_text(path, &text, self.args.overwrite)?)
    }

    fn print(&self, job: &Job, report: &Report) -> anyhow::Result<()> {
        let output = plain::path(&job.output);
        let table = || table::mastered(report, &plain::path(&job.input), &output, self.console);
        match (
            self.console.json,
            is_pipe(&job.output) && !self.args.dry_run,
        ) {
            // Standard output carries the audio.
            (_, true) => self.console.say_lines(table().trim_end()),
            (true, false) => self.console.print_json(report)?,
            (false, false) if self.console.quiet => {}
            (false, false) => self.console.print(&table())?,
        }
        Ok(())
    }
}

fn another_file(output: &Path) -> anyhow::Error {
    anyhow!(
        "{}: expected the master that was delivered and verified, found another file: use --overwrite to replace it",
        output.display()
    )
}

/// Everything that decides the sound of a master but its input.
fn asked(brief: &Brief, predictor: &dyn Predictor) -> String {
    let version = env!("CARGO_PKG_VERSION");
    acetate_io::text_hash(&format!("{version} {} {brief:?}", predictor.hash()))
}

fn brief(args: &MasterArgs) -> anyhow::Result<Brief> {
    let mut target = verify::target(&args.target)?;
    if let Some(max_limiting_db) = args.max_limiting {
        target.max_limiting_db = max_limiting_db;
    }
    let mut settings = args.settings.as_deref().map(read_settings).transpose()?;
    if let Some(settings) = &mut settings
        && args.linear_phase
    {
        settings.eq.phase = EqPhase::Linear;
    }
    let share = |own: Option<f64>| own.unwrap_or(args.amount) / 100.0;
    let asked = args.target.target.is_some()
        || args.target.lufs.is_some()
        || args.target.ceiling.is_some()
        || args.max_limiting.is_some();
    if asked && let Some(settings) = &settings {
        // What was not asked for stays as the file has it.
        let own = &settings.target;
        let named = args.target.target.is_some();
        if !named && args.target.lufs.is_none() {
            target.integrated_lufs = own.integrated_lufs;
        }
        if !named && args.target.ceiling.is_none() {
            target.true_peak_dbtp = own.true_peak_dbtp;
        }
        if args.max_limiting.is_none() {
            target.max_limiting_db = own.max_limiting_db;
        }
    }
    Settings::aiming_at(target).validate()?;
    Ok(Brief {
        target,
        target_overrides: asked,
        keep_loudness: args.target.lufs == Some(Loudness::Keep),
        amounts: Amounts {
            eq: share(args.eq_amount),
            compressor: share(args.compressor_amount),
            saturation: share(args.saturation_amount),
            stereo: share(args.stereo_amount),
        },
        bypass: Bypass::new(args.bypass.iter().copied()),
        settings,
        sample_rate_hz: args.rate,
        word_length: args.word_length(),
        dual_mono: args.target.dual_mono,
        repair: !args.no_repair,
        codec_safe: !args.no_codec_safe
            && (args.codec_safe || implied(args.target.target.as_deref())),
        eq_phase: if args.linear_phase {
            EqPhase::Linear
        } else {
            EqPhase::Minimum
        },
    })
}

/// Whether a named target is one of a lossy platform.
fn implied(target: Option<&str>) -> bool {
    target
        .and_then(presets::find)
        .is_some_and(|preset| preset.codec_safe)
}

fn read_settings(path: &Path) -> anyhow::Result<Settings> {
    let text = acetate_io::read_text(path, MAX_SETTINGS_BYTES)?;
    settings_file::from_toml(&text).with_context(|| path.display().to_string())
}

/// The net, with weights of the caller's own or the embedded ones.
pub fn net(weights: Option<&Path>) -> anyhow::Result<NetPredictor> {
    let weights = match weights {
        None => Weights::embedded()?,
        Some(path) => {
            let bytes = acetate_io::read_bounded(path, acetate_model::weights::MAX_BYTES as u64)?;
            Weights::from_bytes(&bytes).with_context(|| path.display().to_string())?
        }
    };
    Ok(NetPredictor::new(weights))
}

/// Counts of a batch.
#[derive(Debug, Default)]
struct Tally {
    met: std::sync::atomic::AtomicUsize,
    missed: std::sync::atomic::AtomicUsize,
    skipped: std::sync::atomic::AtomicUsize,
    failed: std::sync::atomic::AtomicUsize,
}

impl Tally {
    fn count(&self, outcome: &anyhow::Result<Outcome>) {
        let counter = match outcome {
            Ok(Outcome::Met) => &self.met,
            Ok(Outcome::Missed) => &self.missed,
            Ok(Outcome::Skipped | Outcome::Resumed(_)) => &self.skipped,
            Err(_) => &self.failed,
        };
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    fn summary(&self, started: Instant) -> String {
        let get = |counter: &std::sync::atomic::AtomicUsize| {
            counter.load(std::sync::atomic::Ordering::Relaxed)
        };
        format!(
            "{} mastered and verified, {} delivered with the target missed, {} skipped, {} failed, in {:.1} s",
            get(&self.met),
            get(&self.missed),
            get(&self.skipped),
            get(&self.failed),
            started.elapsed().as_secs_f64()
        )
    }
}
