//! The `acetate` binary: arguments, printing, progress, exit codes.
//!
//! `main` is a table of contents; each command is a file of its own. The work is done by
//! `acetate-engine`.

mod analyze;
mod args;
mod check;
mod docs;
mod exit;
mod inputs;
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

use anyhow::Context;

use crate::args::{Args, Command};
use crate::exit::Exit;
use crate::terminal::console;

/// Names the number of threads where `--threads` does not.
const THREADS_VARIABLE: &str = "RAYON_NUM_THREADS";

/// The system's allocator gives every large buffer back at once; training spent over a quarter of its
/// CPU time on getting them again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    acetate_io::silence_caught_panics();
    let args = Args::read();
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
