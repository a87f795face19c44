//! How far to go from the shipped weights to the fine-tuned ones: straight lines between their
//! tensors (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"), judged on the albums set
//! aside for choices. The priors follow: how many of the catalog's mixes are right as they are, and how much the
//! evidence counts, is fitted anew for every share of the way, under the same bound on harm.

use acetate_model::net::TENSORS;
use acetate_model::net::tensor_name;
use acetate_model::weights::DEFAULT_WEIGHTS;
use acetate_model::{Priors, Weights};
use safetensors::SafeTensors;
use serde::Serialize;

use super::RetrainError;
use super::judge::{Errors, Songs, judge, mean};
use super::usual::{UsualMove, learn};
use crate::calibrate::net_of;
use crate::export::weights_file;
use crate::fit::Member;
use crate::pair::Pair;
use crate::priors::{Judged, MAX_HARM_DB, fit_priors};
use crate::recipe::Recipe;
use crate::validation;

/// Shares of the way that are tried.
const LAMBDAS: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
/// Put into the seed of the faults on which the priors are fitted, so that the shares are judged on other ones.
const PRIORS_SEED: u64 = 0x5eed_0002;
/// Side and level spread may get worse by this much, dB: less than anyone hears.
const TOLERANCE_DB: f64 = 0.03;

/// One share of the way and how it did on the albums set aside.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// 0 is the shipped weights, 1 the fine-tuned ones.
    pub lambda: f64,
    /// What is left.
    pub errors: Errors,
    /// Whether it keeps all else within bounds.
    pub within_bounds: bool,
    /// Whether the engineer's usual move is made.
    pub has_usual_move: bool,
}

/// The weights chosen.
#[derive(Clone, Debug)]
pub struct Blend {
    /// The share of the way.
    pub lambda: f64,
    /// Whether they are the shipped weights, byte for byte.
    pub is_shipped: bool,
    /// The weights file.
    pub bytes: Vec<u8>,
    /// Every share that was tried.
    pub choices: Vec<Choice>,
    /// The engineer's usual move, where the weights make one.
    pub usual: Option<UsualMove>,
}

impl Blend {
    /// Size of the usual move's tone, dB RMS.
    pub fn usual_rms_db(&self) -> f64 {
        self.usual.as_ref().map_or(0.0, UsualMove::tone_rms_db)
    }
}

/// Whether weights keep all that is not the mid error within bounds: harm to untouched masters
/// within that of the public priors (or no more than the shipped weights do), side and level spread
/// no worse. A usual move of `usual_rms_db` is wanted, and made on masters that do not look finished, too.
pub fn within_bounds(shipped: &Errors, other: &Errors, usual_rms_db: f64) -> bool {
    other.harm_db <= MAX_HARM_DB.max(shipped.harm_db) + usual_rms_db
        && other.side_db <= shipped.side_db + TOLERANCE_DB
        && other.spread_db <= shipped.spread_db + TOLERANCE_DB
}

/// The tensors of each shipped member, in the order of [`TENSORS`].
///
/// # Errors
/// [`RetrainError`] when the embedded weights cannot be read.
pub fn shipped_tensors() -> Result<Vec<Vec<Vec<f32>>>, RetrainError> {
    let members = Weights::embedded()?.header.members;
    let file = SafeTensors::deserialize(DEFAULT_WEIGHTS)?;
    (0..members)
        .map(|member| {
            TENSORS
                .iter()
                .map(|(name, _)| {
                    let view = file.tensor(&tensor_name(member, name))?;
                    let values = view.data().chunks_exact(4);
                    Ok(values
                        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                        .collect())
                })
                .collect()
        })
        .collect()
}

/// Finds the share with the least mid error on `songs` among those within bounds; 0 where none is
/// better than the shipped weights. Where there are pairs, each share is tried with the usual move of `learned` and
/// without.
///
/// # Errors
/// [`RetrainError`] when weights cannot be made or run.
pub fn choose(
    shipped: &[Vec<Vec<f32>>],
    tuned: &[Member],
    recipe: &Recipe,
    learned: &[Pair],
    songs: &Songs<'_>,
) -> Result<Blend, RetrainError> {
    let base = Weights::embedded()?;
    let before = mean(&judge(&base, songs)?);
    let mut blend = Blend {
        lambda: 0.0,
        is_shipped: true,
        bytes: DEFAULT_WEIGHTS.to_vec(),
        choices: vec![Choice {
            lambda: 0.0,
            errors: before,
            within_bounds: true,
            has_usual_move: false,
        }],
        usual: None,
    };
    let mut least_db = before.mid_db;
    for lambda in LAMBDAS {
        let members: Vec<Member> = shipped
            .iter()
            .zip(tuned)
            .map(|(from, to)| Member::of(between(from, &to.tensors, lambda)))
            .collect();
        for (priors, usual) in priors_of(&members, &base.header.priors, recipe, learned, songs)? {
            if lambda == 0.0 && priors == base.header.priors {
                continue;
            }
            let bytes = weights_file(&members, &priors, &recipe.name)?;
            let errors = mean(&judge(&Weights::from_bytes(&bytes)?, songs)?);
            let usual_rms_db = usual.as_ref().map_or(0.0, UsualMove::tone_rms_db);
            let within_bounds = within_bounds(&before, &errors, usual_rms_db);
            blend.choices.push(Choice {
                lambda,
                errors,
                within_bounds,
                has_usual_move: usual.is_some(),
            });
            if within_bounds && errors.mid_db < least_db {
                least_db = errors.mid_db;
                (blend.lambda, blend.is_shipped, blend.bytes) = (lambda, false, bytes);
                blend.usual = usual;
            }
        }
    }
    Ok(blend)
}

/// The priors to try. Those that fit the catalog's masters; of pairs, of which too few are ever set aside to say how
/// often a mix is right, the shipped ones without and with the engineer's usual move.
fn priors_of(
    members: &[Member],
    shipped: &Priors,
    recipe: &Recipe,
    learned: &[Pair],
    songs: &Songs<'_>,
) -> Result<Vec<(Priors, Option<UsualMove>)>, RetrainError> {
    if !songs.pairs.is_empty() {
        let (priors, usual) = learn(learned, shipped);
        return Ok(vec![(shipped.clone(), None), (priors, Some(usual))]);
    }
    let net = net_of(members, shipped, &recipe.name)?;
    let cases = validation::cases(songs.masters, &net, &[], songs.seed ^ PRIORS_SEED)?;
    let valid = Judged {
        tracks: songs.masters,
        cases: &cases,
    };
    let unlike = Judged {
        tracks: songs.masters,
        cases: &[],
    };
    let priors = fit_priors(shipped.clone(), &recipe.prior, &valid, &unlike);
    Ok(vec![(priors, None)])
}

fn between(from: &[Vec<f32>], to: &[Vec<f32>], lambda: f64) -> Vec<Vec<f32>> {
    let share = lambda as f32;
    from.iter()
        .zip(to)
        .map(|(from, to)| {
            from.iter()
                .zip(to)
                .map(|(&a, &b)| if share == 1.0 { b } else { a + share * (b - a) })
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::tune::Tune;

    #[test]
    fn the_ends_of_the_line_are_exact() {
        let (from, to) = (vec![vec![0.1f32, 3.0]], vec![vec![1e-9f32, -7.3]]);
        assert_eq!(between(&from, &to, 0.0), from);
        assert_eq!(between(&from, &to, 1.0), to);
        assert_eq!(between(&from, &to, 0.5)[0][1], -2.15);
    }

    #[test]
    fn useless_tuning_leaves_the_shipped_members() {
        let shipped = shipped_tensors().unwrap();
        let mut rng = crate::rng::Rng::new(5);
        let noise: Vec<Member> = shipped
            .iter()
            .map(|tensors| Member {
                tensors: tensors
                    .iter()
                    .map(|values| values.iter().map(|_| rng.normal() as f32).collect())
                    .collect(),
                looks: Vec::new(),
                best_step: 1,
            })
            .collect();
        let masters = crate::synthetic::album("a", 1, 2);
        let songs = Songs {
            masters: &masters,
            pairs: &[],
            seed: 9,
        };
        let blend = choose(
            &shipped,
            &noise,
            &Tune::embedded().unwrap().fit,
            &[],
            &songs,
        )
        .unwrap();
        assert_eq!(blend.lambda, 0.0);
        assert!(!blend.is_shipped || blend.bytes == DEFAULT_WEIGHTS);
        assert!(blend.choices.len() >= LAMBDAS.len());
    }

    #[test]
    fn a_gain_in_mid_does_not_pay_for_harm_elsewhere() {
        let shipped = Errors {
            mid_db: 1.5,
            side_db: 1.6,
            spread_db: 0.5,
            harm_db: 0.1,
        };
        let at = |side_db: f64, spread_db: f64, harm_db: f64| Errors {
            mid_db: 1.0,
            side_db,
            spread_db,
            harm_db,
        };
        assert!(within_bounds(&shipped, &at(1.6, 0.5, 0.2), 0.0));
        assert!(within_bounds(&shipped, &at(1.6, 0.5, 1.1), 0.8));
        assert!(!within_bounds(&shipped, &at(1.7, 0.5, 0.1), 0.0));
        assert!(!within_bounds(&shipped, &at(1.6, 0.6, 0.1), 0.0));
        assert!(!within_bounds(
            &shipped,
            &at(1.6, 0.5, MAX_HARM_DB + 0.05),
            0.0
        ));
    }
}
