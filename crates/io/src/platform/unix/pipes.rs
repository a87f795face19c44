//! The pipes to and from a helper program: none of them is waited for except by `poll`.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionbio};

use crate::platform::{Ready, Wait};

/// This side's ends. Each call returns at once, with `WouldBlock` where the program lets wait.
#[derive(Debug)]
pub(crate) struct Pipes {
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
}

impl Pipes {
    pub(super) fn of(child: &mut Child) -> io::Result<Self> {
        let pipes = Self {
            stdin: child.stdin.take(),
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
        };
        (pipes.stdin.as_ref().map(AsFd::as_fd).into_iter())
            .chain(pipes.stdout.as_ref().map(AsFd::as_fd))
            .chain(pipes.stderr.as_ref().map(AsFd::as_fd))
            .try_for_each(|pipe| ioctl_fionbio(pipe, true))?;
        Ok(pipes)
    }

    /// Hands its standard output to another program.
    pub(crate) fn take_stdout(&mut self) -> Option<Stdio> {
        let stdout = self.stdout.take()?;
        // The next program expects to wait for it.
        ioctl_fionbio(&stdout, false).ok()?;
        Some(Stdio::from(stdout))
    }

    /// Reads its output; 0 at the end.
    pub(crate) fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stdout
            .as_mut()
            .map_or(Ok(0), |stdout| stdout.read(bytes))
    }

    /// Reads what it says; 0 at the end.
    pub(crate) fn listen(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stderr
            .as_mut()
            .map_or(Ok(0), |stderr| stderr.read(bytes))
    }

    /// Gives it some of `bytes`.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.stdin {
            Some(stdin) => stdin.write(bytes),
            None => Err(ErrorKind::BrokenPipe.into()),
        }
    }

    /// Closes its standard input.
    pub(crate) fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Closes its standard output.
    pub(crate) fn close_output(&mut self) {
        self.stdout = None;
    }

    /// Listens no more.
    pub(crate) fn close_said(&mut self) {
        self.stderr = None;
    }

    /// What a program that has ended said last is in the pipe by then.
    pub(crate) fn settle(&self) {}

    /// Waits for a pipe, and for what the program says, at most so long; `None` where there is no such pipe.
    pub(crate) fn wait(&self, what: Wait, limit: Duration) -> io::Result<Option<Ready>> {
        let started = Instant::now();
        loop {
            let left = limit.saturating_sub(started.elapsed());
            let timeout = Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: i64::from(left.subsec_nanos()),
            };
            let mut pipes = Vec::with_capacity(2);
            let first = match (what, &self.stdin, &self.stdout) {
                (Wait::Input, Some(stdin), _) => PollFd::new(stdin, PollFlags::OUT),
                (Wait::Output, _, Some(stdout)) => PollFd::new(stdout, PollFlags::IN),
                _ => return Ok(None),
            };
            pipes.push(first);
            pipes.extend((self.stderr.as_ref()).map(|stderr| PollFd::new(stderr, PollFlags::IN)));
            let ready = match poll(&mut pipes, Some(&timeout)) {
                Ok(ready) => ready,
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            let is_ready = pipes.first().is_some_and(|pipe| !pipe.revents().is_empty());
            let has_said = ready > usize::from(is_ready);
            return Ok(Some(Ready { is_ready, has_said }));
        }
    }
}
