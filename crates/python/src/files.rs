//! Files as the engine sees them: names, hashes, and writing that leaves nothing half.

use std::io::Write;
use std::path::PathBuf;

use acetate_io::{Depth, StagedBytes, WriteError};
use pyo3::prelude::*;

use crate::call::run;
use crate::errors::to_python;

/// BLAKE3 of a file's bytes, hexadecimal.
#[pyfunction]
pub(crate) fn content_hash(py: Python<'_>, path: PathBuf) -> PyResult<String> {
    run(py, None, |_| Ok(acetate_io::content_hash(&path)?))
}

/// Every sound file in a folder and its folders, in the order of names.
#[pyfunction]
pub(crate) fn sound_files(py: Python<'_>, folder: PathBuf) -> PyResult<Vec<PathBuf>> {
    run(py, None, |_| {
        acetate_engine::sound_files(&folder, Depth::Whole)
    })
}

/// Whether a name ends as those of sound files do.
#[pyfunction]
pub(crate) fn has_sound_name(path: PathBuf) -> bool {
    acetate_io::has_sound_name(&path)
}

/// Whether a name is one that Acetate gives a master.
#[pyfunction]
pub(crate) fn is_own_master(path: PathBuf) -> bool {
    acetate_io::is_own_master(&path)
}

/// A file that has its name only when all of it is there; what is not committed goes away.
#[pyclass]
pub(crate) struct StagedFile {
    path: PathBuf,
    staged: Option<StagedBytes>,
}

impl StagedFile {
    fn closed(&self) -> anyhow::Error {
        anyhow::anyhow!(
            "{}: expected a file that is open, found a closed one",
            self.path.display()
        )
    }
}

#[pymethods]
impl StagedFile {
    /// Begins a file beside its final name.
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let staged = StagedBytes::create(&path).map_err(|error| to_python(py, &error.into()))?;
        Ok(Self {
            path,
            staged: Some(staged),
        })
    }

    /// Adds bytes.
    fn write(&mut self, py: Python<'_>, bytes: &[u8]) -> PyResult<()> {
        let closed = self.closed();
        let written = match &mut self.staged {
            Some(staged) => staged.write_all(bytes).map_err(|source| {
                let path = self.path.clone();
                WriteError::Commit { path, source }.into()
            }),
            None => Err(closed),
        };
        written.map_err(|error| to_python(py, &error))
    }

    /// Gives the file its name; an earlier one is replaced only with `overwrite`.
    fn commit(&mut self, py: Python<'_>, overwrite: bool) -> PyResult<()> {
        let committed = match self.staged.take() {
            Some(staged) => staged.commit(overwrite).map_err(anyhow::Error::from),
            None => Err(self.closed()),
        };
        committed.map_err(|error| to_python(py, &error))
    }

    /// Gives it up: nothing is left, unless it has its name.
    fn discard(&mut self) {
        self.staged = None;
    }
}
