//! Files of every container with all that is tried of it, made of bytes.

use super::*;

pub(super) const PNG: &[u8] = b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0";

pub(super) fn be_chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = id.to_vec();
    out.extend((body.len() as u32).to_be_bytes());
    out.extend(body);
    out.resize(out.len() + body.len() % 2, 0);
    out
}

pub(super) fn id3_frame(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = [21, 14, 7, 0].map(|shift| (body.len() >> shift) as u8 & 0x7F);
    [&id[..], &size, &[0, 0], body].concat()
}

pub(super) fn id3_tag() -> Vec<u8> {
    let chapter = [
        &b"a\0\0\0\x03\xE8"[..],
        &4000_u32.to_be_bytes(),
        &[0; 8],
        &id3_frame(b"TIT2", b"\x03One"),
    ]
    .concat();
    let synchronized = [&b"\x03eng\x02\x01\0first\0"[..], &1500_u32.to_be_bytes()].concat();
    let frames = [
        id3_frame(b"TIT2", b"\x03Night"),
        id3_frame(b"TPE1", b"\x03One\0Two"),
        id3_frame(b"TXXX", b"\x03MYKEY\0mine"),
        id3_frame(b"TXXX", b"\x03REPLAYGAIN_TRACK_GAIN\0-7.5 dB"),
        id3_frame(b"COMM", b"\x03engiTunNORM\0 00000A2C"),
        id3_frame(b"USLT", b"\x03eng\0la la"),
        id3_frame(b"SYLT", &synchronized),
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

pub(super) fn wav() -> Vec<u8> {
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

pub(super) fn comments(with_pictures: bool) -> Vec<u8> {
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

pub(super) fn base64(bytes: &[u8]) -> String {
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

pub(super) fn flac_picture() -> Vec<u8> {
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

pub(super) fn flac() -> Vec<u8> {
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

pub(super) fn mp3() -> Vec<u8> {
    let mut frame = b"\xFF\xFB\x90\x64".to_vec();
    frame.resize(417, 0);
    [id3_tag(), frame.repeat(8)].concat()
}

pub(super) fn ape() -> Vec<u8> {
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

pub(super) fn mp4_box(name: &[u8], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes()[..], name, body].concat()
}

pub(super) fn data(kind: u32, value: &[u8]) -> Vec<u8> {
    mp4_box(b"data", &[&kind.to_be_bytes()[..], &[0; 4], value].concat())
}

pub(super) fn m4a() -> Vec<u8> {
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

pub(super) fn quicktime() -> Vec<u8> {
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

pub(super) fn aiff() -> Vec<u8> {
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

pub(super) fn caf() -> Vec<u8> {
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

pub(super) fn ogg() -> Vec<u8> {
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
pub(super) fn inputs() -> Vec<(&'static str, Vec<u8>)> {
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
