//! Measures a file: `cargo run --release --example measure_a_file -- examples/mix.flac`

use std::error::Error;
use std::path::Path;

use acetate_dsp::{Analysis, analyze};
use acetate_io::{OpenOptions, open};

/// Decodes `path` from start to end and measures it.
pub fn measure(path: &Path) -> Result<Analysis, Box<dyn Error>> {
    let mut decoder = open(path, &OpenOptions::default())?;
    let analysis = analyze(&mut decoder)?;
    for warning in decoder.warnings() {
        eprintln!("{warning}");
    }
    Ok(analysis)
}

fn main() -> Result<(), Box<dyn Error>> {
    for path in std::env::args_os().skip(1) {
        let path = Path::new(&path);
        let analysis = measure(path)?;
        println!(
            "{}: {:.1} LUFS, {:.1} LU of range, {:.1} dBTP",
            path.display(),
            analysis.integrated_lufs,
            analysis.loudness_range_lu,
            analysis.true_peak_dbtp
        );
    }
    Ok(())
}
