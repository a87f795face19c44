//! Whole albums.

use std::process::Command;

use crate::dir::{Dir, read_wav, write_wav};
use crate::songs::{RATE_HZ, excerpt, level_db, write_part};

/// A piece in two files, a soft interlude, and another song.
pub fn record(dir: &Dir) -> Vec<f32> {
    std::fs::create_dir(dir.path("mixes")).expect("a folder");
    let song = excerpt(dir, "rock_excerpt.flac");
    let frames = song.len() / 2;
    write_part(dir, "mixes/1.wav", &song, 0..240_000, 0.5);
    write_part(dir, "mixes/2.wav", &song, 240_000..frames, 0.5);
    write_part(dir, "mixes/3.wav", &song, 0..220_500, 0.015);
    let other = excerpt(dir, "wide_excerpt.flac");
    write_part(dir, "mixes/4.wav", &other, 0..300_000, 0.4);
    song
}

const CODES: &str = "[album]\ntitle = \"Tést\"\nartist = \"Us\"\nupc = \"036000291452\"\ndate = \"2026\"\n\
    [[track]]\nfile = \"1.wav\"\ntitle = \"One\"\nisrc = \"USRC17607839\"\n\
    [[track]]\nfile = \"2.wav\"\ntitle = \"Two\"\nisrc = \"USRC17607840\"\njoin = true\n\
    [[track]]\nfile = \"3.wav\"\ntitle = \"Three\"\ngap_s = 1.5\n\
    [[track]]\nfile = \"4.wav\"\ntitle = \"Four\"\n";

#[test]
fn a_piece_in_two_files_has_no_seam_and_an_interlude_stays_one() {
    let dir = Dir::new();
    let song = record(&dir);
    let ran = dir
        .run(&["album", "mixes", "-o", "out", "--json"])
        .expect(0);
    assert!(ran.stderr.contains("2.wav: goes on"), "{}", ran.stderr);
    let report = ran.json();
    let lufs = |song: usize| {
        report["songs"][song]["after"]["integrated_lufs"]
            .as_f64()
            .expect("a figure")
    };
    assert!(
        lufs(2) < lufs(0) - 15.0,
        "the interlude: {} under {}",
        lufs(2),
        lufs(0)
    );
    assert_eq!(report["songs"][2]["beyond_alone"]["is_set_apart"], true);
    let (_, first) = read_wav(&dir.path("out/01_1.wav"));
    let (_, second) = read_wav(&dir.path("out/02_2.wav"));
    let mix: Vec<f64> = song.iter().map(|sample| f64::from(*sample)).collect();
    let end = first.len() / 2;
    assert_eq!(end, 240_000);
    let gain = |master: &[f64], at: std::ops::Range<usize>, mix_at: usize| {
        level_db(master, at.clone()) - level_db(&mix, mix_at..mix_at + at.len())
    };
    let step = gain(&second, 0..4_410, end) - gain(&first, end - 4_410..end, end - 4_410);
    assert!(
        step.abs() < 1.0,
        "the limiter may move, no gain steps: {step} dB"
    );
    // The sample behind the mark follows the one before it as it does in the mix.
    let jump = (second[0] - first[2 * end - 2]).abs();
    let usual = first
        .windows(3)
        .map(|w| (w[2] - w[0]).abs())
        .fold(0.0, f64::max);
    assert!(jump <= usual, "{jump} {usual}");
}

#[test]
fn a_record_is_delivered_with_sheets_and_sums_and_holds_when_it_is_measured_again() {
    let dir = Dir::new();
    record(&dir);
    dir.write("mixes/album.toml", CODES.as_bytes());
    dir.run(&["album", "mixes", "-o", "out", "--deliver", "cd,streaming"])
        .expect(0);
    let (spec, whole) = read_wav(&dir.path("out/cd/album.wav"));
    assert_eq!((spec.sample_rate, spec.bits_per_sample), (RATE_HZ, 16));
    let mut cut = Vec::new();
    for name in ["01_One.wav", "02_Two.wav", "03_Three.wav", "04_Four.wav"] {
        let (_, track) = read_wav(&dir.path(&format!("out/cd/{name}")));
        assert_eq!(track.len() % (2 * 588), 0, "{name}: whole frames of a CD");
        cut.extend(track);
    }
    assert!(
        cut == whole,
        "the tracks are the sequence, cut at its marks"
    );
    let sheet: String = dir
        .bytes("out/cd/album.cue")
        .iter()
        .map(|byte| char::from(*byte))
        .collect();
    for part in [
        "CATALOG 0036000291452",
        "ISRC USRC17607840",
        "TITLE \"Tést\"",
        "TRACK 04 AUDIO",
    ] {
        assert!(sheet.contains(part), "{part}: {sheet}");
    }
    cdrdao_agrees(&dir);
    dir.run(&["verify", "out"]).expect(0);
    let mut flac = dir.bytes("out/streaming/04_Four.flac");
    let at = flac.len() / 2;
    flac[at] ^= 1;
    dir.write("out/streaming/04_Four.flac", &flac);
    let ran = dir.run(&["verify", "out"]).expect(1);
    assert!(
        ran.text().contains("04_Four.flac: SHA-256"),
        "{}",
        ran.text()
    );
}

/// What another program reads in the sheet.
fn cdrdao_agrees(dir: &Dir) {
    let shown = Command::new("cdrdao")
        .args(["show-toc", "album.cue"])
        .current_dir(dir.path("out/cd"))
        .output();
    let Ok(shown) = shown else {
        eprintln!("cdrdao is not there: the sheet is held against no other program");
        return;
    };
    let text = String::from_utf8_lossy(&shown.stdout) + String::from_utf8_lossy(&shown.stderr);
    for part in ["0036000291452", "USRC17607839", "USRC17607840"] {
        let plain: String = text
            .chars()
            .filter(|c| !matches!(c, '-' | '"' | ' '))
            .collect();
        assert!(plain.contains(part), "{part}: {text}");
    }
    assert_eq!(text.matches("ISRC").count(), 2, "{text}");
}

#[test]
fn an_album_made_again_of_its_masters_stays_as_it_is() {
    let dir = Dir::new();
    record(&dir);
    // Pauses are part of the files, and these songs are so short that a pause softens them.
    let text = (1..5).map(|n| format!("[[track]]\nfile = \"{n}.wav\"\ngap_s = 0.0\n"));
    dir.write("mixes/album.toml", text.collect::<String>().as_bytes());
    dir.run(&["album", "mixes", "-o", "out", "-q"]).expect(0);
    let first = read_report(&dir, "out");
    dir.run(&["album", "out", "-o", "again", "-q"]).expect(0);
    let second = read_report(&dir, "again");
    for (a, b) in first["songs"]
        .as_array()
        .expect("songs")
        .iter()
        .zip(second["songs"].as_array().expect("songs"))
    {
        let lufs =
            |song: &serde_json::Value| song["after"]["integrated_lufs"].as_f64().expect("a figure");
        assert!((lufs(a) - lufs(b)).abs() <= 0.1, "{} {}", lufs(a), lufs(b));
        assert_eq!(b["beyond_alone"]["tone_rms_db"], 0.0);
        assert!(
            b["eq_db"]
                .as_array()
                .expect("bands")
                .iter()
                .all(|db| db == 0.0)
        );
    }
}

/// The report of an album.
pub fn read_report(dir: &Dir, folder: &str) -> serde_json::Value {
    let text = dir.bytes(&format!("{folder}/album.json"));
    serde_json::from_slice(&text).expect("a report")
}

#[test]
fn a_segue_stays_under_the_ceiling_and_two_runs_give_the_same_bytes() {
    let dir = Dir::new();
    record(&dir);
    let text = "[[track]]\nfile = \"1.wav\"\nfade_in_s = 0.5\n[[track]]\nfile = \"4.wav\"\ncrossfade_s = 2.0\nfade_out_s = 1.0\n";
    dir.write("mixes/album.toml", text.as_bytes());
    for (out, threads) in [("a", "1"), ("b", "2")] {
        dir.run(&[
            "album",
            "mixes",
            "-o",
            out,
            "-q",
            "--threads",
            threads,
            "--lufs",
            "-11",
        ]);
    }
    let report = read_report(&dir, "a");
    assert!(
        report["whole"]["true_peak_dbtp"]
            .as_f64()
            .expect("a figure")
            <= -1.0
    );
    for name in ["01_1.wav", "02_4.wav"] {
        assert!(
            dir.bytes(&format!("a/{name}")) == dir.bytes(&format!("b/{name}")),
            "{name}"
        );
    }
    let (_, first) = read_wav(&dir.path("a/01_1.wav"));
    let (_, second) = read_wav(&dir.path("a/02_4.wav"));
    assert_eq!(first.len() / 2, 240_000 - 88_200);
    assert_eq!(second.len() / 2, 300_000);
    let end = second.len() / 2;
    assert!(
        level_db(&second, end - 441..end) < level_db(&second, end - 88_200..end - 44_100) - 20.0
    );
}

#[test]
fn another_version_gets_the_very_settings_and_stays_in_time() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path("main")).expect("a folder");
    std::fs::create_dir(dir.path("instrumental")).expect("a folder");
    let song = excerpt(&dir, "rock_excerpt.flac");
    write_part(&dir, "main/1.wav", &song, 0..400_000, 0.4);
    // Without its second half it is softer, and must stay so.
    let half: Vec<f32> = song[..800_000]
        .iter()
        .enumerate()
        .map(|(n, s)| if n < 400_000 { 0.4 * s } else { 0.0 })
        .collect();
    write_wav(&dir.path("instrumental/1.wav"), RATE_HZ, 2, &half);
    dir.run(&["album", "main", "-o", "out", "-q"]).expect(0);
    dir.run(&[
        "album",
        "instrumental",
        "-o",
        "other",
        "--versions-of",
        "out",
        "-q",
    ])
    .expect(0);
    let (_, a) = read_wav(&dir.path("out/01_1.wav"));
    let (_, b) = read_wav(&dir.path("other/01_1.wav"));
    assert_eq!(a.len(), b.len());
    let difference: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
    let below = level_db(&difference, 1_000..150_000) - level_db(&a, 1_000..150_000);
    assert!(
        below < -20.0,
        "the same music is the same master: {below} dB"
    );
}

#[test]
fn songs_that_are_mastered_together_go_where_single_masters_would() {
    let dir = Dir::new();
    record(&dir);
    let songs = ["mixes/1.wav", "mixes/2.wav", "mixes/3.wav"];
    let words = [
        &["master"],
        &songs[..],
        &["--album", "--out-dir", "out", "-q"],
    ]
    .concat();
    dir.run(&words).expect(0);
    assert_eq!(
        dir.names_in("out"),
        ["1.master.wav", "2.master.wav", "3.master.wav"]
    );
    for (mix, master) in [("1", "1"), ("2", "2")] {
        let (_, mix) = read_wav(&dir.path(&format!("mixes/{mix}.wav")));
        let (_, master) = read_wav(&dir.path(&format!("out/{master}.master.wav")));
        assert_eq!(mix.len(), master.len());
    }
    let again = dir.run(&words).expect(2);
    assert!(again.stderr.contains("1.master.wav"), "{}", again.stderr);
}
