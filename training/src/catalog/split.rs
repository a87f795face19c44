//! Which songs are only measured on, which choose, which are learned from: whole albums, by a
//! stable hash, so that an album keeps its part while the catalog grows.

use std::collections::BTreeMap;

/// Salt of the hash that holds albums out.
const HELD_OUT: &str = "held out";
/// Salt of the hash that sets albums aside for choices.
const CHOOSING: &str = "choosing";
/// A part may be this much larger than asked for, for the sake of whole albums.
const SLACK: f64 = 1.5;
/// A part of albums this much smaller than asked for is drawn by song instead.
const LEAST: f64 = 0.4;

/// Indices of the songs in each part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Learned from.
    pub fit: Vec<usize>,
    /// Decides when to stop and how far to go.
    pub choosing: Vec<usize>,
    /// Only measured on.
    pub held_out: Vec<usize>,
    /// True where the held-out songs are of albums that are also learned from.
    pub by_song: bool,
}

/// A song's place in the catalog: its album and its name there.
pub type AlbumSong<'a> = (&'a str, &'a str);

/// Splits a catalog of three songs at least.
pub fn split(songs: &[AlbumSong<'_>], held_out_share: f64, choosing_share: f64) -> Parts {
    let all: Vec<usize> = (0..songs.len()).collect();
    let (held_out, rest, by_song) = part(songs, &all, held_out_share, HELD_OUT, 2);
    let (choosing, fit, _) = part(songs, &rest, choosing_share, CHOOSING, 1);
    Parts {
        fit,
        choosing,
        held_out,
        by_song,
    }
}

/// Takes about `share` of the songs, but leaves `leave`: those taken, the rest, and whether albums
/// were divided.
fn part(
    songs: &[AlbumSong<'_>],
    among: &[usize],
    share: f64,
    salt: &str,
    leave: usize,
) -> (Vec<usize>, Vec<usize>, bool) {
    let wanted = share * among.len() as f64;
    let most = among.len().saturating_sub(leave).max(1);
    let mut albums: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for &song in among {
        albums.entry(songs[song].0).or_default().push(song);
    }
    let mut order: Vec<(&str, Vec<usize>)> = albums.into_iter().collect();
    order.sort_by_key(|(album, _)| hash(salt, &[album]));
    let mut taken: Vec<usize> = Vec::new();
    for (_, members) in &order {
        let with = taken.len() + members.len();
        if (taken.len() as f64) < wanted && with as f64 <= SLACK * wanted && with <= most {
            taken.extend(members);
        }
    }
    let by_song = (taken.len() as f64) < LEAST * wanted || taken.is_empty();
    if by_song {
        taken = among.to_vec();
        taken.sort_by_key(|&song| hash(salt, &[songs[song].0, songs[song].1]));
        taken.truncate((wanted.round() as usize).clamp(1, most));
    }
    taken.sort_unstable();
    let rest = among
        .iter()
        .copied()
        .filter(|song| !taken.contains(song))
        .collect();
    (taken, rest, by_song)
}

fn hash(salt: &str, parts: &[&str]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for part in [salt].iter().chain(parts) {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn catalog(albums: &[(&str, usize)]) -> Vec<(String, String)> {
        albums
            .iter()
            .flat_map(|(album, songs)| {
                (0..*songs).map(move |song| ((*album).to_owned(), format!("{song:02}.wav")))
            })
            .collect()
    }

    fn places(catalog: &[(String, String)]) -> Vec<AlbumSong<'_>> {
        catalog
            .iter()
            .map(|(album, song)| (album.as_str(), song.as_str()))
            .collect()
    }

    fn albums<'a>(songs: &[AlbumSong<'a>], part: &[usize]) -> BTreeSet<&'a str> {
        part.iter().map(|&song| songs[song].0).collect()
    }

    #[test]
    fn albums_stay_whole_and_every_song_has_one_part() {
        let catalog = catalog(&[("a", 9), ("b", 12), ("c", 4), ("d", 7), ("e", 10), ("f", 8)]);
        let songs = places(&catalog);
        let parts = split(&songs, 0.3, 0.25);
        assert!(!parts.by_song);
        let mut all = [&parts.fit[..], &parts.choosing, &parts.held_out].concat();
        all.sort_unstable();
        assert_eq!(all, (0..songs.len()).collect::<Vec<_>>());
        assert!(
            albums(&songs, &parts.held_out).is_disjoint(&albums(&songs, &parts.fit))
                && albums(&songs, &parts.held_out).is_disjoint(&albums(&songs, &parts.choosing))
        );
        let share = parts.held_out.len() as f64 / songs.len() as f64;
        assert!((0.12..=0.45).contains(&share), "{share}");
    }

    #[test]
    fn one_album_is_split_by_song_and_says_so() {
        let catalog = catalog(&[(".", 10)]);
        let parts = split(&places(&catalog), 0.3, 0.25);
        assert!(parts.by_song);
        assert_eq!(
            [parts.fit.len(), parts.choosing.len(), parts.held_out.len()],
            [5, 2, 3]
        );
    }

    #[test]
    fn the_order_of_the_files_decides_nothing() {
        let listed = catalog(&[("a", 8), ("b", 8), ("c", 8), ("d", 8)]);
        let mut shuffled = listed.clone();
        shuffled.reverse();
        let name = |catalog: &[(String, String)]| {
            let songs = places(catalog);
            let parts = split(&songs, 0.3, 0.25);
            let mut names: Vec<_> = parts.held_out.iter().map(|&s| catalog[s].clone()).collect();
            names.sort();
            names
        };
        assert_eq!(name(&listed), name(&shuffled));
    }

    #[test]
    fn the_smallest_catalog_still_has_three_parts() {
        let catalog = catalog(&[("a", 2), ("b", 1)]);
        for share in [0.0, 0.3, 0.9] {
            let parts = split(&places(&catalog), share, share);
            let sizes = [&parts.fit, &parts.choosing, &parts.held_out].map(Vec::len);
            assert_eq!(sizes, [1; 3], "{share}");
        }
    }
}
