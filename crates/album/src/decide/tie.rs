//! The tie between songs: one system of least squares for all coordinates.
//!
//! With song i at place sᵢ, its own decision pᵢ with variance uᵢ, and the common place g, the moves cᵢ minimize
//! Σ (cᵢ - pᵢ)²/uᵢ + Σ (sᵢ + cᵢ - g)²/τ² over all cᵢ and g: convex, and solved at once, since no weight
//! depends on what is sought. Then each move is kept between the song's own decision and its own whole
//! proposal, coordinate by coordinate: the nearest point of the box in which the evidence of the song lies.

use acetate_dsp::numeric::solve;
use acetate_model::outputs::MODES;

/// Tone in modes, and the side's level.
pub(super) const COORDINATES: usize = MODES + 1;
/// A place or a move, dB.
pub(super) type Point = [f64; COORDINATES];

/// How far songs of an album lie from their common place beyond what they have to, dB: fitted on albums of the
/// valid split (`campaigns/album/tie.py`).
const TAU_DB: f64 = 2.0;
/// Variance of what is certain, dB²: keeps the system definite.
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
    /// How unsure its decision is, dB.
    pub(super) deviation_db: f64,
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

    fn own_weight(&self) -> f64 {
        1.0 / (self.deviation_db * self.deviation_db).max(CERTAIN_DB2)
    }
}

/// What each song is asked beyond its own decision. `fixed` is a common place from elsewhere with the number of
/// songs behind it.
pub(super) fn pulls(songs: &[Song], fixed: Option<(Point, f64)>) -> Vec<Point> {
    let moves = moves(songs, fixed);
    let each = songs.iter().zip(moves);
    each.map(|(song, moved)| {
        std::array::from_fn(|place| {
            let (own, open) = (song.own[place], song.open[place]);
            let kept = moved[place].clamp(own.min(open), own.max(open));
            if song.counts() { kept - own } else { 0.0 }
        })
    })
    .collect()
}

/// The moves that minimize the sum.
fn moves(songs: &[Song], fixed: Option<(Point, f64)>) -> Vec<Point> {
    let counted: Vec<&Song> = songs.iter().filter(|song| song.counts()).collect();
    let own = || songs.iter().map(|song| song.own).collect();
    if counted.len() + usize::from(fixed.is_some()) < 2 {
        return own();
    }
    let tie = 1.0 / (TAU_DB * TAU_DB);
    let size = counted.len() + 1;
    let mut matrix = vec![vec![0.0; size]; size];
    let mut right = vec![[0.0; COORDINATES]; size];
    let (common_row, rows) = match matrix.split_last_mut() {
        Some(split) => split,
        None => return own(),
    };
    let (common_right, rights) = match right.split_last_mut() {
        Some(split) => split,
        None => return own(),
    };
    for (index, (song, (row, right))) in counted.iter().zip(rows.iter_mut().zip(rights)).enumerate()
    {
        let weight = song.own_weight();
        row[index] = weight + tie;
        row[size - 1] = -tie;
        common_row[index] = -tie;
        common_row[size - 1] += tie;
        for place in 0..COORDINATES {
            right[place] = weight * song.own[place] - tie * song.place[place];
            common_right[place] += tie * song.place[place];
        }
    }
    if let Some((place, count)) = fixed {
        // Songs that stay where they are.
        common_row[size - 1] += tie * count;
        for (sum, coordinate) in common_right.iter_mut().zip(place) {
            *sum += tie * count * coordinate;
        }
    }
    if !solve(&mut matrix, &mut right) {
        return own();
    }
    let mut solved = right.into_iter();
    songs
        .iter()
        .map(|song| {
            let found = if song.counts() { solved.next() } else { None };
            found.unwrap_or(song.own)
        })
        .collect()
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
    fn a_song_is_pulled_towards_the_others_and_never_past_its_own_proposal() {
        let songs = [
            song(3.0, -0.5, -1.0, 2.0),
            song(0.0, 0.0, 0.0, 1.0),
            song(-0.2, 0.0, 0.5, 1.0),
            song(0.1, 0.2, 0.2, 1.0),
        ];
        let pulls = pulls(&songs, None);
        assert!(
            (pulls[0][0] + 0.5).abs() < 1e-9,
            "to the end of its proposal: {}",
            pulls[0][0]
        );
        assert!(pulls[1..].iter().all(|pull| pull[0].abs() <= 0.5 + 1e-9));
        assert_eq!(pulls[1][0], 0.0);
        assert_eq!(pulls[3][0], 0.0);
    }

    #[test]
    fn songs_that_agree_are_left_alone() {
        let songs = [song(1.0, 0.0, -2.0, 1.0); 5];
        assert!(
            pulls(&songs, None)
                .iter()
                .flatten()
                .all(|pull| pull.abs() < 1e-9)
        );
        assert_eq!(pulls(&songs[..1], None)[0], [0.0; COORDINATES]);
    }

    #[test]
    fn a_surer_song_is_pulled_less() {
        let with = |deviation_db| {
            let songs = [song(3.0, 0.0, -3.0, deviation_db), song(0.0, 0.0, 0.0, 1.0)];
            pulls(&songs, None)[0][0]
        };
        assert!(with(0.5) > with(2.0), "{} {}", with(0.5), with(2.0));
        assert!(with(2.0) < 0.0);
    }

    #[test]
    fn a_signature_from_elsewhere_pulls_a_single_song() {
        let alone = [song(2.0, 0.0, -2.0, 2.0)];
        let pulled = pulls(&alone, Some(([0.0; COORDINATES], 10.0)));
        assert!(pulled[0][0] < -0.5);
    }
}
