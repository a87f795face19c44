//! The pack for a mastering engineer: everything in it is what it says, and it is whole or not there.

use std::process::Command;

use crate::dir::{Dir, read_wav};

const MIX: &str = "rock_excerpt.flac";
const NAMES: [&str; 14] = [
    "A-mix-matched.wav",
    "B-master-matched.wav",
    "README.txt",
    "SHA256SUMS",
    "certificate.json",
    "chain.dawproject",
    "difference.wav",
    "eq.txt",
    "mix.flac",
    "reference-master.wav",
    "session.rpp",
    "settings.toml",
    "sheet.html",
    "un-limited.wav",
];

fn loudness(dir: &Dir, name: &str) -> f64 {
    let json = dir.run(&["analyze", name, "--json"]).expect(0).json();
    json["integrated_lufs"].as_f64().expect("a loudness")
}

#[test]
fn the_pack_holds_what_it_promises() {
    let dir = Dir::new();
    dir.excerpt(MIX);
    dir.run(&[
        "master",
        MIX,
        "-o",
        "m.wav",
        "--lufs",
        "-9",
        "--pack",
        "pack",
        "--notes",
        "Softer <kick>",
    ])
    .expect(0);
    assert_eq!(dir.names_in("pack"), NAMES);
    assert_eq!(dir.names(), ["m.wav", "pack", MIX]);
    // The mix is the very file, the master has the very samples.
    assert!(dir.bytes("pack/mix.flac") == dir.bytes(MIX));
    let (spec, master) = read_wav(&dir.path("m.wav"));
    assert!(read_wav(&dir.path("pack/reference-master.wav")).1 == master);
    // A and B are equally loud, and their difference is the third file.
    let (a_lufs, b_lufs) = (
        loudness(&dir, "pack/A-mix-matched.wav"),
        loudness(&dir, "pack/B-master-matched.wav"),
    );
    assert!((a_lufs - b_lufs).abs() <= 0.1, "{a_lufs} {b_lufs}");
    let a = read_wav(&dir.path("pack/A-mix-matched.wav")).1;
    let b = read_wav(&dir.path("pack/B-master-matched.wav")).1;
    let difference = read_wav(&dir.path("pack/difference.wav")).1;
    let worst = a
        .iter()
        .zip(&b)
        .zip(&difference)
        .map(|((a, b), d)| (b - a - d).abs());
    // The dither of two 24-bit files.
    assert!(worst.fold(0.0, f64::max) < 8.0 / f64::from(1 << 23));
    // Without the limiter peaks stand higher.
    let unlimited = read_wav(&dir.path("pack/un-limited.wav")).1;
    let peak = |samples: &[f64]| samples.iter().fold(0.0_f64, |most, s| most.max(s.abs()));
    assert!(peak(&unlimited) > peak(&master));
    // The figures stand in the file, where EBU Tech 3285 has them.
    let bytes = dir.bytes("pack/reference-master.wav");
    let at = bytes
        .windows(4)
        .position(|word| word == b"bext")
        .expect("bext")
        + 8;
    let figure = i16::from_le_bytes([bytes[at + 412], bytes[at + 413]]);
    assert!((f64::from(figure) / 100.0 - loudness(&dir, "m.wav")).abs() < 0.011);
    assert_eq!(bytes[at + 346], 2);
    // What a person reads.
    let sheet = String::from_utf8(dir.bytes("pack/sheet.html")).expect("text");
    assert!(sheet.contains("Softer &lt;kick&gt;") && sheet.contains("Open questions"));
    let eq = String::from_utf8(dir.bytes("pack/eq.txt")).expect("text");
    assert!(eq.contains("Preamp:") && eq.matches("Filter").count() <= 8);
    // The settings are a settings file, and give the same master.
    dir.run(&[
        "master",
        MIX,
        "-o",
        "again.wav",
        "--settings",
        "pack/settings.toml",
    ])
    .expect(0);
    assert!(read_wav(&dir.path("again.wav")) == (spec, master));
    dir.run(&["verify", "--certificate", "pack/certificate.json", "m.wav"])
        .expect(0);
}

#[test]
fn no_file_for_others_says_where_the_user_keeps_theirs() {
    let dir = Dir::new();
    dir.excerpt(MIX);
    let at = |name: &str| dir.path(name).display().to_string();
    dir.run(&[
        "master",
        &at(MIX),
        "-o",
        &at("m.wav"),
        "--pack",
        &at("pack"),
        "--certificate",
        &at("c.json"),
        "--report",
        &at("r.html"),
    ])
    .expect(0);
    let folder = dir.path("").display().to_string();
    let folder = folder.trim_end_matches('/');
    let packed = dir.names_in("pack").into_iter();
    let packed = packed.map(|name| format!("pack/{name}"));
    for name in packed.chain(["c.json", "r.html"].map(str::to_owned)) {
        let bytes = dir.bytes(&name);
        let found = bytes
            .windows(folder.len())
            .any(|part| part == folder.as_bytes());
        assert!(!found, "{name} names {folder}");
    }
    // The sound is stored once: the projects refer to it.
    assert!(dir.bytes("pack/chain.dawproject").len() < 20_000);
}

#[test]
fn the_hashes_are_those_that_the_system_counts() {
    let dir = Dir::new();
    dir.excerpt(MIX);
    dir.run(&["master", MIX, "-o", "m.wav", "--pack", "pack"])
        .expect(0);
    let checked = Command::new("sha256sum")
        .args(["--check", "--quiet", "--strict", "SHA256SUMS"])
        .current_dir(dir.path("pack"))
        .status()
        .expect("sha256sum runs");
    assert!(checked.success());
}

#[test]
fn a_folder_in_the_way_is_refused_before_any_work() {
    let dir = Dir::new();
    dir.excerpt(MIX);
    std::fs::create_dir(dir.path("pack")).expect("a folder");
    dir.write("pack/mine.txt", b"notes");
    let plain = ["master", MIX, "-o", "m.wav", "--pack", "pack"];
    let overwriting = [&plain[..], &["--overwrite"]].concat();
    for args in [&plain[..], &overwriting] {
        let ran = dir.run(args).expect(2);
        assert!(ran.stderr.contains("found mine.txt"), "{}", ran.stderr);
        assert_eq!(dir.names(), ["pack", MIX]);
    }
    std::fs::remove_file(dir.path("pack/mine.txt")).expect("it goes");
    dir.run(&plain).expect(0);
    let ran = dir
        .run(&["master", MIX, "-o", "n.wav", "--pack", "pack"])
        .expect(2);
    assert!(
        ran.stderr.contains("pack: expected no such file"),
        "{}",
        ran.stderr
    );
    dir.run(&overwriting).expect(0);
    assert_eq!(dir.names_in("pack"), NAMES);
}
