//! `acetate eval`: the end-to-end proof on held-out albums, a folder of songs, or real pairs.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

use acetate_dsp::plain;
use acetate_training::datasets::{Datasets, Split};
use acetate_training::eval::baselines::Baselines;
use acetate_training::eval::case::Contenders;
use acetate_training::eval::fit::fit_baselines;
use acetate_training::eval::markdown::{LOG_HEAD, log_line, markdown};
use acetate_training::eval::pairs::evaluate_pairs;
use acetate_training::eval::plot::svg;
use acetate_training::eval::report::EvalReport;
use acetate_training::eval::run::{Observer, Options, evaluate};
use acetate_training::eval::songs::{Song, pairs_in, songs_in, songs_of_split, spread};
use acetate_training::eval::tools::Tool;
use acetate_training::recipe::Recipe;
use anyhow::{Context, bail};
use indicatif::ProgressBar;

use crate::args::{EvalArgs, EvalSplit};
use crate::exit::Exit;
use crate::terminal::console::Console;
use crate::terminal::progress::Bars;

use super::dataset::{cache_dir, fetch_all};

/// File of the baselines in the folder of the weights.
const BASELINES_NAME: &str = "baselines.safetensors";
/// File that logs every run on test albums.
const LOG_NAME: &str = "test_runs.md";
/// A larger log is none of ours, bytes.
const MAX_LOG_BYTES: u64 = 16 << 20;

/// Evaluates, prints the tables and writes the report.
pub fn run(args: &EvalArgs, console: &Console) -> anyhow::Result<Exit> {
    let observer = TerminalObserver {
        bars: Bars::new(console),
        console,
        bar: Mutex::new(None),
    };
    if args.fit_baselines {
        return fit(args, console, &observer);
    }
    different_names(&args.tools)?;
    // Before the long run, so that a bad path fails early.
    if let Some(folder) = &args.out_dir {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let net = acetate_engine::net(args.weights.as_deref())?;
    let baselines = Baselines::embedded()?;
    let contenders = Contenders {
        baselines: &baselines,
        net: &net,
        tools: &args.tools,
    };
    let report = match &args.pairs {
        Some(csv) => {
            let pairs = spread(pairs_in(csv)?, args.tracks);
            let input = format!("{} pairs", pairs.len());
            let pairs = evaluate_pairs(&pairs, &contenders, &observer)?;
            EvalReport::of_pairs(input, pairs, &contenders)
        }
        None => {
            let (songs, input) = songs(args, console)?;
            let options = Options {
                excerpt_s: args.excerpt_s,
                severities_db: args.severities.clone(),
                seed: args.seed,
            };
            let evaluation = evaluate(&songs, &options, &contenders, &observer)?;
            EvalReport::of_songs(input, evaluation, &options, &contenders)
        }
    };
    observer.end();
    if let Some(folder) = &args.out_dir {
        write(folder, &report)?;
        let of_corpus = args.masters.is_none() && args.pairs.is_none();
        if of_corpus && args.split == EvalSplit::Test {
            log(folder, &report)?;
        }
    }
    if console.json {
        console.print_json(&report)?;
    } else {
        console.print(&markdown(&report))?;
    }
    // As for every command: an input of the user's that cannot be used is an error, though the
    // others went on. Songs of the corpus that are no use are only said.
    let own = args.masters.is_some() || args.pairs.is_some();
    Ok(if report.left_out() > 0 && own {
        Exit::Unusable
    } else if report.tools.iter().any(|tool| tool.failed > 0) {
        Exit::Missed
    } else {
        Exit::Met
    })
}

/// Two programs of one name could not be told apart in the tables.
fn different_names(tools: &[Tool]) -> anyhow::Result<()> {
    for (index, tool) in tools.iter().enumerate() {
        if tools[..index].iter().any(|other| other.name == tool.name) {
            bail!(
                "--tool: expected a name of its own for each, found two called \"{}\"",
                tool.name
            );
        }
    }
    Ok(())
}

/// What is to be evaluated, and its name in the report.
fn songs(args: &EvalArgs, console: &Console) -> anyhow::Result<(Vec<Song>, String)> {
    if let Some(folder) = &args.masters {
        let songs = spread(songs_in(folder)?, args.tracks);
        return Ok((songs, "a folder of finished masters".to_owned()));
    }
    let datasets = Datasets::load(&args.datasets)?;
    let cache = cache_dir(args.cache.as_deref())?;
    if !args.offline {
        fetch_all(&datasets, &cache, console)?;
    }
    let split = match args.split {
        EvalSplit::Valid => Split::Valid,
        EvalSplit::Test => Split::Test,
    };
    let (songs, missing) = songs_of_split(&datasets, split, &cache);
    if let Some(first) = missing.first() {
        console.warn(&format!(
            "{} songs of the {split} split are not in the cache; the first: {}",
            missing.len(),
            first.display()
        ));
    }
    if songs.is_empty() {
        bail!(
            "{}: expected songs of the {split} split, found none: run `acetate dataset fetch`",
            cache.display()
        );
    }
    let input = format!("{split} split of the corpus");
    Ok((spread(songs, args.tracks), input))
}

fn fit(args: &EvalArgs, console: &Console, observer: &TerminalObserver) -> anyhow::Result<Exit> {
    let recipe = Recipe::read(&args.recipe)?;
    let datasets = Datasets::load(&args.datasets)?;
    let cache = cache_dir(args.cache.as_deref())?;
    if !args.offline {
        fetch_all(&datasets, &cache, console)?;
    }
    let folder = args.out_dir.as_deref().unwrap_or(Path::new("weights"));
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let baselines = fit_baselines(&datasets, &cache, &recipe, observer)?;
    observer.end();
    let path = folder.join(BASELINES_NAME);
    baselines.write(&path)?;
    console.print(&format!(
        "{}: best share of the mean curve {:.0} %, ridge penalty {}, fixed compressor {} LU {}:1\n",
        plain::path(&path),
        100.0 * baselines.best_share,
        baselines.ridge_penalty,
        baselines.compressor.threshold_lu,
        baselines.compressor.ratio
    ))?;
    Ok(Exit::Met)
}

fn write(folder: &Path, report: &EvalReport) -> anyhow::Result<()> {
    let put = |name: &str, text: &str| {
        let path = folder.join(name);
        acetate_io::write_text(&path, text).with_context(|| path.display().to_string())
    };
    put(
        "eval.json",
        &format!("{}\n", plain::json(serde_json::to_string_pretty(report)?)),
    )?;
    put("eval.md", &markdown(report))?;
    match svg(report)? {
        Some(svg) => put("eval.svg", &svg),
        None => Ok(()),
    }
}

/// Adds a run on test albums to the log that is kept of all of them.
fn log(folder: &Path, report: &EvalReport) -> anyhow::Result<()> {
    let path = folder.join(LOG_NAME);
    let before = match acetate_io::read_text(&path, MAX_LOG_BYTES) {
        Err(error) if error.is_absent() => LOG_HEAD.to_owned(),
        text => text?,
    };
    let line = log_line(report).unwrap_or_default();
    acetate_io::write_text(&path, &(before + &line)).with_context(|| path.display().to_string())
}

/// Shows one bar for what is at hand.
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
    fn begin(&self, cases: u64) {
        self.end();
        if let Ok(mut bar) = self.bar.lock() {
            *bar = Some(self.bars.counter("evaluate", cases));
        }
    }

    fn advance(&self, song: &str) {
        if let Ok(bar) = self.bar.lock()
            && let Some(bar) = bar.as_ref()
        {
            bar.inc(1);
            bar.set_message(plain::field(song).into_owned());
        }
    }

    fn warn(&self, message: &str) {
        self.console.warn(message);
    }
}
