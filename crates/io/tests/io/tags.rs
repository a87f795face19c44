//! Tags from one end to the other, and the samples beside them untouched.

use std::fs;

use acetate_io::{Container, Outcome, OutputFormat, StageOptions, Tags, WordLength};

use crate::support::*;

/// A JPEG's first bytes and some more; nobody decodes it.
fn cover() -> Vec<u8> {
    let mut cover = b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01".to_vec();
    cover.extend((0..20_001_u32).map(|n| (n * 31) as u8));
    cover
}

fn id3_text(id: &[u8; 4], text: &str) -> Vec<u8> {
    frame(id, &[b"\x03", text.as_bytes()].concat())
}

/// An ID3v2.4 frame; sizes are "syncsafe", 7 bits a byte.
fn frame(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = id.to_vec();
    out.extend(syncsafe(body.len()));
    out.extend([0, 0]);
    out.extend(body);
    out
}

fn syncsafe(size: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| (size >> shift) as u8 & 0x7F)
}

/// An input with ID3v2 and RIFF INFO, sound and loudness hints.
fn tagged_wave(data: &[u8]) -> Vec<u8> {
    let frames = [
        id3_text(b"TIT2", "Glühwürmchen"),
        id3_text(b"TPE1", "The Hands"),
        id3_text(b"TALB", "Night"),
        id3_text(b"TRCK", "3"),
        id3_text(b"TDRC", "1999"),
        id3_text(b"TCON", "Ambient"),
        id3_text(b"TSRC", "USRC17607839"),
        id3_text(b"TSSE", "SomeEncoder 1.2"),
        frame(b"TXXX", b"\x03REPLAYGAIN_TRACK_GAIN\0-7.50 dB"),
        frame(b"COMM", b"\x03eng\0recorded at home"),
        frame(b"COMM", b"\x03engiTunNORM\0 00000A2C 00000A2C"),
        frame(b"APIC", &[b"\x03image/jpeg\0\x03\0", &cover()[..]].concat()),
    ]
    .concat();
    let mut id3 = b"ID3\x04\0\0".to_vec();
    id3.extend(syncsafe(frames.len()));
    id3.extend(frames);
    let info = [
        b"INFO".to_vec(),
        chunk(b"INAM", b"Old title\0"),
        chunk(b"ICOP", b"(c) 1999 Hands\0"),
        chunk(b"ISFT", b"Recorder 9\0"),
    ]
    .concat();
    riff(&[
        chunk(b"fmt ", &fmt(1, 2, 44_100, 16)),
        chunk(b"LIST", &info),
        chunk(b"data", data),
        chunk(b"id3 ", &id3),
    ])
}

fn assert_carried(tags: &Tags) {
    for (name, text) in [
        ("TITLE", "Glühwürmchen"),
        ("ARTIST", "The Hands"),
        ("ALBUM", "Night"),
        ("TRACKNUMBER", "3"),
        ("DATE", "1999"),
        ("GENRE", "Ambient"),
        ("ISRC", "USRC17607839"),
        ("COMMENT", "recorded at home"),
        ("COPYRIGHT", "(c) 1999 Hands"),
    ] {
        assert_eq!(tags.text(name), Some(text), "{name}");
    }
    for name in ["REPLAYGAIN_TRACK_GAIN", "ENCODER", "ENCODING", "ENCODED-BY"] {
        assert_eq!(tags.text(name), None, "{name}");
    }
    assert_eq!(tags.picture_count(), 1);
    assert_eq!(tags.picture_data(0), Some(&cover()[..]));
}

#[test]
fn tags_and_cover_reach_every_container_and_the_samples_stay() {
    let folder = folder();
    let audio = noise(44_100, 2, 5001, 16);
    let input = save(&folder, "in.wav", &tagged_wave(&encode(&audio, 1, 16)));
    let (tags, warnings) = Tags::read(&input);
    // Two titles, of which one is carried, and what a player or an encoder left.
    let told: Vec<(Outcome, &str)> = warnings
        .iter()
        .map(|told| (told.outcome(), told.what()))
        .collect();
    assert_eq!(
        told,
        [
            (Outcome::Dropped, "ID3v2 frame TSSE"),
            (Outcome::Dropped, "REPLAYGAIN_TRACK_GAIN"),
            (Outcome::Dropped, "iTunNORM"),
            (Outcome::Lost, "TITLE \"Old title\""),
            (Outcome::Dropped, "ENCODER"),
        ]
    );
    assert_carried(&tags);

    for (container, rf64_above_bytes) in [
        (Container::Wav, u64::from(u32::MAX)),
        (Container::Wav, 1000),
        (Container::Flac, u64::from(u32::MAX)),
    ] {
        let format = OutputFormat::new(container, WordLength::Bits16).unwrap();
        let options = StageOptions {
            tags: Some(&tags),
            rf64_above_bytes,
            ..StageOptions::new(format)
        };
        let mut bytes = Vec::new();
        for pass in 0..2 {
            let path = folder.path().join(format!("out{pass}"));
            let staged = stage(&path, &audio, &options, 4096);
            assert_eq!(staged.tag_warnings(), []);
            let path = staged.commit(true).unwrap();
            assert_same_bits(&decode(&path), &audio);
            let (carried, warnings) = Tags::read(&path);
            assert_eq!(warnings, []);
            assert_carried(&carried);
            bytes.push(fs::read(path).unwrap());
        }
        assert!(bytes[0] == bytes[1], "other bytes for the same tags");
        let found = |word: &[u8]| bytes[0].windows(word.len()).any(|window| window == word);
        assert!(!found(b"REPLAYGAIN") && !found(b"iTunNORM") && !found(b"SomeEncoder"));
        assert!(!found(b"Recorder 9"));
        assert_eq!(found(b"INAM"), container == Container::Wav);
    }
}

#[test]
fn no_tags_and_broken_tags_cost_nothing_but_a_warning() {
    let folder = folder();
    let audio = noise(44_100, 1, 100, 16);
    let data = encode(&audio, 1, 16);
    let plain = save(&folder, "a.wav", &wave(&fmt(1, 1, 44_100, 16), &data));
    let (tags, warnings) = Tags::read(&plain);
    assert!(tags.is_empty() && warnings.is_empty());
    let format = OutputFormat::new(Container::Wav, WordLength::Bits16).unwrap();
    let options = StageOptions {
        tags: Some(&tags),
        expected_frames: Some(100),
        ..StageOptions::new(format)
    };
    let path = stage(&folder.path().join("b.wav"), &audio, &options, 100)
        .commit(true)
        .unwrap();
    assert!(fs::read(path).unwrap() == fs::read(plain).unwrap());

    let (tags, warnings) = Tags::read(folder.path().join("missing.wav"));
    assert!(tags.is_empty());
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0]
            .to_string()
            .contains("the tags cannot be read whole: No such file")
    );
}
