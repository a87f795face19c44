//! A mix is dropped, heard, turned and taken home.

use std::path::Path;

use acetate_dsp::{Audio, signal};
use acetate_engine::{Cache, Job, Options, Silent};
use serde_json::json;

use crate::wire::Running;

pub const RATE_HZ: u32 = 44_100;

pub fn write(path: &Path, audio: &Audio) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE_HZ,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for frame in 0..audio.frames() {
        for channel in audio.channels() {
            writer.write_sample(channel[frame]).unwrap();
        }
    }
    writer.finalize().unwrap();
}

/// A mix of ten seconds in a folder, and its bytes.
pub fn mix(folder: &Path) -> (std::path::PathBuf, Vec<u8>) {
    let path = folder.join("my song.wav");
    write(&path, &signal::mix(RATE_HZ, 10.0));
    let bytes = std::fs::read(&path).unwrap();
    (path, bytes)
}

pub fn floats(bytes: &[u8]) -> Vec<f32> {
    let four = bytes.chunks_exact(4);
    four.map(|four| f32::from_le_bytes(four.try_into().unwrap()))
        .collect()
}

#[test]
fn a_dropped_mix_becomes_the_master_of_the_command_line_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = mix(folder.path());
    let studio = Running::new(&[]);
    let answer = studio.ask("POST", "/api/songs?name=my%20song.wav", &bytes);
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.json()["name"], "my song.wav");
    let song = studio.wait_for(1, "ready");
    assert_eq!(song["made"]["all_met"], true);
    assert_eq!(song["frames"], 441_000);

    let ticket = studio.ask("POST", "/api/songs/1/files/master", b"").json();
    assert_eq!(ticket["name"], "my song.master.wav");
    let address = ticket["address"].as_str().unwrap();
    let host = [("Host", studio.host.as_str())];
    let taken = studio.raw("GET", address, &host, b"");
    assert_eq!(taken.status, 200);
    assert_eq!(
        studio.raw("GET", address, &host, b"").status,
        404,
        "a ticket opens once"
    );

    let job = Job::beside(&path).unwrap();
    let options = Options {
        cache: Cache::Off,
        ..Options::default()
    };
    acetate_engine::master(&job, &options, &Silent).unwrap();
    assert!(taken.body == std::fs::read(&job.output).unwrap());

    let report = studio.get("/api/songs/1/report").json();
    assert_eq!(report["input"]["path"], "my song.wav");
    assert_eq!(report["output"]["path"], "my song.master.wav");
}

#[test]
fn what_is_heard_is_what_the_files_hold() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = mix(folder.path());
    let studio = Running::new(&[&path]);
    studio.wait_for(1, "ready");
    let wanted = "from=100000&frames=5000";
    let heard = floats(&studio.get(&format!("/api/songs/1/sound/mix?{wanted}")).body);
    let expected = signal::mix(RATE_HZ, 10.0).slice(100_000, 105_000);
    assert_eq!(heard, expected.channels().concat());

    let heard = floats(
        &studio
            .get(&format!("/api/songs/1/sound/master?{wanted}"))
            .body,
    );
    let ticket = studio.ask("POST", "/api/songs/1/files/master", b"").json();
    let host = [("Host", studio.host.as_str())];
    let taken = studio.raw("GET", ticket["address"].as_str().unwrap(), &host, b"");
    let file = folder.path().join("taken.wav");
    std::fs::write(&file, taken.body).unwrap();
    let mut reader = hound::WavReader::open(&file).unwrap();
    let samples: Vec<f32> = reader
        .samples::<i32>()
        .map(|s| s.unwrap() as f32 / 8_388_608.0)
        .collect();
    let left = (100_000..105_000).map(|frame| samples[2 * frame]);
    let right = (100_000..105_000).map(|frame| samples[2 * frame + 1]);
    assert_eq!(heard, left.chain(right).collect::<Vec<f32>>());

    let curves = studio.get("/api/songs/1/curves").json();
    assert!(curves["mix_lufs"].as_array().unwrap().len() > 50);
    let outline = studio.get("/api/songs/1/outline/master").body;
    assert_eq!(outline.len(), 4 * 441_000_usize.div_ceil(256));
}

#[test]
fn a_turned_knob_is_heard_in_a_passage_and_then_in_a_master() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = mix(folder.path());
    let studio = Running::new(&[&path]);
    studio.wait_for(1, "ready");
    let mut gains = [0.0; 12];
    gains[10] = 6.0;
    let turn = json!({ "eq_mid_db": gains });
    let ask = json!({ "turn": turn, "from": 88_200, "frames": 88_200 });
    let passage = studio.ask("POST", "/api/songs/1/passage", ask.to_string().as_bytes());
    assert_eq!(passage.status, 200, "{}", passage.text());
    let heard = floats(&passage.body);
    assert_eq!(heard.len(), 2 * 88_200);
    let facts: serde_json::Value =
        serde_json::from_str(&passage.headers["x-acetate-passage"]).unwrap();
    assert_eq!(facts["settings"]["eq"]["mid_db"][10], 6.0);

    let turned = studio.ask("PUT", "/api/songs/1/turn", turn.to_string().as_bytes());
    assert_eq!(turned.json()["revision"], 1, "{}", turned.text());
    let song = studio.wait_for(1, "ready");
    assert_eq!(song["made"]["revision"], 1);
    let whole = studio.get("/api/songs/1/sound/master?from=88200&frames=88200&revision=1");
    let whole = floats(&whole.body);
    let power = |samples: &[f32]| samples.iter().map(|s| f64::from(s * s)).sum::<f64>();
    let apart: Vec<f32> = heard.iter().zip(&whole).map(|(a, b)| a - b).collect();
    let share_db = 10.0 * (power(&apart) / power(&whole)).log10();
    assert!(
        share_db < -12.0,
        "the passage is not what the master becomes: {share_db} dB"
    );
}

#[test]
fn what_is_no_sound_is_refused_as_on_the_command_line() {
    let studio = Running::new(&[]);
    studio.ask(
        "POST",
        "/api/songs?name=..%2F..%2Fnotes.wav",
        b"no sound at all",
    );
    let song = loop {
        let song = studio.get("/api/songs/1").json();
        if song["state"] == "failed" {
            break song;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert_eq!(song["name"], "notes.wav");
    let error = song["error"].as_str().unwrap();
    assert!(error.starts_with("notes.wav: "), "{error}");
    assert_eq!(studio.ask("DELETE", "/api/songs/1", b"").status, 204);
    assert_eq!(studio.ask("DELETE", "/api/songs/1", b"").status, 404);
    assert_eq!(studio.get("/api/session").json()["songs"], json!([]));
}

#[test]
fn knobs_out_of_range_are_refused_with_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = mix(folder.path());
    let studio = Running::new(&[&path]);
    studio.wait_for(1, "ready");
    let answer = studio.ask("PUT", "/api/songs/1/turn", b"{\"preset\": \"loudest\"}");
    assert_eq!(answer.status, 422);
    assert!(
        answer.json()["error"]
            .as_str()
            .unwrap()
            .contains("expected one of streaming")
    );
    let answer = studio.ask("PUT", "/api/songs/1/turn", b"{\"words\": \"flurgh\"}");
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert_eq!(studio.get("/api/songs/1").json()["revision"], 0);
}
