//! `acetate analyze`: measure files.

use std::path::Path;

use acetate_dsp::analysis::{AnalyzeOptions, analyze_program};
use acetate_dsp::plain;
use acetate_engine::{Input, Observer, Step};
use acetate_master::{Report, advice, judgment};
use acetate_model::{NetPredictor, Predictor};
use anyhow::Context;

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
        let report = analyze(path, &predictor, args, &watch)?;
        if console.json {
            console.print_json(&report)?;
        } else if !console.quiet {
            console.print(&table::analyzed(&report, &plain::path(path), console))?;
        }
        Ok(Exit::Met)
    })
}

fn analyze(
    path: &Path,
    predictor: &dyn Predictor,
    args: &AnalyzeArgs,
    watch: &Watch<'_>,
) -> anyhow::Result<Report> {
    let mut input = Input::open(path, None, args.strict, watch)?;
    let options = AnalyzeOptions {
        dual_mono: args.dual_mono,
        ..AnalyzeOptions::default()
    };
    let total = input.frames_hint();
    let analysis = analyze_program(input.source(), &options, &mut |done| {
        watch.progress(path, Step::Analyze, done, total);
        Ok(())
    })
    .with_context(|| path.display().to_string())?;
    watch.finished(path);
    let tone = judgment::of_mix(&analysis, predictor)?;
    let advice = advice::of(&analysis, args.dual_mono);
    let mut report = input.with_damage(Report::of_analysis(analysis, tone.as_ref())?);
    report.input = Some(input.facts()?);
    report.advice = advice;
    Ok(report)
}
