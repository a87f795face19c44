//! What stands beside a song's master: references, variants, pack, page, the folder to deliver into, an album.

use std::io::Cursor;

use acetate_dsp::signal;
use acetate_studio::StudioOptions;
use serde_json::{Value, json};

use crate::story::{RATE_HZ, floats, mix, write};
use crate::wire::Running;

fn turn(studio: &Running, turn: &Value) -> Value {
    let answer = studio.ask("PUT", "/api/songs/1/turn", turn.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[test]
fn a_reference_leads_the_settings_and_is_heard_at_the_songs_own_rate() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = mix(folder.path());
    let studio = Running::new(&[&path]);
    studio.wait_for(1, "ready");
    let file = folder.path().join("record.wav");
    let mut dull = signal::mix(RATE_HZ, 6.0);
    for channel in dull.channels_mut() {
        let mut held = 0.0_f32;
        for sample in channel {
            held += 0.05 * (*sample - held);
            *sample = 4.0 * held;
        }
    }
    write(&file, &dull);
    let bytes = std::fs::read(&file).unwrap();
    let added = studio.ask("POST", "/api/songs/1/references?name=record.wav", &bytes);
    assert_eq!(added.status, 201, "{}", added.text());
    let is_ready = |song: &Value| song["references"][0]["is_ready"] == true;
    let song = studio.wait_until(1, is_ready);
    assert_eq!(song["references"][0]["name"], "record.wav");
    assert!(song["references"][0]["lufs"].as_f64().unwrap() < 0.0);

    let plain = turn(&studio, &json!({}));
    let led = turn(
        &studio,
        &json!({ "reference": 1, "reference_share": 100.0 }),
    );
    let top = |turned: &Value| turned["settings"]["eq"]["mid_db"][11].as_f64().unwrap();
    assert!(
        top(&led) < top(&plain) - 1.0,
        "{} {}",
        top(&led),
        top(&plain)
    );
    studio.wait_for(1, "ready");

    // It begins again where it ends: six seconds of it under ten of the song.
    let at = |from: u32| {
        let wanted = format!("/api/songs/1/sound/reference.1?from={from}&frames=500");
        floats(&studio.get(&wanted).body)
    };
    assert_eq!(at(1_000), dull.slice(1_000, 1_500).channels().concat());
    assert_eq!(at(6 * RATE_HZ + 1_000), at(1_000));
    for name in ["reference.2", "reference.x", "reference.", "variant.dark"] {
        let path = format!("/api/songs/1/sound/{name}?from=0&frames=5");
        assert!(studio.get(&path).status >= 404, "{name}");
    }
    assert_eq!(
        studio
            .ask("DELETE", "/api/songs/1/references/1", b"")
            .status,
        204
    );
    let song = studio.wait_until(1, |song| song["turn"]["reference"].is_null());
    assert_eq!(song["references"], json!([]));
    let nobody = studio.ask("PUT", "/api/songs/1/turn", b"{\"reference\": 7}");
    assert_eq!(nobody.status, 422, "{}", nobody.text());
}

#[test]
fn a_reference_that_is_no_sound_is_said_and_the_song_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = mix(folder.path());
    let studio = Running::new(&[&path]);
    studio.wait_for(1, "ready");
    let added = studio.ask(
        "POST",
        "/api/songs/1/references?name=notes.wav",
        b"no sound",
    );
    assert_eq!(added.status, 201);
    let song = studio.wait_until(1, |song| song["references"] == json!([]));
    assert_eq!(song["state"], "ready");
}

#[test]
fn a_variant_that_is_chosen_becomes_the_very_master_that_was_heard() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = mix(folder.path());
    let studio = Running::new(&[&path]);
    studio.wait_for(1, "ready");
    assert_eq!(studio.ask("POST", "/api/songs/1/variants", b"").status, 202);
    let song = studio.wait_until(1, |song| !song["variants"].is_null());
    let names = song["variants"]["all"].as_array().unwrap();
    let names: Vec<&str> = names
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["open", "loud", "dark", "bright"]);
    assert_eq!(song["varying"], false);
    let heard = |name: &str| {
        let wanted = format!("/api/songs/1/sound/{name}?from=100000&frames=50000");
        studio.get(&wanted).body
    };
    let dark = heard("variant.dark");
    assert!(dark != heard("master") && dark.len() == 2 * 4 * 50_000);
    turn(
        &studio,
        &json!({ "words": song["variants"]["all"][2]["words"] }),
    );
    studio.wait_for(1, "ready");
    assert!(dark == heard("master"));

    turn(&studio, &json!({ "eq_mid_db": vec![1.0; 12] }));
    studio.wait_for(1, "ready");
    let refused = studio.ask("POST", "/api/songs/1/variants", b"");
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("go back to the proposal"));
}

#[test]
fn page_and_pack_are_made_and_everything_is_delivered_into_the_folder_that_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = mix(folder.path());
    let home = folder.path().join("home");
    std::fs::create_dir(&home).unwrap();
    let studio = Running::with(StudioOptions {
        mixes: vec![path],
        deliver_to: Some(home.clone()),
        ..StudioOptions::default()
    });
    studio.wait_for(1, "ready");
    let early = studio.ask("POST", "/api/songs/1/files/page", b"");
    assert_eq!(early.status, 409, "{}", early.text());
    for kind in ["page", "pack"] {
        let asked = studio.ask("POST", &format!("/api/songs/1/beside/{kind}"), b"");
        assert_eq!(asked.status, 202, "{}", asked.text());
    }
    let all = json!(["page", "pack"]);
    studio.wait_until(1, |song| song["made"]["beside"] == all);
    let (name, page) = studio.take(1, "page");
    assert_eq!(name, "my song.master.report.html");
    let page = String::from_utf8(page).unwrap();
    let here = folder.path().to_str().unwrap();
    let sessions = studio.folder.path().to_str().unwrap();
    assert!(page.contains("my song.master.wav"));
    assert!(
        !page.contains(here) && !page.contains(sessions),
        "a place is named"
    );
    let (name, pack) = studio.take(1, "pack");
    assert_eq!(name, "my song.pack.zip");
    let mut pack = zip::ZipArchive::new(Cursor::new(pack)).unwrap();
    let (_, master) = studio.take(1, "master");
    let mut packed = Vec::new();
    let entry = &mut pack.by_name("my song.pack/un-limited.wav").unwrap();
    std::io::Read::read_to_end(entry, &mut packed).unwrap();
    assert!(packed.starts_with(b"RIFF"));

    let delivered = studio.ask("POST", "/api/songs/1/deliver", b"");
    assert_eq!(delivered.status, 200, "{}", delivered.text());
    let files = delivered.json()["files"].clone();
    assert_eq!(files.as_array().unwrap().len(), 5);
    for file in files.as_array().unwrap() {
        assert!(home.join(file.as_str().unwrap()).is_file(), "{file}");
    }
    assert!(std::fs::read(home.join("my song.master.wav")).unwrap() == master);
    let again = studio.ask("POST", "/api/songs/1/deliver", b"");
    assert_eq!(again.status, 409, "nothing is replaced");
    assert!(!again.text().contains(here), "{}", again.text());
}

#[test]
fn songs_are_decided_on_together_in_the_order_that_they_were_put() {
    let folder = tempfile::tempdir().unwrap();
    let quiet = folder.path().join("quiet.wav");
    let mut audio = signal::mix(RATE_HZ, 8.0);
    audio.scale(0.2);
    write(&quiet, &audio);
    let (path, _) = mix(folder.path());
    let studio = Running::new(&[&quiet, &path]);
    studio.wait_for(2, "ready");
    let order = studio.ask("PUT", "/api/order", b"{\"songs\": [2, 1]}");
    assert_eq!(order.status, 204, "{}", order.text());
    let session = studio.get("/api/session").json();
    assert_eq!(session["songs"][0]["name"], "my song.wav");
    let asked = json!({ "songs": [2, 1], "balance": "album", "target": "streaming" });
    let album = studio.ask("POST", "/api/album", asked.to_string().as_bytes());
    assert_eq!(album.status, 200, "{}", album.text());
    let album = album.json();
    assert_eq!(album["songs"][0]["id"], 2);
    assert_eq!(album["songs"][0]["gap_s"], 0.0);
    assert!(album["songs"][1]["gap_s"].as_f64().unwrap() > 0.0);
    let levels = album["songs"].as_array().unwrap();
    let levels = levels.iter().map(|song| song["level_lu"].as_f64().unwrap());
    assert!((levels.fold(f64::NEG_INFINITY, f64::max)).abs() < 1e-9);
    let nobody = json!({ "songs": [7], "balance": "album", "target": "streaming" });
    let refused = studio.ask("POST", "/api/album", nobody.to_string().as_bytes());
    assert_eq!(refused.status, 422);
}

#[test]
fn every_loudspeaker_can_be_listened_through_and_none_makes_it_louder() {
    let studio = Running::new(&[]);
    let devices = studio.get("/api/session").json()["devices"].clone();
    for device in devices.as_array().unwrap() {
        let name = device["name"].as_str().unwrap().replace(' ', "%20");
        assert!(!device["source"].as_str().unwrap().is_empty());
        let taps = studio.get(&format!("/api/devices/{name}?rate_hz=48000"));
        let taps = floats(&taps.body);
        let gain_at = |hz: f32| {
            let step = std::f32::consts::TAU * hz / 48_000.0;
            let parts = taps.iter().enumerate().map(|(n, tap)| {
                let (sin, cos) = (step * n as f32).sin_cos();
                (tap * cos, tap * sin)
            });
            let (re, im) = parts.fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
            re.hypot(im)
        };
        let most = [30.0, 60.0, 100.0, 1_000.0, 3_000.0, 10_000.0].map(gain_at);
        assert!(
            most.into_iter().fold(0.0, f32::max) < 1.06,
            "{name}: {most:?}"
        );
    }
    assert_eq!(studio.get("/api/devices/radio?rate_hz=48000").status, 404);
    assert_eq!(studio.get("/api/devices/phone?rate_hz=1").status, 400);
}
