//! Values that were not typed: from the environment, an `acetate.toml` above the mix, and the user's own
//! configuration, in this order. Each becomes words of the command line, so that one parser checks them all.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use acetate_dsp::plain;
use acetate_master::settings_file::toml_in_words;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use toml::{Table, Value};

use super::habits::{MASTER, command_at, lufs};
use super::near::nearest;

/// The file that is looked for from the mix upwards.
const FILE: &str = "acetate.toml";
/// The user's own, in the folder of their configuration.
const USERS_FILE: &str = "config.toml";
/// A configuration has a few lines; more than this is none, bytes.
const MAX_BYTES: u64 = 1 << 16;
/// What a variable's name begins with.
const VARIABLE: &str = "ACETATE_";

/// An option that may stand in a configuration.
struct Key {
    /// Its long name.
    name: &'static str,
    /// Options that say otherwise: if one of them was set nearer to the command line, this is left out.
    gives_way_to: &'static [&'static str],
}

const fn key(name: &'static str, gives_way_to: &'static [&'static str]) -> Key {
    Key { name, gives_way_to }
}

/// What may stand there: nothing that replaces files, and nothing that belongs to one song.
const KEYS: [Key; 30] = [
    key("target", &["settings"]),
    key("lufs", &["settings", "target"]),
    key("ceiling", &["settings", "target"]),
    key("max-limiting", &["settings"]),
    key("dual-mono", &[]),
    key("codec-safe", &["no-codec-safe", "variants"]),
    key("no-codec-safe", &["codec-safe"]),
    key("amount", &["settings"]),
    key("eq-amount", &["settings", "amount"]),
    key("compressor-amount", &["settings", "amount"]),
    key("deesser-amount", &["settings", "amount"]),
    key("saturation-amount", &["settings", "amount"]),
    key("stereo-amount", &["settings", "amount"]),
    key("bypass", &[]),
    key("no-repair", &["settings", "repair"]),
    key("sections", &["settings", "album"]),
    key("repair", &["settings", "no-repair", "variants", "album"]),
    key("style", &["settings"]),
    key("genre", &["settings"]),
    key("linear-phase", &["settings"]),
    key("reference", &["settings"]),
    key("weights", &["settings"]),
    key("out-dir", &["output"]),
    key("name", &["output"]),
    key("format", &["output"]),
    key("bits", &[]),
    key("rate", &[]),
    key("no-cache", &["cache"]),
    key("recursive", &[]),
    key("strict", &[]),
];
/// Those that are paths: relative to the file that they stand in.
const PATHS: [&str; 3] = ["reference", "weights", "out-dir"];

/// The words of a command line with what was not typed.
pub(super) struct Filled {
    /// All words.
    pub(super) words: Vec<OsString>,
    /// Where each value came from, in words.
    pub(super) origins: Vec<String>,
}

/// One value that was found.
struct Given {
    name: &'static str,
    words: Vec<OsString>,
    shown: String,
    place: String,
}

/// Adds what was not typed, for `acetate master`; leaves the words of other commands as they are.
pub(super) fn filled_in(
    typed: &[OsString],
    matches: &ArgMatches,
    command: &Command,
) -> Result<Filled, String> {
    let mut filled = Filled {
        words: typed.to_vec(),
        origins: Vec::new(),
    };
    let (Some(given), Some(master)) = (
        matches.subcommand_matches(MASTER),
        command.find_subcommand(MASTER),
    ) else {
        return Ok(filled);
    };
    let Some(at) = command_at(typed, command) else {
        return Ok(filled);
    };
    let mut set: HashSet<&str> = HashSet::new();
    for arg in master.get_arguments() {
        let is_typed = given.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
        if let (Some(long), true) = (arg.get_long(), is_typed) {
            set.insert(long);
            let raw = given.get_raw(arg.get_id().as_str());
            let values: Vec<String> = raw
                .into_iter()
                .flatten()
                .map(|value| plain::field(&value.to_string_lossy()).into_owned())
                .collect();
            let shown = if arg.get_action().takes_values() {
                values.join(", ")
            } else {
                "true".to_owned()
            };
            filled
                .origins
                .push(format!("{long} = {shown} (command line)"));
        }
    }
    for level in levels(given, master)? {
        for one in &level {
            check(one, command)?;
        }
        let mut added = Vec::new();
        for one in level {
            let gives_way = KEYS.iter().any(|key| {
                key.name == one.name && key.gives_way_to.iter().any(|other| set.contains(other))
            });
            if gives_way || set.contains(one.name) {
                continue;
            }
            filled
                .origins
                .push(format!("{} = {} ({})", one.name, one.shown, one.place));
            filled.words.splice(at + 1..=at, one.words);
            added.push(one.name);
        }
        set.extend(added);
    }
    Ok(filled)
}

/// What each place sets, the nearest to the command line first.
fn levels(given: &ArgMatches, master: &Command) -> Result<Vec<Vec<Given>>, String> {
    let mut levels = vec![variables(master)?];
    if given.get_flag("no_config") {
        return Ok(levels);
    }
    let mut files = Vec::new();
    if let Some(file) = project_file(given)? {
        files.push(file);
    }
    let users = acetate_io::user_config_dir().map(|folder| folder.join(USERS_FILE));
    files.extend(users.filter(|file| file.exists()));
    for file in files {
        levels.push(read(&file, master)?);
    }
    Ok(levels)
}

fn variables(master: &Command) -> Result<Vec<Given>, String> {
    let mut all = Vec::new();
    for key in &KEYS {
        let variable = format!("{VARIABLE}{}", key.name.to_uppercase().replace('-', "_"));
        let Some(value) = std::env::var_os(&variable).filter(|value| !value.is_empty()) else {
            continue;
        };
        let text = value
            .to_str()
            .ok_or_else(|| format!("{variable}: expected text in UTF-8"))?;
        let is_flag =
            argument(master, key.name).is_some_and(|arg| !arg.get_action().takes_values());
        let value = match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" if is_flag => Value::Boolean(true),
            "0" | "false" | "no" | "off" if is_flag => Value::Boolean(false),
            _ if is_flag => {
                return Err(format!(
                    "{variable}: expected 1 or 0, found \"{}\"",
                    plain::field(text)
                ));
            }
            _ => Value::String(text.to_owned()),
        };
        let one =
            words(key, &value, None, master).map_err(|error| format!("{variable}: {error}"))?;
        all.push(Given {
            place: variable,
            ..one
        });
    }
    Ok(all)
}

/// The `acetate.toml` above the mixes: one for all of them.
fn project_file(given: &ArgMatches) -> Result<Option<PathBuf>, String> {
    let paths = |id| given.get_many::<PathBuf>(id).into_iter().flatten();
    let mut mixes: Vec<&Path> = paths("inputs")
        .chain(paths("input_files"))
        .map(PathBuf::as_path)
        .collect();
    if mixes.is_empty() || mixes.iter().any(|mix| mix.as_os_str() == "-") {
        mixes = vec![Path::new(".")];
    }
    let mut found: Option<Option<PathBuf>> = None;
    for mix in mixes {
        let file = above(mix);
        match &found {
            None => found = Some(file),
            Some(earlier) if *earlier == file => {}
            Some(earlier) => {
                let name = |file: &Option<PathBuf>| match file {
                    Some(file) => plain::path(file),
                    None => "none".to_owned(),
                };
                return Err(format!(
                    "expected one {FILE} for all mixes, found two: {} and {}: master them in two runs, or use \
                     --no-config",
                    name(earlier),
                    name(&file)
                ));
            }
        }
    }
    Ok(found.flatten())
}

fn above(mix: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(mix).ok()?;
    let start = if mix.is_dir() {
        absolute.as_path()
    } else {
        absolute.parent()?
    };
    let mut files = start.ancestors().map(|folder| folder.join(FILE));
    files.find(|file| file.exists())
}

fn read(file: &Path, master: &Command) -> Result<Vec<Given>, String> {
    let name = plain::path(file);
    let text = acetate_io::read_text(file, MAX_BYTES).map_err(|error| error.to_string())?;
    let table: Table = text
        .parse()
        .map_err(|error: toml::de::Error| format!("{name}: {}", toml_in_words(&error)))?;
    let mut given = Vec::new();
    for (section, value) in &table {
        let shown = plain::field(section);
        let Value::Table(values) = value else {
            return Err(match KEYS.iter().any(|key| key.name == section) {
                true => format!("{name}: \"{shown}\" stands alone: put it below a line [{MASTER}]"),
                false => {
                    format!("{name}: expected a section [{MASTER}], found the key \"{shown}\"")
                }
            });
        };
        if section != MASTER {
            return Err(format!(
                "{name}: unknown section [{shown}]: the only one is [{MASTER}]"
            ));
        }
        for (found, value) in values {
            let key = known(found, master).map_err(|error| format!("{name}: {error}"))?;
            let one = words(key, value, file.parent(), master);
            given.push(Given {
                place: name.clone(),
                ..one.map_err(|error| format!("{name}: {}: {error}", key.name))?
            });
        }
    }
    Ok(given)
}

/// The key of this name, `_` for `-` as well, or what is wrong with it.
fn known(found: &str, master: &Command) -> Result<&'static Key, String> {
    let wanted = found.replace('_', "-");
    if let Some(key) = KEYS.iter().find(|key| key.name == wanted) {
        return Ok(key);
    }
    let shown = plain::field(found);
    if argument(master, &wanted).is_some() {
        return Err(format!(
            "\"{shown}\" is taken on the command line only: leave it out here"
        ));
    }
    let names = || KEYS.iter().map(|key| key.name);
    Err(match nearest(&wanted, names()) {
        Some(near) => format!("unknown key \"{shown}\": did you mean \"{near}\"?"),
        None => format!(
            "unknown key \"{shown}\": expected one of {}",
            names().collect::<Vec<_>>().join(", ")
        ),
    })
}

fn argument<'a>(master: &'a Command, long: &str) -> Option<&'a Arg> {
    master
        .get_arguments()
        .find(|arg| arg.get_long() == Some(long))
}

/// The words that say on a command line what a value says.
fn words(
    key: &'static Key,
    value: &Value,
    folder: Option<&Path>,
    master: &Command,
) -> Result<Given, String> {
    let takes_values =
        argument(master, key.name).is_some_and(|arg| arg.get_action().takes_values());
    let one = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(number.to_string()),
        other => Err(format!(
            "expected a text or a number, found {}",
            other.type_str()
        )),
    };
    let (texts, words) = match value {
        Value::Boolean(on) if !takes_values => {
            let words = match (on, key.name) {
                (true, name) => vec![format!("--{name}").into()],
                (false, "codec-safe") => vec!["--no-codec-safe".into()],
                (false, _) => Vec::new(),
            };
            (vec![on.to_string()], words)
        }
        other if !takes_values => {
            return Err(format!(
                "expected true or false, found {}",
                other.type_str()
            ));
        }
        Value::Array(values) => {
            let texts = values.iter().map(one).collect::<Result<Vec<_>, _>>()?;
            (texts, Vec::new())
        }
        value => (vec![one(value)?], Vec::new()),
    };
    // A target that is a number is a loudness.
    let number = texts.first().and_then(|text| lufs(text));
    if let ("target", Some(number)) = (key.name, number) {
        return Ok(Given {
            name: "lufs",
            words: vec![format!("--lufs={number}").into()],
            shown: number,
            place: String::new(),
        });
    }
    let as_words = |text: &String| -> OsString {
        let mut word = OsString::from(format!("--{}=", key.name));
        match folder {
            Some(folder) if PATHS.contains(&key.name) => word.push(folder.join(text)),
            _ => word.push(OsStr::new(text)),
        }
        word
    };
    let words = if takes_values {
        texts.iter().map(as_words).collect()
    } else {
        words
    };
    Ok(Given {
        name: key.name,
        words,
        shown: plain::field(&texts.join(", ")).into_owned(),
        place: String::new(),
    })
}

/// Whether the parser takes one value, alone; the place of a wrong one is in the error.
fn check(given: &Given, command: &Command) -> Result<(), String> {
    let mut words: Vec<OsString> = ["acetate", MASTER, "mix.wav"].map(OsString::from).into();
    words.extend(given.words.iter().cloned());
    let Err(error) = command.clone().try_get_matches_from(words) else {
        return Ok(());
    };
    let text = error.to_string();
    let said = text.split("\n\nUsage").next().unwrap_or(&text);
    let said = said.split("\n\nFor more").next().unwrap_or(said);
    let said = said.trim_start_matches("error: ");
    let said: Vec<&str> = said.split_whitespace().collect();
    Err(format!(
        "{}: {}: {}",
        given.place,
        given.name,
        plain::line(&said.join(" "))
    ))
}
