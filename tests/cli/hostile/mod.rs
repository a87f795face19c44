//! Bad input, tried systematically: each file gets a correct, verified master or one clear error.

mod containers;
mod crashers;
mod damage;
mod faults;
mod paths;
mod samples;
mod wave;
mod weights;

use serde_json::Value;

use crate::dir::{Dir, Ran, read_wav};

/// What a user would want of a file.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    /// A master that keeps ceiling and length.
    Master,
    /// Figures, but no master: nothing in it has a loudness. The error says these words.
    FiguresOnly(&'static str),
    /// One error that says these words.
    Refusal(&'static str),
}

/// Runs `analyze` and `master` on a file and holds both against what is wanted.
#[track_caller]
pub fn judge(dir: &Dir, name: &str, wanted: Wanted) {
    println!("{name}: {wanted:?}");
    match wanted {
        Wanted::Refusal(words) => {
            refused(dir, &["analyze", name], name, words);
            refused(dir, &["master", name], name, words);
        }
        Wanted::FiguresOnly(words) => {
            dir.run(&["analyze", name, "--json"]).expect(0).json();
            refused(dir, &["master", name], name, words);
        }
        Wanted::Master => {
            let ran = dir.run(&["analyze", name, "--json"]).expect(0);
            let frames = ran.json()["analysis"]["frames"].as_u64();
            let ran = dir.run(&["master", name, "-o", "out.wav", "--overwrite", "--json"]);
            assert!(ran.code <= 1, "{name}: {}", ran.stderr);
            kept(dir, "out.wav", &ran.json(), frames);
        }
    }
}

/// Exit code 2, one line that names the file and says what was expected and found, nothing left.
#[track_caller]
pub fn refused(dir: &Dir, args: &[&str], name: &str, words: &str) -> Ran {
    let before = dir.names();
    let ran = dir.run(args).expect(2);
    assert_eq!(ran.stderr.lines().count(), 1, "one error: {}", ran.stderr);
    assert_eq!(ran.stderr.matches(name).count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    assert!(ran.stdout.is_empty(), "{}", ran.text());
    assert_eq!(dir.names(), before, "nothing is left behind");
    ran
}

/// The written master holds the ceiling by the report's meters and in its own samples, all of
/// them are finite, and there are as many as in the mix.
#[track_caller]
fn kept(dir: &Dir, name: &str, report: &Value, frames: Option<u64>) {
    let after = &report["mastering"]["after"];
    let peak_dbtp = after["true_peak_dbtp"].as_f64().unwrap();
    assert!(peak_dbtp <= -1.0, "{peak_dbtp} dBTP");
    let lufs = after["integrated_lufs"].as_f64().unwrap();
    let is_met = (lufs + 14.0).abs() <= 0.1;
    let is_said = report["mastering"]["infeasible"].is_object();
    assert!(is_met || is_said, "{lufs} LUFS");
    let (spec, samples) = read_wav(&dir.path(name));
    assert!(samples.iter().all(|sample| sample.is_finite()));
    let peak = samples.iter().fold(0.0, |peak: f64, s| peak.max(s.abs()));
    assert!(peak <= 0.8913, "sample peak {peak}, -1 dBFS is 0.8913");
    assert!(peak > 0.01, "there is sound");
    let written = samples.len() as u64 / u64::from(spec.channels);
    assert_eq!(Some(written), frames, "the length is kept");
}
