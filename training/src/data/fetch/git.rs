//! Git, run for one repository: a store of objects, filled with as little as the server allows.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::FetchError;
use super::command::{new_command, run, run_into};
use super::error::cache_error;
use super::package::create_dir;

/// A bare repository in the cache's folder for partial downloads.
#[derive(Debug)]
pub(super) struct Store<'a> {
    program: &'a OsStr,
    name: &'a str,
    folder: PathBuf,
}

impl<'a> Store<'a> {
    /// Makes an empty store of a repository's objects.
    pub(super) fn create(
        program: &'a OsStr,
        name: &'a str,
        folder: PathBuf,
        url: &str,
    ) -> Result<Self, FetchError> {
        create_dir(name, &folder)?;
        let store = Self {
            program,
            name,
            folder,
        };
        // Without the user's templates: their hooks have no business here.
        store.run(&["init", "--quiet", "--bare", "--template="])?;
        // By a remote's name, so that git keeps where to get files from that it left out.
        store.run(&["remote", "add", "origin", url])?;
        Ok(store)
    }

    /// Fetches what names of the remote's stand for, without the contents of files that are not
    /// named if the server can leave them out; they then come one by one when they are asked for.
    pub(super) fn fetch(&self, what: &[&str], depth: Option<u32>) -> Result<(), FetchError> {
        let depth = depth.map(|depth| format!("--depth={depth}"));
        let mut arguments = vec!["fetch", "--quiet", "--no-tags", "--filter=blob:none"];
        arguments.extend(depth.as_deref());
        arguments.push("origin");
        arguments.extend(what);
        self.run(&arguments).map(drop)
    }

    /// The full name of a commit that is in the store, of which at least the start is given.
    pub(super) fn commit(&self, name: &str) -> Option<String> {
        self.parse(&format!("{name}^{{commit}}"))
    }

    /// Git's name of the content of a file in a commit; `None` where it has no such file.
    pub(super) fn blob(&self, commit: &str, path: &str) -> Option<String> {
        self.parse(&format!("{commit}:{path}"))
    }

    /// Any failure is an absence: what is asked for is not in the store.
    fn parse(&self, what: &str) -> Option<String> {
        let mut command = self.command();
        // What is not here must not be asked of the server, which would be slow and may hang.
        command.env("GIT_NO_LAZY_FETCH", "1");
        command.args(["rev-parse", "--verify", "--quiet", "--end-of-options", what]);
        let printed = run(self.name, &mut command).ok()?;
        Some(printed.trim().to_owned()).filter(|name| !name.is_empty())
    }

    /// Writes a content to a file, after getting it from the server where it is not here yet.
    pub(super) fn write(&self, blob: &str, file: &Path) -> Result<(), FetchError> {
        let output =
            acetate_io::create_fresh(file).map_err(cache_error(self.name, "create", file))?;
        let mut command = self.command();
        command.args(["cat-file", "blob", blob]);
        run_into(self.name, &mut command, output)
    }

    /// Git's name of the content of a file.
    pub(super) fn name_of(&self, file: &Path) -> Result<String, FetchError> {
        let input = File::open(file).map_err(cache_error(self.name, "read", file))?;
        let mut command = self.command();
        command.args(["hash-object", "--no-filters", "--stdin"]);
        let printed = run(self.name, command.stdin(Stdio::from(input)))?;
        Ok(printed.trim().to_owned())
    }

    fn run(&self, arguments: &[&str]) -> Result<String, FetchError> {
        run(self.name, self.command().args(arguments))
    }

    fn command(&self) -> Command {
        let mut command = new_command(self.program);
        for variable in [
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_COMMON_DIR",
            "GIT_INDEX_FILE",
            "GIT_NAMESPACE",
            "GIT_OBJECT_DIRECTORY",
            "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        ] {
            // Set where this runs from a hook: they would name another repository.
            command.env_remove(variable);
        }
        // A question for a password would wait for ever; a dead connection ends after a minute.
        command
            .env("GIT_TERMINAL_PROMPT", "0")
            .args([
                "-c",
                "http.lowSpeedLimit=1000",
                "-c",
                "http.lowSpeedTime=60",
            ])
            .arg("--git-dir")
            .arg(&self.folder);
        command
    }
}
