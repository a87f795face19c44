//! [`Tags`] in front of an MP3 that another program encoded.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::written;
use crate::tags::{TagWarning, Tags, chapters};

const NO_PLACE: &str = "an MP3 has no place for it";

impl Tags {
    /// Writes them as ID3v2.4 in front of an MP3 without tags; cue points become chapters. `program_ms` is its
    /// length, milliseconds.
    ///
    /// # Errors
    /// The file cannot be read, or the other one beside it cannot be written.
    pub fn add_to_mp3(&self, path: &Path, program_ms: u64) -> io::Result<Vec<TagWarning>> {
        let has_own_chapters = self.frames.iter().any(|frame| &frame.id == b"CHAP");
        let chapters = if has_own_chapters {
            Vec::new()
        } else {
            chapters::frames(&self.chapters_or_cue_points(), Some(program_ms))
        };
        let beside = path.with_extension("tagged");
        let mut tagged = File::create(&beside)?;
        for piece in written(self, chapters) {
            tagged.write_all(&piece)?;
        }
        io::copy(&mut File::open(path)?, &mut tagged)?;
        fs::rename(&beside, path)?;
        Ok(self.without_place(Vec::new(), NO_PLACE))
    }
}
