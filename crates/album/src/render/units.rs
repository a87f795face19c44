//! Masters of all units, for each way in which they are delivered.

use std::path::Path;

use acetate_dsp::chain::Bypass;
use acetate_dsp::settings::Amounts;
use acetate_dsp::{Source, threads};
use acetate_engine::{Ffmpeg, FileProgress, go_on};
use acetate_master::{Brief, MasterError, Mastered, Measured, Progress};
use acetate_model::{NeutralPredictor, Predictor};

use super::renderer::Renderer;
use super::set::Set;
use super::work::{PieceDone, UnitDone, WorkDelivery};
use crate::decide::Given;
use crate::error::AlbumError;
use crate::plan::failed;
use crate::release::Piece;
use crate::sequence::{PieceSource, Unit};

impl Renderer<'_> {
    /// Renders every unit of a set, several at a time; what an earlier run finished is taken as it is.
    ///
    /// # Errors
    /// [`AlbumError`] of the first unit that fails.
    pub(crate) fn set(&self, set: &Set) -> Result<Vec<UnitDone>, AlbumError> {
        let numbered: Vec<(usize, &Unit)> = self.plan.timeline.units.iter().enumerate().collect();
        let done = threads::map(&numbered, |(number, unit)| self.unit(*number, unit, set));
        done.into_iter().collect()
    }

    fn unit(&self, number: usize, unit: &Unit, set: &Set) -> Result<UnitDone, AlbumError> {
        go_on(self.observer)?;
        let request = self.request(unit, set);
        if let Some(done) = self.work.finished(set, number, &request)? {
            return Ok(done);
        }
        let mut delivery = self.work.delivery(set, number)?;
        let pieces = if unit.is_straight {
            self.straight(unit, set, &mut delivery)?
        } else {
            self.mixed(unit, set, &mut delivery)?
        };
        self.work.keep(delivery, set, number, pieces, &request)
    }

    /// What decides the bytes of a unit.
    fn request(&self, unit: &Unit, set: &Set) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let mut text = format!("{version} {} {set:?} {unit:?}", self.plan.weights_hash);
        for index in unit.pieces.clone() {
            let pieces = (
                self.release.pieces.get(index),
                self.plan.measured.get(index),
                self.plan.decided.get(index),
            );
            if let (Some(piece), Some(measured), Some(decided)) = pieces {
                text += &format!(
                    " {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {}",
                    measured.blake3,
                    piece.parts(),
                    piece.version_of_lufs,
                    measured.is_finished,
                    piece.brief,
                    piece.crossfade,
                    piece.fade_in,
                    piece.fade_out,
                    decided.prediction.settings,
                    decided.integrated_lufs,
                    self.release.fields.mono_to_stereo,
                );
            }
        }
        acetate_io::text_hash(&text)
    }

    /// A unit of one piece as it is.
    fn straight(
        &self,
        unit: &Unit,
        set: &Set,
        delivery: &mut WorkDelivery,
    ) -> Result<Vec<PieceDone>, AlbumError> {
        let mut all = Vec::new();
        for (piece, measured, decided) in self.parts(unit) {
            let mut source = PieceSource::open(piece, self.release.fields.mono_to_stereo)?;
            let predictor = Given {
                prediction: &decided.prediction,
                hash: &self.plan.weights_hash,
            };
            let mut progress = FileProgress::new(self.observer, song_of(piece));
            let brief = set.brief(piece, measured, decided);
            let mastered = master_once(
                &mut source,
                Measured::new(measured.analysis.clone()),
                &predictor,
                &brief,
                (delivery, set.codec_safe),
                &mut progress,
            );
            self.observer.finished(song_of(piece));
            let mastered = mastered.map_err(|error| failed(piece, error, self.observer))?;
            let treatment = &mastered.treatment;
            let done = PieceDone::of(
                &treatment.settings,
                treatment.compression_db,
                treatment,
                brief.target,
            )?;
            all.push(PieceDone {
                checks: mastered.assessment.checks,
                codecs: mastered.codecs,
                ..done
            });
        }
        Ok(all)
    }

    /// A unit of pieces that overlap or fade: each through its own chain at its own level, their sum through
    /// one limiter.
    fn mixed(
        &self,
        unit: &Unit,
        set: &Set,
        delivery: &mut WorkDelivery,
    ) -> Result<Vec<PieceDone>, AlbumError> {
        let parts = self.parts(unit);
        let Some((first, measured, decided)) = parts.first().copied() else {
            return Ok(Vec::new());
        };
        let (mut mixed, treated) = self.mix(unit, set)?;
        let outer = Brief {
            keep_loudness: true,
            amounts: Amounts::all(0.0),
            repair: false,
            settings: None,
            bypass: Bypass::default(),
            ..set.brief(first, measured, decided)
        };
        let mut progress = FileProgress::new(self.observer, song_of(first));
        let failed = |error| failed(first, error, self.observer);
        let measured = Measured::measure(&mut mixed, &outer, &mut progress);
        let limited = master_once(
            &mut mixed,
            measured,
            &NeutralPredictor,
            &outer,
            (delivery, set.codec_safe),
            &mut progress,
        );
        let limited = limited.map_err(failed)?;
        parts
            .iter()
            .for_each(|(piece, ..)| self.observer.finished(song_of(piece)));
        let mut all = Vec::new();
        for piece in treated {
            let done = PieceDone::of(
                &piece.settings,
                piece.compression_db,
                &limited.treatment,
                piece.target,
            )?;
            all.push(PieceDone {
                codecs: limited.codecs.clone(),
                ..done
            });
        }
        Ok(all)
    }
}

fn song_of(piece: &Piece) -> &Path {
    let song = piece.songs.first();
    song.map_or(Path::new(""), |song| song.path.as_path())
}

/// One master, written to `delivery` and verified there; `codec_safe` also after lossy encoding.
fn master_once(
    source: &mut dyn Source,
    measured: Result<Measured, MasterError>,
    predictor: &dyn Predictor,
    brief: &Brief,
    (delivery, codec_safe): (&mut WorkDelivery, bool),
    progress: &mut dyn Progress,
) -> Result<Mastered, MasterError> {
    let mut rendered = measured?
        .plan(predictor, brief)?
        .render(source, delivery, progress)?;
    if codec_safe {
        rendered.deliver_codec_safe(delivery, &mut Ffmpeg::probe(), progress)
    } else {
        rendered.deliver(delivery, progress)
    }
}
