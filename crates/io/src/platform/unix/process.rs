//! Helper programs, each the leader of a process group: a process-wide list, so that none outlives this
//! process.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::Pipes;

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

/// Starts the leader of a new process group; its pipes are taken from it.
pub(crate) fn spawn(command: &mut Command) -> io::Result<(Running, io::Result<Pipes>)> {
    command.process_group(0);
    // The list is held until the program is on it: an interrupt in between waits.
    let mut live = live();
    let mut child = command.spawn()?;
    // Process numbers of the system are positive and fit.
    let pid = i32::try_from(child.id()).unwrap_or(0);
    live.insert(pid);
    let pipes = Pipes::of(&mut child);
    let pid = Some(pid);
    Ok((Running { child, pid }, pipes))
}

/// A process group. Its number is its own until its leader is waited for.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    pid: Option<i32>,
}

impl Running {
    fn pid(&self) -> Option<Pid> {
        self.pid.and_then(Pid::from_raw)
    }

    /// Whether the leader has ended; it is not waited for.
    pub(crate) fn has_ended(&self) -> bool {
        let Some(pid) = self.pid() else {
            return true;
        };
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(pid), look), Ok(None))
    }

    /// Ends all of the group.
    pub(crate) fn end(&mut self) {
        if let Some(pid) = self.pid() {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        if let Some(pid) = self.pid.take() {
            live().remove(&pid);
        }
    }

    /// Ends all of the group, and tells how the leader ended.
    pub(crate) fn wait(&mut self) -> io::Result<ExitStatus> {
        // Before the leader is waited for: its number is still its own.
        self.end();
        self.child.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It was killed, or has ended.
        let _ = self.wait();
    }
}
