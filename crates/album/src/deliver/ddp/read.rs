//! A reader of DDP filesets. It knows where fields stand from the descriptions, not from what writes them; the checksum of
//! CD-Text alone is shared.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use acetate_io::read_bounded;

use super::super::sheets::{Disc, disc_text, latin1};

/// Descriptors are small: 99 tracks of 99 indices take 630 kB.
const MAX_DESCRIPTOR_BYTES: u64 = 1 << 20;
const SECTOR_BYTES: u64 = 2_352;

/// An index of a track.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    track: String,
    index: u32,
    sector: u64,
    isrc: String,
}

/// What a fileset says.
#[derive(Clone, Debug)]
pub(crate) struct Fileset {
    upc: String,
    places: Vec<Place>,
    /// Texts by their kind, the disc's first.
    texts: BTreeMap<u8, Vec<Vec<u8>>>,
}

/// A stream of the map.
struct Stream {
    kind: String,
    subcode: String,
    mode: String,
    length: u64,
    pregap: u64,
    name: String,
}

/// Reads a fileset and holds its parts against each other.
///
/// # Errors
/// What is wrong, in words.
pub(crate) fn read(folder: &Path) -> Result<Fileset, String> {
    let id = descriptor(folder, "DDPID")?;
    if id.len() != 128 || field(&id, 0, 8) != "DDP 2.00" || field(&id, 87, 2) != "CD" {
        return Err("DDPID: expected 128 bytes of DDP 2.00 for a CD, found others".to_owned());
    }
    let streams = streams(&descriptor(folder, "DDPMS")?)?;
    let of = |kind: &str, subcode: &str| {
        let mut all = streams
            .iter()
            .filter(|stream| stream.kind == kind && stream.subcode == subcode);
        match (all.next(), all.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(format!(
                "DDPMS: expected one stream {kind} {subcode}, found none or more"
            )),
        }
    };
    let image = of("D0", "")?;
    let bytes = std::fs::metadata(folder.join(&image.name)).map(|found| found.len());
    if image.mode != "DA" || bytes.ok() != Some(image.length * SECTOR_BYTES) {
        return Err(format!(
            "{}: expected {} sectors of sound, found another size or mode",
            image.name, image.length
        ));
    }
    let pq = of("S0", "PQ DESCR")?;
    let packets = sized(folder, pq)?;
    let (places, upc) = places(&packets, image)?;
    if upc != field(&id, 8, 13) {
        return Err(format!(
            "{}: expected the UPC of DDPID, found \"{upc}\"",
            pq.name
        ));
    }
    let has_texts = streams.iter().any(|stream| stream.subcode == "CDTEXT");
    let texts = if has_texts {
        let stream = of("S0", "CDTEXT")?;
        texts(&sized(folder, stream)?)
            .ok_or_else(|| format!("{}: a pack is broken", stream.name))?
    } else {
        BTreeMap::new()
    };
    let named = streams.iter().map(|stream| stream.name.as_str());
    checksums(folder, named.chain(["DDPID", "DDPMS"]))?;
    Ok(Fileset { upc, places, texts })
}

fn descriptor(folder: &Path, name: &str) -> Result<Vec<u8>, String> {
    read_bounded(&folder.join(name), MAX_DESCRIPTOR_BYTES).map_err(|error| error.to_string())
}

/// The file of a stream, which has to be as long as the map says.
fn sized(folder: &Path, stream: &Stream) -> Result<Vec<u8>, String> {
    let bytes = descriptor(folder, &stream.name)?;
    if bytes.len() as u64 != stream.length {
        return Err(format!(
            "{}: expected {} bytes, found {}",
            stream.name,
            stream.length,
            bytes.len()
        ));
    }
    Ok(bytes)
}

/// A field of ASCII without its padding.
fn field(packet: &[u8], at: usize, length: usize) -> String {
    let bytes = packet.get(at..).unwrap_or_default();
    let bytes = bytes.get(..length).unwrap_or(bytes);
    String::from_utf8_lossy(bytes).trim().to_owned()
}

fn streams(map: &[u8]) -> Result<Vec<Stream>, String> {
    let mut streams = Vec::new();
    for packet in map.chunks(128) {
        let number = |at, length| field(packet, at, length).parse().unwrap_or(0);
        let name = field(packet, 74, 17);
        let is_plain = !name.is_empty() && !name.contains(['/', '\\']) && !name.starts_with('.');
        if packet.len() != 128 || field(packet, 0, 4) != "VVVM" || !is_plain {
            return Err("DDPMS: expected packets VVVM of 128 bytes with names of files".to_owned());
        }
        streams.push(Stream {
            kind: field(packet, 4, 2),
            subcode: field(packet, 30, 8),
            mode: field(packet, 38, 2),
            length: number(14, 8),
            pregap: number(46, 4),
            name,
        });
    }
    Ok(streams)
}

/// The indices between lead-in and lead-out, the lead-out itself, and the UPC.
fn places(packets: &[u8], image: &Stream) -> Result<(Vec<Place>, String), String> {
    let mut places: Vec<Place> = Vec::new();
    let mut upc = String::new();
    for packet in packets.chunks(64) {
        let number = |at| field(packet, at, 2).parse::<u64>().ok();
        let time = [10, 12, 14].map(number);
        let ([Some(minutes), Some(seconds), Some(frames)], Some(index)) = (time, number(6)) else {
            return Err("the PQ descriptor: expected a time and an index, found others".to_owned());
        };
        if packet.len() != 64 || field(packet, 0, 4) != "VVVS" || seconds > 59 || frames > 74 {
            return Err("the PQ descriptor: expected packets VVVS of 64 bytes".to_owned());
        }
        let place = Place {
            track: field(packet, 4, 2),
            index: index as u32,
            sector: (minutes * 60 + seconds) * 75 + frames,
            isrc: field(packet, 20, 12),
        };
        if place.track == "00" {
            upc = field(packet, 32, 13);
        } else if places.last() != Some(&place) {
            places.push(place);
        }
    }
    let is_rising = places.windows(2).all(|pair| match pair {
        [a, b] => a.sector < b.sector,
        _ => true,
    });
    let first = places.iter().find(|place| place.index == 1);
    let ends = places.last().map(|last| (last.track.as_str(), last.sector));
    if !is_rising
        || first.map(|first| first.sector) != Some(image.pregap)
        || ends != Some(("AA", image.length))
    {
        let what = "rising places from the pregap to the end of the image";
        return Err(format!("the PQ descriptor: expected {what}, found others"));
    }
    Ok((places, upc))
}

/// Texts of all packs by kind; `None` if a checksum is wrong.
fn texts(packs: &[u8]) -> Option<BTreeMap<u8, Vec<Vec<u8>>>> {
    let mut joined: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
    for pack in packs.chunks(18) {
        let (head, sum) = pack.split_at_checked(16)?;
        let expected = !super::cdtext::crc(head);
        if sum != expected.to_be_bytes() {
            return None;
        }
        if *head.first()? < 0x86 {
            joined
                .entry(*head.first()?)
                .or_default()
                .extend(head.get(4..)?);
        }
    }
    let cut = |bytes: Vec<u8>| bytes.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    Some(
        joined
            .into_iter()
            .map(|(kind, bytes)| (kind, cut(bytes)))
            .collect(),
    )
}

/// Every file's MD5 against the list.
fn checksums<'a>(folder: &Path, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let list = descriptor(folder, "CHECKSUM.MD5")?;
    let list = String::from_utf8_lossy(&list).into_owned();
    for name in names {
        let sum = md5_of(&folder.join(name)).map_err(|error| format!("{name}: {error}"))?;
        let line = format!("{sum} *{name}");
        if !list.lines().any(|listed| listed == line) {
            return Err(format!(
                "CHECKSUM.MD5: expected {line}, found another sum or none"
            ));
        }
    }
    Ok(())
}

fn md5_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut sum = md5::Context::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(format!("{:x}", sum.finalize())),
            read => sum.consume(buffer.get(..read).unwrap_or_default()),
        }
    }
}

impl Fileset {
    /// Holds it against the disc that it was made of.
    ///
    /// # Errors
    /// What differs, in words.
    pub(crate) fn matches(&self, disc: &Disc) -> Result<(), String> {
        let pregap = self.places.iter().find(|place| place.index == 1);
        let pregap = pregap.map_or(0, |place| place.sector);
        let mut expected = Vec::new();
        for (order, track) in disc.tracks.iter().enumerate() {
            let pause = if order == 0 {
                Some(0)
            } else {
                track.index0.map(|index0| index0 + pregap)
            };
            let isrc = track.isrc.clone().unwrap_or_default();
            let both = [(0, pause), (1, Some(track.index1 + pregap))];
            let there = both
                .into_iter()
                .filter_map(|(index, at)| Some((index, at?)));
            for (order, (index, sector)) in there.enumerate() {
                expected.push(Place {
                    track: format!("{:02}", track.number),
                    index,
                    sector,
                    isrc: if order == 0 {
                        isrc.clone()
                    } else {
                        String::new()
                    },
                });
            }
        }
        let found = self
            .places
            .split_last()
            .map_or(&[][..], |(_, places)| places);
        if found != expected || self.upc != disc.catalog.clone().unwrap_or_default() {
            return Err("other places or codes".to_owned());
        }
        let own = |of_disc: &str, of_tracks: Vec<&str>| {
            let all = std::iter::once(of_disc).chain(of_tracks);
            all.map(|text| latin1(&disc_text(text))).collect::<Vec<_>>()
        };
        let titles = disc.tracks.iter().map(|track| track.title.as_str());
        let artists = disc.tracks.iter().map(|track| track.artist.as_str());
        let kinds = [
            (0x80, own(&disc.title, titles.collect())),
            (0x81, own(&disc.artist, artists.collect())),
        ];
        for (kind, expected) in kinds {
            // The padding behind the last text is empty texts.
            let found = self.texts.get(&kind);
            if found.is_some_and(|found| !found.starts_with(&expected)) {
                return Err("other texts".to_owned());
            }
        }
        Ok(())
    }
}
