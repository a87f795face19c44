//! The smallest EQ that moves the asked-for regions and holds the protected ones.
//!
//! On third-octave bands an EQ is exact, so that a region's level is linear in the knots but for the
//! change of loudness, which is taken linear at the song's own spectrum and solved again where it
//! lies after the first step.

use acetate_dsp::numeric::NormalEquations;
use acetate_dsp::settings::MID_KNOTS;
use acetate_dsp::units::power_from_db;

use super::vocabulary::{Ask, Feature, Style};
use crate::features::{BANDS, band_weights};
use crate::outputs::mid_basis;

/// The EQ's regions: feature, first and last of the net's bands.
const REGIONS: [(Feature, usize, usize); 5] = [
    (Feature::Bass, 0, 5),
    (Feature::Warmth, 6, 11),
    (Feature::Presence, 17, 21),
    (Feature::Treble, 22, 24),
    (Feature::Air, 25, 26),
];
/// Weight of the curve's bends against its size.
const BEND_WEIGHT: f64 = 1.0;
/// How strictly an ask is met, against the curve's size.
const ASK_WEIGHT: f64 = 1e4;
/// How strictly a region that was not spoken of is left in peace.
const PEACE_WEIGHT: f64 = 0.3;
/// Largest change of a knot, dB: beyond it words would be an effect, not a master.
const MAX_KNOT_DB: f64 = 5.0;
/// Halvings that find the share that fits: to a thousandth.
const SHARE_HALVINGS: usize = 10;
/// An ask counts as met, and a held region as held, within this, dB.
const MET_WITHIN_DB: f64 = 0.1;
/// Linear steps to the solution.
const STEPS: usize = 12;

/// A change of the knots and what it does.
#[derive(Clone, Debug, PartialEq)]
pub struct Solved {
    /// Change of each mid knot, dB.
    pub knots_db: [f64; MID_KNOTS],
    /// Change of each region's level relative to the loudness, dB.
    pub moved: Vec<(Feature, f64)>,
}

/// Mean level of each region relative to the loudness, dB, from third octaves relative to the
/// loudness.
pub fn region_levels_db(mid_db: &[f64; BANDS]) -> Vec<(Feature, f64)> {
    REGIONS
        .iter()
        .map(|&(feature, first, last)| {
            let bands = &mid_db[first..=last];
            (feature, bands.iter().sum::<f64>() / bands.len() as f64)
        })
        .collect()
}

/// Solves the tone of a style for a song whose third octaves of mid are `mid_db`, relative to its
/// loudness. Where the whole of what is asked would need more than the EQ has, as large a share of it
/// as fits is given, so that more words never do less.
pub(super) fn tone(style: &Style, mid_db: &[f64; BANDS]) -> Solved {
    let basis = mid_basis();
    let is_asked = REGIONS
        .iter()
        .any(|(feature, ..)| matches!(style.ask(*feature), Some(Ask::Move(_))));
    let solve = |share: f64| knots(style, share, mid_db, &basis);
    let fits = |knots_db: &[f64; MID_KNOTS], share: f64| {
        let met = moved(mid_db, knots_db, &basis)
            .into_iter()
            .filter(|(feature, _)| style.ask(*feature).is_some())
            .all(|(feature, by)| (by - share * style.wanted(feature)).abs() <= MET_WITHIN_DB);
        met && knots_db.iter().all(|db| db.abs() <= MAX_KNOT_DB)
    };
    let mut knots_db = [0.0; MID_KNOTS];
    if is_asked {
        knots_db = solve(1.0);
        if !fits(&knots_db, 1.0) {
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..SHARE_HALVINGS {
                let middle = 0.5 * (low + high);
                if fits(&solve(middle), middle) {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            knots_db = solve(low);
        }
    }
    Solved {
        moved: moved(mid_db, &knots_db, &basis),
        knots_db,
    }
}

/// The knots that give a share of what is asked.
fn knots(
    style: &Style,
    share: f64,
    mid_db: &[f64; BANDS],
    basis: &[[f64; BANDS]],
) -> [f64; MID_KNOTS] {
    let mut knots_db = [0.0; MID_KNOTS];
    for _ in 0..STEPS {
        let loudness = loudness_slope(mid_db, &knots_db, basis);
        let now = moved(mid_db, &knots_db, basis);
        let mut system = NormalEquations::default();
        for (&(feature, first, last), (_, at)) in REGIONS.iter().zip(&now) {
            let weight = match style.ask(feature) {
                Some(_) => ASK_WEIGHT,
                None => PEACE_WEIGHT,
            };
            let row: [f64; MID_KNOTS] = std::array::from_fn(|knot| {
                let bands = &basis[knot][first..=last];
                bands.iter().sum::<f64>() / bands.len() as f64 - loudness[knot]
            });
            // Where the linear model lies after the step, not by how much it moves.
            let here: f64 = row.iter().zip(&knots_db).map(|(r, k)| r * k).sum();
            let wanted = share * style.wanted(feature) - at + here;
            system.add(&row, wanted, weight);
        }
        system.add_ridge(1.0);
        system.add_bends(BEND_WEIGHT);
        knots_db = system.solve();
    }
    knots_db
}

/// What the knots do to each band, dB.
fn curve(knots_db: &[f64; MID_KNOTS], basis: &[[f64; BANDS]]) -> [f64; BANDS] {
    std::array::from_fn(|band| {
        knots_db
            .iter()
            .zip(basis)
            .map(|(gain, row)| gain * row[band])
            .sum()
    })
}

/// K-weighted power of a spectrum behind a curve.
fn powers(mid_db: &[f64; BANDS], curve_db: &[f64; BANDS]) -> [f64; BANDS] {
    std::array::from_fn(|band| band_weights()[band] * power_from_db(mid_db[band] + curve_db[band]))
}

/// Change of each region relative to the loudness, exactly on the bands, dB.
fn moved(
    mid_db: &[f64; BANDS],
    knots_db: &[f64; MID_KNOTS],
    basis: &[[f64; BANDS]],
) -> Vec<(Feature, f64)> {
    let curve_db = curve(knots_db, basis);
    let sum = |curve_db: &[f64; BANDS]| powers(mid_db, curve_db).iter().sum::<f64>();
    let louder_db = acetate_dsp::units::db_from_power(sum(&curve_db) / sum(&[0.0; BANDS]));
    REGIONS
        .iter()
        .map(|&(feature, first, last)| {
            let bands = &curve_db[first..=last];
            (
                feature,
                bands.iter().sum::<f64>() / bands.len() as f64 - louder_db,
            )
        })
        .collect()
}

/// How much louder the song becomes with each knot, dB per dB.
fn loudness_slope(
    mid_db: &[f64; BANDS],
    knots_db: &[f64; MID_KNOTS],
    basis: &[[f64; BANDS]],
) -> [f64; MID_KNOTS] {
    let powers = powers(mid_db, &curve(knots_db, basis));
    let total: f64 = powers.iter().sum();
    std::array::from_fn(|knot| {
        let weighed = powers
            .iter()
            .zip(&basis[knot])
            .map(|(power, basis)| power * basis);
        weighed.sum::<f64>() / total
    })
}

#[cfg(test)]
mod tests {
    use super::super::{JUST_NOTICEABLE, PROTECTED_WITHIN};
    use super::*;
    use crate::style::VOCABULARY;

    /// A typical slope, and a spectrum with a hole and a hump.
    fn songs() -> [[f64; BANDS]; 2] {
        [
            std::array::from_fn(|band| -12.0 - 0.9 * band as f64),
            std::array::from_fn(|band| match band {
                5..=8 => -8.0,
                14..=18 => -34.0,
                _ => -20.0 - 0.5 * band as f64,
            }),
        ]
    }

    #[test]
    fn every_word_moves_its_regions_and_holds_the_protected_ones() {
        for song in songs() {
            for word in VOCABULARY {
                let style = Style::parse(word.forms[0]).unwrap();
                let solved = tone(&style, &song);
                for (feature, by) in &solved.moved {
                    let wanted = style.wanted(*feature);
                    if wanted != 0.0 {
                        let reached = by * wanted.signum();
                        assert!(
                            reached >= JUST_NOTICEABLE - MET_WITHIN_DB,
                            "{word:?}: {:?}",
                            solved.moved
                        );
                        assert!(reached <= wanted.abs() + MET_WITHIN_DB);
                    }
                }
            }
            let style = Style::parse("warmer, not darker, keep bassy, not present").unwrap();
            for (feature, by) in tone(&style, &song).moved {
                match style.ask(feature) {
                    Some(Ask::Move(_)) => assert!(by > 0.3, "{feature} {by}"),
                    Some(Ask::Hold) => assert!(by.abs() < PROTECTED_WITHIN, "{feature} {by}"),
                    None => {}
                }
            }
        }
    }

    #[test]
    fn more_is_more() {
        let of = |text: &str| {
            let solved = tone(&Style::parse(text).unwrap(), &songs()[0]);
            let treble = solved
                .moved
                .iter()
                .find(|(feature, _)| *feature == Feature::Treble);
            treble.map(|(_, by)| *by).unwrap()
        };
        let ladder = [
            "much darker",
            "darker",
            "a bit darker",
            "a bit brighter",
            "brighter",
            "much brighter",
        ];
        let values: Vec<f64> = ladder.iter().map(|text| of(text)).collect();
        assert!(values.is_sorted(), "{values:?}");
    }
}
