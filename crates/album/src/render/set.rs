//! [`Set`]: one way of rendering.

use acetate_dsp::process::dither::WordLength;
use acetate_dsp::settings::{Amounts, Target};
use acetate_master::Brief;

use crate::decide::{Decided, within_range};
use crate::plan::MeasuredPiece;
use crate::release::Piece;

/// One way of rendering: deliverables that agree in all of it share their masters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Set {
    /// Sample rate, Hz; the album's or the mixes' where `None`.
    pub(crate) sample_rate_hz: Option<u32>,
    /// Word length.
    pub(crate) word_length: WordLength,
    /// Louder than what was decided, LU.
    pub(crate) louder_lu: f64,
    /// Highest true peak, dBTP.
    pub(crate) ceiling_dbtp: f64,
    /// Most gain reduction of the limiter, dB.
    pub(crate) max_limiting_db: f64,
    /// Lossy encoding may not drive it over full scale.
    pub(crate) codec_safe: bool,
    /// A track begins on a multiple of so many frames.
    pub(crate) grid: u64,
}

impl Set {
    /// Its name in the work folder: what tells it from others.
    pub(super) fn name(&self) -> String {
        format!(
            "{}hz-{}bit-{:+}lu-{}dbtp-{}db-{}{}",
            self.sample_rate_hz.unwrap_or(0),
            self.word_length.bits(),
            self.louder_lu,
            self.ceiling_dbtp,
            self.max_limiting_db,
            self.grid,
            if self.codec_safe { "-codecs" } else { "" }
        )
    }

    /// The rate of a piece in it, Hz.
    pub(crate) fn rate_hz(&self, piece: &Piece) -> u32 {
        self.sample_rate_hz
            .or(piece.brief.sample_rate_hz)
            .unwrap_or(piece.spec().sample_rate_hz)
    }

    /// The brief of a piece.
    pub(super) fn brief(
        &self,
        piece: &Piece,
        measured: &MeasuredPiece,
        decided: &Decided,
    ) -> Brief {
        let mut settings = piece.brief.settings.clone();
        if let (Some(settings), Some(main_lufs)) = (&mut settings, piece.version_of_lufs) {
            // Thresholds stay where they were for the song itself.
            let softer_lu = main_lufs - measured.analysis.program().integrated_lufs;
            settings.compressor.threshold_lu += softer_lu;
            settings.deesser.threshold_lu += softer_lu;
            settings.saturation.ceiling_lu += softer_lu;
            settings.limiter.drive_db += self.louder_lu;
        }
        Brief {
            settings,
            amounts: if measured.is_finished {
                Amounts::all(0.0)
            } else {
                piece.brief.amounts
            },
            target: Target {
                integrated_lufs: within_range(decided.integrated_lufs + self.louder_lu),
                true_peak_dbtp: self.ceiling_dbtp,
                max_limiting_db: self.max_limiting_db,
            },
            sample_rate_hz: Some(self.rate_hz(piece)),
            word_length: self.word_length,
            ..piece.brief.clone()
        }
    }
}
