//! Runs one command without a shell, with a time limit, its words captured, its costs read.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use serde::Serialize;

use super::process_table::{cpu_s, descendants, memory_bytes};

/// Longest pause between two looks at a running program.
const MAX_PAUSE: Duration = Duration::from_millis(20);
/// A program that says more than this is stopped, bytes.
const MAX_SAID_BYTES: u64 = 16 << 20;

/// What a run cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spent {
    /// Processor time, user and system, of the program and of what it started, seconds; the time
    /// on the clock where the system does not tell.
    pub cpu_s: f64,
    /// Most resident memory of the program and of what it started, bytes, as seen every 20 ms.
    /// `None` where the system does not tell.
    pub peak_memory_bytes: Option<u64>,
}

/// How a run ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// By itself.
    Itself(ExitStatus, Spent),
    /// Stopped at the time limit.
    TimeOver,
    /// Stopped because it said too much.
    TooMuchSaid,
}

/// Runs `words` with everything that it says going into the file `said`. Its temporary files go
/// into `folder`.
///
/// # Errors
/// What the system said when it could not be started or watched.
pub(super) fn run(
    words: &[String],
    folder: &Path,
    said: &Path,
    limit: Duration,
) -> std::io::Result<Ended> {
    let out = File::create(said)?;
    let begun = Instant::now();
    let (program, arguments) = words.split_first().ok_or(std::io::ErrorKind::NotFound)?;
    let mut child = Command::new(program)
        .args(arguments)
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::from(out.try_clone()?))
        .stderr(Stdio::from(out))
        .spawn()?;
    let watched = watch(&mut child, said, begun, limit);
    if watched.is_err() {
        stop(&mut child);
    }
    watched
}

fn watch(
    child: &mut Child,
    said: &Path,
    begun: Instant,
    limit: Duration,
) -> std::io::Result<Ended> {
    let pid = child.id();
    let mut peak_memory_bytes = None;
    let mut pause = Duration::from_micros(500);
    loop {
        peak_memory_bytes = peak_memory_bytes.max(memory_bytes(pid));
        if has_ended(pid)? {
            // Its times can be read until it is waited for.
            let cpu_s = cpu_s(pid).unwrap_or_else(|| begun.elapsed().as_secs_f64());
            let status = child.wait()?;
            let spent = Spent {
                cpu_s,
                peak_memory_bytes: peak_memory_bytes.filter(|bytes| *bytes > 0),
            };
            return Ok(Ended::Itself(status, spent));
        }
        if begun.elapsed() > limit {
            stop(child);
            return Ok(Ended::TimeOver);
        }
        if std::fs::metadata(said)?.len() > MAX_SAID_BYTES {
            stop(child);
            return Ok(Ended::TooMuchSaid);
        }
        thread::sleep(pause);
        pause = (2 * pause).min(MAX_PAUSE);
    }
}

/// Whether a child of ours has ended; it can still be looked at and waited for.
fn has_ended(pid: u32) -> std::io::Result<bool> {
    let Some(pid) = pid_of(pid) else {
        return Ok(true);
    };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(pid), options)?.is_some())
}

/// Stops a program and all that it started.
fn stop(child: &mut Child) {
    let started = descendants(child.id());
    // One that has ended meanwhile needs no stopping.
    let _ = child.kill();
    for pid in started.into_iter().filter_map(pid_of) {
        let _ = kill_process(pid, Signal::KILL);
    }
    let _ = child.wait();
}

fn pid_of(pid: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(pid).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_line(line: &str, limit: Duration) -> (std::io::Result<Ended>, String, Duration) {
        let folder = tempfile::tempdir().unwrap();
        let said = folder.path().join("said");
        let begun = Instant::now();
        let ended = run(
            &super::super::shell_words(line).unwrap(),
            folder.path(),
            &said,
            limit,
        );
        let text = std::fs::read_to_string(said).unwrap();
        (ended, text, begun.elapsed())
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_run_tells_its_code_its_words_and_its_processor_time() {
        let line =
            "sh -c 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; echo a; echo b >&2; exit 3'";
        let (ended, said, took) = run_line(line, LONG);
        let Ended::Itself(status, spent) = ended.unwrap() else {
            panic!("it ended by itself");
        };
        assert_eq!(status.code(), Some(3));
        assert_eq!(said, "a\nb\n");
        assert!(
            spent.cpu_s > 0.0 && spent.cpu_s <= took.as_secs_f64() + 0.1,
            "{spent:?}"
        );
    }

    #[test]
    fn a_sleeping_program_costs_no_processor_time() {
        let Ended::Itself(_, spent) = run_line("sleep 0.4", LONG).0.unwrap() else {
            panic!("it ended by itself");
        };
        if cfg!(target_os = "linux") {
            assert!(spent.cpu_s < 0.2, "{spent:?}");
            let bytes = spent.peak_memory_bytes.unwrap();
            assert!((10_000..100_000_000).contains(&bytes), "{bytes}");
        }
    }

    #[test]
    fn what_takes_too_long_is_stopped_with_all_that_it_started() {
        let marker = tempfile::tempdir().unwrap();
        let late = marker.path().join("late");
        let line = format!("sh -c '(sleep 2; touch {}) & wait'", late.display());
        let (ended, _, took) = run_line(&line, Duration::from_millis(300));
        assert!(matches!(ended.unwrap(), Ended::TimeOver));
        assert!(took < Duration::from_secs(2), "{took:?}");
        if cfg!(target_os = "linux") {
            thread::sleep(Duration::from_millis(2500));
            assert!(!late.exists());
        }
    }

    #[test]
    fn what_says_too_much_is_stopped() {
        let (ended, ..) = run_line("yes", LONG);
        assert!(matches!(ended.unwrap(), Ended::TooMuchSaid));
    }

    #[test]
    fn what_does_not_exist_cannot_be_run() {
        assert!(run_line("no-such-program-of-acetate", LONG).0.is_err());
    }
}
