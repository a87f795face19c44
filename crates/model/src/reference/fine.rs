//! The whole way to a reference, third octave by third octave: bounds, and what the knots leave over
//! for the EQ's fine curve.

use acetate_dsp::process::eq::{eq_curve_db, mid_basis};
use acetate_dsp::process::stereo::Stereo;
use acetate_dsp::process::{ProcessSpec, Processor};
use acetate_dsp::settings::{FINE_BANDS, MID_KNOTS, Settings, fine_band_hz};

use acetate_dsp::units::{db_from_power, power_from_db};

use super::{HEARD_DB, SIDE_HEARD_DB, set_side, width_knots_db};
use crate::features::BANDS;
use crate::knots::{self, Row};
use crate::predictor::{rms, round_and_clamp};
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
/// The rendered bass is kept this much narrower than it may be, dB: filters have slopes.
const BASS_MARGIN_DB: f64 = 1.5;
/// Steps in which the bass is made narrower: each leaves a small part of the excess.
const BASS_STEPS: usize = 6;
/// How loud side may become against mid elsewhere, dB: equal, as for two independent channels.
const MAX_SIDE_TO_MID_DB: f64 = 0.0;

/// The way from one spectrum to another. Spectra are relative to the loudness, dB.
pub(super) struct ToneWay<'a> {
    pub(super) from_db: &'a [f64; BANDS],
    pub(super) to_db: &'a [f64; BANDS],
    /// The share of a boost that each band bears, 0 to 1.
    pub(super) boost_shares: [f64; BANDS],
    /// The share of the way that is asked for, 0 to 1.
    pub(super) amount: f64,
    /// The most that the curve may be over the bands, RMS, dB.
    pub(super) max_rms_db: f64,
}

/// What came of a [`ToneWay`].
pub(super) struct ToneMatch {
    /// The share of the way that is gone.
    pub(super) share: f64,
    /// What of the whole way each band was not given for want of signal, dB.
    pub(super) short_db: [f64; BANDS],
}

/// Sets the knots and the fine curve for a way.
pub(super) fn match_tone(way: &ToneWay<'_>, settings: &mut Settings) -> ToneMatch {
    let &ToneWay {
        from_db,
        to_db,
        ref boost_shares,
        amount,
        max_rms_db,
    } = way;
    let nothing = ToneMatch {
        share: 0.0,
        short_db: [0.0; BANDS],
    };
    let heard = |band: &usize| from_db[*band] > HEARD_DB && to_db[*band] > HEARD_DB;
    let Some(way_db) = smooth(
        (0..BANDS)
            .filter(heard)
            .map(|band| (band, to_db[band] - from_db[band])),
    ) else {
        return nothing;
    };
    // The level is the drive's: what is gone is the way of the shape, of the bands that are there.
    let there: f64 = boost_shares.iter().sum();
    if there == 0.0 {
        return nothing;
    }
    let weighted = way_db.iter().zip(boost_shares);
    let mean_db = weighted.map(|(db, share)| db * share).sum::<f64>() / there;
    let way_db = way_db.map(|gain_db| gain_db - mean_db);
    let short_db: [f64; BANDS] =
        std::array::from_fn(|band| way_db[band].max(0.0) * (1.0 - boost_shares[band]));
    let way_db: [f64; BANDS] = std::array::from_fn(|band| way_db[band] - short_db[band]);
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
    ToneMatch { share, short_db }
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
    hold_bass(from, settings);
    amount
}

/// Turns the side signal of the bass down until all of the bass, as it will be, is no wider against mid than it
/// may be or was.
fn hold_bass(from: &Signature, settings: &mut Settings) {
    let bass = || (0..BANDS).filter(|&band| fine_band_hz(band) < BASS_HZ);
    let side_to_mid_db = |settings: Option<&Settings>| {
        let (mut mid, mut side) = (0.0, 0.0);
        for band in bass() {
            let hz = fine_band_hz(band);
            let curve = settings.map(|settings| eq_curve_db(&settings.eq, hz));
            let stage = settings.and_then(|one| Stereo::new(&one.stereo, &SPEC).response_db(hz));
            let mid_db = curve.map_or(0.0, |curve| curve.mid_db);
            let side_db =
                curve.map_or(0.0, |curve| curve.side_db) + stage.map_or(0.0, |one| one.side_db);
            mid += power_from_db(from.mid_db[band] + mid_db);
            side += power_from_db(from.side_db[band] + side_db);
        }
        db_from_power(side / mid)
    };
    let highest_db = MAX_BASS_SIDE_DB.max(side_to_mid_db(None)) - BASS_MARGIN_DB;
    for _ in 0..BASS_STEPS {
        // As it will be rendered.
        let mut rendered = settings.clone();
        round_and_clamp(&mut rendered);
        let over_db = side_to_mid_db(Some(&rendered)) - highest_db;
        if over_db.is_nan() || over_db <= 0.0 {
            break;
        }
        settings.stereo.low_db -= over_db;
    }
}

/// The stereo stage is asked for its curve at a rate at which it hardly depends on the rate.
const SPEC: ProcessSpec = ProcessSpec {
    sample_rate_hz: 48_000,
    channels: 2,
    program_lufs: 0.0,
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
