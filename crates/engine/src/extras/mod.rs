//! What is made beside a master for people: variants, the report page and the pack.

mod context;
mod deciding;
pub(crate) mod pack;
mod report_page;
mod residual;
pub(crate) mod settings_text;
pub(crate) mod variants;

use acetate_io::deliver_text;
use acetate_master::MasterFile;
use anyhow::Context;

pub(crate) use self::context::RunContext;
use self::variants::RenderedVariant;
use crate::input::Input;
use crate::job::Job;

/// Makes what was asked for, from the mix and the delivered master.
pub(crate) fn write(
    job: &Job,
    input: &mut Input<'_>,
    file: &MasterFile,
    variants: &[RenderedVariant],
    context: &RunContext<'_>,
) -> anyhow::Result<()> {
    if let Some(path) = &job.repair_residual {
        residual::write(path, input, file, context).with_context(|| path.display().to_string())?;
    }
    if let Some(path) = &job.report {
        let html = report_page::page(job, input, file, variants, context)
            .with_context(|| path.display().to_string())?;
        deliver_text(path, &html, context.options.overwrite)?;
    }
    if let Some(path) = &job.pack {
        pack::write(path, job, input, file, context).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
