//! [`Helper`]: another program, run so that it can neither hold us up nor outlive us.
//!
//! It runs without a shell in a process group of its own, is fed and read through pipes, and what it
//! says on standard error is kept. Only the time that is spent waiting for it counts, so that a slow
//! reader of its output is not held against it. Past its time it is killed with all that it started;
//! so it is when it is dropped, and by [`end_all_helpers`](crate::end_all_helpers) when a signal ends this process. A process
//! that is killed with SIGKILL can do nothing: its helpers find their pipes closed.

pub(crate) mod ffmpeg;

use std::fmt;
use std::io::{self, ErrorKind};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

pub use self::ffmpeg::installed_ffmpeg;
use crate::error::MAX_DURATION_S;
use crate::platform::{Pipes, Running, Wait, spawn};

/// Most of what a program says that is kept.
const MAX_SAID_BYTES: usize = 16 << 10;
/// How often the end of a program is looked for that has closed its output.
const END_STEP: Duration = Duration::from_millis(10);

/// How long a program may keep us waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// At one time, without a byte taken or given.
    pub at_once: Duration,
    /// In all.
    pub in_all: Duration,
}

impl Patience {
    /// For work on `seconds` of sound: it grows with them.
    pub fn for_sound(seconds: f64) -> Self {
        let seconds = if seconds.is_finite() { seconds } else { 0.0 };
        // What a header states may be any number; nothing longer than this is read.
        let length = seconds.clamp(0.0, MAX_DURATION_S as f64);
        Self {
            at_once: Duration::from_secs_f64(8.0 + (length / 120.0).min(52.0)),
            in_all: Duration::from_secs_f64(20.0 + length),
        }
    }

    /// For work on a file of so many bytes, whose length is not known: 16 kB are a second.
    pub fn for_bytes(bytes: u64) -> Self {
        Self::for_sound(bytes as f64 / 16e3)
    }
}

/// Why a helper gave nothing that can be used.
#[derive(Debug, thiserror::Error)]
pub enum HelperError {
    /// No such program.
    #[error("{program} is not installed")]
    NotInstalled {
        /// Its name.
        program: String,
    },
    /// It is there, and cannot be run.
    #[error("{program} cannot be run: {source}")]
    Start {
        /// Its name.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// It took too long and was ended.
    #[error("{program} was ended because it gave no result within {waited_s:.0} s")]
    TimedOut {
        /// Its name.
        program: String,
        /// How long it was waited for, s.
        waited_s: f64,
    },
    /// It ended with an error.
    #[error("{program} ended with {status}{}", Remark(said))]
    Failed {
        /// Its name.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// What it said.
        said: String,
    },
    /// It does not say its version, so it is not what its name says.
    #[error("ffmpeg does not say its version{}", Remark(said))]
    NoVersion {
        /// What it said.
        said: String,
    },
    /// More output than is ever expected.
    #[error("{program} gave more than {max_bytes} bytes where a short answer was expected")]
    TooMuch {
        /// Its name.
        program: String,
        /// The most that is read.
        max_bytes: usize,
    },
    /// A pipe failed.
    #[error("the pipe to or from {program} failed: {source}")]
    Pipe {
        /// Its name.
        program: String,
        /// What the system said.
        source: io::Error,
    },
}

/// The first line of what a program said, behind a colon.
struct Remark<'a>(&'a str);

impl fmt::Display for Remark<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match first_line(self.0) {
            Some(line) => write!(f, ": {line}"),
            None => Ok(()),
        }
    }
}

/// The first line that says something, without control characters and without the addresses in
/// memory that ffmpeg puts into it, which are others each time.
pub(crate) fn first_line(said: &str) -> Option<String> {
    let line = said.lines().map(str::trim).find(|line| !line.is_empty())?;
    let mut words = line.split(' ').peekable();
    let mut kept: Vec<&str> = Vec::new();
    while let Some(word) = words.next() {
        match words.peek() {
            Some(next) if word == "@" && next.starts_with("0x") => {
                if let (Some(last), Some(address)) = (kept.pop(), words.next()) {
                    // "[wavpack @ 0x55802332ca40]"
                    kept.push(last.trim_start_matches('['));
                    let is_closed = address.ends_with(']');
                    kept.extend(is_closed.then_some("says:"));
                }
            }
            _ => kept.push(word),
        }
    }
    let line = kept.join(" ");
    Some(line.chars().filter(|c| !c.is_control()).take(200).collect())
}

/// A running program.
#[derive(Debug)]
pub struct Helper {
    program: String,
    running: Running,
    pipes: Pipes,
    said: Vec<u8>,
    patience: Patience,
    waited: Duration,
}

impl Helper {
    /// Starts a program. Its standard input and output stay as the command has them; the ones that
    /// are piped belong to this side.
    ///
    /// # Errors
    /// [`HelperError::NotInstalled`] and [`HelperError::Start`].
    pub fn start(mut command: Command, patience: Patience) -> Result<Self, HelperError> {
        let program = command.get_program().to_string_lossy().into_owned();
        command
            .stderr(Stdio::piped())
            // A log file that the environment asks for would be written beside the music.
            .env_remove("FFREPORT")
            .env("AV_LOG_FORCE_NOCOLOR", "1");
        let (running, pipes) = match spawn(&mut command) {
            Ok(started) => started,
            Err(source) if source.kind() == ErrorKind::NotFound => {
                return Err(HelperError::NotInstalled { program });
            }
            Err(source) => return Err(HelperError::Start { program, source }),
        };
        match pipes {
            Ok(pipes) => Ok(Self {
                program,
                running,
                pipes,
                said: Vec::new(),
                patience,
                waited: Duration::ZERO,
            }),
            Err(source) => Err(HelperError::Pipe { program, source }),
        }
    }

    /// Runs a program that reads nothing to its end; gives what it wrote, at most `max_bytes`, and what
    /// it said.
    ///
    /// # Errors
    /// [`HelperError`].
    pub fn answer(
        mut command: Command,
        patience: Patience,
        max_bytes: usize,
    ) -> Result<(Vec<u8>, String), HelperError> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut helper = Self::start(command, patience)?;
        let mut output = Vec::new();
        let mut piece = vec![0; 16 << 10];
        loop {
            match helper.read(&mut piece)? {
                0 => break,
                read => output.extend(&piece[..read]),
            }
            if output.len() > max_bytes {
                let program = helper.program.clone();
                return Err(HelperError::TooMuch { program, max_bytes });
            }
        }
        Ok((output, helper.finish()?))
    }

    /// Hands its standard output to another program.
    pub fn take_stdout(&mut self) -> Option<Stdio> {
        self.pipes.take_stdout()
    }

    /// Reads some of its output, as soon as there is any; 0 at the end.
    ///
    /// # Errors
    /// [`HelperError::TimedOut`] and [`HelperError::Pipe`].
    pub fn read(&mut self, bytes: &mut [u8]) -> Result<usize, HelperError> {
        loop {
            match self.pipes.read(bytes) {
                Ok(read) => return Ok(read),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait(Wait::Output)?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.pipe(error)),
            }
        }
    }

    /// Gives it all of `bytes`.
    ///
    /// # Errors
    /// [`HelperError::TimedOut`] and [`HelperError::Pipe`].
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), HelperError> {
        while !bytes.is_empty() {
            match self.pipes.write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait(Wait::Input)?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.pipe(error)),
            }
        }
        Ok(())
    }

    /// Closes its standard input.
    pub fn close_input(&mut self) {
        self.pipes.close_input();
    }

    /// Waits for its end; gives what it said on standard error.
    ///
    /// # Errors
    /// [`HelperError::Failed`] when it ended with an error, and [`HelperError::TimedOut`].
    pub fn finish(mut self) -> Result<String, HelperError> {
        self.pipes.close_input();
        self.pipes.close_output();
        let started = Instant::now();
        while !self.running.has_ended() {
            self.listen();
            if started.elapsed() > self.patience_left() {
                return Err(self.timed_out(started.elapsed()));
            }
            std::thread::sleep(END_STEP);
        }
        // Whatever it started goes with it.
        let status = self.running.wait().map_err(|error| self.pipe(error))?;
        self.pipes.settle();
        self.listen();
        let said = String::from_utf8_lossy(&self.said).into_owned();
        if status.success() {
            Ok(said)
        } else {
            Err(HelperError::Failed {
                program: self.program.clone(),
                status,
                said,
            })
        }
    }

    fn patience_left(&self) -> Duration {
        let left = self.patience.in_all.saturating_sub(self.waited);
        left.min(self.patience.at_once)
    }

    /// Waits until it can be read from or written to, and listens to it meanwhile.
    fn wait(&mut self, what: Wait) -> Result<(), HelperError> {
        let started = Instant::now();
        let limit = self.patience_left();
        loop {
            let left = limit.saturating_sub(started.elapsed());
            let Some(ready) = (self.pipes.wait(what, left)).map_err(|error| self.pipe(error))?
            else {
                return Ok(());
            };
            if ready.has_said {
                self.listen();
            }
            if ready.is_ready {
                self.waited += started.elapsed();
                return Ok(());
            }
            if started.elapsed() >= limit {
                return Err(self.timed_out(started.elapsed()));
            }
        }
    }

    /// Keeps what it said since the last time.
    fn listen(&mut self) {
        let mut piece = [0; 4096];
        loop {
            match self.pipes.listen(&mut piece) {
                Ok(0) => return self.pipes.close_said(),
                Ok(read) => {
                    let room = MAX_SAID_BYTES.saturating_sub(self.said.len());
                    self.said.extend(&piece[..read.min(room)]);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => return self.pipes.close_said(),
            }
        }
    }

    fn timed_out(&mut self, waited: Duration) -> HelperError {
        self.running.end();
        HelperError::TimedOut {
            program: self.program.clone(),
            waited_s: (waited).as_secs_f64(),
        }
    }

    fn pipe(&self, source: io::Error) -> HelperError {
        HelperError::Pipe {
            program: self.program.clone(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command
            .args(["-c", script])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        command
    }

    const SHORT: Patience = Patience {
        at_once: Duration::from_millis(300),
        in_all: Duration::from_millis(900),
    };

    #[test]
    fn one_that_trickles_is_ended_when_all_its_time_is_spent() {
        let trickle = "while :; do printf x; sleep 0.1; done";
        let started = Instant::now();
        let error = Helper::answer(shell(trickle), SHORT, 1 << 20).unwrap_err();
        assert!(matches!(error, HelperError::TimedOut { .. }), "{error}");
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_program_that_never_reads_does_not_hold_us_up() {
        let mut command = shell("sleep 300");
        command.stdin(Stdio::piped());
        let mut helper = Helper::start(command, SHORT).unwrap();
        let error = helper.write(&vec![0; 1 << 20]).unwrap_err();
        assert!(matches!(error, HelperError::TimedOut { .. }), "{error}");
    }

    #[test]
    fn what_it_writes_and_says_is_kept_and_its_end_is_told() {
        let (output, said) =
            Helper::answer(shell("printf abc; echo careful >&2"), SHORT, 100).unwrap();
        assert_eq!((&output[..], said.as_str()), (&b"abc"[..], "careful\n"));
        let error = Helper::answer(shell("echo 'no such codec' >&2; exit 3"), SHORT, 100);
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("exit status: 3: no such codec"),
            "unexpected: {error}"
        );
        let error = Helper::answer(Command::new("acetate-no-such-program"), SHORT, 100);
        assert_eq!(
            error.unwrap_err().to_string(),
            "acetate-no-such-program is not installed"
        );
        let error = Helper::answer(shell("head -c 5000 /dev/zero"), SHORT, 100);
        assert!(matches!(error, Err(HelperError::TooMuch { .. })));
    }

    #[test]
    fn a_program_that_says_very_much_does_not_get_stuck() {
        let script = "head -c 1000000 /dev/zero >&2; printf done";
        let (output, said) = Helper::answer(shell(script), SHORT, 100).unwrap();
        assert_eq!(output, b"done");
        assert_eq!(said.len(), MAX_SAID_BYTES);
    }

    #[test]
    fn the_time_that_we_take_ourselves_does_not_count() {
        let mut helper = Helper::start(shell("head -c 1000000 /dev/zero"), SHORT).unwrap();
        let mut bytes = [0; 100_000];
        let mut total = 0;
        loop {
            std::thread::sleep(Duration::from_millis(100));
            match helper.read(&mut bytes).unwrap() {
                0 => break,
                read => total += read,
            }
        }
        assert_eq!(total, 1_000_000);
        helper.finish().unwrap();
    }

    #[test]
    fn what_a_program_says_is_the_same_each_time() {
        let said = "\n[wavpack @ 0x55802332ca40] sample too large\nmore\n";
        let line = first_line(said).unwrap();
        assert_eq!(line, "wavpack says: sample too large");
        assert_eq!(first_line("a\x1b[2Jb @ c").unwrap(), "a[2Jb @ c");
        assert_eq!(first_line(" \n"), None);
    }

    #[test]
    fn patience_grows_with_the_length() {
        let (short, long) = (Patience::for_sound(4.0), Patience::for_sound(7200.0));
        assert!(long.in_all > short.in_all && long.at_once > short.at_once);
        assert_eq!(
            Patience::for_sound(f64::NAN),
            Patience::for_sound(-1.0),
            "what is no length counts as none"
        );
    }
}
