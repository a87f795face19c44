//! `acetate master`: one mix or many, each to a verified master.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use acetate_dsp::plain;
use acetate_engine::{Conflicts, Engine, Job, is_pipe};
use acetate_master::Report;
use anyhow::{Context, bail};

pub mod album;
mod summary;

use self::summary::{Files, Summary};
use crate::args::MasterArgs;
use crate::exit::{self, Exit};
use crate::jobs::inputs::each_input;
use crate::jobs::jobs;
use crate::options::options;
use crate::terminal::console::Console;
use crate::terminal::table;
use crate::terminal::watch::Watch;

/// Masters every input.
pub fn run(args: &MasterArgs, console: &Console) -> anyhow::Result<Exit> {
    let _stoppable = exit::stoppable();
    if console.verbose {
        for origin in &args.origins {
            console.say(origin);
        }
    }
    let mut options = options(args)?;
    let jobs = jobs(args)?;
    if args.album {
        Conflicts::of(&options, &jobs).check()?;
        make_folder(args.out_dir.as_deref())?;
        return album::in_places(args, &jobs, options.brief, console);
    }
    options.stems = args.stems.resolved(jobs.len())?;
    if options.rebalance && options.stems.is_none() {
        bail!("--rebalance: expected stems beside the mix, found none: add --stems or --lead");
    }
    options.keep_record |= jobs.len() > 1;
    let files = Files::of(args, &jobs);
    options.written_files = files.written(args.overwrite);
    let watch = Watch::new(console);
    let engine = Engine::new(&jobs, &options, &watch)?;
    if !args.dry_run {
        make_folder(args.out_dir.as_deref())?;
        for job in jobs.iter().filter(|_| args.recursive) {
            make_folder(job.output.parent().filter(|_| !is_pipe(&job.output)))?;
        }
    }
    let started = Instant::now();
    let summary = Summary::default();
    let inputs: Vec<_> = jobs.iter().map(|job| job.input.clone()).collect();
    let of_input: HashMap<&Path, (usize, &Job)> = jobs
        .iter()
        .enumerate()
        .map(|(place, job)| (job.input.as_path(), (place, job)))
        .collect();
    // Where standard output carries the audio, nothing else goes there.
    let is_audio = !args.dry_run && jobs.iter().any(|job| is_pipe(&job.output));
    let mut told = console.clone();
    told.json &= !is_audio;
    let exit = each_input(&inputs, &told, |input| {
        let (place, job) = *of_input.get(input).context("an input without a job")?;
        let delivered = engine.master(job, &watch).map_err(anyhow::Error::from);
        summary.add(place, job, &delivered);
        let delivered = delivered?;
        for (output, report) in &delivered.reports() {
            print(&job.input, output, report, args.dry_run, console)?;
        }
        Ok(if delivered.all_met {
            Exit::Met
        } else {
            Exit::Missed
        })
    })?;
    let rows = summary.rows();
    if !exit::is_stopping() {
        rows.write(args, &files, console)?;
    }
    if jobs.len() > 1 {
        console.say(&format!(
            "{}, in {:.1} s",
            rows.counts(),
            started.elapsed().as_secs_f64()
        ));
    }
    Ok(exit)
}

fn make_folder(folder: Option<&Path>) -> anyhow::Result<()> {
    let Some(folder) = folder else {
        return Ok(());
    };
    if folder.is_file() {
        bail!(
            "{}: expected a folder for the masters, found a file",
            folder.display()
        );
    }
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())
}

fn print(
    input: &Path,
    output: &Path,
    report: &Report,
    dry_run: bool,
    console: &Console,
) -> anyhow::Result<()> {
    let table = || table::mastered(report, &plain::path(input), &plain::path(output), console);
    match (console.json, is_pipe(output) && !dry_run) {
        // Standard output carries the audio.
        (_, true) => console.say_lines(table().trim_end()),
        (true, false) => console.print_json(report)?,
        (false, false) if console.quiet => {}
        (false, false) => console.print(&table())?,
    }
    Ok(())
}
