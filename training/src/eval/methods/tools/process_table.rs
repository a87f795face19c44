//! What the system's process table says of a running program: its processor time and memory, and
//! those of what it started. Linux' `/proc`; elsewhere nothing is known.

use std::fs;

/// Fields of `/proc/PID/stat` behind the name, which is in parentheses: number of `utime` (proc(5));
/// `stime`, `cutime` and `cstime` follow.
const UTIME: usize = 11;
/// Deepest tree that is followed: programs that start programs.
const MAX_DEPTH: usize = 8;

/// Processor time of a process and of what it started and waited for, seconds: user and system.
/// Known until somebody waits for the process itself.
pub(super) fn cpu_s(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let ticks: u64 = times_of(&stat)?.iter().sum();
    Some(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// The four times of a line of `stat`, clock ticks. The name before them may hold anything.
fn times_of(stat: &str) -> Option<[u64; 4]> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(UTIME);
    let mut next = || times.next()?.parse().ok();
    Some([next()?, next()?, next()?, next()?])
}

/// Resident memory of a process and of all that it started, bytes.
pub(super) fn memory_bytes(pid: u32) -> Option<u64> {
    let own = resident_bytes(pid)?;
    let started = descendants(pid);
    Some(own + started.into_iter().filter_map(resident_bytes).sum::<u64>())
}

fn resident_bytes(pid: u32) -> Option<u64> {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// All that a process started, and what that started, nearest first.
pub(super) fn descendants(pid: u32) -> Vec<u32> {
    let mut all = Vec::new();
    let mut level = vec![pid];
    for _ in 0..MAX_DEPTH {
        level = level.into_iter().flat_map(children).collect();
        all.extend(&level);
    }
    all
}

fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|list| {
            let pids = list.split_whitespace().filter_map(|pid| pid.parse().ok());
            pids.collect::<Vec<u32>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_behind_any_name() {
        let stat = "7 (a) b) 9 (c) S 1 2 3 4 5 6 7 8 9 10 120 30 4 1 20 0 1";
        assert_eq!(times_of(stat), Some([120, 30, 4, 1]));
        assert_eq!(times_of("7 (cut) S 1 2"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_a_time_and_a_memory() {
        let pid = std::process::id();
        assert!(cpu_s(pid).is_some());
        assert!(memory_bytes(pid).unwrap() > 100_000);
    }
}
