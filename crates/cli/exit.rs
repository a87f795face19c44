//! Exit codes, and what happens on an interrupt.

use std::io::Write;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

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
const SIGNALED: i32 = 128;

impl From<Exit> for u8 {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Met => 0,
            Exit::Missed => 1,
            Exit::Unusable => 2,
        }
    }
}

/// The signal that asked to stop; 0 before one.
static STOPPED_BY: AtomicI32 = AtomicI32::new(0);
/// Commands at work that stop by themselves when they are asked to.
static STOPPABLE: AtomicUsize = AtomicUsize::new(0);
/// Held by whoever ends the process.
static END: Mutex<()> = Mutex::new(());

/// How long a command may take to stop by itself: it looks at every block.
const GRACE: Duration = Duration::from_secs(5);

/// Whether a signal asked to stop.
pub fn is_stopping() -> bool {
    STOPPED_BY.load(Ordering::SeqCst) != 0
}

/// As long as this lives, a signal lets the command stop by itself.
pub struct Stoppable(());

/// Says that what follows asks [`is_stopping`] often.
pub fn stoppable() -> Stoppable {
    STOPPABLE.fetch_add(1, Ordering::SeqCst);
    Stoppable(())
}

impl Drop for Stoppable {
    fn drop(&mut self) {
        STOPPABLE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// On SIGINT, SIGTERM and SIGHUP (elsewhere than on Unix, on Ctrl-C alone): lets a command that can stop do so, ends helper programs, removes
/// temporary files, says so and ends with code 130, 143 or 129. A second signal does not wait.
pub fn on_interrupt() -> anyhow::Result<()> {
    let (give, more) = mpsc::channel();
    signals::send_to(give)?;
    std::thread::Builder::new()
        .name("stopping".to_owned())
        .spawn(move || {
            if let Ok(signal) = more.recv() {
                STOPPED_BY.store(signal, Ordering::SeqCst);
                if STOPPABLE.load(Ordering::SeqCst) > 0 {
                    let _ = more.recv_timeout(GRACE);
                }
                end_stopped();
            }
        })?;
    Ok(())
}

/// Ends the process if a signal asked for it.
pub fn end_if_stopped() {
    if is_stopping() {
        end_stopped();
    }
}

fn end_stopped() -> ! {
    let _alone = END.lock();
    let signal = STOPPED_BY.load(Ordering::SeqCst);
    acetate_io::end_all_helpers();
    let removed = acetate_io::remove_all_temporary_files();
    // A closed standard error is no reason to stay.
    let _ = writeln!(
        std::io::stderr(),
        "stopped by a signal ({}): temporary files removed: {removed}; no input touched, \
         nothing half-written under its final name",
        signals::name(signal).unwrap_or("unknown")
    );
    std::process::exit(SIGNALED + signal)
}

#[cfg(unix)]
mod signals {
    //! Signals as Unix has them.

    use std::sync::{Arc, mpsc};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;
    pub use signal_hook::low_level::signal_name as name;

    /// Sends the number of every signal that asks to stop.
    pub fn send_to(give: mpsc::Sender<i32>) -> anyhow::Result<()> {
        // A file that may not grow further is an error of that write, and no end of the run.
        signal_hook::flag::register(SIGXFSZ, Arc::default())?;
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for signal in signals.forever() {
                    if give.send(signal).is_err() {
                        return;
                    }
                }
            })?;
        Ok(())
    }
}

#[cfg(not(unix))]
mod signals {
    //! Ctrl-C alone.

    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    use signal_hook::consts::SIGINT;

    /// How often Ctrl-C is looked for.
    const STEP: Duration = Duration::from_millis(50);

    /// Sends its number at every Ctrl-C.
    pub fn send_to(give: mpsc::Sender<i32>) -> anyhow::Result<()> {
        let pressed = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(SIGINT, Arc::clone(&pressed))?;
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                loop {
                    std::thread::sleep(STEP);
                    if pressed.swap(false, Ordering::SeqCst) && give.send(SIGINT).is_err() {
                        return;
                    }
                }
            })?;
        Ok(())
    }

    /// Its name.
    pub fn name(_signal: i32) -> Option<&'static str> {
        Some("Ctrl-C")
    }
}
