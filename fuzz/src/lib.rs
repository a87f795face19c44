//! What the fuzz targets share: bytes as a file, and what has to hold for every input.
//!
//! A target is right when it neither panics nor hangs nor takes too much memory, and when what it
//! gives is in order: finite samples, the ceiling kept, the length kept. What was found is kept
//! in `tests/crashers` and replayed by `cargo test`.

#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::abort;

use acetate_dsp::{Audio, Source, Spec};
use acetate_io::{
    Container, Decoder, OpenOptions, OutputFormat, StageOptions, StagedFile, Tags, WordLength,
    open_without_helpers,
};

const BLOCK_FRAMES: usize = 4096;

/// Panics of the codecs' crates that `acetate-io` turns into errors are none; any other one ends the
/// process, also where something would catch it, and so does each one in code of our own. For `init`
/// of `fuzz_target!`, whose own hook knows no guard.
pub fn only_uncaught_panics_count() {
    std::panic::set_hook(Box::new(tell_and_abort));
    acetate_io::silence_caught_panics();
    let guarded = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let file = info.location().map_or("", |place| place.file());
        if ["crates/io/", "crates/dsp/"]
            .iter()
            .any(|own| file.contains(own))
        {
            tell_and_abort(info);
        }
        guarded(info);
    }));
}

fn tell_and_abort(info: &std::panic::PanicHookInfo<'_>) {
    eprintln!("{info}\n{}", std::backtrace::Backtrace::force_capture());
    abort();
}

/// Writes the input to this process's own file and gives its path. Set `TMPDIR` to a folder in
/// memory to go faster.
pub fn as_file(bytes: &[u8]) -> PathBuf {
    let path = own_path("");
    write(&path, bytes);
    path
}

fn own_path(what: &str) -> PathBuf {
    std::env::temp_dir().join(format!("acetate-fuzz-{}{what}", std::process::id()))
}

fn write(path: &Path, bytes: &[u8]) {
    if let Err(error) = fs::write(path, bytes) {
        eprintln!("{}: {error}", path.display());
        abort();
    }
}

/// One input of eight, always the same ones: for what takes long.
pub fn is_eighth(bytes: &[u8]) -> bool {
    bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)) & 7 == 0
}

/// Every frame of a file twice, mending and strict: the same number both times, and nothing to warn
/// of where it is strict.
pub fn decode_twice(path: &Path) {
    for strict in [false, true] {
        let Ok(mut decoder) = open_without_helpers(path, &OpenOptions { strict }) else {
            continue;
        };
        let Some(first) = count_frames(&mut decoder) else {
            continue;
        };
        assert!(first > 0);
        assert!(!strict || decoder.warnings().is_empty());
        if decoder.rewind_to_start().is_ok() {
            assert_eq!(
                count_frames(&mut decoder),
                Some(first),
                "the same file, read again"
            );
        }
    }
}

/// Frames of the file; `None` where it cannot be read to its end.
pub fn count_frames(decoder: &mut Decoder) -> Option<u64> {
    let spec = decoder.spec();
    let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    let mut frames = 0;
    loop {
        match decoder.read_block(&mut block, BLOCK_FRAMES) {
            Ok(0) => return Some(frames),
            Ok(read) => frames += read as u64,
            Err(_) => return None,
        }
    }
}

/// What a file carries beside the sound, read, written to a WAV and a FLAC at other rates, and read from
/// those again: no tag makes a master that strict reading refuses, or one of another length.
pub fn carry_tags(path: &Path) {
    const FRAMES: u64 = 100;
    let (tags, _) = Tags::read(path);
    for (container, sample_rate_hz, channels) in
        [(Container::Wav, 48_000, 2), (Container::Flac, 44_100, 1)]
    {
        let spec = Spec {
            sample_rate_hz,
            channels,
        };
        let format =
            OutputFormat::new(container, WordLength::Bits16).unwrap_or_else(|e| panic!("{e}"));
        let options = StageOptions {
            tags: Some(&tags),
            expected_frames: Some(FRAMES),
            ..StageOptions::new(format)
        };
        let silence = Audio::silence(sample_rate_hz, channels, FRAMES as usize);
        let written =
            StagedFile::create(own_path("-out"), spec, &options).and_then(|mut staged| {
                staged.write_block(&silence)?;
                staged.finish_file()?;
                Ok(staged)
            });
        let staged = written.unwrap_or_else(|error| panic!("{error}"));
        let mut decoder = staged.reread().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(count_frames(&mut decoder), Some(FRAMES));
        let (again, _) = Tags::read(staged.temporary_path());
        assert!(again.picture_count() <= tags.picture_count());
    }
}
