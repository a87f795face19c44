//! A session is opened again.

use std::path::Path;

use acetate_studio::{Studio, StudioError, StudioOptions};
use serde_json::{Value, json};

use crate::story::mix;
use crate::wire::Running;

const TURN: &[u8] = br#"{"preset": "apple", "words": "darker"}"#;

fn in_folder(session: &Path) -> StudioOptions {
    StudioOptions {
        session: Some(session.to_owned()),
        ..StudioOptions::default()
    }
}

fn drop_mix(studio: &Running, name: &str, bytes: &[u8]) -> Value {
    let answer = studio.ask("POST", &format!("/api/songs?name={name}"), bytes);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

#[test]
fn a_dropped_mix_is_known_again_by_its_bytes_and_its_knobs_stand_as_they_stood() {
    let folder = tempfile::tempdir().unwrap();
    let session = folder.path().join("mine");
    let (_, bytes) = mix(folder.path());
    let studio = Running::with(in_folder(&session));
    drop_mix(&studio, "my%20song.wav", &bytes);
    studio.wait_for(1, "ready");
    assert_eq!(studio.ask("PUT", "/api/songs/1/turn", TURN).status, 200);
    let slots = json!({ "chosen": "B", "all": { "A": {}, "B": { "words": "darker" } } });
    let kept = studio.ask("PUT", "/api/songs/1/slots", slots.to_string().as_bytes());
    assert_eq!(kept.status, 204, "{}", kept.text());
    let first = studio.wait_for(1, "ready");
    let (_, master) = studio.take(1, "master");
    drop(studio);
    let names: Vec<_> = std::fs::read_dir(&session)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["session.json"], "no audio is kept unasked");

    let studio = Running::with(in_folder(&session));
    let waiting = studio.get("/api/session").json()["waiting"].clone();
    assert_eq!(waiting, json!([{ "name": "my song.wav" }]));
    let mut other = bytes.clone();
    *other.last_mut().unwrap() ^= 1;
    let song = drop_mix(&studio, "my%20song.wav", &other);
    let song = studio.wait_for(song["id"].as_u64().unwrap(), "ready");
    assert_eq!(song["turn"]["words"], "", "other bytes are another mix");
    let song = drop_mix(&studio, "renamed.wav", &bytes);
    let id = song["id"].as_u64().unwrap();
    let song = studio.wait_for(id, "ready");
    assert_eq!(song["turn"], first["turn"]);
    assert_eq!(song["slots"]["chosen"], "B");
    assert_eq!(studio.get("/api/session").json()["waiting"], json!([]));
    assert!(studio.take(id, "master").1 == master, "the same master");
}

#[test]
fn an_earlier_session_is_offered_and_finds_the_mixes_of_the_command_line_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("sessions");
    let (path, _) = mix(folder.path());
    let with = |mixes: &[&Path]| {
        Running::with(StudioOptions {
            mixes: mixes.iter().map(|mix| mix.to_path_buf()).collect(),
            session_folder: Some(place.clone()),
            ..StudioOptions::default()
        })
    };
    let studio = with(&[&path]);
    studio.wait_for(1, "ready");
    studio.ask("PUT", "/api/songs/1/turn", TURN);
    drop(studio);

    let studio = with(&[]);
    let earlier = studio.get("/api/sessions").json()["sessions"].clone();
    assert_eq!(earlier[0]["songs"], json!(["my song.wav"]));
    let text = earlier.to_string();
    assert!(!text.contains(folder.path().to_str().unwrap()), "{text}");
    let name = earlier[0]["name"].as_str().unwrap();
    let opened = studio.ask("POST", &format!("/api/sessions/{name}"), b"");
    assert_eq!(opened.status, 204, "{}", opened.text());
    let song = studio.wait_for(1, "ready");
    assert_eq!(song["turn"]["words"], "darker");
    assert_eq!(studio.get("/api/sessions").json()["sessions"], json!([]));
    for name in ["..", "..%2F..", "session-none"] {
        let path = format!("/api/sessions/{name}");
        assert_eq!(studio.ask("POST", &path, b"").status, 404, "{name}");
        assert_eq!(studio.ask("DELETE", &path, b"").status, 404, "{name}");
    }
    drop(studio);

    let studio = with(&[]);
    let earlier = studio.get("/api/sessions").json()["sessions"].clone();
    let name = earlier[0]["name"].as_str().unwrap();
    let path = format!("/api/sessions/{name}");
    assert_eq!(studio.ask("DELETE", &path, b"").status, 204);
    drop(studio);
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 0);
}

#[test]
fn audio_is_kept_where_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let session = folder.path().join("mine");
    let (_, bytes) = mix(folder.path());
    let keeping = StudioOptions {
        keep_audio: true,
        ..in_folder(&session)
    };
    let studio = Running::with(keeping);
    drop_mix(&studio, "a.wav", &bytes);
    studio.wait_for(1, "ready");
    drop(studio);
    let studio = Running::with(in_folder(&session));
    let song = studio.get("/api/session").json()["songs"][0]["id"].clone();
    let song = studio.wait_for(song.as_u64().unwrap(), "ready");
    assert_eq!(song["name"], "a.wav");
    assert_eq!(studio.get("/api/session").json()["waiting"], json!([]));
    let second = Studio::open(&in_folder(&session));
    assert!(matches!(second, Err(StudioError::InUse { .. })));
}
