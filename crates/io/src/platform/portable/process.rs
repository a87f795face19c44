//! Helper programs: a process-wide list, so that none outlives this process. What a program started itself
//! is not ended with it.

use std::collections::BTreeMap;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Pipes;

type Shared = Arc<Mutex<Child>>;

static LIVE: Mutex<BTreeMap<u64, Shared>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(0);

fn live() -> MutexGuard<'static, BTreeMap<u64, Shared>> {
    // The list is whole after every operation.
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends every helper of this process, for the handler of an interrupt. The process has to exit right
/// after it: whoever starts or ends a helper from now on waits for that.
pub fn end_all_helpers() {
    let helpers = live();
    for child in helpers.values() {
        let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
    }
    std::mem::forget(helpers);
}

/// Starts a program; its pipes are taken from it.
pub(crate) fn spawn(command: &mut Command) -> io::Result<(Running, io::Result<Pipes>)> {
    // The list is held until the program is on it: an interrupt in between waits.
    let mut live = live();
    let mut child = command.spawn()?;
    let pipes = Pipes::of(&mut child);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let child = Arc::new(Mutex::new(child));
    live.insert(number, Arc::clone(&child));
    Ok((Running { child, number }, pipes))
}

/// A program.
#[derive(Debug)]
pub(crate) struct Running {
    child: Shared,
    number: u64,
}

impl Running {
    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&self) -> bool {
        !matches!(self.child().try_wait(), Ok(None))
    }

    /// Ends it.
    pub(crate) fn end(&mut self) {
        let _ = self.child().kill();
        live().remove(&self.number);
    }

    /// Ends it, and tells how it ended.
    pub(crate) fn wait(&mut self) -> io::Result<ExitStatus> {
        self.end();
        self.child().wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It was killed, or has ended.
        let _ = self.wait();
    }
}
