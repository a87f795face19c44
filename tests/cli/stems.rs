//! Stems beside a mix: what they tell, what they move, and that they are only read.

use acetate_dsp::signal::white;
use serde_json::Value;

use crate::dir::{Dir, audio, read_wav, write_wav};

const RATE_HZ: u32 = 44_100;

/// A lead of plucked notes, and a real song as the rest.
fn song(lead_gain: f32) -> (Vec<f32>, Vec<f32>) {
    let folder = Dir::new();
    let flac = audio("rock_excerpt.flac");
    let wav = folder.path("rest.wav");
    let flac = flac.to_str().unwrap();
    folder
        .run(&[
            "master", flac, "-o", "rest.wav", "--amount", "0", "--bits", "32f", "-t", "-20",
        ])
        .expect(0);
    let (spec, rest) = read_wav(&wav);
    assert_eq!((spec.sample_rate, spec.channels), (RATE_HZ, 2));
    let rest: Vec<f32> = rest.into_iter().map(|x| x as f32).collect();
    // Four plucked notes a second, with the breath of noise that every voice has.
    let breath = white(rest.len() / 2, 3);
    let lead = breath.iter().enumerate().flat_map(|(frame, breath)| {
        let time_s = frame as f32 / RATE_HZ as f32;
        let hz = 330.0 * 2f32.powf(((4.0 * time_s) as usize * 5 % 12) as f32 / 12.0);
        let tone = (std::f32::consts::TAU * hz * time_s).sin() + 0.1 * breath;
        [0.3 * lead_gain * (-5.0 * (4.0 * time_s).fract()).exp() * tone; 2]
    });
    (lead.collect(), rest)
}

/// Writes mix and stems; the lead lies 0.1 s later in the mix than in its file.
fn written(lead_gain: f32) -> Dir {
    let dir = Dir::new();
    let (lead, rest) = song(lead_gain);
    let late = 2 * RATE_HZ as usize / 10;
    let delayed = std::iter::repeat_n(0.0, late).chain(lead.iter().copied());
    let mix: Vec<f32> = rest.iter().zip(delayed).map(|(a, b)| a + b).collect();
    std::fs::create_dir(dir.path("stems")).unwrap();
    write_wav(&dir.path("mix.wav"), RATE_HZ, 2, &mix);
    write_wav(&dir.path("stems/vox.wav"), RATE_HZ, 2, &lead);
    write_wav(&dir.path("stems/band.wav"), RATE_HZ, 2, &rest);
    dir
}

fn codes(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap();
    let codes = findings
        .iter()
        .map(|finding| finding["code"].as_str().unwrap().to_owned());
    codes.collect()
}

#[test]
fn a_buried_lead_is_found_with_its_stem_and_never_without() {
    let dir = written(0.02);
    let alone = dir.run(&["check", "mix.wav", "--json"]);
    assert!(!codes(&alone.json()).contains(&"buried-lead".to_owned()));
    assert!(alone.json().get("stems").is_none());
    let beside = dir
        .run(&["check", "mix.wav", "--lead", "stems/vox.wav", "--json"])
        .json();
    assert!(
        codes(&beside).contains(&"buried-lead".to_owned()),
        "{beside}"
    );
    let stems = &beside["stems"];
    assert_eq!(stems["stems"][0]["delay_frames"], 4_410);
    assert!(
        stems["lead"]["lead_to_rest_db"].as_f64().unwrap() < -10.0,
        "{stems}"
    );
    assert!(!stems["lead"]["by_time"].as_array().unwrap().is_empty());
}

#[test]
fn a_folder_of_stems_is_added_up_and_its_lead_known_by_name() {
    let dir = written(0.5);
    let said = dir
        .run(&["check", "mix.wav", "--stems", "stems"])
        .expect(0)
        .text();
    assert!(said.contains("2 stems add up to the mix"), "{said}");
    let found = dir
        .run(&["check", "mix.wav", "--stems", "stems", "--json"])
        .expect(0)
        .json();
    assert!(
        found["stems"]["residual_db"].as_f64().unwrap() < -80.0,
        "{found}"
    );
    assert!(
        found["stems"]["lead"]["lead_to_rest_db"].is_number(),
        "{found}"
    );
    // One stem is not all of them.
    let partial = dir
        .run(&["check", "mix.wav", "--stems", "stems/vox.wav", "--json"])
        .expect(0);
    assert!(
        partial.stderr.contains("do not add up to the mix"),
        "{}",
        partial.stderr
    );
    assert!(partial.json()["stems"].get("lead").is_none());
}

#[test]
fn stems_tell_and_only_a_rebalance_moves() {
    let dir = written(0.02);
    let before = dir.bytes("stems/vox.wav");
    dir.run(&["master", "mix.wav", "-o", "plain.wav"]).expect(0);
    let lead = ["--lead", "stems/vox.wav"];
    let told = dir
        .run(
            &[
                &["master", "mix.wav", "-o", "told.wav", "--json"],
                &lead[..],
            ]
            .concat(),
        )
        .expect(0);
    assert_eq!(dir.bytes("plain.wav"), dir.bytes("told.wav"));
    assert!(codes(&told.json()).contains(&"buried-lead".to_owned()));
    let moved = [
        "master",
        "mix.wav",
        "-o",
        "moved.wav",
        "--rebalance",
        "--certificate",
        "moved.json",
        "--json",
    ];
    let moved = dir.run(&[&moved[..], &lead[..]].concat()).expect(0).json();
    assert_ne!(dir.bytes("plain.wav"), dir.bytes("moved.wav"));
    assert_eq!(moved["mastering"]["rebalance"]["move_db"], 2.0, "{moved}");
    let done = moved["mastering"]["done"].to_string();
    assert!(done.contains("the lead was moved by +2.0 dB"), "{done}");
    assert_eq!(dir.bytes("stems/vox.wav"), before);
    // With its stem the master can be rendered again, and not without.
    let again = [
        "verify",
        "moved.wav",
        "--certificate",
        "moved.json",
        "--input",
        "mix.wav",
    ];
    dir.run(&[&again[..], &lead[..]].concat()).expect(0);
    let without = dir.run(&again).expect(1).text();
    assert!(without.contains("stem of the lead"), "{without}");
}

#[test]
fn what_is_no_stem_is_refused_by_name_before_anything_is_written() {
    let dir = written(0.5);
    let refused = |words: &[&str], expected: &str| {
        let ran = dir.run(words).expect(2);
        assert!(ran.stderr.contains(expected), "{expected}: {}", ran.stderr);
    };
    refused(
        &["check", "mix.wav", "--lead", "nowhere.wav"],
        "nowhere.wav",
    );
    refused(
        &["check", "mix.wav", "--lead", "mix.wav"],
        "mix.wav: expected a stem, found the mix itself",
    );
    refused(
        &[
            "check",
            "mix.wav",
            "stems/band.wav",
            "--lead",
            "stems/vox.wav",
        ],
        "belong to one mix",
    );
    refused(
        &["master", "mix.wav", "-o", "out.wav", "--rebalance"],
        "add --stems or --lead",
    );
    refused(
        &[
            "master",
            "mix.wav",
            "-o",
            "stems/vox.wav",
            "--overwrite",
            "--lead",
            "stems/vox.wav",
        ],
        "which is read",
    );
    write_wav(&dir.path("silence.wav"), RATE_HZ, 2, &[0.0; 88_200]);
    refused(
        &["check", "mix.wav", "--lead", "silence.wav"],
        "silence.wav: expected the sound of the lead",
    );
    assert!(!dir.names().contains(&"out.wav".to_owned()));
}
