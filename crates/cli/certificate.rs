//! Certificates: where each goes, and holding a master against one.

use std::fs;
use std::path::{Path, PathBuf};

use acetate_dsp::process::dither::WordLength;
use acetate_dsp::stream::BLOCK_FRAMES;
use acetate_dsp::units::db_from_gain;
use acetate_dsp::{Audio, Source, plain};
use acetate_io::{Container, OpenOptions, OutputFormat, StagedFile};
use acetate_master::certificate::{Difference, Verdict};
use acetate_master::{Brief, Certificate, Progress, Report, Stage};
use acetate_model::NetPredictor;
use anyhow::{Context, bail};

use crate::args::{MasterArgs, VerifyArgs};
use crate::console::Console;
use crate::delivery::FileDelivery;
use crate::exit::Exit;
use crate::input::Input;
use crate::naming::{Job, is_pipe};
use crate::progress::Bars;
use crate::table;

/// A certificate is a few kilobytes; more than this is none, bytes.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Where each job's certificate goes; see [`side_files`].
pub fn paths(args: &MasterArgs, jobs: &[Job]) -> anyhow::Result<Vec<Option<PathBuf>>> {
    side_files(args.certificate.as_deref(), "json", args, jobs)
}

/// Where each job's file beside its master goes; none where none is asked for. A single one is the
/// file that was named; several, or a folder that exists, take the master's name with the
/// extension in that folder.
pub fn side_files(
    given: Option<&Path>,
    extension: &str,
    args: &MasterArgs,
    jobs: &[Job],
) -> anyhow::Result<Vec<Option<PathBuf>>> {
    let Some(given) = given else {
        return Ok(vec![None; jobs.len()]);
    };
    let in_folder = jobs.len() > 1 || given.is_dir();
    let path = |job: &Job| -> anyhow::Result<PathBuf> {
        if !in_folder {
            return Ok(given.to_owned());
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
        Ok(given.join(name))
    };
    let paths = jobs.iter().map(path).collect::<anyhow::Result<Vec<_>>>()?;
    if in_folder {
        fs::create_dir_all(given).with_context(|| given.display().to_string())?;
    }
    for (path, job) in paths.iter().zip(jobs) {
        // Of a job that may be left alone, its files may be there.
        let is_judged_later = args.judges_later(&job.output);
        StagedFile::check(path, args.overwrite || is_judged_later)?;
    }
    Ok(paths.into_iter().map(Some).collect())
}

/// Writes the certificate of a delivered master.
pub fn write(path: &Path, report: &Report, brief: &Brief, overwrite: bool) -> anyhow::Result<()> {
    let certificate = Certificate::new(report, brief)?;
    Ok(acetate_io::deliver_text(
        path,
        &certificate.to_json()?,
        overwrite,
    )?)
}

/// Reads a certificate.
fn read(path: &Path) -> anyhow::Result<Certificate> {
    let bytes = acetate_io::read_bounded(path, MAX_BYTES)?;
    Certificate::from_json(&bytes).with_context(|| path.display().to_string())
}

/// Holds a master against its certificate: hash, figures, and where the mix is given every byte of
/// another render.
pub fn verify(args: &VerifyArgs, path: &Path, console: &Console) -> anyhow::Result<Exit> {
    let [master] = args.inputs.as_slice() else {
        bail!("--certificate takes one master, got {}", args.inputs.len());
    };
    let certificate = read(path)?;
    let bars = Bars::new(console);
    let (report, mut differences) = measure(args, &certificate, master, &bars, console)?;
    let mut rendered_again = false;
    if let Some(mix) = &args.input {
        let again = render_again(args, &certificate, master, mix, &bars, console)?;
        rendered_again = again.done;
        differences.extend(again.differences);
    }
    let identical = differences.is_empty();
    let report = Report {
        all_met: report.all_met && identical,
        verdict: Some(Verdict {
            certificate: path.display().to_string(),
            identical,
            rendered_again,
            differences,
            unchecked: certificate.unchecked(rendered_again, &report.checks),
        }),
        ..report
    };
    if console.json {
        console.print_json(&report)?;
    } else if !(console.quiet && identical) {
        console.print(&table::certified(&report, &plain::path(master), console))?;
    }
    Ok(if identical { Exit::Met } else { Exit::Missed })
}

/// Hash and figures of the master as it is.
fn measure(
    args: &VerifyArgs,
    certificate: &Certificate,
    master: &Path,
    bars: &Bars,
    console: &Console,
) -> anyhow::Result<(Report, Vec<Difference>)> {
    let mut input = Input::open(master, None, args.strict)?;
    let mut bar = bars.file(master);
    let total = input.frames_hint();
    let target = certificate.brief()?.target;
    let verified = acetate_master::verify(
        input.source(),
        &target,
        certificate.brief.dual_mono,
        &mut |done| Ok(bar.at(Stage::Verify, done, total)?),
    )
    .with_context(|| master.display().to_string())?;
    bar.finish();
    input.report_warnings(console);
    let report = Report {
        input: Some(input.facts()?),
        ..verified
    };
    let mut differences = Vec::new();
    if let Some(facts) = &report.input {
        let wanted = &certificate.output;
        differences.extend(Difference::between(
            "master, BLAKE3",
            &wanted.blake3,
            &facts.blake3,
        ));
        differences.extend(Certificate::compare_facts("master", wanted, facts));
    }
    if let Some(measures) = &report.measures {
        differences.extend(certificate.compare(measures));
    }
    differences.extend(certificate.compare_checks(&report.checks));
    Ok((report, differences))
}

/// What another render told.
struct Again {
    done: bool,
    differences: Vec<Difference>,
}

/// Renders the mix again under a temporary name beside the master, and compares.
fn render_again(
    args: &VerifyArgs,
    certificate: &Certificate,
    master: &Path,
    mix: &Path,
    bars: &Bars,
    console: &Console,
) -> anyhow::Result<Again> {
    let mut input = Input::open(mix, None, args.strict)?;
    let facts = input.facts()?;
    let wanted = &certificate.input.blake3;
    if let Some(difference) = Difference::between("mix, BLAKE3", wanted, &facts.blake3) {
        return Ok(Again {
            done: false,
            differences: vec![difference],
        });
    }
    let brief = certificate.brief()?;
    let job = Job {
        input: mix.to_owned(),
        output: beside(master, &certificate.output.path)?,
        format: format(&certificate.output.format, brief.word_length)?,
    };
    let mut delivery = FileDelivery::temporary(&job, input.path())?;
    let predictor = NetPredictor::embedded()?;
    let mut bar = bars.file(mix);
    let report =
        acetate_master::master(input.source(), &predictor, &brief, &mut delivery, &mut bar)
            .with_context(|| mix.display().to_string())?;
    bar.finish();
    input.report_warnings(console);
    let rendered = delivery.facts()?;
    let wanted = &certificate.output.blake3;
    let mut differences: Vec<Difference> = Vec::new();
    differences.extend(Certificate::compare_facts(
        "mix",
        &certificate.input,
        &facts,
    ));
    if let Some(mastering) = &report.mastering {
        let figures = certificate.compare_mix(&mastering.before).into_iter();
        differences.extend(figures.map(|difference| Difference {
            what: format!("mix, {}", difference.what),
            ..difference
        }));
    }
    let other_bytes = Difference::between("another render, BLAKE3", wanted, &rendered.blake3);
    if let Some(other_bytes) = other_bytes {
        differences.push(other_bytes);
        differences.extend(Difference::between(
            "version",
            &certificate.version,
            &report.version,
        ));
        if let Some(after) = report.mastering.and_then(|mastering| mastering.after) {
            let figures = certificate.compare(&after).into_iter();
            differences.extend(figures.map(|difference| Difference {
                what: format!("another render, {}", difference.what),
                ..difference
            }));
        }
        let found = samples(master, &mut *delivery.open()?)?;
        differences.extend(Difference::between(
            "another render, samples",
            "the same",
            &found,
        ));
    }
    Ok(Again {
        done: true,
        differences,
    })
}

/// A name in the master's folder that no file has.
fn beside(master: &Path, certified: &str) -> anyhow::Result<PathBuf> {
    let name = Path::new(certified)
        .file_name()
        .unwrap_or("master".as_ref());
    let folder = if is_pipe(master) {
        Path::new(".")
    } else {
        master.parent().unwrap_or(Path::new(""))
    };
    let mut again = name.to_owned();
    again.push(".again");
    Ok(folder.join(again))
}

/// The format that the certificate's description of the master stands for.
fn format(described: &str, word_length: WordLength) -> anyhow::Result<OutputFormat> {
    let container = if described.contains("flac") {
        Container::Flac
    } else {
        Container::Wav
    };
    Ok(OutputFormat::new(container, word_length)?)
}

/// How the samples of two renders differ.
fn samples(master: &Path, again: &mut dyn Source) -> anyhow::Result<String> {
    let mut certified = acetate_io::open(master, &OpenOptions::default())?;
    let (a_spec, b_spec) = (certified.spec(), again.spec());
    if a_spec != b_spec {
        return Ok(format!("{a_spec:?}, then {b_spec:?}"));
    }
    let block = || Audio::silence(a_spec.sample_rate_hz, a_spec.channels, BLOCK_FRAMES);
    let (mut a, mut b) = (block(), block());
    let (mut frame, mut first, mut count, mut largest) = (0u64, None, 0u64, 0.0f32);
    loop {
        let (got_a, got_b) = (fill(&mut certified, &mut a)?, fill(again, &mut b)?);
        if got_a != got_b {
            return Ok(format!(
                "{} frames, then {}",
                frame + got_a as u64,
                frame + got_b as u64
            ));
        }
        if got_a == 0 {
            break;
        }
        for n in 0..got_a {
            let off = a
                .channels()
                .iter()
                .zip(b.channels())
                .map(|(a, b)| (a[n] - b[n]).abs());
            let off = off.fold(0.0, f32::max);
            if off > 0.0 {
                first.get_or_insert(frame + n as u64);
                count += 1;
                largest = largest.max(off);
            }
        }
        frame += got_a as u64;
    }
    Ok(match first {
        None => "the same".to_owned(),
        Some(first) => format!(
            "{count} of {frame} frames differ, the first is {first}, by at most {:.1} dBFS",
            db_from_gain(f64::from(largest))
        ),
    })
}

/// Reads a whole block, or what is left.
fn fill(source: &mut dyn Source, block: &mut Audio) -> anyhow::Result<usize> {
    let mut part = Audio::silence(block.sample_rate_hz(), block.channel_count(), 0);
    block.set_frames(0);
    while block.frames() < BLOCK_FRAMES {
        let wanted = BLOCK_FRAMES - block.frames();
        if source.read(&mut part, wanted)? == 0 {
            break;
        }
        block.append(&part);
    }
    Ok(block.frames())
}
