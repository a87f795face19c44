//! The campaign behind `acetate check`: `cargo run --release --example check -- COMMAND`.
//!
//! It measures released tracks and tracks with injected faults (`crates/check/protocol.toml`), fits the
//! limits of the findings on training albums, and reports what is found on the others. Rows go to files
//! as JSON lines, so that a killed run goes on where it stood.
//!
//! `measure SPLIT ROWS [COUNT]`: released tracks of a split, whole; all of them, or so many of tiers A and
//! B spread over the album groups.
//! `mixes SPLIT ROWS`: every unmastered mix of a split, whole.
//! `inject SPLIT ROWS COUNT [plain|FAULT] [FAULT,…]`: faults at all strengths, at the plain one, or one fault, in
//! COUNT excerpts; a list after `plain` leaves the others out.
//! `stability SPLIT ROWS COUNT`: gain, sample rate and MP3 against the original.
//! `codecs SPLIT FILE COUNT`: traces of lossy coders in excerpts of all unmastered mixes, and of COUNT of them coded.
//! `files FOLDER ROWS`: every WAV in a folder, whole (`lead.py` makes such a folder).
//! `fit TRAIN INJECTED`: writes crates/check/corpus.json.
//! `again CLEAN INJECTED CODE…`: fits single findings in it again.
//! `tone`: fits where tonal findings begin, on the features that `acetate train` caches.
//! `voices ROWS`: fits what tells a voice's sibilants from drums, and prints the constants of `VoiceEvidence`.
//! `ends SPLIT ROWS COUNT`: first, middle and last 10 s of released tracks as one signal, for what is told by edges.
//! `report CLEAN INJECTED STABILITY MIXES`: prints the tables of docs/CHECK.md.
//!
//! The music is what `acetate dataset fetch` got: `--cache DIR` in front of the command, or
//! `$XDG_CACHE_HOME/acetate/datasets`.

mod codecs;
mod faults;
mod filters;
mod fit;
mod lossy;
mod protocol;
mod report;
mod rows;
mod stability;
mod tone;
mod tracks;
mod voices;

use std::path::PathBuf;

use acetate_training::datasets::Split;
use anyhow::{Context, Result, bail};

fn main() -> Result<()> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let cache = cache_dir(&mut args)?;
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["measure", split, rows] => {
            rows::measure(&cache, split_of(split)?, None, false, rows.as_ref())
        }
        ["measure", split, rows, count] => rows::measure(
            &cache,
            split_of(split)?,
            Some(count.parse()?),
            false,
            rows.as_ref(),
        ),
        ["mixes", split, rows] => {
            rows::measure(&cache, split_of(split)?, None, true, rows.as_ref())
        }
        ["inject", split, rows, count, faults @ ..] if faults.len() <= 2 => {
            let which = match faults {
                [] => rows::Which::All,
                ["plain", list] => {
                    rows::Which::PlainOf(list.split(',').map(str::to_owned).collect())
                }
                ["plain"] => rows::Which::Plain,
                [fault, ..] => rows::Which::Fault((*fault).to_owned()),
            };
            let count = count.parse()?;
            rows::inject(&cache, split_of(split)?, rows.as_ref(), count, &which)
        }
        ["stability", split, rows, count] => {
            stability::run(&cache, split_of(split)?, rows.as_ref(), count.parse()?)
        }
        ["codecs", split, rows, count] => {
            codecs::run(&cache, split_of(split)?, rows.as_ref(), count.parse()?)
        }
        ["files", folder, rows] => rows::files(folder.as_ref(), rows.as_ref()),
        ["fit", clean, injected] => fit::run(clean.as_ref(), injected.as_ref()),
        ["again", clean, injected, codes @ ..] if !codes.is_empty() => {
            fit::again(clean.as_ref(), injected.as_ref(), codes)
        }
        ["tone"] => tone::run(&cache),
        ["voices", rows] => voices::run(&cache, rows.as_ref()),
        ["ends", split, rows, count] => {
            rows::ends(&cache, split_of(split)?, count.parse()?, rows.as_ref())
        }
        ["report", clean, injected, stability, mixes] => report::run(
            clean.as_ref(),
            injected.as_ref(),
            stability.as_ref(),
            mixes.as_ref(),
        ),
        _ => bail!(
            "expected a command: measure, mixes, inject, ends, stability, codecs, files, tone, voices, fit, again or report; see crates/check/fit/main.rs"
        ),
    }
}

/// Takes `--cache DIR` off the arguments.
fn cache_dir(args: &mut Vec<String>) -> Result<PathBuf> {
    if args.first().is_some_and(|arg| arg == "--cache") {
        let dir = args.get(1).context("--cache: expected a folder")?.into();
        args.drain(..2);
        return Ok(dir);
    }
    let home = std::env::var_os("HOME").context("HOME is not set: give --cache DIR")?;
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map_or_else(|| PathBuf::from(home).join(".cache"), PathBuf::from);
    Ok(base.join("acetate/datasets"))
}

/// A split by name; `held-out` stands for valid and test together.
fn split_of(name: &str) -> Result<Vec<Split>> {
    Ok(match name {
        "train" => vec![Split::Train],
        "valid" => vec![Split::Valid],
        "test" => vec![Split::Test],
        "held-out" => vec![Split::Valid, Split::Test],
        _ => bail!("expected train, valid, test or held-out, got {name}"),
    })
}
