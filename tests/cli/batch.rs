//! Several mixes at once: one bad file never stops the others.

use crate::dir::Dir;
use crate::mastering::EXCERPTS;

#[test]
fn a_bad_file_is_said_and_the_others_are_mastered() {
    let dir = Dir::new();
    dir.excerpt(EXCERPTS[0]);
    dir.excerpt(EXCERPTS[1]);
    dir.write("notes.wav", b"this is no music");
    let ran = dir
        .run(&[
            "master",
            EXCERPTS[0],
            "notes.wav",
            EXCERPTS[1],
            "--out-dir",
            "masters",
        ])
        .expect(2);
    assert!(ran.stderr.contains("notes.wav"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("2 mastered and verified"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("1 failed"), "{}", ran.stderr);
    for name in [EXCERPTS[0], EXCERPTS[1]] {
        let master = format!("masters/{}", name.replace(".flac", ".master.wav"));
        assert!(dir.path(&master).exists(), "{master}");
    }
}

#[test]
fn a_batch_prints_one_json_object_per_file() {
    let dir = Dir::new();
    dir.excerpt(EXCERPTS[0]);
    dir.excerpt(EXCERPTS[1]);
    let ran = dir
        .run(&["analyze", EXCERPTS[0], EXCERPTS[1], "--json"])
        .expect(0);
    let paths: Vec<String> = ran
        .text()
        .lines()
        .map(|line| {
            let report: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(report["integrated_lufs"].is_number());
            report["input"]["path"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(paths.len(), 2);
}

#[test]
fn the_parts_of_a_manifest_make_what_one_run_makes_and_can_be_resumed() {
    let dir = Dir::new();
    dir.excerpt(EXCERPTS[0]);
    dir.excerpt(EXCERPTS[1]);
    let table = format!(
        "isrc,input,output
X,{},
Y,{},flac/two.flac
",
        EXCERPTS[0], EXCERPTS[1]
    );
    dir.write("tracks.csv", table.as_bytes());
    std::fs::create_dir(dir.path("flac")).unwrap();
    let part = |shard: &str| {
        let ran = dir.run(&[
            "master",
            "--manifest",
            "tracks.csv",
            "--shard",
            shard,
            "--out-dir",
            "masters",
            "--resume",
            "--json",
        ]);
        let ran = ran.expect(0);
        let reports = ran.text();
        let outputs = reports.lines().map(|line| {
            let report: serde_json::Value = serde_json::from_str(line).unwrap();
            report["output"]["path"].as_str().unwrap().to_owned()
        });
        outputs.collect::<Vec<_>>()
    };
    let first = EXCERPTS[0].replace(".flac", ".master.wav");
    assert_eq!(part("1/2"), [format!("masters/{first}")]);
    assert_eq!(part("2/2"), ["flac/two.flac"]);
    assert_eq!(part("3/3"), [""; 0]);
    // Delivered before: nothing is left for one run over all.
    assert_eq!(part("1/1"), [""; 0]);
    for (table, words) in [
        (
            "output
a.wav
",
            "the column input",
        ),
        (
            "input
",
            "found none",
        ),
    ] {
        dir.write("bad.csv", table.as_bytes());
        let ran = dir.run(&["master", "--manifest", "bad.csv"]).expect(2);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}

#[test]
fn names_that_collide_are_refused_before_any_work() {
    let dir = Dir::new();
    let mix = dir.excerpt(EXCERPTS[0]);
    std::fs::create_dir(dir.path("other")).unwrap();
    let twin = format!("other/{}", EXCERPTS[0]);
    std::fs::copy(mix, dir.path(&twin)).unwrap();
    let ran = dir
        .run(&["master", EXCERPTS[0], &twin, "--out-dir", "masters"])
        .expect(2);
    assert!(
        ran.stderr.contains("would both be written"),
        "{}",
        ran.stderr
    );
    assert!(!dir.path("masters").exists());
}

#[test]
fn what_exists_is_refused_skipped_or_replaced_as_asked() {
    let dir = Dir::new();
    let mix = EXCERPTS[0];
    let master = mix.replace(".flac", ".master.wav");
    dir.excerpt(mix);
    dir.write(&master, b"mine");

    let refused = dir.run(&["master", mix]).expect(2);
    assert!(refused.stderr.contains("--overwrite"), "{}", refused.stderr);
    dir.run(&["master", mix, "--skip-existing"]).expect(0);
    assert_eq!(dir.bytes(&master), b"mine");
    dir.run(&["master", mix, "--overwrite"]).expect(0);
    assert_ne!(dir.bytes(&master), b"mine");
}

#[test]
fn the_input_is_never_the_output() {
    let dir = Dir::new();
    let mix = EXCERPTS[0];
    let path = dir.excerpt(mix);
    let before = std::fs::read(&path).unwrap();
    let link = dir.path("link.flac");
    std::os::unix::fs::symlink(&path, link).unwrap();
    for output in [mix, "link.flac"] {
        let ran = dir
            .run(&["master", mix, "-o", output, "--overwrite"])
            .expect(2);
        assert!(ran.stderr.contains("never touched"), "{}", ran.stderr);
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
}
