//! What is decided of all songs together: levels, tone and width, in one go.
//!
//! Level. How loud a song's body stands on a finished album follows mostly from its dynamics: the higher its peaks
//! above its body, the softer the body. What the mixes say of the level counts besides, and songs that their mix
//! sets far below the others stay there (`level.rs`).
//!
//! Tone and width. Each song has its own decision, with what is not known of it, and the whole of what seems to
//! be off, before any doubt. The songs are tied to a common signature that is found with them in one problem of
//! least squares, with the spread that songs of albums have and these songs show; a song is never moved out of
//! what its own evidence allows (`tie.rs`).

use acetate_dsp::Analysis;
use acetate_dsp::settings::Settings;
use acetate_model::features::BANDS;
use acetate_model::outputs::{curve_of_knots, curve_of_modes, knots_of_curve, modes_of_curve};
use acetate_model::predictor::bounding_share;
use acetate_model::{Prediction, Predictor, Signature, WeightsError};

use super::heard::{Asked, Decided, Heard};
use super::{level, tie};

/// Predicted settings have so many steps to a unit, as those of single songs.
const STEPS_PER_UNIT: f64 = 100.0;
/// A band this far below the loudness has nothing that a boost could bring out but noise, dB.
const NOTHING_TO_BOOST_DB: f64 = -55.0;
/// A share of the side's proposal that is done below this says nothing of the whole.
const LEAST_SHARE: f64 = 0.05;
/// Widest change of the side by the album, dB.
const MAX_SIDE_PULL_DB: f64 = 3.0;

/// Gives what was decided, as the predictor of a master.
pub(crate) struct Given<'a> {
    pub(crate) prediction: &'a Prediction,
    pub(crate) hash: &'a str,
}

impl Predictor for Given<'_> {
    fn predict(&self, _analysis: &Analysis) -> Result<Prediction, WeightsError> {
        Ok(self.prediction.clone())
    }

    fn hash(&self) -> &str {
        self.hash
    }
}

/// Decides on all pieces together.
pub fn decide(pieces: &[Heard<'_>], asked: &Asked<'_>) -> Vec<Decided> {
    let levels = level::levels(pieces, asked);
    let songs: Vec<tie::Song> = pieces.iter().map(tied).collect();
    let common = asked.signature.map(|signature| {
        let point = point_of(signature);
        (point, signature.songs as f64)
    });
    let pulls = tie::pulls(&songs, common);
    let decided = pieces
        .iter()
        .zip(levels)
        .zip(pulls)
        .map(|((piece, level), pull)| {
            let pull = pull.map(|coordinate| coordinate * piece.album_share);
            let (tone_pull_db, side_pull_db, prediction) = pulled(piece, &pull);
            Decided {
                prediction,
                integrated_lufs: level.integrated_lufs,
                body_lufs: level.body_lufs,
                is_set_apart: level.is_set_apart,
                tone_pull_db,
                side_pull_db,
            }
        });
    decided.collect()
}

/// A record's place: the modes of its tone, and how much louder its side is than its mid, dB.
fn point_of(signature: &Signature) -> tie::Point {
    let modes = modes_of_curve(&signature.mid_db);
    let power = |bands: &[f64]| -> f64 { bands.iter().map(|db| libm::pow(10.0, db / 10.0)).sum() };
    let side_db = 10.0 * libm::log10(power(&signature.side_db) / power(&signature.mid_db));
    std::array::from_fn(|place| modes.get(place).copied().unwrap_or(side_db))
}

fn tied(piece: &Heard<'_>) -> tie::Song {
    let program = piece.analysis.program();
    let prediction = &piece.prediction;
    let own_settings = piece.given.unwrap_or(&prediction.settings);
    let own = move_of(own_settings);
    let Some(signature) = Signature::of(program) else {
        return tie::Song::apart(own);
    };
    let (open, deviation_db) = match (&prediction.tone, piece.given) {
        (Some(tone), None) => {
            let share = prediction.confidence.stereo;
            let side = own_settings.stereo.mid_db;
            let open_side = if share > LEAST_SHARE {
                side / share
            } else {
                side
            };
            let limited = open_side.clamp(side - MAX_SIDE_PULL_DB, side + MAX_SIDE_PULL_DB);
            let square: f64 = tone.posterior_sd_db.iter().map(|sd| sd * sd).sum();
            let deviation_db = (square / BANDS as f64).sqrt();
            let modes = modes_of_curve(&tone.open_db);
            (
                std::array::from_fn(|place| modes.get(place).copied().unwrap_or(limited)),
                deviation_db,
            )
        }
        // What was given, or is not known to be anything else, stays.
        _ => (own, 0.0),
    };
    tie::Song {
        place: point_of(&signature),
        own,
        open,
        deviation_db,
    }
}

/// What settings do to tone and side.
fn move_of(settings: &Settings) -> tie::Point {
    let modes = modes_of_curve(&curve_of_knots(&settings.eq.mid_db));
    std::array::from_fn(|place| modes.get(place).copied().unwrap_or(settings.stereo.mid_db))
}

/// The piece's prediction with the album's pull in it.
fn pulled(piece: &Heard<'_>, pull: &tie::Point) -> ([f64; BANDS], f64, Prediction) {
    let mut prediction = piece.prediction.clone();
    let Some((side_db, modes)) = pull.split_last() else {
        return ([0.0; BANDS], 0.0, prediction);
    };
    if piece.given.is_some() || pull.iter().all(|coordinate| *coordinate == 0.0) {
        return ([0.0; BANDS], 0.0, prediction);
    }
    let own = curve_of_knots(&prediction.settings.eq.mid_db);
    let added = curve_of_modes(modes);
    let relative = Signature::of(piece.analysis.program());
    let mut curve: [f64; BANDS] = std::array::from_fn(|band| {
        let level = relative
            .as_ref()
            .map_or(0.0, |signature| signature.mid_db[band]);
        let added = if level < NOTHING_TO_BOOST_DB {
            added[band].min(0.0)
        } else {
            added[band]
        };
        own[band] + added
    });
    let share = bounding_share(&curve);
    curve = curve.map(|gain_db| share * gain_db);
    let settings = &mut prediction.settings;
    settings.eq.mid_db = knots_of_curve(&curve).map(rounded);
    if piece.analysis.channels == 2 {
        settings.stereo.low_db = rounded((settings.stereo.low_db + side_db).min(0.0));
        settings.stereo.mid_db = rounded(settings.stereo.mid_db + side_db);
        settings.stereo.high_db = rounded(settings.stereo.high_db + side_db);
    }
    let drawn = curve_of_knots(&settings.eq.mid_db);
    let asked = std::array::from_fn(|band| drawn[band] - own[band]);
    let side = settings.stereo.mid_db - piece.prediction.settings.stereo.mid_db;
    (asked, side, prediction)
}

fn rounded(value: f64) -> f64 {
    (value * STEPS_PER_UNIT).round() / STEPS_PER_UNIT
}
