//! `acetate verify` and `acetate analyze` tell the truth about any file.

use crate::dir::{Dir, program, write_wav};
use crate::mastering::EXCERPTS;

#[test]
fn verify_passes_a_master_and_fails_its_mix() {
    let dir = Dir::new();
    let mix = EXCERPTS[0];
    dir.excerpt(mix);
    dir.run(&["master", mix, "-o", "master.wav"]).expect(0);
    dir.run(&["verify", "master.wav"]).expect(0);
    dir.run(&["verify", "master.wav", "--target", "apple"])
        .expect(1);
    let report = dir.run(&["verify", mix, "--json"]).expect(1).json();
    assert_eq!(report["all_met"], false);
}

/// EBU Tech 3341, case 1: a 1 kHz stereo tone at -23 dBFS for 20 s reads -23 LUFS.
#[test]
fn analyze_reads_the_standard_tone() {
    let dir = Dir::new();
    let amplitude = 10f64.powf(-23.0 / 20.0);
    let tone: Vec<f32> = (0..48_000 * 20)
        .flat_map(|frame| {
            let phase = std::f64::consts::TAU * 1000.0 * f64::from(frame) / 48_000.0;
            [(amplitude * phase.sin()) as f32; 2]
        })
        .collect();
    write_wav(&dir.path("tone.wav"), 48_000, 2, &tone);
    let report = dir.run(&["analyze", "tone.wav", "--json"]).expect(0).json();
    for key in [
        "integrated_lufs",
        "short_term_max_lufs",
        "momentary_max_lufs",
    ] {
        let lufs = report[key].as_f64().unwrap();
        assert!((lufs + 23.0).abs() <= 0.1, "{key}: {lufs}");
    }
    for key in [
        "loudness_range_lu",
        "true_peak_dbtp",
        "sample_peak_dbfs",
        "plr_db",
    ] {
        assert!(report[key].is_number(), "{key}");
    }
}

#[test]
fn dual_mono_reads_three_lu_louder() {
    let dir = Dir::new();
    let mono: Vec<f32> = program(44_100, 5.0)
        .chunks(2)
        .map(|frame| frame[0])
        .collect();
    write_wav(&dir.path("mono.wav"), 44_100, 1, &mono);
    let lufs = |args: &[&str]| {
        dir.run(args).expect(0).json()["integrated_lufs"]
            .as_f64()
            .unwrap()
    };
    let one = lufs(&["analyze", "mono.wav", "--json"]);
    let two = lufs(&["analyze", "mono.wav", "--json", "--dual-mono"]);
    assert!((two - one - 3.01).abs() < 0.02, "{one} {two}");
}
