//! The frames of streams that can be entered anywhere: MPEG audio, ADTS and Ogg.
//!
//! Demuxers look for the next frame and say nothing of what they went past, or stop where a header or
//! an estimate says, so that a song comes out shorter and nobody knows. This walks the frames by
//! their own lengths to the end of the data, without decoding.

pub(crate) mod adts;
pub(crate) mod mpeg;
mod ogg;
pub(crate) mod walk;
mod window;

use std::fs::File;
use std::io;

use crate::DecodeWarning;
use window::Window;

/// What a walk found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Damage {
    /// Places where something is missing or cannot be read.
    places: u64,
    /// Bytes that were passed over there.
    bytes: u64,
    /// The first of them.
    first_at_byte: u64,
    /// The stream stops before its end: the last whole frame or page ends here.
    cut_off_at_byte: Option<u64>,
}

impl Damage {
    fn add(&mut self, at_byte: u64, bytes: u64) {
        if self.places == 0 {
            self.first_at_byte = at_byte;
        }
        self.places += 1;
        self.bytes += bytes;
    }

    /// Bytes that were passed over.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn warnings(&self) -> Vec<DecodeWarning> {
        let gaps = (self.places > 0).then_some(DecodeWarning::Gaps {
            count: self.places,
            bytes: self.bytes,
            first_at_byte: self.first_at_byte,
        });
        let cut_off = self
            .cut_off_at_byte
            .map(|at_byte| DecodeWarning::CutOff { at_byte });
        gaps.into_iter().chain(cut_off).collect()
    }
}

/// A walk over the frames between two places of a file.
pub(crate) fn walker(
    file: &File,
    parse: walk::Parse,
    start: u64,
    end: u64,
) -> io::Result<walk::Walker> {
    let window = Window::new(file)?.ending_at(end);
    Ok(walk::Walker::new(window, parse, start))
}

/// What is wrong between the pages of an Ogg file, and where its chained streams begin, one or more.
/// Leaves the file's position alone.
pub(crate) fn survey_ogg(file: &File) -> io::Result<(Vec<DecodeWarning>, Vec<u64>)> {
    let (damage, links) = ogg::walk(&mut Window::new(file)?)?;
    Ok((damage.warnings(), links))
}
