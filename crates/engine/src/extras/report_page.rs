//! The report page of a delivered master.

use std::path::Path;

use acetate_handover::{EqProposal, Material, Other, VariantRow, report_page};
use acetate_io::{Decoder, OpenOptions};
use acetate_master::{Certificate, MasterFile};
use acetate_model::outputs::knots_of_curve;

use super::context::RunContext;
use super::variants::RenderedVariant;
use crate::input::Input;
use crate::job::Job;
use crate::observer::{FileProgress, Step};
use crate::options::Options;
use crate::request::Request;

/// Passes that the page takes over the music.
const PAGE_PASSES: usize = 3;

/// The page of a mix and its delivered master.
pub(super) fn page(
    job: &Job,
    input: &mut Input<'_>,
    file: &MasterFile,
    variants: &[RenderedVariant],
    context: &RunContext<'_>,
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
    let rows: Vec<VariantRow> = variants.iter().map(RenderedVariant::row).collect();
    let mut master = acetate_io::open(&job.output, &OpenOptions { strict: true })?;
    let progress = FileProgress::new(context.observer, &job.input);
    let proposal = proposal(file, context.options);
    let mut material = Material {
        mix: input.source(),
        master: &mut master,
        file,
        bypass: &brief.bypass,
        proposal,
        reference: context.reference,
        certificate: Some(Certificate::new(file, brief)?.to_json()?),
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
    variants: &[RenderedVariant],
    request: &Request,
) -> anyhow::Result<Vec<(String, String, Decoder, bool)>> {
    let open = |path: &Path| acetate_io::open(path, &OpenOptions::default());
    let mut others = Vec::new();
    for variant in variants.iter().skip(1) {
        let what = variant.row().what;
        let sound = open(&variant.path)?;
        others.push((variant.name().to_owned(), what, sound, true));
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
fn proposal(file: &MasterFile, options: &Options) -> Option<EqProposal> {
    let is_nets_own = options.brief.settings.is_none() && options.request.references.is_empty();
    let tone = file.mastered.treatment.tone.as_ref()?;
    is_nets_own.then(|| EqProposal {
        mid_db: knots_of_curve(&tone.open_db),
        sd_db: knots_of_curve(&tone.sd_db),
    })
}
