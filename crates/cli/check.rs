//! `acetate check`: is a mix ready, and what to do about it.

use std::path::Path;

use acetate_album::{Demand, vinyl_analysis, vinyl_demands};
use acetate_check::{Verdict, picture};
use acetate_dsp::plain;
use acetate_engine::{Checked, Conflicts, Input, Observer, Sound, check_beside};
use acetate_io::StagedFile;
use acetate_model::NetPredictor;
use anyhow::bail;
use serde::Serialize;

use crate::args::{CheckArgs, Receiver, SchemaArgs, SchemaKind};
use crate::exit::{self, Exit};
use crate::jobs::inputs::each_input;
use crate::terminal::album_table;
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
    let stems = args.stems.resolved(args.inputs.len())?;
    let predictor = NetPredictor::embedded()?.with_genre(args.genre);
    let _stoppable = exit::stoppable();
    let watch = Watch::new(console);
    each_input(&args.inputs, console, |path| {
        if args.receiver == Some(Receiver::Vinyl) {
            return for_vinyl(path, args, console, &watch);
        }
        let strict = args.strict;
        let file = Sound::File { path, strict };
        let Checked { check, analysis } = check_beside(file, stems.as_ref(), &predictor, &watch)?;
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

/// Holds a side of a record against what plants ask for.
fn for_vinyl(
    path: &Path,
    args: &CheckArgs,
    console: &Console,
    watch: &Watch<'_>,
) -> anyhow::Result<Exit> {
    let mut input = Input::open(path, None, args.strict, watch)?;
    let name = plain::path(path);
    let analysis = vinyl_analysis(&name, input.source(), watch)?;
    watch.finished(path);
    let demands = vinyl_demands(&name, &analysis);
    let all_met = demands.iter().all(|demand| demand.pass);
    if console.json {
        console.print_json(&ReceiverCheck {
            schema: "acetate.receiver-check/1",
            input: path.display().to_string(),
            receiver: "vinyl",
            demands,
            all_met,
        })?;
    } else if !console.quiet {
        console.print(&album_table::demands(&demands, console))?;
    }
    Ok(if all_met { Exit::Met } else { Exit::Missed })
}

/// A file held against what its receiver asks for, as JSON.
#[derive(Serialize)]
struct ReceiverCheck {
    /// Version of this object.
    schema: &'static str,
    /// The file.
    input: String,
    /// Who receives it.
    receiver: &'static str,
    /// What is asked for and what was found.
    demands: Vec<Demand>,
    /// Everything is met.
    all_met: bool,
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
    if let Some(stems) = &args.stems.resolved(args.inputs.len())? {
        conflicts.reads_stems(stems);
    }
    conflicts.writes([plot], "picture");
    conflicts.check()?;
    Ok(StagedFile::check(plot, args.overwrite)?)
}
