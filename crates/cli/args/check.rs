//! `acetate check`.

use std::path::PathBuf;

use acetate_model::Genre;
use clap::{Args as ClapArgs, ValueEnum};

use super::StemArgs;

/// `acetate check`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "The verdict is \"not ready\" where mastering would make a fault permanent, \"ready with remarks\" \
    where something would be better mended in the mix, else \"ready\". Each finding says what was measured, how much \
    of it released music shows, what to do in the mix, and whether mastering could mend it.\n\n\
    The score is 100 less what the findings cost; level costs nothing. A finished master is recognized as one. \
    docs/CHECK.md says how well each finding is proved.\n\n\
    Examples:\n  \
      acetate check mix.wav                 read it\n  \
      acetate check *.wav --json            one object per file; its schema: acetate check --schema\n  \
      acetate check mix.wav -v              also the notes, and what every device does to each region\n  \
      acetate check mix.wav --plot mix.svg  small pictures of the mix on other loudspeakers\n  \
      acetate check mix.wav --lead voice.wav  also how the lead stands against the rest\n  \
      acetate check side.wav --for vinyl    whether one side of a record can be cut\n\n\
    Exit codes: 0 ready, with or without remarks; 1 not ready; 2 usage or unreadable input."
)]
pub struct CheckArgs {
    /// Mixes to check; `-` for standard input
    #[arg(required_unless_present = "schema", value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// Print the JSON schema of what --json prints, and nothing else
    #[arg(long, conflicts_with_all = ["inputs", "plot", "strict"])]
    pub schema: bool,
    /// Check a finished side of a record for a receiver's demands instead of a mix for mastering
    #[arg(long = "for", value_enum, conflicts_with_all = ["schema", "plot"])]
    pub receiver: Option<Receiver>,
    /// Draw the mix on other loudspeakers, one file for one input
    #[arg(long, value_name = "SVG")]
    pub plot: Option<PathBuf>,
    /// Replace an existing picture
    #[arg(long, requires = "plot")]
    pub overwrite: bool,
    /// The kind of music, as of `acetate master --genre`: pop, jazz, classical, rock, metal, hip-hop, folk or reggae
    #[arg(long, value_name = "GENRE", conflicts_with = "receiver")]
    pub genre: Option<Genre>,
    #[command(flatten)]
    pub stems: StemArgs,
    /// Refuse damaged input instead of reading past the damage with a warning
    #[arg(long)]
    pub strict: bool,
}

/// Who receives a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Receiver {
    /// One side of a 12-inch at 33⅓: length against level, bass, phase, sibilance and air
    Vinyl,
}
