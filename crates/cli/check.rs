//! `acetate check`: is a mix ready, and what to do about it.

use std::path::Path;

use acetate_check::{Verdict, picture};
use acetate_engine::{Checked, Conflicts, Sound, check};
use acetate_io::StagedFile;
use acetate_model::NetPredictor;
use anyhow::bail;

use crate::args::{CheckArgs, SchemaArgs, SchemaKind};
use crate::exit::{self, Exit};
use crate::jobs::inputs::each_input;
use crate::terminal::check_table;
use crate::terminal::console::Console;
use crate::terminal::watch::Watch;

/// Checks every input and prints what was found.
pub fn run(args: &CheckArgs, console: &Console) -> anyhow::Result<Exit> {
    if args.schema {
        let kind = SchemaKind::Check;
        return crate::docs::schema(&SchemaArgs { kind }, console);
    }
    if let Some(plot) = &args.plot {
        can_be_drawn(plot, args)?;
    }
    let predictor = NetPredictor::embedded()?;
    let _stoppable = exit::stoppable();
    let watch = Watch::new(console);
    each_input(&args.inputs, console, |path| {
        let strict = args.strict;
        let file = Sound::File { path, strict };
        let Checked { check, analysis } = check(file, &predictor, &watch)?;
        if let Some(plot) = &args.plot {
            acetate_io::deliver_text(plot, &picture::svg(&analysis), args.overwrite)?;
        }
        if console.json {
            console.print_json(&check)?;
        } else if !console.quiet {
            console.print(&check_table::of(&check, console))?;
        }
        Ok(match check.verdict {
            Verdict::NotReady => Exit::Missed,
            Verdict::Ready | Verdict::ReadyWithRemarks => Exit::Met,
        })
    })
}

/// What would fail after the work fails before it.
fn can_be_drawn(plot: &Path, args: &CheckArgs) -> anyhow::Result<()> {
    let shown = plot.display();
    if args.inputs.len() != 1 {
        bail!(
            "--plot {shown}: expected one input, got {}",
            args.inputs.len()
        );
    }
    let mut conflicts = Conflicts::default();
    args.inputs.iter().for_each(|input| conflicts.reads(input));
    conflicts.writes([plot], "picture");
    conflicts.check()?;
    Ok(StagedFile::check(plot, args.overwrite)?)
}
