//! Encoder delay and padding, and whether a container's length is exact.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};

use crate::backend::Facts;
use crate::mp4;

/// Frames to leave out at the start, and how many to give after them.
#[derive(Clone, Copy)]
pub(crate) struct Trim {
    pub skip: u64,
    pub keep: Option<u64>,
}

/// Encoder delay and padding that the reader leaves in: symphonia takes them off MP3 and Vorbis
/// itself, and leaves them in MP4 and CAF.
pub(crate) fn find_trim(file: &File, facts: &Facts, sample_rate_hz: u32) -> io::Result<Trim> {
    let none = Trim {
        skip: 0,
        keep: None,
    };
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
            }))
        }
        "caf" if facts.states_trim => Ok(Trim {
            skip: facts.delay_frames,
            keep: facts.frames,
        }),
        _ => Ok(none),
    }
}

/// Whether the container's length is a count, not an estimate from the bit rate.
pub(crate) fn states_exact_length(facts: &Facts) -> bool {
    match facts.container.as_str() {
        "aac" => false,
        "mp1" | "mp2" | "mp3" => facts.states_trim,
        // Whole packets, unless the packet table says how much of them is sound.
        "caf" => facts.states_trim || facts.codec.starts_with("pcm_"),
        _ => true,
    }
}
