//! The command line, as typed.

mod check;
mod eval;

use std::path::{Path, PathBuf};

use acetate_dsp::process::dither::WordLength;
use acetate_master::presets::PRESETS;
use acetate_model::reference::DEFAULT_MAX_EQ_RMS_DB;
use clap::builder::PossibleValuesParser;
use clap::{Args as ClapArgs, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::naming::is_pipe;

pub use check::CheckArgs;
pub use eval::{EvalArgs, EvalSplit};

/// Learned auto-mastering: a finished mix goes in, a verified release-ready master comes out.
#[derive(Debug, Parser)]
#[command(
    name = "acetate",
    version,
    after_help = "Examples:\n  \
        acetate master mix.wav                      a verified master beside the mix\n  \
        acetate master mix.flac -o master.flac      as FLAC, under a name of your own\n  \
        acetate master *.wav --out-dir masters      many at once\n  \
        acetate master mix.wav --amount 50          half of the treatment\n  \
        acetate check mix.wav                       is it ready, and what to do if not\n  \
        acetate verify master.wav --target apple    hold any file against a target\n\n\
        Exit codes: 0 all met; 1 delivered, but a check failed or the target could not be met \
        honestly; 2 usage or unreadable input; 130 interrupted, 143 terminated."
)]
pub struct Args {
    /// What every command understands.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command understands.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Printing and threads")]
pub struct GlobalArgs {
    /// One JSON object per file on standard output, and nothing else there; of a file that failed its name and the
    /// error
    #[arg(long, global = true)]
    pub json: bool,
    /// Print nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print every attempt and the settings
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Threads to use [default: RAYON_NUM_THREADS, else all cores]
    #[arg(long, global = true, value_name = "N", value_parser = thread_count)]
    pub threads: Option<usize>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Master one mix or many, and verify the written files
    Master(Box<MasterArgs>),
    /// Tell whether mixes are ready to be mastered, why not, and what to do; exit code 0 or 1
    Check(CheckArgs),
    /// Measure files: loudness, true peak, spectrum, stereo
    Analyze(AnalyzeArgs),
    /// Hold files against a target; exit code 0 or 1
    Verify(VerifyArgs),
    /// Recover what somebody did to a mix from the master that came back
    Learn(LearnArgs),
    /// Train the net from the cached corpus
    Train(TrainArgs),
    /// Prove end to end, on songs that the net has not seen, what the masters are worth
    Eval(Box<EvalArgs>),
    /// Fetch or list the music that the net is trained on
    Dataset(DatasetArgs),
    /// Print the JSON schema of reports
    Schema(SchemaArgs),
    /// Print every parameter of the chain: range, neutral value, unit
    Params,
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the man page
    Man(ManArgs),
}

/// Loudness and ceiling.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Target")]
pub struct TargetArgs {
    /// A named target
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(PRESETS.iter().map(|preset| {
        clap::builder::PossibleValue::new(preset.name)
            .help(format!("{} LUFS, {} dBTP: {}", preset.integrated_lufs, preset.true_peak_dbtp, preset.help))
    })))]
    pub target: Option<String>,
    /// Integrated loudness, LUFS (overrides the named target) [default: -14]
    #[arg(long, value_name = "LUFS", allow_hyphen_values = true)]
    pub lufs: Option<f64>,
    /// Highest true peak, dBTP (overrides the named target) [default: -1]
    #[arg(long, value_name = "DBTP", allow_hyphen_values = true)]
    pub ceiling: Option<f64>,
    /// Measure a mono file as it sounds from two speakers (3 LU louder)
    #[arg(long)]
    pub dual_mono: bool,
}

/// `acetate master`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "The output is written under a temporary name, read back, measured by two \
    independent meters, and renamed only then. The input is never touched.\n\n\
    An amount of 0 changes level and ceiling only; --eq-amount and its like override --amount for \
    one stage. A settings file from --save-settings renders the same bytes again (with the same --rate, \
    --bits and --dual-mono); its drive is solved anew unless it says drive_fixed = true: then neither the target nor \
    --max-limiting moves it."
)]
pub struct MasterArgs {
    /// Mixes to master: WAV, AIFF, FLAC, MP3, Ogg Vorbis, AAC, ALAC, RF64; `-` for standard input
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// Output file [default: the input's name with .master.wav, beside it]; `-` for standard output
    #[arg(help_heading = "Output", short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Folder for the outputs, made if missing
    #[arg(
        help_heading = "Output",
        long,
        value_name = "DIR",
        conflicts_with = "output"
    )]
    pub out_dir: Option<PathBuf>,
    #[command(flatten)]
    pub target: TargetArgs,
    /// Most gain reduction that the limiter may take, dB [default: 9]
    #[arg(help_heading = "Target", long, value_name = "DB")]
    pub max_limiting: Option<f64>,
    /// Encode and decode the master with ffmpeg (AAC, Vorbis, Opus, MP3) and lower the ceiling until
    /// nothing passes full scale; the named targets of lossy platforms imply it
    #[arg(help_heading = "Target", long, overrides_with = "no_codec_safe")]
    pub codec_safe: bool,
    /// Do not try the codecs, whatever the named target implies
    #[arg(help_heading = "Target", long, overrides_with = "codec_safe")]
    pub no_codec_safe: bool,
    /// How much of the whole treatment, percent
    #[arg(help_heading = "Treatment", long, value_name = "0..100", default_value_t = 100.0, value_parser = percent)]
    pub amount: f64,
    /// How much of the EQ, percent [default: --amount]
    #[arg(help_heading = "Treatment", long, value_name = "0..100", value_parser = percent)]
    pub eq_amount: Option<f64>,
    /// How much of the compression, percent [default: --amount]
    #[arg(help_heading = "Treatment", long, value_name = "0..100", value_parser = percent)]
    pub compressor_amount: Option<f64>,
    /// How much of the saturation, percent [default: --amount]
    #[arg(help_heading = "Treatment", long, value_name = "0..100", value_parser = percent)]
    pub saturation_amount: Option<f64>,
    /// How much of the width, percent [default: --amount]
    #[arg(help_heading = "Treatment", long, value_name = "0..100", value_parser = percent)]
    pub stereo_amount: Option<f64>,
    /// Leave a stage out (may be repeated): cleanup, eq, compressor, saturation, stereo, limiter
    #[arg(
        help_heading = "Treatment",
        long,
        value_name = "STAGE",
        value_delimiter = ','
    )]
    pub bypass: Vec<acetate_dsp::chain::Stage>,
    /// Render with the settings of this file instead of predicted ones
    #[arg(help_heading = "Treatment", long, value_name = "TOML")]
    pub settings: Option<PathBuf>,
    /// Keep the analyses of mixes in this folder, so that a second rendering need not measure again
    /// [default: $XDG_CACHE_HOME/acetate/analyses, at most 256 MB]
    #[arg(help_heading = "Treatment", long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Measure each mix anew, and keep nothing
    #[arg(help_heading = "Treatment", long, conflicts_with = "cache")]
    pub no_cache: bool,
    /// Write the settings that were rendered, the solved drive included
    #[arg(
        help_heading = "Treatment",
        long,
        value_name = "TOML",
        conflicts_with = "dry_run"
    )]
    pub save_settings: Option<PathBuf>,
    /// Write a certificate: hashes, settings, every figure with its meter, every attempt; a folder for
    /// several inputs
    #[arg(
        help_heading = "Output",
        long,
        value_name = "JSON",
        conflicts_with = "dry_run"
    )]
    pub certificate: Option<PathBuf>,
    /// Write a page to look at and listen to: pictures, checks, what each stage changes, and a player
    /// with every version equally loud; a folder for several inputs
    #[arg(
        help_heading = "Hand-over",
        long,
        value_name = "HTML",
        conflicts_with = "dry_run"
    )]
    pub report: Option<PathBuf>,
    /// Make several masters along loud and open, dark and bright, each with its settings beside it;
    /// --report compares them
    #[arg(
        help_heading = "Hand-over",
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u8).range(2..=crate::variants::MAX_VARIANTS as i64),
        conflicts_with_all = ["dry_run", "settings", "codec_safe", "certificate", "resume"]
    )]
    pub variants: Option<u8>,
    /// Write a folder for a mastering engineer: mix, reference master, un-limited version, matched A
    /// and B, difference, settings, a one-page sheet, the chain for DAWs, hashes; a folder of them for several
    /// inputs
    #[arg(
        help_heading = "Hand-over",
        long,
        value_name = "DIR",
        conflicts_with = "dry_run"
    )]
    pub pack: Option<PathBuf>,
    /// What the engineer should know, for the sheet of --pack
    #[arg(
        help_heading = "Hand-over",
        long,
        value_name = "TEXT",
        requires = "pack"
    )]
    pub notes: Option<String>,
    /// Move towards a finished record: a sound file, a folder of them (their common signature), or a
    /// saved signature (.toml); may be repeated
    #[arg(
        help_heading = "Reference",
        long = "reference",
        value_name = "FILE|DIR",
        conflicts_with = "settings"
    )]
    pub references: Vec<PathBuf>,
    /// How much the reference before it counts [default: 1]
    #[arg(
        help_heading = "Reference",
        long = "weight",
        value_name = "N",
        requires = "references",
        value_parser = weight
    )]
    pub weights_given: Vec<f64>,
    /// The weight of each reference, in their order.
    #[arg(skip)]
    pub reference_weights: Vec<f64>,
    /// Match only these: tone, width, dynamics, loudness [default: all]
    #[arg(
        help_heading = "Reference",
        long = "match",
        value_name = "WHAT",
        value_enum,
        value_delimiter = ',',
        requires = "references"
    )]
    pub matched: Vec<Dimension>,
    /// The most EQ towards a reference, RMS, dB, up to 10 [default: 10]
    #[arg(
        help_heading = "Reference",
        long,
        value_name = "DB",
        requires = "references",
        value_parser = match_limit
    )]
    pub match_limit: Option<f64>,
    /// Save the common signature of the references, to be used with --reference later
    #[arg(
        help_heading = "Reference",
        long,
        value_name = "TOML",
        requires = "references",
        conflicts_with = "dry_run"
    )]
    pub save_signature: Option<PathBuf>,
    /// The sound in words: warm, thin, bright, dark, airy, bassy, light, present, smooth, wide, narrow, tight,
    /// loud, quiet, open, punchy, dense, clean, vintage; with "a bit", "much", "less", "not", "keep"
    #[arg(
        help_heading = "Treatment",
        long,
        value_name = "WORDS",
        conflicts_with = "settings"
    )]
    pub style: Option<String>,
    /// Linear-phase EQ: no phase shift, some pre-ringing
    #[arg(help_heading = "Treatment", long)]
    pub linear_phase: bool,
    /// Weights of your own instead of the embedded ones
    #[arg(help_heading = "Treatment", long, value_name = "SAFETENSORS")]
    pub weights: Option<PathBuf>,
    /// Format [default: by the output's extension, else wav]
    #[arg(help_heading = "Output", long, value_enum)]
    pub format: Option<Format>,
    /// Word length of the master [default: 24]
    #[arg(help_heading = "Output", long, value_enum)]
    pub bits: Option<Bits>,
    /// Sample rate of the master, Hz [default: the input's]
    #[arg(help_heading = "Output", long, value_name = "HZ")]
    pub rate: Option<u32>,
    /// Replace existing outputs and files beside them (never an input, never a folder that is no earlier pack)
    #[arg(help_heading = "Output", long, conflicts_with = "skip_existing")]
    pub overwrite: bool,
    /// Leave inputs alone whose output exists
    #[arg(help_heading = "Output", long)]
    pub skip_existing: bool,
    /// Go on with a batch: leave what was delivered and verified before, from the same input with
    /// the same options, by the hashes of both files
    #[arg(help_heading = "Output", long, conflicts_with = "skip_existing")]
    pub resume: bool,
    /// Analyze, predict and solve, but write nothing
    #[arg(help_heading = "Output", long)]
    pub dry_run: bool,
    /// Refuse damaged input instead of mending it with a warning
    #[arg(long)]
    pub strict: bool,
}

impl Args {
    /// Reads the command line.
    pub fn read() -> Self {
        let matches = Self::command().get_matches();
        let mut args = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        if let (Command::Master(master), Some(given)) =
            (&mut args.command, matches.subcommand_matches("master"))
        {
            let places = |id| {
                given
                    .indices_of(id)
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
            };
            master.weigh(&places("references"), &places("weights_given"));
        }
        args
    }
}

impl MasterArgs {
    /// Gives each reference the weight that was typed behind it, or 1.
    fn weigh(&mut self, references: &[usize], weights: &[usize]) {
        self.reference_weights = vec![1.0; references.len()];
        for (at, weight) in weights.iter().zip(&self.weights_given) {
            let before = references
                .iter()
                .filter(|reference| *reference < at)
                .count();
            if let Some(own) = before.checked_sub(1) {
                self.reference_weights[own] = *weight;
            }
        }
    }

    /// Whether it turns out only later that the master of this output is left as it is.
    pub fn judges_later(&self, output: &Path) -> bool {
        (self.skip_existing || self.resume) && !is_pipe(output) && output.exists()
    }

    /// The word length asked for.
    pub fn word_length(&self) -> WordLength {
        match self.bits {
            Some(Bits::Bits16) => WordLength::Bits16,
            Some(Bits::Bits24) | None => WordLength::Bits24,
            Some(Bits::Float32) => WordLength::Float32,
        }
    }
}

/// What a reference may be matched in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Dimension {
    /// The spectrum
    Tone,
    /// Side against mid
    Width,
    /// How far loud and soft are apart
    Dynamics,
    /// The integrated loudness, unless --lufs or --target names another
    Loudness,
}

/// Container of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// WAV (RF64 above 4 GB)
    Wav,
    /// FLAC
    Flac,
}

/// Word length of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Bits {
    /// 16-bit integer, dithered (TPDF)
    #[value(name = "16")]
    Bits16,
    /// 24-bit integer
    #[value(name = "24")]
    Bits24,
    /// 32-bit float
    #[value(name = "32f")]
    Float32,
}

/// `acetate analyze`.
#[derive(Debug, ClapArgs)]
pub struct AnalyzeArgs {
    /// Files to measure; `-` for standard input
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// Measure a mono file as it sounds from two speakers (3 LU louder)
    #[arg(long)]
    pub dual_mono: bool,
    /// Refuse damaged input instead of mending it with a warning
    #[arg(long)]
    pub strict: bool,
}

/// `acetate verify`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "With --certificate the master's hash and figures are held against the certificate of \
    `acetate master --certificate`; with --input as well, the mix is rendered again with the \
    certified settings and compared byte by byte, and the mix's figures as well. It says \"identical\" or what \
    differs; exit code 0 or 1. A certificate is no signature: its amounts, attempts, findings and the hash of its \
    weights are as whoever wrote it put them."
)]
pub struct VerifyArgs {
    /// Files to hold against the target; `-` for standard input
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub target: TargetArgs,
    /// Hold one master against its certificate instead of a target
    #[arg(long, value_name = "JSON", conflicts_with_all = ["target", "lufs", "ceiling", "dual_mono"])]
    pub certificate: Option<PathBuf>,
    /// The mix behind the certificate, to be rendered again
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub input: Option<PathBuf>,
    /// Refuse damaged input instead of mending it with a warning
    #[arg(long)]
    pub strict: bool,
}

/// `acetate learn`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Prints the settings of the chain that come closest to the master, how much of the change \
    they explain, and what they do not. The pair can be kept in a list for `acetate train --pairs`."
)]
pub struct LearnArgs {
    /// The mix
    #[arg(long, value_name = "FILE")]
    pub mix: PathBuf,
    /// The master that came back
    #[arg(long, value_name = "FILE")]
    pub master: PathBuf,
    /// Write the settings that come closest, for `acetate master --settings`
    #[arg(long, value_name = "TOML")]
    pub save_settings: Option<PathBuf>,
    /// Append the pair to this list, made if missing
    #[arg(long, value_name = "CSV")]
    pub catalog: Option<PathBuf>,
    /// The pair's album in the list [default: the master's tag, else its folder]
    #[arg(long, value_name = "NAME", requires = "catalog")]
    pub album: Option<String>,
    /// Replace an existing settings file (never the mix or the master)
    #[arg(long, requires = "save_settings")]
    pub overwrite: bool,
}

/// `acetate train`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Without --masters and --pairs the shipped weights are made again from the public \
    music. A killed run goes on where it stood when it is started again.\n\n\
    With --masters or --pairs the shipped weights are retrained on your own music. One line says \
    whether that made them better on albums held out for the question; where it did not, or where \
    there is too little music, the shipped weights are written and the exit code is 1."
)]
pub struct TrainArgs {
    /// Folder of finished masters to retrain on; each folder in it is an album
    #[arg(
        help_heading = "Your own music",
        long,
        value_name = "DIR",
        conflicts_with = "pairs"
    )]
    pub masters: Option<PathBuf>,
    /// List of mixes with their masters to retrain on: columns mix, master, album
    #[arg(help_heading = "Your own music", long, value_name = "CSV")]
    pub pairs: Option<PathBuf>,
    /// Write the retrained weights even where they are not shown to be better (never where no step towards them was)
    #[arg(help_heading = "Your own music", long)]
    pub force: bool,
    /// Recipe with every number of the run [default: training/default.toml; for your own music
    /// training/finetune.toml, embedded]
    #[arg(long, value_name = "TOML")]
    pub recipe: Option<PathBuf>,
    /// The list of public sources
    #[arg(long, value_name = "TOML", default_value = "datasets.toml")]
    pub datasets: PathBuf,
    /// Cache folder [default: $XDG_CACHE_HOME/acetate/datasets]
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Folder for the weights, model card and loss curve [default: weights; for your own music
    /// retrained]
    #[arg(long, value_name = "DIR")]
    pub out_dir: Option<PathBuf>,
    /// Use what is in the cache and fetch nothing (always so with your own music)
    #[arg(long)]
    pub offline: bool,
}

/// `acetate dataset`.
#[derive(Debug, ClapArgs)]
pub struct DatasetArgs {
    /// What to do with the data
    #[command(subcommand)]
    pub action: DatasetAction,
    /// The list of sources
    #[arg(
        long,
        value_name = "TOML",
        default_value = "datasets.toml",
        global = true
    )]
    pub datasets: PathBuf,
    /// Cache folder [default: $XDG_CACHE_HOME/acetate/datasets]
    #[arg(long, value_name = "DIR", global = true)]
    pub cache: Option<PathBuf>,
}

/// What to do with the data.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum DatasetAction {
    /// Get the music with the system's package client; goes on where it stopped
    Fetch,
    /// Print the table of sources
    List,
}

/// `acetate schema`.
#[derive(Debug, ClapArgs)]
pub struct SchemaArgs {
    /// Which schema
    #[arg(value_enum, default_value_t = SchemaKind::Report)]
    pub kind: SchemaKind,
}

/// Which schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaKind {
    /// Reports: what --json prints
    Report,
    /// Settings files
    Settings,
    /// Certificates
    Certificate,
    /// Checks: what `acetate check --json` prints
    Check,
    /// Errors: what --json prints of an input that failed
    Error,
}

/// `acetate completions`.
#[derive(Debug, ClapArgs)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `acetate man`.
#[derive(Debug, ClapArgs)]
pub struct ManArgs {
    /// Page of one command instead of the overview
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}

fn weight(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(weight) if (0.0..=1000.0).contains(&weight) => Ok(weight),
        _ => Err("expected a number from 0 to 1000".to_owned()),
    }
}

fn match_limit(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(limit_db) if (0.0..=DEFAULT_MAX_EQ_RMS_DB).contains(&limit_db) => Ok(limit_db),
        _ => Err(format!(
            "expected a number from 0 to {DEFAULT_MAX_EQ_RMS_DB}"
        )),
    }
}

fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse::<f64>() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err("expected a number from 0 to 100".to_owned()),
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count >= 1 => Ok(count),
        _ => Err("expected a whole number of at least 1".to_owned()),
    }
}

/// More threads than this are a slip of the finger; the system would be busy making them.
const MAX_THREADS: usize = 1024;

fn thread_count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads) if (1..=MAX_THREADS).contains(&threads) => Ok(threads),
        _ => Err(format!("expected a whole number from 1 to {MAX_THREADS}")),
    }
}
