//! The system's commands, each run for one package, with its standard error kept.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use super::{FetchError, PackageClient};

/// What `dpkg-deb` says about a package file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Description {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) architecture: String,
}

/// How a command that may find less than it was asked for ended.
#[derive(Debug)]
pub(super) enum Extraction {
    /// All members were found.
    Whole,
    /// Some were not; the error to give if that is not acceptable.
    Partial(FetchError),
}

/// Downloads a package (`name` or `name=version`) into `folder`.
pub(super) fn download(
    client: &PackageClient,
    package: &str,
    request: &str,
    folder: &Path,
) -> Result<(), FetchError> {
    let mut command = new_command(&client.program);
    command
        .args(&client.arguments)
        .arg(request)
        .current_dir(folder);
    run(package, &mut command).map(drop)
}

/// Name, version and architecture of a package file.
pub(super) fn describe(package: &str, file: &Path) -> Result<Description, FetchError> {
    let mut command = new_command("dpkg-deb");
    let format = "--showformat=${Package}\\n${Version}\\n${Architecture}\\n";
    command.arg("--show").arg(format).arg(file);
    let printed = run(package, &mut command)?;
    let lines: Vec<&str> = printed.lines().collect();
    let &[name, version, architecture] = lines.as_slice() else {
        return Err(FetchError::Output {
            package: package.to_owned(),
            command: line_of(&command),
            got: printed,
            expected: "name, version and architecture",
        });
    };
    Ok(Description {
        name: name.to_owned(),
        version: version.to_owned(),
        architecture: architecture.to_owned(),
    })
}

/// SHA-256 of a file, as 64 lower-case hexadecimal digits.
pub(crate) fn sha256(package: &str, file: &Path) -> Result<String, FetchError> {
    let input = File::open(file).map_err(super::error::cache_error(package, "read", file))?;
    let mut command = new_command("sha256sum");
    // From standard input: a file's name never reaches the output, whatever it is.
    let printed = run(package, command.stdin(Stdio::from(input)))?;
    let digits = printed.split_whitespace().next().unwrap_or_default();
    if digits.len() != 64 {
        return Err(FetchError::Output {
            package: package.to_owned(),
            command: line_of(&command),
            got: printed,
            expected: "64 hexadecimal digits",
        });
    }
    Ok(digits.to_owned())
}

/// Extracts the members listed in `list` (one per line) from a package file into `folder`.
pub(super) fn extract_members(
    package: &str,
    file: &Path,
    list: &Path,
    folder: &Path,
) -> Result<Extraction, FetchError> {
    let mut unpack = new_command("dpkg-deb");
    unpack.arg("--fsys-tarfile").arg(file);
    let mut select = new_command("tar");
    select
        .args([
            "--extract",
            "--no-same-owner",
            "--no-same-permissions",
            "--no-recursion",
        ])
        .args(["--no-wildcards", "--verbatim-files-from", "--directory"])
        .arg(folder)
        .arg("--files-from")
        .arg(list);

    let mut unpacking = unpack
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(start_error(package, &unpack))?;
    // tar owns the read end of the pipe from here: if it dies early, dpkg-deb ends on a closed
    // pipe instead of waiting for ever.
    if let Some(stream) = unpacking.stdout.take() {
        select.stdin(Stdio::from(stream));
    }
    let selected = select.output();
    // Frees this process's copy of the pipe's end; without it dpkg-deb would not see it closed.
    select.stdin(Stdio::null());
    // dpkg-deb writes a few lines at most, well within the pipe's buffer.
    let unpacked = unpacking
        .wait_with_output()
        .map_err(start_error(package, &unpack))?;
    let selected = selected.map_err(start_error(package, &select))?;

    // A failing tar makes dpkg-deb fail with a closed pipe: tar's reason is the useful one.
    if !selected.status.success() {
        let error = failure(package, &select, selected.status, &selected.stderr);
        return if unpacked.status.success() && only_says_not_found(&selected.stderr) {
            Ok(Extraction::Partial(error))
        } else {
            Err(error)
        };
    }
    if !unpacked.status.success() {
        return Err(failure(package, &unpack, unpacked.status, &unpacked.stderr));
    }
    Ok(Extraction::Whole)
}

/// Extracts members of a zip archive into `folder`.
pub(super) fn unzip_members(
    package: &str,
    archive: &Path,
    members: &[&str],
    folder: &Path,
) -> Result<Extraction, FetchError> {
    /// "No matching files were found" (Info-ZIP's manual, Diagnostics).
    const NOT_MATCHED: i32 = 11;
    let mut command = new_command("unzip");
    command.args(["-qq", "-o"]).arg(archive).args(members);
    command.arg("-d").arg(folder);
    let output = output_of(package, &mut command)?;
    if output.status.success() {
        return Ok(Extraction::Whole);
    }
    let error = failure(package, &command, output.status, &output.stderr);
    match output.status.code() {
        Some(NOT_MATCHED) => Ok(Extraction::Partial(error)),
        _ => Err(error),
    }
}

/// Free space of the file system that holds `folder`, in bytes.
pub(super) fn disk_free_bytes(folder: &Path) -> Result<u64, FetchError> {
    let package = "datasets cache";
    let mut command = new_command("df");
    command
        .args(["--block-size=1", "--output=avail"])
        .arg(folder);
    let printed = run(package, &mut command)?;
    let number = printed.lines().last().unwrap_or_default().trim();
    number.parse().map_err(|_| FetchError::Output {
        package: package.to_owned(),
        command: line_of(&command),
        got: printed.clone(),
        expected: "a number of bytes in the last line",
    })
}

/// A command that reads nothing and speaks the untranslated language that is parsed here.
pub(super) fn new_command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env("LC_ALL", "C").stdin(Stdio::null());
    command
}

fn output_of(package: &str, command: &mut Command) -> Result<Output, FetchError> {
    command.output().map_err(start_error(package, command))
}

/// Runs a command that must succeed; what it printed.
pub(super) fn run(package: &str, command: &mut Command) -> Result<String, FetchError> {
    let output = output_of(package, command)?;
    if !output.status.success() {
        return Err(failure(package, command, output.status, &output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command that must succeed and whose output is a file's content.
pub(super) fn run_into(
    package: &str,
    command: &mut Command,
    output: File,
) -> Result<(), FetchError> {
    command.stdout(Stdio::from(output)).stderr(Stdio::piped());
    let started = command.spawn().map_err(start_error(package, command))?;
    let ended = started.wait_with_output();
    let output = ended.map_err(start_error(package, command))?;
    if !output.status.success() {
        return Err(failure(package, command, output.status, &output.stderr));
    }
    Ok(())
}

/// Runs a command that must succeed within `limit`. What it says goes to the file `log`: a
/// renderer's progress would fill a pipe that nobody reads.
pub(super) fn run_within(
    package: &str,
    command: &mut Command,
    log: &Path,
    limit: Duration,
) -> Result<(), FetchError> {
    let output = acetate_io::create_fresh(log);
    let output = output.map_err(super::error::cache_error(package, "create", log))?;
    command.stdout(Stdio::null()).stderr(Stdio::from(output));
    let mut child = command.spawn().map_err(start_error(package, command))?;
    let start = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if start.elapsed() < limit => std::thread::sleep(Duration::from_millis(20)),
            waiting => {
                // It may have ended by itself in the meantime: then there is nothing to stop.
                _ = child.kill();
                _ = child.wait();
                waiting.map_err(start_error(package, command))?;
                return Err(FetchError::Slow {
                    package: package.to_owned(),
                    command: line_of(command),
                    limit_s: limit.as_secs(),
                });
            }
        }
    };
    if status.success() {
        return Ok(());
    }
    let said = fs::read(log).unwrap_or_default();
    // Progress is written over itself with carriage returns: the last words are the useful ones.
    let mut lines = said.split(|byte| matches!(byte, b'\r' | b'\n'));
    let last = lines.rfind(|line| !line.trim_ascii().is_empty());
    Err(failure(package, command, status, last.unwrap_or_default()))
}

fn start_error(package: &str, command: &Command) -> impl FnOnce(std::io::Error) -> FetchError {
    let package = package.to_owned();
    let command = line_of(command);
    move |source| FetchError::Start {
        package,
        command,
        source,
    }
}

fn failure(package: &str, command: &Command, status: ExitStatus, stderr: &[u8]) -> FetchError {
    FetchError::Command {
        package: package.to_owned(),
        command: line_of(command),
        status,
        stderr: String::from_utf8_lossy(stderr).trim().to_owned(),
    }
}

/// The command line, for messages only.
fn line_of(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether tar complains of nothing but members that the archive does not have.
fn only_says_not_found(stderr: &[u8]) -> bool {
    let known = |line: &str| {
        line.ends_with("Not found in archive")
            || line.ends_with("Exiting with failure status due to previous errors")
    };
    String::from_utf8_lossy(stderr).lines().all(known)
}
