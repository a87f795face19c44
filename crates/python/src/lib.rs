//! The extension module behind the Python package `acetate`: the engine for callers from Python.
//!
//! Everything here takes and gives plain values: words of the command line, arrays, JSON. The Python files in
//! `python/acetate` make objects of them. Options are read by the same code as the command's
//! ([`acetate_cli::master_request`]), so that both mean the same.
//!
//! Every call works on a thread of its own (`call.rs`), without the interpreter: Python goes on meanwhile, and
//! Ctrl-C stops the work at the next block.
//!
//! Not its job: what a Python user sees (`python/acetate`).

#![warn(unreachable_pub)]

mod call;
mod errors;
mod files;
mod hypotenuse;
mod masters;
mod measures;
mod pool;
mod samples;
mod texts;

use pyo3::prelude::*;

/// The engine of the Python package `acetate`; its own functions are private to the package.
#[pymodule(gil_used = false)]
mod _acetate {
    #[pymodule_export]
    use crate::files::{StagedFile, content_hash, has_sound_name, is_own_master, sound_files};
    #[pymodule_export]
    use crate::masters::{HeldEngine, master_array, master_file, master_file_in_memory};
    #[pymodule_export]
    use crate::measures::{analyze, check, measure_for_training, verify, verify_certificate};
    #[pymodule_export]
    use crate::texts::{
        command, eq_curve_db, json_schema, settings_from_toml, settings_to_toml, text_hash,
        weights_hash,
    };

    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        acetate_io::silence_caught_panics();
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
