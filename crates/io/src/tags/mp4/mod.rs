//! What an MP4 or QuickTime file carries beside the sound.

mod out;
mod read;

pub(super) use read::read;
