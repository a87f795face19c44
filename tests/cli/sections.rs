//! `--sections`: parts that were mixed too loud come toward those that sound like them, are told and drawn, and can be
//! rendered again.

use acetate_dsp::{Audio, read_all};
use serde_json::Value;

use crate::dir::{Dir, audio, write_wav};

/// The third part of the song is too loud by this, linear.
const TOO_LOUD: f32 = 1.18;

fn excerpt(name: &str) -> Audio {
    let options = acetate_io::OpenOptions::default();
    let mut decoder = acetate_io::open(audio(name), &options).expect("an excerpt");
    read_all(&mut decoder).expect("its samples")
}

/// song.wav: two real excerpts in turn, five parts, of which the third is too loud.
pub fn song() -> Dir {
    let dir = Dir::new();
    let (verse, chorus) = (
        excerpt("wide_excerpt.flac"),
        excerpt("dense_electronic_excerpt.flac"),
    );
    let mut loud = verse.clone();
    loud.scale(TOO_LOUD);
    let mut song = Audio::silence(verse.sample_rate_hz(), 2, 0);
    for part in [&verse, &chorus, &loud, &chorus, &verse] {
        song.append(part);
    }
    song.scale(0.5);
    let pairs = song.channel(0).iter().zip(song.channel(1));
    let samples: Vec<f32> = pairs.flat_map(|(l, r)| [*l, *r]).collect();
    write_wav(&dir.path("song.wav"), song.sample_rate_hz(), 2, &samples);
    dir
}

fn text(dir: &Dir, name: &str) -> String {
    String::from_utf8(dir.bytes(name)).expect("text")
}

fn sections(report: &Value) -> &[Value] {
    let sections = report["mastering"]["settings"]["sections"].as_array();
    sections.map_or(&[], Vec::as_slice)
}

#[test]
fn a_part_that_is_too_loud_is_lowered_told_and_rendered_again_to_the_same_bytes() {
    let dir = song();
    let report = dir
        .run(&[
            "master",
            "song.wav",
            "-o",
            "first.wav",
            "--sections",
            "--save-settings",
            "my.toml",
            "--json",
        ])
        .expect(0)
        .json();
    let found = sections(&report);
    let letters: Vec<&str> = found
        .iter()
        .map(|part| part["letter"].as_str().expect("a letter"))
        .collect();
    assert_eq!(letters, ["A", "B", "A", "B", "A"]);
    for (part, start_s) in found.iter().zip([0.0, 13.0, 24.0, 37.0, 48.0]) {
        let off_s = part["start_s"].as_f64().expect("a start") - start_s;
        assert!(off_s.abs() <= 1.0, "{found:?}");
    }
    let level_db = |part: usize| found[part]["level_db"].as_f64().expect("a level");
    assert!((-1.0..=-0.7).contains(&level_db(2)), "{found:?}");
    assert!(
        [0, 1, 3, 4].iter().all(|&part| level_db(part).abs() <= 0.2),
        "{found:?}"
    );
    let done = report["mastering"]["done"].to_string();
    assert!(done.contains("found the parts A 0:00, B 0:13"), "{done}");
    assert!(done.contains("A at 0:24 by -"), "{done}");

    let settings = text(&dir, "my.toml");
    assert!(settings.contains("[[sections]]"), "{settings}");
    dir.run(&[
        "master",
        "song.wav",
        "-o",
        "second.wav",
        "--settings",
        "my.toml",
    ])
    .expect(0);
    assert!(dir.bytes("first.wav") == dir.bytes("second.wav"));
}

#[test]
fn parts_are_on_the_page_on_the_sheet_and_in_the_session() {
    let dir = song();
    dir.run(&[
        "master",
        "song.wav",
        "-o",
        "m.wav",
        "--sections",
        "--report",
        "r.html",
        "--pack",
        "pack",
    ])
    .expect(0);
    let page = text(&dir, "r.html");
    assert!(page.contains("Parts of the song") && page.contains("<td>sections</td>"));
    assert!(text(&dir, "pack/sheet.html").contains("A 0:00; B 0:13; A 0:24: -"));
    assert!(text(&dir, "pack/session.rpp").contains("\"B\""));
}

#[test]
fn without_the_option_or_with_the_stage_left_out_there_are_no_parts() {
    let dir = song();
    let plain = dir
        .run(&["master", "song.wav", "-o", "plain.wav", "--json"])
        .expect(0)
        .json();
    assert!(plain["mastering"]["settings"].get("sections").is_none());
    dir.run(&[
        "master",
        "song.wav",
        "-o",
        "left-out.wav",
        "--sections",
        "--bypass",
        "sections",
    ])
    .expect(0);
    assert!(dir.bytes("plain.wav") == dir.bytes("left-out.wav"));
}

#[test]
fn parts_that_are_out_of_range_are_refused_by_their_place() {
    let dir = song();
    let part = |end_s: f64, level_db: f64| {
        format!(
            "[[sections]]\nstart_s = 0.0\nend_s = {end_s}\nletter = \"A\"\nlevel_db = {level_db}\n"
        )
    };
    for (end_s, level_db, told) in [
        (
            20.0,
            3.0,
            "sections.0: expected level_db from -1 to 1 dB, got 3",
        ),
        (0.5, 0.5, "sections.0: expected end_s from 1 s on, got 0.5"),
    ] {
        let schema = "schema = \"acetate.settings/1\"\n";
        dir.write(
            "bad.toml",
            format!("{schema}{}", part(end_s, level_db)).as_bytes(),
        );
        let ran = dir
            .run(&["master", "song.wav", "--settings", "bad.toml"])
            .expect(2);
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
    dir.run(&["master", "song.wav", "--sections", "--settings", "bad.toml"])
        .expect(2);
}
