//! What the same thing is called in Vorbis comments, ID3v2, RIFF INFO and MP4, and texts set by name.

use std::sync::Arc;

use super::{Field, Picture, Tags};

/// The kind of a front cover, in ID3v2 and FLAC alike.
const FRONT_COVER: u8 = 3;

/// One thing; empty where a format has no name of its own for it. An ID3v2 name of more than four
/// characters is the description of a `TXXX` frame; an MP4 name of more, that of a freeform atom.
pub(super) struct Name {
    pub vorbis: &'static str,
    pub id3: &'static str,
    pub info: &'static str,
    pub mp4: &'static str,
}

const fn name(
    vorbis: &'static str,
    id3: &'static str,
    info: &'static str,
    mp4: &'static str,
) -> Name {
    Name {
        vorbis,
        id3,
        info,
        mp4,
    }
}

/// The first row of a name decides. The names of Vorbis comments and of `TXXX` follow MusicBrainz Picard.
#[rustfmt::skip]
pub(super) const NAMES: &[Name] = &[
    name("TITLE", "TIT2", "INAM", "\u{a9}nam"),
    name("SUBTITLE", "TIT3", "", "SUBTITLE"),
    name("ARTIST", "TPE1", "IART", "\u{a9}ART"),
    name("ARTISTS", "ARTISTS", "", "ARTISTS"),
    name("ALBUM", "TALB", "IPRD", "\u{a9}alb"),
    name("ALBUMARTIST", "TPE2", "", "aART"),
    name("TRACKNUMBER", "TRCK", "ITRK", "trkn"),
    name("TRACKNUMBER", "", "IPRT", ""),
    name("DISCNUMBER", "TPOS", "", "disk"),
    name("DISCSUBTITLE", "TSST", "", "DISCSUBTITLE"),
    name("DATE", "TDRC", "ICRD", "\u{a9}day"),
    name("ORIGINALDATE", "TDOR", "", "ORIGINALDATE"),
    name("RELEASEDATE", "TDRL", "", "RELEASEDATE"),
    name("GENRE", "TCON", "IGNR", "\u{a9}gen"),
    name("GROUPING", "TIT1", "", "\u{a9}grp"),
    name("COMMENT", "COMM", "ICMT", "\u{a9}cmt"),
    name("DESCRIPTION", "DESCRIPTION", "", "desc"),
    name("SYNOPSIS", "TDES", "", "ldes"),
    name("SUBJECT", "SUBJECT", "ISBJ", ""),
    name("KEYWORDS", "TKWD", "IKEY", "keyw"),
    name("COPYRIGHT", "TCOP", "ICOP", "cprt"),
    name("LICENSE", "LICENSE", "", "LICENSE"),
    name("COMPOSER", "TCOM", "IMUS", "\u{a9}wrt"),
    name("LYRICIST", "TEXT", "", "LYRICIST"),
    name("WRITER", "WRITER", "IWRI", ""),
    name("CONDUCTOR", "TPE3", "", "CONDUCTOR"),
    name("REMIXER", "TPE4", "", "REMIXER"),
    name("PRODUCER", "PRODUCER", "IPRO", "PRODUCER"),
    name("ENGINEER", "ENGINEER", "IENG", "ENGINEER"),
    name("TECHNICIAN", "TECHNICIAN", "ITCH", ""),
    name("PUBLISHER", "TPUB", "", "\u{a9}pub"),
    name("LABEL", "LABEL", "", "LABEL"),
    name("ISRC", "TSRC", "", "ISRC"),
    name("BARCODE", "BARCODE", "", "BARCODE"),
    name("UPC", "UPC", "", "UPC"),
    name("CATALOGNUMBER", "CATALOGNUMBER", "", "CATALOGNUMBER"),
    name("MCN", "MCN", "", "MCN"),
    name("MEDIA", "TMED", "IMED", "MEDIA"),
    name("SOURCEMEDIA", "SOURCEMEDIA", "ISRF", ""),
    name("SOURCE", "SOURCE", "ISRC", ""),
    name("LANGUAGE", "TLAN", "ILNG", "LANGUAGE"),
    name("BPM", "TBPM", "IBPM", "tmpo"),
    name("INITIALKEY", "TKEY", "", "initialkey"),
    name("MOOD", "TMOO", "", "MOOD"),
    name("LYRICS", "USLT", "", "\u{a9}lyr"),
    name("COMPILATION", "TCMP", "", "cpil"),
    name("MOVEMENTNAME", "MVNM", "", "\u{a9}mvn"),
    name("MOVEMENT", "MVIN", "", "\u{a9}mvi"),
    name("WORK", "WORK", "", "\u{a9}wrk"),
    name("TITLESORT", "TSOT", "", "sonm"),
    name("ARTISTSORT", "TSOP", "", "soar"),
    name("ALBUMSORT", "TSOA", "", "soal"),
    name("ALBUMARTISTSORT", "TSO2", "", "soaa"),
    name("COMPOSERSORT", "TSOC", "", "soco"),
    name("ORIGINALALBUM", "TOAL", "", ""),
    name("ORIGINALARTIST", "TOPE", "", ""),
    name("ORIGINALLYRICIST", "TOLY", "", ""),
    name("ORIGINALFILENAME", "TOFN", "", ""),
    name("ENCODEDBY", "TENC", "", "\u{a9}enc"),
    name("ENCODER", "TSSE", "ISFT", "\u{a9}too"),
    name("ENCODER", "", "", "\u{a9}swr"),
    name("LENGTH", "TLEN", "TLEN", ""),
    name("MUSICBRAINZ_RELEASETRACKID", "MusicBrainz Release Track Id", "", "MusicBrainz Release Track Id"),
    name("MUSICBRAINZ_ALBUMID", "MusicBrainz Album Id", "", "MusicBrainz Album Id"),
    name("MUSICBRAINZ_RELEASEGROUPID", "MusicBrainz Release Group Id", "", "MusicBrainz Release Group Id"),
    name("MUSICBRAINZ_ARTISTID", "MusicBrainz Artist Id", "", "MusicBrainz Artist Id"),
    name("MUSICBRAINZ_ALBUMARTISTID", "MusicBrainz Album Artist Id", "", "MusicBrainz Album Artist Id"),
    name("MUSICBRAINZ_WORKID", "MusicBrainz Work Id", "", "MusicBrainz Work Id"),
    name("MUSICBRAINZ_TRACKID", "", "", "MusicBrainz Track Id"),
    name("RELEASETYPE", "MusicBrainz Album Type", "", "MusicBrainz Album Type"),
    name("RELEASECOUNTRY", "MusicBrainz Album Release Country", "ICNT", "MusicBrainz Album Release Country"),
    name("ACOUSTID_ID", "Acoustid Id", "", "Acoustid Id"),
    name("ACOUSTID_FINGERPRINT", "Acoustid Fingerprint", "", "Acoustid Fingerprint"),
];

/// Other names that programs write for the same thing.
const SYNONYMS: &[(&str, &str)] = &[
    ("ALBUM ARTIST", "ALBUMARTIST"),
    ("UNSYNCEDLYRICS", "LYRICS"),
    ("UNSYNCED LYRICS", "LYRICS"),
    ("KEY", "INITIALKEY"),
    ("TOTALTRACKS", "TRACKTOTAL"),
    ("TOTALDISCS", "DISCTOTAL"),
    ("TEMPO", "BPM"),
    ("ORGANIZATION", "LABEL"),
];

/// Gains for players, what encoders say of themselves and of the stream, checksums of the old sound.
const UNTRUE: &[&str] = &[
    "ENCODER",
    "ENCODEDBY",
    "ENCODED-BY",
    "ENCODED_BY",
    "ENCODED BY",
    "ENCODING",
    "ENCODERSETTINGS",
    "ENCODER SETTINGS",
    "ENCODERSOFTWARE",
    "ENCODER_OPTIONS",
    "ENCODING PARAMS",
    "LENGTH",
    "WAVEFORMATEXTENSIBLE_CHANNEL_MASK",
    "TFLT",
    "TSIZ",
    "TDEN",
    "COM.APPLE.QUICKTIME.SOFTWARE",
];
/// Beginnings of names that are untrue whatever follows. (`iTunNORM` is a gain, `iTunSMPB` a length.)
const UNTRUE_BEGINNINGS: &[&str] = &[
    "REPLAYGAIN_",
    "R128_",
    "ITUNNORM",
    "ITUNSMPB",
    "ITUNPGAP",
    "MP3GAIN_",
    "ACCURATERIP",
    "CUETOOLS",
    "CTDB",
];

/// Where the number of all tracks or discs stands.
pub(super) fn total_of(name: &str) -> Option<&'static str> {
    match name {
        "TRACKNUMBER" => Some("TRACKTOTAL"),
        "DISCNUMBER" => Some("DISCTOTAL"),
        _ => None,
    }
}

/// Whether what stands under this name no longer holds when the sound and its encoder are others.
pub(super) fn is_untrue(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    UNTRUE.contains(&upper.as_str())
        || UNTRUE_BEGINNINGS
            .iter()
            .any(|start| upper.starts_with(start))
}

/// The name that the table has for a comment of Vorbis or APEv2, else the file's own.
pub(super) fn of_vorbis(own: &str) -> String {
    let upper = own.to_ascii_uppercase();
    let synonym = SYNONYMS.iter().find(|(other, _)| *other == upper);
    let known = NAMES.iter().find(|name| name.vorbis == upper);
    match (synonym, known) {
        (Some((_, name)), _) => (*name).to_owned(),
        (None, Some(name)) => name.vorbis.to_owned(),
        (None, None) => own.to_owned(),
    }
}

/// Of an ID3v2 frame, or of the description of a `TXXX`.
pub(super) fn of_id3(own: &str) -> String {
    let known = NAMES.iter().find(|name| name.id3.eq_ignore_ascii_case(own));
    known.map_or_else(|| of_vorbis(own), |name| name.vorbis.to_owned())
}

/// Of an entry of a list of INFO.
pub(super) fn of_info(own: &str) -> String {
    let known = NAMES.iter().find(|name| name.info == own);
    known.map_or_else(|| own.to_owned(), |name| name.vorbis.to_owned())
}

/// Of an MP4 atom, or of the name of a freeform one.
pub(super) fn of_mp4(own: &str) -> String {
    let known = NAMES.iter().find(|name| name.mp4.eq_ignore_ascii_case(own));
    known.map_or_else(|| of_vorbis(own), |name| name.vorbis.to_owned())
}

/// The row of a field.
pub(super) fn row(vorbis: &str) -> Option<&'static Name> {
    NAMES.iter().find(|name| name.vorbis == vorbis)
}

impl Tags {
    /// Sets the text under a Vorbis comment name (`TITLE`, `ISRC`, `REPLAYGAIN_TRACK_GAIN`, …) in place of
    /// what the file says there; an empty text removes it.
    pub fn set_text(&mut self, name: &str, value: &str) {
        let id3 = row(name).map_or("", |row| row.id3).as_bytes();
        self.fields
            .retain(|field| !field.name.eq_ignore_ascii_case(name));
        self.frames
            .retain(|frame| id3.is_empty() || frame.id[..] != *id3);
        if value.is_empty() {
            return;
        }
        self.fields.push(Field {
            name: name.to_owned(),
            value: value.to_owned(),
            own_name: None,
            frame: None,
            description: None,
            info: None,
            in_frame: false,
        });
    }

    /// Sets the picture of the front in place of the file's.
    pub fn set_front_cover(&mut self, mime: &str, data: Vec<u8>) {
        self.pictures.retain(|picture| picture.kind != FRONT_COVER);
        let cover = Picture {
            kind: FRONT_COVER,
            mime: mime.to_owned(),
            description: String::new(),
            data: Arc::new(data),
        };
        self.pictures.insert(0, cover);
    }
}
