//! How far the work on one song is, told to an engine's observer.

use std::path::Path;

use acetate_dsp::stream::Canceled;
use acetate_engine::{Observer, Step};
use acetate_master::{Phase, Progress};

use crate::error::AlbumError;

/// Tells an observer how far one song is.
pub(crate) struct SongProgress<'a> {
    pub(crate) observer: &'a dyn Observer,
    pub(crate) song: &'a Path,
}

impl Progress for SongProgress<'_> {
    fn at(&mut self, phase: Phase, done: u64, total: Option<u64>) -> Result<(), Canceled> {
        self.observer
            .progress(self.song, Step::from(phase), done, total);
        if self.observer.is_canceled() {
            return Err(Canceled);
        }
        Ok(())
    }
}

/// Ends the work if the observer asks for it.
pub(crate) fn go_on(observer: &dyn Observer) -> Result<(), AlbumError> {
    if observer.is_canceled() {
        return Err(AlbumError::Canceled);
    }
    Ok(())
}
