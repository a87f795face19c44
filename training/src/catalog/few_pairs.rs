//! Fewer pairs than a net can be retrained on: the engineer's usual move alone, beside the shipped members. Each album
//! is left out in turn and mastered by what the others taught, so that every pair answers and none is given up.

use acetate_model::Weights;

use super::RetrainError;
use super::blend::{Blend, shipped_tensors};
use super::gather::Songs;
use super::interval::MIN_ALBUMS;
use super::judge::{self, Comparison, SongErrors, compare, judge};
use super::usual::{UsualMove, learn};
use crate::export::weights_file;
use crate::fit::Member;
use crate::pair::Pair;

/// Weights with the usual move of all pairs, and how pairs that were left out did with that of the others.
///
/// # Errors
/// [`RetrainError`] when weights cannot be made or run.
pub(super) fn learn_usual_move(
    songs: &Songs,
    recipe: &str,
) -> Result<(Blend, Comparison), RetrainError> {
    let base = Weights::embedded()?;
    let members: Vec<Member> = shipped_tensors()?.into_iter().map(Member::of).collect();
    let with = |pairs: &[Pair]| -> Result<(Vec<u8>, UsualMove), RetrainError> {
        let (priors, usual) = learn(pairs, &base.header.priors);
        Ok((weights_file(&members, &priors, recipe)?, usual))
    };
    let shipped = judge(&base, &only(&songs.pairs))?;
    let mut answered: Vec<(usize, SongErrors)> = Vec::new();
    for held_out in turns(&songs.pairs) {
        let part = |is_held_out: bool| -> Vec<Pair> {
            let all = songs.pairs.iter().enumerate();
            all.filter(|(at, _)| held_out.contains(at) == is_held_out)
                .map(|(_, pair)| pair.clone())
                .collect()
        };
        let (bytes, _) = with(&part(false))?;
        let errors = judge(&Weights::from_bytes(&bytes)?, &only(&part(true)))?;
        answered.extend(held_out.iter().copied().zip(errors));
    }
    answered.sort_by_key(|(at, _)| *at);
    let answered: Vec<SongErrors> = answered.into_iter().map(|(_, errors)| errors).collect();
    let (bytes, usual) = with(&songs.pairs)?;
    let blend = Blend {
        lambda: 0.0,
        is_shipped: false,
        bytes,
        choices: Vec::new(),
        usual: Some(usual),
    };
    Ok((blend, compare(&shipped, &answered)))
}

fn only(pairs: &[Pair]) -> judge::Songs<'_> {
    judge::Songs {
        masters: &[],
        pairs,
        seed: 0,
    }
}

/// Which pairs are left out together: whole albums where there are enough of them.
fn turns(pairs: &[Pair]) -> Vec<Vec<usize>> {
    let mut albums: Vec<&str> = pairs.iter().map(|pair| &*pair.master.group).collect();
    albums.sort_unstable();
    albums.dedup();
    if albums.len() < MIN_ALBUMS {
        return (0..pairs.len()).map(|at| vec![at]).collect();
    }
    let of = |album: &&str| {
        let all = pairs.iter().enumerate();
        all.filter(|(_, pair)| pair.master.group == **album)
            .map(|(at, _)| at)
            .collect()
    };
    albums.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use acetate_model::features::BANDS;

    use super::*;
    use crate::synthetic::track;

    fn pairs(albums: &[&str]) -> Songs {
        let pairs: Vec<Pair> = albums
            .iter()
            .zip(1..)
            .map(|(album, number)| {
                let master = track(album, number);
                let mut mix = master.clone();
                for band in 0..BANDS {
                    let gain_db = 0.2 * (band as f32 - 13.0);
                    mix.features.pooled_db[band] -= gain_db;
                    mix.features.pooled_db[BANDS + band] -= gain_db;
                }
                Pair::new(mix, master)
            })
            .collect();
        Songs {
            masters: pairs.iter().map(|pair| pair.master.clone()).collect(),
            pairs,
        }
    }

    #[test]
    fn pairs_of_one_habit_answer_for_each_other() {
        let songs = pairs(&["a", "b", "c", "d", "e"]);
        let (blend, own) = learn_usual_move(&songs, "finetune").unwrap();
        assert!(blend.usual_rms_db() > 0.5, "{:?}", blend.usual);
        assert_eq!((own.songs, own.albums), (5, 5));
        assert!(own.gain_db > 0.2, "{own:?}");
        Weights::from_bytes(&blend.bytes).unwrap();
    }

    #[test]
    fn whole_albums_are_left_out_where_there_are_enough() {
        let of = |albums: &[&str]| turns(&pairs(albums).pairs);
        assert_eq!(of(&["a", "b", "a", "c"]), [vec![0, 2], vec![1], vec![3]]);
        assert_eq!(of(&["a", "b", "a"]), [vec![0], vec![1], vec![2]]);
    }
}
