//! From arguments to jobs: where each master and what stands beside it goes.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use acetate_engine::{Job, PIPE, is_pipe};
use acetate_io::{Container, OutputFormat};
use anyhow::{Context, bail};

pub mod inputs;
mod names;
mod songs;

use self::names::Template;
use self::songs::{Song, songs};
use crate::args::{Format, MasterArgs};

/// Copies for listening: a master is none.
const LOSSY: [&str; 6] = ["mp3", "m4a", "aac", "ogg", "opus", "wma"];

/// Resolves every output and refuses names that collide.
pub fn jobs(args: &MasterArgs) -> anyhow::Result<Vec<Job>> {
    let format = format(args.output.as_deref(), args)?;
    for (option, path) in [("--csv", &args.csv), ("--index", &args.index)] {
        if path.as_deref().is_some_and(is_pipe) {
            bail!("{option}: expected a file name, found \"{PIPE}\"");
        }
    }
    let template = args.name.as_deref().map(Template::read).transpose()?;
    let songs = songs(args)?;
    if args.output.is_some() && songs.len() > 1 {
        bail!(
            "-o takes one input, got {}: use --out-dir for several",
            songs.len()
        );
    }
    if songs.iter().filter(|song| is_pipe(&song.path)).count() > 1 {
        bail!("standard input can be read once only");
    }
    let count = songs.len();
    let numbered = songs.iter().zip(1..);
    let mut jobs = numbered
        .map(|(song, number)| {
            let name = template
                .as_ref()
                .map(|template| template.name(&song.path, number, count));
            job(song, name, format, args)
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    // A folder may hold the masters of an earlier run under names of the user's own.
    let outputs: HashSet<PathBuf> = jobs.iter().map(|job| job.output.clone()).collect();
    let found: HashSet<&Path> = songs
        .iter()
        .filter(|song| song.place.is_some())
        .map(|song| song.path.as_path())
        .collect();
    jobs.retain(|job| !(found.contains(job.input.as_path()) && outputs.contains(&job.input)));
    let mut seen: HashMap<&Path, &Path> = HashMap::new();
    for job in &jobs {
        if let Some(other) = seen.insert(&job.output, &job.input) {
            bail!(
                "{} and {} would both be written to {}: give them different names or folders",
                other.display(),
                job.input.display(),
                job.output.display()
            );
        }
    }
    drop(seen);
    let mut named = HashSet::new();
    if let Some(twice) = jobs.iter().find(|job| !named.insert(&job.input)) {
        bail!("{}: named twice: name each mix once", twice.input.display());
    }
    drop(named);
    add_side_files(&mut jobs, args)?;
    // What each part makes, and under which names, is that of the whole.
    let mut place = 0..;
    jobs.retain(|_| match (args.batch.shard, place.next()) {
        (Some(shard), Some(place)) => shard.has(place),
        _ => true,
    });
    Ok(jobs)
}

/// `name`: of the master, without the ending, where a template says it.
fn job(
    song: &Song,
    name: Option<String>,
    format: OutputFormat,
    args: &MasterArgs,
) -> anyhow::Result<Job> {
    let input = song.path.as_path();
    if let Some(output) = &song.output {
        let format = self::format(Some(output), args)?;
        return Ok(Job::new(input, output, format));
    }
    let output = match (&args.output, &args.out_dir) {
        (Some(output), _) => output.clone(),
        (None, None) if is_pipe(input) => PathBuf::from(PIPE),
        (None, folder) => {
            let mut name: OsString = match name {
                Some(name) => name.into(),
                None => {
                    let stem = if is_pipe(input) {
                        OsStr::new("stdin")
                    } else {
                        input
                            .file_stem()
                            .with_context(|| format!("{}: expected a file name", input.display()))?
                    };
                    let mut name = stem.to_owned();
                    name.push(".master");
                    name
                }
            };
            let ending = format!(".{}", format.container().extension());
            // A template may say the ending itself.
            if !name.to_string_lossy().to_lowercase().ends_with(&ending) {
                name.push(ending);
            }
            match (folder, &song.place) {
                (Some(folder), Some(place)) => folder.join(place).join(name),
                (Some(folder), None) => folder.join(name),
                (None, _) => input.with_file_name(name),
            }
        }
    };
    Ok(Job::new(input, output, format))
}

/// Adds what is made beside each master.
fn add_side_files(jobs: &mut [Job], args: &MasterArgs) -> anyhow::Result<()> {
    if args.save_settings.is_some() && jobs.len() > 1 {
        bail!("--save-settings takes one input, got {}", jobs.len());
    }
    for (option, given) in [("--report", &args.report), ("--pack", &args.pack)] {
        if given.is_some() && jobs.iter().any(|job| is_pipe(&job.output)) {
            bail!("{option} needs the master in a file: use -o FILE instead of standard output");
        }
    }
    let certificates = side_files(args.certificate.as_deref(), "json", jobs)?;
    let residuals = side_files(args.repair_residual.as_deref(), "residual.wav", jobs)?;
    let reports = side_files(args.report.as_deref(), "html", jobs)?;
    let packs = packs(args, jobs)?;
    let beside = certificates.into_iter().zip(reports).zip(packs);
    let beside = beside.zip(residuals);
    for (job, (((certificate, report), pack), residual)) in jobs.iter_mut().zip(beside) {
        job.repair_residual = residual;
        job.settings.clone_from(&args.save_settings);
        job.certificate = certificate;
        job.report = report;
        job.pack = pack;
    }
    Ok(())
}

/// Where each job's file beside its master goes; none where none is asked for. A single one is the
/// file that was named; several, or a folder that exists, take the master's name with the
/// extension in that folder.
fn side_files(
    given: Option<&Path>,
    extension: &str,
    jobs: &[Job],
) -> anyhow::Result<Vec<Option<PathBuf>>> {
    let Some(given) = given else {
        return Ok(vec![None; jobs.len()]);
    };
    let in_folder = jobs.len() > 1 || given.is_dir();
    let path = |job: &Job| -> anyhow::Result<Option<PathBuf>> {
        if !in_folder {
            return Ok(Some(given.to_owned()));
        }
        let named = if is_pipe(&job.output) {
            Path::new("stdout")
        } else {
            &job.output
        };
        let mut name = named
            .file_name()
            .with_context(|| format!("{}: expected a file name", job.output.display()))?
            .to_owned();
        name.push(".");
        name.push(extension);
        Ok(Some(given.join(name)))
    };
    let paths = jobs.iter().map(path).collect::<anyhow::Result<Vec<_>>>()?;
    if in_folder {
        fs::create_dir_all(given).with_context(|| given.display().to_string())?;
    }
    Ok(paths)
}

/// The folder of each job's pack: the one that was named, or for several inputs one in it with the
/// master's name.
fn packs(args: &MasterArgs, jobs: &[Job]) -> anyhow::Result<Vec<Option<PathBuf>>> {
    let Some(given) = &args.pack else {
        return Ok(vec![None; jobs.len()]);
    };
    if let [_] = jobs {
        return Ok(vec![Some(given.clone())]);
    }
    fs::create_dir_all(given).with_context(|| given.display().to_string())?;
    let name = |job: &Job| Some(given.join(job.output.file_stem().unwrap_or_default()));
    Ok(jobs.iter().map(name).collect())
}

fn format(output: Option<&Path>, args: &MasterArgs) -> anyhow::Result<OutputFormat> {
    let word_length = args.word_length();
    if let Some(output) = output {
        refuse_lossy(output)?;
    }
    let container = match (args.format, output) {
        (Some(Format::Wav), _) => Container::Wav,
        (Some(Format::Flac), _) => Container::Flac,
        (None, Some(output)) if !is_pipe(output) => {
            return Ok(OutputFormat::from_extension(output, word_length)?);
        }
        (None, _) => Container::Wav,
    };
    if let Some(output) = output.filter(|output| !is_pipe(output))
        && let Ok(named) = OutputFormat::from_extension(output, word_length)
        && named.container() != container
    {
        bail!(
            "{}: expected a name for {}, as --format has it, found one for {}",
            output.display(),
            container.extension(),
            named.container().extension()
        );
    }
    Ok(OutputFormat::new(container, word_length)?)
}

/// A master is lossless: of a name for a copy says how both are made.
fn refuse_lossy(output: &Path) -> anyhow::Result<()> {
    let extension = output.extension().unwrap_or_default().to_string_lossy();
    let extension = extension.to_lowercase();
    if !LOSSY.contains(&extension.as_str()) {
        return Ok(());
    }
    let (master, copy) = (output.with_extension("wav"), output.display());
    let master = master.display();
    bail!(
        "{copy}: expected a name that ends in .wav or .flac, found .{extension}: a master is lossless, and services \
         make their own copies from it. Use -o \"{master}\" --codec-safe, then for a copy: \
         ffmpeg -i \"{master}\" -b:a 256k \"{copy}\""
    )
}
