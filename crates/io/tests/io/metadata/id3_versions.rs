//! ID3v2 of other versions, packed and padded frames, and tags of millions of entries.

use super::inputs::*;
use super::*;

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
