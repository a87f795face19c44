//! Damage between the frames of streams that can be entered anywhere: MP3, ADTS and Ogg.
//!
//! Their demuxers look for the next frame and say nothing of what they went past, so that a song
//! comes out shorter and nobody knows. This walks the frames by their own lengths, once, without
//! decoding.

mod adts;
mod mpeg;
mod ogg;
mod walk;
mod window;

use std::fs::File;
use std::io;

use crate::DecodeWarning;
use window::Window;

/// What a walk found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Damage {
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

    fn warnings(&self) -> Vec<DecodeWarning> {
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

/// What is wrong between the frames of `container`; nothing where it has no such frames. Leaves
/// the file's position alone.
pub(crate) fn find_damage(file: &File, container: &str) -> io::Result<Vec<DecodeWarning>> {
    let mut window = Window::new(file)?;
    let damage = match container {
        "mp3" => walk::walk(&mut window, mpeg::header)?,
        "aac" => walk::walk(&mut window, adts::header)?,
        "ogg" => ogg::walk(&mut window)?,
        _ => Damage::default(),
    };
    Ok(damage.warnings())
}
