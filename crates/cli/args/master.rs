//! `acetate master`.

use std::path::{Path, PathBuf};

use acetate_dsp::process::dither::WordLength;
use acetate_model::Genre;
use clap::{Args as ClapArgs, ValueEnum};

use super::batch::BatchArgs;
use super::values::{amount, match_limit, sample_rate, weight};
use super::{StemArgs, TargetArgs};

/// `acetate master`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "These are the options that most masters need; --help shows all of them.",
    after_long_help = "The output is written under a temporary name, read back, measured by two \
    independent meters, and renamed only then. The input is never touched.\n\n\
    An amount of 0 changes level and ceiling only; --eq-amount and its like override --amount for \
    one stage. A settings file from --save-settings renders the same bytes again (with the same --rate, \
    --bits and --dual-mono); its drive is solved anew unless it says drive_fixed = true: then neither the target nor \
    --max-limiting moves it."
)]
pub struct MasterArgs {
    /// Mixes to master: WAV, AIFF, FLAC, MP3, Ogg Vorbis, AAC, ALAC, RF64; a folder for the sound files in
    /// it; `-` for standard input
    #[arg(required_unless_present_any = ["input_files", "input_list", "manifest"], value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// Another mix to master.
    #[arg(short = 'i', long = "input", value_name = "FILE", hide = true)]
    pub input_files: Vec<PathBuf>,
    /// Also master the files named in this list, one path a line; `-` for standard input
    #[arg(
        help_heading = "Batches",
        long,
        value_name = "FILE",
        hide_short_help = true
    )]
    pub input_list: Option<PathBuf>,
    #[command(flatten)]
    pub batch: BatchArgs,
    /// Take the sound files in the folders of a folder too, and keep the tree under --out-dir
    #[arg(help_heading = "Batches", long, hide_short_help = true)]
    pub recursive: bool,
    /// Master the songs together, in the order that they are named in: their levels beside each other, no seam where
    /// one goes on in the next file (`acetate album` does more)
    #[arg(help_heading = "Batches", long, conflicts_with_all = ["variants", "settings", "pack", "report", "certificate", "resume", "skip_existing", "dry_run", "references", "style", "stems", "lead"])]
    pub album: bool,
    /// Name each master by a text with {stem}, {title}, {artist}, {album}, {track}, or the place in the batch as a
    /// single letter n in braces [default: '{stem}.master']
    #[arg(
        help_heading = "Batches",
        long,
        value_name = "TEXT",
        conflicts_with = "output",
        hide_short_help = true
    )]
    pub name: Option<String>,
    /// Write a table of all masters, a row for each
    #[arg(
        help_heading = "Batches",
        long,
        value_name = "CSV",
        conflicts_with = "dry_run",
        hide_short_help = true
    )]
    pub csv: Option<PathBuf>,
    /// Write a page that lists all masters and links their report pages [default with --report for several
    /// inputs: index.html in that folder]
    #[arg(
        help_heading = "Batches",
        long,
        value_name = "HTML",
        conflicts_with = "dry_run",
        hide_short_help = true
    )]
    pub index: Option<PathBuf>,
    /// Read no acetate.toml and no configuration of the user
    #[arg(help_heading = "Batches", long, hide_short_help = true)]
    pub no_config: bool,
    /// Where each value came from, in words.
    #[arg(skip)]
    pub origins: Vec<String>,
    /// Output file, or a folder [default: the input's name with .master.wav, beside it]; `-` for standard
    /// output
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
    #[arg(
        help_heading = "Target",
        long,
        value_name = "DB",
        hide_short_help = true
    )]
    pub max_limiting: Option<f64>,
    /// Encode and decode the master with ffmpeg (AAC, Vorbis, Opus, MP3) and lower the ceiling until
    /// nothing passes full scale; the named targets of lossy platforms imply it
    #[arg(
        help_heading = "Target",
        long,
        overrides_with = "no_codec_safe",
        hide_short_help = true
    )]
    pub codec_safe: bool,
    /// Do not try the codecs, whatever the named target implies
    #[arg(
        help_heading = "Target",
        long,
        overrides_with = "codec_safe",
        hide_short_help = true
    )]
    pub no_codec_safe: bool,
    /// How much of the whole treatment, percent: 100 is what the evidence carries, 200 twice that within the
    /// same bounds; with --reference the share of the way to it [default: 100, with --reference 60]
    #[arg(help_heading = "Treatment", long, value_name = "0..200", value_parser = amount)]
    pub amount: Option<f64>,
    /// How much of the EQ, percent [default: --amount]
    #[arg(help_heading = "Treatment", long, value_name = "0..200", value_parser = amount, hide_short_help = true)]
    pub eq_amount: Option<f64>,
    /// How much of the compression, percent [default: --amount]
    #[arg(help_heading = "Treatment", long, value_name = "0..200", value_parser = amount, hide_short_help = true)]
    pub compressor_amount: Option<f64>,
    /// How much of the de-esser, percent [default: --amount]
    #[arg(help_heading = "Treatment", long, value_name = "0..200", value_parser = amount, hide_short_help = true)]
    pub deesser_amount: Option<f64>,
    /// How much of the saturation, percent [default: --amount]
    #[arg(help_heading = "Treatment", long, value_name = "0..200", value_parser = amount, hide_short_help = true)]
    pub saturation_amount: Option<f64>,
    /// How much of the width, percent [default: --amount]
    #[arg(help_heading = "Treatment", long, value_name = "0..200", value_parser = amount, hide_short_help = true)]
    pub stereo_amount: Option<f64>,
    /// Leave a stage out (may be repeated): cleanup, eq, compressor, deesser, saturation, stereo,
    /// sections, limiter
    #[arg(
        help_heading = "Treatment",
        long,
        value_name = "STAGE",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub bypass: Vec<acetate_dsp::chain::Stage>,
    /// Find the parts of the song, and move the level (at most 1 dB) and the side signal (at most 1.5 dB) of those that
    /// stand out toward the parts that sound like them
    #[arg(
        help_heading = "Treatment",
        long,
        conflicts_with_all = ["settings", "album"],
        hide_short_help = true
    )]
    pub sections: bool,
    /// Look for faults and repair them: a list of clicks, hum, dc, clipping (flat tops), silence (fades at edges
    /// that are cut off), or auto for the first four where they are certain
    #[arg(
        help_heading = "Treatment",
        long,
        value_name = "LIST",
        conflicts_with_all = ["no_repair", "settings", "variants", "album"],
        hide_short_help = true
    )]
    pub repair: Option<acetate_master::repair::RepairList>,
    /// Write what the repairs took: the mix less the repaired mix, as a WAV of 32-bit float, frame by frame; a
    /// folder for several inputs
    #[arg(
        help_heading = "Treatment",
        long,
        value_name = "WAV",
        conflicts_with_all = ["dry_run", "variants"],
        hide_short_help = true
    )]
    pub repair_residual: Option<PathBuf>,
    /// Leave clicks and bumps that stand alone as they are; the limiter holds them all the same
    #[arg(help_heading = "Treatment", long, hide_short_help = true)]
    pub no_repair: bool,
    #[command(flatten)]
    pub stems: StemArgs,
    /// Move the lead by at most 2 dB toward how it stands in released songs, before everything else; needs --stems
    /// or --lead
    #[arg(
        help_heading = "Stems",
        long,
        conflicts_with_all = ["variants", "album", "pack", "repair_residual", "resume"],
        hide_short_help = true
    )]
    pub rebalance: bool,
    /// Render with the settings of this file instead of predicted ones
    #[arg(
        help_heading = "Treatment",
        long,
        value_name = "TOML",
        hide_short_help = true
    )]
    pub settings: Option<PathBuf>,
    /// Keep the analyses of mixes in this folder, so that a second rendering need not measure again
    /// [default: $XDG_CACHE_HOME/acetate/analyses, at most 256 MB]
    #[arg(
        help_heading = "Treatment",
        long,
        value_name = "DIR",
        hide_short_help = true
    )]
    pub cache: Option<PathBuf>,
    /// Measure each mix anew, and keep nothing
    #[arg(
        help_heading = "Treatment",
        long,
        conflicts_with = "cache",
        hide_short_help = true
    )]
    pub no_cache: bool,
    /// Write the settings that were rendered, the solved drive included
    #[arg(
        help_heading = "Treatment",
        long,
        value_name = "TOML",
        conflicts_with = "dry_run",
        hide_short_help = true
    )]
    pub save_settings: Option<PathBuf>,
    /// Write a certificate: hashes, settings, every figure with its meter, every attempt; a folder for
    /// several inputs
    #[arg(
        help_heading = "Output",
        long,
        value_name = "JSON",
        conflicts_with = "dry_run",
        hide_short_help = true
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
        value_parser = clap::value_parser!(u8).range(2..=acetate_engine::MAX_VARIANTS as i64),
        conflicts_with_all = ["dry_run", "settings", "codec_safe", "certificate", "resume", "stems", "lead"], hide_short_help = true)]
    pub variants: Option<u8>,
    /// Write a folder for a mastering engineer: mix, reference master, un-limited version, matched A
    /// and B, difference, settings, a one-page sheet, the chain for DAWs, hashes; a folder of them for several
    /// inputs
    #[arg(
        help_heading = "Hand-over",
        long,
        value_name = "DIR",
        conflicts_with = "dry_run",
        hide_short_help = true
    )]
    pub pack: Option<PathBuf>,
    /// What the engineer should know, for the sheet of --pack
    #[arg(
        help_heading = "Hand-over",
        long,
        value_name = "TEXT",
        requires = "pack",
        hide_short_help = true
    )]
    pub notes: Option<String>,
    /// Move toward a finished record: a sound file, a folder of them (their common signature), or a
    /// saved signature (.toml); may be repeated
    #[arg(
        help_heading = "Reference",
        short = 'r',
        long = "reference",
        alias = "ref",
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
        value_parser = weight, hide_short_help = true)]
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
        requires = "references",
        hide_short_help = true
    )]
    pub matched: Vec<Dimension>,
    /// The most EQ toward a reference, RMS, dB, up to 10 [default: 10]
    #[arg(
        help_heading = "Reference",
        long,
        value_name = "DB",
        requires = "references",
        value_parser = match_limit, hide_short_help = true)]
    pub match_limit: Option<f64>,
    /// Save the common signature of the references, to be used with --reference later
    #[arg(
        help_heading = "Reference",
        long,
        value_name = "TOML",
        requires = "references",
        conflicts_with = "dry_run",
        hide_short_help = true
    )]
    pub save_signature: Option<PathBuf>,
    /// The sound in words: warm, thin, bright, dark, airy, bassy, light, present, smooth, wide, narrow, tight,
    /// loud, quiet, open, punchy, dense, clean, vintage, or what the check says (boomy, muddy, harsh, dull, fizzy);
    /// with "a bit", "more", "much", "less", "not", "keep"
    #[arg(
        help_heading = "Treatment",
        long,
        value_name = "WORDS",
        conflicts_with = "settings"
    )]
    pub style: Option<String>,
    /// The kind of music: pop, jazz, classical, rock, metal, hip-hop, folk or reggae. Statistics of released records of
    /// it then count beside the net; those of pop, and less, where none of its own are known (rock and on). Without
    /// it the program tells what the tone is most like, and moves nothing by that
    #[arg(
        help_heading = "Treatment",
        long,
        value_name = "GENRE",
        conflicts_with = "settings",
        hide_short_help = true
    )]
    pub genre: Option<Genre>,
    /// Linear-phase EQ: no phase shift, some pre-ringing
    #[arg(help_heading = "Treatment", long, hide_short_help = true)]
    pub linear_phase: bool,
    /// Weights of your own instead of the embedded ones
    #[arg(
        help_heading = "Treatment",
        long,
        value_name = "SAFETENSORS",
        hide_short_help = true
    )]
    pub weights: Option<PathBuf>,
    /// Format [default: by the output's extension, else wav]
    #[arg(
        help_heading = "Output",
        long,
        value_enum,
        ignore_case = true,
        hide_short_help = true
    )]
    pub format: Option<Format>,
    /// Word length of the master [default: 24]
    #[arg(help_heading = "Output", short, long, value_enum, ignore_case = true)]
    pub bits: Option<Bits>,
    /// Sample rate of the master, as 48000 or 48k [default: the input's]
    #[arg(help_heading = "Output", long, alias = "sample-rate", value_name = "HZ", value_parser = sample_rate)]
    pub rate: Option<u32>,
    /// Replace existing outputs and files beside them (never an input, never a folder that is no earlier pack)
    #[arg(
        help_heading = "Output",
        short = 'f',
        short_alias = 'y',
        long,
        alias = "force",
        conflicts_with = "skip_existing"
    )]
    pub overwrite: bool,
    /// Leave inputs alone whose output exists
    #[arg(help_heading = "Output", long, hide_short_help = true)]
    pub skip_existing: bool,
    /// Go on with a batch: leave what was delivered and verified before, from the same input with
    /// the same options, by the hashes of both files
    #[arg(
        help_heading = "Output",
        long,
        conflicts_with = "skip_existing",
        hide_short_help = true
    )]
    pub resume: bool,
    /// Analyze, predict and solve, but write nothing
    #[arg(help_heading = "Output", short = 'n', long)]
    pub dry_run: bool,
    /// Refuse damaged input instead of mending it with a warning
    #[arg(long, hide_short_help = true)]
    pub strict: bool,
}

impl MasterArgs {
    /// Gives each reference the weight that was typed behind it, or 1.
    pub(super) fn weigh(&mut self, references: &[usize], weights: &[usize]) {
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

    /// Puts what says the same in two ways into one place: a folder as -o is --out-dir.
    pub(super) fn settle(&mut self) {
        self.inputs.append(&mut self.input_files);
        if self.output.as_deref().is_some_and(is_folder) {
            self.out_dir = self.output.take();
        }
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

/// Whether an output is meant as a folder: it is one, or ends as the name of one.
fn is_folder(output: &Path) -> bool {
    output.is_dir() || output.to_string_lossy().ends_with(std::path::is_separator)
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
    #[value(name = "16", alias = "16bit")]
    Bits16,
    /// 24-bit integer
    #[value(name = "24", alias = "24bit")]
    Bits24,
    /// 32-bit float
    #[value(name = "32f", aliases = ["32", "32bit", "float"])]
    Float32,
}
