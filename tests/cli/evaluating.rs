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
    // Above every table stands a sentence for a person.
    let tables = text.lines().filter(|line| line.starts_with("|---")).count();
    assert!(tables >= 13, "{tables}");
    let lines: Vec<&str> = text.lines().collect();
    for (at, _) in lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.starts_with("|---"))
    {
        let sentence = lines[at - 3];
        assert!(sentence.ends_with('.') && sentence.len() > 20, "{sentence}");
    }
    // One song has no other one: no hidden track, and every other passage once.
    let foreign = report["songs"]["foreign"].as_array().unwrap();
    let passages: Vec<&str> = foreign
        .iter()
        .map(|row| row["passage"].as_str().unwrap())
        .collect();
    assert_eq!(passages, ["applause", "talk", "noise", "intro"]);
    let plain = report["songs"]["plain"].as_array().unwrap();
    let eased = |fault: &str| {
        let wanted = |row: &&Value| row["fault"] == fault && row["method"] == "loudness-only";
        plain.iter().find(wanted).unwrap()["eased_share"]["mean"]
            .as_f64()
            .unwrap()
    };
    for fault in ["boomy", "thin", "muddy", "harsh", "dull", "fizzy"] {
        assert!(eased(fault).abs() < 0.05, "{fault}: {}", eased(fault));
    }
    let music = report["songs"]["music"].as_array().unwrap();
    assert_eq!(music.len(), 1);
    assert_eq!(music[0]["music"], "own");
    assert!(dir.path("out/eval.json").exists() && dir.path("out/eval.svg").exists());
}

/// The figures of one of the report's programs, by its number.
fn delivery<'a>(report: &'a Value, method: &str) -> Option<&'a Value> {
    let rows = report["songs"]["delivery"].as_array().unwrap();
    rows.iter().find(|row| row["method"] == method)
}

#[test]
fn other_programs_go_through_the_same_proof_and_their_failures_are_counted() {
    let dir = Dir::new();
    std::fs::create_dir_all(dir.path("songs/album")).unwrap();
    std::fs::rename(dir.excerpt(SONG), dir.path("songs/album/song.flac")).unwrap();
    dir.write("fails.sh", b"echo one; echo \"cannot read $1\" >&2; exit 3");
    // As a program that looks at its input and then forgets to write.
    dir.write("forgets.sh", b"test -s \"$1\"");
    let ran = dir
        .run(&[
            "eval",
            "--masters",
            "songs",
            "--excerpt-s",
            "8",
            "--severities",
            "0,3",
            "--out-dir",
            "out",
            "--json",
            "--tool",
            "copy=cp {in} {out}",
            "--tool",
            "fails=sh 'fails.sh' {in} {out}",
            "--tool",
            "forgets=sh forgets.sh {in} {out}",
            "--tool",
            "asks=cp {ref} {out} {in}",
        ])
        .expect(1);
    // One warning for each program, however often it fails.
    for name in ["fails", "forgets", "asks"] {
        let told = format!("no master by {name}: ");
        assert_eq!(ran.stderr.matches(&told).count(), 1, "{}", ran.stderr);
    }
    assert!(
        ran.stderr.contains("3: cannot read in.wav"),
        "{}",
        ran.stderr
    );
    let report = ran.json();
    let tools = report["tools"].as_array().unwrap();
    let runs = tools[0]["runs"].as_u64().unwrap();
    assert_eq!(
        (tools[0]["name"].as_str(), tools[0]["failed"].as_u64()),
        (Some("copy"), Some(0))
    );
    assert!(runs >= 3 + 4 + 4 + 6, "{runs}");
    for (index, expected) in [
        (1, "found exit status: 3"),
        (2, "{out}, found none"),
        (3, "{ref}"),
    ] {
        assert_eq!(tools[index]["runs"], runs);
        assert_eq!(tools[index]["failed"], runs);
        let reason = tools[index]["first_failure"].as_str().unwrap();
        assert!(reason.contains(expected), "{reason}");
        let method = format!("tool-{}", index + 1);
        assert_eq!(row(&report, &method, 3.0)["cases"], 0);
        assert!(delivery(&report, &method).is_none());
    }
    // A copy is a mix with which nothing was done, at the mix's own loudness.
    let mid = |method: &str| {
        row(&report, method, 3.0)["mid_db"]["mean"]
            .as_f64()
            .unwrap()
    };
    assert!(
        (mid("tool-1") - mid("nothing")).abs() < 1e-3,
        "{}",
        mid("tool-1")
    );
    let share = row(&report, "tool-1", 3.0)["share"]["mean"]
        .as_f64()
        .unwrap();
    assert!((share - 1.0).abs() < 1e-3, "{share}");
    let copied = delivery(&report, "tool-1").unwrap();
    assert_eq!(copied["masters"], runs);
    assert!(copied["compliant_share"]["mean"].as_f64().unwrap() < 1.0);
    assert!(copied["cpu_median_s"].is_number());
    let net = delivery(&report, "net").unwrap();
    assert_eq!(net["compliant_share"]["mean"], 1.0);
    assert!(net["distortion_db"]["mean"].is_number() && net["cpu_median_s"].is_null());
    let text = String::from_utf8(dir.bytes("out/eval.md")).unwrap();
    assert!(text.contains("| copy | `cp {in} {out}` |"), "{text}");
    assert!(text.contains("no master was made by fails"), "{text}");
    let left: Vec<String> = dir
        .names()
        .into_iter()
        .filter(|name| name.contains("acetate-tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_program_that_cannot_be_evaluated_is_refused_before_the_work() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path("songs")).unwrap();
    for (tool, expected) in [
        ("cp {in} {out}", "NAME=COMMAND"),
        ("a=cp {in} b", "{out}"),
        ("a=cp 'b {in} {out}", "closed quotes"),
        ("a=no-such-program {in} {out}", "no-such-program"),
    ] {
        let ran = dir
            .run(&["eval", "--masters", "songs", "--tool", tool])
            .expect(2);
        assert!(ran.stderr.contains(expected), "{tool}: {}", ran.stderr);
    }
    let twice = "a=cp {in} {out}";
    let ran = dir
        .run(&[
            "eval",
            "--masters",
            "songs",
            "--tool",
            twice,
            "--tool",
            twice,
        ])
        .expect(2);
    assert!(ran.stderr.contains("two called \"a\""), "{}", ran.stderr);
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
        .run(&[
            "eval",
            "--pairs",
            "pairs.csv",
            "--json",
            "--tool",
            "copy=cp {in} {out}",
            "--tool",
            "forgets=test -s {in} -a {out}",
        ])
        .expect(1)
        .json();
    let tools = &report["tools"];
    assert_eq!(
        (&tools[0]["failed"], &tools[1]["failed"]),
        (&0.into(), &1.into())
    );
    let pairs = &report["pairs"];
    let copied = pairs["medians"].as_array().unwrap();
    let copied = copied.iter().find(|row| row["method"] == "tool-1").unwrap();
    assert!(copied["mid_db"].as_f64().unwrap() < 1e-3);
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
