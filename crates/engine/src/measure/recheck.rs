//! Holding a master against its certificate: hash, figures, and another render of the mix.

use std::path::{Path, PathBuf};

use acetate_dsp::process::dither::WordLength;
use acetate_dsp::stream::BLOCK_FRAMES;
use acetate_dsp::units::db_from_gain;
use acetate_dsp::{Audio, Source};
use acetate_io::{Container, OpenOptions, OutputFormat};
use acetate_master::report::{CertificateVerdict, Difference, Rebalance};
use acetate_master::{Certificate, Phase, Progress, Report, VERSION};
use acetate_model::NetPredictor;
use anyhow::Context;

use crate::EngineError;
use crate::delivery::FileDelivery;
use crate::error::or_canceled;
use crate::input::Input;
use crate::job::{Job, is_pipe};
use crate::measure::added;
use crate::observer::{FileProgress, Observer};

/// A certificate is a few kilobytes; more than this is none, bytes.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// A master to be held against its certificate.
#[derive(Clone, Debug)]
pub struct Recheck<'a> {
    /// The master.
    pub master: &'a Path,
    /// Its certificate.
    pub certificate: &'a Path,
    /// The mix, to be rendered again; without it only hash and figures are compared.
    pub mix: Option<&'a Path>,
    /// The stems of a lead that was moved in the mix; the certificate knows them by their hashes.
    pub lead: &'a [PathBuf],
    /// Damaged input is refused.
    pub strict: bool,
}

/// Holds a master against its certificate: hash, figures, and where the mix is given every byte of
/// another render. The report's verdict has the differences.
///
/// # Errors
/// [`EngineError`] where a file cannot be read or the observer stops the work.
pub fn verify_certificate(
    asked: &Recheck<'_>,
    observer: &dyn Observer,
) -> Result<Report, EngineError> {
    or_canceled(recheck(asked, observer), observer)
}

fn recheck(asked: &Recheck<'_>, observer: &dyn Observer) -> anyhow::Result<Report> {
    let certificate = read(asked.certificate)?;
    let (mut report, mut differences) = measure(asked, &certificate, observer)?;
    let mut rendered_again = false;
    if let Some(mix) = asked.mix {
        let again = render_again(asked, &certificate, mix, observer)?;
        rendered_again = again.done;
        differences.extend(again.differences);
    }
    let identical = differences.is_empty();
    report.all_met &= identical;
    report.verdict = Some(CertificateVerdict {
        certificate: asked.certificate.display().to_string(),
        identical,
        rendered_again,
        differences,
        unchecked: certificate.unchecked(rendered_again, &report.checks),
    });
    Ok(report)
}

/// Reads a certificate.
fn read(path: &Path) -> anyhow::Result<Certificate> {
    let bytes = acetate_io::read_bounded(path, MAX_BYTES)?;
    Certificate::from_json(&bytes).with_context(|| path.display().to_string())
}

/// Hash and figures of the master as it is.
fn measure(
    asked: &Recheck<'_>,
    certificate: &Certificate,
    observer: &dyn Observer,
) -> anyhow::Result<(Report, Vec<Difference>)> {
    let master = asked.master;
    let mut input = Input::open(master, None, asked.strict, observer)?;
    let mut bar = FileProgress::new(observer, master);
    let total = input.frames_hint();
    let target = certificate.brief()?.target;
    let mut report = acetate_master::verify(
        input.source(),
        &target,
        certificate.brief.dual_mono,
        &mut |done| Ok(bar.at(Phase::Verify, done, total)?),
    )
    .with_context(|| master.display().to_string())?;
    observer.finished(master);
    input.report_warnings();
    report.input = Some(input.facts()?);
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
    asked: &Recheck<'_>,
    certificate: &Certificate,
    mix: &Path,
    observer: &dyn Observer,
) -> anyhow::Result<Again> {
    let master = asked.master;
    let mut input = Input::open(mix, None, asked.strict, observer)?;
    let facts = input.facts()?;
    let wanted = &certificate.input.blake3;
    if let Some(difference) = Difference::between("mix, BLAKE3", wanted, &facts.blake3) {
        return Ok(Again {
            done: false,
            differences: vec![difference],
        });
    }
    if let Some(rebalance) = &certificate.rebalance {
        match stems_of(rebalance, asked.lead)? {
            Ok(paths) => {
                let spec = input.source().spec();
                input.add(added(rebalance, &paths, spec, observer)?);
            }
            Err(missing) => {
                return Ok(Again {
                    done: false,
                    differences: vec![missing],
                });
            }
        }
    }
    let brief = certificate.brief()?;
    let job = Job::new(
        mix,
        beside(master, &certificate.output.path)?,
        format(&certificate.output.format, brief.word_length)?,
    );
    let mut delivery = FileDelivery::temporary(&job, input.path())?;
    let predictor = NetPredictor::embedded()?;
    let mut bar = FileProgress::new(observer, mix);
    let mastered =
        acetate_master::master(input.source(), &predictor, &brief, &mut delivery, &mut bar)
            .with_context(|| mix.display().to_string())?;
    observer.finished(mix);
    input.report_warnings();
    delivery.state_loudness(&mastered.after)?;
    let rendered = delivery.facts()?;
    let wanted = &certificate.output.blake3;
    let mut differences: Vec<Difference> = Vec::new();
    differences.extend(Certificate::compare_facts(
        "mix",
        &certificate.input,
        &facts,
    ));
    let figures = certificate
        .compare_mix(&mastered.treatment.before)
        .into_iter();
    differences.extend(figures.map(|difference| Difference {
        what: format!("mix, {}", difference.what),
        ..difference
    }));
    let other_bytes = Difference::between("another render, BLAKE3", wanted, &rendered.blake3);
    if let Some(other_bytes) = other_bytes {
        differences.push(other_bytes);
        differences.extend(Difference::between(
            "version",
            &certificate.version,
            VERSION,
        ));
        let figures = certificate.compare(&mastered.after).into_iter();
        differences.extend(figures.map(|difference| Difference {
            what: format!("another render, {}", difference.what),
            ..difference
        }));
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

/// The files of a lead that was moved, in the order of its parts; what is missing where they are not all given.
fn stems_of(
    rebalance: &Rebalance,
    given: &[PathBuf],
) -> anyhow::Result<Result<Vec<PathBuf>, Difference>> {
    let hashes = given
        .iter()
        .map(PathBuf::as_path)
        .map(acetate_io::content_hash);
    let hashes = hashes.collect::<Result<Vec<_>, _>>()?;
    let mut paths = Vec::new();
    for part in &rebalance.parts {
        let known = hashes.iter().position(|hash| *hash == part.blake3);
        match known.and_then(|index| given.get(index)) {
            Some(path) => paths.push(path.clone()),
            None => {
                return Ok(Err(Difference {
                    what: "stem of the lead, BLAKE3".to_owned(),
                    certified: format!("{} ({})", part.blake3, part.name),
                    found: "none of --lead".to_owned(),
                }));
            }
        }
    }
    Ok(Ok(paths))
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
    // RF64 is how a long WAV is written.
    let container = described
        .split(|letter: char| !letter.is_alphanumeric())
        .find_map(|name| match name {
            "rf64" => Some(Container::Wav),
            name => Container::from_extension(name),
        })
        .with_context(|| format!("expected the certificate of a WAV or FLAC, found {described}"))?;
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
