//! `acetate eval`: the proof on songs of one's own.

use serde_json::Value;

use crate::dir::Dir;

/// A mono excerpt: the cheapest.
const SONG: &str = "mono_rock_excerpt.flac";

fn row<'a>(report: &'a Value, method: &str, severity_db: f64) -> &'a Value {
    report["songs"]["smooth"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["method"] == method && row["severity_db"] == severity_db)
        .expect("a row")
}

#[test]
fn a_folder_is_evaluated_and_a_bad_song_is_said() {
    let dir = Dir::new();
    std::fs::create_dir_all(dir.path("songs/album")).unwrap();
    std::fs::rename(dir.excerpt(SONG), dir.path("songs/album/song.flac")).unwrap();
    dir.write("songs/album/notes.wav", b"this is no music");
    let ran = dir
        .run(&[
            "eval",
            "--masters",
            "songs",
            "--excerpt-s",
            "8",
            "--severities",
            "3",
            "--out-dir",
            "out",
            "--json",
        ])
        .expect(2);
    assert!(ran.stderr.contains("notes.wav"), "{}", ran.stderr);
    let report = ran.json();
    assert_eq!(report["songs"]["songs"], 1);
    assert_eq!(
        report["songs"]["left_out"][0]["path"],
        "songs/album/notes.wav"
    );
    let mid = |method: &str| {
        row(&report, method, 3.0)["mid_db"]["mean"]
            .as_f64()
            .unwrap()
    };
    assert!((1.5..4.5).contains(&mid("nothing")), "{}", mid("nothing"));
    assert!((mid("loudness-only") - mid("nothing")).abs() < 0.3);
    assert!(mid("oracle") < 0.5 * mid("nothing"), "{}", mid("oracle"));
    assert_eq!(row(&report, "net", 3.0)["cases"], 2);
    assert_eq!(row(&report, "net", 3.0)["side_db"], Value::Null);
    let strengths = report["songs"]["dynamics"].as_array().unwrap();
    assert!(strengths.iter().any(|row| row["method"] == "net"
        && row["strength"] == 0.6
        && row["lra_lu"]["mean"].is_number()));
    let text = String::from_utf8(dir.bytes("out/eval.md")).unwrap();
    assert!(text.contains("| net |") && text.contains("notes.wav"));
    assert!(dir.path("out/eval.json").exists() && dir.path("out/eval.svg").exists());
}

#[test]
fn a_pair_of_one_song_has_no_error_when_nothing_is_done() {
    let dir = Dir::new();
    dir.excerpt(SONG);
    dir.write(
        "pairs.csv",
        format!("mix,master,album\n{SONG},{SONG},one\n").as_bytes(),
    );
    let report = dir
        .run(&["eval", "--pairs", "pairs.csv", "--json"])
        .expect(0)
        .json();
    let pairs = &report["pairs"];
    assert_eq!(pairs["pairs"][0]["name"], SONG);
    assert_eq!(pairs["medians"][0]["method"], "nothing");
    assert!(pairs["medians"][0]["mid_db"].as_f64().unwrap() < 1e-3);
    assert!(
        pairs["medians"]
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row["method"] == "net")
    );
}

#[test]
fn what_cannot_be_evaluated_is_refused_with_its_name() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path("empty")).unwrap();
    let ran = dir.run(&["eval", "--masters", "empty"]).expect(2);
    assert!(ran.stderr.contains("empty"), "{}", ran.stderr);
    dir.write("pairs.csv", b"mix,album\na.wav,b\n");
    let ran = dir.run(&["eval", "--pairs", "pairs.csv"]).expect(2);
    assert!(
        ran.stderr.contains("pairs.csv: line 1") && ran.stderr.contains("master"),
        "{}",
        ran.stderr
    );
    // As spreadsheets write it.
    dir.write("pairs.csv", b"\xef\xbb\xbfMix,Master,Album\r\n");
    let ran = dir.run(&["eval", "--pairs", "pairs.csv"]).expect(2);
    assert!(
        ran.stderr
            .contains("expected at least one pair, found none"),
        "{}",
        ran.stderr
    );
    dir.run(&["eval", "--severities", "90"]).expect(2);
    dir.run(&["eval", "--masters", "a", "--pairs", "b"])
        .expect(2);
    let help = dir.run(&["eval", "--help"]).expect(0).text();
    assert!(help.contains("acetate eval --masters"), "{help}");
}
