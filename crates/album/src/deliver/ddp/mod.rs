//! DDP 2.00: the fileset that pressing plants take. Its specification is closed. What is written here is what
//! independent public descriptions agree on (`docs/ALBUM.md` names them), and no plant's tool has verified it.

mod cdtext;
mod image;
mod packets;
mod read;

use std::fmt::Write;
use std::path::Path;

use acetate_dsp::Source;

pub(crate) use self::read::read;

use self::image::{image_differs, write_image};
use self::packets::{Names, identifier, map, pq};
use super::make::Making;
use super::sheets::Disc;
use super::tracks::Sequence;
use super::write::{sum_of, text};
use crate::error::AlbumError;
use crate::report::{Demand, FileReport};

/// Silence before track 1, frames of a CD: two seconds.
const PREGAP: u64 = 150;
const IMAGE: &str = "IMAGE.DAT";
const PQ: &str = "PQDESCR";
const CD_TEXT: &str = "CDTEXT.BIN";
const CHECKSUMS: &str = "CHECKSUM.MD5";

impl Making<'_> {
    /// The fileset, read back by a reader of our own.
    pub(super) fn ddp(&self, folder: &Path) -> Result<(Vec<FileReport>, Vec<Demand>), AlbumError> {
        let disc = self.disc();
        let Some(mut whole) = Sequence::open(&self.measured.places)? else {
            return Ok((Vec::new(), Vec::new()));
        };
        let path = folder.join(IMAGE);
        let image = write_image(&path, &mut whole, self.observer)?;
        let texts = cdtext::packs(&disc);
        let pq = pq(&disc);
        let names = Names {
            pq: (PQ, pq.len()),
            texts: texts.as_ref().map(|packs| (CD_TEXT, packs.len())),
            image: (IMAGE, image.sectors),
        };
        let mut small = vec![
            ("DDPID", identifier(&disc)),
            ("DDPMS", map(&names)),
            (PQ, pq),
        ];
        small.extend(texts.map(|packs| (CD_TEXT, packs)));
        let mut sums = String::new();
        let mut files = Vec::new();
        for (name, bytes) in &small {
            // Writing to a text does not fail.
            let _ = writeln!(sums, "{:x} *{name}", md5::compute(bytes));
            files.push(text(folder, name, bytes)?);
        }
        let _ = writeln!(sums, "{} *{IMAGE}", image.md5);
        files.push(FileReport {
            name: IMAGE.to_owned(),
            sha256: sum_of(&path)?,
            sample_rate_hz: Some(whole.spec().sample_rate_hz),
            bits: Some(16),
            frames: Some(image.sectors * super::sheets::CD_FRAME),
            figures: None,
        });
        files.push(text(folder, CHECKSUMS, sums.as_bytes())?);
        let mut demands = self.cd_demands(&disc);
        demands.push(read_back(folder, &disc));
        let differs = image_differs(&path, &mut whole)?;
        demands.push(Demand {
            what: format!("samples of {IMAGE}, low byte first"),
            expected: "two seconds of silence, then those of the sequence".to_owned(),
            found: if differs { "others" } else { "those" }.to_owned(),
            pass: !differs,
        });
        Ok((files, demands))
    }
}

/// What our own reader finds in the fileset.
fn read_back(folder: &Path, disc: &Disc) -> Demand {
    let found = read(folder).and_then(|fileset| fileset.matches(disc));
    Demand {
        what: "descriptors, by Acetate's own reader (not verified by a plant's tool)".to_owned(),
        expected: "the places and codes of the disc".to_owned(),
        pass: found.is_ok(),
        found: found.map_or_else(|error| error, |()| "those".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sheets::DiscTrack;
    use super::*;

    fn disc() -> Disc {
        let track = |number, index0, index1, end| DiscTrack {
            number,
            title: format!("Song \u{201c}{number}\u{201d}"),
            artist: "Us".to_owned(),
            isrc: (number == 1).then(|| "USRC17607839".to_owned()),
            index0,
            index1,
            end,
        };
        Disc {
            title: "Été".to_owned(),
            artist: "Us".to_owned(),
            genre: None,
            date: None,
            catalog: Some("0036000291452".to_owned()),
            label: None,
            catalog_number: Some("AC-1".to_owned()),
            tracks: vec![track(1, None, 0, 1_000), track(2, Some(900), 1_000, 1_500)],
        }
    }

    /// As the public descriptions have the packets, byte by byte.
    #[test]
    fn packets_stand_where_the_descriptions_have_them() {
        let id = identifier(&disc());
        assert_eq!(id.len(), 128);
        assert_eq!(&id[..21], b"DDP 2.000036000291452");
        assert_eq!(&id[38..42], b"AC-1");
        assert_eq!(&id[87..89], b"CD");
        let names = Names {
            pq: ("PQDESCR", 448),
            texts: Some(("CDTEXT.BIN", 90)),
            image: ("IMAGE.DAT", 1_650),
        };
        let map = map(&names);
        let expected = [
            "VVVMS0        00000090        CDTEXT                   00              017CDTEXT.BIN",
            "VVVMS0        00000448        PQ DESCR                                 017PQDESCR",
            "VVVMD0        0000165000000000        DA70     150                     017IMAGE.DAT",
        ];
        assert_eq!(map.len(), 3 * 128);
        for (packet, expected) in map.chunks(128).zip(expected) {
            assert_eq!(String::from_utf8_lossy(packet).trim_end(), expected);
        }
        let expected = [
            "VVVS0000  00000001              0036000291452",
            "VVVS0100  00000001  USRC17607839",
            "VVVS0101  00020001",
            "VVVS0200  00140001",
            "VVVS0201  00152501",
            "VVVSAA01  00220001",
            "VVVSAA01  00220001",
        ];
        let pq = pq(&disc());
        assert_eq!(pq.len(), expected.len() * 64);
        for (packet, expected) in pq.chunks(64).zip(expected) {
            assert_eq!(String::from_utf8_lossy(packet).trim_end(), expected);
        }
    }

    fn written(folder: &Path) {
        let disc = disc();
        let texts = cdtext::packs(&disc).unwrap();
        let pq = pq(&disc);
        let image = vec![0; 1_650 * 2_352];
        let names = Names {
            pq: (PQ, pq.len()),
            texts: Some((CD_TEXT, texts.len())),
            image: (IMAGE, 1_650),
        };
        let files = [
            ("DDPID", identifier(&disc)),
            ("DDPMS", map(&names)),
            (PQ, pq),
            (CD_TEXT, texts),
            (IMAGE, image),
        ];
        let mut sums = String::new();
        for (name, bytes) in files {
            sums += &format!("{:x} *{name}\n", md5::compute(&bytes));
            std::fs::write(folder.join(name), bytes).unwrap();
        }
        std::fs::write(folder.join(CHECKSUMS), sums).unwrap();
    }

    #[test]
    fn our_own_reader_finds_what_was_written_and_every_change_of_it() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path());
        let fileset = read(folder.path()).unwrap();
        assert_eq!(fileset.matches(&disc()), Ok(()));
        let mut other = disc();
        other.tracks[1].index1 += 1;
        assert!(fileset.matches(&other).is_err());
        other = disc();
        other.tracks[1].title.push('x');
        assert!(fileset.matches(&other).is_err());
        for (name, at) in [
            ("DDPID", 3),
            ("DDPMS", 128 + 20),
            (PQ, 2 * 64 + 15),
            (CD_TEXT, 5),
            (IMAGE, 999),
        ] {
            written(folder.path());
            let mut bytes = std::fs::read(folder.path().join(name)).unwrap();
            bytes[at] ^= 1;
            std::fs::write(folder.path().join(name), bytes).unwrap();
            assert!(read(folder.path()).is_err(), "{name}");
        }
    }
}
