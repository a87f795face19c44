//! `acetate verify`: hold files against a target, or a master against its certificate.

use std::path::Path;

use acetate_dsp::settings::Target;
use acetate_dsp::{Settings, plain};
use acetate_engine::{Observer, Recheck, Sound, verify_certificate};
use acetate_master::presets;
use anyhow::{Context, bail};

use crate::args::{Loudness, TargetArgs, VerifyArgs};
use crate::exit::{self, Exit};
use crate::jobs::inputs::each_input;
use crate::terminal::console::Console;
use crate::terminal::watch::Watch;
use crate::terminal::{album_table, table};

/// Verifies every input and prints the verdict.
pub fn run(args: &VerifyArgs, console: &Console) -> anyhow::Result<Exit> {
    if let Some(path) = &args.certificate {
        return against_certificate(args, path, console);
    }
    let target = number_target(&args.target)?;
    let _stoppable = exit::stoppable();
    let watch = Watch::new(console);
    each_input(&args.inputs, console, |path| {
        if acetate_album::is_album(path) {
            return album(path, console, &watch);
        }
        let strict = args.strict;
        let file = Sound::File { path, strict };
        let report = acetate_engine::verify(file, &target, args.target.dual_mono, &watch)?;
        if console.json {
            console.print_json(&report)?;
        } else if !(console.quiet && report.all_met) {
            console.print(&table::verified(&report, &plain::path(path), console))?;
        }
        Ok(if report.all_met {
            Exit::Met
        } else {
            Exit::Missed
        })
    })
}

/// Measures an album's folder again.
fn album(folder: &Path, console: &Console, observer: &dyn Observer) -> anyhow::Result<Exit> {
    let verdict = acetate_album::verify_album(folder, observer)?;
    if console.json {
        console.print_json(&verdict)?;
    } else if !(console.quiet && verdict.all_met) {
        console.print(&album_table::verified(
            &verdict,
            &plain::path(folder),
            console,
        ))?;
    }
    Ok(if verdict.all_met {
        Exit::Met
    } else {
        Exit::Missed
    })
}

/// Holds a master against its certificate.
fn against_certificate(
    args: &VerifyArgs,
    certificate: &Path,
    console: &Console,
) -> anyhow::Result<Exit> {
    let [master] = args.inputs.as_slice() else {
        bail!("--certificate takes one master, got {}", args.inputs.len());
    };
    let _stoppable = exit::stoppable();
    let asked = Recheck {
        master,
        certificate,
        mix: args.input.as_deref(),
        lead: &args.lead,
        strict: args.strict,
    };
    let report = verify_certificate(&asked, &Watch::new(console))?;
    let identical = report
        .verdict
        .as_ref()
        .is_some_and(|verdict| verdict.identical);
    if console.json {
        console.print_json(&report)?;
    } else if !(console.quiet && identical) {
        console.print(&table::certified(&report, &plain::path(master), console))?;
    }
    Ok(if identical { Exit::Met } else { Exit::Missed })
}

/// As [`target`], where there is no mix whose loudness could be kept.
pub fn number_target(args: &TargetArgs) -> anyhow::Result<Target> {
    if args.lufs == Some(Loudness::Keep) {
        bail!(
            "--lufs keep: expected a number, since there is no input whose loudness could be kept"
        );
    }
    target(args)
}

/// Resolves a target: the named one, then the numbers over it.
pub fn target(args: &TargetArgs) -> anyhow::Result<Target> {
    let mut target = match &args.target {
        Some(name) => presets::find(name)
            .with_context(|| format!("expected a named target, got \"{name}\""))?
            .target(),
        None => Target::default(),
    };
    if let Some(Loudness::Lufs(lufs)) = args.lufs {
        target.integrated_lufs = lufs;
    }
    if let Some(ceiling) = args.ceiling {
        target.true_peak_dbtp = ceiling;
    }
    Settings::aiming_at(target).validate()?;
    Ok(target)
}
