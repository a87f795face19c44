//! The whole way to a reference, third octave by third octave: bounds, and what the knots leave over
//! for the EQ's fine curve.

use acetate_dsp::process::eq::{eq_curve_db, mid_basis};
use acetate_dsp::process::stereo::Stereo;
use acetate_dsp::process::{ProcessSpec, Processor};
use acetate_dsp::settings::{FINE_BANDS, MID_KNOTS, Settings, fine_band_hz};

use super::{HEARD_DB, SIDE_HEARD_DB, set_side, width_knots_db};
use crate::features::BANDS;
use crate::knots::{self, Row};
use crate::predictor::rms;
use crate::signature::Signature;

const _: () = assert!(BANDS == FINE_BANDS);

/// Largest gain of a third octave toward a reference, either way, dB: what the knots and the fine
/// curve can both draw.
const MAX_GAIN_DB: f64 = 15.0;
/// Largest gain of a knot, dB: its range in the settings.
const MAX_KNOT_DB: f64 = 6.0;
/// Weight of the curve's bends against the bands' errors: a lone band is followed by about half.
const BEND_WEIGHT: f64 = 0.05;
/// Below this the side signal counts as bass, Hz.
const BASS_HZ: f64 = 120.0;
/// How loud side may become against mid in the bass, dB: little is lost on a mono subwoofer.
const MAX_BASS_SIDE_DB: f64 = -12.0;
/// How loud side may become against mid elsewhere, dB: equal, as for two independent channels.
const MAX_SIDE_TO_MID_DB: f64 = 0.0;

/// Sets the knots and the fine curve for the way from one spectrum to another, at `amount` of it and at
/// most `max_rms_db` over the bands. Spectra are relative to the loudness, dB. Gives the share of the
/// way that is gone.
pub(super) fn match_tone(
    from_db: &[f64; BANDS],
    to_db: &[f64; BANDS],
    amount: f64,
    max_rms_db: f64,
    settings: &mut Settings,
) -> f64 {
    let heard = |band: &usize| from_db[*band] > HEARD_DB && to_db[*band] > HEARD_DB;
    let Some(way_db) = smooth(
        (0..BANDS)
            .filter(heard)
            .map(|band| (band, to_db[band] - from_db[band])),
    ) else {
        return 0.0;
    };
    // The level is the drive's: what is gone is the way of the shape.
    let mean_db = way_db.iter().sum::<f64>() / BANDS as f64;
    let way_db = way_db.map(|gain_db| gain_db - mean_db);
    let size_db = amount * rms(&way_db);
    let share = if size_db > max_rms_db {
        amount * (max_rms_db / size_db)
    } else {
        amount
    };
    let wanted_db = way_db.map(|gain_db| (share * gain_db).clamp(-MAX_GAIN_DB, MAX_GAIN_DB));
    let basis = mid_basis(&std::array::from_fn::<f64, BANDS, _>(fine_band_hz));
    settings.eq.mid_db = knots_db(&basis, &wanted_db);
    settings.eq.fine_mid_db = std::array::from_fn(|band| {
        let knots = basis[band].iter().zip(&settings.eq.mid_db);
        wanted_db[band] - knots.map(|(share, gain_db)| share * gain_db).sum::<f64>()
    });
    share
}

/// Sets the stereo stage, the side knots and the fine curve for the way from one width to another, at
/// `amount` of it; nothing where one of both is mono. Gives the share of the way that is gone.
pub(super) fn match_width(
    from: &Signature,
    to: &Signature,
    amount: f64,
    settings: &mut Settings,
) -> f64 {
    let spread_db = |one: &Signature, band: usize| one.side_db[band] - one.mid_db[band];
    let heard = |band: &usize| {
        [from, to]
            .iter()
            .all(|one| one.side_db[*band] > SIDE_HEARD_DB && one.mid_db[*band] > HEARD_DB)
    };
    let way = |band: usize| (band, spread_db(to, band) - spread_db(from, band));
    let (Some(knots_db), Some(way_db)) = (
        width_knots_db(from, to),
        smooth((0..BANDS).filter(heard).map(way)),
    ) else {
        return 0.0;
    };
    set_side(
        &knots_db.map(|gain_db| (gain_db * amount).clamp(-MAX_GAIN_DB, MAX_GAIN_DB)),
        settings,
    );
    let stereo = Stereo::new(&settings.stereo, &SPEC);
    settings.eq.fine_side_db = [0.0; FINE_BANDS];
    settings.eq.fine_side_db = std::array::from_fn(|band| {
        let hz = fine_band_hz(band);
        let highest_db = if hz < BASS_HZ {
            MAX_BASS_SIDE_DB
        } else {
            MAX_SIDE_TO_MID_DB
        };
        let room_db = (highest_db - spread_db(from, band)).max(0.0);
        let wanted_db = (amount * way_db[band]).clamp(-MAX_GAIN_DB, MAX_GAIN_DB.min(room_db));
        let broad = eq_curve_db(&settings.eq, hz);
        let stage_db = stereo
            .response_db(hz)
            .map_or(0.0, |response| response.side_db);
        wanted_db - (broad.side_db - broad.mid_db) - stage_db
    });
    amount
}

/// The stereo stage is asked for its curve at a rate at which it hardly depends on the rate.
const SPEC: ProcessSpec = ProcessSpec {
    sample_rate_hz: 48_000,
    channels: 2,
    programme_lufs: 0.0,
};

/// A curve near the given bands, smooth and continued where there is none; `None` without any band.
fn smooth(bands: impl Iterator<Item = (usize, f64)>) -> Option<[f64; BANDS]> {
    let rows: Vec<Row<BANDS>> = bands
        .map(|(band, wanted)| {
            let mut basis = [0.0; BANDS];
            basis[band] = 1.0;
            Row { basis, wanted }
        })
        .collect();
    (!rows.is_empty()).then(|| knots::fit(&rows, BEND_WEIGHT))
}

/// The knots whose curve comes closest to gains at the bands, within their range, dB.
fn knots_db(basis: &[[f64; MID_KNOTS]], wanted_db: &[f64; BANDS]) -> [f64; MID_KNOTS] {
    let rows: Vec<Row<MID_KNOTS>> = basis
        .iter()
        .zip(wanted_db)
        .map(|(&basis, &wanted)| Row { basis, wanted })
        .collect();
    knots::fit(&rows, super::BEND_WEIGHT).map(|gain_db| gain_db.clamp(-MAX_KNOT_DB, MAX_KNOT_DB))
}
