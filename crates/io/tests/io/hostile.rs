//! Files that are broken, or no audio at all: one clear error, no panic, no large allocation.

use std::path::Path;

use acetate_dsp::read_all;
use acetate_io::{
    Container, DecodeError, OpenOptions, OutputFormat, Tags, WordLength, open, open_without_helpers,
};

use crate::support::*;

fn error(path: &Path) -> DecodeError {
    match open(path, &OpenOptions::default()) {
        Err(error) => error,
        Ok(decoder) => panic!("{} opened as {:?}", path.display(), decoder.info()),
    }
}

/// The message, with the file's name in it.
fn message(path: &Path) -> String {
    let message = error(path).to_string();
    assert!(
        message.starts_with(&path.display().to_string()),
        "{message}"
    );
    message
}

#[test]
fn what_is_no_audio_is_named() {
    let folder = folder();
    let cases: [(&str, &[u8], &str); 8] = [
        ("a.wav", b"", "found an empty file"),
        (
            "b.wav",
            b"Dear listener,\nthis is a letter.\n",
            "found text",
        ),
        (
            "c.mp3",
            b"\xFF\xD8\xFF\xE0\0\x10JFIF",
            "found a JPEG picture",
        ),
        ("d.wav", b"PK\x03\x04abc", "found a ZIP archive"),
        (
            "e.opus",
            b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead\x01\x02",
            "found Opus, which Acetate does not decode itself; ",
        ),
        (
            "f.wma",
            b"\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9",
            "found Windows Media (WMA, ASF), which Acetate does not decode itself; ",
        ),
        ("g.wav", &[0; 5000], "found nothing but zero bytes"),
        (
            "h.wav",
            b"\x01\x02\x03\xFE\xFD\x00\x80\x81\x82",
            "found data that is no known audio format",
        ),
    ];
    for (name, bytes, expected) in cases {
        let message = message(&save(&folder, name, bytes));
        assert!(message.contains(expected), "{message}");
        assert!(message.contains("expected WAV, RF64, AIFF"), "{message}");
    }
}

#[test]
fn places_that_are_no_files_are_named() {
    let folder = folder();
    assert!(message(folder.path()).contains("found a folder"));
    assert!(matches!(
        error(&folder.path().join("no.wav")),
        DecodeError::Open { .. }
    ));
}

#[test]
fn only_channels_that_are_named_at_8_to_192_khz() {
    let folder = folder();
    for channels in [0, 3, 5, 64, 65_535] {
        let data = vec![0; usize::from(channels) * 2 + 100];
        let plain = wave(&fmt(1, channels, 44_100, 16), &data);
        let big = rf64(
            b"RF64",
            &fmt(1, channels, 44_100, 16),
            data.len() as u64,
            &data,
        );
        for bytes in [plain, big] {
            let message = message(&save(&folder, "a.wav", &bytes));
            let expected = format!("expected 1 or 2 channels, found {channels}");
            assert!(message.contains(&expected), "{message}");
        }
    }
    for rate in [0, 1, 7_999, 192_001, 10_000_000] {
        let data = vec![0; 400];
        let plain = wave(&fmt(1, 2, rate, 16), &data);
        let big = rf64(b"RF64", &fmt(1, 2, rate, 16), data.len() as u64, &data);
        for bytes in [plain, big] {
            let path = save(&folder, "a.wav", &bytes);
            let message = message(&path);
            if rate > 0 {
                let expected = format!("8000 to 192000 Hz, found {rate} Hz");
                assert!(message.contains(&expected), "{message}");
            }
        }
    }
}

#[test]
fn audio_without_a_frame_is_an_error() {
    let folder = folder();
    let header = fmt(1, 2, 44_100, 16);
    let files = [
        wave(&header, &[]),
        wave(&header, &[0; 3]),
        rf64(b"RF64", &header, 0, &[]),
        rf64(b"RF64", &header, 1 << 60, &[]),
    ];
    for bytes in files {
        let error = error(&save(&folder, "a.wav", &bytes));
        assert!(matches!(error, DecodeError::NoAudio { .. }), "{error}");
    }
}

#[test]
fn sizes_that_lie_end_at_the_end_of_the_file() {
    let folder = folder();
    let audio = noise(44_100, 1, 1000, 16);
    let data = encode(&audio, 1, 16);
    for stated in [data.len() as u64 + 1, 1 << 40, u64::MAX] {
        let bytes = rf64(b"RF64", &fmt(1, 1, 44_100, 16), stated, &data);
        let mut decoder = decoder(&save(&folder, "a.wav", &bytes));
        assert_same_bits(&read_all(&mut decoder).unwrap(), &audio);
    }
    // An unknown length, and a chunk that claims more than there is.
    let bytes = rf64(b"RF64", &fmt(1, 1, 44_100, 16), 0, &data);
    assert_same_bits(&decode(&save(&folder, "a.wav", &bytes)), &audio);
    let mut lying = wave(&fmt(1, 1, 44_100, 16), &data);
    lying[12 + 4..12 + 8].copy_from_slice(&0xFFFF_FFF0_u32.to_le_bytes());
    message(&save(&folder, "b.wav", &lying));
}

/// Opens, and reads to the end if it opens; the tags too. Whatever happens but a panic is right.
fn try_everything(path: &Path) {
    let _ = Tags::read(path);
    for strict in [false, true] {
        if let Ok(mut decoder) = open_without_helpers(path, &OpenOptions { strict }) {
            let _ = read_all(&mut decoder);
        }
    }
}

#[test]
fn every_cut_and_many_flips_of_every_container_are_survived() {
    let folder = folder();
    let audio = sweep(44_100, 2, 600);
    let data = encode(&audio, 1, 16);
    let format = OutputFormat::new(Container::Flac, WordLength::Bits16).unwrap();
    let flac = write(&folder.path().join("a.flac"), &audio, format);
    let mut aiff = b"FORM\0\0\x09\x8EAIFFCOMM\0\0\0\x12\0\x02\0\0\x02\x58\0\x10".to_vec();
    aiff.extend(b"\x40\x0E\xAC\x44\0\0\0\0\0\0SSND\0\0\x09\x68\0\0\0\0\0\0\0\0");
    aiff.extend(&data);
    let whole = save(&folder, "whole.aiff", &aiff);
    assert_eq!(decode(&whole).frames(), 600);
    let files = [
        ("x.wav", wave(&extensible(1, 2, 44_100, 16), &data)),
        (
            "x.wav",
            rf64(b"RF64", &fmt(1, 2, 44_100, 16), data.len() as u64, &data),
        ),
        ("x.flac", std::fs::read(flac).unwrap()),
        ("x.aiff", aiff),
    ];
    for (name, bytes) in files {
        let header = bytes.len().min(80);
        for length in (0..header).chain((header..bytes.len()).step_by(331)) {
            try_everything(&save(&folder, name, &bytes[..length]));
        }
        for at in (0..header).chain((header..bytes.len()).step_by(997)) {
            for value in [0x00, 0xFF] {
                let mut broken = bytes.clone();
                broken[at] = value;
                try_everything(&save(&folder, name, &broken));
            }
        }
    }
}

#[test]
fn a_flac_of_unknown_length_has_no_gaps() {
    let folder = folder();
    let format = OutputFormat::new(Container::Flac, WordLength::Bits16).unwrap();
    let path = write(
        &folder.path().join("a.flac"),
        &sweep(8_000, 1, 40_000),
        format,
    );
    let mut bytes = std::fs::read(path).unwrap();
    // Total samples unknown (RFC 9639, 8.2: the last 36 bits before the checksum).
    bytes[21] &= 0xF0;
    bytes[22..26].fill(0);
    let decoded = decode(&save(&folder, "b.flac", &bytes));
    assert_eq!(decoded.frames(), 40_000, "an unknown length is no gap");
}

#[test]
fn a_file_that_changed_after_it_was_read_is_said() {
    let folder = folder();
    let path = save(&folder, "a.wav", &wave(&fmt(1, 1, 44_100, 16), &[0; 800]));
    let mut decoder = decoder(&path);
    read_all(&mut decoder).unwrap();
    decoder.expect_unchanged().unwrap();
    std::fs::write(&path, wave(&fmt(1, 1, 44_100, 16), &[0; 802])).unwrap();
    let error = decoder.expect_unchanged().unwrap_err().to_string();
    assert!(error.contains("changed while it was read"), "{error}");
}
