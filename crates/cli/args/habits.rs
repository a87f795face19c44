//! What hands type: words of other programs and short ways, put right before they are parsed.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use acetate_dsp::plain;
use clap::Command;

use super::near::nearest;

/// The command of a lone mix.
pub(super) const MASTER: &str = "master";
/// Commands that take a target.
const WITH_TARGET: [&str; 2] = [MASTER, "verify"];
/// The names of a target.
const TARGET: [&str; 3] = ["-t", "--target", "--preset"];
/// A target that is a number is this.
const LUFS: &str = "--lufs";
/// Most words of a name that was typed without quotes.
const MOST_WORDS: usize = 16;

/// Puts the words of the command line right, or says what was meant.
pub(super) fn put_right(
    mut words: Vec<OsString>,
    command: &Command,
) -> Result<Vec<OsString>, String> {
    let Some(at) = first_word(&words, command) else {
        return Ok(words);
    };
    let first = words[at].clone();
    if first != "help" && command.find_subcommand(&first).is_none() {
        let is_after_options = words[1..at].iter().any(|word| !is_global(word, command));
        if is_mix(&first) || (is_after_options && words[at..].iter().any(|word| is_mix(word))) {
            words.insert(1, MASTER.into());
        } else if !is_after_options {
            return Err(unknown(&words[at..], command));
        }
    }
    let at = command_at(&words, command).unwrap_or(0);
    if WITH_TARGET.iter().any(|name| words[at] == *name) {
        targets(&mut words[at..]);
    }
    Ok(words)
}

/// Where the command's name stands.
pub(super) fn command_at(words: &[OsString], command: &Command) -> Option<usize> {
    first_word(words, command).filter(|&at| command.find_subcommand(&words[at]).is_some())
}

/// Where the first word stands that is neither an option nor the value of one that every command takes.
fn first_word(words: &[OsString], command: &Command) -> Option<usize> {
    let mut at = 1;
    loop {
        let word = words.get(at)?;
        if word == "-" || !starts_as_option(word) {
            return Some(at);
        }
        at += 1 + usize::from(takes_next(word, command));
    }
}

fn starts_as_option(word: &OsStr) -> bool {
    word.as_encoded_bytes().starts_with(b"-")
}

/// Whether an option is one of those that every command takes.
fn is_global(word: &OsStr, command: &Command) -> bool {
    let text = word.to_string_lossy();
    let name = text.split_once('=').map_or(&*text, |(name, _)| name);
    let mut known = command.get_arguments().filter(|arg| arg.is_global_set());
    let is_known = known.any(|arg| {
        arg.get_long()
            .is_some_and(|long| name == format!("--{long}"))
            || arg
                .get_short()
                .is_some_and(|short| name.starts_with(&format!("-{short}")))
    });
    // The value of one stands alone, as in `-j 2`.
    is_known || ["-h", "--help", "-V", "--version"].contains(&name) || !starts_as_option(word)
}

/// Whether the word after an option is its value.
fn takes_next(word: &OsStr, command: &Command) -> bool {
    let mut valued = command
        .get_arguments()
        .filter(|arg| arg.is_global_set() && arg.get_action().takes_values());
    valued.any(|arg| {
        arg.get_long()
            .is_some_and(|long| word == OsStr::new(&format!("--{long}")))
            || arg
                .get_short()
                .is_some_and(|short| word == OsStr::new(&format!("-{short}")))
    })
}

/// Whether a word names a mix: something that is there, or the name of a sound file.
fn is_mix(word: &OsStr) -> bool {
    let path = Path::new(word);
    word == "-" || path.exists() || acetate_io::has_sound_name(path)
}

/// What to say of a first word that is no command.
fn unknown(words: &[OsString], command: &Command) -> String {
    let paths: Vec<&Path> = words.iter().map(Path::new).collect();
    if let Some(hint) = unquoted(&paths) {
        return hint;
    }
    let word = words[0].to_string_lossy();
    let shown = plain::field(&word);
    let names: Vec<&str> = command
        .get_subcommands()
        .flat_map(|known| std::iter::once(known.get_name()).chain(known.get_all_aliases()))
        .collect();
    match nearest(&word, names.iter().copied()) {
        Some(near) => format!(
            "expected a command or a sound file, found \"{shown}\": did you mean \"acetate {near}\"?"
        ),
        None => format!(
            "expected a command or a sound file, found \"{shown}\", which is neither here: `acetate --help` lists \
             the commands"
        ),
    }
}

/// What to say of words that together name a file: a name with spaces that stands without quotes.
pub fn unquoted(words: &[&Path]) -> Option<String> {
    for (start, first) in words.iter().enumerate() {
        if first.exists() {
            continue;
        }
        let mut name = first.as_os_str().to_owned();
        for next in words.iter().skip(start + 1).take(MOST_WORDS) {
            name.push(" ");
            name.push(next);
            if Path::new(&name).exists() {
                return Some(format!(
                    "{}: no such file: did you mean \"{}\"? Put the name in quotes",
                    plain::path(first),
                    plain::field(&name.to_string_lossy())
                ));
            }
        }
    }
    None
}

/// A target that is a number is a loudness; `-tp` is the ceiling's name elsewhere.
fn targets(words: &mut [OsString]) {
    for at in 0..words.len() {
        let Some(word) = words[at].to_str().map(str::to_owned) else {
            continue;
        };
        match word.as_str() {
            "--" => return,
            "-tp" => words[at] = "--ceiling".into(),
            name if TARGET.contains(&name) => {
                let next = words.get(at + 1).and_then(|next| next.to_str());
                if let Some(number) = next.and_then(lufs) {
                    words[at] = LUFS.into();
                    words[at + 1] = number.into();
                }
            }
            joined => {
                let number = TARGET.iter().find_map(|name| {
                    let rest = joined.strip_prefix(name)?;
                    let value = match rest.strip_prefix('=') {
                        Some(value) => value,
                        None if !name.starts_with("--") => rest,
                        None => return None,
                    };
                    lufs(value)
                });
                if let Some(number) = number {
                    words[at] = format!("{LUFS}={number}").into();
                }
            }
        }
    }
}

/// A target that is a number, with its unit or without.
pub(super) fn lufs(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let number = lower
        .trim_end_matches("lufs")
        .trim_end_matches("lkfs")
        .trim_end();
    number.parse::<f64>().ok().map(|_| number.to_owned())
}
