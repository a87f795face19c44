//! `acetate analyze`: measure files.

use acetate_dsp::plain;
use acetate_engine::{Sound, analyze};
use acetate_model::NetPredictor;

use crate::args::AnalyzeArgs;
use crate::exit::{self, Exit};
use crate::jobs::inputs::each_input;
use crate::terminal::console::Console;
use crate::terminal::table;
use crate::terminal::watch::Watch;

/// Measures every input and prints its figures.
pub fn run(args: &AnalyzeArgs, console: &Console) -> anyhow::Result<Exit> {
    let predictor = NetPredictor::embedded()?;
    let _stoppable = exit::stoppable();
    let watch = Watch::new(console);
    each_input(&args.inputs, console, |path| {
        let strict = args.strict;
        let file = Sound::File { path, strict };
        let report = analyze(file, args.dual_mono, &predictor, &watch)?;
        if console.json {
            console.print_json(&report)?;
        } else if !console.quiet {
            console.print(&table::analyzed(&report, &plain::path(path), console))?;
        }
        Ok(Exit::Met)
    })
}
