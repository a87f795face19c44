//! `acetate studio`, as typed.

use std::path::PathBuf;

use clap::Args as ClapArgs;

/// `acetate studio`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "The page is part of the program: it needs no network, and nothing leaves this machine. The address \
    holds a secret; whoever does not have it gets nothing. Ctrl-C ends the session: uploads and masters are taken away, \
    settings and hashes stay, and the page offers to open the session again."
)]
pub struct StudioArgs {
    /// Mixes to open where they lie, without a copy
    #[arg(value_name = "MIX")]
    pub mixes: Vec<PathBuf>,
    /// Port on 127.0.0.1; 0 for any that is free
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,
    /// Print the address and open no browser
    #[arg(long)]
    pub no_open: bool,
    /// Where sessions have their folders [default: your cache folder]
    #[arg(long, value_name = "DIR")]
    pub session_dir: Option<PathBuf>,
    /// The folder of this very session: an earlier one is opened again, a new one is made
    #[arg(long, value_name = "DIR", conflicts_with = "session_dir")]
    pub session: Option<PathBuf>,
    /// Keep uploads and masters in the session's folder when it ends
    #[arg(long)]
    pub keep_audio: bool,
    /// Let the page write masters into this folder; nothing in it is replaced
    #[arg(long, value_name = "DIR")]
    pub deliver_to: Option<PathBuf>,
}
