//! The helpers that run now: a process-wide list, so that none outlives this process.

use std::collections::BTreeSet;
use std::io;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

static LIVE: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

fn live() -> MutexGuard<'static, BTreeSet<i32>> {
    // A set of numbers is whole after every operation.
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends every helper of this process, for the handler of an interrupt. The process has to exit right
/// after it: whoever starts or ends a helper from now on waits for that.
pub fn end_all_helpers() {
    let helpers = live();
    for pid in helpers.iter().filter_map(|pid| Pid::from_raw(*pid)) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
    std::mem::forget(helpers);
}

/// Starts the leader of a new process group.
pub(super) fn spawn(command: &mut Command) -> io::Result<(Child, Living)> {
    // The list is held until the program is on it: an interrupt in between waits.
    let mut live = live();
    let child = command.spawn()?;
    // Process numbers of the system are positive and fit.
    let pid = i32::try_from(child.id()).unwrap_or(0);
    live.insert(pid);
    Ok((child, Living(Some(pid))))
}

/// A process group whose leader was not waited for, so that its number is still its own.
#[derive(Debug)]
pub(super) struct Living(Option<i32>);

impl Living {
    fn pid(&self) -> Option<Pid> {
        self.0.and_then(Pid::from_raw)
    }

    /// Whether the leader has ended; it is not waited for.
    pub(super) fn has_ended(&self) -> bool {
        let Some(pid) = self.pid() else {
            return true;
        };
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(pid), look), Ok(None))
    }

    /// Ends all of the group. To be called before the leader is waited for.
    pub(super) fn end(&mut self) {
        if let Some(pid) = self.pid() {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        if let Some(pid) = self.0.take() {
            live().remove(&pid);
        }
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        self.end();
    }
}
