//! What is written: every format round trip, RF64, names taken, links, leftovers.

use std::fs;
use std::path::Path;

use acetate_dsp::read_all;
use acetate_dsp::{Sink, Spec};
use acetate_io::{
    Container, OutputFormat, StageOptions, StagedFile, WordLength, WriteError, same_file,
};

use crate::support::*;

fn format(container: Container, word_length: WordLength) -> OutputFormat {
    OutputFormat::new(container, word_length).unwrap()
}

fn all_formats() -> [(OutputFormat, u32); 5] {
    [
        (format(Container::Wav, WordLength::Bits16), 16),
        (format(Container::Wav, WordLength::Bits24), 24),
        (format(Container::Wav, WordLength::Float32), 25),
        (format(Container::Flac, WordLength::Bits16), 16),
        (format(Container::Flac, WordLength::Bits24), 24),
    ]
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn every_format_comes_back_bit_for_bit() {
    let folder = folder();
    for (format, bits) in all_formats() {
        for (rate, channels, frames) in [(44_100, 2, 10_001), (96_000, 1, 4097), (8_000, 1, 1)] {
            let audio = noise(rate, channels, frames, bits);
            let path = folder.path().join("out");
            let mut staged = stage(&path, &audio, &StageOptions::new(format), 1000);
            let mut reread = staged.reread().unwrap();
            assert_same_bits(&read_all(&mut reread).unwrap(), &audio);
            assert_eq!(reread.info().frames, Some(frames as u64));
            assert_eq!(staged.frames(), frames as u64);
            assert!(staged.write(&audio).is_err());
            let path = staged.commit(true).unwrap();
            assert_same_bits(&decode(&path), &audio);
        }
    }
}

#[test]
fn the_bytes_depend_on_the_samples_alone() {
    let folder = folder();
    for (format, bits) in all_formats() {
        let audio = noise(44_100, 2, 9000, bits);
        let options = StageOptions::new(format);
        let bytes: Vec<_> = [1, 7, 64, 1000, 9000]
            .map(|block| {
                let path = folder.path().join(format!("{block}"));
                fs::read(stage(&path, &audio, &options, block).commit(true).unwrap()).unwrap()
            })
            .to_vec();
        assert!(bytes.iter().all(|other| *other == bytes[0]));
    }
}

#[test]
fn a_second_reader_agrees_and_sizes_are_even() {
    let folder = folder();
    for (word_length, bits) in [
        (WordLength::Bits16, 16),
        (WordLength::Bits24, 24),
        (WordLength::Float32, 25),
    ] {
        for expected_frames in [None, Some(333)] {
            let audio = noise(44_100, 1, 333, bits);
            let options = StageOptions {
                expected_frames,
                ..StageOptions::new(format(Container::Wav, word_length))
            };
            let path = stage(&folder.path().join("o.wav"), &audio, &options, 50)
                .commit(true)
                .unwrap();
            let bytes = fs::read(&path).unwrap();
            assert_eq!(bytes.len() % 2, 0);
            let riff_bytes = u32::from_le_bytes(bytes[4..8].try_into().unwrap());
            assert_eq!(riff_bytes as usize, bytes.len() - 8);
            // hound knows float in WAVEFORMATEX, integers in WAVEFORMATEXTENSIBLE.
            let mut reader = hound::WavReader::open(&path).unwrap();
            let scale = (1_u64 << (word_length.bits() - 1)) as f32;
            let samples: Vec<f32> = if word_length == WordLength::Float32 {
                reader.samples::<f32>().map(Result::unwrap).collect()
            } else {
                reader
                    .samples::<i32>()
                    .map(|x| x.unwrap() as f32 / scale)
                    .collect()
            };
            assert_eq!(samples, audio.channel(0));
        }
    }
}

#[test]
fn beyond_the_threshold_it_is_rf64_and_comes_back() {
    let folder = folder();
    for (word_length, bits) in [
        (WordLength::Bits16, 16),
        (WordLength::Bits24, 24),
        (WordLength::Float32, 25),
    ] {
        let audio = noise(44_100, 1, 3333, bits);
        for expected_frames in [None, Some(3333)] {
            let options = StageOptions {
                expected_frames,
                rf64_above_bytes: 5000,
                ..StageOptions::new(format(Container::Wav, word_length))
            };
            let staged = stage(&folder.path().join("o.wav"), &audio, &options, 100);
            let mut reread = staged.reread().unwrap();
            assert_eq!(reread.info().container, "rf64");
            assert_same_bits(&read_all(&mut reread).unwrap(), &audio);
            let bytes = fs::read(staged.temporary_path()).unwrap();
            assert_eq!(&bytes[..8], b"RF64\xFF\xFF\xFF\xFF");
            assert_eq!(&bytes[12..16], b"ds64");
            let size = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
            let data_bytes = 3333 * u64::from(word_length.bits() / 8);
            assert_eq!(size(20), bytes.len() as u64 - 8);
            assert_eq!((size(28), size(36)), (data_bytes, 3333));
        }
        // Announced and found short: plain RIFF in spite of the room.
        let options = StageOptions {
            expected_frames: Some(1_000_000),
            rf64_above_bytes: 50_000,
            ..StageOptions::new(format(Container::Wav, word_length))
        };
        let staged = stage(&folder.path().join("o.wav"), &audio, &options, 100);
        assert_eq!(staged.reread().unwrap().info().container, "wave");
    }
}

#[test]
fn commit_never_replaces_unasked() {
    let folder = folder();
    let audio = noise(44_100, 1, 100, 16);
    let options = StageOptions::new(format(Container::Wav, WordLength::Bits16));
    let path = folder.path().join("o.wav");
    assert!(StagedFile::check(&path, false).is_ok());
    assert_eq!(entries(folder.path()), [""; 0]);
    // It appears while the master is being made.
    let staged = stage(&path, &audio, &options, 100);
    fs::write(&path, "precious").unwrap();
    let error = staged.commit(false).unwrap_err();
    assert!(matches!(error, WriteError::Exists { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    assert_eq!(entries(folder.path()), ["o.wav"]);

    assert!(matches!(
        StagedFile::check(&path, false),
        Err(WriteError::Exists { .. })
    ));
    assert!(StagedFile::check(&path, true).is_ok());
    stage(&path, &audio, &options, 100).commit(true).unwrap();
    assert_same_bits(&decode(&path), &audio);
    assert_eq!(entries(folder.path()), ["o.wav"]);
}

#[test]
fn bad_places_fail_before_the_work() {
    let folder = folder();
    let missing = folder.path().join("no/such/o.wav");
    let error = StagedFile::check(&missing, false).unwrap_err().to_string();
    assert!(error.contains("no/such: expected a folder"), "{error}");
    let error = StagedFile::check(folder.path(), true)
        .unwrap_err()
        .to_string();
    assert!(error.contains("found a folder"), "{error}");
    assert!(StagedFile::check("/", true).is_err());
    for (sample_rate_hz, channels) in [(44_100, 0), (44_100, 3), (1, 2), (200_000, 2)] {
        let spec = Spec {
            sample_rate_hz,
            channels,
        };
        let options = StageOptions::new(format(Container::Wav, WordLength::Bits16));
        let error = StagedFile::create(folder.path().join("o.wav"), spec, &options);
        assert!(matches!(error, Err(WriteError::Spec { .. })));
    }
}

#[test]
fn dropped_unfinished_and_stale_files_vanish() {
    let folder = folder();
    let audio = noise(44_100, 2, 100, 16);
    let options = StageOptions::new(format(Container::Flac, WordLength::Bits16));
    let path = folder.path().join("o.flac");
    let mut staged = StagedFile::create(&path, spec(&audio), &options).unwrap();
    staged.write(&audio).unwrap();
    assert!(staged.reread().is_err());
    assert_eq!(entries(folder.path()).len(), 1);
    assert!(staged.commit(true).is_err());
    assert_eq!(entries(folder.path()), [""; 0]);

    // Linux numbers processes up to 2^22: this one is gone. Where processes are not looked for, age tells.
    let stale = ".o.flac.99999999-0.acetate-tmp";
    let other = ".other.flac.99999999-0.acetate-tmp";
    let living = format!(".o.flac.{}-999.acetate-tmp", std::process::id());
    for name in [stale, other, &living] {
        let file = fs::File::create(folder.path().join(name)).unwrap();
        let two_days = std::time::Duration::from_secs(2 * 24 * 3600);
        file.set_modified(std::time::SystemTime::now() - two_days)
            .unwrap();
    }
    drop(stage(&path, &audio, &options, 100));
    assert_eq!(entries(folder.path()), [living.as_str()]);
}

#[test]
fn an_interrupt_removes_every_temporary_file() {
    // In a process of its own: the list is shared by all tests of this one.
    if let Some(folder) = std::env::var_os("ACETATE_IO_TEST_INTERRUPT") {
        let audio = noise(44_100, 2, 100, 16);
        let options = StageOptions::new(format(Container::Wav, WordLength::Bits16));
        let a = stage(&Path::new(&folder).join("a.wav"), &audio, &options, 100);
        let b = stage(&Path::new(&folder).join("b.wav"), &audio, &options, 100);
        assert_eq!(entries(Path::new(&folder)).len(), 2);
        assert_eq!(acetate_io::remove_all_temporary_files(), 2);
        assert_eq!(entries(Path::new(&folder)), [""; 0]);
        // As its handler does: dropping the two would wait for that.
        std::mem::forget((a, b));
        std::process::exit(0);
    }
    let folder = folder();
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "write::an_interrupt_removes_every_temporary_file",
        ])
        .env("ACETATE_IO_TEST_INTERRUPT", folder.path())
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn two_names_of_a_file_lead_to_the_same_file() {
    let folder = folder();
    let a = save(&folder, "a.wav", b"x");
    let b = save(&folder, "b.wav", b"x");
    let hard = folder.path().join("hard.wav");
    fs::hard_link(&a, &hard).unwrap();
    assert!(same_file(&a, &hard));
    assert!(same_file(&a, folder.path().join(".").join("a.wav")));
    assert!(!same_file(&a, &b) && !same_file(&a, folder.path().join("none")));
}

#[test]
fn a_very_long_name_is_written() {
    let folder = folder();
    let path = folder.path().join(format!("{}.wav", "n".repeat(251)));
    let audio = noise(44_100, 1, 10, 16);
    write(&path, &audio, format(Container::Wav, WordLength::Bits16));
    assert_same_bits(&decode(&path), &audio);
}

#[test]
fn an_empty_signal_is_no_file_to_verify() {
    let folder = folder();
    let audio = noise(44_100, 2, 0, 16);
    let options = StageOptions::new(format(Container::Wav, WordLength::Bits16));
    let staged = stage(&folder.path().join("o.wav"), &audio, &options, 1);
    assert!(staged.reread().is_err());
    let options = StageOptions::new(format(Container::Flac, WordLength::Bits16));
    let mut flac =
        StagedFile::create(folder.path().join("o.flac"), spec(&audio), &options).unwrap();
    assert!(flac.finish().is_err());
}
