//! What a step of training sees: masters drawn like cards from shuffled decks, each with a fault,
//! as a batch of tensors.

use std::borrow::Cow;

use candle_core::{Device, Result};
use serde::{Deserialize, Serialize};

use crate::corpus::{Track, draw_frames};
use crate::degrade::Fault;
use crate::experiment::hide;
use crate::pair::Pair;
use crate::recipe::{Blur, Input, Recipe};
use crate::rng::Rng;
use crate::simulator::{Batch, Mix, degrade};

/// Faults tried on each validation track, at least.
const VALIDATION_FAULTS: usize = 3;
/// Few tracks are tried with more faults each, up to this many cases in all.
const VALIDATION_CASES: usize = 96;
/// Seed of the validation faults: the same for every member and look.
const VALIDATION_SEED: u64 = 0x5eed_0001;

/// Shortest part of a master that is drawn for the whole.
const SHORTEST_PART_SHARE: f64 = 0.08;

/// What validation is read with.
const NO_BLUR: Blur = Blur {
    band_db: 0.0,
    peak_db: 0.0,
};

/// The music to learn from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Material<'a> {
    /// Finished masters; there must be one at least.
    pub masters: &'a [Track],
    /// Real mixes with their masters.
    pub pairs: &'a [Pair],
    /// Share of the draws that are pairs, where there are any; the rest are masters with drawn faults.
    pub pairs_share: f64,
    /// Public masters, mixed in so that what they taught is not forgotten.
    pub public: &'a [Track],
    /// Share of the draws that are public masters, where there are any.
    pub public_share: f64,
}

/// What is still to be drawn of each part of the material before it is shuffled again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShuffledDecks {
    masters: Vec<usize>,
    pairs: Vec<usize>,
    public: Vec<usize>,
}

/// One drawn mix: the track that the fault is put on, the fault, and the pair that it belongs to.
struct Drawn<'a> {
    track: Cow<'a, Track>,
    fault: Fault,
    pair: Option<&'a Pair>,
}

/// Draws the batch of one training step.
///
/// # Errors
/// candle's, when the tensors cannot be made.
pub fn training_batch(
    recipe: &Recipe,
    material: &Material<'_>,
    decks: &mut ShuffledDecks,
    rng: &mut Rng,
    device: &Device,
) -> Result<Batch> {
    let hidden = &recipe.experiment.hidden;
    let drawn: Vec<Drawn<'_>> = (0..recipe.batch)
        .map(|_| draw(recipe, material, decks, rng))
        .collect();
    batch_of(&drawn, recipe.frames, (&recipe.blur, hidden), rng, device)
}

/// The fixed batches that every look judges by: masters with drawn faults, then pairs as they are.
///
/// # Errors
/// candle's, when the tensors cannot be made.
pub fn validation_batches(
    recipe: &Recipe,
    tracks: &[Track],
    pairs: &[Pair],
    device: &Device,
) -> Result<Vec<Batch>> {
    let hidden = &recipe.experiment.hidden;
    let mut rng = Rng::new(VALIDATION_SEED);
    let faults = VALIDATION_FAULTS.max(VALIDATION_CASES / tracks.len().max(1));
    let mut drawn: Vec<Drawn<'_>> = (0..tracks.len() * faults)
        .map(|index| Drawn {
            track: Cow::Borrowed(&tracks[index % tracks.len()]),
            fault: Fault::draw(&mut rng, &recipe.severity),
            pair: None,
        })
        .collect();
    drawn.extend(pairs.iter().map(|pair| Drawn {
        track: Cow::Borrowed(&pair.mix),
        fault: Fault::NONE,
        pair: Some(pair),
    }));
    drawn
        .chunks(recipe.batch)
        .map(|chunk| {
            batch_of(
                chunk,
                2 * recipe.frames,
                (&NO_BLUR, hidden),
                &mut rng,
                device,
            )
        })
        .collect()
}

fn draw<'a>(
    recipe: &Recipe,
    material: &Material<'a>,
    decks: &mut ShuffledDecks,
    rng: &mut Rng,
) -> Drawn<'a> {
    let mut chance = |share: f64, available: bool| available && share > 0.0 && rng.unit() < share;
    if chance(material.public_share, !material.public.is_empty()) {
        return simulated(recipe, material.public, &mut decks.public, rng);
    }
    if chance(material.pairs_share, !material.pairs.is_empty()) {
        let pair = &material.pairs[next(&mut decks.pairs, material.pairs.len(), rng)];
        // A drawn fault on top of the real one: from few pairs, many mixes.
        return Drawn {
            track: Cow::Borrowed(&pair.mix),
            fault: Fault::draw(rng, &recipe.severity),
            pair: Some(pair),
        };
    }
    simulated(recipe, material.masters, &mut decks.masters, rng)
}

fn simulated<'a>(
    recipe: &Recipe,
    tracks: &'a [Track],
    deck: &mut Vec<usize>,
    rng: &mut Rng,
) -> Drawn<'a> {
    let track = &tracks[next(deck, tracks.len(), rng)];
    let track = if rng.unit() < recipe.medleys {
        let other = &tracks[rng.below(tracks.len())];
        Cow::Owned(Track::splice(track, other, recipe.frames / 2, rng))
    } else if recipe.parts > 0.0 && rng.unit() < recipe.parts {
        let count = track.features.frames_db.len();
        let length = ((rng.uniform(SHORTEST_PART_SHARE, 1.0) * count as f64) as usize).max(1);
        let from = rng.below(count - length + 1);
        Cow::Owned(track.part(from..from + length))
    } else {
        Cow::Borrowed(track)
    };
    Drawn {
        track,
        fault: Fault::draw(rng, &recipe.severity),
        pair: None,
    }
}

fn next(deck: &mut Vec<usize>, cards: usize, rng: &mut Rng) -> usize {
    if deck.is_empty() {
        deck.extend(0..cards);
        rng.shuffle(deck);
    }
    deck.pop().unwrap_or(0)
}

fn batch_of(
    drawn: &[Drawn<'_>],
    frames: usize,
    (blur, hidden): (&Blur, &[Input]),
    rng: &mut Rng,
    device: &Device,
) -> Result<Batch> {
    let faults: Vec<Cow<'_, Fault>> = drawn
        .iter()
        .map(|drawn| match drawn.pair {
            None => Cow::Borrowed(&drawn.fault),
            Some(pair) => Cow::Owned(pair.fault.plus(&drawn.fault)),
        })
        .collect();
    let mixes: Vec<(&Track, &Fault, Mix)> = drawn
        .iter()
        .zip(&faults)
        .map(|(drawn, fault)| {
            let track = drawn.track.as_ref();
            let picks = draw_frames(track, frames, rng);
            let mut mix = degrade(track, &drawn.fault, &picks, Some((&mut *rng, blur)));
            hide(&mut mix, hidden);
            match drawn.pair {
                None => (track, fault.as_ref(), mix),
                Some(pair) => (&pair.master, fault.as_ref(), pair.toward_master(mix)),
            }
        })
        .collect();
    Batch::new(&mixes, device)
}
