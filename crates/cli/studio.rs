//! `acetate studio`: the local page.

use std::process::{Command, Stdio};

use acetate_engine::Cache;
use acetate_studio::{Studio, StudioOptions};

use crate::args::StudioArgs;
use crate::exit::{self, Exit};
use crate::terminal::console::Console;

/// What opens a page in the user's browser.
const OPENER: &str = if cfg!(target_os = "macos") {
    "open"
} else {
    "xdg-open"
};

pub fn run(args: &StudioArgs, console: &Console) -> anyhow::Result<Exit> {
    let studio = Studio::open(&StudioOptions {
        port: args.port,
        mixes: args.mixes.clone(),
        cache: Cache::User,
        session_folder: args.session_dir.clone(),
        session: args.session.clone(),
        keep_audio: args.keep_audio,
        deliver_to: args.deliver_to.clone(),
    })?;
    let address = studio.address();
    console.print(&format!("{address}\n"))?;
    console.say("the studio is open until Ctrl-C; the address is for you alone");
    if !args.no_open && !open_browser(&address) {
        console.say("no browser could be opened: open the address above yourself");
    }
    let _stoppable = exit::stoppable();
    studio.serve(exit::is_stopping)?;
    Ok(Exit::Met)
}

/// Whether something was found that opens the address.
fn open_browser(address: &str) -> bool {
    let mut command = Command::new(OPENER);
    let command = command
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().is_ok()
}
