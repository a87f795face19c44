//! What is made beside a master for people: the report page, the pack.

use std::fs;
use std::path::{Path, PathBuf};

use acetate_handover::{EqProposal, Material, Other, VariantRow, report_page};
use acetate_io::{Decoder, OpenOptions, deliver_text};
use acetate_master::{Brief, Certificate, Report};
use acetate_model::Signature;
use acetate_model::outputs::knots_of_curve;
use anyhow::{Context, bail};

use crate::args::MasterArgs;
use crate::certificate::side_files;
use crate::console::Console;
use crate::input::Input;
use crate::naming::{Job, is_pipe};
use crate::pack;
use crate::progress::Bars;
use crate::variants::Made;

/// Passes that the page takes over the music.
const PAGE_PASSES: usize = 3;

/// Where one master's hand-over goes.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The report page.
    pub report: Option<PathBuf>,
    /// The folder for a mastering engineer.
    pub pack: Option<PathBuf>,
}

impl Place {
    /// What of it is not there.
    pub fn absent(&self) -> Self {
        let absent = |path: &Option<PathBuf>| path.clone().filter(|path| !path.exists());
        Self {
            report: absent(&self.report),
            pack: absent(&self.pack),
        }
    }

    /// Nothing is to be made.
    pub fn is_empty(&self) -> bool {
        self.report.is_none() && self.pack.is_none()
    }
}

/// What the run knows.
pub struct Asked<'a> {
    /// The command line.
    pub args: &'a MasterArgs,
    /// What was asked for.
    pub brief: &'a Brief,
    /// What the predictor leads to, where a reference was given.
    pub reference: Option<&'a Signature>,
    /// Where progress is shown.
    pub bars: &'a Bars,
    /// Where warnings go.
    pub console: &'a Console,
}

/// Resolves and checks every place before any work.
pub fn places(args: &MasterArgs, jobs: &[Job]) -> anyhow::Result<Vec<Place>> {
    let wanted = [("--report", &args.report), ("--pack", &args.pack)];
    for (option, _) in wanted.iter().filter(|(_, given)| given.is_some()) {
        if jobs.iter().any(|job| is_pipe(&job.output)) {
            bail!("{option} needs the master in a file: use -o FILE instead of standard output");
        }
    }
    let reports = side_files(args.report.as_deref(), "html", args, jobs)?;
    let packs = packs(args, jobs)?;
    let places = reports.into_iter().zip(packs);
    Ok(places
        .map(|(report, pack)| Place { report, pack })
        .collect())
}

/// The folder of each job's pack: the one that was named, or for several inputs one in it with the
/// master's name.
fn packs(args: &MasterArgs, jobs: &[Job]) -> anyhow::Result<Vec<Option<PathBuf>>> {
    let Some(given) = &args.pack else {
        return Ok(vec![None; jobs.len()]);
    };
    let packs: Vec<PathBuf> = match jobs {
        [_] => vec![given.clone()],
        _ => {
            fs::create_dir_all(given).with_context(|| given.display().to_string())?;
            let name = |job: &Job| given.join(job.output.file_stem().unwrap_or_default());
            jobs.iter().map(name).collect()
        }
    };
    for (path, job) in packs.iter().zip(jobs) {
        if !args.judges_later(&job.output) {
            pack::check(path, args.overwrite)?;
        }
    }
    Ok(packs.into_iter().map(Some).collect())
}

/// Makes what was asked for, from the mix, the delivered master and its report.
pub fn write(
    place: &Place,
    job: &Job,
    input: &mut Input,
    report: &Report,
    variants: &[Made],
    asked: &Asked<'_>,
) -> anyhow::Result<()> {
    if let Some(path) = &place.report {
        page(path, job, input, report, variants, asked)
            .with_context(|| path.display().to_string())?;
    }
    if let Some(path) = &place.pack {
        pack::write(path, job, input, report, asked).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn page(
    path: &Path,
    job: &Job,
    input: &mut Input,
    report: &Report,
    variants: &[Made],
    asked: &Asked<'_>,
) -> anyhow::Result<()> {
    let mut heard = others(variants, asked.args)?;
    let others = heard
        .iter_mut()
        .map(|(label, what, source, same_song)| Other {
            label: label.clone(),
            what: what.clone(),
            source,
            same_song: *same_song,
        });
    let others = others.collect();
    let rows: Vec<VariantRow> = variants.iter().filter_map(Made::row).collect();
    let mut master = acetate_io::open(&job.output, &OpenOptions { strict: true })?;
    let bar = asked.bars.parts(&job.input, "report");
    let proposal = proposal(report, asked);
    let mut material = Material {
        mix: input.source(),
        master: &mut master,
        report,
        bypass: &asked.brief.bypass,
        proposal,
        reference: asked.reference,
        certificate: Some(Certificate::new(report, asked.brief)?.to_json()?),
        others,
    };
    let html = report_page(&mut material, &rows, &mut |pass, share| {
        let done = (pass as f64 + share.clamp(0.0, 1.0)) / PAGE_PASSES as f64;
        bar.set_position((1000.0 * done) as u64);
    })?;
    bar.finish_and_clear();
    Ok(deliver_text(path, &html, asked.args.overwrite)?)
}

/// What else can be listened to: variants, then references that are sound files. Label, what it is,
/// the sound, and whether it is the same song.
fn others(
    variants: &[Made],
    args: &MasterArgs,
) -> anyhow::Result<Vec<(String, String, Decoder, bool)>> {
    let open = |path: &Path| acetate_io::open(path, &OpenOptions::default());
    let mut others = Vec::new();
    for variant in variants.iter().skip(1) {
        let what = variant.row().map_or_else(String::new, |row| row.what);
        let sound = open(&variant.path)?;
        others.push((variant.name.to_owned(), what, sound, true));
    }
    let sounds = args.references.iter().filter(|path| {
        path.is_file() && path.extension().is_none_or(|extension| extension != "toml")
    });
    for path in sounds {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let what = "the reference, its loudest passage".to_owned();
        others.push((format!("Reference: {name}"), what, open(path)?, false));
    }
    Ok(others)
}

/// What is known of the tone; `None` where the EQ came from elsewhere.
fn proposal(report: &Report, asked: &Asked<'_>) -> Option<EqProposal> {
    let is_nets_own = asked.brief.settings.is_none() && asked.args.references.is_empty();
    let tone = report.mastering.as_ref()?.tone.as_ref()?;
    is_nets_own.then(|| EqProposal {
        mid_db: knots_of_curve(&tone.open_db),
        sd_db: knots_of_curve(&tone.sd_db),
    })
}
