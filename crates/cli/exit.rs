//! Exit codes, and what happens on an interrupt.

use std::process::ExitCode;

/// How a run ended, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All met.
    Met,
    /// Delivered, but a check failed or the target could not be met honestly.
    Missed,
    /// Usage, or an input that cannot be read.
    Unusable,
}

/// Exit code of an interrupt, as shells report it.
const INTERRUPTED: i32 = 130;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Met => Self::SUCCESS,
            Exit::Missed => Self::from(1),
            Exit::Unusable => Self::from(2),
        }
    }
}

/// On SIGINT, SIGTERM and SIGHUP: removes temporary files and ends with code 130.
pub fn on_interrupt() -> anyhow::Result<()> {
    Ok(ctrlc::set_handler(|| {
        acetate_io::remove_all_temporary_files();
        std::process::exit(INTERRUPTED);
    })?)
}

/// True when the reader of our output went away, which is no error.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
