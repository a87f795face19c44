//! Which songs of an archive are taken: the same ones on every machine.

use std::collections::HashMap;

use super::license::without_version;
use super::{Rules, is_plain};
use crate::datasets::Split;

/// A track of an archive, as its metadata has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Song {
    /// The archive's name for it.
    pub id: String,
    /// The archive's name for its artist.
    pub artist: String,
    /// Title, where the metadata has one.
    pub title: Option<String>,
    /// Its genres in lower case, the main one first.
    pub genres: Vec<String>,
    /// Its license in short, where it is one of Creative Commons.
    pub license: Option<String>,
    /// Length in seconds.
    pub duration_s: f64,
    /// Whether somebody sings in it, where the metadata says so.
    pub vocals: Option<bool>,
    /// SHA-256 of its audio, 64 hexadecimal digits, where the archive publishes it.
    pub sha256: Option<String>,
    /// The archive's path of its audio.
    pub path: String,
}

/// A song that is taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// The song.
    pub song: Song,
    /// The split of all songs of its artist.
    pub split: Split,
}

/// What was taken, and out of what.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// Tracks in the metadata.
    pub tracks: usize,
    /// Of these: with a license that is asked for.
    pub licensed: usize,
    /// Of these: with vocals.
    pub sung: usize,
    /// Of these: of a genre and length that are asked for.
    pub suitable: usize,
    /// What was taken, in order of split, artist and name.
    pub chosen: Vec<Chosen>,
}

/// Takes songs by the rules. The order of the metadata does not matter: songs and artists are
/// ordered by a hash of the seed and their names, and every artist gets a first song before any
/// gets a second.
pub(super) fn select(songs: Vec<Song>, rules: &Rules) -> Selection {
    let tracks = songs.len();
    let mut songs = songs;
    songs.retain(|song| {
        let license = song.license.as_deref().map(without_version);
        license.is_some_and(|it| rules.licenses.iter().any(|asked| asked == it))
    });
    let licensed = songs.len();
    songs.retain(|song| song.vocals == Some(true));
    let sung = songs.len();
    songs.retain(|song| is_suitable(song, rules));
    let suitable = songs.len();

    let mut of_artist: HashMap<String, Vec<Song>> = HashMap::new();
    for song in songs {
        of_artist.entry(song.artist.clone()).or_default().push(song);
    }
    let mut artists: Vec<(u64, String, Vec<Song>)> = of_artist
        .into_iter()
        .map(|(artist, mut songs)| {
            songs.sort_by_cached_key(|song| (hash(rules.seed, "song", &song.id), song.id.clone()));
            songs.dedup_by(|a, b| a.id == b.id);
            songs.truncate(rules.per_artist);
            (hash(rules.seed, "artist", &artist), artist, songs)
        })
        .collect();
    artists.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));

    let mut of_genre: HashMap<String, usize> = HashMap::new();
    let mut chosen = Vec::new();
    for round in 0..rules.per_artist {
        for (_, artist, songs) in &artists {
            let Some(song) = songs.get(round) else {
                continue;
            };
            // Songs without a genre have no place to be crowded out of.
            let taken = song.genres.first().map(|genre| {
                let taken = of_genre.entry(genre.clone()).or_default();
                *taken += 1;
                *taken
            });
            let full = rules
                .per_genre
                .zip(taken)
                .is_some_and(|(limit, taken)| taken > limit);
            if full || chosen.len() == rules.count {
                continue;
            }
            chosen.push(Chosen {
                song: song.clone(),
                split: split_of(artist, rules),
            });
        }
    }
    chosen.sort_by(|a, b| {
        let key = |it: &Chosen| (it.split, it.song.artist.clone(), it.song.id.clone());
        key(a).cmp(&key(b))
    });
    Selection {
        tracks,
        licensed,
        sung,
        suitable,
        chosen,
    }
}

fn is_suitable(song: &Song, rules: &Rules) -> bool {
    let among = |list: &[String]| {
        let asked = |genre: &String| list.iter().any(|it| it.to_lowercase() == *genre);
        song.genres.iter().any(asked)
    };
    let plain_path = song.path.split('/').all(|part| {
        let (name, ending) = part.rsplit_once('.').unwrap_or((part, "-"));
        let plain = |text: &str| !text.is_empty() && text.chars().all(is_plain);
        plain(name) && plain(ending)
    });
    let plain_names = [&song.id, &song.artist]
        .iter()
        .all(|name| !name.is_empty() && name.chars().all(is_plain));
    (rules.min_duration_s..=rules.max_duration_s).contains(&song.duration_s)
        && (rules.genres.is_empty() || among(&rules.genres))
        && !among(&rules.without_genres)
        && plain_path
        && plain_names
}

/// The split of an artist, by a hash of the name: it stays when other songs are taken.
fn split_of(artist: &str, rules: &Rules) -> Split {
    let place = hash(rules.seed, "split", artist) as f64 / u64::MAX as f64;
    if place < rules.test_share {
        Split::Test
    } else if place < rules.test_share + rules.valid_share {
        Split::Valid
    } else {
        Split::Train
    }
}

/// A number that looks drawn at random and is the same everywhere.
fn hash(seed: u64, what: &str, name: &str) -> u64 {
    let digest = blake3::hash(format!("{seed}\n{what}\n{name}").as_bytes());
    let bytes = digest.as_bytes().first_chunk::<8>();
    bytes.map_or(0, |first| u64::from_le_bytes(*first))
}
