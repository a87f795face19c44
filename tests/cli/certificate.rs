//! A certificate says what was done and measured, and anybody can check it later.

use serde_json::Value;

use crate::dir::{Dir, program, write_wav};

/// A folder with mix.wav, master.wav and its certificate cert.json.
fn certified(args: &[&str]) -> Dir {
    let dir = Dir::new();
    write_wav(&dir.path("mix.wav"), 44_100, 2, &program(44_100, 4.0));
    let base = [
        "master",
        "mix.wav",
        "-o",
        "master.wav",
        "--certificate",
        "cert.json",
    ];
    dir.run(&[&base, args].concat()).expect(0);
    dir
}

fn certificate(dir: &Dir) -> Value {
    serde_json::from_slice(&dir.bytes("cert.json")).unwrap()
}

const CHECK: [&str; 4] = ["verify", "--certificate", "cert.json", "master.wav"];
const RENDER: [&str; 6] = [
    "verify",
    "--certificate",
    "cert.json",
    "master.wav",
    "--input",
    "mix.wav",
];

#[test]
fn a_master_is_identical_to_its_certificate_and_renders_to_the_same_bytes() {
    for args in [
        &["--bits", "16"][..],
        &["--rate", "48000", "--bypass", "eq", "--lufs", "-16"],
    ] {
        let dir = certified(args);
        let before = dir.names();
        assert!(dir.run(&CHECK).expect(0).text().contains("identical"));
        let report = dir
            .run(&[&RENDER[..], &["--json"]].concat())
            .expect(0)
            .json();
        assert_eq!(report["verdict"]["identical"], true);
        assert_eq!(report["verdict"]["rendered_again"], true);
        assert_eq!(dir.names(), before, "nothing is left behind");
    }
}

#[test]
fn it_holds_hashes_settings_figures_with_their_meters_checks_and_attempts() {
    let dir = certified(&["--amount", "50"]);
    let got = certificate(&dir);
    assert_eq!(got["schema"], "acetate.certificate/2");
    let hash = |name: &str| acetate_io::content_hash(dir.path(name)).unwrap();
    assert_eq!(got["input"]["blake3"], hash("mix.wav"));
    assert_eq!(got["output"]["blake3"], hash("master.wav"));
    assert_eq!(got["weights_hash"].as_str().unwrap().len(), 64);
    assert_eq!(got["brief"]["amounts"]["eq"], 0.5);
    let settings: toml::Table = got["settings"].as_str().unwrap().parse().unwrap();
    assert!(settings["limiter"]["drive_db"].is_float());
    // The mix only guides the way; the master is what two meters judge.
    for (side, expected) in [
        ("before", &["acetate"][..]),
        ("after", &["acetate", "ebur128"]),
    ] {
        for by_meter in ["true_peak_by_meter", "integrated_by_meter"] {
            let meters = got[side][by_meter].as_array().unwrap();
            let names: Vec<_> = meters
                .iter()
                .map(|m| m["meter"].as_str().unwrap())
                .collect();
            assert_eq!(names, expected);
        }
    }
    assert_eq!(got["checks"].as_array().unwrap().len(), 3);
    assert!(!got["attempts"].as_array().unwrap().is_empty());
    let schema = dir.run(&["schema", "certificate"]).expect(0).text();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    for key in got.as_object().unwrap().keys() {
        assert!(schema["properties"].get(key).is_some(), "{key}");
    }
}

#[test]
fn what_differs_is_said_side_by_side() {
    let dir = certified(&[]);
    let mut bytes = dir.bytes("master.wav");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    dir.write("master.wav", &bytes);
    let text = dir.run(&CHECK).expect(1).text();
    assert!(
        text.contains("NOT identical") && text.contains("master, BLAKE3"),
        "{text}"
    );
    assert!(
        text.contains(certificate(&dir)["output"]["blake3"].as_str().unwrap()),
        "{text}"
    );
    // The mix still renders to what was certified.
    let report = dir
        .run(&[&RENDER[..], &["--json"]].concat())
        .expect(1)
        .json();
    let differences = report["verdict"]["differences"].as_array().unwrap();
    assert!(
        differences
            .iter()
            .all(|d| !d["what"].as_str().unwrap().contains("another render"))
    );

    let louder: Vec<f32> = program(44_100, 4.0).iter().map(|x| 0.5 * x).collect();
    write_wav(&dir.path("master.wav"), 44_100, 2, &louder);
    let text = dir.run(&CHECK).expect(1).text();
    assert!(
        text.contains("integrated loudness, LUFS, by ebur128"),
        "{text}"
    );
    assert!(text.contains("check of integrated loudness"), "{text}");
}

#[test]
fn another_mix_and_other_settings_are_said() {
    let dir = certified(&[]);
    write_wav(&dir.path("other.wav"), 44_100, 2, &program(44_100, 3.0));
    let mut args = RENDER;
    args[5] = "other.wav";
    let text = dir.run(&args).expect(1).text();
    assert!(text.contains("mix, BLAKE3"), "{text}");

    let text = String::from_utf8(dir.bytes("cert.json")).unwrap();
    assert!(text.contains("integrated_lufs = -14.0"), "{text}");
    dir.write(
        "cert.json",
        text.replace("integrated_lufs = -14.0", "integrated_lufs = -15.0")
            .as_bytes(),
    );
    let text = dir.run(&RENDER).expect(1).text();
    for part in [
        "another render, BLAKE3",
        "another render, samples",
        "frames differ",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn what_is_no_certificate_is_refused_by_name() {
    let dir = certified(&[]);
    let good = String::from_utf8(dir.bytes("cert.json")).unwrap();
    for (text, word) in [
        (
            good.replace("certificate/2", "certificate/9"),
            "certificate/9",
        ),
        (
            good.replace("\"weights_hash\"", "\"mood\": 1, \"weights_hash\""),
            "mood",
        ),
        (good[..good.len() / 2].to_owned(), "expected a certificate"),
        ("[]".to_owned(), "expected a certificate"),
    ] {
        dir.write("cert.json", text.as_bytes());
        let ran = dir.run(&CHECK).expect(2);
        assert!(
            ran.stderr.contains(word) && ran.stderr.contains("cert.json"),
            "{}",
            ran.stderr
        );
    }
    let mut missing = CHECK;
    missing[2] = "nothing.json";
    assert!(dir.run(&missing).expect(2).stderr.contains("nothing.json"));
    dir.run(&["verify", "master.wav", "--input", "mix.wav"])
        .expect(2);
    dir.run(&[&CHECK[..], &["--lufs", "-9"]].concat()).expect(2);
}

#[test]
fn a_certificate_replaces_no_mix_no_master_and_nothing_unasked() {
    let dir = Dir::new();
    write_wav(&dir.path("mix.wav"), 44_100, 2, &program(44_100, 2.0));
    let mix = dir.bytes("mix.wav");
    std::os::unix::fs::symlink("mix.wav", dir.path("link.json")).unwrap();
    dir.write("there.json", b"mine");
    for path in [
        "mix.wav",
        "link.json",
        "master.wav",
        "there.json",
        "no/folder.json",
    ] {
        dir.run(&[
            "master",
            "mix.wav",
            "-o",
            "master.wav",
            "--certificate",
            path,
        ])
        .expect(2);
        assert!(
            !dir.path("master.wav").exists(),
            "{path} is refused before any work"
        );
    }
    dir.run(&["master", "mix.wav", "--dry-run", "--certificate", "c.json"])
        .expect(2);
    assert!(dir.bytes("mix.wav") == mix);
    assert_eq!(dir.bytes("there.json"), b"mine");
}

#[test]
fn a_batch_has_a_folder_of_certificates() {
    let dir = Dir::new();
    for name in ["a.wav", "b.wav"] {
        write_wav(&dir.path(name), 44_100, 2, &program(44_100, 2.0));
    }
    dir.run(&["master", "a.wav", "b.wav", "--certificate", "certs", "-q"])
        .expect(0);
    for name in ["a", "b"] {
        let cert = format!("certs/{name}.master.wav.json");
        let master = format!("{name}.master.wav");
        dir.run(&["verify", "--certificate", &cert, &master])
            .expect(0);
    }
}
