//! `--codec-safe`: no lossy codec drives the master over full scale.

use std::process::Command;

use serde_json::Value;

use crate::dir::Dir;
use crate::mastering::EXCERPTS;

const LOUD: [&str; 8] = [
    "--lufs",
    "-11",
    "--ceiling",
    "-0.1",
    "--max-limiting",
    "20",
    "--codec-safe",
    "--json",
];

fn has_ffmpeg() -> bool {
    let found = Command::new("ffmpeg").arg("-version").output().is_ok();
    if !found {
        // Where it was said to be there, nothing is left out.
        assert!(
            std::env::var_os("ACETATE_TOOLS").is_none(),
            "expected ffmpeg"
        );
        eprintln!("ffmpeg is not installed: real codecs were not tried");
    }
    found
}

#[test]
fn the_ceiling_is_lowered_until_no_decoded_peak_passes_full_scale() {
    if !has_ffmpeg() {
        return;
    }
    let dir = Dir::new();
    let mix = EXCERPTS[0];
    dir.excerpt(mix);
    let args = [
        "master",
        mix,
        "-o",
        "a.wav",
        // Whatever the net would do to the tone, this mix as it is clips behind a codec.
        "--amount",
        "0",
        "--save-settings",
        "s.toml",
        "--certificate",
        "c.json",
    ];
    let report = dir.run(&[&args[..], &LOUD].concat()).expect(0).json();
    let codecs = &report["mastering"]["codecs"];
    assert_eq!(codecs["held"], true);
    let passes = codecs["passes"].as_array().unwrap();
    let peaks = |pass: &Value| -> Vec<f64> {
        let readings = pass["readings"].as_array().unwrap();
        assert!(
            readings
                .iter()
                .all(|r| r["encoder"].as_str().unwrap().starts_with("ffmpeg "))
        );
        readings
            .iter()
            .map(|r| r["true_peak_dbtp"].as_f64().unwrap())
            .collect()
    };
    let tried = peaks(&passes[0]).len() + codecs["missing"].as_array().unwrap().len();
    assert_eq!(tried, 4, "every codec is tried or said to be missing");
    assert!(
        peaks(&passes[0]).iter().any(|&peak| peak > 0.0),
        "the first render clips: {codecs}"
    );
    assert!(
        peaks(passes.last().unwrap())
            .iter()
            .all(|&peak| peak <= 0.0),
        "{codecs}"
    );
    let last = passes.last().unwrap()["ceiling_dbtp"].as_f64().unwrap();
    assert!(last < -0.1 && codecs["ceiling_dbtp"] == last, "{codecs}");
    assert!(
        report["mastering"]["after"]["true_peak_dbtp"]
            .as_f64()
            .unwrap()
            <= last
    );

    // The settings hold the lowered ceiling: without any codec they give the same bytes.
    dir.run(&["master", mix, "-o", "b.wav", "--settings", "s.toml"])
        .expect(0);
    assert!(dir.bytes("a.wav") == dir.bytes("b.wav"));
    let certificate: Value = serde_json::from_slice(&dir.bytes("c.json")).unwrap();
    assert_eq!(certificate["codecs"], *codecs);
    dir.run(&["verify", "--certificate", "c.json", "a.wav", "--input", mix])
        .expect(0);
}

#[test]
fn without_encoders_the_documented_margin_is_used_and_said() {
    let dir = Dir::new();
    let mix = EXCERPTS[0];
    dir.excerpt(mix);
    let run = |args: &[&str]| {
        let args = [&["master", mix, "--overwrite", "--json"], args].concat();
        let output = dir.command(&args).env("PATH", "").output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        (report, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (report, said) = run(&["--lufs", "-11", "--max-limiting", "15", "--codec-safe"]);
    let codecs = &report["mastering"]["codecs"];
    assert_eq!(codecs["missing"].as_array().unwrap().len(), 4);
    assert_eq!(codecs["ceiling_dbtp"], -2.6);
    assert!(
        report["mastering"]["after"]["true_peak_dbtp"]
            .as_f64()
            .unwrap()
            <= -2.6
    );
    assert!(
        said.contains("Opus 160 kbit/s was not tried (ffmpeg is not installed"),
        "{said}"
    );
    // A platform's name implies it; at -14 LUFS its own ceiling is margin enough.
    let (report, said) = run(&["--target", "spotify"]);
    assert_eq!(report["mastering"]["codecs"]["ceiling_dbtp"], -1.0);
    assert!(said.contains("was not tried"), "{said}");
    let (report, _) = run(&["--target", "spotify", "--no-codec-safe"]);
    assert!(report["mastering"]["codecs"].is_null());
}
