//! What is said before any work.

use crate::dir::{Dir, write_wav};

fn tone(dir: &Dir, name: &str, rate_hz: u32, channels: u16, seconds: f64) {
    let frames = (f64::from(rate_hz) * seconds) as usize;
    let samples: Vec<f32> = (0..frames * usize::from(channels))
        .map(|n| 0.2 * (n as f32 * 0.05).sin())
        .collect();
    write_wav(&dir.path(name), rate_hz, channels, &samples);
}

#[test]
fn what_cannot_be_made_is_one_clear_message_before_the_work() {
    let dir = Dir::new();
    for name in ["a.wav", "b.wav"] {
        tone(&dir, name, 44_100, 2, 2.0);
    }
    tone(&dir, "48.wav", 48_000, 2, 2.0);
    tone(&dir, "mono.wav", 44_100, 1, 2.0);
    dir.write("notes.wav", b"this is no music");
    dir.write("cover.jpg", &vec![0xFF; 40 << 20]);
    let two = "[[track]]\nfile = \"a.wav\"\nisrc = \"USRC17607839\"\n[[track]]\nfile = \"b.wav\"\n";
    let cases: [(&str, String, &[&str]); 14] = [
        (
            "no file",
            "[[track]]\nfile = \"gone.wav\"\n".into(),
            &["track 1 (gone.wav)", "expected a file", "album.toml"],
        ),
        (
            "no sound",
            "[[track]]\nfile = \"notes.wav\"\n".into(),
            &["notes.wav"],
        ),
        (
            "no track",
            "[album]\ntitle = \"x\"\n".into(),
            &["at least one [[track]]"],
        ),
        (
            "an unknown field",
            "[album]\ntitel = \"x\"\n".into(),
            &["album.toml", "titel"],
        ),
        (
            "a wrong check digit",
            "[album]\nupc = \"036000291453\"\n".into(),
            &["check digit 2"],
        ),
        (
            "a wrong ISRC",
            two.replace("USRC17607839", "US-1"),
            &["expected an ISRC", "US-1"],
        ),
        (
            "one ISRC twice",
            format!("{two}isrc = \"us-rc1-76-07839\"\n"),
            &["track 2", "USRC17607839, which track 1 has"],
        ),
        (
            "a long crossfade",
            format!("{two}crossfade_s = 3.0\n"),
            &["crossfade_s", "2.00 s", "3 s"],
        ),
        (
            "a gap and a join",
            format!("{two}gap_s = 1.0\njoin = true\n"),
            &["one of join, crossfade_s and gap_s"],
        ),
        (
            "two rates",
            two.replace("b.wav", "48.wav"),
            &["48.wav", "44100 Hz", "48000 Hz", "sample_rate_hz"],
        ),
        (
            "mono beside stereo",
            two.replace("b.wav", "mono.wav"),
            &["mono.wav", "stereo", "mono_to_stereo"],
        ),
        (
            "a huge cover",
            format!("[album]\ncover = \"cover.jpg\"\n{two}"),
            &["cover.jpg", "15 MB", "40.0 MB"],
        ),
        (
            "a short track of a CD",
            format!("[deliver]\nformats = [\"cd\"]\n{two}"),
            &["at least 4 s", "2.00 s"],
        ),
        (
            "an unknown deliverable",
            format!("[deliver]\nformats = [\"tape\"]\n{two}"),
            &["tape", "vinyl"],
        ),
    ];
    for (what, text, expected) in cases {
        dir.write("album.toml", text.as_bytes());
        let ran = dir
            .run(&["album", "album.toml", "--out-dir", "out"])
            .expect(2);
        assert_eq!(ran.stderr.lines().count(), 1, "{what}: {}", ran.stderr);
        for part in expected {
            assert!(ran.stderr.contains(part), "{what}: {part}: {}", ran.stderr);
        }
        assert!(!dir.path("out").exists(), "{what}");
    }
}

#[test]
fn thirty_long_songs_are_too_much_for_a_cd_and_are_never_decoded_for_that() {
    let dir = Dir::new();
    // 170 s of silence in a FLAC take a few kilobytes.
    tone(&dir, "a.wav", 8_000, 1, 170.0);
    let mut text = "[deliver]\nformats = [\"cd\"]\n".to_owned();
    text += &"[[track]]\nfile = \"a.wav\"\n".repeat(30);
    dir.write("album.toml", text.as_bytes());
    let ran = dir.run(&["album", "album.toml", "-o", "out"]).expect(2);
    assert!(
        ran.stderr.contains("at most 79:57 of sound, found 85:00"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_first_manifest_has_order_and_titles_and_is_not_written_over() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path("songs")).expect("a folder");
    for name in [
        "songs/10 - Last.wav",
        "songs/2 - Second_one.wav",
        "songs/1 - First.wav",
    ] {
        tone(&dir, name, 44_100, 2, 1.0);
    }
    dir.run(&["album", "init", "songs"]).expect(0);
    let text = String::from_utf8(dir.bytes("songs/album.toml")).expect("a text");
    let titles: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("title = "))
        .collect();
    assert_eq!(
        titles[1..],
        [
            "title = \"First\"",
            "title = \"Second one\"",
            "title = \"Last\""
        ]
    );
    let again = dir.run(&["album", "init", "songs"]).expect(2);
    assert!(again.stderr.contains("found one"), "{}", again.stderr);
}

#[test]
fn no_mix_is_replaced_by_what_is_made_of_its_album() {
    let dir = Dir::new();
    for name in ["a.wav", "b.wav"] {
        tone(&dir, name, 44_100, 2, 2.0);
    }
    let before = ["a.wav", "b.wav"].map(|name| dir.bytes(name));
    let in_places = [
        "master",
        "a.wav",
        "b.wav",
        "--album",
        "--out-dir",
        ".",
        "--overwrite",
    ];
    let named = [&in_places[..], &["--name", "{stem}"]].concat();
    let of_folder = ["album", ".", "--out-dir", "out", "--overwrite"];
    let signature = [&of_folder[..], &["--save-signature", "a.wav"]].concat();
    for args in [named, signature] {
        let ran = dir.run(&args).expect(2);
        assert!(ran.stderr.contains("would replace"), "{}", ran.stderr);
        assert!(
            ["a.wav", "b.wav"].map(|name| dir.bytes(name)) == before,
            "{args:?}"
        );
    }
    assert_eq!(dir.names(), ["a.wav", "b.wav"], "nothing is left");
}
