//! The analysis of a mix is kept for a second rendering, and never changes one.

use crate::dir::Dir;
use crate::mastering::EXCERPTS;

/// Masters the mix with settings of its own, and gives the report and the master's bytes.
fn render(dir: &Dir, more: &[&str]) -> (serde_json::Value, Vec<u8>) {
    let args = [
        "master",
        EXCERPTS[1],
        "-o",
        "out.wav",
        "--overwrite",
        "--json",
    ];
    let report = dir.run(&[&args[..], more].concat()).expect(0).json();
    (report, dir.bytes("out.wav"))
}

#[test]
fn a_kept_analysis_gives_the_same_master_and_report() {
    let dir = Dir::new();
    dir.excerpt(EXCERPTS[1]);
    let measured = render(&dir, &["--no-cache"]);
    assert!(dir.kept_analyses().is_empty());
    assert_eq!(render(&dir, &[]), measured);
    let kept = dir.kept_analyses();
    assert_eq!(kept.len(), 1);
    let bytes = std::fs::read(&kept[0]).unwrap();
    assert_eq!(render(&dir, &["--threads", "1"]), measured);
    assert_eq!(dir.kept_analyses(), kept);
    assert!(std::fs::read(&kept[0]).unwrap() == bytes);
}

#[test]
fn another_mix_of_the_same_name_is_measured() {
    let dir = Dir::new();
    let mix = dir.excerpt(EXCERPTS[1]);
    let (report, _) = render(&dir, &[]);
    std::fs::rename(dir.excerpt(EXCERPTS[0]), &mix).unwrap();
    let (changed, _) = render(&dir, &[]);
    assert_ne!(
        report["mastering"]["before"],
        changed["mastering"]["before"]
    );
    assert_eq!(dir.kept_analyses().len(), 2);
}

#[test]
fn a_damaged_entry_is_measured_anew_and_replaced() {
    let dir = Dir::new();
    dir.excerpt(EXCERPTS[1]);
    let measured = render(&dir, &[]);
    let entry = dir.kept_analyses().remove(0);
    let whole = std::fs::read(&entry).unwrap();
    for damaged in [&whole[..whole.len() / 2], b"", b"another program's file"] {
        std::fs::write(&entry, damaged).unwrap();
        assert_eq!(render(&dir, &[]), measured);
        assert!(std::fs::read(&entry).unwrap() == whole);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_said_and_does_not_stop_the_master() {
    let dir = Dir::new();
    dir.excerpt(EXCERPTS[1]);
    let file = dir.write("file", b"not a folder");
    let ran = dir
        .run(&[
            "master",
            EXCERPTS[1],
            "--cache",
            &file.join("in").display().to_string(),
        ])
        .expect(0);
    assert!(ran.stderr.contains("--no-cache"), "{}", ran.stderr);
}

#[test]
fn another_folder_can_be_named() {
    let dir = Dir::new();
    dir.excerpt(EXCERPTS[1]);
    render(&dir, &["--cache", "kept"]);
    assert_eq!(dir.names_in("kept").len(), 1);
    assert!(dir.kept_analyses().is_empty());
}
