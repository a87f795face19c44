//! The three descriptors: fields of ASCII at fixed places, blank where nothing is said.

use super::super::sheets::{Disc, disc_text, msf};
use super::PREGAP;

/// Names and lengths of the streams.
pub(super) struct Names {
    /// Bytes.
    pub(super) pq: (&'static str, usize),
    /// Bytes.
    pub(super) texts: Option<(&'static str, usize)>,
    /// Sectors.
    pub(super) image: (&'static str, u64),
}

/// A packet of spaces with texts put into it.
struct Packet(Vec<u8>);

impl Packet {
    fn new(bytes: usize) -> Self {
        Self(vec![b' '; bytes])
    }

    /// Puts a text of at most `length` characters at a place.
    fn put(mut self, at: usize, length: usize, text: &str) -> Self {
        let plain = disc_text(text);
        let plain = plain
            .chars()
            .map(|c| if c.is_ascii() { c as u8 } else { b'?' });
        let field = self.0.iter_mut().skip(at).take(length);
        field.zip(plain).for_each(|(to, byte)| *to = byte);
        self
    }
}

/// `DDPID`: what the master is.
pub(super) fn identifier(disc: &Disc) -> Vec<u8> {
    let own = disc.catalog_number.as_deref().unwrap_or(&disc.title);
    Packet::new(128)
        .put(0, 8, "DDP 2.00")
        .put(8, 13, disc.catalog.as_deref().unwrap_or_default())
        .put(38, 48, own)
        .put(87, 2, "CD")
        .0
}

/// `DDPMS`: a packet for each stream.
pub(super) fn map(names: &Names) -> Vec<u8> {
    let subcode = |kind: &str, (name, bytes): (&str, usize)| {
        stream("S0", &format!("{bytes:08}"), name).put(30, 8, kind)
    };
    let mut packets = Vec::new();
    packets.extend(
        names
            .texts
            .map(|texts| subcode("CDTEXT", texts).put(55, 2, "00")),
    );
    packets.push(subcode("PQ DESCR", names.pq));
    let (name, sectors) = names.image;
    let image = stream("D0", &format!("{sectors:08}"), name)
        .put(22, 8, "00000000")
        .put(38, 2, "DA")
        // Complete sectors, not scrambled.
        .put(40, 1, "7")
        .put(41, 1, "0")
        .put(46, 4, &format!("{PREGAP:4}"));
    packets.push(image);
    packets.into_iter().flat_map(|packet| packet.0).collect()
}

fn stream(kind: &str, length: &str, name: &str) -> Packet {
    Packet::new(128)
        .put(0, 4, "VVVM")
        .put(4, 2, kind)
        .put(14, 8, length)
        .put(71, 3, "017")
        .put(74, 17, name)
}

/// The PQ descriptor: a packet for each index, between the lead-in and a lead-out that is written twice.
pub(super) fn pq(disc: &Disc) -> Vec<u8> {
    let place = |track: &str, index: &str, sector: u64| {
        Packet::new(64)
            .put(0, 4, "VVVS")
            .put(4, 2, track)
            .put(6, 2, index)
            .put(10, 6, &time(sector))
            .put(16, 2, "01")
    };
    let catalog = disc.catalog.as_deref().unwrap_or_default();
    let mut packets = vec![place("00", "00", 0).put(32, 13, catalog)];
    for (order, track) in disc.tracks.iter().enumerate() {
        let number = format!("{:02}", track.number);
        let pause = match order {
            0 => Some(0),
            _ => track.index0.map(|index0| index0 + PREGAP),
        };
        let indices = [("00", pause), ("01", Some(track.index1 + PREGAP))];
        let mut isrc = track.isrc.as_deref();
        for (index, sector) in indices {
            if let Some(sector) = sector {
                // It stands in the first packet of its track alone.
                let isrc = isrc.take().unwrap_or_default();
                packets.push(place(&number, index, sector).put(20, 12, isrc));
            }
        }
    }
    let end = disc.tracks.last().map_or(0, |track| track.end) + PREGAP;
    packets.extend([place("AA", "01", end), place("AA", "01", end)]);
    packets.into_iter().flat_map(|packet| packet.0).collect()
}

/// Minutes, seconds and frames without marks.
fn time(sectors: u64) -> String {
    msf(sectors).replace(':', "")
}
