//! Headers that lie, stop short or say the absurd.

use super::wave::{chunk, chunk_that_says, fmt, good, pcm16, rf64, riff};
use super::{Wanted, judge, refused};
use crate::dir::{Dir, program};

#[test]
fn what_holds_no_sound_is_refused() {
    let dir = Dir::new();
    let header = riff(&[&fmt(1, 2, 44_100, 16)]);
    let whole = good();
    let cases: [(&str, &[u8], &str); 8] = [
        ("empty.wav", b"", "found an empty file"),
        ("text.wav", b"This is a letter.\n", "found text"),
        ("zeros.wav", &[0; 3000], "nothing but zero bytes"),
        ("riff.wav", b"RIFF\x24\0\0\0WAVE", "found"),
        ("fmt.wav", &header, "found"),
        ("cut_in_fmt.wav", &whole[..25], "found"),
        ("cut_before_data.wav", &whole[..44], "at least one frame"),
        ("cut_in_frame.wav", &whole[..46], "at least one frame"),
    ];
    for (name, bytes, words) in cases {
        dir.write(name, bytes);
        judge(&dir, name, Wanted::Refusal(words));
    }
}

#[test]
fn truncated_data_is_mastered_with_a_warning_and_refused_when_strict() {
    let dir = Dir::new();
    let whole = good();
    dir.write("cut.wav", &whole[..whole.len() / 2 + 1]);
    judge(&dir, "cut.wav", Wanted::Master);
    super::damage::is_said_and_strict_refuses(&dir, "cut.wav", "header states 88200 frames");
}

#[test]
fn a_data_size_that_says_nothing_is_read_to_the_end_of_the_file() {
    let dir = Dir::new();
    let format = fmt(1, 2, 44_100, 16);
    let sound = pcm16(44_100, 2.0);
    // A pipe's writer cannot go back to fill in the size: no damage.
    let mut piped = riff(&[&format, &chunk_that_says(b"data", u32::MAX, &sound)]);
    piped[4..8].fill(0xFF);
    dir.write("piped.wav", &piped);
    judge(&dir, "piped.wav", Wanted::Master);
    dir.run(&["analyze", "piped.wav", "--strict"]).expect(0);
    // A recorder that died before it could: damage.
    let unfinished = riff(&[&format, &chunk_that_says(b"data", 0, &sound)]);
    dir.write("unfinished.wav", &unfinished);
    judge(&dir, "unfinished.wav", Wanted::Master);
    super::damage::is_said_and_strict_refuses(&dir, "unfinished.wav", "never completed");
    // Nothing at all, with a chunk of tags behind it: really empty.
    let tags = chunk(b"LIST", b"INFOINAM\x02\0\0\0a\0");
    dir.write("none.wav", &riff(&[&format, &chunk(b"data", &[]), &tags]));
    judge(&dir, "none.wav", Wanted::Refusal("at least one frame"));
    // A size of 4 GB in a file of 350 kB is no reason to take 4 GB of memory.
    dir.write(
        "huge.wav",
        &riff(&[&format, &chunk_that_says(b"data", 0xFFFF_FFF0, &sound)]),
    );
    judge(&dir, "huge.wav", Wanted::Master);
}

#[test]
fn rf64_bw64_and_odd_chunks_are_read() {
    let dir = Dir::new();
    let format = fmt(1, 2, 44_100, 16);
    let sound = pcm16(44_100, 2.0);
    let data = chunk_that_says(b"data", u32::MAX, &sound);
    for form in [b"RF64", b"BW64"] {
        dir.write(
            "big.wav",
            &rf64(form, sound.len() as u64, &[&format, &data]),
        );
        judge(&dir, "big.wav", Wanted::Master);
    }
    dir.write("lie.wav", &rf64(b"RF64", 1 << 62, &[&format, &data]));
    judge(&dir, "lie.wav", Wanted::Master);
    let odd = chunk(b"junk", b"seven b");
    dir.write(
        "odd.wav",
        &riff(&[&odd, &format, &odd, &chunk(b"data", &sound), &odd]),
    );
    judge(&dir, "odd.wav", Wanted::Master);
}

#[test]
fn only_one_or_two_channels_at_8_to_192_khz() {
    let dir = Dir::new();
    for (channels, words) in [
        (0, "1 or 2 channels, found 0"),
        (3, "1 or 2 channels, found 3"),
        // Nothing says which of them is which.
        (5, "1 or 2 channels, found 5"),
        (1000, "1 or 2 channels, found 1000"),
    ] {
        let format = fmt(1, channels, 44_100, 16);
        dir.write(
            "channels.wav",
            &riff(&[&format, &chunk(b"data", &[1; 24_000])]),
        );
        judge(&dir, "channels.wav", Wanted::Refusal(words));
    }
    for (sample_rate_hz, words) in [
        (1, "8000 to 192000 Hz, found 1 Hz"),
        (7_999, "8000 to 192000 Hz, found 7999 Hz"),
        (10_000_000, "8000 to 192000 Hz, found 10000000 Hz"),
        (u32::MAX, "found"),
        (0, "found"),
    ] {
        let format = fmt(1, 2, sample_rate_hz, 16);
        dir.write("rate.wav", &riff(&[&format, &chunk(b"data", &[1; 24_000])]));
        judge(&dir, "rate.wav", Wanted::Refusal(words));
    }
}

#[test]
fn every_sample_type_is_read() {
    let dir = Dir::new();
    let samples = program(44_100, 2.0);
    let eight: Vec<u8> = samples.iter().map(|s| (s * 127.0 + 128.0) as u8).collect();
    dir.write(
        "u8.wav",
        &riff(&[&fmt(1, 2, 44_100, 8), &chunk(b"data", &eight)]),
    );
    let float: Vec<u8> = samples
        .iter()
        .flat_map(|sample| f64::from(*sample).to_le_bytes())
        .collect();
    dir.write(
        "f64.wav",
        &riff(&[&fmt(3, 2, 44_100, 64), &chunk(b"data", &float)]),
    );
    for name in ["u8.wav", "f64.wav"] {
        judge(&dir, name, Wanted::Master);
    }
}

#[test]
fn a_small_file_that_stands_for_hours_is_refused() {
    // 40 kB of FLAC: 3,000 frames of 65,535 samples of one value at 8 kHz are 7 hours.
    let dir = Dir::new();
    dir.write("bomb.flac", include_bytes!("coded/bomb.flac"));
    let words = "frames of audio in a file of this size";
    refused(&dir, &["analyze", "bomb.flac"], "bomb.flac", words);
}
