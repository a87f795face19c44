//! A folder of its own for each test, and the binary run inside it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A temporary folder that the binary runs in.
pub struct Dir {
    folder: tempfile::TempDir,
    /// What the binary takes for the user's cache.
    cache: tempfile::TempDir,
}

/// What a run printed and how it ended.
pub struct Ran {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Dir {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            cache: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The analyses that the binary kept.
    pub fn kept_analyses(&self) -> Vec<PathBuf> {
        let folder = self.cache.path().join("acetate").join("analyses");
        std::fs::read_dir(folder).map_or_else(
            |_| Vec::new(),
            |entries| {
                entries
                    .map(|entry| entry.expect("an entry").path())
                    .collect()
            },
        )
    }

    /// Copies an excerpt of tests/audio into the folder.
    pub fn excerpt(&self, name: &str) -> PathBuf {
        let to = self.path(name);
        std::fs::copy(audio(name), &to).expect("the excerpt copies");
        to
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("the file is written");
        path
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).expect("the file is there")
    }

    /// Names in the folder, sorted.
    pub fn names(&self) -> Vec<String> {
        self.names_in("")
    }

    /// Names in a folder of it, sorted.
    pub fn names_in(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.path(folder))
            .expect("the folder lists")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    /// The binary, about to run in this folder.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_acetate"));
        command
            .current_dir(self.folder.path())
            .env("XDG_CACHE_HOME", self.cache.path())
            .env("XDG_CONFIG_HOME", self.cache.path())
            .args(args);
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().expect("the binary runs"))
    }

    pub fn run_with_stdin(&self, args: &[&str], input: &Path) -> Ran {
        let file = std::fs::File::open(input).expect("the input opens");
        let output = self
            .command(args)
            .stdin(Stdio::from(file))
            .output()
            .expect("the binary runs");
        Ran::of(output)
    }
}

impl Ran {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("an exit code, not a signal"),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            code,
            "stdout: {}\nstderr: {}",
            self.text(),
            self.stderr
        );
        self
    }

    /// The only line of standard output, as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        let text = self.text();
        assert_eq!(text.lines().count(), 1, "one object on one line: {text}");
        serde_json::from_str(&text).expect("standard output is JSON")
    }
}

/// An excerpt's place in the repository.
pub fn audio(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/audio")
        .join(name)
}

/// Samples of a WAV as numbers of full scale 1, interleaved, and its header.
pub fn read_wav(path: &Path) -> (hound::WavSpec, Vec<f64>) {
    let mut reader = hound::WavReader::open(path).expect("a WAV");
    let spec = reader.spec();
    let samples = match spec.sample_format {
        hound::SampleFormat::Float => reader
            .samples::<f32>()
            .map(|sample| f64::from(sample.expect("a sample")))
            .collect(),
        hound::SampleFormat::Int => {
            let full_scale = f64::from(1u32 << (spec.bits_per_sample - 1));
            reader
                .samples::<i32>()
                .map(|sample| f64::from(sample.expect("a sample")) / full_scale)
                .collect()
        }
    };
    (spec, samples)
}

/// Writes a float WAV of interleaved samples.
pub fn write_wav(path: &Path, sample_rate_hz: u32, channels: u16, samples: &[f32]) {
    let spec = hound::WavSpec {
        channels,
        sample_rate: sample_rate_hz,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(path, spec).expect("a WAV is created");
    for &sample in samples {
        writer.write_sample(sample).expect("a sample is written");
    }
    writer.finalize().expect("the WAV is finished");
}

/// Seconds of a stereo program: a chord with a pulse, peak about -9 dBFS.
pub fn program(sample_rate_hz: u32, seconds: f64) -> Vec<f32> {
    let frames = (f64::from(sample_rate_hz) * seconds) as usize;
    (0..frames)
        .flat_map(|frame| {
            let time = frame as f64 / f64::from(sample_rate_hz);
            let tone = |hz: f64| (std::f64::consts::TAU * hz * time).sin();
            let pulse = (-6.0 * (time * 2.0).fract()).exp();
            let left = 0.12 * tone(110.0) + 0.1 * tone(440.0) + 0.2 * pulse * tone(55.0);
            let right = 0.12 * tone(110.0) + 0.1 * tone(554.37) + 0.2 * pulse * tone(55.0);
            [left as f32, right as f32]
        })
        .collect()
}
