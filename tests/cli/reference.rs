//! References and words: the master moves where it was asked to, within bounds, and is verified as any.

use serde_json::Value;

use crate::dir::Dir;

const MIX: &str = "rock_excerpt.flac";
const REFERENCE: &str = "wide_excerpt.flac";

fn analysis(dir: &Dir, name: &str) -> Value {
    dir.run(&["analyze", name, "--json"]).expect(0).json()["analysis"].clone()
}

fn levels(analysis: &Value, field: &str) -> Vec<f64> {
    let loudness = analysis["integrated_lufs"].as_f64().expect("a loudness");
    let levels = analysis["spectrum"][field].as_array().expect("a spectrum");
    // 39 Hz to 16 kHz.
    levels[3..30]
        .iter()
        .map(|db| db.as_f64().unwrap_or(-200.0) - loudness)
        .collect()
}

/// Mean distance of the mid spectra that are heard, dB.
fn tone_distance(a: &Value, b: &Value) -> f64 {
    let (a, b) = (levels(a, "mid_db"), levels(b, "mid_db"));
    let heard: Vec<f64> = a
        .iter()
        .zip(&b)
        .filter(|(_, b)| **b > -60.0)
        .map(|(a, b)| (a - b).abs())
        .collect();
    heard.iter().sum::<f64>() / heard.len() as f64
}

#[test]
fn a_reference_pulls_tone_and_loudness_as_far_as_the_amount_says() {
    let dir = Dir::new();
    dir.excerpt(MIX);
    dir.excerpt(REFERENCE);
    let wanted = analysis(&dir, REFERENCE);
    let mut distances = vec![tone_distance(&analysis(&dir, MIX), &wanted)];
    for amount in ["50", "100"] {
        let out = format!("m{amount}.wav");
        let report = dir
            .run(&[
                "master",
                MIX,
                "-o",
                &out,
                "--reference",
                REFERENCE,
                "--amount",
                amount,
                "--json",
            ])
            .json();
        let check = &report["checks"][1];
        assert_eq!(check["pass"], true, "{check}");
        distances.push(tone_distance(&analysis(&dir, &out), &wanted));
        if amount == "100" {
            let target = report["mastering"]["target"]["integrated_lufs"].as_f64();
            let lufs = wanted["integrated_lufs"]
                .as_f64()
                .expect("a loudness")
                .clamp(-30.0, -6.0);
            assert!((target.expect("a target") - lufs).abs() < 1e-9);
        }
    }
    println!("{distances:?}");
    assert!(
        distances[2] < distances[1] && distances[1] < distances[0],
        "{distances:?}"
    );
}

#[test]
fn a_saved_signature_is_the_reference_and_dimensions_are_left_alone_on_request() {
    let dir = Dir::new();
    dir.excerpt(MIX);
    std::fs::create_dir(dir.path("album")).expect("a folder");
    for name in [REFERENCE, "dense_electronic_excerpt.flac"] {
        std::fs::copy(crate::dir::audio(name), dir.path(&format!("album/{name}"))).expect("a copy");
    }
    dir.run(&[
        "master",
        MIX,
        "-o",
        "a.wav",
        "--reference",
        "album",
        "--match",
        "width",
        "--save-signature",
        "album.toml",
    ])
    .expect(0);
    dir.run(&[
        "master",
        MIX,
        "-o",
        "b.wav",
        "--reference",
        "album.toml",
        "--match",
        "width",
    ])
    .expect(0);
    assert!(dir.bytes("a.wav") == dir.bytes("b.wav"));
    let neutral = dir
        .run(&[
            "master",
            MIX,
            "-o",
            "c.wav",
            "--reference",
            "album.toml",
            "--match",
            "width",
            "--amount",
            "0",
            "--json",
        ])
        .expect(0)
        .json();
    assert_eq!(neutral["mastering"]["settings"]["stereo"]["mid_db"], 0.0);
    dir.write("broken.toml", b"schema = \"acetate.signature/9\"\n");
    let refused = dir
        .run(&["master", MIX, "-o", "d.wav", "--reference", "broken.toml"])
        .expect(2);
    assert!(refused.stderr.contains("broken.toml"), "{}", refused.stderr);
    let unweighted = dir
        .run(&[
            "master",
            MIX,
            "-o",
            "d.wav",
            "--reference",
            "album.toml",
            "--weight",
            "0",
        ])
        .expect(2);
    assert!(
        unweighted.stderr.contains("--weight"),
        "{}",
        unweighted.stderr
    );
}

#[test]
fn words_move_what_they_name_and_hold_what_they_protect() {
    let dir = Dir::new();
    dir.excerpt(MIX);
    // Mean levels of 160 to 500 Hz and of 6.3 to 10 kHz against the loudness.
    let features = |name: &str| {
        let levels = levels(&analysis(&dir, name), "mid_db");
        let mean = |bands: std::ops::Range<usize>| {
            levels[bands.clone()].iter().sum::<f64>() / bands.len() as f64
        };
        (mean(6..12), mean(22..25))
    };
    let base = ["master", MIX, "--amount", "100"];
    let render = |name: &str, style: &[&str]| {
        dir.run(&[&base[..], &["-o", name], style].concat())
            .expect(0);
        features(name)
    };
    let plain = render("plain.wav", &[]);
    let mut last = plain.0;
    for (name, words) in [
        ("a.wav", "a bit warmer, not darker"),
        ("b.wav", "warmer, not darker"),
        ("c.wav", "much warmer, not darker"),
    ] {
        let (warmth, treble) = render(name, &["--style", words]);
        println!(
            "{words}: {:+.2} dB, treble {:+.2} dB",
            warmth - plain.0,
            treble - plain.1
        );
        assert!(warmth > last, "{words}");
        assert!(warmth - plain.0 >= 0.9, "{words}: {}", warmth - plain.0);
        assert!(
            (treble - plain.1).abs() < 0.5,
            "{words}: {}",
            treble - plain.1
        );
        last = warmth;
    }
    let conflict = dir
        .run(&["master", MIX, "-o", "d.wav", "--style", "warmer, thinner"])
        .expect(2);
    assert!(conflict.stderr.contains("warmer") && conflict.stderr.contains("thinner"));
    let unknown = dir
        .run(&["master", MIX, "-o", "d.wav", "--style", "crunchy"])
        .expect(2);
    assert!(unknown.stderr.contains("crunchy") && unknown.stderr.contains("vintage"));
}

#[test]
fn variants_share_a_mix_and_differ_as_they_say() {
    let dir = Dir::new();
    dir.excerpt(MIX);
    let ran = dir.run(&[
        "master",
        MIX,
        "-o",
        "m.wav",
        "--variants",
        "5",
        "--report",
        "r.html",
        "--json",
    ]);
    let lines: Vec<Value> = ran
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 5, "{}", ran.stderr);
    let lufs = |index: usize| {
        lines[index]["mastering"]["after"]["integrated_lufs"]
            .as_f64()
            .expect("a loudness")
    };
    assert!((lufs(1) - lufs(0) + 2.0).abs() < 0.1 && (lufs(2) - lufs(0) - 2.0).abs() < 0.1);
    for name in [
        "m.wav",
        "m.toml",
        "m.open.wav",
        "m.loud.wav",
        "m.dark.wav",
        "m.bright.wav",
        "m.bright.toml",
    ] {
        assert!(dir.names().contains(&name.to_owned()), "{name}");
    }
    // Each is what its settings give.
    dir.run(&[
        "master",
        MIX,
        "-o",
        "again.wav",
        "--settings",
        "m.bright.toml",
    ])
    .expect(0);
    assert!(dir.bytes("again.wav") == dir.bytes("m.bright.wav"));
    dir.run(&["master", MIX, "-o", "alone.wav"]).expect(0);
    assert!(dir.bytes("alone.wav") == dir.bytes("m.wav"));
    let html = String::from_utf8(dir.bytes("r.html")).expect("text");
    assert_eq!(html.matches("type=\"text/plain\"").count(), 3 + 4);
    assert!(html.contains("<h2>Variants</h2>"));
}

#[test]
fn what_was_done_to_a_mix_is_recovered_and_the_pair_is_listed() {
    let dir = Dir::new();
    dir.excerpt(MIX);
    let settings = r#"schema = "acetate.settings/1"
[target]
integrated_lufs = -13.0
[eq]
mid_db = [1.0, 0.8, 0.2, -0.6, -1.1, -0.7, 0.1, 0.8, 1.2, 0.9, 0.3, 0.2]
[stereo]
mid_db = 1.5
high_db = 1.5
"#;
    dir.write("known.toml", settings.as_bytes());
    dir.run(&[
        "master",
        MIX,
        "-o",
        "theirs.wav",
        "--settings",
        "known.toml",
    ])
    .expect(0);
    let learn = [
        "learn",
        "--mix",
        MIX,
        "--master",
        "theirs.wav",
        "--save-settings",
        "found.toml",
        "--catalog",
        "pairs.csv",
        "--json",
    ];
    let found = dir.run(&learn).expect(0).json();
    let wanted = [
        1.0, 0.8, 0.2, -0.6, -1.1, -0.7, 0.1, 0.8, 1.2, 0.9, 0.3, 0.2,
    ];
    let knots: Vec<f64> = found["settings"]["eq"]["mid_db"]
        .as_array()
        .expect("knots")
        .iter()
        .map(|db| db.as_f64().expect("a gain"))
        .collect();
    // The level of a curve is the drive's business.
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let shift = mean(&knots[1..11]) - mean(&wanted[1..11]);
    let worst = (1..11)
        .map(|k| (knots[k] - wanted[k] - shift).abs())
        .fold(0.0, f64::max);
    let side = found["settings"]["stereo"]["mid_db"]
        .as_f64()
        .expect("a gain");
    let ratio = found["settings"]["compressor"]["ratio"]
        .as_f64()
        .expect("a ratio");
    println!("EQ off by at most {worst:.2} dB, side {side:.2} of 1.5 dB, ratio {ratio:.2} of 1");
    assert!(worst < 0.4, "{knots:?}");
    assert!((side - 1.5).abs() < 0.4, "{side}");
    assert!(ratio < 1.1, "{ratio}");
    assert!(found["tone_left_db"].as_f64() < found["tone_before_db"].as_f64());
    dir.run(&["master", MIX, "-o", "ours.wav", "--settings", "found.toml"])
        .expect(0);
    // On the list once, however often it is learned from.
    let again = [&learn[..learn.len() - 1], &["--overwrite"]].concat();
    let again = dir.run(&again).expect(0);
    assert!(again.stderr.contains("already"), "{}", again.stderr);
    let list = String::from_utf8(dir.bytes("pairs.csv")).expect("text");
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(list.starts_with("mix,master,album\n"));
}
