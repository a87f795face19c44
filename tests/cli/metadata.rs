//! What an input carries beside its sound, through the program: kept, or told by name. The whole table is in
//! `crates/io/tests/io/metadata/mod.rs`.

use crate::dir::{Dir, program, write_wav};

fn chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = id.to_vec();
    out.extend((body.len() as u32).to_le_bytes());
    out.extend(body);
    out.resize(out.len() + body.len() % 2, 0);
    out
}

/// A song of three seconds with these chunks behind its sound.
fn song(dir: &Dir, name: &str, chunks: &[Vec<u8>]) {
    let path = dir.path(name);
    write_wav(&path, 44_100, 2, &program(44_100, 3.0));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend(chunks.concat());
    let size = (bytes.len() as u32 - 8).to_le_bytes();
    bytes[4..8].copy_from_slice(&size);
    std::fs::write(path, bytes).unwrap();
}

/// The body of the first chunk of this name.
fn found(bytes: &[u8], id: &[u8; 4]) -> Option<Vec<u8>> {
    let mut at = 12;
    while at + 8 <= bytes.len() {
        let size = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        if &bytes[at..at + 4] == id {
            return Some(bytes[at + 8..at + 8 + size].to_vec());
        }
        at += 8 + size + size % 2;
    }
    None
}

fn cue(at: u32) -> Vec<u8> {
    let words = |words: &[u32]| {
        words
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    [words(&[1, 1, at]), b"data".to_vec(), words(&[0, 0, at])].concat()
}

#[test]
fn a_cue_point_stays_at_its_place_in_the_song_whatever_the_rate() {
    let dir = Dir::new();
    song(&dir, "a.wav", &[chunk(b"cue ", &cue(44_100))]);
    for (rate, at) in [("44100", 44_100), ("48000", 48_000), ("88200", 88_200)] {
        let args = [
            "master",
            "a.wav",
            "-o",
            "out.wav",
            "--overwrite",
            "--no-codec-safe",
            "--rate",
            rate,
        ];
        dir.run(&args).expect(0);
        assert_eq!(found(&dir.bytes("out.wav"), b"cue "), Some(cue(at)));
    }
}

#[test]
fn what_does_not_reach_the_master_is_named_for_people_and_for_programs() {
    let dir = Dir::new();
    let private = b"PRIV\0\0\0\x07\0\0own\0abc";
    let gain = b"TXXX\0\0\0\x1E\0\0\x03REPLAYGAIN_TRACK_GAIN\0-7.5 dB";
    let mut tag = b"ID3\x04\0\0\0\0\0".to_vec();
    tag.push((private.len() + gain.len()) as u8);
    tag.extend(private);
    tag.extend(gain);
    song(
        &dir,
        "a.wav",
        &[chunk(b"id3 ", &tag), chunk(b"iXML", b"<BWFXML/>")],
    );
    let args = [
        "master",
        "a.wav",
        "-o",
        "out.flac",
        "--no-codec-safe",
        "--json",
    ];
    let ran = dir.run(&args).expect(0);
    assert!(
        ran.stderr
            .contains("warning: out.flac: not carried over from the input: ID3v2 frame PRIV"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("dropped: REPLAYGAIN_TRACK_GAIN"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("moved: iXML chunk"), "{}", ran.stderr);
    let report = ran.json();
    let told: Vec<(&str, &str)> = report["metadata"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| {
            (
                note["outcome"].as_str().unwrap(),
                note["what"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("dropped", "REPLAYGAIN_TRACK_GAIN"),
            ("lost", "ID3v2 frame PRIV"),
            ("moved", "iXML chunk"),
        ]
    );
}

#[test]
fn a_song_without_metadata_has_none_and_is_told_nothing() {
    let dir = Dir::new();
    song(&dir, "a.wav", &[]);
    let ran = dir
        .run(&[
            "master",
            "a.wav",
            "-o",
            "out.wav",
            "--no-codec-safe",
            "--json",
        ])
        .expect(0);
    assert_eq!(ran.json().get("metadata"), None);
    let bytes = dir.bytes("out.wav");
    for id in [b"LIST", b"id3 ", b"cue "] {
        assert_eq!(found(&bytes, id), None);
    }
}

#[test]
fn every_wav_master_states_the_loudness_that_was_measured_of_it() {
    let dir = Dir::new();
    song(&dir, "a.wav", &[]);
    let words = [
        "master",
        "a.wav",
        "-o",
        "out.wav",
        "--no-codec-safe",
        "--json",
    ];
    let ran = dir.run(&words).expect(0);
    let after = ran.json()["mastering"]["after"].clone();
    let bytes = dir.bytes("out.wav");
    let at = bytes.windows(4).position(|id| id == b"bext").expect("bext") + 8;
    // EBU Tech 3285, version 2: the version, then loudness, range and true peak in hundredths.
    assert_eq!(bytes[at + 346], 2);
    for (place, name) in [(412, "integrated_lufs"), (416, "true_peak_dbtp")] {
        let stated = i16::from_le_bytes([bytes[at + place], bytes[at + place + 1]]);
        let measured = after[name].as_f64().expect("a figure");
        assert_eq!(
            i64::from(stated),
            (100.0 * measured).round() as i64,
            "{name}"
        );
    }
}

#[test]
fn the_loudness_of_mono_is_explained_whichever_way_it_is_stored() {
    let dir = Dir::new();
    let stereo = program(44_100, 3.0);
    let mono: Vec<f32> = stereo.iter().step_by(2).copied().collect();
    let twice: Vec<f32> = mono.iter().flat_map(|x| [*x, *x]).collect();
    let alone: Vec<f32> = mono.iter().flat_map(|x| [*x, 0.0]).collect();
    write_wav(&dir.path("mono.wav"), 44_100, 1, &mono);
    write_wav(&dir.path("twice.wav"), 44_100, 2, &twice);
    write_wav(&dir.path("alone.wav"), 44_100, 2, &alone);
    write_wav(&dir.path("stereo.wav"), 44_100, 2, &stereo);
    for (name, words) in [
        (
            "mono.wav",
            Some("with --dual-mono it is measured as it sounds there"),
        ),
        ("twice.wav", Some("needs no --dual-mono")),
        (
            "alone.wav",
            Some("export it as a mono file and master that with --dual-mono"),
        ),
        ("stereo.wav", None),
    ] {
        let told = dir.run(&["analyze", name]).expect(0).text();
        match words {
            Some(words) => assert!(told.contains(words), "{name}: {told}"),
            None => assert!(!told.contains("dual-mono"), "{name}: {told}"),
        }
    }
    let args = [
        "master",
        "mono.wav",
        "-o",
        "out.wav",
        "--overwrite",
        "--no-codec-safe",
    ];
    assert!(dir.run(&args).text().contains("--dual-mono"));
    let args = [&args[..], &["--dual-mono"]].concat();
    assert!(!dir.run(&args).text().contains("--dual-mono"));
}
