//! Encoder delay and padding, and whether a container's length is exact.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};

use crate::read::containers::mp4;
use crate::read::step::Facts;

/// Frames to leave out at the start, and how many to give after them.
#[derive(Clone, Copy, Default)]
pub(crate) struct Trim {
    pub skip: u64,
    pub keep: Option<u64>,
    /// Fewer frames, that a tag states.
    pub understated: Option<u64>,
    /// Pieces of the stream that are played; more than one are not followed here.
    pub pieces: usize,
}

/// Encoder delay and padding that the reader leaves in: symphonia takes them off Vorbis
/// itself, and leaves them in MP4 and CAF.
pub(crate) fn find_trim(file: &File, facts: &Facts, sample_rate_hz: u32) -> io::Result<Trim> {
    let none = Trim::default();
    match facts.container.as_str() {
        "isomp4" => {
            // A handle of its own with the same position as the decoder's: put it back.
            let mut handle = file;
            let position = handle.stream_position()?;
            let gapless = mp4::gapless(&mut handle, sample_rate_hz)?;
            handle.seek(SeekFrom::Start(position))?;
            Ok(gapless.map_or(none, |gapless| Trim {
                skip: gapless.skip_frames,
                keep: gapless.frames,
                understated: gapless.understated,
                pieces: gapless.pieces,
            }))
        }
        // What an encoder filled up at the end the reader leaves out itself.
        "mp1" | "mp2" | "mp3" => Ok(Trim {
            skip: facts.delay_frames,
            ..none
        }),
        "caf" if facts.states_trim => Ok(Trim {
            skip: facts.delay_frames,
            keep: facts.frames,
            ..none
        }),
        _ => Ok(none),
    }
}

/// Whether the container's length is a count, not an estimate from the bit rate.
pub(crate) fn states_exact_length(facts: &Facts) -> bool {
    match facts.container.as_str() {
        // Whose length nothing says before its fragments.
        "isomp4" => facts.frames != Some(0),
        // Whole packets, unless the packet table says how much of them is sound.
        "caf" => facts.states_trim || facts.codec.starts_with("pcm_"),
        _ => true,
    }
}
