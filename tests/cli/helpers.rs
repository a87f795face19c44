//! The programs that are asked for help, ffmpeg and ffprobe, are stand-ins here that misbehave: what they
//! give is believed only if it can be right, and none of them outlives or holds up a run.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::dir::{Dir, Ran, program, write_wav};

/// What ffprobe says of four seconds of stereo at 48 kHz.
const FOUR_SECONDS: &str = r#"{"streams": [{"index": 0, "codec_name": "wavpack", "sample_rate": "48000",
    "channels": 2, "channel_layout": "stereo", "duration": "4.0"}],
    "format": {"format_name": "wv", "nb_streams": 1, "duration": "4.0", "probe_score": 100}}"#;

/// A folder with a file that only ffmpeg decodes, a mix, and stand-ins for ffmpeg and ffprobe.
struct Helped {
    dir: Dir,
}

impl Helped {
    /// `decoding`: what ffmpeg does with a file, as a shell script; `$SOUND` names what it should give.
    fn new(decoding: &str) -> Self {
        let dir = Dir::new();
        let sound = program(48_000, 4.0);
        write_wav(&dir.path("mix.wav"), 48_000, 2, &sound);
        let bytes: Vec<u8> = sound
            .iter()
            .flat_map(|sample| sample.to_le_bytes())
            .collect();
        dir.write("sound.f32", &bytes);
        dir.write("song.wv", &[b"wvpk".as_slice(), &[7; 200_000]].concat());
        std::fs::create_dir(dir.path("bin")).unwrap();
        let encoders =
            "' A....D aac x\n A....D libvorbis x\n A....D libopus x\n A....D libmp3lame x\n'";
        let helped = Self { dir };
        helped.program("ffprobe", &format!("cat <<'END'\n{FOUR_SECONDS}\nEND"));
        let script = format!(
            "case \"$*\" in\n*-version*) echo 'ffmpeg version 5.0-stand-in Copyright';;\n\
             *-encoders*) printf {encoders};;\n\
             *'-f f32le pipe:1'*) {decoding};;\n*) cat;;\nesac"
        );
        helped.program("ffmpeg", &script);
        helped
    }

    fn program(&self, name: &str, script: &str) {
        let sound = self.dir.path("sound.f32");
        let text = format!("#!/bin/sh\nSOUND='{}'\n{script}\n", sound.display());
        let path = self.dir.write(&format!("bin/{name}"), text.as_bytes());
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.dir.command(args);
        let old = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{old}", self.dir.path("bin").display()));
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().expect("the binary runs"))
    }

    /// Nothing stands there that was not before.
    fn expect_nothing_new(&self) {
        let names = self.dir.names();
        assert_eq!(names, ["bin", "mix.wav", "song.wv", "sound.f32"]);
    }
}

/// What is running whose arguments hold this.
fn is_running(mark: &str) -> bool {
    let listed = Command::new("ps").args(["-eo", "args"]).output().unwrap();
    String::from_utf8_lossy(&listed.stdout)
        .lines()
        .any(|line| line.contains(mark))
}

#[test]
fn a_file_that_only_ffmpeg_decodes_is_declared_everywhere() {
    let helped = Helped::new("cat \"$SOUND\"");
    let report = helped.run(&["analyze", "song.wv", "--json"]).expect(0);
    let told = |value: &Value| {
        assert_eq!(value["input"]["decoder"], "ffmpeg 5.0-stand-in");
        let findings = value["findings"].as_array().unwrap();
        assert!(
            findings
                .iter()
                .any(|finding| finding["code"] == "decoded-elsewhere")
        );
    };
    assert_eq!(report.json()["analysis"]["frames"], 192_000);
    told(&report.json());
    assert!(report.stderr.contains("decoded by ffmpeg 5.0-stand-in"));
    let text = helped.run(&["analyze", "song.wv"]).expect(0).text();
    assert!(
        text.contains("decoded by            ffmpeg 5.0-stand-in"),
        "{text}"
    );
    let check = helped.run(&["check", "song.wv", "--json"]);
    assert!(
        check.text().contains("decoded-elsewhere"),
        "{}",
        check.text()
    );

    let args = [
        "master",
        "song.wv",
        "-o",
        "o.wav",
        "--no-codec-safe",
        "--certificate",
        "c.json",
    ];
    let text = helped.run(&args).expect(0).text();
    assert!(text.contains("decoded by            ffmpeg"), "{text}");
    let certificate: Value = serde_json::from_slice(&helped.dir.bytes("c.json")).unwrap();
    told(&certificate);
    let verify = [
        "verify",
        "o.wav",
        "--certificate",
        "c.json",
        "--input",
        "song.wv",
    ];
    helped.run(&verify).expect(0);
    // Another version of the same samples is another decoder.
    let script = std::fs::read_to_string(helped.dir.path("bin/ffmpeg")).unwrap();
    helped.program("ffmpeg", &script.replace("5.0", "6.0"));
    let text = helped.run(&verify).expect(1).text();
    assert!(text.contains("6.0-stand-in"), "{text}");
}

#[test]
fn strict_and_a_missing_ffmpeg_are_refused_with_what_to_do() {
    let helped = Helped::new("cat \"$SOUND\"");
    let strict = helped.run(&["analyze", "song.wv", "--strict"]).expect(2);
    for part in [
        "song.wv",
        "WavPack",
        "--strict takes nothing",
        "ffmpeg -i \"song.wv\"",
    ] {
        assert!(strict.stderr.contains(part), "{}", strict.stderr);
    }
    let mut command = helped.dir.command(&["master", "song.wv", "-o", "o.wav"]);
    let ran = Ran::of(command.env("PATH", "").output().unwrap()).expect(2);
    for part in [
        "song.wv",
        "WavPack",
        "ffmpeg is not installed",
        "install ffmpeg",
    ] {
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    }
    helped.expect_nothing_new();
}

#[test]
fn what_cannot_be_the_files_sound_is_not_mastered() {
    for (decoding, said) in [
        ("head -c 1536000 /dev/zero", "nothing but silence"),
        (
            "head -c 192000 \"$SOUND\"",
            "0.50 s of sound came from ffmpeg",
        ),
        ("cat \"$SOUND\"; exit 1", "ended with exit status: 1"),
        ("head -c 1000000 \"$SOUND\"; kill -9 $$", "signal: 9"),
        ("head -c 1536000 /dev/zero | tr '\\0' '\\377'", "no numbers"),
        ("exit 0", "0.00 s of sound came from ffmpeg"),
    ] {
        let helped = Helped::new(decoding);
        let ran = helped.run(&["master", "song.wv", "-o", "o.wav", "--no-codec-safe"]);
        assert_eq!(ran.code, 2, "{decoding}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{decoding}: {}", ran.stderr);
        helped.expect_nothing_new();
    }
}

#[test]
fn what_ffmpeg_complains_of_is_damage() {
    let helped = Helped::new("cat \"$SOUND\"; echo '[wv @ 0x12ab] checksum' >&2");
    let ran = helped.run(&["analyze", "song.wv", "--json"]).expect(0);
    let findings = ran.json()["findings"].clone();
    let findings = findings.as_array().unwrap();
    let damaged = findings.iter().find(|finding| finding["code"] == "damaged");
    let text = damaged.unwrap()["text"].as_str().unwrap().to_owned();
    assert!(text.ends_with("wv says: checksum"), "{text}");
}

#[test]
fn a_decoder_that_hangs_is_ended() {
    let helped = Helped::new("head -c 500000 \"$SOUND\"; sleep 301.25");
    let started = Instant::now();
    let ran = helped.run(&["master", "song.wv", "-o", "o.wav", "--no-codec-safe"]);
    assert!(started.elapsed() < Duration::from_secs(60));
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("was ended because"), "{}", ran.stderr);
    helped.expect_nothing_new();
    assert!(!is_running("sleep 301.25"));
}

#[test]
fn an_interrupt_ends_the_helpers_too() {
    let helped = Helped::new("head -c 500000 \"$SOUND\"; sleep 302.25");
    let mut command = helped.command(&["master", "song.wv", "-o", "o.wav", "--no-codec-safe"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.unwrap();
    let started = Instant::now();
    while !is_running("sleep 302.25") {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "it never began"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(130));
    std::thread::sleep(Duration::from_millis(200));
    assert!(!is_running("sleep 302.25"));
    helped.expect_nothing_new();
}

#[test]
fn a_codec_is_believed_only_if_the_master_comes_back() {
    let args = ["master", "mix.wav", "-o", "o.wav", "--codec-safe", "-q"];
    for (decoding, said) in [
        ("cat >/dev/null; head -c 1536000 /dev/zero", "silence"),
        (
            "head -c 192000; cat >/dev/null",
            "0.50 s of sound for 4.00 s",
        ),
        (
            "cat >/dev/null; head -c 1536000 /dev/zero | tr '\\0' '\\377'",
            "no numbers",
        ),
        ("cat >/dev/null", "no sound"),
        ("cat; cat \"$SOUND\"", "8.00 s of sound"),
        ("exit 3", "exit status: 3"),
    ] {
        let helped = Helped::new(decoding);
        let ran = helped.run(&args);
        assert_eq!(ran.code, 2, "{decoding}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{decoding}: {}", ran.stderr);
        helped.expect_nothing_new();
    }
    // One that gives back what it was given, within its delay.
    let helped = Helped::new("head -c 8000 /dev/zero; cat");
    helped.run(&args).expect(0);
}

#[test]
fn a_codec_that_hangs_is_ended() {
    for decoding in ["sleep 303.25", "cat >/dev/null; sleep 303.25"] {
        let helped = Helped::new(decoding);
        let started = Instant::now();
        let ran = helped.run(&["master", "mix.wav", "-o", "o.wav", "--codec-safe", "-q"]);
        assert!(started.elapsed() < Duration::from_secs(60));
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains("was ended because"), "{}", ran.stderr);
        helped.expect_nothing_new();
        assert!(!is_running("sleep 303.25"));
    }
}

#[test]
fn a_codec_that_asks_for_ever_less_level_gets_no_silence() {
    // 8 dB louder, however low the ceiling is.
    let louder = r#"perl -e 'binmode STDIN; binmode STDOUT;
        while (read(STDIN, $b, 4) == 4) { print pack("f<", 2.5 * unpack("f<", $b)) }'"#;
    let helped = Helped::new(louder);
    let args = ["master", "mix.wav", "-o", "o.wav", "--codec-safe", "--json"];
    let report = helped.run(&args).expect(1).json();
    let codecs = &report["mastering"]["codecs"];
    assert_eq!(codecs["held"], false);
    let figure = |name: &str| codecs[name].as_f64().unwrap();
    let lowered_db = figure("asked_ceiling_dbtp") - figure("ceiling_dbtp");
    assert!((lowered_db - 6.0).abs() < 0.01, "{lowered_db}");
    let loudness_lufs = report["mastering"]["after"]["integrated_lufs"].as_f64();
    assert!(loudness_lufs.unwrap() > -22.0, "{loudness_lufs:?}");
}
