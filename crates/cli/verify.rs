//! `acetate verify`: hold files against a target, or a master against its certificate.

use acetate_dsp::settings::Target;
use acetate_dsp::{Settings, plain};
use acetate_master::{Progress, Report, Stage, presets};
use anyhow::{Context, bail};

use crate::args::{Loudness, TargetArgs, VerifyArgs};
use crate::console::Console;
use crate::exit::Exit;
use crate::input::{Input, each_input};
use crate::progress::Bars;
use crate::{certificate, table};

/// Verifies every input and prints the verdict.
pub fn run(args: &VerifyArgs, console: &Console) -> anyhow::Result<Exit> {
    if let Some(path) = &args.certificate {
        return certificate::verify(args, path, console);
    }
    if args.target.lufs == Some(Loudness::Keep) {
        bail!(
            "--lufs keep: expected a number, since there is no input whose loudness could be kept"
        );
    }
    let target = target(&args.target)?;
    let bars = Bars::new(console);
    each_input(&args.inputs, console, |path| {
        let mut input = Input::open(path, None, args.strict)?;
        let mut bar = bars.file(path);
        let total = input.frames_hint();
        let dual_mono = args.target.dual_mono;
        let verified = acetate_master::verify(input.source(), &target, dual_mono, &mut |done| {
            Ok(bar.at(Stage::Verify, done, total)?)
        })
        .with_context(|| path.display().to_string())?;
        bar.finish();
        let report = Report {
            input: Some(input.facts()?),
            ..input.with_damage(verified, console)
        };
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
