//! The tie between songs: one problem of least squares for all coordinates.
//!
//! Song i stands at place sᵢ, the net measured that the move oᵢ would mend it, with variance vᵢ, faults have the
//! variance fᵢ, and songs of an album lie with variance t around their common place g. The moves cᵢ minimize
//! Σ (cᵢ - oᵢ)²/vᵢ + Σ cᵢ²/fᵢ + Σ (sᵢ + cᵢ - g)²/t over all cᵢ and g: convex, and solved at once, coordinate
//! by coordinate, since no weight depends on what is sought. Then each move is kept between none, the song's own
//! decision and its whole proposal: the box in which the evidence of the song lies.

use acetate_model::outputs::MODES;

use super::level::variance;

/// Tone in modes, and the side's level.
pub(super) const COORDINATES: usize = MODES + 1;
/// A place or a move, dB.
pub(super) type Point = [f64; COORDINATES];

/// Variance of a finished song's modes around those of its album, dB²: albums of the train split. This and the
/// figures below come from `campaigns/album/tie.py`.
const WITHIN_DB2: [f64; MODES] = [
    15.3, 10.7, 2.73, 1.83, 1.21, 0.85, 0.63, 0.48, 0.46, 0.45, 0.29, 0.25,
];
/// Variance of the modes of a smooth fault of 2 dB RMS, dB².
const FAULT_DB2: [f64; MODES] = [
    2.56, 0.65, 0.416, 0.182, 0.101, 0.048, 0.024, 0.011, 0.006, 0.003, 0.002, 0.001,
];
/// Variance of what the net proposes around what mends a fault, dB², of a song whose tone it knows to 2 dB: on
/// albums of the valid split.
const PROPOSED_DB2: [f64; MODES] = [
    3.34, 0.893, 0.904, 0.268, 0.097, 0.066, 0.021, 0.012, 0.006, 0.002, 0.002, 0.001,
];
/// Deviation that [`PROPOSED_DB2`] belongs to, dB.
const PROPOSED_AT_DB: f64 = 2.0;
/// How large faults are to be expected, as a share of [`FAULT_DB2`]: more does harm to songs without a fault. A
/// song whose own decision is larger has a larger fault.
const FAULT_SHARE: f64 = 0.4;
/// A song may lie further from the common place than those of the train split, by this factor on the variance.
const LOOSENESS: f64 = 2.0;
/// The album's own spread counts as much as the usual one in an album with so many songs more than one.
const SPREAD_SONGS: f64 = 4.0;
/// How far the sides of an album lie from their common level beyond what they have to, dB.
const SIDE_TAU_DB: f64 = 2.0;
/// Variance of what is certain, dB²: keeps weights finite.
const CERTAIN_DB2: f64 = 1e-6;

/// One song.
#[derive(Clone, Copy, Debug)]
pub(super) struct Song {
    /// Where it is.
    pub(super) place: Point,
    /// Its own decision.
    pub(super) own: Point,
    /// The whole of what seems to be off.
    pub(super) open: Point,
    /// How unsure its decision is, dB; 0 for one that is not to be changed.
    pub(super) deviation_db: f64,
}

/// What is known of one coordinate of a song: the move that is likely without the album, and the inverse of its
/// variance.
#[derive(Clone, Copy, Debug)]
struct Likely {
    move_db: f64,
    weight: f64,
}

impl Song {
    /// One that nothing is known of: it neither moves nor counts.
    pub(super) fn apart(own: Point) -> Self {
        Self {
            place: [f64::NAN; COORDINATES],
            own,
            open: own,
            deviation_db: 0.0,
        }
    }

    fn counts(&self) -> bool {
        self.place.iter().all(|coordinate| coordinate.is_finite())
    }

    fn is_fixed(&self) -> bool {
        self.deviation_db == 0.0
    }

    fn likely(&self, coordinate: usize) -> Likely {
        let modes = PROPOSED_DB2.get(coordinate).zip(FAULT_DB2.get(coordinate));
        let Some((proposed_db2, fault_db2)) = modes.filter(|_| !self.is_fixed()) else {
            // Of the side, and of what is not to be changed, there is the decision alone.
            return Likely {
                move_db: self.own[coordinate],
                weight: 1.0 / (self.deviation_db * self.deviation_db).max(CERTAIN_DB2),
            };
        };
        let unsure = self.deviation_db / PROPOSED_AT_DB;
        let measured = 1.0 / (proposed_db2 * unsure * unsure).max(CERTAIN_DB2);
        let weight = measured + 1.0 / (fault_db2 * self.fault_share());
        Likely {
            move_db: measured * self.open[coordinate] / weight,
            weight,
        }
    }

    /// How large its fault is to be expected, as a share of the usual one.
    fn fault_share(&self) -> f64 {
        let own_db2: f64 = self.own[..MODES]
            .iter()
            .map(|move_db| move_db * move_db)
            .sum();
        let usual_db2: f64 = FAULT_DB2.iter().sum();
        (own_db2 / usual_db2).max(FAULT_SHARE)
    }

    /// The range that its evidence lies in.
    fn kept(&self, coordinate: usize, move_db: f64) -> f64 {
        let (own, open) = (self.own[coordinate], self.open[coordinate]);
        // A side is never asked for less than its own decision.
        let least = if coordinate < MODES { 0.0 } else { own };
        let low = own.min(open).min(least);
        let high = own.max(open).max(least);
        move_db.clamp(low, high)
    }
}

/// What each song is asked beyond its own decision. `fixed` is a common place from elsewhere with the number of
/// songs behind it.
pub(super) fn pulls(songs: &[Song], fixed: Option<(Point, f64)>) -> Vec<Point> {
    let counted: Vec<&Song> = songs.iter().filter(|song| song.counts()).collect();
    if counted.len() + usize::from(fixed.is_some()) < 2 {
        return vec![[0.0; COORDINATES]; songs.len()];
    }
    let looseness = LOOSENESS * spread(&counted);
    let ties: Point = std::array::from_fn(|coordinate| {
        let within = WITHIN_DB2.get(coordinate);
        within.map_or(SIDE_TAU_DB * SIDE_TAU_DB, |db2| looseness * db2)
    })
    .map(|db2| 1.0 / db2);
    let common: Point = std::array::from_fn(|coordinate| {
        let fixed = fixed.map(|(place, count)| (place[coordinate], count));
        common(&counted, coordinate, ties[coordinate], fixed)
    });
    songs
        .iter()
        .map(|song| {
            std::array::from_fn(|coordinate| {
                if !song.counts() || song.is_fixed() {
                    return 0.0;
                }
                let (likely, tie) = (song.likely(coordinate), ties[coordinate]);
                let to_common = common[coordinate] - song.place[coordinate];
                let sum = likely.weight * likely.move_db + tie * to_common;
                let moved = sum / (likely.weight + tie);
                song.kept(coordinate, moved) - song.own[coordinate]
            })
        })
        .collect()
}

/// The common place of one coordinate: the mean of where the songs would be without it, each with the weight that
/// its tie leaves it.
fn common(songs: &[&Song], coordinate: usize, tie: f64, fixed: Option<(f64, f64)>) -> f64 {
    // Songs of another album stay where they are.
    let (mut weights, mut sum) = match fixed {
        Some((place, count)) => (tie * count, tie * count * place),
        None => (0.0, 0.0),
    };
    for song in songs {
        let likely = song.likely(coordinate);
        let weight = likely.weight * tie / (likely.weight + tie);
        weights += weight;
        sum += weight * (song.place[coordinate] + likely.move_db);
    }
    sum / weights
}

/// How far these songs lie apart, as a share of what is usual; a few songs say little of it.
fn spread(songs: &[&Song]) -> f64 {
    let freedom = songs.len().saturating_sub(1) as f64;
    if freedom == 0.0 {
        return 1.0;
    }
    let ratios = WITHIN_DB2.iter().zip(FAULT_DB2).enumerate();
    let ratios = ratios.map(|(coordinate, (within_db2, fault_db2))| {
        let places: Vec<f64> = songs.iter().map(|song| song.place[coordinate]).collect();
        let found_db2 = variance(&places) * songs.len() as f64 / freedom;
        found_db2 / (within_db2 + fault_db2)
    });
    let ratio = ratios.sum::<f64>() / MODES as f64;
    (SPREAD_SONGS + freedom * ratio) / (SPREAD_SONGS + freedom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn song(place: f64, own: f64, open: f64, deviation_db: f64) -> Song {
        Song {
            place: [place; COORDINATES],
            own: [own; COORDINATES],
            open: [open; COORDINATES],
            deviation_db,
        }
    }

    #[test]
    fn a_song_is_pulled_toward_the_others_and_never_out_of_its_own_evidence() {
        let songs = [
            song(8.0, -0.2, -1.0, 2.0),
            song(0.0, 0.0, 0.0, 1.0),
            song(-0.2, 0.0, 0.5, 1.0),
            song(0.1, 0.2, 0.2, 1.0),
        ];
        let pulls = pulls(&songs, None);
        assert!(pulls[0][0] < 0.0, "toward the others: {}", pulls[0][0]);
        for (song, pull) in songs.iter().zip(&pulls) {
            for (coordinate, pull) in pull.iter().enumerate() {
                let moved = song.own[coordinate] + pull;
                let ends = [0.0, song.own[coordinate], song.open[coordinate]];
                let low = ends.iter().copied().fold(f64::INFINITY, f64::min);
                let high = ends.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                assert!((low - 1e-9..=high + 1e-9).contains(&moved), "{moved}");
            }
        }
    }

    #[test]
    fn songs_that_agree_and_need_nothing_are_left_alone() {
        let songs = [song(1.0, 0.0, 0.0, 2.0); 5];
        assert!(
            pulls(&songs, None)
                .iter()
                .flatten()
                .all(|pull| *pull == 0.0)
        );
        let one = [song(1.0, 0.5, 3.0, 2.0)];
        assert_eq!(pulls(&one, None)[0], [0.0; COORDINATES], "a single is one");
    }

    #[test]
    fn what_is_fixed_stays_and_still_draws_the_others() {
        let fixed = Song {
            deviation_db: 0.0,
            ..song(0.0, 0.0, 0.0, 0.0)
        };
        let others = [fixed, fixed, song(9.0, 0.0, -3.0, 2.0)];
        let pulls = pulls(&others, None);
        assert_eq!(pulls[0], [0.0; COORDINATES]);
        assert!(pulls[2][0] < 0.0);
    }

    #[test]
    fn a_plain_fault_is_mended_as_far_as_alone_and_a_surer_song_further() {
        let with = |deviation_db| {
            let songs = [
                song(3.0, -3.0, -4.0, deviation_db),
                song(0.0, 0.0, 0.0, 1.0),
            ];
            songs[0].own[0] + pulls(&songs, None)[0][0]
        };
        assert!(with(0.5) < -3.0, "{}", with(0.5));
        assert!(with(0.5) < with(2.0), "{} {}", with(0.5), with(2.0));
        assert!(with(2.0) < -2.0, "{}", with(2.0));
    }

    #[test]
    fn unlike_songs_are_tied_less_than_songs_of_one_sound() {
        let with = |apart: f64| {
            let songs = [
                song(4.0, 0.0, -3.0, 2.0),
                song(apart, 0.0, 0.0, 1.0),
                song(-apart, 0.0, 0.0, 1.0),
                song(0.0, 0.0, 0.0, 1.0),
            ];
            pulls(&songs, None)[0][0]
        };
        assert!(with(20.0) > with(0.5), "{} {}", with(20.0), with(0.5));
    }

    #[test]
    fn a_signature_from_elsewhere_pulls_a_single_song() {
        let alone = [song(6.0, 0.0, -2.0, 2.0)];
        let pulled = pulls(&alone, Some(([0.0; COORDINATES], 10.0)));
        assert!(pulled[0][0] < -0.3, "{}", pulled[0][0]);
    }
}
