//! The pipes to and from a helper program: a thread waits for each, so that the caller need not.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::platform::{Ready, Wait};

/// Most bytes that lie between a thread and its caller, as many as in a pipe of Linux.
const MAX_BYTES: usize = 64 << 10;
/// How long the last words of a program that has ended are waited for: another program may hold its pipe.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Bytes between a thread and its caller.
#[derive(Debug, Default)]
struct Lane {
    bytes: VecDeque<u8>,
    /// The thread's side gave up, or came to its end.
    is_ended: bool,
    error: Option<io::Error>,
    /// The caller's side wants no more of it.
    is_closed: bool,
}

impl Lane {
    /// Takes what there is; 0 at the end.
    fn take(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self.bytes.read(bytes)? {
            0 if !self.is_ended && !self.is_closed => Err(ErrorKind::WouldBlock.into()),
            0 => self.error.take().map_or(Ok(0), Err),
            read => Ok(read),
        }
    }

    fn has_room(&self) -> bool {
        self.bytes.len() < MAX_BYTES
    }

    fn end(&mut self, error: Option<io::Error>) {
        self.is_ended = true;
        self.error = error;
    }
}

#[derive(Debug, Default)]
struct Lanes {
    input: Lane,
    output: Lane,
    said: Lane,
}

#[derive(Debug, Default)]
struct Shared {
    lanes: Mutex<Lanes>,
    changed: Condvar,
}

impl Shared {
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something, and wakes whoever waits for it.
    fn change<T>(&self, change: impl FnOnce(&mut Lanes) -> T) -> T {
        let changed = change(&mut self.lanes());
        self.changed.notify_all();
        changed
    }

    /// Waits until something holds, or at most so long.
    fn wait_until(&self, limit: Duration, holds: impl Fn(&Lanes) -> bool) -> MutexGuard<'_, Lanes> {
        let waited = (self.changed).wait_timeout_while(self.lanes(), limit, |lanes| !holds(lanes));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Waits until something holds, however long.
    fn wait_for(&self, mut holds: impl FnMut(&mut Lanes) -> bool) -> MutexGuard<'_, Lanes> {
        let waited = (self.changed).wait_while(self.lanes(), |lanes| !holds(lanes));
        waited.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which lane of them.
type Which = fn(&mut Lanes) -> &mut Lane;

/// This side's ends. Each call returns at once, with `WouldBlock` where the program lets wait.
#[derive(Debug)]
pub(crate) struct Pipes {
    shared: Arc<Shared>,
    has_input: bool,
    /// Until it is read for the first time: it may be handed to another program.
    stdout: Option<ChildStdout>,
    is_read: bool,
}

impl Pipes {
    pub(super) fn of(child: &mut Child) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let stdin = child.stdin.take();
        let has_input = stdin.is_some();
        if let Some(stdin) = stdin {
            let shared = Arc::clone(&shared);
            start(move || give(&shared, stdin))?;
        }
        match child.stderr.take() {
            Some(stderr) => {
                let shared = Arc::clone(&shared);
                start(move || collect(&shared, stderr, |lanes| &mut lanes.said))?;
            }
            None => shared.lanes().said.is_closed = true,
        }
        let stdout = child.stdout.take();
        Ok(Self {
            shared,
            has_input,
            stdout,
            is_read: false,
        })
    }

    /// Hands its standard output to another program.
    pub(crate) fn take_stdout(&mut self) -> Option<Stdio> {
        self.stdout.take().map(Stdio::from)
    }

    /// Reads its output; 0 at the end.
    pub(crate) fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if let Some(stdout) = self.stdout.take() {
            let shared = Arc::clone(&self.shared);
            start(move || collect(&shared, stdout, |lanes| &mut lanes.output))?;
            self.is_read = true;
        }
        if !self.is_read {
            return Ok(0);
        }
        self.shared.change(|lanes| lanes.output.take(bytes))
    }

    /// Reads what it says; 0 at the end.
    pub(crate) fn listen(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.shared.change(|lanes| lanes.said.take(bytes))
    }

    /// Gives it some of `bytes`.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.has_input {
            return Err(ErrorKind::BrokenPipe.into());
        }
        self.shared.change(|Lanes { input, .. }| {
            if input.is_ended || input.is_closed {
                let error = input.error.take();
                return Err(error.unwrap_or_else(|| ErrorKind::BrokenPipe.into()));
            }
            let room = MAX_BYTES.saturating_sub(input.bytes.len());
            if room == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            input.bytes.extend(bytes.iter().take(room));
            Ok(room.min(bytes.len()))
        })
    }

    /// Closes its standard input when it was given all of it.
    pub(crate) fn close_input(&mut self) {
        self.shared.change(|lanes| lanes.input.is_closed = true);
    }

    /// Closes its standard output when it gives something more.
    pub(crate) fn close_output(&mut self) {
        (self.stdout, self.is_read) = (None, false);
        self.shared.change(|lanes| lanes.output.is_closed = true);
    }

    /// Listens no more.
    pub(crate) fn close_said(&mut self) {
        self.shared.change(|lanes| lanes.said.is_closed = true);
    }

    /// Waits for what a program that has ended said last.
    pub(crate) fn settle(&self) {
        let is_said = |lanes: &Lanes| lanes.said.is_ended || !lanes.said.has_room();
        drop(self.shared.wait_until(LAST_WORDS, is_said));
    }

    /// Waits for a pipe, and for what the program says, at most so long; `None` where there is no such pipe.
    pub(crate) fn wait(&self, what: Wait, limit: Duration) -> io::Result<Option<Ready>> {
        let is_there = match what {
            Wait::Input => self.has_input,
            Wait::Output => self.is_read,
        };
        if !is_there {
            return Ok(None);
        }
        let is_ready = |lanes: &Lanes| match what {
            Wait::Input => lanes.input.has_room() || lanes.input.is_ended,
            Wait::Output => !lanes.output.bytes.is_empty() || lanes.output.is_ended,
        };
        let has_said = |Lanes { said, .. }: &Lanes| {
            !said.is_closed && (!said.bytes.is_empty() || said.is_ended)
        };
        let lanes = self
            .shared
            .wait_until(limit, |lanes| is_ready(lanes) || has_said(lanes));
        let (is_ready, has_said) = (is_ready(&lanes), has_said(&lanes));
        Ok(Some(Ready { is_ready, has_said }))
    }
}

impl Drop for Pipes {
    fn drop(&mut self) {
        // The threads end as soon as their pipes let them.
        self.shared.change(|lanes| {
            lanes.input.bytes.clear();
            for lane in [&mut lanes.input, &mut lanes.output, &mut lanes.said] {
                lane.is_closed = true;
            }
        });
    }
}

fn start(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new()
        .name("pipe".to_owned())
        .spawn(work)
        .map(drop)
}

/// Takes all that a pipe gives, as far as there is room.
fn collect(shared: &Shared, mut pipe: impl Read, which: Which) {
    let mut piece = vec![0; MAX_BYTES / 4];
    loop {
        let read = match pipe.read(&mut piece) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read,
        };
        let mut lanes = shared.wait_for(|lanes| which(lanes).has_room() || which(lanes).is_closed);
        let lane = which(&mut lanes);
        if lane.is_closed {
            lane.end(None);
        }
        match read {
            Ok(0) => lane.end(None),
            Ok(read) => lane.bytes.extend(piece.iter().take(read)),
            Err(error) => lane.end(Some(error)),
        }
        let is_ended = lane.is_ended;
        drop(lanes);
        shared.changed.notify_all();
        if is_ended {
            return;
        }
    }
}

/// Gives a pipe all that there is for it.
fn give(shared: &Shared, mut pipe: impl Write) {
    loop {
        let mut lanes =
            shared.wait_for(|Lanes { input, .. }| !input.bytes.is_empty() || input.is_closed);
        let bytes = Vec::from(std::mem::take(&mut lanes.input.bytes));
        drop(lanes);
        shared.changed.notify_all();
        if bytes.is_empty() {
            return;
        }
        if let Err(error) = pipe.write_all(&bytes) {
            shared.change(|lanes| lanes.input.end(Some(error)));
            return;
        }
    }
}
