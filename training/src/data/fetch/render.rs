//! One render: run the program, keep its audio.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::error::cache_error;
use super::store::{self, Rendered, Stored};
use super::{FetchError, RenderError, Tools};
use super::{command, lmms};
use crate::datasets::{Package, Renderer, Track};

/// Rate of all renders, Hz.
const SAMPLE_RATE_HZ: &str = "44100";
/// A render that takes longer than this is stopped: LMMS can hang.
const LIMIT: Duration = Duration::from_secs(3600);

/// How often a renderer is run that a signal ended: LMMS sometimes crashes as it stops.
const TRIES: usize = 3;

/// A render that the cache should hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) track: Track<'a>,
    pub(super) package: &'a Package,
    pub(super) renderer: Renderer,
    pub(super) master_effects: bool,
}

impl Wanted<'_> {
    pub(super) fn target(&self, cache_dir: &Path) -> PathBuf {
        self.track.render(cache_dir, self.master_effects)
    }

    pub(super) fn is_complete(&self, cache_dir: &Path) -> bool {
        store::is_stored(&self.target(cache_dir))
    }

    /// Runs the renderer, again where it crashed.
    fn run(&self, command: &mut Command, folder: &Path) -> Result<(), FetchError> {
        let package = &self.package.name;
        let log = folder.join("log");
        let mut tries = 1;
        loop {
            match command::run_within(package, command, &log, LIMIT) {
                Err(FetchError::Command { status, .. })
                    if status.code().is_none() && tries < TRIES =>
                {
                    tries += 1;
                }
                result => {
                    return result.map_err(|error| self.error(RenderError::Program(error.into())));
                }
            }
        }
    }

    fn error(&self, source: RenderError) -> FetchError {
        FetchError::Render {
            package: self.package.name.clone(),
            track: self.track.path.to_owned(),
            source: Box::new(source),
        }
    }
}

/// The first line of what a renderer says of its version; `None` where it is not installed.
pub(super) fn version(renderer: Renderer, tools: &Tools) -> Result<Option<String>, FetchError> {
    let mut asking = program(renderer, tools);
    match command::run(renderer.program(), asking.arg("--version")) {
        Ok(printed) => {
            let line = printed.lines().find(|line| !line.trim().is_empty());
            Ok(Some(line.unwrap_or_default().trim().to_owned()))
        }
        Err(FetchError::Start { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Renders and stores; `folder` is an empty one for what comes before.
pub(super) fn render(
    wanted: &Wanted<'_>,
    tools: &Tools,
    version: &str,
    folder: &Path,
    cache_dir: &Path,
) -> Result<Stored, FetchError> {
    let source = wanted.track.source(cache_dir);
    let (file, restoring_gain) = match wanted.renderer {
        Renderer::OpenMpt => (render_module(wanted, tools, &source, folder)?, 1.0),
        Renderer::Lmms => render_project(wanted, tools, &source, folder)?,
    };
    let rendered = Rendered {
        file: &file,
        restoring_gain,
        clips: wanted.renderer == Renderer::Lmms,
        version,
    };
    store::store(&rendered, &wanted.target(cache_dir)).map_err(|source| wanted.error(source))
}

/// All of the module's songs, each once, at full stereo width, with libopenmpt's best
/// interpolation.
fn render_module(
    wanted: &Wanted<'_>,
    tools: &Tools,
    source: &Path,
    folder: &Path,
) -> Result<PathBuf, FetchError> {
    let package = &wanted.package.name;
    // A name of our own: the program puts its output beside its input.
    let module = folder.join("module");
    fs::copy(source, &module).map_err(cache_error(package, "copy", source))?;
    let mut command = program(Renderer::OpenMpt, tools);
    command
        .args(["--quiet", "--render", "--output-type", "wav"])
        .args(["--samplerate", SAMPLE_RATE_HZ, "--channels", "2", "--float"])
        .args(["--stereo", "100", "--filter", "8", "--repeat", "0", "--"])
        .arg(&module);
    wanted.run(&mut command, folder)?;
    Ok(folder.join("module.wav"))
}

/// The project at a level that does not clip, and the gain that undoes that.
fn render_project(
    wanted: &Wanted<'_>,
    tools: &Tools,
    source: &Path,
    folder: &Path,
) -> Result<(PathBuf, f64), FetchError> {
    let package = &wanted.package.name;
    let bytes = fs::read(source).map_err(cache_error(package, "read", source))?;
    let text = if bytes.trim_ascii_start().starts_with(b"<") {
        String::from_utf8_lossy(&bytes).into_owned()
    } else {
        let mut command = isolated(program(Renderer::Lmms, tools), folder);
        command::run(package, command.arg("dump").arg(source))?
    };
    let prepared =
        lmms::prepare(&text, wanted.master_effects).map_err(|source| wanted.error(source))?;
    let (project, output) = (folder.join("project.mmp"), folder.join("project.wav"));
    fs::write(&project, prepared.text).map_err(cache_error(package, "write", &project))?;
    let mut command = isolated(program(Renderer::Lmms, tools), folder);
    command
        .arg("render")
        .arg(&project)
        .args(["--format", "wav", "--float"])
        .args(["--samplerate", SAMPLE_RATE_HZ, "--output"])
        .arg(&output);
    wanted.run(&mut command, folder)?;
    Ok((output, prepared.restoring_gain))
}

fn program(renderer: Renderer, tools: &Tools) -> Command {
    match renderer {
        Renderer::OpenMpt => command::new_command(&tools.openmpt123),
        Renderer::Lmms => {
            let mut command = command::new_command(&tools.lmms);
            // LMMS refuses to run as root without it; others may say it too.
            command.arg("--allowroot");
            command
        }
    }
}

/// Without a screen and with a folder of its own for settings: the user's would change the sound.
fn isolated(mut command: Command, folder: &Path) -> Command {
    let settings: [(&str, &OsStr); 4] = [
        ("QT_QPA_PLATFORM", "offscreen".as_ref()),
        ("HOME", folder.as_os_str()),
        ("XDG_CONFIG_HOME", folder.as_os_str()),
        ("XDG_RUNTIME_DIR", folder.as_os_str()),
    ];
    command.envs(settings);
    command
}
