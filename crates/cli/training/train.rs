//! `acetate train`: from the cached corpus, or from a catalog of one's own, to weights and their
//! model card.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

use acetate_dsp::plain;
use acetate_training::catalog::tune::Tune;
use acetate_training::catalog::{self, Answer, Catalog, Plan, retrain};
use acetate_training::datasets::Datasets;
use acetate_training::recipe::Recipe;
use acetate_training::run::{CARD_HEAD, CARD_NAME, Observer, Paths, Step, train};
use anyhow::{Context, bail};
use indicatif::ProgressBar;

use crate::args::TrainArgs;
use crate::exit::Exit;
use crate::terminal::console::Console;
use crate::terminal::progress::Bars;

use super::dataset::{cache_dir, fetch_all};

/// A larger model card is none of ours, bytes.
const MAX_CARD_BYTES: u64 = 1 << 20;
/// The recipe that is used where none is given.
const DEFAULT_RECIPE: &str = "training/default.toml";
/// The output folder of the shipped weights.
const DEFAULT_OUT_DIR: &str = "weights";
/// The output folder of retrained weights.
const RETRAINED_OUT_DIR: &str = "retrained";

/// Trains and writes weights, model card and loss curve.
pub fn run(args: &TrainArgs, console: &Console) -> anyhow::Result<Exit> {
    let catalog = match (&args.masters, &args.pairs) {
        (Some(folder), _) => Some(Catalog::Masters(folder.clone())),
        (None, Some(list)) => Some(Catalog::Pairs(list.clone())),
        (None, None) => None,
    };
    match catalog {
        Some(catalog) => retrain_on(&catalog, args, console),
        None if args.force => bail!("--force goes with --masters or --pairs"),
        None => train_anew(args, console),
    }
}

fn train_anew(args: &TrainArgs, console: &Console) -> anyhow::Result<Exit> {
    let recipe = args.recipe.as_deref().unwrap_or(Path::new(DEFAULT_RECIPE));
    let recipe = Recipe::read(recipe)?;
    let datasets = Datasets::load(&args.datasets)?;
    let cache = cache_dir(args.cache.as_deref())?;
    if !args.offline {
        fetch_all(&datasets, &cache, console)?;
    }
    let paths = Paths {
        cache: &cache,
        out_dir: out_dir(args, DEFAULT_OUT_DIR)?,
    };
    let observer = TerminalObserver::new(console);
    let trained = train(&recipe, &datasets, &paths, &observer)?;
    observer.end();
    if console.json {
        console.print_json(&trained)?;
    } else {
        console.print(&trained.table())?;
    }
    Ok(Exit::Met)
}

fn retrain_on(catalog: &Catalog, args: &TrainArgs, console: &Console) -> anyhow::Result<Exit> {
    let tune = match &args.recipe {
        Some(path) => Tune::read(path)?,
        None => Tune::embedded()?,
    };
    // Without the list of public music there is none to mix in or to measure on; the verdict says so.
    let datasets = args
        .datasets
        .exists()
        .then(|| Datasets::load(&args.datasets))
        .transpose()?;
    let cache = cache_dir(args.cache.as_deref())?;
    let plan = Plan {
        tune: &tune,
        paths: Paths {
            cache: &cache,
            out_dir: out_dir(args, RETRAINED_OUT_DIR)?,
        },
        datasets: datasets.as_ref(),
        force: args.force,
    };
    let observer = TerminalObserver::new(console);
    let retrained = retrain(catalog, &plan, &observer)?;
    observer.end();
    if console.json {
        console.print_json(&retrained)?;
    } else {
        console.print(&format!("{}\n", plain::line(&retrained.verdict)))?;
        if retrained.retrained_written {
            let written = plan.paths.out_dir.join(catalog::WEIGHTS_NAME);
            console.say(&format!("{}: written", written.display()));
        }
    }
    Ok(if retrained.answer == Answer::Better {
        Exit::Met
    } else {
        Exit::Missed
    })
}

/// The output folder, made if missing.
fn out_dir<'a>(args: &'a TrainArgs, default: &'a str) -> anyhow::Result<&'a Path> {
    let folder = args.out_dir.as_deref().unwrap_or(Path::new(default));
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let card = folder.join(CARD_NAME);
    let is_foreign = match acetate_io::read_text(&card, MAX_CARD_BYTES) {
        Ok(text) => !text.starts_with(CARD_HEAD),
        Err(error) => !error.is_absent(),
    };
    if is_foreign {
        bail!(
            "{}: expected no such file or the model card of earlier weights, found another one: choose another --out-dir",
            card.display()
        );
    }
    Ok(folder)
}

/// Shows one bar for the step at hand.
struct TerminalObserver<'a> {
    bars: Bars,
    console: &'a Console,
    bar: Mutex<Option<ProgressBar>>,
}

impl<'a> TerminalObserver<'a> {
    fn new(console: &'a Console) -> Self {
        Self {
            bars: Bars::new(console),
            console,
            bar: Mutex::new(None),
        }
    }

    fn end(&self) {
        if let Some(bar) = self.bar.lock().ok().and_then(|mut bar| bar.take()) {
            bar.finish_and_clear();
        }
    }
}

impl Observer for TerminalObserver<'_> {
    fn begin(&self, step: Step, total: u64) {
        self.end();
        let label = match step {
            Step::Measure => "measure",
            Step::Fit => "fit",
            Step::Evaluate => "evaluate",
        };
        if let Ok(mut bar) = self.bar.lock() {
            *bar = Some(self.bars.counter(label, total));
        }
    }

    fn advance(&self, message: &str) {
        if let Ok(bar) = self.bar.lock()
            && let Some(bar) = bar.as_ref()
        {
            bar.inc(1);
            if !message.is_empty() {
                bar.set_message(plain::field(message).into_owned());
            }
        }
    }

    fn say(&self, message: &str) {
        self.console.say(message);
    }

    fn warn(&self, message: &str) {
        self.console.warn(message);
    }
}
