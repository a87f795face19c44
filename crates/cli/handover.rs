//! What is made beside a master for people: the report page.

use std::path::{Path, PathBuf};

use acetate_handover::{EqProposal, Material, report_page};
use acetate_io::{OpenOptions, deliver_text};
use acetate_master::{Brief, Certificate, Report};
use acetate_model::predictor::centred_knots;
use acetate_model::{Features, NetPredictor};
use anyhow::{Context, bail};

use crate::args::MasterArgs;
use crate::certificate::side_files;
use crate::input::Input;
use crate::naming::{Job, is_pipe};
use crate::progress::Bars;

/// Passes that the page takes over the music.
const PAGE_PASSES: usize = 3;

/// Where one master's hand-over goes.
#[derive(Debug, Default)]
pub struct Place {
    /// The report page.
    report: Option<PathBuf>,
}

/// What the run knows.
pub struct Asked<'a> {
    /// The command line.
    pub args: &'a MasterArgs,
    /// What was asked for.
    pub brief: &'a Brief,
    /// Who proposed the settings.
    pub predictor: &'a NetPredictor,
    /// Where progress is shown.
    pub bars: &'a Bars,
}

/// Resolves and checks every place before any work.
pub fn places(args: &MasterArgs, jobs: &[Job]) -> anyhow::Result<Vec<Place>> {
    if args.report.is_some() && jobs.iter().any(|job| is_pipe(&job.output)) {
        bail!("--report needs the master in a file: use -o FILE instead of standard output");
    }
    let reports = side_files(args.report.as_deref(), "report page", "html", args, jobs)?;
    Ok(reports.into_iter().map(|report| Place { report }).collect())
}

/// Makes what was asked for, from the mix, the delivered master and its report.
pub fn write(
    place: &Place,
    job: &Job,
    input: &mut Input,
    report: &Report,
    asked: &Asked<'_>,
) -> anyhow::Result<()> {
    if let Some(path) = &place.report {
        page(path, job, input, report, asked).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn page(
    path: &Path,
    job: &Job,
    input: &mut Input,
    report: &Report,
    asked: &Asked<'_>,
) -> anyhow::Result<()> {
    let mut master = acetate_io::open(&job.output, &OpenOptions { strict: true })?;
    let bar = asked.bars.parts(&job.input, "report");
    let proposal = proposal(report, asked)?;
    let mut material = Material {
        mix: input.source(),
        master: &mut master,
        report,
        bypass: &asked.brief.bypass,
        proposal,
        certificate: Some(Certificate::new(report, asked.brief)?.to_json()?),
        others: Vec::new(),
    };
    let html = report_page(&mut material, &[], &mut |pass, share| {
        let done = (pass as f64 + share.clamp(0.0, 1.0)) / PAGE_PASSES as f64;
        bar.set_position((1000.0 * done) as u64);
    })?;
    bar.finish_and_clear();
    Ok(deliver_text(path, &html, overwrite(asked.args))?)
}

fn overwrite(args: &MasterArgs) -> bool {
    args.overwrite || args.skip_existing
}

/// The net's own word on the EQ; `None` where the settings came from elsewhere.
fn proposal(report: &Report, asked: &Asked<'_>) -> anyhow::Result<Option<EqProposal>> {
    let predicted = asked.brief.settings.is_none();
    let Some(analysis) = report.analysis.as_ref().filter(|_| predicted) else {
        return Ok(None);
    };
    let features = Features::of(analysis).filter(|features| !features.frames_db.is_empty());
    let Some(features) = features else {
        return Ok(None);
    };
    let raw = asked.predictor.raw(&features)?;
    Ok(Some(EqProposal {
        mid_db: centred_knots(&raw.mean_db[..acetate_dsp::settings::MID_KNOTS]),
        sd_db: std::array::from_fn(|knot| raw.variance[knot].sqrt()),
    }))
}
