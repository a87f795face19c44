//! Chained Ogg (RFC 3533, 4): streams one after the other in one file, as recorders of radio and `cat`
//! make them. Each is opened for itself; together they are one programme.

use std::collections::VecDeque;
use std::fs::File;

use crate::DecodeWarning;
use crate::backend::{Facts, Fault, Packets, Step};
use crate::splice::Splice;

/// Reads one stream after the other.
pub(crate) struct ChainReader {
    file: File,
    current: Packets,
    /// Start and end of the streams that follow.
    rest: VecDeque<(u64, u64)>,
    spec: (u32, usize),
    verify: bool,
}

impl ChainReader {
    /// Of streams that begin at `starts`, one at least. Facts are those of the first one, the frames of
    /// all.
    pub(crate) fn open(file: &File, starts: &[u64], verify: bool) -> Result<(Self, Facts), Fault> {
        let ends = starts
            .iter()
            .copied()
            .skip(1)
            .chain([file.metadata()?.len()]);
        let mut rest: VecDeque<(u64, u64)> = starts.iter().copied().zip(ends).collect();
        let first = rest.pop_front().ok_or(Fault::Unknown)?;
        let (current, mut facts) = open_link(file, first, verify)?;
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
            current,
            rest,
            spec: (sample_rate_hz, channels),
            verify,
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
        (self.current, _) = open_link(&self.file, link, self.verify)?;
        planes.clear();
        Ok(Step::Frames)
    }
}

fn open_link(
    file: &File,
    (start, end): (u64, u64),
    verify: bool,
) -> Result<(Packets, Facts), Fault> {
    let part = Splice::new(file, Vec::new(), start, end)?;
    Packets::open(Box::new(part), Some("ogg"), verify)
}
