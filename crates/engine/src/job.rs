//! [`Job`]: one mix and everything that is made of it.

use std::path::{Path, PathBuf};

use acetate_io::{Container, OutputFormat, WordLength};
use anyhow::Context;

use crate::EngineError;

/// Standard input or output.
pub const PIPE: &str = "-";

/// Is this path standard input or output?
pub fn is_pipe(path: &Path) -> bool {
    path.as_os_str() == PIPE
}

/// One mix and where what is made of it goes.
#[derive(Clone, Debug)]
pub struct Job {
    /// The mix; [`PIPE`] for standard input.
    pub input: PathBuf,
    /// The master; [`PIPE`] for standard output.
    pub output: PathBuf,
    /// Container and word length.
    pub format: OutputFormat,
    /// The settings that were rendered.
    pub settings: Option<PathBuf>,
    /// The certificate.
    pub certificate: Option<PathBuf>,
    /// What the repairs took.
    pub repair_residual: Option<PathBuf>,
    /// The report page.
    pub report: Option<PathBuf>,
    /// The folder for a mastering engineer.
    pub pack: Option<PathBuf>,
}

impl Job {
    /// A master, and nothing else.
    pub fn new(
        input: impl Into<PathBuf>,
        output: impl Into<PathBuf>,
        format: OutputFormat,
    ) -> Self {
        Self {
            input: input.into(),
            output: output.into(),
            format,
            settings: None,
            certificate: None,
            repair_residual: None,
            report: None,
            pack: None,
        }
    }

    /// A WAV of 24 bits beside the mix, named `.master.wav`.
    ///
    /// # Errors
    /// [`EngineError::Failed`] where the path names no file.
    pub fn beside(input: impl Into<PathBuf>) -> Result<Self, EngineError> {
        let input = input.into();
        let mut name = input
            .file_stem()
            .with_context(|| format!("{}: expected a file name", input.display()))?
            .to_owned();
        name.push(".master.wav");
        let format =
            OutputFormat::new(Container::Wav, WordLength::Bits24).map_err(anyhow::Error::from)?;
        let output = input.with_file_name(name);
        Ok(Self::new(input, output, format))
    }

    /// The same without the files beside the master that are there.
    pub(crate) fn without_what_exists(&self) -> Self {
        let absent = |path: &Option<PathBuf>| path.clone().filter(|path| !path.exists());
        Self {
            certificate: absent(&self.certificate),
            repair_residual: absent(&self.repair_residual),
            report: absent(&self.report),
            pack: absent(&self.pack),
            ..self.clone()
        }
    }

    /// Whether only the master is made.
    pub(crate) fn is_master_alone(&self) -> bool {
        let others = [
            &self.certificate,
            &self.repair_residual,
            &self.report,
            &self.pack,
        ];
        others.into_iter().all(Option::is_none)
    }
}
