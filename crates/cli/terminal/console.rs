//! Everything that is printed: results to standard output, the rest to standard error. What is said is one
//! line, whatever stands in it; names and tags in longer texts go through [`plain`].

use std::borrow::Cow;
use std::io::{ErrorKind, IsTerminal, Write};

use acetate_dsp::plain;
use acetate_master::settings_file;
use anyhow::Context;
use serde::Serialize;

use crate::args::GlobalArgs;

/// Where and how to print.
#[derive(Clone, Debug)]
pub struct Console {
    /// One JSON object per file on standard output, and nothing else there.
    pub json: bool,
    /// Nothing but warnings and errors.
    pub quiet: bool,
    /// Also what is usually left unsaid.
    pub verbose: bool,
    color: bool,
    bars: bool,
}

impl Console {
    /// Reads the flags and what is known of the terminal.
    pub fn new(args: &GlobalArgs) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            json: args.json,
            quiet: args.quiet,
            verbose: args.verbose,
            color: !plain && std::io::stdout().is_terminal(),
            bars: !args.quiet && std::io::stderr().is_terminal(),
        }
    }

    /// Whether progress bars are wanted: on a terminal, unless `-q`.
    pub fn bars(&self) -> bool {
        self.bars
    }

    /// Prints a result. A reader that has gone away, as `head` does, misses it; the run goes on and its exit
    /// code tells how it ended.
    pub fn print(&self, text: &str) -> anyhow::Result<()> {
        let text = self.plain_lines(text);
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            printed => printed.context("standard output"),
        }
    }

    /// Prints one object as one line of JSON.
    pub fn print_json(&self, value: &impl Serialize) -> anyhow::Result<()> {
        self.print(&format!("{}\n", plain::json(serde_json::to_string(value)?)))
    }

    /// Says something to the person in one line, unless `-q`.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            self.to_stderr(&plain::line(text));
        }
    }

    /// Says a result whose names are plain, unless `-q`.
    pub fn say_lines(&self, text: &str) {
        if !self.quiet {
            self.to_stderr(&self.plain_lines(text));
        }
    }

    fn plain_lines<'a>(&self, text: &'a str) -> Cow<'a, str> {
        plain::lines(text, if self.color { color_bytes } else { |_| 0 })
    }

    /// Warns, even with `-q`.
    pub fn warn(&self, text: &str) {
        self.to_stderr(&format!("warning: {}", plain::line(text)));
    }

    /// Reports why nothing was done.
    pub fn error(&self, error: &anyhow::Error) {
        self.to_stderr(&plain::line(&in_words(error)));
    }

    /// A closed standard error is no reason to stop.
    fn to_stderr(&self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// Green, where colors are wanted.
    pub fn good(&self, text: &str) -> String {
        self.painted(text, "32")
    }

    /// Red, where colors are wanted.
    pub fn bad(&self, text: &str) -> String {
        self.painted(text, "31")
    }

    /// Bold, where colors are wanted.
    pub fn strong(&self, text: &str) -> String {
        self.painted(text, "1")
    }

    fn painted(&self, text: &str, code: &str) -> String {
        if self.color {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Bytes of a color that [`Console::painted`] made, at the start of a text.
fn color_bytes(text: &str) -> usize {
    ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[31m", "\u{1b}[32m"]
        .into_iter()
        .find(|color| text.starts_with(color))
        .map_or(0, str::len)
}

/// An error with its causes on one line. Most errors of ours say what their cause says, and many
/// begin with the file's name that stands before them: nothing is said twice.
fn in_words(error: &anyhow::Error) -> String {
    format!("error: {}", causes_in_words(error))
}

/// The same without the word that begins the line.
pub fn causes_in_words(error: &anyhow::Error) -> String {
    let causes: Vec<String> = error
        .chain()
        .map(|cause| without_number(&settings_file::cause_in_words(cause)))
        .collect();
    let mut text = String::new();
    for (index, cause) in causes.iter().enumerate() {
        let next = causes.get(index + 1);
        let is_repeated = next.is_some_and(|next| next.starts_with(&format!("{cause}: ")));
        if !is_repeated && !text.contains(cause.as_str()) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(cause);
        }
    }
    text
}

/// A system's message without its number, which says the same.
fn without_number(text: &str) -> String {
    match text.split_once(" (os error ") {
        Some((message, rest)) => {
            let rest = rest.split_once(')').map_or("", |(_, rest)| rest);
            format!("{message}{rest}")
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_cause_are_said_once() {
        let cause = anyhow::anyhow!("a.wav: expected sound, found text");
        let error = cause
            .context("a.wav: expected sound, found text")
            .context("a.wav");
        assert_eq!(in_words(&error), "error: a.wav: expected sound, found text");
        let error = anyhow::anyhow!("disk full").context("a.wav");
        assert_eq!(in_words(&error), "error: a.wav: disk full");
    }
}
