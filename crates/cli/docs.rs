//! What documents the program: schemas, parameters, completions, man pages.

use std::fmt::Write;

use acetate_check::Check;
use acetate_dsp::PARAMS;
use acetate_dsp::Settings;
use acetate_master::report::Failure;
use acetate_master::{Certificate, Report};
use anyhow::Context;
use clap::CommandFactory;

use crate::args::{Args, CompletionsArgs, ManArgs, SchemaArgs, SchemaKind};
use crate::exit::Exit;
use crate::terminal::console::Console;

/// Prints the JSON schema of what is written or printed.
pub fn schema(args: &SchemaArgs, console: &Console) -> anyhow::Result<Exit> {
    let schema = match args.kind {
        SchemaKind::Report => Report::json_schema(),
        SchemaKind::Settings => Settings::json_schema(),
        SchemaKind::Certificate => Certificate::json_schema(),
        SchemaKind::Check => Check::json_schema(),
        SchemaKind::Error => Failure::json_schema(),
    };
    console.print(&format!("{}\n", serde_json::to_string_pretty(&schema)?))?;
    Ok(Exit::Met)
}

/// Prints the table of parameters.
pub fn params(console: &Console) -> anyhow::Result<Exit> {
    let mut text = format!(
        "{:<34}{:>8}{:>8}{:>9}  {:<5} {}\n",
        "parameter", "min", "max", "neutral", "unit", "what it is"
    );
    for param in PARAMS {
        let _ = writeln!(
            text,
            "{:<34}{:>8}{:>8}{:>9}  {:<5} {}",
            param.name, param.min, param.max, param.neutral, param.unit, param.help
        );
    }
    console.print(&text)?;
    Ok(Exit::Met)
}

/// Prints a completion script.
pub fn completions(args: &CompletionsArgs, console: &Console) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "acetate", &mut script);
    console.print(&String::from_utf8(script)?)?;
    Ok(Exit::Met)
}

/// Prints the man page of the program or of one command.
pub fn man(args: &ManArgs, console: &Console) -> anyhow::Result<Exit> {
    let mut command = Args::command();
    command.build();
    let page = match &args.command {
        None => command,
        Some(name) => command
            .find_subcommand(name)
            .with_context(|| format!("expected the name of a command, got \"{name}\""))?
            .clone(),
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page)
        .source(concat!("acetate ", env!("CARGO_PKG_VERSION")))
        .manual("Acetate")
        .render(&mut text)?;
    console.print(&String::from_utf8(text)?)?;
    Ok(Exit::Met)
}
