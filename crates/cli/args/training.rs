//! The command lines of `acetate train` and `acetate dataset`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

/// `acetate train`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Without --masters and --pairs the shipped weights are made again from the public \
    music. A killed run goes on where it stood when it is started again.\n\n\
    With --masters or --pairs the shipped weights are retrained on your own music. One line says \
    whether that made them better on albums held out for the question; where it did not, or where \
    there is too little music, no weights are written and the exit code is 1. From 5 pairs up, what their \
    engineer usually does to a mix is learned as well; with fewer than 10, nothing else is."
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
    /// Write the retrained weights even where they are not shown to be better (never where no step toward them was)
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
#[derive(Clone, Debug, Subcommand)]
pub enum DatasetAction {
    /// Get the music with git and the system's package client; goes on where it stopped
    Fetch {
        /// Get songs that this manifest chooses from a public archive instead
        /// (see datasets/jamendo.toml)
        #[arg(long, value_name = "TOML")]
        manifest: Option<PathBuf>,
    },
    /// Print the table of sources
    List,
}
