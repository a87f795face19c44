//! What receivers get beside the masters.

use std::process::Command;

use acetate_io::Tags;

use crate::dir::{Dir, read_wav};
use crate::records::{read_report, record};

/// The codes of four tracks on two sides.
const SIDES: &str = "[album]\ntitle = \"Test\"\nartist = \"Us\"\nupc = \"036000291452\"\ndate = \"2026\"\nlabel = \"Own\"\n\
    [[track]]\nfile = \"1.wav\"\ntitle = \"One\"\nisrc = \"USRC17607839\"\nside = \"A\"\n\
    [[track]]\nfile = \"2.wav\"\ntitle = \"Two\"\nisrc = \"USRC17607840\"\njoin = true\nside = \"A\"\n\
    [[track]]\nfile = \"3.wav\"\ntitle = \"Three\"\ngap_s = 1.5\nside = \"B\"\n\
    [[track]]\nfile = \"4.wav\"\ntitle = \"Four\"\nside = \"B\"\n";

fn sided_record(dir: &Dir) {
    record(dir);
    dir.write("mixes/album.toml", SIDES.as_bytes());
}

#[test]
fn a_side_of_vinyl_is_one_file_with_a_sheet_and_the_tags_of_the_album_alone() {
    let dir = Dir::new();
    sided_record(&dir);
    let words = ["album", "mixes", "-o", "out", "--deliver", "vinyl"];
    let ran = dir.run(&words);
    assert!(ran.code < 2, "{}", ran.stderr);
    assert_eq!(
        dir.names_in("out/vinyl"),
        [
            "SHA256SUMS",
            "Side_A.txt",
            "Side_A.wav",
            "Side_B.txt",
            "Side_B.wav"
        ]
    );
    let (spec, side) = read_wav(&dir.path("out/vinyl/Side_A.wav"));
    assert_eq!(spec.bits_per_sample, 24);
    let (_, rock) = read_wav(&dir.path("out/01_One.wav"));
    let (_, goes_on) = read_wav(&dir.path("out/02_Two.wav"));
    // The pause before the next side is on no face of the record.
    let report = read_report(&dir, "out");
    let pause_s = report["songs"][1]["gap_s"].as_f64().expect("a pause");
    let pause = (pause_s * 44_100.0).round() as usize;
    assert_eq!(side.len(), rock.len() + goes_on.len() - 2 * pause);
    let sheet = String::from_utf8(dir.bytes("out/vinyl/Side_A.txt")).expect("a text");
    let lines: Vec<&str> = sheet.lines().collect();
    assert_eq!(lines[0], "A1: 00:00.00 - 00:05.44  One");
    assert!(lines[1].starts_with("A2: 00:05.44 - "), "{sheet}");
    let demands = report["deliverables"][0]["demands"]
        .as_array()
        .expect("demands");
    assert_eq!(demands.len(), 10, "five for each side");
    let bytes = dir.bytes("out/vinyl/Side_B.wav");
    let holds = |text: &str| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(holds("Side_B") && holds("036000291452"));
    for of_a_track in ["Three", "Four", "USRC", "TRCK"] {
        assert!(!holds(of_a_track), "{of_a_track}");
    }
}

#[test]
fn a_side_is_checked_by_itself_as_it_is_with_its_album() {
    let dir = Dir::new();
    sided_record(&dir);
    dir.run(&["album", "mixes", "-o", "out", "--deliver", "vinyl", "-q"]);
    let sides = ["out/vinyl/Side_A.wav", "out/vinyl/Side_B.wav"];
    let ran = dir.run(&["check", "--for", "vinyl", sides[0], "--json"]);
    let check: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    assert_eq!(check["schema"], "acetate.receiver-check/1");
    let with_album = read_report(&dir, "out");
    let with_album = with_album["deliverables"][0]["demands"]
        .as_array()
        .expect("demands");
    let alone = check["demands"].as_array().expect("demands");
    assert_eq!(alone.len(), 5);
    for (a, b) in alone.iter().zip(with_album) {
        assert_eq!((&a["found"], &a["pass"]), (&b["found"], &b["pass"]));
    }
    let all_met = alone.iter().all(|demand| demand["pass"] == true);
    assert_eq!(ran.code, i32::from(!all_met));
    let ran = dir.run(&["check", "--for", "vinyl", sides[0], sides[1]]);
    assert_eq!(ran.text().lines().count(), 10, "{}", ran.text());
    assert!(
        ran.text()
            .contains("correlation below 300 Hz: expected at least")
    );
}

#[test]
fn pictures_get_48_khz_and_platforms_what_survives_their_codecs() {
    let dir = Dir::new();
    record(&dir);
    let words = ["--deliver", "video,spotify,tidal", "--json"];
    let words = [&["album", "mixes", "-o", "out"][..], &words].concat();
    let ran = dir.run(&words);
    assert!(ran.code < 2, "{}", ran.stderr);
    let (spec, _) = read_wav(&dir.path("out/video/04_4.wav"));
    assert_eq!((spec.sample_rate, spec.bits_per_sample), (48_000, 24));
    let report = ran.json();
    let demands = &report["deliverables"][1]["demands"];
    let of_codecs = demands.as_array().expect("demands");
    let of_codecs = of_codecs
        .iter()
        .find(|demand| demand["what"] == "worst true peak after lossy encoding");
    let of_codecs = of_codecs.expect("the codecs were tried, or why not is said");
    assert_eq!(of_codecs["pass"], true, "{of_codecs}");
    // Both ask for the same: one render serves them.
    for name in ["01_1.flac", "04_4.flac"] {
        let spotify = dir.bytes(&format!("out/spotify/{name}"));
        assert!(spotify == dir.bytes(&format!("out/tidal/{name}")), "{name}");
    }
    dir.run(&["verify", "out"]).expect(ran.code);
}

#[test]
fn previews_are_as_long_as_their_masters_and_carry_every_tag() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        eprintln!("ffmpeg is not there: no previews");
        return;
    }
    let dir = Dir::new();
    sided_record(&dir);
    let cover = b"\x89PNG\r\n\x1a\nnot a picture, and nothing looks into it";
    dir.write("mixes/cover.png", cover);
    // A cue point of the mix becomes a chapter.
    let mut mix = dir.bytes("mixes/1.wav");
    let point = [1, 44_100, 0x6174_6164, 0, 0, 44_100].map(u32::to_le_bytes);
    mix.extend(b"cue \x1c\0\0\0\x01\0\0\0");
    mix.extend(point.concat());
    mix.extend(b"LIST\x16\0\0\0adtllabl\x0a\0\0\0\x01\0\0\0Verse\0");
    let riff = (mix.len() as u32 - 8).to_le_bytes();
    mix[4..8].copy_from_slice(&riff);
    dir.write("mixes/1.wav", &mix);
    let with_cover = SIDES.replace("label =", "cover = \"cover.png\"\nlabel =");
    dir.write("mixes/album.toml", with_cover.as_bytes());
    let words = ["album", "mixes", "-o", "out", "--deliver", "preview"];
    let ran = dir.run(&[&words[..], &["--json"]].concat());
    assert!(ran.code < 2, "{}", ran.stderr);
    let report = ran.json();
    let demands = report["deliverables"][0]["demands"]
        .as_array()
        .expect("demands");
    assert_eq!(demands.len(), 8, "MP3 and AAC of four tracks");
    assert!(
        demands.iter().all(|demand| demand["pass"] == true),
        "{demands:?}"
    );
    for name in ["01_One.mp3", "01_One.m4a"] {
        let (tags, _) = Tags::read(dir.path(&format!("out/preview/{name}")));
        for (field, expected) in [
            ("TITLE", "One"),
            ("ALBUM", "Test"),
            ("ALBUMARTIST", "Us"),
            ("TRACKNUMBER", "1"),
            ("TRACKTOTAL", "4"),
            ("DATE", "2026"),
            ("LABEL", "Own"),
            ("ISRC", "USRC17607839"),
            ("UPC", "036000291452"),
        ] {
            assert_eq!(tags.text(field), Some(expected), "{name}: {field}");
        }
        assert_eq!(tags.picture_data(0), Some(&cover[..]), "{name}");
        let chapters = tags.chapters_for_ffmpeg(0).expect("chapters");
        assert!(chapters.contains("START=1000\n"), "{name}: {chapters}");
        assert!(chapters.contains("title=Verse\n"), "{name}: {chapters}");
    }
    // Players look into iTunes' list, not into QuickTime's keys.
    let bytes = dir.bytes("out/preview/01_One.m4a");
    let holds = |name: &[u8]| bytes.windows(name.len()).any(|part| part == name);
    assert!(holds(b"ilst") && !holds(b"mdta"));
    assert!(holds(b"name\0\0\0\0ISRC"), "a freeform atom");
    assert_eq!(dir.names_in("out/preview").len(), 9, "nothing is left over");
}

#[test]
fn a_fileset_for_a_plant_holds_the_sound_and_the_places_of_the_cd() {
    let dir = Dir::new();
    sided_record(&dir);
    let ran = dir.run(&["album", "mixes", "-o", "out", "--deliver", "cd,ddp"]);
    ran.expect(0);
    assert_eq!(
        dir.names_in("out/ddp"),
        [
            "CDTEXT.BIN",
            "CHECKSUM.MD5",
            "DDPID",
            "DDPMS",
            "IMAGE.DAT",
            "PQDESCR",
            "SHA256SUMS"
        ]
    );
    let image = dir.bytes("out/ddp/IMAGE.DAT");
    let (_, whole) = read_wav(&dir.path("out/cd/album.wav"));
    let (pregap, sound) = image.split_at(150 * 2_352);
    assert!(pregap.iter().all(|byte| *byte == 0));
    let samples = sound.chunks_exact(2).map(|pair| {
        let sample = i16::from_le_bytes([pair[0], pair[1]]);
        f64::from(sample) / 32_768.0
    });
    assert!(samples.eq(whole), "low byte first, the samples of the CD");
    // Read here by the places that the public descriptions give.
    let packets = dir.bytes("out/ddp/PQDESCR");
    let field = |packet: &[u8], at: usize, length: usize| {
        String::from_utf8_lossy(&packet[at..at + length])
            .trim()
            .to_owned()
    };
    let mut csv = String::from_utf8(dir.bytes("out/cd/pq.csv")).expect("a text");
    csv = csv.replace(':', "");
    let starts: Vec<&str> = csv
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').nth(2))
        .collect();
    let mut found = Vec::new();
    for packet in packets.chunks(64) {
        assert_eq!(&packet[..4], b"VVVS");
        if field(packet, 6, 2) == "01" && field(packet, 4, 2) != "AA" {
            found.push(field(packet, 10, 6));
        }
    }
    // Two seconds later than on the sheet, which counts from track 1.
    let later = |place: &&str| {
        let number = |at: usize| place[at..at + 2].parse::<u32>().expect("a number");
        let frames = (number(0) * 60 + number(2) + 2) * 75 + number(4);
        format!(
            "{:02}{:02}{:02}",
            frames / 4_500,
            frames / 75 % 60,
            frames % 75
        )
    };
    assert_eq!(found, starts.iter().map(later).collect::<Vec<_>>());
    assert_eq!(field(&packets, 32, 13), "0036000291452");
    assert_eq!(field(&packets[64..], 20, 12), "USRC17607839");
    dir.run(&["verify", "out"]).expect(0);
    let mut map = dir.bytes("out/ddp/DDPMS");
    map[19] ^= 1;
    dir.write("out/ddp/DDPMS", &map);
    let ran = dir.run(&["verify", "out"]).expect(1);
    assert!(ran.text().contains("ddp: descriptors"), "{}", ran.text());
}
