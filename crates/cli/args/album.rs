//! `acetate album`.

use std::path::PathBuf;

use acetate_album::{DELIVERABLES, Deliverable};
use acetate_model::Genre;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::TargetArgs;

/// `acetate album`.
#[derive(Debug, ClapArgs)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "The songs are decided on together: their levels beside each other, and their tone toward a common \
    sound, as far as each song's own evidence allows. `acetate album init FOLDER` writes an album.toml to edit: \
    titles, codes, order, pauses, fades, crossfades, pieces that run through several files. docs/ALBUM.md has all \
    fields.\n\n\
    Examples:\n  \
      acetate album init songs                              a first album.toml\n  \
      acetate album songs --out-dir record --dry-run        what would be done, as a table\n  \
      acetate album songs --out-dir record --deliver cd,streaming\n  \
      acetate verify record                                 measure all of it again\n\n\
    Exit codes: 0 all met; 1 delivered, but a check failed; 2 usage or unreadable input."
)]
pub struct AlbumArgs {
    /// What else to do than to make an album
    #[command(subcommand)]
    pub action: Option<AlbumAction>,
    /// The folder with the songs, with or without an album.toml; or the album.toml
    #[arg(value_name = "FOLDER|TOML", required = true)]
    pub source: Option<PathBuf>,
    /// The folder of the album, which is made
    #[arg(short = 'o', long, value_name = "DIR", required = true)]
    pub out_dir: Option<PathBuf>,
    /// What to make of the masters, beside a WAV of each [default: what the album.toml says]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = deliverable, long_help = deliverables())]
    pub deliver: Option<Vec<String>>,
    /// How the songs' levels stand to each other [default: album]
    #[arg(long, value_enum)]
    pub balance: Option<BalanceArg>,
    /// Loudness of the loudest song (or, with --balance track, of each), and the ceiling
    #[command(flatten)]
    pub target: TargetArgs,
    /// Master into the sound of an earlier album: the file of --save-signature
    #[arg(long, value_name = "TOML")]
    pub signature: Option<PathBuf>,
    /// Keep the common sound of the masters for later singles, bonus tracks and edits
    #[arg(long, value_name = "TOML")]
    pub save_signature: Option<PathBuf>,
    /// These are other versions (instrumental, clean, TV mix) of the songs of an album made before: the very settings
    /// of each are used, track by track
    #[arg(long, value_name = "ALBUM", conflicts_with_all = ["balance", "signature", "save_signature"])]
    pub versions_of: Option<PathBuf>,
    /// The kind of music of all songs, as of `acetate master --genre`: pop, jazz, classical, rock, metal, hip-hop, folk
    /// or reggae
    #[arg(long, value_name = "GENRE", conflicts_with = "versions_of")]
    pub genre: Option<Genre>,
    /// Weights to use instead of the ones in the program
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub weights: Option<PathBuf>,
    /// Measure and decide, print the plan, write nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Go on where an earlier run was stopped
    #[arg(long)]
    pub resume: bool,
    /// Replace an earlier album in the folder (never the mixes, and nothing else)
    #[arg(short = 'f', long, alias = "force")]
    pub overwrite: bool,
}

/// What else there is.
#[derive(Debug, Subcommand)]
pub enum AlbumAction {
    /// Write a first album.toml from names and tags of the songs in a folder
    Init(InitArgs),
}

/// `acetate album init`.
#[derive(Debug, ClapArgs)]
pub struct InitArgs {
    /// The folder with the songs
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Replace an existing album.toml
    #[arg(short = 'f', long, alias = "force")]
    pub overwrite: bool,
}

/// How the songs' levels stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BalanceArg {
    /// The loudest song at the target, the others beside it
    Album,
    /// Each song at the target
    Track,
    /// The differences of the mixes stay
    AsMixed,
}

fn deliverable(name: &str) -> Result<String, String> {
    match Deliverable::find(name) {
        Ok(found) => Ok(found.name().to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn deliverables() -> String {
    let mut help =
        "What to make of the masters, beside a WAV of each [default: what the album.toml says]:"
            .to_owned();
    for (name, what) in DELIVERABLES {
        help += &format!("\n- {name}: {what}");
    }
    help + "\n- spotify, apple, youtube, tidal, amazon, deezer: FLAC of 24 bits under the platform's ceiling, with its \
            rules checked"
}
