//! [`AlbumPlan`]: every song measured and decided on; nothing rendered yet.

use acetate_dsp::threads;
use acetate_dsp::{Analysis, Source};
use acetate_engine::{FileProgress, Observer, go_on};
use acetate_io::content_hash;
use acetate_master::{MasterError, Measured};
use acetate_model::{NeutralPredictor, Predictor, Signature};

use super::mark::is_marked;
use crate::decide::{Asked, Decided, Heard, decide};
use crate::error::AlbumError;
use crate::release::{Piece, Release};
use crate::sequence::{PieceSource, Silence, Timeline};

/// A piece, measured.
#[derive(Clone, Debug)]
pub struct MeasuredPiece {
    /// What was measured.
    pub analysis: Analysis,
    /// BLAKE3 of each of its files, in hexadecimal.
    pub blake3: Vec<String>,
    /// What was met in the files that is no sound.
    pub damage: Vec<String>,
    /// What is not heard at its ends.
    pub silence: Silence,
    /// It is a master of an album already.
    pub is_finished: bool,
}

/// An album, measured and decided.
#[derive(Clone, Debug)]
pub struct AlbumPlan {
    /// What was measured of each piece.
    pub measured: Vec<MeasuredPiece>,
    /// What was decided of each piece.
    pub decided: Vec<Decided>,
    /// The order in time.
    pub timeline: Timeline,
    /// Hash of the weights behind it.
    pub weights_hash: String,
}

impl AlbumPlan {
    /// Measures every piece, on several threads, and decides on all together.
    ///
    /// # Errors
    /// [`AlbumError`]: a mix cannot be read or has no loudness, or the observer stopped the work.
    pub fn of(
        release: &Release,
        predictor: &dyn Predictor,
        signature: Option<&Signature>,
        observer: &dyn Observer,
    ) -> Result<Self, AlbumError> {
        let to_stereo = release.fields.mono_to_stereo;
        let measured = threads::map(&release.pieces, |piece| measure(piece, to_stereo, observer));
        let measured = measured.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut heard = Vec::new();
        for (piece, measured) in release.pieces.iter().zip(&measured) {
            let program = measured.analysis.program();
            let prediction = if measured.is_finished {
                NeutralPredictor.predict(program)
            } else {
                predictor.predict(program)
            };
            heard.push(Heard {
                analysis: &measured.analysis,
                prediction: prediction.map_err(|error| AlbumError::Master {
                    what: piece.name(),
                    source: MasterError::from(error),
                })?,
                given: piece.brief.settings.as_ref(),
                offset_lu: piece.offset_lu,
                album_share: piece.album_share,
                is_finished: measured.is_finished,
            });
        }
        let asked = Asked {
            balance: release.balance,
            target: release.target,
            signature,
        };
        let decided = decide(&heard, &asked);
        let silences: Vec<Silence> = measured.iter().map(|piece| piece.silence).collect();
        Ok(Self {
            timeline: Timeline::of(release, &silences),
            measured,
            decided,
            weights_hash: predictor.hash().to_owned(),
        })
    }
}

fn measure(
    piece: &Piece,
    to_stereo: bool,
    observer: &dyn Observer,
) -> Result<MeasuredPiece, AlbumError> {
    go_on(observer)?;
    let song = piece.songs.first().map(|song| song.path.as_path());
    let song = song.unwrap_or_else(|| std::path::Path::new(""));
    let mut blake3 = Vec::new();
    for song in &piece.songs {
        blake3.push(content_hash(&song.path)?);
    }
    let mut source = PieceSource::open(piece, to_stereo)?;
    let mut progress = FileProgress::new(observer, song);
    let measured = Measured::measure(&mut source as &mut dyn Source, &piece.brief, &mut progress);
    observer.finished(song);
    let measured = measured.map_err(|error| failed(piece, error, observer))?;
    let analysis = measured.into_analysis();
    let damage = source.warnings();
    if analysis.frames != piece.frames() {
        return Err(AlbumError::plan(
            piece.name(),
            format!("{} frames, as its files state", piece.frames()),
            format!("{} frames of sound", analysis.frames),
            "write the file anew with a program that states its length rightly",
        ));
    }
    Ok(MeasuredPiece {
        silence: Silence::of(&analysis),
        is_finished: is_marked(piece, &analysis),
        analysis,
        blake3,
        damage,
    })
}

/// An error of a piece; that it was stopped where somebody asked for it.
pub(crate) fn failed(piece: &Piece, source: MasterError, observer: &dyn Observer) -> AlbumError {
    if observer.is_canceled() {
        return AlbumError::Canceled;
    }
    AlbumError::Master {
        what: piece.name(),
        source,
    }
}
