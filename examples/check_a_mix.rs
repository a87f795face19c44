//! Tells whether a mix is ready to be mastered: `cargo run --release --example check_a_mix -- examples/mix.flac`

use std::error::Error;
use std::path::Path;

use acetate_check::{Check, check};
use acetate_io::{OpenOptions, open};

/// Reads `path` once and judges everything but its tone, for which a predictor is needed.
pub fn check_file(path: &Path) -> Result<Check, Box<dyn Error>> {
    let mut decoder = open(path, &OpenOptions::default())?;
    let (check, _analysis) = check(&mut decoder, &mut |_frames| Ok(()))?;
    Ok(check)
}

fn main() -> Result<(), Box<dyn Error>> {
    for path in std::env::args_os().skip(1) {
        let path = Path::new(&path);
        let check = check_file(path)?;
        println!(
            "{}: {}, {:.0}/100",
            path.display(),
            check.verdict.label(),
            check.score
        );
        for finding in &check.findings {
            println!("  {}", finding.code);
        }
    }
    Ok(())
}
