//! Other versions of songs that were mastered before: instrumental, clean, TV mix.

use acetate_master::settings_file;

use super::pieces::Release;
use crate::error::AlbumError;
use crate::report::AlbumReport;

impl Release {
    /// Takes for each track the very settings of the track of the same number in an earlier album, its drive
    /// included: a version differs from its song in what was mixed differently, and in nothing else.
    ///
    /// # Errors
    /// [`AlbumError`]: the albums have not as many tracks, a piece runs through several files in one and not in
    /// the other, or settings cannot be read.
    pub fn take_settings_of(&mut self, main: &AlbumReport) -> Result<(), AlbumError> {
        if main.songs.len() != self.song_count() {
            return Err(AlbumError::plan(
                "--versions-of",
                format!("a version of each of its {} tracks", main.songs.len()),
                format!("{} tracks", self.song_count()),
                "put them in the same order",
            ));
        }
        for piece in &mut self.pieces {
            let number = piece.songs.first().map_or(0, |song| song.number);
            let Some(song) = main.songs.iter().find(|song| song.number == number) else {
                continue;
            };
            let mut settings = settings_file::from_toml(&song.settings).map_err(|source| {
                AlbumError::SettingsFile {
                    what: format!("{} of the earlier album", song.title),
                    source,
                }
            })?;
            settings.limiter.drive_fixed = true;
            // What belongs to one recording alone.
            settings.cleanup.clear_repairs();
            piece.brief.settings = Some(settings);
            piece.brief.amounts = acetate_dsp::settings::Amounts::default();
            piece.version_of_lufs = Some(song.mix_integrated_lufs);
        }
        Ok(())
    }
}
