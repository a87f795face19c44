//! What stands beside the sound, kind by kind: from each container to WAV and FLAC it is kept, moved or
//! named. The inputs are made of bytes here, and the outputs read by readers of their own. The table is
//! the one of `docs/METADATA.md`.

mod id3_versions;
mod inputs;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use acetate_io::{Container, Outcome, OutputFormat, StageOptions, TagWarning, Tags, WordLength};

use self::inputs::*;
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
    // Some readers take a last frame without padding behind it for a broken one.
    let padding = tag.iter().rev().take_while(|byte| **byte == 0).count();
    assert!(padding >= 10, "{padding}");
    while at < end && tag[at] != 0 {
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
