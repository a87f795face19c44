//! `acetate album`: the songs of a release as one piece of work.

use std::path::{Path, PathBuf};
use std::time::Instant;

use acetate_album::{
    AlbumError, AlbumPlan, AlbumReport, Balance, InPlaces, MANIFEST_NAME, MakeOptions, Manifest,
    Overrides, Release, check_output, make, manifest_of_folder, master_in_places, read_report,
};
use acetate_dsp::plain;
use acetate_engine::{Conflicts, Job, is_pipe, net};
use acetate_io::deliver_text;
use acetate_master::{Brief, settings_file};
use acetate_model::Signature;
use anyhow::{Context, bail};

use crate::args::{AlbumAction, AlbumArgs, BalanceArg, InitArgs, Loudness, MasterArgs};
use crate::exit::{self, Exit};
use crate::terminal::album_table;
use crate::terminal::console::Console;
use crate::terminal::watch::Watch;
use crate::verify;

/// A signature is a kilobyte; more than this is none, bytes.
const MAX_SIGNATURE_BYTES: u64 = 1 << 20;

/// Makes an album, or a first manifest of one.
pub fn run(args: &AlbumArgs, console: &Console) -> anyhow::Result<Exit> {
    if let Some(AlbumAction::Init(init)) = &args.action {
        return first_manifest(init, console);
    }
    let _stoppable = exit::stoppable();
    let started = Instant::now();
    let source = args
        .source
        .as_deref()
        .context("expected a folder or an album.toml, found none")?;
    let output = args
        .out_dir
        .as_deref()
        .context("--out-dir: expected a folder, found none")?;
    let (manifest, folder) = manifest(source, console)?;
    let mut release = Release::resolve(&manifest, &folder, &overrides(args)?)?;
    if let Some(album) = &args.versions_of {
        release.take_settings_of(&read_report(album)?)?;
    }
    let options = MakeOptions {
        overwrite: args.overwrite,
        resume: args.resume,
        save_signature: args.save_signature.clone(),
    };
    if !args.dry_run {
        let mut conflicts = Conflicts::default();
        release.songs().for_each(|song| conflicts.reads(&song.path));
        conflicts.writes(&args.save_signature, "signature");
        conflicts.check()?;
        check_output(&release, output, &options)?;
    }
    let signature = args.signature.as_deref().map(read_signature).transpose()?;
    let watch = Watch::new(console);
    let predictor = net(args.weights.as_deref())?.with_genre(args.genre);
    let plan = AlbumPlan::of(&release, &predictor, signature.as_ref(), &watch);
    let plan = stopped(plan)?;
    if args.dry_run {
        let planned = plan.as_report(&release);
        if console.json {
            console.print_json(&planned)?;
        } else if !console.quiet {
            console.print(&album_table::planned(&planned, console))?;
        }
        return Ok(Exit::Met);
    }
    let report = stopped(make(&release, &plan, output, &options, &watch))?;
    print(&report, output, console)?;
    let sound_s: f64 = report.songs.iter().map(|song| song.sound_s).sum();
    console.say(&format!(
        "{} songs, {:.1} minutes of sound in {:.1} s",
        report.songs.len(),
        sound_s / 60.0,
        started.elapsed().as_secs_f64()
    ));
    Ok(if report.all_met {
        Exit::Met
    } else {
        Exit::Missed
    })
}

/// What was stopped is no failure; the process says how it ends.
fn stopped<T>(result: Result<T, AlbumError>) -> anyhow::Result<T> {
    result.map_err(|error| {
        exit::end_if_stopped();
        error.into()
    })
}

fn first_manifest(args: &InitArgs, console: &Console) -> anyhow::Result<Exit> {
    let draft = manifest_of_folder(&args.folder)?;
    let path = args.folder.join(MANIFEST_NAME);
    deliver_text(&path, &draft.manifest.to_toml()?, args.overwrite)?;
    for note in &draft.notes {
        console.say(note);
    }
    console.say(&format!(
        "{}: {} tracks; edit it, then: acetate album {} --out-dir OUT",
        path.display(),
        draft.manifest.tracks.len(),
        args.folder.display()
    ));
    Ok(Exit::Met)
}

/// The manifest, and the folder that its files lie in.
fn manifest(source: &Path, console: &Console) -> anyhow::Result<(Manifest, PathBuf)> {
    if !source.is_dir() {
        let folder = source.parent().map_or_else(PathBuf::new, Path::to_owned);
        return Ok((Manifest::read(source)?, folder));
    }
    let path = source.join(MANIFEST_NAME);
    if path.is_file() {
        return Ok((Manifest::read(&path)?, source.to_owned()));
    }
    let draft = manifest_of_folder(source)?;
    for note in &draft.notes {
        console.say(note);
    }
    console.say(&format!(
        "{}: no {MANIFEST_NAME}: order and titles are those of names and tags",
        source.display()
    ));
    Ok((draft.manifest, source.to_owned()))
}

fn overrides(args: &AlbumArgs) -> anyhow::Result<Overrides> {
    if args.target.lufs == Some(Loudness::Keep) {
        bail!("--lufs keep: expected a number: to keep the mixes' levels use --balance as-mixed");
    }
    if args.target.dual_mono {
        bail!(
            "--dual-mono: expected an album of stereo files: say mono_to_stereo = true in the album.toml"
        );
    }
    let is_named =
        args.target.target.is_some() || args.target.lufs.is_some() || args.target.ceiling.is_some();
    Ok(Overrides {
        target: is_named.then(|| verify::target(&args.target)).transpose()?,
        balance: args.balance.map(|balance| match balance {
            BalanceArg::Album => Balance::Album,
            BalanceArg::Track => Balance::Track,
            BalanceArg::AsMixed => Balance::AsMixed,
        }),
        deliver: args.deliver.clone(),
    })
}

fn read_signature(path: &Path) -> anyhow::Result<Signature> {
    let text = acetate_io::read_text(path, MAX_SIGNATURE_BYTES)?;
    settings_file::signature_from_toml(&text).with_context(|| path.display().to_string())
}

fn print(report: &AlbumReport, output: &Path, console: &Console) -> anyhow::Result<()> {
    if console.json {
        return console.print_json(report);
    }
    if console.quiet && report.all_met {
        return Ok(());
    }
    console.print(&album_table::made(report, &plain::path(output), console))
}

/// What `acetate master --album` asks for.
pub fn asked(args: &MasterArgs, jobs: &[Job], brief: Brief) -> anyhow::Result<InPlaces> {
    let format = jobs.first().map(|job| job.format);
    let format = format.context("--album: expected at least one song, found none")?;
    if jobs
        .iter()
        .any(|job| is_pipe(&job.input) || is_pipe(&job.output))
    {
        bail!("--album needs files: name them, and use --out-dir");
    }
    if brief.keep_loudness {
        bail!("--lufs keep: expected a number: the loudest song of --album is to have it");
    }
    for job in jobs {
        acetate_io::StagedFile::check(&job.output, args.overwrite)?;
    }
    Ok(InPlaces {
        files: jobs
            .iter()
            .map(|job| (job.input.clone(), job.output.clone()))
            .collect(),
        format,
        brief,
        overwrite: args.overwrite,
    })
}

/// `acetate master --album`: songs decided on together, each where its single master would go.
pub(super) fn in_places(
    args: &MasterArgs,
    jobs: &[Job],
    brief: Brief,
    console: &Console,
) -> anyhow::Result<Exit> {
    let asked = asked(args, jobs, brief)?;
    let predictor = net(args.weights.as_deref())?.with_genre(args.genre);
    let report = master_in_places(&asked, &predictor, &Watch::new(console));
    let report = stopped(report)?;
    let folder = args.out_dir.as_deref().unwrap_or(Path::new("album"));
    print(&report, folder, console)?;
    Ok(if report.all_met {
        Exit::Met
    } else {
        Exit::Missed
    })
}
