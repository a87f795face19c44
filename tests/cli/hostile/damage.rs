//! Damage in the middle is salvaged with a loud warning, and refused with `--strict`.

use super::{Wanted, judge, refused};
use crate::dir::{Dir, audio};

const TONE_MP3: &[u8] = include_bytes!("coded/tone.mp3");
const BARE_MP3: &[u8] = include_bytes!("coded/noxing.mp3");
const TONE_OGG: &[u8] = include_bytes!("coded/tone.ogg");
const FLAC_M4A: &[u8] = include_bytes!("coded/flac.m4a");

/// The damage is on standard error and in both reports; `--strict` refuses the file.
#[track_caller]
pub fn is_said_and_strict_refuses(dir: &Dir, name: &str, words: &str) {
    for command in ["analyze", "master"] {
        let output = ["-o", "salvaged.wav", "--overwrite"];
        let more = if command == "master" {
            &output[..]
        } else {
            &[]
        };
        let ran = dir.run(&[&[command, name, "--json"], more].concat());
        assert!(ran.code <= 1, "{}", ran.stderr);
        let warning = ran.stderr.lines().find(|line| line.contains(words));
        let warning = warning.unwrap_or_else(|| panic!("{words}: {}", ran.stderr));
        assert!(
            warning.starts_with(&format!("warning: {name}: ")),
            "{warning}"
        );
        let report = ran.json();
        let finding = &report["findings"][0];
        assert_eq!(finding["code"], "damaged");
        assert_eq!(finding["severity"], "problem");
        let said = report["findings"].as_array().unwrap().iter();
        let mut texts = said.filter_map(|finding| finding["text"].as_str());
        let words = words.trim_start_matches(&format!("{name}: "));
        assert!(texts.any(|text| text.contains(words)), "{report}");
        refused(
            dir,
            &[command, name, "--strict"],
            name,
            "expected an undamaged file",
        );
    }
}

#[track_caller]
fn is_salvaged(name: &str, bytes: &[u8], words: &str) {
    let dir = Dir::new();
    dir.write(name, bytes);
    judge(&dir, name, Wanted::Master);
    is_said_and_strict_refuses(&dir, name, words);
}

#[track_caller]
fn is_sound(name: &str, bytes: &[u8]) {
    let dir = Dir::new();
    dir.write(name, bytes);
    judge(&dir, name, Wanted::Master);
    let ran = dir.run(&["analyze", name, "--strict", "-q"]).expect(0);
    assert_eq!(ran.stderr, "");
}

/// `bytes` with some of them changed, from the middle on.
fn with_middle(bytes: &[u8], count: usize, change: impl Fn(u8) -> u8) -> Vec<u8> {
    let middle = bytes.len() / 2;
    let mut broken = bytes.to_vec();
    for byte in &mut broken[middle..middle + count] {
        *byte = change(*byte);
    }
    broken
}

/// The pages of an Ogg file.
fn pages(bytes: &[u8]) -> Vec<&[u8]> {
    let mut pages = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let segments = usize::from(rest[26]);
        let body: usize = rest[27..27 + segments]
            .iter()
            .map(|&b| usize::from(b))
            .sum();
        let (page, behind) = rest.split_at(27 + segments + body);
        pages.push(page);
        rest = behind;
    }
    pages
}

#[test]
fn whole_coded_files_are_no_damage() {
    is_sound("tone.mp3", TONE_MP3);
    is_sound("bare.mp3", BARE_MP3);
    is_sound("tone.ogg", TONE_OGG);
    is_sound("flac.m4a", FLAC_M4A);
    is_sound(
        "song.flac",
        &std::fs::read(audio("mono_rock_excerpt.flac")).unwrap(),
    );
}

#[test]
fn an_mp3_with_broken_frames_in_the_middle() {
    for bytes in [TONE_MP3, BARE_MP3] {
        let zeros = with_middle(bytes, 700, |_| 0);
        is_salvaged("zeros.mp3", &zeros, "unreadable in 1 place");
        let noise = with_middle(bytes, 700, |byte| byte.wrapping_mul(91) ^ 0x5A);
        is_salvaged("noise.mp3", &noise, "unreadable in 1 place");
    }
}

#[test]
fn an_mp3_that_stops_in_the_middle_of_a_frame() {
    let cut = &BARE_MP3[..BARE_MP3.len() / 2 + 9];
    is_salvaged("cut.mp3", cut, "the end is missing");
}

#[test]
fn an_ogg_with_a_gap_a_broken_page_or_no_end() {
    let pages = pages(TONE_OGG);
    let middle = pages.len() / 2;
    let gap = [&pages[..middle], &pages[middle + 2..]].concat().concat();
    is_salvaged("gap.ogg", &gap, "unreadable in 1 place");
    let at = pages[..middle].concat().len() + 100;
    let mut broken = TONE_OGG.to_vec();
    broken[at] ^= 0xFF;
    is_salvaged("broken.ogg", &broken, "unreadable in 1 place");
    let cut = pages[..pages.len() - 2].concat();
    is_salvaged("cut.ogg", &cut, "the end is missing");
}

#[test]
fn a_flac_with_a_bad_checksum() {
    let song = std::fs::read(audio("mono_rock_excerpt.flac")).unwrap();
    let frame = with_middle(&song, 1, |byte| byte ^ 0x55);
    is_salvaged("frame.flac", &frame, "1 packet could not be decoded");
    // The sum over the whole sound: the last 16 bytes of STREAMINFO (RFC 9639, 8.2).
    let mut sum = song;
    sum[8 + 18] ^= 1;
    is_salvaged("sum.flac", &sum, "checksum over all of it");
}

#[test]
fn a_flac_in_m4a_that_is_broken() {
    let broken = with_middle(FLAC_M4A, 40, |byte| byte ^ 0x55);
    is_salvaged("broken.m4a", &broken, "broken.m4a: ");
}

/// The song with so many places broken, far from each other.
fn flac_with_broken_packets(places: usize) -> Vec<u8> {
    let mut song = std::fs::read(audio("mono_rock_excerpt.flac")).unwrap();
    let step = song.len() / (places + 1);
    for place in 1..=places {
        song[place * step] ^= 0x55;
    }
    song
}

#[test]
fn a_song_of_which_more_than_half_a_percent_is_replaced_is_not_verified() {
    let dir = Dir::new();
    dir.write("holes.flac", &flac_with_broken_packets(20));
    let ran = dir
        .run(&["master", "holes.flac", "--no-codec-safe"])
        .expect(1);
    assert!(!ran.text().contains("verified"), "{}", ran.text());
    assert!(ran.text().contains("not whole"), "{}", ran.text());
    let args = [
        "master",
        "holes.flac",
        "--overwrite",
        "--json",
        "--certificate",
    ];
    let report = dir
        .run(&[&args[..], &["holes.json"]].concat())
        .expect(1)
        .json();
    assert_eq!(report["all_met"], false);
    let checks = report["checks"].as_array().unwrap().iter();
    let mut replaced = checks.filter(|check| check["name"] == "sound replaced by silence");
    assert_eq!(replaced.next().unwrap()["pass"], false, "{report}");
    let certificate: serde_json::Value =
        serde_json::from_slice(&std::fs::read(dir.path("holes.json")).unwrap()).unwrap();
    assert_eq!(certificate["all_met"], false);
    // What is no mix but a master is held to the same.
    dir.run(&["verify", "holes.flac"]).expect(1);
}

#[test]
fn an_mp3_joined_to_another_is_mastered_whole_and_said() {
    let joined = [TONE_MP3, TONE_MP3].concat();
    is_salvaged("joined.mp3", &joined, "all of them were read");
    let zeros = [&[0; 20_000][..], BARE_MP3].concat();
    is_sound("zeros.mp3", &zeros);
}
