//! One run of a tool on one mix: its input written, its output read back and measured.

use std::io;
use std::path::Path;
use std::time::Duration;

use acetate_dsp::process::Processor;
use acetate_dsp::process::dither::{Dither, WordLength};
use acetate_dsp::process::resample::{ResampleError, Resampled};
use acetate_dsp::read_all;
use acetate_dsp::stream::AudioSource;
use acetate_dsp::{Analysis, Audio, Source, StreamError, analyze};
use acetate_io::{Container, OutputFormat, StageOptions, StagedFile, StagedFolder};
use thiserror::Error;

use super::Tool;
use super::process::{Ended, Spent, run};

/// Time limit of a run for the shortest mix, seconds: a Python program may need seconds to begin.
const LIMIT_S: f64 = 60.0;
/// More of it for each second of the mix.
const LIMIT_PER_S: f64 = 10.0;
/// What a tool makes may be so much longer or shorter than the mix, seconds: coders pad.
const LENGTH_TOLERANCE_S: f64 = 0.5;
/// Characters of what a tool said that are kept.
const MAX_REASON_CHARS: usize = 160;

/// Another song of the album, or why there is none.
pub type Reference = Result<Audio, String>;

/// Why a run gave no master.
#[derive(Debug, Error)]
pub enum Failure {
    /// No temporary folder or file could be made.
    #[error("the mix cannot be handed over: {0}")]
    Folder(#[from] acetate_io::WriteError),
    /// The program cannot be run.
    #[error("it cannot be run: {0}")]
    Run(#[source] io::Error),
    /// It ended with an error.
    #[error("expected exit code 0, found {status}{said}")]
    Status {
        /// How it ended.
        status: std::process::ExitStatus,
        /// Its last words, after a colon; empty where it said nothing.
        said: String,
    },
    /// It took too long.
    #[error("expected an end within {limit_s:.0} s, found none: stopped")]
    TimeOver {
        /// The time limit, seconds.
        limit_s: f64,
    },
    /// It said too much.
    #[error("expected at most 16 MiB of words, found more: stopped")]
    TooMuchSaid,
    /// It wants another song of the album.
    #[error("expected another song of the album for {{ref}}, found none: {0}")]
    NoReference(String),
    /// It wrote nothing.
    #[error("expected the file {{out}}, found none{said}")]
    NoFile {
        /// Its last words, after a colon; empty where it said nothing.
        said: String,
    },
    /// What it wrote cannot be read.
    #[error("expected sound in {{out}}, found: {0}")]
    Unreadable(String),
    /// It wrote another number of channels.
    #[error("expected {expected} channels in {{out}}, found {got}")]
    Channels {
        /// Channels of the mix.
        expected: usize,
        /// Channels of what it wrote.
        got: usize,
    },
    /// It wrote another length.
    #[error("expected {expected_s:.1} s in {{out}}, found {got_s:.1} s")]
    Length {
        /// Length of the mix, seconds.
        expected_s: f64,
        /// Length of what it wrote, seconds.
        got_s: f64,
    },
    /// What it wrote is silent.
    #[error("expected music in {{out}}, found silence")]
    Silent,
    /// What it wrote cannot be measured.
    #[error("measuring {{out}}: {0}")]
    Measure(#[from] StreamError),
    /// What it wrote has a sample rate that cannot be converted.
    #[error("{{out}}: {0}")]
    Rate(#[from] ResampleError),
}

/// What a tool made.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Its samples at the rate and with the channels of the mix, its length that of the mix.
    pub audio: Audio,
    /// The figures of [`audio`](Self::audio).
    pub analysis: Analysis,
    /// Integrated loudness of the file as it is, LUFS.
    pub integrated_lufs: f64,
    /// True peak of the file as it is, dBTP.
    pub true_peak_dbtp: f64,
    /// Sample rate of the file, Hz.
    pub sample_rate_hz: u32,
    /// What the run cost.
    pub spent: Spent,
}

/// Removes the temporary folders that killed evaluations have left.
pub fn clean_up() {
    acetate_io::remove_stale_temporary_files(std::env::temp_dir());
}

/// Hands a mix to a tool as a WAV of 24 bits and measures what it makes of it.
///
/// # Errors
/// [`Failure`] when it makes nothing that can be measured.
pub fn hear(tool: &Tool, mix: &Audio, reference: &Reference) -> Result<Heard, Failure> {
    let staged = StagedFolder::create(std::env::temp_dir().join("acetate-eval"), true)?;
    let folder = staged.temporary_path();
    let [input, output, other, said] =
        ["in.wav", "out.wav", "ref.wav", "said.txt"].map(|name| folder.join(name));
    write_24_bit(&input, mix)?;
    if tool.wants_reference() {
        match reference {
            Ok(reference) => write_24_bit(&other, reference)?,
            Err(reason) => return Err(Failure::NoReference(reason.clone())),
        }
    }
    let words = {
        let [input, output, other] = [&input, &output, &other].map(|path| path.to_string_lossy());
        tool.filled(&input, &output, &other)
    };
    let limit_s = LIMIT_S + LIMIT_PER_S * seconds(mix);
    let limit = Duration::from_secs_f64(limit_s);
    let last_words = || last_words(&said, folder);
    let spent = match run(&words, folder, &said, limit).map_err(Failure::Run)? {
        Ended::Itself(status, spent) if status.success() => spent,
        Ended::Itself(status, _) => {
            return Err(Failure::Status {
                status,
                said: last_words(),
            });
        }
        Ended::TimeOver => return Err(Failure::TimeOver { limit_s }),
        Ended::TooMuchSaid => return Err(Failure::TooMuchSaid),
    };
    if !output.is_file() {
        return Err(Failure::NoFile { said: last_words() });
    }
    measured(&output, mix, spent)
}

fn seconds(audio: &Audio) -> f64 {
    audio.frames() as f64 / f64::from(audio.sample_rate_hz())
}

fn write_24_bit(path: &Path, audio: &Audio) -> Result<(), acetate_io::WriteError> {
    let format = OutputFormat::new(Container::Wav, WordLength::Bits24)?;
    let spec = AudioSource::new(audio.clone()).spec();
    let mut file = StagedFile::create(path, spec, &StageOptions::new(format))?;
    let mut quantized = audio.clone();
    Dither::new(WordLength::Bits24, 0).process(&mut quantized);
    file.write_block(&quantized)?;
    file.finish_file()?;
    file.commit(true).map(drop)
}

/// Reads what a tool wrote, no more of it than what fits.
fn measured(path: &Path, mix: &Audio, spent: Spent) -> Result<Heard, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| {
        // The file is known by its place in the command, and its name is nobody's.
        let text = error.to_string();
        let name = format!("{}: ", path.display());
        Failure::Unreadable(text.strip_prefix(&name).unwrap_or(&text).to_owned())
    };
    let options = acetate_io::OpenOptions::default();
    let mut file = acetate_io::open(path, &options).map_err(|error| unreadable(&error))?;
    let spec = file.spec();
    let (expected_s, rate) = (seconds(mix), f64::from(spec.sample_rate_hz));
    let length = |got_s: f64| Failure::Length { expected_s, got_s };
    let most = (rate * (expected_s + LENGTH_TOLERANCE_S)) as usize;
    let mut written = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    loop {
        let read = file
            .read(&mut block, acetate_dsp::stream::BLOCK_FRAMES)
            .map_err(|error| unreadable(&error))?;
        if read == 0 {
            break;
        }
        acetate_dsp::measure::levels::silence_non_finite(&mut block);
        written.append(&block);
        if written.frames() > most {
            return Err(length(seconds(&written)));
        }
    }
    if seconds(&written) < expected_s - LENGTH_TOLERANCE_S {
        return Err(length(seconds(&written)));
    }
    let as_it_is = analyze(&mut AudioSource::new(written.clone()))?;
    if !as_it_is.integrated_lufs.is_finite() {
        return Err(Failure::Silent);
    }
    let audio = like_the_mix(written, mix)?;
    let analysis = if audio.sample_rate_hz() == spec.sample_rate_hz
        && audio.channel_count() == spec.channels
        && audio.frames() as u64 == as_it_is.frames
    {
        as_it_is.clone()
    } else {
        analyze(&mut AudioSource::new(audio.clone()))?
    };
    if !analysis.integrated_lufs.is_finite() {
        return Err(Failure::Silent);
    }
    Ok(Heard {
        audio,
        analysis,
        integrated_lufs: as_it_is.integrated_lufs,
        true_peak_dbtp: as_it_is.true_peak_dbtp,
        sample_rate_hz: spec.sample_rate_hz,
        spent,
    })
}

/// At the rate of the mix and as long as it. Two channels of a mono mix become their mean, since
/// some programs write stereo only.
fn like_the_mix(written: Audio, mix: &Audio) -> Result<Audio, Failure> {
    let (expected, got) = (mix.channel_count(), written.channel_count());
    let written = match (expected, got) {
        (1, 2) => mono(&written),
        _ if expected == got => written,
        _ => return Err(Failure::Channels { expected, got }),
    };
    let mut audio = if written.sample_rate_hz() == mix.sample_rate_hz() {
        written
    } else {
        let source = AudioSource::new(written);
        read_all(&mut Resampled::new(source, mix.sample_rate_hz())?)?
    };
    audio.set_frames(mix.frames());
    Ok(audio)
}

fn mono(stereo: &Audio) -> Audio {
    let mut out = Audio::silence(stereo.sample_rate_hz(), 1, stereo.frames());
    let (left, right) = (stereo.channel(0), stereo.channel(1));
    for samples in out.channels_mut() {
        for (sample, (l, r)) in samples.iter_mut().zip(left.iter().zip(right)) {
            *sample = 0.5 * (l + r);
        }
    }
    out
}

/// The last line that a tool said, after a colon, as one line of plain characters without the name
/// of the temporary folder.
fn last_words(said: &Path, folder: &Path) -> String {
    let bytes = std::fs::read(said).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty());
    let Some(last) = last else {
        return String::new();
    };
    let folder = format!("{}/", folder.display());
    let plain: String = last
        .replace(&folder, "")
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_REASON_CHARS)
        .collect();
    format!(": {plain}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::test_signal::music;

    fn heard(command: &str, mix: &Audio) -> Result<Heard, Failure> {
        let tool = Tool::parse(&format!("tool={command}")).unwrap();
        hear(&tool, mix, &Err("this is a test".to_owned()))
    }

    fn failure(command: &str, mix: &Audio) -> String {
        heard(command, mix).unwrap_err().to_string()
    }

    #[test]
    fn a_copy_is_the_mix_to_24_bits() {
        let mix = music(2.0);
        let heard = heard("cp {in} {out}", &mix).unwrap();
        assert_eq!(heard.audio.frames(), mix.frames());
        assert_eq!(heard.sample_rate_hz, 44_100);
        assert_eq!(heard.integrated_lufs, heard.analysis.integrated_lufs);
        let worst = heard.audio.channels().iter().flatten();
        let worst = worst
            .zip(mix.channels().iter().flatten())
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(worst > 0.0 && worst <= 0.5 / 8_388_608.0 * 1.01, "{worst}");
    }

    #[test]
    fn every_way_to_fail_is_told() {
        let mix = music(2.0);
        let stereo_of_half = "sh -c 'head -c 100000 \"$0\" > \"$1\"' {in} {out}";
        for (command, expected) in [
            (
                "false {in} {out}",
                "expected exit code 0, found exit status: 1",
            ),
            (
                "sh -c 'echo one; echo \"no: $0\" >&2; exit 7' {in} {out}",
                "7: no: in.wav",
            ),
            ("true {in} {out}", "expected the file {out}, found none"),
            (
                "sh -c 'echo nothing > \"$1\"' {in} {out}",
                "expected sound in {out}",
            ),
            ("cp {ref} {out}{in}", "found none: this is a test"),
            (stereo_of_half, "expected 2.0 s in {out}, found 0."),
        ] {
            let text = failure(command, &mix);
            assert!(text.contains(expected), "{command}: {text}");
            assert!(!text.contains("acetate-tmp"), "{text}");
        }
        let silent = Audio::silence(44_100, 2, 88_200);
        assert!(failure("cp {in} {out}", &silent).contains("found silence"));
    }

    #[test]
    fn another_rate_and_a_doubled_mono_are_measured_as_the_mix_is() {
        let mix = music(2.0);
        let mut at_48 = Resampled::new(AudioSource::new(mix.clone()), 48_000).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other.wav");
        write_24_bit(&other, &read_all(&mut at_48).unwrap()).unwrap();
        let command = format!("sh -c 'cp {} \"$1\"' {{in}} {{out}}", other.display());
        let got = heard(&command, &mix).unwrap();
        assert_eq!(got.sample_rate_hz, 48_000);
        assert_eq!(got.audio.sample_rate_hz(), 44_100);
        assert_eq!(got.audio.frames(), mix.frames());
        let off = got.analysis.integrated_lufs - got.integrated_lufs;
        assert!(off.abs() < 0.05, "{off}");
        let one = mono(&mix);
        let heard = heard(&command, &one).unwrap();
        assert_eq!(heard.audio.channel_count(), 1);
        // A file of two channels with the same in both is 3 LU louder than one.
        let narrow = Audio::silence(44_100, 2, 88_200);
        assert!(matches!(
            like_the_mix(one, &narrow),
            Err(Failure::Channels {
                expected: 2,
                got: 1
            })
        ));
    }
}
