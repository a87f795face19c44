//! Every frame of sound is decoded, whatever a header or an estimate states; what differs is told, and
//! refused if damage is to be.

use std::path::PathBuf;

use acetate_dsp::Audio;
use acetate_dsp::read_all;
use acetate_dsp::signal::Random;
use acetate_io::{
    Container, DecodeError, DecodeWarning, OpenOptions, OutputFormat, StageOptions, Tags,
    WordLength, open,
};

use crate::support::*;

/// Frames of sound in one of MPEG 1, layer III.
const FRAME: u64 = 1152;

/// A silent frame of layer III: nothing in its side information.
fn silent(header: [u8; 4], bytes: usize) -> Vec<u8> {
    let mut frame = vec![0; bytes];
    frame[..4].copy_from_slice(&header);
    frame
}

/// Stereo at 44.1 kHz: 320 and 32 kbit/s, and mono at 32.
fn large() -> Vec<u8> {
    silent([0xFF, 0xFB, 0xE0, 0x00], 1044)
}
fn small() -> Vec<u8> {
    silent([0xFF, 0xFB, 0x10, 0x00], 104)
}
fn small_mono() -> Vec<u8> {
    silent([0xFF, 0xFB, 0x10, 0xC0], 104)
}

/// A frame with a `Xing` tag that states a number of frames and of bytes; with LAME's delay and padding.
fn tag(frames: u32, bytes: u32, trim: Option<(u32, u32)>) -> Vec<u8> {
    let mut frame = large();
    frame[36..40].copy_from_slice(b"Xing");
    frame[40..44].copy_from_slice(&3_u32.to_be_bytes());
    frame[44..48].copy_from_slice(&frames.to_be_bytes());
    frame[48..52].copy_from_slice(&bytes.to_be_bytes());
    if let Some((delay, padding)) = trim {
        frame[52..56].copy_from_slice(b"LAME");
        frame[73..76].copy_from_slice(&(delay << 12 | padding).to_be_bytes()[1..]);
    }
    frame
}

struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn file(name: &str, bytes: &[u8]) -> File {
    let folder = folder();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    File {
        _folder: folder,
        path,
    }
}

/// Length and warnings; a second pass sees the same.
#[track_caller]
fn read(file: &File) -> (Audio, Vec<DecodeWarning>) {
    let mut decoder = decoder(&file.path);
    let audio = read_all(&mut decoder).unwrap();
    assert_same_bits(&rewind_and_read(&mut decoder, 4096), &audio);
    let warnings = decoder.warnings();
    assert!(decoder.info().frames.is_some(), "an exact length");
    (audio, warnings)
}

/// All of it is decoded and nothing is wrong with it.
#[track_caller]
fn is_whole(name: &str, bytes: &[u8], frames: u64) {
    let file = file(name, bytes);
    let (audio, warnings) = read(&file);
    assert_eq!((audio.frames() as u64, &warnings[..]), (frames, &[][..]));
    let mut strict = open(&file.path, &OpenOptions { strict: true }).unwrap();
    assert_eq!(read_all(&mut strict).unwrap().frames() as u64, frames);
}

/// All of it is decoded, the difference is told, and strict reading refuses it.
#[track_caller]
fn is_told(name: &str, bytes: &[u8], frames: u64, warning: DecodeWarning) {
    let file = file(name, bytes);
    let (audio, warnings) = read(&file);
    assert_eq!((audio.frames() as u64, warnings), (frames, vec![warning]));
    let strict = OpenOptions { strict: true };
    let refused = match open(&file.path, &strict) {
        Ok(mut decoder) => read_all(&mut decoder).unwrap_err().to_string(),
        Err(error) => error.to_string(),
    };
    assert!(refused.contains("expected an undamaged file"), "{refused}");
}

#[test]
fn frames_behind_an_estimate_are_decoded() {
    // An estimate from the first frames gives a fifth of these.
    let bytes = [large().repeat(20), small().repeat(200)].concat();
    is_whole("estimate.mp3", &bytes, 220 * FRAME);
}

#[test]
fn layers_one_and_two_are_decoded_to_the_end() {
    let second = silent([0xFF, 0xFD, 0xA0, 0x00], 626).repeat(50);
    is_whole("second.mp2", &second, 50 * FRAME);
    let first = silent([0xFF, 0xFF, 0xC0, 0x00], 416).repeat(50);
    is_whole("first.mp1", &first, 50 * 384);
}

#[test]
fn delay_and_padding_that_a_tag_states_are_left_out() {
    let bytes = [tag(40, 0, Some((576, 1105))), small().repeat(40)].concat();
    is_whole("lame.mp3", &bytes, 40 * FRAME - (576 + 529) - (1105 - 529));
}

#[test]
fn a_tag_that_states_fewer_frames_than_there_are_cuts_nothing() {
    let bytes = [tag(5, 0, Some((576, 1105))), small().repeat(100)].concat();
    let warning = DecodeWarning::HoldsMore {
        stated_frames: 5 * FRAME,
        got_frames: 100 * FRAME,
    };
    is_told("fewer.mp3", &bytes, 100 * FRAME - (576 + 529), warning);
}

#[test]
fn a_tag_that_states_more_frames_than_there_are_is_told() {
    let bytes = [tag(101, 1 << 20, None), small().repeat(100)].concat();
    let warning = DecodeWarning::EndsEarly {
        expected_frames: 101 * FRAME,
        got_frames: 100 * FRAME,
    };
    is_told("more.mp3", &bytes, 100 * FRAME, warning);
}

#[test]
fn a_tag_that_counts_itself_is_no_damage() {
    let frames = small().repeat(100);
    let bytes = [tag(101, 1044 + 10_400, None), frames].concat();
    is_whole("itself.mp3", &bytes, 100 * FRAME);
}

#[test]
fn streams_joined_end_to_end_are_decoded_to_the_end() {
    let one = [tag(60, 0, None), small().repeat(60)].concat();
    let id3v1 = [&b"TAG"[..], &[b'x'; 125]].concat();
    let id3v2 = [&b"ID3\x04\0\0\0\0\x01\x00"[..], &[b'x'; 128]].concat();
    let bytes = [&id3v2, &one, &id3v1, &id3v2, &one, &one, &id3v1]
        .map(|part| &part[..])
        .concat();
    // A tag in the middle is a frame of silence.
    let warning = DecodeWarning::HoldsMore {
        stated_frames: 60 * FRAME,
        got_frames: 182 * FRAME,
    };
    is_told("joined.mp3", &bytes, 182 * FRAME, warning);
    let bare = small().repeat(60);
    let bytes = [&bare[..], &id3v1, &id3v2, &bare, &id3v1].concat();
    is_whole("bare.mp3", &bytes, 120 * FRAME);
}

#[test]
fn zeros_before_the_first_frame_are_read_past() {
    for zeros in [1, 3000, 4096, 20_000, 1 << 20] {
        let bytes = [vec![0; zeros], small().repeat(50)].concat();
        is_whole("zeros.mp3", &bytes, 50 * FRAME);
    }
}

#[test]
fn channels_that_change_are_converted_and_told() {
    for (name, first, second) in [
        ("wider.mp3", small_mono(), small()),
        ("narrower.mp3", small(), small_mono()),
    ] {
        let bytes = [first.repeat(30), second.repeat(30)].concat();
        let warning = DecodeWarning::ChannelsChange {
            at_frame: 30 * FRAME,
        };
        is_told(name, &bytes, 60 * FRAME, warning);
        let file = file(name, &bytes);
        assert_eq!(decoder(&file.path).info().channels, 2);
    }
}

#[test]
fn a_rate_that_changes_is_refused_with_both_rates() {
    let faster = silent([0xFF, 0xFB, 0x14, 0x00], 96);
    let bytes = [small().repeat(30), faster.repeat(30)].concat();
    let file = file("rates.mp3", &bytes);
    match open(&file.path, &OpenOptions::default()) {
        Err(DecodeError::RateChange {
            at_frame,
            from_hz,
            to_hz,
            ..
        }) => assert_eq!((at_frame, from_hz, to_hz), (30 * FRAME, 44_100, 48_000)),
        other => panic!("{:?}", other.map(|decoder| decoder.info().clone())),
    }
}

#[test]
fn aac_frames_are_counted_and_joined() {
    let adts = |channels: u8, body: &[u8]| {
        let bytes = body.len() as u8 + 7;
        let header = [
            0xFF,
            0xF1,
            0x50,
            channels << 6,
            bytes >> 3,
            bytes << 5 | 0x1F,
            0xFC,
        ];
        [&header[..], body].concat()
    };
    // One silent block each.
    let mono = adts(1, &[0x00, 0xC8, 0x00, 0x80, 0x23, 0x80]);
    let stereo = adts(2, &[0x21, 0x00, 0x49, 0x90, 0x02, 0x19, 0x00, 0x23, 0x80]);
    is_whole("mono.aac", &mono.repeat(40), 40 * 1024);
    let bytes = [mono.repeat(40), stereo.repeat(50)].concat();
    let warning = DecodeWarning::ChannelsChange {
        at_frame: 40 * 1024,
    };
    is_told("channels.aac", &bytes, 90 * 1024, warning);
}

#[test]
fn mpeg_audio_in_a_wav_is_decoded() {
    let mut format = vec![0x55, 0, 2, 0, 0x44, 0xAC, 0, 0, 0, 0x7D, 0, 0, 1, 0, 0, 0];
    format.extend([12, 0, 1, 0, 2, 0, 0, 0, 0x68, 0, 1, 0, 0, 0]);
    let data = chunk(b"data", &small().repeat(50));
    let body = [b"WAVE".to_vec(), chunk(b"fmt ", &format), data].concat();
    is_whole("mp3.wav", &chunk(b"RIFF", &body), 50 * FRAME);
}

#[test]
fn fewer_valid_bits_than_a_sample_has_lose_no_frame() {
    let sound = noise(44_100, 2, 5000, 24);
    for frames in 4001..4013 {
        let mut format = vec![
            0xFE, 0xFF, 2, 0, 0x44, 0xAC, 0, 0, 0x20, 0x62, 5, 0, 8, 0, 32, 0,
        ];
        format.extend([22, 0, 24, 0, 3, 0, 0, 0, 1, 0]);
        format.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
        let expected = sound.slice(0, frames);
        let [left, right] = expected.channels() else {
            panic!("two channels");
        };
        let data: Vec<u8> = left
            .iter()
            .zip(right)
            .flat_map(|(left, right)| [*left, *right])
            .flat_map(|sample| ((sample * 8_388_608.0) as i32 * 256).to_le_bytes())
            .collect();
        let parts = [
            b"WAVE".to_vec(),
            chunk(b"fmt ", &format),
            chunk(b"data", &data),
        ];
        let bytes = chunk(b"RIFF", &parts.concat());
        is_whole("bits.wav", &bytes, frames as u64);
        let file = file("bits.wav", &bytes);
        assert_same_bits(&decode(&file.path), &expected);
        assert_eq!(decoder(&file.path).info().bits_per_sample, Some(24));
    }
}

/// A FLAC with other metadata blocks put behind its stream information.
fn flac(audio: &Audio, change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let folder = folder();
    let format = OutputFormat::new(Container::Flac, WordLength::Bits24).unwrap();
    let path = write(&folder.path().join("a.flac"), audio, format);
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    bytes
}

#[test]
fn a_flac_is_read_whatever_its_metadata_blocks_hold() {
    let sound = noise(44_100, 2, 44_101, 24);
    // Types 1 to 6, each of bytes that make no sense in it.
    for kind in 1..=6_u8 {
        let bytes = flac(&sound, |bytes| {
            let block = [&[kind, 0, 0, 40][..], &[0xA5; 40]].concat();
            let at = 4 + 4 + 34;
            bytes.splice(at..at, block);
        });
        is_whole("blocks.flac", &bytes, 44_101);
        let file = file("blocks.flac", &bytes);
        assert_same_bits(&decode(&file.path), &sound);
    }
}

#[test]
fn a_cue_sheet_that_no_flac_may_have_is_named() {
    let sound = noise(44_100, 2, 1000, 24);
    let bytes = flac(&sound, |bytes| {
        // A sheet of no CD with its lead-out alone (RFC 9639, 8.7), which has a number that is none.
        let mut sheet = vec![0; 128 + 8 + 1 + 258];
        sheet.push(1);
        sheet.extend(1000_u64.to_be_bytes());
        sheet.push(0);
        sheet.resize(sheet.len() + 26, 0);
        sheet.push(9);
        let head = [5, 0, (sheet.len() >> 8) as u8, sheet.len() as u8];
        let at = 4 + 4 + 34;
        bytes.splice(at..at, [&head[..], &sheet].concat());
    });
    let file = file("sheet.flac", &bytes);
    let (tags, _) = Tags::read(&file.path);
    let options = StageOptions {
        tags: Some(&tags),
        ..StageOptions::new(OutputFormat::new(Container::Flac, WordLength::Bits24).unwrap())
    };
    let folder = folder();
    let staged = stage(&folder.path().join("out.flac"), &sound, &options, 4096);
    let said: Vec<String> = staged
        .tag_warnings()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        said.iter().any(|text| text.contains("cue sheet")),
        "{said:?}"
    );
}

#[test]
fn tags_around_a_flac_cost_no_frame() {
    let sound = noise(44_100, 2, 44_101, 24);
    let id3v2 = b"ID3\x04\0\0\0\0\0\x08hello   ";
    let id3v1 = [&b"TAG"[..], &[b'x'; 125]].concat();
    let mut ape = b"APETAGEX".to_vec();
    ape.extend([
        0xD0, 7, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
    let bytes = flac(&sound, |_| {});
    let around = [&id3v2[..], &bytes, &ape, &id3v1].concat();
    is_whole("around.flac", &around, 44_101);
}

#[test]
fn whatever_follows_the_last_frame_of_a_flac_costs_no_frame() {
    let sound = noise(44_100, 2, 44_101, 24);
    let bytes = flac(&sound, |_| {});
    let mut random = Random::new(1);
    let foreign: Vec<u8> = (0..20_000).map(|_| random.bits() as u8).collect();
    for behind in [&[0; 5000][..], &foreign[..3], &foreign] {
        is_whole("behind.flac", &[&bytes, behind].concat(), 44_101);
    }
}

#[test]
fn a_flac_cut_out_of_a_longer_one_begins_with_its_own_sound() {
    let sound = noise(44_100, 2, 44_100, 24);
    let bytes = flac(&sound, |_| {});
    // The first block of 4096 frames: to the header of the second, whose number is 1.
    let start = bytes
        .windows(5)
        .position(|w| w[..2] == [0xFF, 0xF8] && w[4] == 0);
    let next = bytes
        .windows(5)
        .rposition(|w| w[..2] == [0xFF, 0xF8] && w[4] == 1);
    let cut = [&bytes[..start.unwrap()], &bytes[next.unwrap()..]].concat();
    let file = file("cut.flac", &cut);
    let (audio, warnings) = read(&file);
    assert_same_bits(&audio, &sound.slice(4096, 44_100));
    let told = DecodeWarning::EndsEarly {
        expected_frames: 44_100,
        got_frames: 44_100 - 4096,
    };
    assert!(warnings.contains(&told), "{warnings:?}");
}

#[test]
fn a_second_chunk_of_sound_in_a_wav_is_read() {
    let format = chunk(
        b"fmt ",
        &[1, 0, 1, 0, 0x44, 0xAC, 0, 0, 0x88, 0x58, 1, 0, 2, 0, 16, 0],
    );
    let sound: Vec<u8> = (0..20_000_u32).map(|n| (n % 251) as u8).collect();
    let (first, second) = sound.split_at(12_000);
    let parts = [
        chunk(b"data", first),
        chunk(b"LIST", b"INFO"),
        chunk(b"data", second),
    ];
    let two = [b"WAVE".to_vec(), format.clone(), parts.concat()].concat();
    is_whole("two.wav", &chunk(b"RIFF", &two), 10_000);
    let one = [b"WAVE".to_vec(), format, chunk(b"data", &sound)].concat();
    let whole = decode(&file("one.wav", &chunk(b"RIFF", &one)).path);
    assert_same_bits(
        &decode(&file("two.wav", &chunk(b"RIFF", &two)).path),
        &whole,
    );
}

#[test]
fn samples_of_24_bits_in_frames_of_eight_bytes_are_read_as_such() {
    let format = [1, 0, 2, 0, 0x44, 0xAC, 0, 0, 0x20, 0x62, 5, 0, 8, 0, 24, 0];
    let data = [0_u8, 0, 0, 0x40, 0, 0, 0, 0xC0].repeat(3001);
    let body = [
        b"WAVE".to_vec(),
        chunk(b"fmt ", &format),
        chunk(b"data", &data),
    ]
    .concat();
    let bytes = chunk(b"RIFF", &body);
    is_whole("wide.wav", &bytes, 3001);
    let audio = decode(&file("wide.wav", &bytes).path);
    assert_eq!(
        (audio.channels()[0][7], audio.channels()[1][7]),
        (0.5, -0.5)
    );
}

#[test]
fn a_file_joined_behind_another_is_told() {
    let format = chunk(
        b"fmt ",
        &[1, 0, 1, 0, 0x44, 0xAC, 0, 0, 0x88, 0x58, 1, 0, 2, 0, 16, 0],
    );
    let body = [b"WAVE".to_vec(), format, chunk(b"data", &[7; 10_000])].concat();
    let wave = chunk(b"RIFF", &body);
    let at_byte = wave.len() as u64;
    is_told(
        "two.wav",
        &wave.repeat(2),
        5000,
        DecodeWarning::SecondFile { at_byte },
    );
    let form = aiff(5000, 5000);
    let at_byte = form.len() as u64;
    is_told(
        "two.aiff",
        &form.repeat(2),
        5000,
        DecodeWarning::SecondFile { at_byte },
    );
    let movie = include_bytes!("../../../../tests/cli/hostile/coded/flac.m4a");
    let at_byte = movie.len() as u64;
    let frames = decode(&file("one.m4a", movie).path).frames() as u64;
    is_told(
        "two.m4a",
        &movie.repeat(2),
        frames,
        DecodeWarning::SecondFile { at_byte },
    );
}

#[test]
fn flac_files_joined_end_to_end_are_decoded_to_the_end_and_told() {
    let sounds = [noise(44_100, 2, 44_101, 24), noise(44_100, 2, 9000, 24)];
    let [long, short] = [&sounds[0], &sounds[1]].map(|sound| flac(sound, |_| {}));
    let id3v1 = [&b"TAG"[..], &[b'x'; 125]].concat();
    for (first, second, stated_frames) in [(&long, &short, 44_101), (&short, &long, 9000)] {
        let bytes = [&first[..], &id3v1, second, &id3v1].concat();
        let told = DecodeWarning::HoldsMore {
            stated_frames,
            got_frames: 53_101,
        };
        is_told("joined.flac", &bytes, 53_101, told);
    }
    let joined = decode(&file("joined.flac", &[&long[..], &short].concat()).path);
    assert_same_bits(&joined.slice(0, 44_101), &sounds[0]);
    assert_same_bits(&joined.slice(44_101, 53_101), &sounds[1]);
}

#[test]
fn tags_behind_the_last_page_of_an_ogg_are_no_missing_end() {
    let one = include_bytes!("../../../../tests/cli/hostile/coded/tone.ogg");
    let frames = decode(&file("alone.ogg", one).path).frames() as u64;
    let id3v1 = [&b"TAG"[..], &[b'x'; 125]].concat();
    is_whole("tagged.ogg", &[&one[..], &id3v1].concat(), frames);
}

#[test]
fn a_flac_that_states_another_length_is_decoded_whole_and_told() {
    let sound = noise(44_100, 2, 44_101, 24);
    let stating = |frames: u32| {
        // The lower 32 of 36 bits (RFC 9639, 8.2).
        flac(&sound, |bytes| {
            bytes[8 + 14..8 + 18].copy_from_slice(&frames.to_be_bytes());
        })
    };
    let fewer = DecodeWarning::HoldsMore {
        stated_frames: 20_000,
        got_frames: 44_101,
    };
    is_told("fewer.flac", &stating(20_000), 44_101, fewer);
    let more = DecodeWarning::EndsEarly {
        expected_frames: 60_000,
        got_frames: 44_101,
    };
    is_told("more.flac", &stating(60_000), 44_101, more);
}

/// AIFF of 16 bits, mono at 44.1 kHz, that states a number of frames.
fn aiff(stated_frames: u32, frames: usize) -> Vec<u8> {
    let chunk =
        |id: &[u8; 4], body: &[u8]| [&id[..], &(body.len() as u32).to_be_bytes(), body].concat();
    let mut common = vec![0, 1];
    common.extend(stated_frames.to_be_bytes());
    // 16 bits, and 44,100 as an 80-bit float.
    common.extend([0, 16, 0x40, 0x0E, 0xAC, 0x44, 0, 0, 0, 0, 0, 0]);
    let sound = vec![7; 8 + 2 * frames];
    let body = [
        b"AIFF".to_vec(),
        chunk(b"COMM", &common),
        chunk(b"SSND", &[&[0; 8][..], &sound[8..]].concat()),
    ];
    chunk(b"FORM", &body.concat())
}

#[test]
fn an_aiff_that_states_another_length_is_decoded_whole_and_told() {
    is_whole("same.aiff", &aiff(5000, 5000), 5000);
    let fewer = DecodeWarning::HoldsMore {
        stated_frames: 100,
        got_frames: 5000,
    };
    is_told("fewer.aiff", &aiff(100, 5000), 5000, fewer);
    let more = DecodeWarning::EndsEarly {
        expected_frames: 9000,
        got_frames: 5000,
    };
    is_told("more.aiff", &aiff(9000, 5000), 5000, more);
}

#[test]
fn a_caf_whose_sound_goes_on_to_the_end_of_the_file_is_read() {
    let chunk =
        |id: &[u8; 4], size: i64, body: &[u8]| [&id[..], &size.to_be_bytes(), body].concat();
    // 44.1 kHz, little-endian 16 bits, mono.
    let mut description = 44_100_f64.to_be_bytes().to_vec();
    description.extend(b"lpcm");
    description.extend([2_u32, 2, 1, 1, 16].map(u32::to_be_bytes).concat());
    let sound = [&[0; 4][..], &[7; 10_000]].concat();
    let caf = |size: i64| {
        let description = chunk(b"desc", 32, &description);
        [
            b"caff\0\x01\0\0".to_vec(),
            description,
            chunk(b"data", size, &sound),
        ]
        .concat()
    };
    is_whole("closed.caf", &caf(10_004), 5000);
    is_whole("open.caf", &caf(-1), 5000);
}

#[test]
fn g711_is_read_from_either_kind_of_wav_header() {
    let guid = |tag: u8| {
        [
            &[tag, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0][..],
            &[0, 0xAA, 0, 0x38, 0x9B, 0x71],
        ]
        .concat()
    };
    for tag in [6, 7] {
        let plain = [tag, 0, 1, 0, 0x44, 0xAC, 0, 0, 0x44, 0xAC, 0, 0, 1, 0, 8, 0];
        let extensible = [
            &[0xFE, 0xFF],
            &plain[2..],
            &[22, 0, 8, 0, 4, 0, 0, 0],
            &guid(tag),
        ]
        .concat();
        for format in [&plain[..], &extensible] {
            let data = chunk(b"data", &[0x35; 5001]);
            let body = [b"WAVE".to_vec(), chunk(b"fmt ", format), data].concat();
            let bytes = chunk(b"RIFF", &body);
            is_whole("law.wav", &bytes, 5001);
            assert!(decoder(&file("law.wav", &bytes).path).info().lossy);
        }
    }
}

#[test]
fn chained_ogg_streams_are_one_program() {
    let one = include_bytes!("../../../../tests/cli/hostile/coded/tone.ogg");
    let alone = decode(&file("alone.ogg", one).path);
    is_whole("chained.ogg", &one.repeat(3), 3 * alone.frames() as u64);
    let all = decode(&file("chained.ogg", &one.repeat(3)).path);
    assert_same_bits(&all.slice(alone.frames(), 2 * alone.frames()), &alone);
}
