//! What can be read: every sample format of WAV and RF64, rewinding, changes under way.

use acetate_dsp::read_all;
use acetate_dsp::{Audio, Source};
use acetate_io::{
    Container, DecodeWarning, OpenOptions, OutputFormat, WordLength, content_hash, open,
};

use crate::support::*;

const SAMPLE_FORMATS: [(u16, u16); 6] = [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64)];

/// Exact in every sample format, also 8 bits.
fn coarse(channels: usize, frames: usize) -> Audio {
    let channel = |c: usize| {
        (0..frames)
            .map(|n| ((n * 7 + c * 3) % 256) as f32 / 128.0 - 1.0)
            .collect()
    };
    Audio::new(44_100, (0..channels).map(channel).collect()).unwrap()
}

#[test]
fn every_sample_format_of_wav_is_exact() {
    let folder = folder();
    for channels in [1, 2] {
        let audio = coarse(channels, 5000);
        for (tag, bits) in SAMPLE_FORMATS {
            let data = encode(&audio, tag, bits);
            for fmt in [
                fmt(tag, channels as u16, 44_100, bits),
                extensible(tag, channels as u16, 44_100, bits),
            ] {
                let path = save(&folder, "in.wav", &wave(&fmt, &data));
                let decoder = decoder(&path);
                assert_eq!(decoder.info().container, "wave");
                assert_eq!(decoder.info().frames, Some(5000));
                assert_eq!(decoder.info().bits_per_sample, Some(u32::from(bits)));
                assert!(!decoder.info().lossy);
                assert_same_bits(&decode(&path), &audio);
            }
        }
    }
}

#[test]
fn every_sample_format_of_rf64_is_exact() {
    let folder = folder();
    for (form, channels) in [(b"RF64", 2), (b"BW64", 1)] {
        let audio = coarse(channels, 5000);
        for (tag, bits) in SAMPLE_FORMATS {
            let data = encode(&audio, tag, bits);
            for fmt in [
                fmt(tag, channels as u16, 44_100, bits),
                extensible(tag, channels as u16, 44_100, bits),
            ] {
                let bytes = rf64(form, &fmt, data.len() as u64, &data);
                let path = save(&folder, "in.wav", &bytes);
                let mut decoder = decoder(&path);
                assert_eq!(decoder.info().container, "rf64");
                assert_eq!(decoder.info().frames, Some(5000));
                assert_same_bits(&read_all(&mut decoder).unwrap(), &audio);
                assert_eq!(decoder.warnings(), []);
            }
        }
    }
}

#[test]
fn a_wav_from_a_pipe_is_read_to_its_end_without_a_warning() {
    let folder = folder();
    let audio = coarse(2, 5000);
    let mut bytes = wave(&fmt(1, 2, 44_100, 16), &encode(&audio, 1, 16));
    bytes[4..8].fill(0xFF);
    bytes[40..44].fill(0xFF);
    let path = save(&folder, "in.wav", &bytes);
    let mut decoder = open(&path, &OpenOptions { strict: true }).unwrap();
    assert_eq!(decoder.frames_hint(), None);
    assert_same_bits(&read_all(&mut decoder).unwrap(), &audio);
    assert_eq!(decoder.warnings(), []);
}

#[test]
fn chunks_of_odd_size_in_front_are_stepped_over() {
    let folder = folder();
    let audio = coarse(1, 100);
    let chunks = [
        chunk(b"odd ", &[1, 2, 3]),
        chunk(b"fmt ", &fmt(1, 1, 44_100, 24)),
        chunk(b"LIST", b"INFOINAM\x03\0\0\0ab\0\0"),
        chunk(b"data", &encode(&audio, 1, 24)),
    ];
    let path = save(&folder, "in.wav", &riff(&chunks));
    assert_same_bits(&decode(&path), &audio);
}

#[test]
fn samples_that_are_not_finite_are_passed_on() {
    let folder = folder();
    let mut channel = vec![0.25; 2000];
    channel[10] = f32::NAN;
    channel[11] = f32::INFINITY;
    channel[12] = f32::NEG_INFINITY;
    channel[13] = 7.5;
    let audio = Audio::new(48_000, vec![channel]).unwrap();
    let data = encode(&audio, 3, 32);
    let plain = save(&folder, "a.wav", &wave(&fmt(3, 1, 48_000, 32), &data));
    assert_same_bits(&decode(&plain), &audio);
    let bytes = rf64(b"RF64", &fmt(3, 1, 48_000, 32), data.len() as u64, &data);
    assert_same_bits(&decode(&save(&folder, "b.wav", &bytes)), &audio);
}

#[test]
fn rewinding_gives_the_same_samples_for_any_block_size() {
    let folder = folder();
    let audio = noise(44_100, 2, 10_000, 16);
    let data = encode(&audio, 1, 16);
    let flac = OutputFormat::new(Container::Flac, WordLength::Bits16).unwrap();
    let paths = [
        save(&folder, "a.wav", &wave(&fmt(1, 2, 44_100, 16), &data)),
        save(
            &folder,
            "b.wav",
            &rf64(b"RF64", &fmt(1, 2, 44_100, 16), data.len() as u64, &data),
        ),
        write(&folder.path().join("c.flac"), &audio, flac),
    ];
    for path in paths {
        let mut decoder = decoder(&path);
        for block_frames in [1000, 1, 7, 64, 4096, 100_000, 1000] {
            assert_same_bits(&rewind_and_read(&mut decoder, block_frames), &audio);
        }
        // Also out of the middle of a pass.
        let mut block = Audio::silence(44_100, 2, 0);
        decoder.rewind().unwrap();
        decoder.read(&mut block, 3333).unwrap();
        assert_same_bits(&rewind_and_read(&mut decoder, 1000), &audio);
    }
}

#[test]
fn a_file_that_changes_between_two_passes_is_an_error() {
    let folder = folder();
    let audio = noise(44_100, 1, 3000, 16);
    let bytes = wave(&fmt(1, 1, 44_100, 16), &encode(&audio, 1, 16));
    let path = save(&folder, "in.wav", &bytes);

    let mut longer = decoder(&path);
    read_all(&mut longer).unwrap();
    std::fs::write(&path, [&bytes[..], &[0; 10]].concat()).unwrap();
    let error = longer.rewind().unwrap_err().to_string();
    assert!(error.contains("changed while it was read"), "{error}");
    assert!(error.contains("6044 bytes, found 6054 bytes"), "{error}");

    // Same length, same time of modification, other samples.
    std::fs::write(&path, &bytes).unwrap();
    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    let mut forged = decoder(&path);
    read_all(&mut forged).unwrap();
    let mut other = bytes.clone();
    other[2000] ^= 1;
    std::fs::write(&path, &other).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(modified).unwrap();
    let error = read_all(&mut forged).unwrap_err().to_string();
    assert!(error.contains("changed while it was read"), "{error}");

    // Replaced by another file of the same name.
    let mut replaced = decoder(&path);
    read_all(&mut replaced).unwrap();
    let fresh = save(&folder, "other.wav", &other);
    std::fs::rename(fresh, &path).unwrap();
    assert!(replaced.rewind().is_err());
}

#[test]
fn a_cut_file_gives_what_is_there_and_says_so() {
    let folder = folder();
    let audio = noise(44_100, 2, 5000, 16);
    let data = encode(&audio, 1, 16);
    let files = [
        wave(&fmt(1, 2, 44_100, 16), &data),
        rf64(b"RF64", &fmt(1, 2, 44_100, 16), data.len() as u64, &data),
    ];
    for bytes in files {
        // In the middle of a sample of frame 4000.
        let header = bytes.len() - data.len();
        let path = save(&folder, "in.wav", &bytes[..header + 4000 * 4 + 3]);
        let mut lenient = decoder(&path);
        let got = read_all(&mut lenient).unwrap();
        assert_same_bits(&got, &audio.slice(0, 4000));
        let warning = DecodeWarning::EndsEarly {
            expected_frames: 5000,
            got_frames: 4000,
        };
        assert_eq!(lenient.warnings(), [warning]);
        let strict = open(&path, &OpenOptions { strict: true });
        let error = read_all(&mut strict.unwrap()).unwrap_err().to_string();
        assert!(
            error.contains("header states 5000 frames, the file holds 4000"),
            "{error}"
        );
    }
}

#[test]
fn a_broken_flac_frame_becomes_silence_in_place() {
    let folder = folder();
    let audio = noise(44_100, 2, 40_960, 16);
    let format = OutputFormat::new(Container::Flac, WordLength::Bits16).unwrap();
    let path = write(&folder.path().join("in.flac"), &audio, format);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64].fill(0xA5);
    let path = save(&folder, "broken.flac", &bytes);

    let mut lenient = decoder(&path);
    let got = read_all(&mut lenient).unwrap();
    let warnings = lenient.warnings();
    assert!(
        matches!(
            warnings[..],
            [DecodeWarning::BrokenPackets { count: 1, .. }]
        ),
        "{warnings:?}"
    );
    assert_eq!(got.frames(), audio.frames());
    // Nine of ten frames of 4096 are untouched and where they were.
    let same = (0..10)
        .filter(|n| got.slice(n * 4096, n * 4096 + 4096) == audio.slice(n * 4096, n * 4096 + 4096))
        .count();
    assert_eq!(same, 9);
    assert_same_bits(&rewind_and_read(&mut lenient, 777), &got);

    let mut strict = open(&path, &OpenOptions { strict: true }).unwrap();
    let error = read_all(&mut strict).unwrap_err().to_string();
    assert!(error.contains("expected an undamaged file"), "{error}");
}

#[test]
fn the_hash_is_that_of_the_bytes() {
    let folder = folder();
    let bytes = vec![7; 200_000];
    let path = save(&folder, "a.bin", &bytes);
    let expected = blake3::hash(&bytes).to_hex().to_string();
    assert_eq!(content_hash(&path).unwrap(), expected);
    assert!(content_hash(folder.path()).is_err());
}
