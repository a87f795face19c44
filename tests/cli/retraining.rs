//! Retraining on music of one's own: what it says is what it did.

use std::path::Path;

use acetate_model::weights::DEFAULT_WEIGHTS;

use crate::dir::{Dir, Ran, program, write_wav};
use crate::mastering::EXCERPTS;

/// A few steps of two mixes: enough to run every line, too few to learn.
fn tiny_recipe(dir: &Dir, min_songs: usize) {
    let recipe = Path::new(env!("CARGO_MANIFEST_DIR")).join("training/finetune.toml");
    let text = std::fs::read_to_string(recipe).unwrap();
    let mut table: toml::Table = text.parse().unwrap();
    table.insert("min_songs".to_owned(), (min_songs as i64).into());
    let fit = table["fit"].as_table_mut().unwrap();
    for (name, value) in [
        ("steps", 2),
        ("batch", 2),
        ("frames", 4),
        ("validate_every", 1),
    ] {
        fit.insert(name.to_owned(), value.into());
    }
    dir.write("tiny.toml", table.to_string().as_bytes());
}

fn retrain(dir: &Dir, more: &[&str]) -> Ran {
    let args = [
        "train",
        "--cache",
        "cache",
        "--recipe",
        "tiny.toml",
        "--json",
    ];
    dir.run(&[&args[..], more].concat())
}

fn folder_of_excerpts(dir: &Dir) {
    for (index, name) in EXCERPTS.iter().enumerate() {
        let album = format!("masters/album {}", index % 3);
        std::fs::create_dir_all(dir.path(&album)).unwrap();
        std::fs::copy(crate::dir::audio(name), dir.path(&album).join(name)).unwrap();
    }
}

#[test]
fn too_little_music_is_said_and_leaves_the_shipped_weights() {
    let dir = Dir::new();
    tiny_recipe(&dir, 10);
    std::fs::create_dir(dir.path("masters")).unwrap();
    write_wav(
        &dir.path("masters/one.wav"),
        44_100,
        2,
        &program(44_100, 4.0),
    );
    dir.write("masters/broken.wav", b"no audio");
    let ran = retrain(&dir, &["--masters", "masters"]).expect(1);
    assert!(ran.stderr.contains("broken.wav"), "{}", ran.stderr);
    let report = ran.json();
    assert_eq!(report["answer"], "too-few");
    let verdict = report["verdict"].as_str().unwrap();
    assert!(verdict.starts_with("1 masters are too few"), "{verdict}");
    assert!(!dir.path("retrained/my.safetensors").exists());
    let card = String::from_utf8(dir.bytes("retrained/README.md")).unwrap();
    assert!(card.contains(verdict));
    std::fs::create_dir(dir.path("empty")).unwrap();
    let ran = retrain(&dir, &["--masters", "empty"]).expect(2);
    assert!(ran.stderr.contains("empty"), "{}", ran.stderr);
}

#[test]
fn a_catalog_is_retrained_on_reproducibly_and_its_weights_master() {
    let dir = Dir::new();
    tiny_recipe(&dir, 3);
    folder_of_excerpts(&dir);
    let first = retrain(
        &dir,
        &["--masters", "masters", "--out-dir", "one", "--threads", "1"],
    );
    let report = first.json();
    let better = report["answer"] == "better";
    let first = first.expect(i32::from(!better));
    assert_eq!(report["retrained_written"], better);
    assert_eq!(dir.path("one/my.safetensors").exists(), better);
    let songs: i64 = (0..3)
        .map(|part| report["songs"][part].as_i64().unwrap())
        .sum();
    assert_eq!(songs, EXCERPTS.len() as i64);
    let second = retrain(
        &dir,
        &["--masters", "masters", "--out-dir", "two", "--threads", "2"],
    );
    assert_eq!(first.stdout, second.stdout);
    for name in ["metrics.json", "README.md", "loss.svg"] {
        assert!(
            dir.bytes(&format!("one/{name}")) == dir.bytes(&format!("two/{name}")),
            "{name}"
        );
    }
    let left = std::fs::read_dir(dir.path("cache/checkpoints"))
        .unwrap()
        .count();
    assert_eq!(left, 0, "checkpoints are removed");

    let forced = retrain(
        &dir,
        &["--masters", "masters", "--out-dir", "forced", "--force"],
    )
    .json();
    let written = dir.path("forced/my.safetensors").exists();
    assert_eq!(forced["retrained_written"], written);
    assert!(
        written,
        "on the songs set aside some share of the way does better: {forced}"
    );
    assert!(dir.bytes("forced/my.safetensors") != DEFAULT_WEIGHTS);
    let mix = EXCERPTS[0];
    dir.excerpt(mix);
    dir.run(&[
        "master",
        mix,
        "-o",
        "mine.wav",
        "--weights",
        "forced/my.safetensors",
    ])
    .expect(0);
}

#[test]
fn pairs_are_read_from_a_list_and_errors_name_the_line() {
    let dir = Dir::new();
    tiny_recipe(&dir, 3);
    let mut list = "album,mix,master\n".to_owned();
    for (index, name) in EXCERPTS.iter().take(3).enumerate() {
        dir.excerpt(name);
        let master = format!("master {index}.wav");
        dir.run(&["master", name, "-o", &master]);
        list.push_str(&format!("\"album {index}\",{name},{master}\n"));
    }
    dir.write("pairs.csv", list.as_bytes());
    let ran = retrain(&dir, &["--pairs", "pairs.csv"]);
    assert!(ran.code <= 1, "{}", ran.stderr);
    let report = ran.json();
    assert_eq!(
        (&report["pairs"], &report["songs"][2]),
        (&true.into(), &1.into())
    );

    dir.write("short.csv", b"mix,master,album\nonly.wav\n");
    let ran = retrain(&dir, &["--pairs", "short.csv"]).expect(2);
    assert!(ran.stderr.contains("short.csv: line 2"), "{}", ran.stderr);
    dir.write("gone.csv", b"mix,master,album\na.wav,b.wav,x\n");
    let ran = retrain(&dir, &["--pairs", "gone.csv"]).expect(2);
    assert!(ran.stderr.contains("a.wav"), "{}", ran.stderr);
}

#[test]
fn weights_of_another_version_are_refused_with_the_rows_that_differ() {
    let dir = Dir::new();
    write_wav(&dir.path("mix.wav"), 44_100, 2, &program(44_100, 1.0));
    let old = b"\"member0.frame1.bias\":";
    let at = DEFAULT_WEIGHTS
        .windows(old.len())
        .position(|window| window == old)
        .expect("the tensor is listed");
    let mut bytes = DEFAULT_WEIGHTS.to_vec();
    bytes[at + 1..at + 8].copy_from_slice(b"memberX");
    dir.write("other.safetensors", &bytes);
    let ran = dir
        .run(&["master", "mix.wav", "--weights", "other.safetensors"])
        .expect(2);
    for word in [
        "other.safetensors",
        "expected member0.frame1.bias",
        "found memberX.frame1.bias",
    ] {
        assert!(ran.stderr.contains(word), "{}", ran.stderr);
    }
}
