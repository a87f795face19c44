//! `acetate train`: from the cached corpus to weights and their model card.

use std::fs;
use std::sync::Mutex;

use acetate_training::datasets::Datasets;
use acetate_training::recipe::Recipe;
use acetate_training::run::{Observer, Paths, Step, train};
use anyhow::Context;
use indicatif::ProgressBar;

use crate::args::TrainArgs;
use crate::console::Console;
use crate::dataset::{cache_dir, fetch_all};
use crate::exit::Exit;
use crate::progress::Bars;

/// Trains and writes weights, model card and loss curve.
pub fn run(args: &TrainArgs, console: &Console) -> anyhow::Result<Exit> {
    let recipe = Recipe::read(&args.recipe)?;
    let datasets = Datasets::load(&args.datasets)?;
    let cache = cache_dir(args.cache.as_deref())?;
    if !args.offline {
        fetch_all(&datasets, &cache, console)?;
    }
    fs::create_dir_all(&args.out_dir).with_context(|| args.out_dir.display().to_string())?;
    let observer = TerminalObserver {
        bars: Bars::new(console),
        console,
        bar: Mutex::new(None),
    };
    let paths = Paths {
        cache: &cache,
        out_dir: &args.out_dir,
    };
    let trained = train(&recipe, &datasets, &paths, &observer)?;
    observer.end();
    if console.json {
        console.print_json(&trained)?;
    } else {
        console.print(&trained.table())?;
    }
    Ok(Exit::Met)
}

/// Shows one bar for the step at hand.
struct TerminalObserver<'a> {
    bars: Bars,
    console: &'a Console,
    bar: Mutex<Option<ProgressBar>>,
}

impl TerminalObserver<'_> {
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
                bar.set_message(message.to_owned());
            }
        }
    }

    fn warn(&self, message: &str) {
        self.console.warn(message);
    }
}
