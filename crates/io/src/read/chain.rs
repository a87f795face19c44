//! Streams one after the other in one file: chained Ogg (RFC 3533, 4), as recorders of radio make it, and
//! FLAC files that were joined. Each is opened for itself; together they are one program.

use std::collections::VecDeque;
use std::fs::File;

use crate::DecodeWarning;
use crate::read::containers::flac_head;
use crate::read::containers::splice::Splice;
use crate::read::packets::Packets;
use crate::read::step::{Facts, Fault, Step};

/// Start and end of a stream, bytes.
type Link = (u64, u64);

/// Opens one stream. `verify`: hold its sound against the encoder's checksum.
type OpenLink = fn(&File, Link, bool) -> Result<(Packets, Facts), Fault>;

/// Reads one stream after the other.
pub(crate) struct ChainReader {
    file: File,
    open_link: OpenLink,
    current: Packets,
    rest: VecDeque<Link>,
    spec: (u32, usize),
}

impl ChainReader {
    /// Of streams of one kind, one at least. Facts are those of the first one, the frames of all.
    pub(crate) fn open(
        file: &File,
        links: Vec<Link>,
        open_link: OpenLink,
    ) -> Result<(Self, Facts), Fault> {
        let mut rest = VecDeque::from(links);
        let first = rest.pop_front().ok_or(Fault::Unknown)?;
        let (current, mut facts) = open_link(file, first, false)?;
        let (sample_rate_hz, mut channels) = current.declared().ok_or(Fault::Unknown)?;
        let mut changes_at = None;
        for link in &rest {
            let at_frame = facts.frames.unwrap_or(0);
            let (packets, other) = open_link(file, *link, false)?;
            let (to_hz, other_channels) = packets.declared().ok_or(Fault::Unknown)?;
            if to_hz != sample_rate_hz {
                return Err(Fault::RateChange {
                    at_frame,
                    from_hz: sample_rate_hz,
                    to_hz,
                });
            }
            if other_channels != channels {
                changes_at.get_or_insert(at_frame);
                channels = channels.max(other_channels);
            }
            facts.frames = facts.frames.zip(other.frames).map(|(sum, more)| sum + more);
        }
        if channels > 2 {
            return Err(Fault::Channels(channels as u64));
        }
        let change = changes_at.map(|at_frame| DecodeWarning::ChannelsChange { at_frame });
        facts.damage.extend(change);
        let this = Self {
            file: file.try_clone()?,
            open_link,
            current,
            rest,
            spec: (sample_rate_hz, channels),
        };
        Ok((this, facts))
    }

    /// Sample rate and channels.
    pub(crate) fn spec(&self) -> (u32, usize) {
        self.spec
    }

    /// Fills `planes`, which are empty, with the next frames.
    pub(crate) fn step(&mut self, planes: &mut Vec<Vec<f32>>) -> Result<Step, Fault> {
        match self.current.step(planes)? {
            Step::End => {}
            step => {
                planes.truncate(self.spec.1);
                while !planes.is_empty() && planes.len() < self.spec.1 {
                    planes.push(planes[0].clone());
                }
                return Ok(step);
            }
        }
        let Some(link) = self.rest.pop_front() else {
            return Ok(Step::End);
        };
        (self.current, _) = (self.open_link)(&self.file, link, false)?;
        planes.clear();
        Ok(Step::Frames)
    }
}

/// A stream of Ogg.
pub(crate) fn open_ogg(file: &File, link: Link, verify: bool) -> Result<(Packets, Facts), Fault> {
    let part = Splice::new(file, Vec::new(), link.0, link.1)?;
    Packets::open(Box::new(part), Some("ogg"), verify)
}

/// A stream of FLAC.
pub(crate) fn open_flac(file: &File, link: Link, verify: bool) -> Result<(Packets, Facts), Fault> {
    let Some(bare) = flac_head::bare(file, link)? else {
        let part = Splice::new(file, Vec::new(), link.0, link.1)?;
        return Packets::open(Box::new(part), Some("flac"), verify);
    };
    let (mut packets, facts) = Packets::open(Box::new(bare.source), Some("flac"), verify)?;
    packets.begin_at(bare.first_frame);
    Ok((packets, facts))
}
