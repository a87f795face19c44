//! Exit codes, and what happens on an interrupt.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use signal_hook::low_level::signal_name;

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

/// A signal's exit code is this and its number, as shells report it.
const SIGNALLED: i32 = 128;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Met => Self::SUCCESS,
            Exit::Missed => Self::from(1),
            Exit::Unusable => Self::from(2),
        }
    }
}

/// On SIGINT, SIGTERM and SIGHUP: removes temporary files, says so and ends with code 130, 143 or
/// 129.
pub fn on_interrupt() -> anyhow::Result<()> {
    // A file that may not grow further is an error of that write, and no end of the run.
    signal_hook::flag::register(SIGXFSZ, Arc::default())?;
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            if let Some(signal) = signals.forever().next() {
                let removed = acetate_io::remove_all_temporary_files();
                // A closed standard error is no reason to stay.
                let _ = writeln!(
                    std::io::stderr(),
                    "stopped by a signal ({}): temporary files removed: {removed}; no input touched, \
                     nothing half-written under its final name",
                    signal_name(signal).unwrap_or("unknown")
                );
                std::process::exit(SIGNALLED + signal);
            }
        })?;
    Ok(())
}
