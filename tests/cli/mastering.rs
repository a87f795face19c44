//! `acetate master` makes a verified master, and touches nothing else.

use crate::dir::{Dir, read_wav};

/// Every excerpt: real music of different character.
pub const EXCERPTS: &[&str] = &[
    "dense_electronic_excerpt.flac",
    "orchestral_excerpt.flac",
    "rock_excerpt.flac",
    "sparse_quiet_excerpt.flac",
    "mono_rock_excerpt.flac",
    "wide_excerpt.flac",
];

#[test]
fn every_excerpt_becomes_a_verified_master_beside_it() {
    for name in EXCERPTS {
        let dir = Dir::new();
        let mix = dir.excerpt(name);
        let before = std::fs::read(&mix).unwrap();
        let report = dir.run(&["master", name, "--json"]).expect(0).json();

        assert_eq!(report["schema"], "acetate.report/2");
        assert_eq!(report["all_met"], true);
        let master = name.replace(".flac", ".master.wav");
        assert_eq!(
            dir.names(),
            [name.to_string(), master.clone()],
            "nothing else is left"
        );
        assert_eq!(std::fs::read(&mix).unwrap(), before, "the mix is untouched");

        let verdict = dir.run(&["verify", &master, "--json"]).expect(0).json();
        let lufs = verdict["integrated_lufs"].as_f64().unwrap();
        let dbtp = verdict["true_peak_dbtp"].as_f64().unwrap();
        assert!((lufs + 14.0).abs() <= 0.1, "{name}: {lufs} LUFS");
        assert!(dbtp <= -1.0, "{name}: {dbtp} dBTP");

        let (mix_spec, master_spec) = (
            dir.run(&["analyze", name, "--json"]).expect(0).json(),
            read_wav(&dir.path(&master)),
        );
        let (spec, samples) = master_spec;
        assert_eq!(spec.bits_per_sample, 24);
        assert_eq!(
            u64::from(spec.sample_rate),
            mix_spec["analysis"]["sample_rate_hz"]
        );
        assert_eq!(
            samples.len() as u64 / u64::from(spec.channels),
            mix_spec["analysis"]["frames"].as_u64().unwrap(),
            "{name}: the length is kept"
        );
    }
}

#[test]
fn the_same_mix_gives_the_same_bytes_on_one_thread_and_on_two() {
    let dir = Dir::new();
    let mix = EXCERPTS[0];
    dir.excerpt(mix);
    dir.run(&["master", mix, "-o", "one.wav", "--threads", "1"])
        .expect(0);
    dir.run(&["master", mix, "-o", "two.wav", "--threads", "2"])
        .expect(0);
    dir.run(&["master", mix, "-o", "again.wav", "--threads", "2"])
        .expect(0);
    assert!(dir.bytes("one.wav") == dir.bytes("two.wav"));
    assert!(dir.bytes("two.wav") == dir.bytes("again.wav"));
}

#[test]
fn amount_zero_changes_level_and_ceiling_only() {
    let dir = Dir::new();
    let mix = EXCERPTS[0];
    dir.excerpt(mix);
    // Far below the ceiling the limiter rests, so that the master is the mix times one gain.
    let args = [
        "master", mix, "-o", "flat.wav", "--amount", "0", "--lufs", "-30", "--bits", "32f",
    ];
    let report = dir.run(&[&args[..], &["--json"]].concat()).expect(0).json();
    let drive_db = report["mastering"]["settings"]["limiter"]["drive_db"]
        .as_f64()
        .unwrap();
    let gain = 10f64.powf(drive_db / 20.0);

    let ffmpeg_free = dir.run(&[
        "master", mix, "-o", "copy.wav", "--amount", "0", "--lufs", "-30", "--bits", "32f",
    ]);
    ffmpeg_free.expect(0);
    let (_, flat) = read_wav(&dir.path("flat.wav"));
    let mut decoder = acetate_io::open(dir.path(mix), &acetate_io::OpenOptions::default()).unwrap();
    let input = acetate_dsp::read_all(&mut decoder).unwrap();
    let channels = input.channel_count();
    let worst = flat
        .iter()
        .enumerate()
        .map(|(index, sample)| {
            let mix = f64::from(input.channel(index % channels)[index / channels]);
            (sample - mix * gain).abs()
        })
        .fold(0.0, f64::max);
    assert!(
        worst < 1e-7,
        "largest difference {worst}: -140 dBFS is 1e-7"
    );
}

#[test]
fn a_target_out_of_reach_is_said_and_delivered_at_its_loudest() {
    let dir = Dir::new();
    let mix = EXCERPTS[0];
    dir.excerpt(mix);
    let args = [
        "master",
        mix,
        "--lufs",
        "-6",
        "--max-limiting",
        "2",
        "--json",
    ];
    let report = dir.run(&args).expect(1).json();
    assert_eq!(report["all_met"], false);
    let mastering = &report["mastering"];
    assert!(mastering["infeasible"]["short_by_lu"].as_f64().unwrap() > 0.1);
    assert!(mastering["limiting_db"].as_f64().unwrap() <= 2.05);
    assert!(mastering["after"]["true_peak_dbtp"].as_f64().unwrap() <= -1.0);
    assert!(dir.path(&mix.replace(".flac", ".master.wav")).exists());
}

#[test]
fn a_louder_master_holds_its_ceiling_too() {
    let dir = Dir::new();
    let mix = EXCERPTS[0];
    dir.excerpt(mix);
    let report = dir
        .run(&[
            "master",
            mix,
            "--target",
            "loud",
            "--max-limiting",
            "15",
            "--json",
        ])
        .expect(0)
        .json();
    let after = &report["mastering"]["after"];
    assert!(after["true_peak_dbtp"].as_f64().unwrap() <= -2.0);
    assert!((after["integrated_lufs"].as_f64().unwrap() + 11.0).abs() <= 0.1);
}

#[test]
fn a_dry_run_writes_nothing() {
    let dir = Dir::new();
    let mix = EXCERPTS[0];
    dir.excerpt(mix);
    let report = dir
        .run(&["master", mix, "--dry-run", "--json"])
        .expect(0)
        .json();
    assert!(report["mastering"]["after"].is_null());
    assert!(
        report["mastering"]["attempts"][0]["foretold_lufs"]
            .as_f64()
            .unwrap()
            < -13.0
    );
    assert_eq!(dir.names(), [mix]);
}

#[test]
fn the_closing_table_says_before_after_target_and_why() {
    let dir = Dir::new();
    let mix = EXCERPTS[0];
    dir.excerpt(mix);
    let text = dir.run(&["master", mix]).expect(0).text();
    for part in ["before", "after", "target", "-14.0", "verified", "done:"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}
