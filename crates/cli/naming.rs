//! Where each master goes, decided and checked before any work.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use acetate_io::{Container, OutputFormat};
use anyhow::{Context, bail};

use crate::args::{Format, MasterArgs};

/// Standard input or output.
pub const PIPE: &str = "-";

/// One mix and where its master goes.
#[derive(Clone, Debug)]
pub struct Job {
    /// The mix; [`PIPE`] for standard input.
    pub input: PathBuf,
    /// The master; [`PIPE`] for standard output.
    pub output: PathBuf,
    /// Container and word length.
    pub format: OutputFormat,
}

/// Is this path standard input or output?
pub fn is_pipe(path: &Path) -> bool {
    path.as_os_str() == PIPE
}

/// Resolves every output and refuses names that collide.
pub fn jobs(args: &MasterArgs) -> anyhow::Result<Vec<Job>> {
    if args.output.is_some() && args.inputs.len() > 1 {
        bail!(
            "-o takes one input, got {}: use --out-dir for several",
            args.inputs.len()
        );
    }
    if args.inputs.iter().filter(|input| is_pipe(input)).count() > 1 {
        bail!("standard input can be read once only");
    }
    let jobs = args
        .inputs
        .iter()
        .map(|input| job(input, args))
        .collect::<anyhow::Result<Vec<_>>>()?;
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
    Ok(jobs)
}

fn job(input: &Path, args: &MasterArgs) -> anyhow::Result<Job> {
    if !is_pipe(input) && input.is_dir() {
        bail!(
            "{}: expected a mix, found a folder: name the files in it",
            input.display()
        );
    }
    let format = format(args)?;
    let output = match (&args.output, &args.out_dir) {
        (Some(output), _) => output.clone(),
        (None, None) if is_pipe(input) => PathBuf::from(PIPE),
        (None, folder) => {
            let mut name = if is_pipe(input) {
                "stdin".into()
            } else {
                input
                    .file_stem()
                    .with_context(|| format!("{}: expected a file name", input.display()))?
                    .to_owned()
            };
            name.push(".master.");
            name.push(format.container().extension());
            match folder {
                Some(folder) => folder.join(name),
                None => input.with_file_name(name),
            }
        }
    };
    Ok(Job {
        input: input.to_owned(),
        output,
        format,
    })
}

fn format(args: &MasterArgs) -> anyhow::Result<OutputFormat> {
    let word_length = args.word_length();
    let container = match (args.format, &args.output) {
        (Some(Format::Wav), _) => Container::Wav,
        (Some(Format::Flac), _) => Container::Flac,
        (None, Some(output)) if !is_pipe(output) => {
            return Ok(OutputFormat::from_extension(output, word_length)?);
        }
        (None, _) => Container::Wav,
    };
    if let Some(output) = args.output.as_deref().filter(|output| !is_pipe(output))
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
