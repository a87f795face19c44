//! The command line, as typed.

mod album;
mod batch;
mod check;
mod configuration;
#[cfg(feature = "training")]
mod eval;
mod habits;
mod master;
mod near;
mod stems;
#[cfg(feature = "studio")]
mod studio;
#[cfg(feature = "training")]
mod training;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use acetate_dsp::plain;
use acetate_master::presets::PRESETS;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args as ClapArgs, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

pub use habits::unquoted;
pub use values::{Loudness, thread_count};

pub use album::{AlbumAction, AlbumArgs, BalanceArg, InitArgs};
pub use check::{CheckArgs, Receiver};
#[cfg(feature = "training")]
pub use eval::{EvalArgs, EvalSplit};
pub use master::{Dimension, Format, MasterArgs};
pub use stems::StemArgs;
#[cfg(feature = "studio")]
pub use studio::StudioArgs;
#[cfg(feature = "training")]
pub use training::{DatasetAction, DatasetArgs, TrainArgs};

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
    /// error (`acetate schema` prints the schemas of master, analyze, verify and check)
    #[arg(long, global = true)]
    pub json: bool,
    /// Print nothing but warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print every attempt and the settings
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Threads to use [default: RAYON_NUM_THREADS, else all cores]
    #[arg(short = 'j', long, global = true, value_name = "N", value_parser = thread_count, hide_short_help = true)]
    pub threads: Option<usize>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Master one mix or many, and verify the written files
    Master(Box<MasterArgs>),
    /// Master all songs of a release together, in sequence, with every deliverable
    Album(Box<AlbumArgs>),
    /// Tell whether mixes are ready to be mastered, and what to do; exit code 0 or 1
    Check(CheckArgs),
    /// Measure files: loudness, true peak, spectrum, stereo
    #[command(aliases = ["analyse", "info"])]
    Analyze(AnalyzeArgs),
    /// Hold files against a target; exit code 0 or 1
    Verify(VerifyArgs),
    /// Recover what somebody did to a mix from the master that came back
    Learn(LearnArgs),
    /// Open a local page: drop a mix, listen, turn a knob, take the master home
    #[cfg(feature = "studio")]
    Studio(StudioArgs),
    /// Train the net from the cached corpus
    #[cfg(feature = "training")]
    Train(TrainArgs),
    /// Prove end to end, on songs that the net has not seen, what the masters are worth
    #[cfg(feature = "training")]
    Eval(Box<EvalArgs>),
    /// Fetch or list the music that the net is trained on
    #[cfg(feature = "training")]
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
    /// A named target, or a loudness in LUFS
    #[arg(short = 't', long, alias = "preset", value_name = "NAME", ignore_case = true,
        value_parser = PossibleValuesParser::new(PRESETS.iter().map(|preset| {
        clap::builder::PossibleValue::new(preset.name)
            .help(format!("{} LUFS, {} dBTP: {}", preset.integrated_lufs, preset.true_peak_dbtp, preset.help))
    })).map(|name: String| name.to_ascii_lowercase()))]
    pub target: Option<String>,
    /// Integrated loudness, LUFS (overrides the named target) [default: -14]; `keep` for that of the input
    #[arg(long, value_name = "LUFS|keep", allow_hyphen_values = true, value_parser = values::loudness)]
    pub lufs: Option<Loudness>,
    /// Highest true peak, dBTP (overrides the named target) [default: -1]
    #[arg(long, aliases = ["true-peak", "tp"], value_name = "DBTP", allow_hyphen_values = true,
        value_parser = values::ceiling)]
    pub ceiling: Option<f64>,
    /// Measure a mono file as it sounds from two speakers (3 LU louder)
    #[arg(long, hide_short_help = true)]
    pub dual_mono: bool,
}

/// An error of the command line in which what was typed is plain: a shell puts names of files there.
fn plainly(error: clap::Error, given: &[OsString]) -> clap::Error {
    let plain = given
        .iter()
        .map(|word| plain::field(&word.to_string_lossy()).into_owned());
    let again = Args::command().try_get_matches_from(plain);
    again.err().unwrap_or(error)
}

impl Args {
    /// Reads a command line, the program's name first.
    pub fn of(typed: Vec<OsString>) -> Result<Self, clap::Error> {
        let refused = |message: String| Self::command().error(ErrorKind::InvalidValue, message);
        let parse = |given: &[OsString]| {
            let matches = Self::command().try_get_matches_from(given);
            matches.map_err(|error| plainly(error, given))
        };
        let typed = habits::put_right(typed, &Self::command()).map_err(refused)?;
        let matches = parse(&typed)?;
        let filled =
            configuration::filled_in(&typed, &matches, &Self::command()).map_err(refused)?;
        let matches = parse(&filled.words)?;
        let mut args = Self::from_arg_matches(&matches)?;
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
            master.settle();
            master.origins = filled.origins;
        }
        Ok(args)
    }
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
    /// Files to hold against the target; `-` for standard input; the folder of an album to measure all of it again
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
    /// The stems of the lead that --rebalance moved in that mix
    #[arg(long, value_name = "FILE", requires = "input")]
    pub lead: Vec<PathBuf>,
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
