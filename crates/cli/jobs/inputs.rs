//! Inputs one after the other or side by side.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use acetate_master::report::Failure;
use anyhow::anyhow;
use rayon::prelude::*;

use crate::exit::{self, Exit};
use crate::terminal::console::{Console, causes_in_words};

/// Runs a command on every input, on all threads where there are several. A bad file is said and
/// the others go on, even past a panic, which is a bug of ours; the worst exit code counts.
pub fn each_input(
    inputs: &[PathBuf],
    console: &Console,
    run: impl Fn(&Path) -> anyhow::Result<Exit> + Sync,
) -> anyhow::Result<Exit> {
    let run = |input: &Path| {
        // What a panic leaves behind belongs to this input alone, and is dropped with it.
        catch_unwind(AssertUnwindSafe(|| run(input))).unwrap_or_else(|_| {
            let input = input.display();
            Err(anyhow!(
                "{input}: internal error: please report it with this file"
            ))
        })
    };
    let told = |input: &PathBuf| match run(input) {
        Ok(exit) => Ok(exit),
        // What was stopped is no failure; the process says how it ends.
        Err(_) if exit::is_stopping() => Ok(Exit::Unusable),
        Err(error) => {
            console.error(&error);
            if console.json {
                let input = input.display().to_string();
                console.print_json(&Failure::new(&input, &causes_in_words(&error)))?;
            }
            Ok(Exit::Unusable)
        }
    };
    // One alone stays out of the pool, whose threads it may then use all.
    if let [input] = inputs {
        return told(input);
    }
    let exits: Vec<Exit> = inputs.par_iter().map(told).collect::<anyhow::Result<_>>()?;
    Ok(exits.into_iter().max().unwrap_or(Exit::Met))
}
