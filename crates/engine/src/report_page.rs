//! What is made beside a master for people: the report page, and by its own file the pack.

use std::path::Path;

use acetate_handover::{EqProposal, Material, Other, VariantRow, report_page};
use acetate_io::{Decoder, OpenOptions, deliver_text};
use acetate_master::{Certificate, Report};
use acetate_model::Signature;
use acetate_model::outputs::knots_of_curve;
use anyhow::Context as _;

use crate::input::Input;
use crate::job::Job;
use crate::observer::{FileProgress, Observer, Step};
use crate::options::Options;
use crate::pack;
use crate::request::Request;
use crate::variants::Made;

/// Passes that the page takes over the music.
const PAGE_PASSES: usize = 3;

/// What a run knows that is needed beside a master.
pub(crate) struct Context<'a> {
    /// What is the same for every mix.
    pub(crate) options: &'a Options,
    /// What the predictor leads to, where a reference was given.
    pub(crate) reference: Option<&'a Signature>,
    /// Told how far it is, and of files that were kept.
    pub(crate) observer: &'a dyn Observer,
}

/// Makes what was asked for, from the mix, the delivered master and its report.
pub(crate) fn write(
    job: &Job,
    input: &mut Input<'_>,
    report: &Report,
    variants: &[Made],
    context: &Context<'_>,
) -> anyhow::Result<()> {
    if let Some(path) = &job.report {
        let html = page(job, input, report, variants, context)
            .with_context(|| path.display().to_string())?;
        deliver_text(path, &html, context.options.overwrite)?;
    }
    if let Some(path) = &job.pack {
        pack::write(path, job, input, report, context)
            .with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn page(
    job: &Job,
    input: &mut Input<'_>,
    report: &Report,
    variants: &[Made],
    context: &Context<'_>,
) -> anyhow::Result<String> {
    let brief = &context.options.brief;
    let mut heard = others(variants, &context.options.request)?;
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
    let progress = FileProgress::new(context.observer, &job.input);
    let proposal = proposal(report, context.options);
    let mut material = Material {
        mix: input.source(),
        master: &mut master,
        report,
        bypass: &brief.bypass,
        proposal,
        reference: context.reference,
        certificate: Some(Certificate::new(report, brief)?.to_json()?),
        others,
    };
    let html = report_page(&mut material, &rows, &mut |pass, share| {
        let done = (pass as f64 + share.clamp(0.0, 1.0)) / PAGE_PASSES as f64;
        progress.share(Step::ReportPage, done);
    })?;
    Ok(html)
}

/// What else can be listened to: variants, then references that are sound files. Label, what it is,
/// the sound, and whether it is the same song.
fn others(
    variants: &[Made],
    request: &Request,
) -> anyhow::Result<Vec<(String, String, Decoder, bool)>> {
    let open = |path: &Path| acetate_io::open(path, &OpenOptions::default());
    let mut others = Vec::new();
    for variant in variants.iter().skip(1) {
        let what = variant.row().map_or_else(String::new, |row| row.what);
        let sound = open(&variant.path)?;
        others.push((variant.name.to_owned(), what, sound, true));
    }
    let given = request.references.iter().map(|reference| &reference.path);
    let sounds = given.filter(|path| {
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
fn proposal(report: &Report, options: &Options) -> Option<EqProposal> {
    let is_nets_own = options.brief.settings.is_none() && options.request.references.is_empty();
    let tone = report.mastering.as_ref()?.tone.as_ref()?;
    is_nets_own.then(|| EqProposal {
        mid_db: knots_of_curve(&tone.open_db),
        sd_db: knots_of_curve(&tone.sd_db),
    })
}
