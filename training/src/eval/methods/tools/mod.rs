//! Other programs in the same proof: `acetate eval --tool 'NAME=COMMAND {in} {out}'`.
//!
//! ```text
//! mix ─24-bit WAV─▶ the program ─its file─▶ our meters ─▶ the same figures as for our methods
//! ```
//! Each run has a temporary folder of its own and a time limit that grows with the length of the
//! mix; a run that fails costs its case, not the evaluation, and is counted.
//!
//! Key types: [`Tool`], [`Failure`], [`Spent`].

use std::path::Path;

use thiserror::Error;

mod process;
mod process_table;
mod shell_words;
mod trial;

pub use process::Spent;
pub use shell_words::shell_words;
pub use trial::{Failure, Heard, Reference, clean_up, hear};

/// Stands for the mix in a command.
const IN: &str = "{in}";
/// Stands for the file that the program has to write.
const OUT: &str = "{out}";
/// Stands for another song of the album.
const REFERENCE: &str = "{ref}";

/// Another program that makes masters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// Name in tables.
    pub name: String,
    /// Its command as it was given.
    pub command: String,
    /// Its words: the program, then its arguments.
    words: Vec<String>,
}

/// Why a `--tool` is refused.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolArgumentError {
    /// There is no name or no command.
    #[error("expected NAME=COMMAND {{in}} {{out}}, found \"{found}\"")]
    Form {
        /// What was given.
        found: String,
    },
    /// A quote that is not closed.
    #[error("expected closed quotes, found \"{line}\"")]
    Quote {
        /// The command.
        line: String,
    },
    /// A placeholder is missing.
    #[error("{name}: expected {placeholder} in the command, found \"{command}\"")]
    Placeholder {
        /// Name of the tool.
        name: String,
        /// The placeholder.
        placeholder: &'static str,
        /// The command.
        command: String,
    },
    /// The program does not exist.
    #[error("{name}: expected a program that can be run, found none called \"{program}\"")]
    Program {
        /// Name of the tool.
        name: String,
        /// The first word of its command.
        program: String,
    },
}

impl Tool {
    /// Reads `NAME=COMMAND {in} {out}`; `{ref}` may occur too.
    ///
    /// # Errors
    /// [`ToolArgumentError`] that says what was expected.
    pub fn parse(text: &str) -> Result<Self, ToolArgumentError> {
        let form = || ToolArgumentError::Form {
            found: text.to_owned(),
        };
        let (name, command) = text.split_once('=').ok_or_else(form)?;
        let (name, command) = (name.trim(), command.trim());
        let words = shell_words(command)?;
        if name.is_empty() || name.contains(char::is_control) || words.is_empty() {
            return Err(form());
        }
        for placeholder in [IN, OUT] {
            // The first word is the program itself.
            if !words[1..].iter().any(|word| word.contains(placeholder)) {
                return Err(ToolArgumentError::Placeholder {
                    name: name.to_owned(),
                    placeholder,
                    command: command.to_owned(),
                });
            }
        }
        Ok(Self {
            name: name.to_owned(),
            command: command.to_owned(),
            words,
        })
    }

    /// Whether its program exists, tried out now rather than after the songs were measured.
    ///
    /// # Errors
    /// [`ToolArgumentError::Program`].
    pub fn check(&self) -> Result<(), ToolArgumentError> {
        let program = &self.words[0];
        let found = if program.contains('/') {
            Path::new(program).is_file()
        } else {
            let folders = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
        };
        if found {
            return Ok(());
        }
        Err(ToolArgumentError::Program {
            name: self.name.clone(),
            program: program.clone(),
        })
    }

    /// Whether it wants another song of the album.
    pub fn wants_reference(&self) -> bool {
        self.words.iter().any(|word| word.contains(REFERENCE))
    }

    /// Its words with the names of files in place. A name is never parted, whatever is in it.
    fn filled(&self, mix: &str, out: &str, reference: &str) -> Vec<String> {
        let fill = |word: &String| {
            let mut filled = String::new();
            let mut rest = word.as_str();
            // One pass, so that a placeholder inside a name stays what it is.
            while let Some(at) = rest.find('{') {
                filled.push_str(&rest[..at]);
                rest = &rest[at..];
                let named = [(IN, mix), (OUT, out), (REFERENCE, reference)];
                let found = named.into_iter().find(|(key, _)| rest.starts_with(key));
                let (taken, text) = found.map_or((1, "{"), |(key, name)| (key.len(), name));
                filled.push_str(text);
                rest = &rest[taken..];
            }
            filled + rest
        };
        self.words.iter().map(fill).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_a_name_and_a_command_with_its_files() {
        let tool = Tool::parse(" My tool = run --x=1 -i {in} -o 'a {out}' {ref}{").unwrap();
        assert_eq!(tool.name, "My tool");
        assert_eq!(tool.command, "run --x=1 -i {in} -o 'a {out}' {ref}{");
        assert!(tool.wants_reference());
        assert_eq!(
            tool.filled("/t/{out} in.wav", "/t/out.wav", "/t/ref.wav"),
            [
                "run",
                "--x=1",
                "-i",
                "/t/{out} in.wav",
                "-o",
                "a /t/out.wav",
                "/t/ref.wav{"
            ]
        );
        assert!(!Tool::parse("a=cp {in} {out}").unwrap().wants_reference());
    }

    #[test]
    fn a_tool_that_cannot_work_is_refused_with_what_was_expected() {
        for (text, expected) in [
            ("cp {in} {out}", "NAME=COMMAND"),
            ("=cp {in} {out}", "NAME=COMMAND"),
            ("a=", "NAME=COMMAND"),
            ("a\nb=cp {in} {out}", "NAME=COMMAND"),
            ("a=cp {in} b", "a: expected {out}"),
            ("a=cp b {out}", "a: expected {in}"),
            ("a={in} {out}", "a: expected {in}"),
            ("a=cp '{in} {out}", "closed quotes"),
        ] {
            let error = Tool::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let missing = Tool::parse("a=no-such-program-of-acetate {in} {out}").unwrap();
        let error = missing.check().unwrap_err().to_string();
        assert!(error.contains("no-such-program-of-acetate"), "{error}");
        assert_eq!(Tool::parse("a=cp {in} {out}").unwrap().check(), Ok(()));
    }
}
