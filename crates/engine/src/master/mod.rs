//! [`Engine`]: what is common to a run, read once; then one master for each job.

mod beside;
mod samples;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use acetate_master::report::{FileFacts, Treatment};
use acetate_master::{Brief, Forecast, MasterFile, Mastered, Report};
use acetate_model::{Predictor, Signature};
use anyhow::{Context as _, anyhow, bail};

use crate::analyses::{self, Analyses};
use crate::conflicts;
use crate::delivery::{FileDelivery, deliver_to_stdout};
use crate::error::{EngineError, or_canceled};
use crate::extras::settings_text::settings_text;
use crate::extras::variants::{self, RenderedVariant, Wanted};
use crate::extras::{self, RunContext};
use crate::ffmpeg::Ffmpeg;
use crate::input::Input;
use crate::job::{Job, is_pipe};
use crate::observer::{FileProgress, Observer};
use crate::options::Options;
use crate::record::{Known, Records, record_of};
use crate::request::Proposer;

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Delivered (or foreseen, in a dry run), every check passed.
    Met,
    /// Delivered, but a check failed or the target could not be met honestly.
    Missed,
    /// Left alone: its output exists.
    Skipped,
    /// Left alone: an earlier run delivered it.
    DeliveredBefore,
}

impl Outcome {
    fn of(all_met: bool) -> Self {
        if all_met { Self::Met } else { Self::Missed }
    }
}

/// What came of a job.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivered {
    /// How it ended.
    pub outcome: Outcome,
    /// Every check passed; of a job that was left alone, as far as is known.
    pub all_met: bool,
    /// Each master with the file that it is in: one, or the variants with the one that was asked for first.
    /// None of a job that was left alone, and none of a dry run.
    pub masters: Vec<(PathBuf, MasterFile)>,
    /// What a dry run expects of the master.
    pub forecast: Option<JobForecast>,
}

/// What a dry run expects of a job.
#[derive(Clone, Debug)]
pub struct JobForecast {
    /// Where the master would go.
    pub output: PathBuf,
    /// The mix's file.
    pub input: FileFacts,
    /// What would be done, and what is predicted.
    pub forecast: Forecast,
}

impl From<JobForecast> for Report {
    fn from(job: JobForecast) -> Self {
        let mut report = Self::from(job.forecast);
        report.input = Some(job.input);
        report
    }
}

impl Delivered {
    fn left_alone(outcome: Outcome, all_met: bool) -> Self {
        Self {
            outcome,
            all_met,
            masters: Vec::new(),
            forecast: None,
        }
    }

    fn made(masters: Vec<(PathBuf, MasterFile)>) -> Self {
        let all_met = masters.iter().all(|(_, file)| file.mastered.all_met());
        Self {
            outcome: Outcome::of(all_met),
            all_met,
            masters,
            forecast: None,
        }
    }

    fn expected(forecast: JobForecast) -> Self {
        let all_met = forecast.forecast.all_met();
        Self {
            outcome: Outcome::of(all_met),
            all_met,
            masters: Vec::new(),
            forecast: Some(forecast),
        }
    }

    /// The report of each master, or of the one that a dry run expects, with the file that it is about.
    pub fn reports(&self) -> Vec<(PathBuf, Report)> {
        let masters = self.masters.iter().cloned();
        let masters = masters.map(|(path, file)| (path, Report::from(file)));
        let forecast = self.forecast.iter().cloned();
        let forecast = forecast.map(|job| (job.output.clone(), Report::from(job)));
        masters.chain(forecast).collect()
    }
}

/// Makes one master: [`Engine::new`], then [`Engine::master`].
///
/// # Errors
/// As both.
pub fn master(
    job: &Job,
    options: &Options,
    observer: &dyn Observer,
) -> Result<Delivered, EngineError> {
    Engine::new(std::slice::from_ref(job), options, observer)?.master(job, observer)
}

/// What is the same for every job of a run.
pub struct Engine {
    pub(crate) options: Options,
    /// Hash of everything that decides the sound but the input.
    request_hash: String,
    pub(crate) common: Arc<Common>,
}

/// What is read once.
pub(crate) struct Common {
    pub(crate) proposer: Proposer,
    pub(crate) analyses: Analyses,
    records: Records,
}

impl Engine {
    /// Refuses what can be known of the jobs to fail before any work, and reads what is common to all:
    /// weights, references, words.
    ///
    /// # Errors
    /// [`EngineError`]: a name that is taken, a reference or weights that cannot be read, a target out of
    /// range, or the observer stopped the work.
    pub fn new(
        jobs: &[Job],
        options: &Options,
        observer: &dyn Observer,
    ) -> Result<Self, EngineError> {
        or_canceled(Self::of(jobs, options, observer), observer)
    }

    fn of(jobs: &[Job], options: &Options, observer: &dyn Observer) -> anyhow::Result<Self> {
        options.request.check()?;
        conflicts::check(options, jobs)?;
        let seal = analyses::seal(&options.cache, observer);
        let common = Common {
            proposer: Proposer::new(&options.request, options.overwrite, observer)?,
            analyses: Analyses::new(&options.cache, seal.as_ref()),
            records: Records::new(seal),
        };
        let engine = Self::on(Arc::new(common), options)?;
        if !options.dry_run {
            clean_up(jobs, observer);
        }
        Ok(engine)
    }

    pub(crate) fn on(common: Arc<Common>, options: &Options) -> anyhow::Result<Self> {
        let mut options = options.clone();
        common.proposer.lead(&options.request, &mut options.brief)?;
        let predictor = common.proposer.predictor.as_ref();
        Ok(Self {
            request_hash: request_hash(&options.brief, predictor),
            options,
            common,
        })
    }

    /// Makes the master of a job and what is asked for beside it. What is delivered is whole: nothing has
    /// its final name before it is verified.
    ///
    /// # Errors
    /// [`EngineError`]: the mix cannot be read, the ceiling cannot be held, an output cannot be written, or
    /// the observer stopped the work.
    pub fn master(&self, job: &Job, observer: &dyn Observer) -> Result<Delivered, EngineError> {
        let delivered = or_canceled(
            self.deliver(job, self.options.overwrite, observer),
            observer,
        );
        observer.finished(&job.input);
        delivered
    }

    /// [`Engine::master`] of a job that [`Engine::new`] did not know, for callers that get one mix after the other:
    /// what is refused there is refused here. `overwrite`: a master that is there is replaced.
    ///
    /// # Errors
    /// As [`Engine::new`] and [`Engine::master`].
    pub fn master_another(
        &self,
        job: &Job,
        overwrite: bool,
        observer: &dyn Observer,
    ) -> Result<Delivered, EngineError> {
        let options = Options {
            overwrite,
            ..self.options.clone()
        };
        let make = || {
            conflicts::check(&options, std::slice::from_ref(job))?;
            self.deliver(job, overwrite, observer)
        };
        let delivered = or_canceled(make(), observer);
        observer.finished(&job.input);
        delivered
    }

    /// Who proposes the settings.
    pub fn predictor(&self) -> &dyn Predictor {
        self.common.proposer.predictor.as_ref()
    }

    /// What the references have in common; `None` without any.
    pub fn reference(&self) -> Option<&Signature> {
        self.common.proposer.reference.as_ref()
    }

    fn deliver(
        &self,
        job: &Job,
        overwrite: bool,
        observer: &dyn Observer,
    ) -> anyhow::Result<Delivered> {
        let options = &self.options;
        if options.skip_existing && !is_pipe(&job.output) && job.output.exists() {
            observer.note(&format!("{}: exists, skipped", job.output.display()));
            return Ok(Delivered::left_alone(Outcome::Skipped, true));
        }
        let mut replaces = Replaces {
            overwrite,
            same_as: None,
        };
        let mut job = job.clone();
        match self.delivered_before(&job)? {
            Known::Claimed { blake3 } => {
                observer.note(&format!(
                    "{}: delivered before, as another user's record says: made again and compared",
                    job.output.display()
                ));
                replaces = Replaces {
                    overwrite: true,
                    same_as: Some(blake3),
                };
            }
            Known::Delivered { all_met } => {
                job = job.without_what_exists();
                let is_whole = job.is_master_alone();
                observer.note(&format!(
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
                    return Ok(Delivered::left_alone(Outcome::DeliveredBefore, all_met));
                }
                // The earlier run ended between the master and what stands beside it. Nothing else is
                // replaced.
                replaces.overwrite = true;
            }
            _ => {}
        }
        self.make(&job, &replaces, observer)
    }

    fn make(
        &self,
        job: &Job,
        replaces: &Replaces,
        observer: &dyn Observer,
    ) -> anyhow::Result<Delivered> {
        let options = &self.options;
        let folder = if is_pipe(&job.output) {
            None
        } else {
            job.output.parent()
        };
        let mut input = Input::open(&job.input, folder, options.strict, observer)?;
        if options.dry_run {
            let forecast = self.dry_run(job, &mut input, observer)?;
            self.write_settings(job, &forecast.forecast.treatment)?;
            return Ok(Delivered::expected(forecast));
        }
        let mut variants = Vec::new();
        let file = match options.variants {
            None => self.write(job, &mut input, replaces, observer)?,
            Some(count) => {
                variants = self.vary(job, &mut input, count, observer)?;
                for one in variants.iter_mut().skip(1) {
                    (one.file.mastered.assessment.checks).extend(input.whole_check());
                }
                let first = variants.first_mut().context("no variant was made")?;
                input.assess(&mut first.file.mastered.assessment);
                first.file.clone()
            }
        };
        self.write_settings(job, &file.mastered.treatment)?;
        if let Some(path) = &job.certificate {
            let certificate = acetate_master::Certificate::new(&file, &options.brief)?;
            acetate_io::deliver_text(path, &certificate.to_json()?, options.overwrite)?;
        }
        extras::write(job, &mut input, &file, &variants, &self.context(observer))?;
        let others = variants.into_iter().skip(1).map(|one| (one.path, one.file));
        let first = std::iter::once((job.output.clone(), file));
        Ok(Delivered::made(first.chain(others).collect()))
    }

    pub(crate) fn context<'a>(&'a self, observer: &'a dyn Observer) -> RunContext<'a> {
        RunContext {
            options: &self.options,
            reference: self.common.proposer.reference.as_ref(),
            observer,
        }
    }

    fn write_settings(&self, job: &Job, treatment: &Treatment) -> anyhow::Result<()> {
        if let Some(path) = &job.settings {
            let text = settings_text(&treatment.settings)?;
            acetate_io::deliver_text(path, &text, self.options.overwrite)?;
        }
        Ok(())
    }

    /// For `resume`: what is known of the very master that is there; `Absent` where it has to be made.
    fn delivered_before(&self, job: &Job) -> anyhow::Result<Known> {
        let options = &self.options;
        if !options.resume || is_pipe(&job.output) || is_pipe(&job.input) || options.dry_run {
            return Ok(Known::Absent);
        }
        let output = job.output.display();
        match self.common.records.look_up(job, &self.request_hash)? {
            known @ (Known::Absent | Known::Delivered { .. }) => Ok(known),
            _ if options.overwrite => Ok(Known::Absent),
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

    fn dry_run<'a>(
        &self,
        job: &Job,
        input: &mut Input<'a>,
        observer: &'a dyn Observer,
    ) -> anyhow::Result<JobForecast> {
        let brief = &self.options.brief;
        let beside = self.beside(input, observer)?;
        let mut progress = FileProgress::new(observer, &job.input);
        let measured = self
            .common
            .analyses
            .of(input, brief, observer, &mut progress)?;
        let mut forecast = measured
            .plan(self.common.proposer.predictor.as_ref(), brief)
            .and_then(|planned| planned.dry_run(input.source(), &mut progress))
            .with_context(|| job.input.display().to_string())?;
        if let Some(beside) = beside {
            let assessment = &mut forecast.assessment;
            beside.tell(&forecast.analysis, assessment, &mut forecast.treatment)?;
        }
        input.assess(&mut forecast.assessment);
        Ok(JobForecast {
            output: job.output.clone(),
            input: input.facts()?,
            forecast,
        })
    }

    /// Makes and delivers the master.
    fn write<'a>(
        &self,
        job: &Job,
        input: &mut Input<'a>,
        replaces: &Replaces,
        observer: &'a dyn Observer,
    ) -> anyhow::Result<MasterFile> {
        let brief = &self.options.brief;
        let mut delivery = FileDelivery::new(job, input.path(), replaces.overwrite)?;
        let beside = self.beside(input, observer)?;
        let mut progress = FileProgress::new(observer, &job.input);
        let measured = self
            .common
            .analyses
            .of(input, brief, observer, &mut progress)?;
        let mut mastered = measured
            .plan(self.common.proposer.predictor.as_ref(), brief)
            .and_then(|planned| planned.render(input.source(), &mut delivery, &mut progress))
            .and_then(|mut rendered| {
                if brief.codec_safe {
                    let mut codecs = Ffmpeg::probe();
                    rendered.deliver_codec_safe(&mut delivery, &mut codecs, &mut progress)
                } else {
                    rendered.deliver(&mut delivery, &mut progress)
                }
            })
            .with_context(|| job.input.display().to_string())?;
        if let Some(beside) = beside {
            let assessment = &mut mastered.assessment;
            beside.tell(&mastered.analysis, assessment, &mut mastered.treatment)?;
        }
        input.assess(&mut mastered.assessment);
        warn_of_missing_codecs(job, &mastered, observer);
        delivery.tell_metadata(observer);
        let file = delivery.master_file(input.facts()?, mastered)?;
        let expected = replaces.same_as.as_ref();
        if expected.is_some_and(|expected| *expected != file.output.blake3) {
            return Err(another_file(&job.output));
        }
        if is_pipe(&job.output) {
            deliver_to_stdout(delivery)?;
        } else {
            if self.options.keep_record {
                self.common
                    .records
                    .add(&job.output, &self.request_hash, &file)?;
            }
            delivery.commit()?;
        }
        Ok(file)
    }

    /// Several masters of one mix.
    fn vary(
        &self,
        job: &Job,
        input: &mut Input<'_>,
        count: usize,
        observer: &dyn Observer,
    ) -> anyhow::Result<Vec<RenderedVariant>> {
        let brief = &self.options.brief;
        if brief.codec_safe {
            observer.warn(
                "--variants tries no codecs: the target's ceiling is held, lossy copies are not tested",
            );
        }
        let mut progress = FileProgress::new(observer, &job.input);
        let measured = self
            .common
            .analyses
            .of(input, brief, observer, &mut progress)?;
        let wanted = Wanted {
            brief,
            predictor: self.common.proposer.predictor.as_ref(),
            count,
            overwrite: self.options.overwrite,
        };
        variants::deliver(job, input, &measured, &wanted, observer)
    }
}

/// What a master may take the place of.
struct Replaces {
    overwrite: bool,
    /// The hash that it has to have, as the file that it replaces.
    same_as: Option<String>,
}

fn another_file(output: &Path) -> anyhow::Error {
    anyhow!(
        "{}: expected the master that was delivered and verified, found another file: use --overwrite to replace it",
        output.display()
    )
}

/// Hash of everything that decides the sound of a master but its input.
fn request_hash(brief: &Brief, predictor: &dyn Predictor) -> String {
    let version = env!("CARGO_PKG_VERSION");
    acetate_io::text_hash(&format!("{version} {} {brief:?}", predictor.hash()))
}

fn warn_of_missing_codecs(job: &Job, mastered: &Mastered, observer: &dyn Observer) {
    for missing in mastered.codecs.iter().flat_map(|codecs| &codecs.missing) {
        observer.warn(&format!(
            "{}: {} was not tried ({}): its documented margin is used, a ceiling of at most {:.1} dBTP",
            job.output.display(),
            missing.codec,
            missing.reason,
            missing.allowed_dbtp
        ));
    }
}

/// Removes what killed runs left in the folders that are written to.
fn clean_up(jobs: &[Job], observer: &dyn Observer) {
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
            observer.note(&format!(
                "{folder}: temporary files of a killed run removed: {removed}"
            ));
        }
    }
}
