//! The sum of a unit's pieces before the limiter.

use acetate_dsp::chain::Chain;
use acetate_dsp::measure::loudness::{Loudness, integrated_from_k_power_10ms};
use acetate_dsp::process::ProcessSpec;
use acetate_dsp::process::processed::Processed;
use acetate_dsp::process::resample::AtRate;
use acetate_dsp::settings::{Settings, Target};
use acetate_dsp::stream::BLOCK_FRAMES;
use acetate_dsp::units::gain_from_db;
use acetate_dsp::{Audio, Source, Spec, StreamError};
use acetate_engine::go_on;
use acetate_master::{Brief, Measured};

use super::renderer::Renderer;
use super::set::Set;
use crate::decide::{Decided, Given};
use crate::error::AlbumError;
use crate::plan::{MeasuredPiece, failed};
use crate::release::{Fade, Piece};
use crate::sequence::{FadeFrames, Mixed, PieceSource, Placed, Unit};

/// What was done to a piece before the limiter.
pub(super) struct Treated {
    /// Amounts and bypassed stages in them.
    pub(super) settings: Settings,
    /// Most gain reduction of the compressor, dB.
    pub(super) compression_db: f64,
    /// What was aimed at.
    pub(super) target: Target,
}

/// A piece through its chain, at the delivery's rate.
type Rendered = AtRate<Processed<PieceSource, Chain>>;

/// The settings of a piece as they are rendered: amounts and bypassed stages in them.
fn treated(
    measured: &MeasuredPiece,
    decided: &Decided,
    brief: &Brief,
    piece: &Piece,
) -> Result<Settings, AlbumError> {
    let predictor = Given {
        prediction: &decided.prediction,
        hash: "",
    };
    let measured = Measured::new(measured.analysis.clone());
    let planned = measured.and_then(|measured| measured.plan(&predictor, brief));
    let planned = planned.map_err(|source| AlbumError::Master {
        what: piece.name(),
        source,
    })?;
    Ok(planned.plan().settings.clone())
}

impl Renderer<'_> {
    /// The sum of a unit's pieces, each at the level that was decided, with what was done to each.
    pub(super) fn mix(&self, unit: &Unit, set: &Set) -> Result<(Mixed, Vec<Treated>), AlbumError> {
        let parts = self.parts(unit);
        let Some((first, ..)) = parts.first() else {
            return Err(AlbumError::plan("a unit", "a piece", "none", ""));
        };
        let sample_rate_hz = set.rate_hz(first);
        let places = unit.frames(self.release, sample_rate_hz, 1);
        let rate = f64::from(sample_rate_hz);
        let in_frames = |fade: Fade| FadeFrames {
            frames: (fade.length_s * rate).round() as u64,
            curve: fade.curve,
        };
        let (mut placed, mut all_treated) = (Vec::new(), Vec::new());
        let mut spec = None;
        for (place, (piece, measured, decided)) in parts.iter().enumerate() {
            let brief = set.brief(piece, measured, decided);
            let settings = treated(measured, decided, &brief, piece)?;
            let mut source =
                self.before_limiter(piece, measured, &settings, &brief, sample_rate_hz)?;
            spec.get_or_insert(source.spec());
            let (loudness_lufs, frames) = self.loudness(piece, &mut source)?;
            all_treated.push(Treated {
                settings,
                compression_db: source.inner().stage().compression_db(),
                target: brief.target,
            });
            let rewound = source.rewind();
            rewound.map_err(|error| AlbumError::stream(piece.name(), error))?;
            let gain_db = brief.target.integrated_lufs - loudness_lufs;
            let into = if place == 0 {
                piece.fade_in
            } else {
                piece.crossfade
            };
            let next = parts.get(place + 1).map(|(next, ..)| next.crossfade);
            placed.push(Placed {
                source: Box::new(source),
                start: places.pieces.get(place).copied().unwrap_or(0),
                frames,
                gain: gain_from_db(gain_db),
                fade_in: in_frames(into),
                fade_out: in_frames(next.unwrap_or(piece.fade_out)),
            });
        }
        let spec = spec.unwrap_or(Spec {
            sample_rate_hz,
            channels: 2,
        });
        Ok((Mixed::new(spec, places.frames, placed), all_treated))
    }

    /// A piece through its chain, at the delivery's rate.
    fn before_limiter(
        &self,
        piece: &Piece,
        measured: &MeasuredPiece,
        settings: &Settings,
        brief: &Brief,
        sample_rate_hz: u32,
    ) -> Result<Rendered, AlbumError> {
        let source = PieceSource::open(piece, self.release.fields.mono_to_stereo)?;
        let analysis = &measured.analysis;
        let process = ProcessSpec {
            sample_rate_hz: analysis.sample_rate_hz,
            channels: analysis.channels,
            program_lufs: analysis.program().integrated_lufs,
        };
        let rendered = Processed::new(source, Chain::new(settings, &process, &brief.bypass));
        let at_rate = AtRate::new(rendered, sample_rate_hz);
        at_rate.map_err(|error| failed(piece, StreamError::new(error).into(), self.observer))
    }

    /// The integrated loudness of a source, LUFS, and its length; it stands at its end.
    fn loudness(&self, piece: &Piece, source: &mut dyn Source) -> Result<(f64, u64), AlbumError> {
        let spec = source.spec();
        let mut meter = Loudness::new(spec.sample_rate_hz, piece.brief.dual_mono);
        let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
        let mut frames = 0;
        let of_piece = |error| AlbumError::stream(piece.name(), error);
        loop {
            go_on(self.observer)?;
            match source.read(&mut block, BLOCK_FRAMES).map_err(of_piece)? {
                0 => break,
                read => frames += read as u64,
            }
            meter.process(&block);
        }
        Ok((integrated_from_k_power_10ms(meter.k_power_10ms()), frames))
    }
}
