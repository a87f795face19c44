//! What stands beside the sound, kind by kind: from each container to WAV and FLAC it is kept, moved or
//! named. The inputs are made of bytes here, and the outputs read by readers of their own. The table is
//! the one of `docs/METADATA.md`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use acetate_io::{Container, Outcome, OutputFormat, StageOptions, TagWarning, Tags, WordLength};

use crate::support::*;

const IN_HZ: u32 = 44_100;
const OUT_HZ: u32 = 48_000;

/// What is expected of a kind in one output.
enum In {
    /// A chunk with these bytes in it.
    Chunk(&'static [u8; 4], Vec<u8>),
    /// An ID3v2 frame in the `id3 ` chunk.
    Frame(&'static [u8; 4], Vec<u8>),
    /// A Vorbis comment.
    Comment(&'static str),
    /// A FLAC block of this type.
    Block(u8, Vec<u8>),
    /// The same chunk in a block "riff", and told so.
    Riff(&'static [u8; 4], Vec<u8>),
    /// Not there, and named with this outcome.
    Named(Outcome, &'static str),
}
use In::{Block, Chunk, Comment, Frame, Named, Riff};

impl In {
    fn words(&self) -> String {
        let name = |id: &[u8; 4]| String::from_utf8_lossy(id).trim_end().to_owned();
        match self {
            Chunk(id, _) => format!("`{}` chunk", name(id)),
            Frame(id, _) => format!("ID3v2 `{}`", name(id)),
            Comment(field) => format!("comment `{}`", field.split('=').next().unwrap()),
            Block(2, _) => "`APPLICATION` block".to_owned(),
            Block(5, _) => "`CUESHEET` block".to_owned(),
            Block(..) => "`PICTURE` block".to_owned(),
            Riff(id, _) => format!("`{}` in a \"riff\" block", name(id)),
            Named(Outcome::Lost, _) => "lost, named".to_owned(),
            Named(..) => "dropped, named".to_owned(),
        }
    }

    fn is_in(&self, output: &Output) -> bool {
        let holds = |body: &[u8], part: &[u8]| {
            part.is_empty() || body.windows(part.len()).any(|window| window == part)
        };
        match self {
            Chunk(id, part) => {
                (output.chunks.iter()).any(|(own, body)| own == *id && holds(body, part))
            }
            Frame(id, part) => {
                (output.frames.iter()).any(|(own, body)| own == *id && holds(body, part))
            }
            Comment(field) => output.comments.iter().any(|own| own == field),
            Block(kind, part) => {
                (output.blocks.iter()).any(|(own, body)| own == kind && holds(body, part))
            }
            Riff(id, part) => {
                let mut wanted = b"riff".to_vec();
                wanted.extend(*id);
                let told = output.told(Outcome::Moved, String::from_utf8_lossy(*id).trim_end());
                told && (output.blocks.iter()).any(|(kind, body)| {
                    *kind == 2 && body.starts_with(&wanted) && holds(body, part)
                })
            }
            Named(outcome, what) => output.told(*outcome, what),
        }
    }
}

/// A master, read by other means than the program's.
#[derive(Default, Debug)]
struct Output {
    chunks: Vec<([u8; 4], Vec<u8>)>,
    frames: Vec<([u8; 4], Vec<u8>)>,
    blocks: Vec<(u8, Vec<u8>)>,
    comments: Vec<String>,
    warnings: Vec<TagWarning>,
}

impl Output {
    fn of(path: &Path, warnings: Vec<TagWarning>) -> Self {
        let bytes = fs::read(path).unwrap();
        let mut output = Self {
            warnings,
            ..Self::default()
        };
        if bytes.starts_with(b"RIFF") {
            let mut at = 12;
            while at + 8 <= bytes.len() {
                let size = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
                let id = bytes[at..at + 4].try_into().unwrap();
                output
                    .chunks
                    .push((id, bytes[at + 8..at + 8 + size].to_vec()));
                at += 8 + size + size % 2;
            }
            assert_eq!(at, bytes.len(), "the chunks fill the file");
            let id3 = output
                .chunks
                .iter()
                .find(|(id, _)| id == b"id3 ")
                .map(|(_, body)| body.clone());
            if let Some(tag) = id3 {
                output.frames = id3_frames(&tag);
            }
        } else {
            let mut at = 4;
            loop {
                let [kind, a, b, c] = bytes[at..at + 4].try_into().unwrap();
                let size = u32::from_be_bytes([0, a, b, c]) as usize;
                output
                    .blocks
                    .push((kind & 0x7F, bytes[at + 4..at + 4 + size].to_vec()));
                at += 4 + size;
                if kind & 0x80 != 0 {
                    break;
                }
            }
            let block = &output.blocks.iter().find(|(kind, _)| *kind == 4).unwrap().1;
            let word =
                |at: usize| u32::from_le_bytes(block[at..at + 4].try_into().unwrap()) as usize;
            let mut at = 4 + word(0);
            let count = word(at);
            at += 4;
            for _ in 0..count {
                let text = &block[at + 4..at + 4 + word(at)];
                output
                    .comments
                    .push(String::from_utf8(text.to_vec()).unwrap());
                at += 4 + text.len();
            }
        }
        output
    }

    fn told(&self, outcome: Outcome, what: &str) -> bool {
        (self.warnings.iter())
            .any(|warning| warning.outcome() == outcome && warning.what().contains(what))
    }
}

fn id3_frames(tag: &[u8]) -> Vec<([u8; 4], Vec<u8>)> {
    let size = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0, |size, byte| size << 7 | *byte as usize)
    };
    assert!(tag.starts_with(b"ID3\x04\0\0"));
    let end = 10 + size(&tag[6..10]);
    assert_eq!(end, tag.len(), "the tag fills its chunk");
    let mut at = 10;
    let mut frames = Vec::new();
    while at < end {
        let bytes = size(&tag[at + 4..at + 8]);
        frames.push((
            tag[at..at + 4].try_into().unwrap(),
            tag[at + 10..at + 10 + bytes].to_vec(),
        ));
        at += 10 + bytes;
    }
    frames
}

/// A kind, where it comes from, and what is expected of it in a WAV and in a FLAC.
struct Case(&'static str, &'static str, In, In);

/// The nearest frame at the output's rate.
fn scaled(at: u64) -> u64 {
    (at * u64::from(OUT_HZ) + u64::from(IN_HZ) / 2) / u64::from(IN_HZ)
}

fn le(at: u64) -> Vec<u8> {
    (scaled(at) as u32).to_le_bytes().to_vec()
}

fn text(value: &str) -> Vec<u8> {
    value.as_bytes().to_vec()
}

#[rustfmt::skip]
fn cases() -> Vec<Case> {
    let lost = |what| Named(Outcome::Lost, what);
    let dropped = |what| Named(Outcome::Dropped, what);
    let mut cases = vec![
        Case("broadcast data, time reference", "WAV", Chunk(b"bext", [scaled(123_456_789).to_le_bytes().to_vec(), vec![2, 0]].concat()), Riff(b"bext", scaled(123_456_789).to_le_bytes().to_vec())),
        Case("originator, reference, date, time", "WAV", Chunk(b"bext", text("2024-05-0607:08:09")), Riff(b"bext", text("2024-05-0607:08:09"))),
        Case("UMID", "WAV", Chunk(b"bext", vec![0x06, 0x0A, 0x2B, 0x34]), Riff(b"bext", vec![0x06, 0x0A, 0x2B, 0x34])),
        Case("coding history, one line longer", "WAV", Chunk(b"bext", text("A=ANALOGUE,M=stereo\r\nA=PCM,F=48000,W=24,M=stereo,T=Acetate\r\n")), Riff(b"bext", text("A=ANALOGUE,M=stereo\r\nA=PCM,F=48000,W=24,M=stereo,T=Acetate\r\n"))),
        Case("iXML", "WAV", Chunk(b"iXML", text("<FILE_SAMPLE_RATE>48000</FILE_SAMPLE_RATE>")), Riff(b"iXML", text("<FILE_SAMPLE_RATE>48000</FILE_SAMPLE_RATE>"))),
        Case("ADM", "WAV", Chunk(b"axml", text("<adm/>")), Riff(b"axml", text("<adm/>"))),
        Case("track UIDs of ADM", "WAV", Chunk(b"chna", vec![1, 0, 1, 0]), Riff(b"chna", vec![1, 0, 1, 0])),
        Case("XMP", "WAV", Chunk(b"_PMX", text("<x/>")), Riff(b"_PMX", text("<x/>"))),
        Case("Acid's tempo and beats", "WAV", Chunk(b"acid", text("24bytes")), Riff(b"acid", text("24bytes"))),
        Case("AFsp", "WAV", Chunk(b"afsp", text("AFspdate")), Riff(b"afsp", text("AFspdate"))),
        Case("cue points", "WAV", Chunk(b"cue ", le(30_001)), Riff(b"cue ", le(30_001))),
        Case("labels of cue points", "WAV", Chunk(b"LIST", text("verse")), Riff(b"LIST", text("verse"))),
        Case("notes of cue points", "WAV", Chunk(b"LIST", text("sing softly")), Riff(b"LIST", text("sing softly"))),
        Case("regions of cue points", "WAV", Chunk(b"LIST", [((scaled(30_001 + 1_003) - scaled(30_001)) as u32).to_le_bytes().to_vec(), text("rgn ")].concat()), Riff(b"LIST", text("rgn "))),
        Case("playlist of cue points", "WAV", Chunk(b"plst", le(1_470)), Riff(b"plst", le(1_470))),
        Case("sampler loops", "WAV", Chunk(b"smpl", [le(22_050), ((scaled(33_076) - 1) as u32).to_le_bytes().to_vec()].concat()), Riff(b"smpl", le(22_050))),
        Case("instrument", "WAV", Chunk(b"inst", vec![60, 0, 0, 0, 127, 1, 127]), Riff(b"inst", vec![60, 0, 0, 0, 127, 1, 127])),
        Case("cart timers", "WAV", Chunk(b"cart", [text("AUDe"), le(40_000)].concat()), Riff(b"cart", [text("AUDe"), le(40_000)].concat())),
        Case("peaks, peak envelopes, checksums", "WAV", dropped("PEAK chunk"), dropped("PEAK chunk")),
        Case("unknown chunks, at another rate", "WAV", lost("abcd chunk"), lost("abcd chunk")),
        Case("own INFO entries", "WAV", Chunk(b"LIST", text("own words")), Comment("IXYZ=own words")),
        Case("title of the INFO list", "WAV", Chunk(b"LIST", text("INAM")), Comment("TITLE=Night")),
        Case("program that wrote the file", "WAV", dropped("ENCODER"), dropped("ENCODER")),
        Case("application blocks", "FLAC", lost("application block ATCH"), Block(2, text("ATCHdata"))),
        Case("chunks of a WAV in \"riff\" blocks", "FLAC", Chunk(b"iXML", text("<BWFXML/>")), Riff(b"iXML", text("<BWFXML/>"))),
        Case("cue sheet block", "FLAC", Chunk(b"cue ", le(588 * 10)), Block(5, scaled(588 * 10).to_be_bytes().to_vec())),
        Case("cue sheet block, catalog and ISRC", "FLAC", Frame(b"TXXX", text("ISRC USRC17607839\n    INDEX 01 00:00:10")), Block(5, text("USRC17607839"))),
        Case("unknown blocks", "FLAC", lost("type 9"), lost("type 9")),
    ];
    for from in ["WAV", "MP3"] {
        cases.extend([
            Case("own texts (TXXX)", from, Frame(b"TXXX", text("\x03MYKEY\0mine")), Comment("MYKEY=mine")),
            Case("lyrics", from, Frame(b"USLT", text("la la")), Comment("LYRICS=la la")),
            Case("lyrics in time", from, Frame(b"SYLT", text("first")), Comment("SYNCEDLYRICS=[00:01.50]first\n")),
            Case("chapters", from, Frame(b"CHAP", [&4000_u32.to_be_bytes()[..], &[0xFF; 8]].concat()), Comment(if from == "MP3" { "CHAPTER001=00:00:01.000" } else { "CHAPTER001NAME=One" })),
            Case("table of chapters", from, Frame(b"CTOC", text("a\0")), Comment("CHAPTER001NAME=One")),
            Case("tempo", from, Frame(b"TBPM", text("120")), Comment("BPM=120")),
            Case("key", from, Frame(b"TKEY", text("Am")), Comment("INITIALKEY=Am")),
            Case("ISRC", from, Frame(b"TSRC", text("USRC17607839")), Comment("ISRC=USRC17607839")),
            Case("several people", from, Frame(b"TPE1", text("One\0Two")), Comment("ARTIST=Two")),
            Case("links", from, Frame(b"WOAR", text("https://a.example")), Comment("WOAR=https://a.example")),
            Case("pictures with their kinds", from, Frame(b"APIC", [&b"image/png\0\x04back\0"[..], PNG].concat()), Block(6, [4_u32.to_be_bytes().to_vec(), 9_u32.to_be_bytes().to_vec(), text("image/png")].concat())),
            Case("MusicBrainz track", from, Frame(b"UFID", text("http://musicbrainz.org\0id-1")), Comment("MUSICBRAINZ_TRACKID=id-1")),
            Case("data of programs", from, Frame(b"PRIV", text("owner\0bytes")), lost("frame PRIV")),
            Case("rating and play counter", from, Frame(b"POPM", text("a@b.example")), lost("frame POPM")),
            Case("gains for players", from, dropped("REPLAYGAIN_TRACK_GAIN"), dropped("REPLAYGAIN_TRACK_GAIN")),
            Case("Sound Check and gapless data", from, dropped("iTunNORM"), dropped("iTunNORM")),
            Case("level adjustment", from, dropped("frame RVA2"), dropped("frame RVA2")),
            Case("encoder", from, dropped("frame TSSE"), dropped("frame TSSE")),
        ]);
    }
    for from in ["FLAC", "Ogg"] {
        cases.extend([
            Case("own comments", from, Frame(b"TXXX", text("\x03MYKEY\0mine")), Comment("MYKEY=mine")),
            Case("lyrics", from, Frame(b"USLT", text("la la")), Comment("LYRICS=la la")),
            Case("tempo", from, Frame(b"TBPM", text("120")), Comment("BPM=120")),
            Case("key", from, Frame(b"TKEY", text("Am")), Comment("KEY=Am")),
            Case("UPC", from, Frame(b"TXXX", text("UPC\x000731452")), Comment("UPC=0731452")),
            Case("bar code", from, Frame(b"TXXX", text("BARCODE\x000731453")), Comment("BARCODE=0731453")),
            Case("ISRC", from, Frame(b"TSRC", text("USRC17607839")), Comment("ISRC=USRC17607839")),
            Case("catalog number", from, Frame(b"TXXX", text("CATALOGNUMBER\0AB-1")), Comment("CATALOGNUMBER=AB-1")),
            Case("media catalog number", from, Frame(b"TXXX", text("MCN\x000999")), Comment("MCN=0999")),
            Case("number and total of tracks", from, Frame(b"TRCK", text("3/12")), Comment("TRACKTOTAL=12")),
            Case("chapters", from, Frame(b"CHAP", text("Two")), Comment("CHAPTER002=00:00:00.500")),
            Case("pictures with their kinds", from, Frame(b"APIC", [&b"image/png\0\x04back\0"[..], PNG].concat()), Block(6, PNG.to_vec())),
            Case("gains for players", from, dropped("R128_TRACK_GAIN"), dropped("R128_TRACK_GAIN")),
            Case("encoder", from, dropped("ENCODER"), dropped("ENCODER")),
        ]);
    }
    cases.push(Case("cue sheet as a text", "Ogg", Frame(b"TXXX", text("CUESHEET\0TRACK 01")), Comment("CUESHEET=TRACK 01")));
    cases.extend([
        Case("title", "M4A", Frame(b"TIT2", text("Night")), Comment("TITLE=Night")),
        Case("lyrics", "M4A", Frame(b"USLT", text("la la")), Comment("LYRICS=la la")),
        Case("tempo", "M4A", Frame(b"TBPM", text("120")), Comment("BPM=120")),
        Case("number and total of tracks", "M4A", Frame(b"TRCK", text("3/12")), Comment("TRACKTOTAL=12")),
        Case("compilation", "M4A", Frame(b"TCMP", text("1")), Comment("COMPILATION=1")),
        Case("own freeform atoms", "M4A", Frame(b"TXXX", text("MYKEY\0mine")), Comment("MYKEY=mine")),
        Case("UPC", "M4A", Frame(b"TXXX", text("UPC\x000731452")), Comment("UPC=0731452")),
        Case("own atoms of text", "M4A", Frame(b"TXXX", text("xyzt\0hello")), Comment("xyzt=hello")),
        Case("own atoms of bytes", "M4A", lost("atom xyzb"), lost("atom xyzb")),
        Case("second cover", "M4A", Frame(b"APIC", [PNG, b"2"].concat()), Block(6, [PNG, b"2"].concat())),
        Case("chapters of Nero", "M4A", Frame(b"CHAP", text("Two")), Comment("CHAPTER002=00:00:00.500")),
        Case("chapter track", "M4A (QuickTime)", Frame(b"CHAP", text("Zwei")), Comment("CHAPTER002=00:00:02.000")),
        Case("other tracks", "M4A (QuickTime)", lost("a video track"), lost("a video track")),
        Case("Sound Check and gapless data", "M4A", dropped("iTunNORM"), dropped("iTunNORM")),
        Case("encoder", "M4A", dropped("ENCODER"), dropped("ENCODER")),
        Case("name, author", "AIFF", Frame(b"TPE1", text("Hands")), Comment("ARTIST=Hands")),
        Case("annotations", "AIFF", Frame(b"COMM", text("loud")), Comment("COMMENT=loud")),
        Case("markers", "AIFF", Chunk(b"cue ", le(22_050)), Comment("CHAPTER001NAME=mark")),
        Case("loops", "AIFF", Chunk(b"smpl", [le(22_050), ((scaled(33_000) - 1) as u32).to_le_bytes().to_vec()].concat()), Riff(b"smpl", le(22_050))),
        Case("data of programs", "AIFF", lost("APPL chunk"), lost("APPL chunk")),
        Case("information", "CAF", Frame(b"TIT2", text("Night")), Comment("TITLE=Night")),
        Case("markers with names", "CAF", Chunk(b"LIST", text("bridge")), Comment("CHAPTER001=00:00:00.500")),
        Case("overview", "CAF", dropped("ovvw chunk"), dropped("ovvw chunk")),
        Case("other chunks", "CAF", lost("midi chunk"), lost("midi chunk")),
        Case("texts", "APE tag", Frame(b"TXXX", text("MyOwn\0mine")), Comment("MyOwn=mine")),
        Case("cover", "APE tag", Frame(b"APIC", PNG.to_vec()), Block(6, PNG.to_vec())),
        Case("bytes", "APE tag", lost("item Bytes"), lost("item Bytes")),
    ]);
    cases
}

const PNG: &[u8] = b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0";

fn be_chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = id.to_vec();
    out.extend((body.len() as u32).to_be_bytes());
    out.extend(body);
    out.resize(out.len() + body.len() % 2, 0);
    out
}

fn id3_frame(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = [21, 14, 7, 0].map(|shift| (body.len() >> shift) as u8 & 0x7F);
    [&id[..], &size, &[0, 0], body].concat()
}

fn id3_tag() -> Vec<u8> {
    let chapter = [
        &b"a\0\0\0\x03\xE8"[..],
        &4000_u32.to_be_bytes(),
        &[0; 8],
        &id3_frame(b"TIT2", b"\x03One"),
    ]
    .concat();
    let synchronised = [&b"\x03eng\x02\x01\0first\0"[..], &1500_u32.to_be_bytes()].concat();
    let frames = [
        id3_frame(b"TIT2", b"\x03Night"),
        id3_frame(b"TPE1", b"\x03One\0Two"),
        id3_frame(b"TXXX", b"\x03MYKEY\0mine"),
        id3_frame(b"TXXX", b"\x03REPLAYGAIN_TRACK_GAIN\0-7.5 dB"),
        id3_frame(b"COMM", b"\x03engiTunNORM\0 00000A2C"),
        id3_frame(b"USLT", b"\x03eng\0la la"),
        id3_frame(b"SYLT", &synchronised),
        id3_frame(b"TBPM", b"\x03120"),
        id3_frame(b"TKEY", b"\x03Am"),
        id3_frame(b"TSRC", b"\x03USRC17607839"),
        id3_frame(b"TSSE", b"\x03Encoder 1"),
        id3_frame(b"WOAR", b"https://a.example"),
        id3_frame(b"UFID", b"http://musicbrainz.org\0id-1"),
        id3_frame(b"PRIV", b"owner\0bytes"),
        id3_frame(b"POPM", b"a@b.example\0\xC4"),
        id3_frame(b"RVA2", b"x\0\x01\0\0\0"),
        id3_frame(
            b"APIC",
            &[b"\x03image/jpeg\0\x03\0", &b"\xFF\xD8\xFF\xE0front"[..]].concat(),
        ),
        id3_frame(b"APIC", &[b"\x03image/png\0\x04back\0", PNG].concat()),
        id3_frame(b"CHAP", &chapter),
        id3_frame(b"CTOC", b"toc\0\x03\x01a\0"),
    ]
    .concat();
    let size = [21, 14, 7, 0].map(|shift| (frames.len() >> shift) as u8 & 0x7F);
    [&b"ID3\x04\0\0"[..], &size, &frames].concat()
}

fn wav() -> Vec<u8> {
    let mut bext = b"scene 12".to_vec();
    bext.resize(256, 0);
    bext.extend(b"Recorder");
    bext.resize(288, 0);
    bext.extend(b"R1");
    bext.resize(320, 0);
    bext.extend(b"2024-05-0607:08:09");
    bext.extend(123_456_789_u64.to_le_bytes());
    bext.extend([2, 0, 0x06, 0x0A, 0x2B, 0x34]);
    bext.resize(602, 0);
    bext.extend(b"A=ANALOGUE,M=stereo\r\n");
    let words = |words: &[u32]| {
        words
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    let point =
        |id: u32, at: u32| [words(&[id, at]), b"data".to_vec(), words(&[0, 0, at])].concat();
    let adtl = [
        b"adtl".to_vec(),
        chunk(b"labl", b"\x01\0\0\0One\0"),
        chunk(b"labl", b"\x02\0\0\0verse\0"),
        chunk(b"note", b"\x02\0\0\0sing softly\0"),
        chunk(
            b"ltxt",
            &[words(&[2, 1_003]), b"rgn \0\0\0\0\0\0\0\0".to_vec()].concat(),
        ),
    ]
    .concat();
    let sampler = words(&[0, 0, 22_675, 60, 0, 0, 0, 1, 0, 0, 0, 22_050, 33_075, 0, 0]);
    let mut cart = b"0101".to_vec();
    cart.resize(684, 0);
    cart.extend(b"AUDe");
    cart.extend(40_000_u32.to_le_bytes());
    cart.resize(2048, 0);
    let info = [
        b"INFO".to_vec(),
        chunk(b"INAM", b"Night\0"),
        chunk(b"IXYZ", b"own words\0"),
        chunk(b"ISFT", b"Recorder 9\0"),
    ]
    .concat();
    riff(&[
        chunk(b"fmt ", &fmt(1, 2, IN_HZ, 16)),
        chunk(b"bext", &bext),
        chunk(
            b"iXML",
            b"<BWFXML><FILE_SAMPLE_RATE>44100</FILE_SAMPLE_RATE></BWFXML>",
        ),
        chunk(b"axml", b"<adm/>"),
        chunk(b"chna", &[1, 0, 1, 0]),
        chunk(b"data", &[0; 400]),
        chunk(b"_PMX", b"<x/>"),
        chunk(b"acid", b"24bytes of acid"),
        chunk(b"afsp", b"AFspdate: 2024\0"),
        chunk(
            b"cue ",
            &[words(&[2]), point(1, 1_000), point(2, 30_001)].concat(),
        ),
        chunk(b"LIST", &adtl),
        chunk(b"plst", &words(&[1, 2, 1_470, 1])),
        chunk(b"smpl", &sampler),
        chunk(b"inst", &[60, 0, 0, 0, 127, 1, 127]),
        chunk(b"cart", &cart),
        chunk(b"PEAK", &[0; 16]),
        chunk(b"abcd", b"????"),
        chunk(b"LIST", &info),
        chunk(b"id3 ", &id3_tag()),
    ])
}

fn comments(with_pictures: bool) -> Vec<u8> {
    let mut fields = vec![
        "TITLE=Night",
        "MYKEY=mine",
        "LYRICS=la la",
        "BPM=120",
        "KEY=Am",
        "UPC=0731452",
        "BARCODE=0731453",
        "ISRC=USRC17607839",
        "CATALOGNUMBER=AB-1",
        "MCN=0999",
        "TRACKNUMBER=3",
        "TRACKTOTAL=12",
        "CHAPTER001=00:00:00.000",
        "CHAPTER001NAME=One",
        "CHAPTER002=00:00:00.500",
        "CHAPTER002NAME=Two",
        "R128_TRACK_GAIN=-256",
        "ENCODER=x",
        "ALBUM=",
        "ALBUMARTIST=  ",
    ];
    let picture = format!("METADATA_BLOCK_PICTURE={}", base64(&flac_picture()));
    if with_pictures {
        fields.extend(["CUESHEET=TRACK 01", picture.as_str()]);
    }
    let mut block = 1_u32.to_le_bytes().to_vec();
    block.push(b'v');
    block.extend((fields.len() as u32).to_le_bytes());
    for field in fields {
        block.extend((field.len() as u32).to_le_bytes());
        block.extend(field.bytes());
    }
    block
}

fn base64(bytes: &[u8]) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let word = three
            .iter()
            .fold(0_u32, |word, byte| word << 8 | u32::from(*byte))
            << (8 * (3 - three.len()));
        for index in 0..4 {
            let letter = letters[(word >> (18 - 6 * index) & 63) as usize];
            out.push(if index > three.len() {
                '='
            } else {
                char::from(letter)
            });
        }
    }
    out
}

fn flac_picture() -> Vec<u8> {
    let be = |word: usize| (word as u32).to_be_bytes();
    [
        &be(4)[..],
        &be(9),
        b"image/png",
        &be(4),
        b"back",
        &[0; 16],
        &be(PNG.len()),
        PNG,
    ]
    .concat()
}

fn flac() -> Vec<u8> {
    let block = |kind: u8, body: &[u8]| {
        let mut out = (body.len() as u32).to_be_bytes().to_vec();
        out[0] = kind;
        out.extend(body);
        out
    };
    let mut info = vec![0x10, 0, 0x10, 0, 0, 0, 0, 0, 0, 0];
    // 44.1 kHz, two channels, 16 bits.
    info.extend([0x0A, 0xC4, 0x42, 0xF0, 0, 0, 0, 0]);
    info.resize(34, 0);
    let mut sheet = b"1234567890123".to_vec();
    sheet.resize(136, 0);
    sheet.push(0x80);
    sheet.resize(395, 0);
    sheet.push(3);
    let mut track = |at: u64, number: u8, isrc: &[u8], has_index: bool| {
        sheet.extend(at.to_be_bytes());
        sheet.push(number);
        sheet.extend(isrc);
        sheet.resize(sheet.len() + 12 - isrc.len() + 14, 0);
        sheet.push(u8::from(has_index));
        if has_index {
            sheet.extend([0; 8]);
            sheet.extend([1, 0, 0, 0]);
        }
    };
    track(0, 1, b"", true);
    track(588 * 10, 2, b"USRC17607839", true);
    track(588 * 100, 170, b"", false);
    [
        b"fLaC".to_vec(),
        block(0, &info),
        block(4, &comments(false)),
        block(6, &flac_picture()),
        block(2, b"ATCHdata"),
        block(2, b"riffRIFF\0\0\0\0WAVE"),
        block(2, &[&b"riff"[..], &chunk(b"iXML", b"<BWFXML/>")].concat()),
        block(5, &sheet),
        block(9, b"?"),
        block(0x81, &[0; 8]),
    ]
    .concat()
}

fn mp3() -> Vec<u8> {
    let mut frame = b"\xFF\xFB\x90\x64".to_vec();
    frame.resize(417, 0);
    [id3_tag(), frame.repeat(8)].concat()
}

fn ape() -> Vec<u8> {
    let item = |key: &str, value: &[u8], flags: u32| {
        let length = (value.len() as u32).to_le_bytes();
        [
            &length[..],
            &flags.to_le_bytes(),
            key.as_bytes(),
            b"\0",
            value,
        ]
        .concat()
    };
    let items = [
        item("MyOwn", b"mine", 0),
        item("Bytes", b"\0\x01", 2),
        item("Cover Art (Front)", &[b"a.png\0", PNG].concat(), 2),
    ]
    .concat();
    let mut frame = b"\xFF\xFB\x90\x64".to_vec();
    frame.resize(417, 0);
    let size = (items.len() as u32 + 32).to_le_bytes();
    let footer = [
        &b"APETAGEX\xD0\x07\0\0"[..],
        &size,
        &3_u32.to_le_bytes(),
        &[0; 12],
    ]
    .concat();
    [frame.repeat(8), items, footer].concat()
}

fn mp4_box(name: &[u8], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes()[..], name, body].concat()
}

fn data(kind: u32, value: &[u8]) -> Vec<u8> {
    mp4_box(b"data", &[&kind.to_be_bytes()[..], &[0; 4], value].concat())
}

fn m4a() -> Vec<u8> {
    let freeform = |name: &[u8], value: &[u8]| {
        let mean = mp4_box(b"mean", b"\0\0\0\0com.apple.iTunes");
        let name = mp4_box(b"name", &[b"\0\0\0\0", name].concat());
        mp4_box(b"----", &[mean, name, data(1, value)].concat())
    };
    let list = [
        mp4_box(b"\xA9nam", &data(1, b"Night")),
        mp4_box(b"\xA9lyr", &data(1, b"la la")),
        mp4_box(b"\xA9too", &data(1, b"Lavf")),
        mp4_box(b"tmpo", &data(21, &[0, 120])),
        mp4_box(b"trkn", &data(0, &[0, 0, 0, 3, 0, 12, 0, 0])),
        mp4_box(b"cpil", &data(21, &[1])),
        mp4_box(
            b"covr",
            &[data(14, PNG), data(14, &[PNG, b"2"].concat())].concat(),
        ),
        mp4_box(b"xyzt", &data(1, b"hello")),
        mp4_box(b"xyzb", &data(0, b"\xFF\xFE\xFD\xFC\xFB\xFA\xF9\xF8\xF7")),
        freeform(b"MYKEY", b"mine"),
        freeform(b"UPC", b"0731452"),
        freeform(b"iTunNORM", b" 000"),
    ]
    .concat();
    let meta = mp4_box(b"meta", &[vec![0; 4], mp4_box(b"ilst", &list)].concat());
    let chapter =
        |at: u64, title: &[u8]| [&at.to_be_bytes()[..], &[title.len() as u8], title].concat();
    let nero = mp4_box(
        b"chpl",
        &[
            &b"\x01\0\0\0\0\0\0\0\x02"[..],
            &chapter(0, b"One"),
            &chapter(5_000_000, b"Two"),
        ]
        .concat(),
    );
    let moov = mp4_box(b"moov", &mp4_box(b"udta", &[meta, nero].concat()));
    [mp4_box(b"ftyp", b"M4A \0\0\0\0"), moov].concat()
}

fn quicktime() -> Vec<u8> {
    let handler = |kind: &[u8]| mp4_box(b"hdlr", &[&[0; 8][..], kind, &[0; 13]].concat());
    let header = |id: u32| {
        mp4_box(
            b"tkhd",
            &[&[0; 12][..], &id.to_be_bytes(), &[0; 68]].concat(),
        )
    };
    let full = |words: &[u32]| {
        [
            vec![0; 4],
            words.iter().flat_map(|word| word.to_be_bytes()).collect(),
        ]
        .concat()
    };
    let sound = mp4_box(
        b"trak",
        &[
            header(1),
            mp4_box(b"tref", &mp4_box(b"chap", &2_u32.to_be_bytes())),
            mp4_box(b"mdia", &handler(b"soun")),
        ]
        .concat(),
    );
    let start = mp4_box(b"ftyp", b"qt  \0\0\0\0");
    let samples = [&b"\0\x04Eins"[..], b"\0\x04Zwei"].concat();
    let at = start.len() as u32 + 8;
    let table = [
        mp4_box(b"stts", &full(&[1, 2, 2_000])),
        mp4_box(b"stsz", &full(&[0, 2, 6, 6])),
        mp4_box(b"stsc", &full(&[1, 1, 2, 1])),
        mp4_box(b"stco", &full(&[1, at])),
    ]
    .concat();
    let media = [
        mp4_box(b"mdhd", &full(&[0, 0, 1_000, 4_000, 0])),
        handler(b"text"),
        mp4_box(b"minf", &mp4_box(b"stbl", &table)),
    ]
    .concat();
    let text = mp4_box(b"trak", &[header(2), mp4_box(b"mdia", &media)].concat());
    let video = mp4_box(
        b"trak",
        &[header(3), mp4_box(b"mdia", &handler(b"vide"))].concat(),
    );
    let moov = mp4_box(b"moov", &[sound, text, video].concat());
    [start, mp4_box(b"mdat", &samples), moov].concat()
}

fn aiff() -> Vec<u8> {
    // 44.1 kHz as an 80-bit number.
    let rate = [0x40, 0x0E, 0xAC, 0x44, 0, 0, 0, 0, 0, 0];
    let common = [&[0, 2, 0, 0, 0, 100, 0, 16][..], &rate].concat();
    let mark = |id: u16, at: u32, name: &[u8]| {
        let mut out = [
            &id.to_be_bytes()[..],
            &at.to_be_bytes(),
            &[name.len() as u8],
            name,
        ]
        .concat();
        out.resize(out.len() + (name.len() + 1) % 2, 0);
        out
    };
    let marks = [
        &[0, 2][..],
        &mark(1, 22_050, b"mark"),
        &mark(2, 33_000, b"end"),
    ]
    .concat();
    let instrument = [
        60, 0, 0, 127, 1, 127, 0, 0, 0, 1, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0,
    ];
    let parts = [
        b"AIFF".to_vec(),
        be_chunk(b"COMM", &common),
        be_chunk(b"SSND", &[0; 408]),
        be_chunk(b"NAME", b"Night"),
        be_chunk(b"AUTH", b"Hands"),
        be_chunk(b"ANNO", b"loud"),
        be_chunk(b"MARK", &marks),
        be_chunk(b"INST", &instrument),
        be_chunk(b"APPL", b"stocthing"),
    ]
    .concat();
    be_chunk(b"FORM", &parts)
}

fn caf() -> Vec<u8> {
    let chunk =
        |id: &[u8], body: &[u8]| [id, &(body.len() as u64).to_be_bytes()[..], body].concat();
    let description = [
        &44_100_f64.to_be_bytes()[..],
        b"lpcm",
        &[0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 16],
    ]
    .concat();
    let marker = [
        &[0; 4][..],
        &22_050_f64.to_be_bytes(),
        &[0, 0, 0, 7],
        &[0; 12],
    ]
    .concat();
    [
        b"caff\0\x01\0\0".to_vec(),
        chunk(b"desc", &description),
        chunk(b"info", b"\0\0\0\x02title\0Night\0artist\0Hands\0"),
        chunk(b"mark", &[&[0, 0, 0, 0, 0, 0, 0, 1][..], &marker].concat()),
        chunk(
            b"strg",
            &[&[0, 0, 0, 1, 0, 0, 0, 7][..], &[0; 8], b"bridge\0"].concat(),
        ),
        chunk(b"ovvw", &[0; 8]),
        chunk(b"midi", b"MThd"),
        chunk(b"data", &[0; 404]),
    ]
    .concat()
}

fn ogg() -> Vec<u8> {
    let page = |sequence: u32, packet: &[u8]| {
        let mut lacing = vec![255; packet.len() / 255];
        lacing.push((packet.len() % 255) as u8);
        let head = [
            &b"OggS\0\0"[..],
            &[0; 8],
            &[1, 0, 0, 0],
            &sequence.to_le_bytes(),
            &[0; 4],
            &[lacing.len() as u8],
        ]
        .concat();
        [head, lacing, packet.to_vec()].concat()
    };
    let comments = [&b"\x03vorbis"[..], &comments(true), &[1]].concat();
    [
        page(0, &[&b"\x01vorbis"[..], &[0; 23]].concat()),
        page(1, &comments),
    ]
    .concat()
}

/// Every container with all that is tried of it.
fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("WAV", wav()),
        ("FLAC", flac()),
        ("MP3", mp3()),
        ("M4A", m4a()),
        ("M4A (QuickTime)", quicktime()),
        ("AIFF", aiff()),
        ("CAF", caf()),
        ("Ogg", ogg()),
        ("APE tag", ape()),
    ]
}

fn written(input: &[u8], container: Container, sample_rate_hz: u32) -> Output {
    let folder = folder();
    let (tags, mut warnings) = Tags::read(save(&folder, "in", input));
    let audio = noise(sample_rate_hz, 2, 50_000, 24);
    let options = StageOptions {
        tags: Some(&tags),
        expected_frames: Some(50_000),
        ..StageOptions::new(OutputFormat::new(container, WordLength::Bits24).unwrap())
    };
    let path = folder.path().join("out");
    let staged = stage(&path, &audio, &options, 4096);
    warnings.extend(staged.tag_warnings().to_vec());
    let path = staged.commit(true).unwrap();
    assert_same_bits(&decode(&path), &audio);
    Output::of(&path, warnings)
}

#[test]
fn every_kind_is_kept_moved_or_named_from_every_container_to_both() {
    let mut wrong = Vec::new();
    for (from, bytes) in inputs() {
        let wav = written(&bytes, Container::Wav, OUT_HZ);
        let flac = written(&bytes, Container::Flac, OUT_HZ);
        for Case(kind, _, in_wav, in_flac) in cases().iter().filter(|case| case.1 == from) {
            for (output, expected, name) in [(&wav, in_wav, "WAV"), (&flac, in_flac, "FLAC")] {
                if !expected.is_in(output) {
                    wrong.push(format!("{kind}, {from} to {name}: {}", expected.words()));
                }
            }
        }
        if !wrong.is_empty() && wrong.last().unwrap().contains(from) {
            println!("{from} to WAV: {wav:?}\nto FLAC: {flac:?}");
        }
        // Nothing blank was carried.
        assert!(
            !flac
                .comments
                .iter()
                .any(|field| field.ends_with('=') || field.trim_end().ends_with('='))
        );
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_table_of_the_documents_is_the_one_that_is_tested() {
    let mut table = "| kind | from | in a WAV | in a FLAC |\n|---|---|---|---|\n".to_owned();
    for Case(kind, from, wav, flac) in cases() {
        let _ = writeln!(
            table,
            "| {kind} | {from} | {} | {} |",
            wav.words(),
            flac.words()
        );
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/METADATA.md");
    let text = fs::read_to_string(path).unwrap();
    assert!(
        text.contains(&table),
        "docs/METADATA.md should hold this table:\n{table}"
    );
}

#[test]
fn at_the_same_rate_unknown_chunks_are_kept() {
    let output = written(&wav(), Container::Wav, IN_HZ);
    assert!(Chunk(b"abcd", b"????".to_vec()).is_in(&output));
    assert!(Chunk(b"cue ", 30_001_u32.to_le_bytes().to_vec()).is_in(&output));
    // The loudness of the mix is not that of the master.
    let bext = output.chunks.iter().find(|(id, _)| id == b"bext").unwrap();
    assert_eq!(bext.1[412..422], [0xFF, 0x7F].repeat(5));
}

#[test]
fn a_second_master_of_a_master_keeps_what_the_first_kept() {
    let folder = folder();
    let (tags, _) = Tags::read(save(&folder, "in.wav", &wav()));
    let audio = noise(OUT_HZ, 2, 50_000, 24);
    let options = StageOptions {
        tags: Some(&tags),
        expected_frames: Some(50_000),
        ..StageOptions::new(OutputFormat::new(Container::Flac, WordLength::Bits24).unwrap())
    };
    let flac = stage(&folder.path().join("a.flac"), &audio, &options, 4096)
        .commit(true)
        .unwrap();
    let back = written(&fs::read(flac).unwrap(), Container::Wav, OUT_HZ);
    for Case(kind, from, in_wav, in_flac) in cases() {
        if from == "WAV" && matches!(in_flac, Riff(..)) && kind != "coding history, one line longer"
        {
            assert!(in_wav.is_in(&back), "{kind}");
        }
    }
}

#[test]
fn more_than_the_bound_is_named_and_not_held() {
    let mut pictures = b"fLaC\0\0\0\x22".to_vec();
    pictures.extend([0; 34]);
    for number in 0..6_u8 {
        let data = vec![number; 10 << 20];
        let be = |word: usize| (word as u32).to_be_bytes();
        let block = [
            &be(3)[..],
            &be(9),
            b"image/png",
            &be(0),
            &[0; 16],
            &be(data.len()),
            &data,
        ]
        .concat();
        let size = (block.len() as u32).to_be_bytes();
        pictures.extend([
            if number == 5 { 0x86 } else { 6 },
            size[1],
            size[2],
            size[3],
        ]);
        pictures.extend(block);
    }
    let folder = folder();
    let (tags, warnings) = Tags::read(save(&folder, "in.flac", &pictures));
    assert_eq!(tags.picture_count(), 4);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(warnings[0].outcome(), Outcome::Lost);
}

#[test]
fn sizes_and_counts_that_lie_cost_neither_memory_nor_a_panic() {
    let folder = folder();
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) as usize % below
    };
    let rounds: usize =
        std::env::var("ACETATE_ROUNDS").map_or(200, |rounds| rounds.parse().unwrap());
    // The fuzz target `tags` begins with the same files.
    let seeds = std::env::var_os("ACETATE_SEEDS");
    for (name, bytes) in inputs() {
        if let Some(seeds) = &seeds {
            fs::write(Path::new(seeds).join(name), &bytes).unwrap();
        }
        for round in 0..rounds {
            let mut broken = bytes.clone();
            for _ in 0..=next(4) {
                let at = next(broken.len());
                match next(4) {
                    0 => broken[at] ^= 1 << next(8),
                    1 => broken[at] = 0xFF,
                    2 => broken.truncate(at + 1),
                    _ => {
                        let from = next(broken.len());
                        let piece = broken[from..broken.len().min(from + next(64))].to_vec();
                        broken.splice(at..at, piece);
                    }
                }
            }
            let (tags, warnings) = Tags::read(save(&folder, "in", &broken));
            // A panic in the reader is caught, and told like this.
            let panicked = warnings
                .iter()
                .any(|told| told.why().contains("cannot cope"));
            assert!(!panicked, "{name}, round {round}: {broken:02X?}");
            for container in [Container::Wav, Container::Flac] {
                let options = StageOptions {
                    tags: Some(&tags),
                    expected_frames: Some(10),
                    ..StageOptions::new(OutputFormat::new(container, WordLength::Bits16).unwrap())
                };
                let audio = noise(OUT_HZ, 2, 10, 16);
                drop(stage(&folder.path().join("out"), &audio, &options, 4096));
            }
        }
    }
}

#[test]
fn a_text_of_a_tag_steers_no_terminal() {
    let tag = id3_frame(b"TXXX", b"\x03REPLAYGAIN_\x1B[2J\nerror: x\0v");
    let size = [21, 14, 7, 0].map(|shift| (tag.len() >> shift) as u8 & 0x7F);
    let file = riff(&[
        chunk(b"fmt ", &fmt(1, 1, IN_HZ, 16)),
        chunk(b"data", &[0; 4]),
        chunk(b"id3 ", &[&b"ID3\x04\0\0"[..], &size, &tag].concat()),
    ]);
    let folder = folder();
    let (_, warnings) = Tags::read(save(&folder, "in.wav", &file));
    assert_eq!(warnings.len(), 1);
    assert!(
        !warnings[0].to_string().chars().any(char::is_control),
        "{}",
        warnings[0]
    );
}

fn mp3_with(version: u8, flags: u8, frames: &[u8]) -> Vec<u8> {
    let size = [21, 14, 7, 0].map(|shift| (frames.len() >> shift) as u8 & 0x7F);
    let mut sound = b"\xFF\xFB\x90\x64".to_vec();
    sound.resize(417, 0);
    [&b"ID3"[..], &[version, 0, flags], &size, frames, &sound].concat()
}

#[test]
fn tags_of_older_versions_say_the_same() {
    let utf16 = |text: &str| {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        [0xFF, 0xFE].into_iter().chain(units).collect::<Vec<u8>>()
    };
    let frame = |id: &[u8; 4], body: &[u8]| {
        [&id[..], &(body.len() as u32).to_be_bytes(), &[0, 0], body].concat()
    };
    let long = "a title of more than 127 bytes, whose size is another in version 4 ".repeat(3);
    let chapter = [
        &b"a\0\0\0\0\0\0\0\x0F\xA0"[..],
        &[0xFF; 8],
        &frame(b"TIT2", &[b"\0", long.as_bytes()].concat()),
    ]
    .concat();
    let third = [
        frame(b"TIT2", &[&[1][..], &utf16("Glühwürmchen")].concat()),
        frame(
            b"TXXX",
            &[&[1][..], &utf16("MYKEY"), &[0, 0], &utf16("mine")].concat(),
        ),
        frame(b"TYER", b"\x001999"),
        frame(b"TDAT", b"\x003112"),
        frame(b"TRCK", b"\x003/12"),
        frame(b"TCON", b"\0(17)"),
        frame(b"IPLS", b"\0producer\0Ann"),
        frame(b"CHAP", &chapter),
    ]
    .concat();
    let output = written(&mp3_with(3, 0, &third), Container::Flac, IN_HZ);
    for field in [
        "TITLE=Glühwürmchen",
        "MYKEY=mine",
        "DATE=1999-12-31",
        "TRACKNUMBER=3",
        "TRACKTOTAL=12",
        "GENRE=Rock",
        "PRODUCER=Ann",
        &format!("CHAPTER001NAME={long}"),
    ] {
        assert!(
            output.comments.iter().any(|own| own == field),
            "{field}: {:?}",
            output.comments
        );
    }
    let output = written(&mp3_with(3, 0, &third), Container::Wav, IN_HZ);
    assert!(
        Frame(
            b"CHAP",
            id3_frame(b"TIT2", &[b"\0", long.as_bytes()].concat())
        )
        .is_in(&output)
    );
    assert!(Frame(b"TRCK", text("3/12")).is_in(&output));

    let short = |id: &[u8; 3], body: &[u8]| {
        [&id[..], &(body.len() as u32).to_be_bytes()[1..], body].concat()
    };
    let second = [
        short(b"TT2", b"\0Night"),
        short(b"ULT", b"\0eng\0la la"),
        short(b"PIC", &[b"\0PNG\x03\0", PNG].concat()),
        short(b"XYZ", b"?"),
    ]
    .concat();
    let output = written(&mp3_with(2, 0, &second), Container::Wav, IN_HZ);
    assert!(Frame(b"TIT2", text("Night")).is_in(&output));
    assert!(Frame(b"USLT", text("la la")).is_in(&output));
    assert!(Frame(b"APIC", [b"image/png\0\x03\0", PNG].concat()).is_in(&output));
    assert!(output.told(Outcome::Lost, "XYZ"));
}

#[test]
fn zeros_that_were_put_into_a_tag_are_taken_out_of_its_picture() {
    let picture = b"\0image/jpeg\0\x03\0\xFF\xD8\xFF\xE0\xFF\x00x";
    let plain = [
        &b"APIC"[..],
        &(picture.len() as u32).to_be_bytes(),
        &[0, 0],
        picture,
    ]
    .concat();
    let mut put = Vec::new();
    for (index, byte) in plain.iter().enumerate() {
        put.push(*byte);
        if *byte == 0xFF
            && plain
                .get(index + 1)
                .is_none_or(|next| *next >= 0xE0 || *next == 0)
        {
            put.push(0);
        }
    }
    let output = written(&mp3_with(3, 0x80, &put), Container::Wav, IN_HZ);
    assert!(Frame(b"APIC", b"\xFF\xD8\xFF\xE0\xFF\x00x".to_vec()).is_in(&output));
}

#[test]
fn a_packed_frame_is_unpacked_and_an_encrypted_one_is_named() {
    // zlib with a stored block of the text.
    let plain = b"\x03Night";
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in plain {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    let length = (plain.len() as u16).to_le_bytes();
    let other = (!(plain.len() as u16)).to_le_bytes();
    let packed = [
        &[0, 0, 0, 6, 0x78, 0x01, 1][..],
        &length,
        &other,
        plain,
        &(b << 16 | a).to_be_bytes(),
    ]
    .concat();
    let frame = |id: &[u8], flags: u8, body: &[u8]| {
        [id, &[0, 0, 0, body.len() as u8, 0, flags], body].concat()
    };
    let tag = [
        frame(b"TIT2", 0x09, &packed),
        frame(b"TALB", 0x04, b"\x01secret"),
    ]
    .concat();
    let output = written(&mp3_with(4, 0, &tag), Container::Flac, IN_HZ);
    assert!(Comment("TITLE=Night").is_in(&output), "{output:?}");
    assert!(output.told(Outcome::Lost, "TALB"));
}

#[test]
fn millions_of_entries_are_answered_in_a_moment_and_counted() {
    let mut fields = 0_u32;
    let mut list = Vec::new();
    while list.len() < 12 << 20 {
        let name = format!("A{fields}=1");
        for field in [name.as_str(), "REPLAYGAIN_X=1"] {
            list.extend((field.len() as u32).to_le_bytes());
            list.extend(field.bytes());
            fields += 1;
        }
    }
    let block = [&[0; 4][..], &fields.to_le_bytes(), &list].concat();
    let size = (block.len() as u32).to_be_bytes();
    let head = [
        &b"fLaC\0\0\0\x22"[..],
        &[0; 34],
        &[0x84, size[1], size[2], size[3]],
    ]
    .concat();
    let begun = std::time::Instant::now();
    let output = written(&[head, block].concat(), Container::Wav, OUT_HZ);
    assert!(begun.elapsed().as_secs() < 60);
    assert!(output.warnings.len() < 500);
    assert!(
        output.told(Outcome::Lost, "more entries"),
        "{:?}",
        output.warnings.last()
    );
    assert_eq!(output.frames.len(), 10_000);
}

#[test]
fn packed_frames_share_one_bound() {
    // 16 MiB of zeros in 16 kB, six times.
    let mut packed = Vec::new();
    packed.extend([0, 0, 0, 0]);
    packed.extend(zeros_packed(16 << 20));
    let mut tag = Vec::new();
    for _ in 0..6 {
        let size = [21, 14, 7, 0].map(|shift| (packed.len() >> shift) as u8 & 0x7F);
        tag.extend([&b"PRIV"[..], &size, &[0, 0x09], &packed].concat());
    }
    let folder = folder();
    let (_, warnings) = Tags::read(save(&folder, "in.mp3", &mp3_with(4, 0, &tag)));
    assert!(
        warnings
            .iter()
            .any(|told| told.why().contains("cannot be unpacked")),
        "{warnings:?}"
    );
}

/// A zlib stream of zeros: one literal, then copies of 258 bytes from a byte before (RFC 1951, fixed codes).
fn zeros_packed(bytes: usize) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let (mut word, mut bits) = (0_u64, 0);
    let mut put = |value: u64, count: u32, out: &mut Vec<u8>| {
        word |= value << bits;
        bits += count;
        while bits >= 8 {
            out.push(word as u8);
            word >>= 8;
            bits -= 8;
        }
    };
    // The last block, fixed codes; literal 0 is 00110000, read from its upper bit.
    put(0b011, 3, &mut out);
    put(0b0000_1100, 8, &mut out);
    for _ in 0..(bytes - 1) / 258 {
        // Length 258 is code 285, 11000101; distance 1 is 00000.
        put(0b1010_0011, 8, &mut out);
        put(0, 5, &mut out);
    }
    // The end of the block.
    put(0, 7, &mut out);
    put(0, 8, &mut out);
    let length = 1 + (bytes - 1) / 258 * 258;
    // Adler-32 of zeros.
    let checksum = ((length % 65_521) as u32) << 16 | 1;
    out.extend(checksum.to_be_bytes());
    out
}
