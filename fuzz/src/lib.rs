//! What the fuzz targets share: bytes as a file, and what has to hold for every input.
//!
//! A target is right when it neither panics nor hangs nor takes too much memory, and when what it
//! gives is in order: finite samples, the ceiling kept, the length kept. What was found is kept
//! in `tests/crashers` and replayed by `cargo test`.

#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::abort;

/// Panics that `acetate-io` turns into errors are none; any other one ends the process, also
/// where something would catch it. For `init` of `fuzz_target!`, whose own hook knows no guard.
pub fn only_uncaught_panics_count() {
    std::panic::set_hook(Box::new(|info| {
        eprintln!("{info}\n{}", std::backtrace::Backtrace::force_capture());
        abort();
    }));
    acetate_io::silence_caught_panics();
}

/// Writes the input to this process's own file and gives its path. Set `TMPDIR` to a folder in
/// memory to go faster.
pub fn as_file(bytes: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("acetate-fuzz-{}", std::process::id()));
    write(&path, bytes);
    path
}

fn write(path: &Path, bytes: &[u8]) {
    if let Err(error) = fs::write(path, bytes) {
        eprintln!("{}: {error}", path.display());
        abort();
    }
}
