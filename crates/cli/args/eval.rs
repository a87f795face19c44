//! The command line of `acetate eval`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use acetate_training::eval::tools::{Tool, ToolArgumentError};

/// `acetate eval`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Excerpts of finished songs are degraded as audio, mastered by every method to \
    -14 LUFS and at most -1 dBTP at 24 bit, and the written samples are measured against the \
    untouched excerpt.\n\nExamples:\n  \
    acetate eval                                  the test albums of datasets.toml\n  \
    acetate eval --split valid --tracks 6         a quick look at validation albums\n  \
    acetate eval --masters my-songs --out-dir out your own finished songs, album = sub-folder\n  \
    acetate eval --pairs pairs.csv                real mixes with their masters (columns mix, \
    master, album; paths relative to the table)\n  \
    acetate eval --tool 'ffmpeg=ffmpeg -i {in} -af loudnorm=I=-14:TP=-1 -ar 44100 {out}'\n\n\
    Exit codes: 0 done; 1 a --tool made no master of some mix; 2 usage, or a song that cannot be read (the \
    others are evaluated)."
)]
pub struct EvalArgs {
    /// Evaluate every song of this folder; its sub-folders are the albums
    #[arg(help_heading = "What", long, value_name = "DIR", conflicts_with_all = ["split", "pairs"])]
    pub masters: Option<PathBuf>,
    /// Evaluate real mixes against their masters, whole songs
    #[arg(
        help_heading = "What",
        long,
        value_name = "CSV",
        conflicts_with = "split"
    )]
    pub pairs: Option<PathBuf>,
    /// Split of the corpus
    #[arg(help_heading = "What", long, value_enum, default_value_t = EvalSplit::Test)]
    pub split: EvalSplit,
    /// Only so many songs or pairs, evenly spread [default: all]
    #[arg(help_heading = "What", long, value_name = "N", value_parser = at_least_one)]
    pub tracks: Option<usize>,
    /// Put another program to the same proof, under this name (may be repeated): {in} is the mix, a WAV
    /// of 24 bits, {out} the file that it writes, {ref} another song of the album. It is run without a
    /// shell, with a time limit
    #[arg(help_heading = "What", long = "tool", value_name = "NAME=COMMAND", value_parser = tool)]
    pub tools: Vec<Tool>,
    /// Length of the excerpts, seconds: the loudest stretch of each song
    #[arg(help_heading = "How", long, value_name = "SECONDS", default_value_t = 20.0, value_parser = excerpt_s)]
    pub excerpt_s: f64,
    /// Severities of the smooth faults, dB RMS; 0 is the untouched excerpt
    #[arg(help_heading = "How", long, value_name = "DB,...", value_delimiter = ',', default_value = "0,1,2,3,4,6", value_parser = severity_db)]
    pub severities: Vec<f64>,
    /// Seed of the faults and of the resampled albums
    #[arg(help_heading = "How", long, value_name = "SEED", default_value_t = 1)]
    pub seed: u64,
    /// Weights of your own instead of the embedded ones
    #[arg(help_heading = "How", long, value_name = "SAFETENSORS")]
    pub weights: Option<PathBuf>,
    /// Folder for eval.json, eval.md and eval.svg, made if missing; a run on test albums is added to
    /// its test_runs.md
    #[arg(long, value_name = "DIR")]
    pub out_dir: Option<PathBuf>,
    /// The list of sources
    #[arg(long, value_name = "TOML", default_value = "datasets.toml")]
    pub datasets: PathBuf,
    /// Cache folder [default: $XDG_CACHE_HOME/acetate/datasets]
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Use what is in the cache and fetch nothing
    #[arg(long)]
    pub offline: bool,
    /// Fit the simple methods on the corpus and write baselines.safetensors into --out-dir
    #[arg(long, hide = true)]
    pub fit_baselines: bool,
    /// Recipe whose prior the ridge regression is fitted on
    #[arg(
        long,
        hide = true,
        value_name = "TOML",
        default_value = "training/default.toml"
    )]
    pub recipe: PathBuf,
}

/// Split of the corpus that may be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EvalSplit {
    /// Albums for choices
    Valid,
    /// Albums that nothing was fitted on
    Test,
}

fn excerpt_s(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (8.0..=900.0).contains(&seconds) => Ok(seconds),
        _ => Err("expected a number of seconds from 8 to 900".to_owned()),
    }
}

fn severity_db(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(severity_db) if (0.0..=12.0).contains(&severity_db) => Ok(severity_db),
        _ => Err("expected a number of dB from 0 to 12".to_owned()),
    }
}

fn tool(text: &str) -> Result<Tool, ToolArgumentError> {
    let tool = Tool::parse(text)?;
    tool.check()?;
    Ok(tool)
}

/// A count.
fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count >= 1 => Ok(count),
        _ => Err("expected a whole number of at least 1".to_owned()),
    }
}
