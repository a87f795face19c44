//! The crate from outside: files made in code, broken on purpose, and by ffmpeg.

mod ffmpeg;
mod formats;
mod hostile;
mod lengths;
mod metadata;
mod spill;
mod support;
mod tags;
#[cfg(unix)]
mod unix;
mod write;
