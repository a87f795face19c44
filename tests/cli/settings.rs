//! Settings can be saved, changed and rendered again.

use crate::dir::Dir;
use crate::mastering::EXCERPTS;

/// A folder with first.wav, mastered from the mix, and my.toml, its settings.
fn mastered_with_saved_settings() -> (Dir, &'static str) {
    let dir = Dir::new();
    let mix = EXCERPTS[1];
    dir.excerpt(mix);
    let args = [
        "master",
        mix,
        "-o",
        "first.wav",
        "--save-settings",
        "my.toml",
    ];
    dir.run(&args).expect(0);
    (dir, mix)
}

#[test]
fn saved_settings_render_the_same_bytes() {
    let (dir, mix) = mastered_with_saved_settings();
    dir.run(&["master", mix, "-o", "second.wav", "--settings", "my.toml"])
        .expect(0);
    assert!(dir.bytes("first.wav") == dir.bytes("second.wav"));
    // Comments tell a person what each number is.
    let text = String::from_utf8(dir.bytes("my.toml")).unwrap();
    for told in ["dB: gain at 316 Hz", "ms: attack time constant"] {
        assert!(text.contains(told), "{text}");
    }
}

#[test]
fn a_changed_setting_changes_the_master_and_the_drive_follows() {
    let (dir, mix) = mastered_with_saved_settings();
    let text = String::from_utf8(dir.bytes("my.toml")).unwrap();
    let mut settings: toml::Table = text.parse().unwrap();
    let eq = settings["eq"].as_table_mut().unwrap();
    eq.insert("mid_db".to_owned(), vec![3.0; 12].into());
    dir.write("louder.toml", settings.to_string().as_bytes());
    let report = dir
        .run(&[
            "master",
            mix,
            "-o",
            "second.wav",
            "--settings",
            "louder.toml",
            "--json",
        ])
        .expect(0)
        .json();
    assert!(dir.bytes("first.wav") != dir.bytes("second.wav"));
    let lufs = report["mastering"]["after"]["integrated_lufs"]
        .as_f64()
        .unwrap();
    assert!((lufs + 14.0).abs() <= 0.1);
}

#[test]
fn settings_out_of_range_or_unknown_are_refused_by_name() {
    let dir = Dir::new();
    dir.excerpt(EXCERPTS[0]);
    let schema = "schema = \"acetate.settings/1\"\n";
    for (text, word) in [
        ("[compressor]\nratio = 40.0\n", "compressor.ratio"),
        ("[compressor]\nloudness = 1.0\n", "loudness"),
        (
            "[deesser]\nmax_reduction_db = 30.0\n",
            "deesser.max_reduction_db",
        ),
    ] {
        dir.write("bad.toml", format!("{schema}{text}").as_bytes());
        let ran = dir
            .run(&["master", EXCERPTS[0], "--settings", "bad.toml"])
            .expect(2);
        assert!(
            ran.stderr.contains(word) && ran.stderr.contains("bad.toml"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_bypassed_stage_is_left_out() {
    let dir = Dir::new();
    let mix = EXCERPTS[1];
    dir.excerpt(mix);
    let args = [
        "master",
        mix,
        "--json",
        "--bypass",
        "eq,compressor,saturation,stereo,cleanup",
    ];
    dir.run(&[&args[..], &["-o", "bypassed.wav"]].concat())
        .expect(0);
    dir.run(&[
        "master", mix, "--amount", "0", "-o", "zero.wav", "--bypass", "cleanup",
    ])
    .expect(0);
    assert!(dir.bytes("bypassed.wav") == dir.bytes("zero.wav"));
    dir.run(&["master", mix, "--bypass", "reverb"]).expect(2);
}
