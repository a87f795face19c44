//! `acetate studio`, as typed.

use std::path::PathBuf;

use clap::Args as ClapArgs;

/// `acetate studio`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "The page is part of the program: it needs no network, and nothing leaves this machine. The address \
    holds a secret; whoever does not have it gets nothing. Ctrl-C ends the session and takes away what it kept."
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
    /// Where uploads and masters are kept until the session ends [default: your cache folder]
    #[arg(long, value_name = "DIR")]
    pub session_dir: Option<PathBuf>,
}
