//! Against ffmpeg, where it is installed: lengths and samples of what it encodes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use acetate_dsp::Audio;
use acetate_dsp::read_all;
use acetate_io::{
    Container, OpenOptions, OutputFormat, StageOptions, WordLength, open, open_without_helpers,
};

use crate::support::*;

fn is_missing() -> bool {
    let run = Command::new("ffmpeg")
        .arg("-version")
        .stdout(Stdio::null())
        .status();
    let missing = !run.is_ok_and(|status| status.success());
    if missing {
        // Where it was said to be there, nothing is left out.
        assert!(
            std::env::var_os("ACETATE_TOOLS").is_none(),
            "expected ffmpeg"
        );
        println!("skipped: ffmpeg is not installed");
    }
    missing
}

fn ffmpeg(input: &Path, arguments: &[&str], output: &Path) -> bool {
    Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-i"])
        .arg(input)
        .args(arguments)
        .arg(output)
        .status()
        .unwrap()
        .success()
}

/// What ffmpeg decodes, as float.
fn reference(input: &Path, like: &Audio) -> Audio {
    let raw = input.with_extension("f32");
    assert!(ffmpeg(input, &["-f", "f32le", "-c:a", "pcm_f32le"], &raw));
    let bytes = std::fs::read(raw).unwrap();
    let samples: Vec<f32> = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|b| f32::from_le_bytes(*b))
        .collect();
    let count = like.channel_count();
    let channels = (0..count)
        .map(|c| samples.iter().skip(c).step_by(count).copied().collect())
        .collect();
    Audio::new(like.sample_rate_hz(), channels).unwrap()
}

fn source(folder: &tempfile::TempDir, rate: u32, channels: usize) -> (Audio, PathBuf) {
    let audio = sweep(rate, channels, rate as usize + 123);
    let format = OutputFormat::new(Container::Wav, WordLength::Bits16).unwrap();
    let path = write(&folder.path().join("source.wav"), &audio, format);
    (audio, path)
}

#[test]
fn lossless_formats_are_exact() {
    if is_missing() {
        return;
    }
    let folder = folder();
    let (audio, input) = source(&folder, 44_100, 2);
    let cases: &[(&str, &[&str])] = &[
        ("a.aiff", &[]),
        ("b.aiff", &["-c:a", "pcm_s24be"]),
        ("c.caf", &[]),
        ("d.caf", &["-c:a", "pcm_f32le"]),
        ("e.flac", &[]),
        ("f.flac", &["-c:a", "flac", "-sample_fmt", "s32"]),
        ("g.m4a", &["-c:a", "alac"]),
        ("h.wav", &["-c:a", "pcm_s24le"]),
        ("i.wav", &["-c:a", "pcm_s32le"]),
        ("j.wav", &["-c:a", "pcm_f32le"]),
        ("k.wav", &["-c:a", "pcm_f64le"]),
        ("l.wav", &["-rf64", "always"]),
        ("m.wav", &["-rf64", "always", "-c:a", "pcm_f32le"]),
        ("n.oga", &["-c:a", "flac"]),
        ("o.caf", &["-c:a", "alac"]),
    ];
    for (name, arguments) in cases {
        let path = folder.path().join(name);
        assert!(ffmpeg(&input, arguments, &path), "{name}");
        let mut decoder = open(&path, &OpenOptions { strict: true }).unwrap();
        println!("{name}: {:?}", decoder.info());
        assert!(!decoder.info().lossy, "{name}");
        assert_same_bits(&read_all(&mut decoder).unwrap(), &audio);
        assert_same_bits(&rewind_and_read(&mut decoder, 1000), &audio);
    }
}

#[test]
fn lossy_formats_have_ffmpegs_length_and_sound() {
    if is_missing() {
        return;
    }
    let folder = folder();
    for (rate, channels) in [(44_100, 2), (48_000, 1)] {
        let (audio, input) = source(&folder, rate, channels);
        let cases: &[(&str, &[&str], f64)] = &[
            ("a.mp3", &["-c:a", "libmp3lame", "-b:a", "192k"], 1e-3),
            ("b.mp3", &["-c:a", "libmp3lame", "-q:a", "2"], 1e-3),
            ("c.m4a", &["-c:a", "aac", "-b:a", "192k"], 1e-3),
            ("d.ogg", &["-c:a", "libvorbis", "-q:a", "6"], 1e-3),
            ("e.mp4", &["-c:a", "aac", "-movflags", "faststart"], 1e-3),
        ];
        for (name, arguments, tolerance) in cases {
            let path = folder.path().join(name);
            if !ffmpeg(&input, arguments, &path) {
                println!("skipped {name}: this ffmpeg cannot encode it");
                continue;
            }
            let mut decoder = open(&path, &OpenOptions { strict: true }).unwrap();
            println!("{name}: {:?}", decoder.info());
            assert!(decoder.info().lossy, "{name}");
            let got = read_all(&mut decoder).unwrap();
            assert_eq!(got.frames(), audio.frames(), "{name} against the original");
            let expected = reference(&path, &audio);
            let error = rms_difference(&got, &expected);
            println!(
                "{name}: {} frames, RMS difference {error:.2e}",
                got.frames()
            );
            assert!(error < *tolerance, "{name}: {error}");
            assert_same_bits(&rewind_and_read(&mut decoder, 777), &got);
        }
    }
}

fn rms_difference(a: &Audio, b: &Audio) -> f64 {
    let frames = a.frames().min(b.frames());
    let sum: f64 = (a.channel(0)[..frames].iter().zip(b.channel(0)))
        .map(|(a, b)| f64::from(a - b) * f64::from(a - b))
        .sum();
    (sum / frames as f64).sqrt()
}

#[test]
fn ffmpeg_reads_what_we_write() {
    if is_missing() {
        return;
    }
    let folder = folder();
    for (container, word_length, bits, rf64_above_bytes) in [
        (Container::Wav, WordLength::Bits16, 16, u64::MAX),
        (Container::Wav, WordLength::Bits24, 24, u64::MAX),
        (Container::Wav, WordLength::Float32, 24, u64::MAX),
        (Container::Wav, WordLength::Bits24, 24, 1000),
        (Container::Wav, WordLength::Float32, 24, 1000),
        (Container::Flac, WordLength::Bits16, 16, u64::MAX),
        (Container::Flac, WordLength::Bits24, 24, u64::MAX),
    ] {
        let audio = noise(48_000, 2, 20_001, bits);
        let options = StageOptions {
            rf64_above_bytes,
            ..StageOptions::new(OutputFormat::new(container, word_length).unwrap())
        };
        let path = stage(&folder.path().join("o.wav"), &audio, &options, 1000)
            .commit(true)
            .unwrap();
        assert_same_bits(&reference(&path, &audio), &audio);
    }
}

#[test]
fn what_ffmpeg_decodes_instead_has_its_length_and_says_so() {
    if is_missing() {
        return;
    }
    let folder = folder();
    let (audio, input) = source(&folder, 48_000, 2);
    // Lossless ones give the very samples.
    for (name, arguments, is_lossless) in [
        ("a.opus", &["-c:a", "libopus"][..], false),
        ("b.wma", &["-c:a", "wmav2"], false),
        ("c.wv", &["-c:a", "wavpack"], true),
        ("d.au", &[], true),
        ("e.mka", &["-c:a", "flac"], true),
        // Whose writer fills up to a multiple of 8 bytes.
        ("f.w64", &[], false),
        ("g.m4a", &["-c:a", "ac3", "-f", "mp4"], false),
        ("h.webm", &["-c:a", "libopus"], false),
        ("i.tta", &[], true),
        ("j.ac3", &["-c:a", "ac3"], false),
        ("k.eac3", &["-c:a", "eac3"], false),
        ("l.ts", &["-c:a", "aac"], false),
        ("m.wav", &["-c:a", "adpcm_ms"], false),
        ("n.caf", &["-c:a", "pcm_s8"], false),
        ("a-name: with colon.wv", &[], true),
    ] {
        let path = folder.path().join(name);
        let output = PathBuf::from(format!("file:{}", path.display()));
        if !ffmpeg(&input, arguments, &output) {
            println!("skipped {name}: this ffmpeg cannot encode it");
            continue;
        }
        let mut decoder = open(&path, &OpenOptions::default()).unwrap();
        let foreign = decoder.info().foreign.clone().unwrap();
        assert!(foreign.program.starts_with("ffmpeg "), "{foreign:?}");
        assert_eq!(foreign.changes, Vec::<String>::new());
        let got = read_all(&mut decoder).unwrap();
        assert_eq!(decoder.warnings(), [], "{name}");
        if is_lossless {
            assert_same_bits(&got, &audio);
        }
        let short_frames = audio.frames().saturating_sub(got.frames());
        assert!(short_frames <= 2_048, "{name}: {} frames", got.frames());
        assert_same_bits(&rewind_and_read(&mut decoder, 777), &got);

        let strict = open(&path, &OpenOptions { strict: true });
        let error = strict.err().unwrap().to_string();
        assert!(error.contains("--strict takes nothing"), "{error}");
        let own = open_without_helpers(&path, &OpenOptions::default());
        let error = own.err().unwrap().to_string();
        assert!(error.contains("found"), "{error}");
    }
    let video = folder.path().join("v.mp4");
    let made = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-y",
            "-f",
            "lavfi",
            "-i",
            "color=s=64x64:d=1",
        ])
        .arg(&video)
        .status();
    if made.unwrap().success() {
        let error = open(&video, &OpenOptions::default())
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("only video"), "{error}");
    }
}

#[test]
fn more_channels_become_stereo_by_the_standards_table() {
    if is_missing() {
        return;
    }
    let folder = folder();
    // A constant in each channel of 5.1, so that every sum is known.
    let levels = [0.5, -0.25, 0.2, 0.9, 0.125, 0.0625];
    let exprs: Vec<String> = levels.iter().map(ToString::to_string).collect();
    let made = folder.path().join("made.wav");
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i"])
        .arg(format!(
            "aevalsrc=exprs={}:c=5.1:s=48000:d=1",
            exprs.join("|")
        ))
        .args(["-c:a", "pcm_f32le"])
        .arg(&made)
        .status();
    assert!(status.unwrap().success());
    let half = std::f64::consts::FRAC_1_SQRT_2;
    let left = levels[0] + half * (levels[2] + levels[4]);
    let right = levels[1] + half * (levels[2] + levels[5]);
    for (name, arguments) in [
        ("a.wav", &["-c:a", "pcm_f32le"][..]),
        ("b.flac", &["-sample_fmt", "s32"]),
        ("c.m4a", &["-c:a", "alac"]),
        ("d.wv", &["-c:a", "wavpack"]),
        ("e.mka", &["-c:a", "flac"]),
        ("f.aiff", &["-c:a", "pcm_s24be"]),
        ("g.wav", &["-rf64", "always", "-c:a", "pcm_s24le"]),
    ] {
        let path = folder.path().join(name);
        assert!(ffmpeg(&made, arguments, &path), "{name}");
        let mut decoder = open(&path, &OpenOptions::default()).unwrap();
        let foreign = decoder.info().foreign.clone().unwrap();
        assert!(foreign.changes[0].contains("BS.775"), "{foreign:?}");
        let got = read_all(&mut decoder).unwrap();
        assert_eq!((got.frames(), got.channel_count()), (48_000, 2), "{name}");
        for (channel, expected) in [(0, left), (1, right)] {
            for sample in got.channel(channel) {
                assert!(
                    (f64::from(*sample) - expected).abs() < 1e-3,
                    "{name}: {sample}"
                );
            }
        }
        let error = open(&path, &OpenOptions { strict: true }).err().unwrap();
        assert!(
            error.to_string().contains("--strict takes nothing"),
            "{error}"
        );
    }
}

#[test]
fn sound_that_a_cut_or_a_broken_file_lost_is_told_or_refused() {
    if is_missing() {
        return;
    }
    let folder = folder();
    let (audio, input) = source(&folder, 48_000, 2);
    for (name, arguments) in [
        ("a.opus", &["-c:a", "libopus"][..]),
        ("c.wv", &["-c:a", "wavpack"]),
        ("e.mka", &["-c:a", "flac"]),
        ("i.tta", &[]),
        ("t.flv", &["-c:a", "aac"]),
        ("w.w64", &["-c:a", "pcm_s24le"]),
    ] {
        let path = folder.path().join(name);
        if !ffmpeg(&input, arguments, &path) {
            println!("skipped {name}: this ffmpeg cannot encode it");
            continue;
        }
        let whole = std::fs::read(&path).unwrap();
        let middle = whole.len() / 2;
        let mut broken = whole.clone();
        for byte in &mut broken[middle..middle + 1_500] {
            *byte ^= 0x5A;
        }
        for (what, bytes) in [("cut", &whole[..middle]), ("broken", &broken)] {
            std::fs::write(&path, bytes).unwrap();
            let told = match open(&path, &OpenOptions::default()) {
                Err(_) => true,
                Ok(mut decoder) => match read_all(&mut decoder) {
                    Err(_) => true,
                    Ok(got) => got.frames() >= audio.frames() || !decoder.warnings().is_empty(),
                },
            };
            assert!(told, "{name}, {what}");
        }
    }
}
