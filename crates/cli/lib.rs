//! The commands of `acetate`: arguments, printing, progress, exit codes.
//!
//! Each command is a file of its own; the work is done by `acetate-engine`. A library, so that the Python
//! package can bring the same command and read options as it does: [`run`] is the whole program,
//! [`master_request`], [`album_request`] and [`verify_request`] are what a command line asks for, resolved.
//!
//! Not its job: the sound, files and their delivery.

mod analyze;
mod args;
mod check;
mod docs;
mod exit;
mod jobs;
mod learn;
mod master;
mod options;
#[cfg(feature = "studio")]
mod studio;
mod terminal;
#[cfg(feature = "training")]
mod training;
mod verify;

use std::ffi::OsString;
use std::fmt;

use acetate_album::InPlaces;
use acetate_dsp::settings::Target;
use acetate_engine::{Conflicts, Job, Options};
use anyhow::{Context, bail};

use crate::args::{Args, Command};
use crate::exit::Exit;
use crate::terminal::console;

/// Names the number of threads where `--threads` does not.
const THREADS_VARIABLE: &str = "RAYON_NUM_THREADS";

/// Runs a command line, the program's name first, and returns the exit code. A usage error, `--help` and
/// `--version` end the process.
pub fn run(words: Vec<OsString>) -> u8 {
    acetate_io::silence_caught_panics();
    let args = Args::of(words).unwrap_or_else(|error| error.exit());
    let console = console::Console::new(&args.global);
    let outcome = exit::on_interrupt()
        .and_then(|()| threads(args.global.threads))
        .and_then(|()| match &args.command {
            Command::Master(command) => master::run(command, &console),
            Command::Album(command) => master::album::run(command, &console),
            Command::Analyze(command) => analyze::run(command, &console),
            Command::Check(command) => check::run(command, &console),
            Command::Verify(command) => verify::run(command, &console),
            Command::Learn(command) => learn::run(command, &console),
            #[cfg(feature = "studio")]
            Command::Studio(command) => studio::run(command, &console),
            #[cfg(feature = "training")]
            Command::Train(command) => training::train::run(command, &console),
            #[cfg(feature = "training")]
            Command::Eval(command) => training::eval::run(command, &console),
            #[cfg(feature = "training")]
            Command::Dataset(command) => training::dataset::run(command, &console),
            Command::Schema(command) => docs::schema(command, &console),
            Command::Params => docs::params(&console),
            Command::Completions(command) => docs::completions(command, &console),
            Command::Man(command) => docs::man(command, &console),
        });
    exit::end_if_stopped();
    outcome
        .unwrap_or_else(|error| {
            console.error(&error);
            Exit::Unusable
        })
        .into()
}

/// Sizes the pool: `--threads`, else RAYON_NUM_THREADS, else all cores.
fn threads(threads: Option<usize>) -> anyhow::Result<()> {
    let threads = match (threads, std::env::var(THREADS_VARIABLE)) {
        (Some(threads), _) => Some(threads),
        (None, Ok(text)) if !text.is_empty() => {
            let threads = args::thread_count(&text).map_err(anyhow::Error::msg);
            Some(threads.context(THREADS_VARIABLE)?)
        }
        (None, _) => None,
    };
    let builder = rayon::ThreadPoolBuilder::new();
    let builder = match threads {
        Some(threads) => builder.num_threads(threads),
        None => builder,
    };
    let built = builder.build_global();
    built.context("the system gives no threads to work with: try --threads 1")
}

/// A command line that cannot be understood, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError(String);

impl UsageError {
    /// What is wrong.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

impl From<clap::Error> for UsageError {
    /// What is wrong, without tips for a terminal.
    fn from(error: clap::Error) -> Self {
        let text = error.to_string();
        let first = text.split("\n\n").next().unwrap_or_default();
        Self::new(first.strip_prefix("error: ").unwrap_or(first))
    }
}

/// An error with its causes, each said once.
pub fn in_words(error: &anyhow::Error) -> String {
    console::causes_in_words(error)
}

/// What a command line of `acetate master` asks for.
pub struct MasterRequest {
    /// What is the same for every mix.
    pub options: Options,
    /// One for each mix.
    pub jobs: Vec<Job>,
}

/// Resolves a command line of `acetate master`, the program's name first.
///
/// # Errors
/// [`UsageError`] where it cannot be understood; else what is wrong with its values or files.
pub fn master_request(words: Vec<OsString>) -> anyhow::Result<MasterRequest> {
    match Args::of(words).map_err(UsageError::from)?.command {
        Command::Master(args) => Ok(MasterRequest {
            options: options::options(&args)?,
            jobs: jobs::jobs(&args)?,
        }),
        _ => bail!("expected the command master"),
    }
}

/// Resolves a command line of `acetate master --album`, the program's name first.
///
/// # Errors
/// As [`master_request`].
pub fn album_request(words: Vec<OsString>) -> anyhow::Result<InPlaces> {
    match Args::of(words).map_err(UsageError::from)?.command {
        Command::Master(args) if args.album => {
            let (options, jobs) = (options::options(&args)?, jobs::jobs(&args)?);
            Conflicts::of(&options, &jobs).check()?;
            master::album::asked(&args, &jobs, options.brief)
        }
        _ => bail!("expected the command master with --album"),
    }
}

/// What a command line of `acetate verify` asks for.
pub struct VerifyRequest {
    /// What files are held against.
    pub target: Target,
    /// A mono file is measured as two speakers play it.
    pub dual_mono: bool,
}

/// Resolves a command line of `acetate verify`, the program's name first.
///
/// # Errors
/// As [`master_request`].
pub fn verify_request(words: Vec<OsString>) -> anyhow::Result<VerifyRequest> {
    match Args::of(words).map_err(UsageError::from)?.command {
        Command::Verify(args) => Ok(VerifyRequest {
            target: verify::number_target(&args.target)?,
            dual_mono: args.target.dual_mono,
        }),
        _ => bail!("expected the command verify"),
    }
}
