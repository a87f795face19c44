//! [`Checkpoint`]: everything that decides how a member's training goes on, so that a killed run
//! ends with the same bytes as one that was left alone.
//!
//! A checkpoint lies in a folder named after [`run_key`], the BLAKE3 of all that the run depends
//! on; another recipe, corpus or version never finds it.

use std::fs;
use std::path::{Path, PathBuf};

use acetate_model::features::features_hash;
use acetate_model::net::TENSORS;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::corpus::Track;
use crate::pair::Pair;
use crate::recipe::Recipe;
use crate::sampler::{Material, ShuffledDecks};

/// Version of the checkpoint and of what a step of training does; part of the key.
const CHECKPOINT_VERSION: &str = "1";
/// A larger checkpoint is none, bytes.
const MAX_BYTES: u64 = 1 << 30;
/// Key of the metadata that holds [`Facts`] as JSON.
const FACTS_KEY: &str = "acetate.checkpoint";
/// What the tensors of a checkpoint are: the member, AdamW's moments, the best so far.
const PARTS: [&str; 4] = ["now", "first", "second", "best"];

/// The losses at one step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ValidationPoint {
    /// Steps done.
    pub step: usize,
    /// Mean training loss since the last look.
    pub train_loss: f64,
    /// Loss on the validation albums.
    pub valid_loss: f64,
    /// Mean absolute mid residual on the validation albums, dB.
    pub valid_mid_error_db: f64,
}

/// A member in the midst of its training, as it stands after a look.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Steps done.
    pub step: usize,
    /// No step is left: all are done, or patience ran out.
    pub done: bool,
    /// Position of the generator.
    pub rng_position: u128,
    /// What is still to be drawn.
    pub decks: ShuffledDecks,
    /// Every look so far.
    pub looks: Vec<ValidationPoint>,
    /// The least validation loss, its step and the tensors that it was read with.
    pub best: (f64, usize, Vec<Vec<f32>>),
    /// The member's tensors in the order of [`TENSORS`].
    pub tensors: Vec<Vec<f32>>,
    /// First and second moments of AdamW.
    pub moments: [Vec<Vec<f32>>; 2],
}

/// Why a checkpoint cannot be kept or used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file cannot be written, read or removed.
    #[error("{path}: checkpoint: {source}")]
    File {
        /// The checkpoint.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not what this build wrote.
    #[error("{path}: expected a whole checkpoint, found {found}: remove it to start afresh")]
    Damaged {
        /// The checkpoint.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
    },
}

/// What is no tensor. Numbers that must come back to the last bit are kept as bits.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    step: usize,
    done: bool,
    rng_position: String,
    decks: ShuffledDecks,
    looks: Vec<(usize, [u64; 3])>,
    best_loss: u64,
    best_step: usize,
}

impl Checkpoint {
    /// Writes under a temporary name first, so that a kill leaves no half.
    ///
    /// # Errors
    /// [`CheckpointError::File`].
    pub fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        let failed = |source| CheckpointError::File {
            path: path.to_owned(),
            source,
        };
        let bytes = self.to_bytes().map_err(failed)?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        acetate_io::write_bytes(path, &bytes).map_err(failed)
    }

    /// Reads a checkpoint; `None` where there is none.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn read(path: &Path) -> Result<Option<Self>, CheckpointError> {
        let bytes = match acetate_io::read_bounded(path, MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.is_absent() => return Ok(None),
            Err(error) => {
                return Err(CheckpointError::File {
                    path: path.to_owned(),
                    source: std::io::Error::other(error),
                });
            }
        };
        Self::from_bytes(&bytes)
            .map(Some)
            .map_err(|found| CheckpointError::Damaged {
                path: path.to_owned(),
                found,
            })
    }

    fn to_bytes(&self) -> std::io::Result<Vec<u8>> {
        let facts = Facts {
            step: self.step,
            done: self.done,
            rng_position: self.rng_position.to_string(),
            decks: self.decks.clone(),
            looks: self
                .looks
                .iter()
                .map(|look| {
                    let figures = [look.train_loss, look.valid_loss, look.valid_mid_error_db];
                    (look.step, figures.map(f64::to_bits))
                })
                .collect(),
            best_loss: self.best.0.to_bits(),
            best_step: self.best.1,
        };
        let facts = serde_json::to_string(&facts)?;
        let sets = [
            &self.tensors,
            &self.moments[0],
            &self.moments[1],
            &self.best.2,
        ];
        let mut tensors: Vec<(String, &[usize], Vec<u8>)> = Vec::new();
        for (part, set) in PARTS.iter().zip(sets) {
            for ((name, shape), values) in TENSORS.iter().zip(set) {
                let bytes = values.iter().flat_map(|value| value.to_le_bytes());
                tensors.push((format!("{part}.{name}"), shape, bytes.collect()));
            }
        }
        let views = tensors
            .iter()
            .map(|(name, shape, bytes)| {
                Ok((name, TensorView::new(Dtype::F32, shape.to_vec(), bytes)?))
            })
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(std::io::Error::other)?;
        let metadata = [(FACTS_KEY.to_owned(), facts)].into();
        safetensors::serialize(views, Some(metadata)).map_err(std::io::Error::other)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
        let facts = metadata
            .metadata()
            .as_ref()
            .and_then(|map| map.get(FACTS_KEY))
            .ok_or_else(|| format!("no key \"{FACTS_KEY}\""))?;
        let facts: Facts = serde_json::from_str(facts).map_err(|error| error.to_string())?;
        let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        let set = |part: &str| {
            TENSORS
                .iter()
                .map(|(name, shape)| read_tensor(&file, &format!("{part}.{name}"), shape))
                .collect::<Result<Vec<_>, String>>()
        };
        Ok(Self {
            step: facts.step,
            done: facts.done,
            rng_position: facts
                .rng_position
                .parse()
                .map_err(|_| format!("the generator at \"{}\"", facts.rng_position))?,
            decks: facts.decks,
            looks: facts
                .looks
                .iter()
                .map(|(step, figures)| {
                    let [train_loss, valid_loss, valid_mid_error_db] = figures.map(f64::from_bits);
                    ValidationPoint {
                        step: *step,
                        train_loss,
                        valid_loss,
                        valid_mid_error_db,
                    }
                })
                .collect(),
            best: (
                f64::from_bits(facts.best_loss),
                facts.best_step,
                set(PARTS[3])?,
            ),
            tensors: set(PARTS[0])?,
            moments: [set(PARTS[1])?, set(PARTS[2])?],
        })
    }
}

fn read_tensor(file: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
    let view = file.tensor(name).map_err(|_| format!("no tensor {name}"))?;
    if view.dtype() != Dtype::F32 || view.shape() != shape {
        return Err(format!("{name} of {:?} {:?}", view.dtype(), view.shape()));
    }
    Ok(view
        .data()
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect())
}

/// The BLAKE3 of all that a run depends on, 32 hex digits: the recipe, the music, where it starts,
/// the tables of the net and this build's version.
pub fn run_key(
    recipe: &Recipe,
    material: &Material<'_>,
    valid: (&[Track], &[Pair]),
    start: Option<&[Vec<Vec<f32>>]>,
) -> String {
    let mut hasher = blake3::Hasher::new();
    for text in [
        CHECKPOINT_VERSION,
        env!("CARGO_PKG_VERSION"),
        &features_hash(),
        &format!("{recipe:?} {TENSORS:?}"),
        &format!("{:?}", [material.pairs_share, material.public_share]),
    ] {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    for tracks in [material.masters, material.public, valid.0] {
        hash_tracks(&mut hasher, tracks.iter());
    }
    for pairs in [material.pairs, valid.1] {
        hash_tracks(
            &mut hasher,
            pairs.iter().flat_map(|pair| [&pair.mix, &pair.master]),
        );
    }
    for values in start.unwrap_or_default().iter().flatten() {
        hash_values(&mut hasher, values);
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

fn hash_tracks<'a>(hasher: &mut blake3::Hasher, tracks: impl Iterator<Item = &'a Track>) {
    let mut count = 0u64;
    for track in tracks {
        count += 1;
        hasher.update(&(track.features.frames_db.len() as u64).to_le_bytes());
        hasher.update(&(track.channels as u64).to_le_bytes());
        for row in &track.features.frames_db {
            hash_values(hasher, row);
        }
        hash_values(hasher, &track.features.pooled_db);
        hash_values(hasher, &track.features.statistics);
        for row in &track.dynamics {
            hash_values(hasher, row);
        }
    }
    hasher.update(&count.to_le_bytes());
}

fn hash_values(hasher: &mut blake3::Hasher, values: &[f32]) {
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    hasher.update(&bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        let set = |value: f32| -> Vec<Vec<f32>> {
            TENSORS
                .iter()
                .map(|(_, shape)| vec![value; shape.iter().product()])
                .collect()
        };
        Checkpoint {
            step: 200,
            done: false,
            rng_position: u128::from(u64::MAX) + 5,
            decks: ShuffledDecks::default(),
            looks: vec![ValidationPoint {
                step: 100,
                train_loss: 0.1 + 0.2,
                valid_loss: 1.0 / 3.0,
                valid_mid_error_db: 1.234_567_890_123_456_7,
            }],
            best: (2.0 / 3.0, 100, set(3.5)),
            tensors: set(0.1),
            moments: [set(-1e-30), set(1e-38)],
        }
    }

    #[test]
    fn a_checkpoint_comes_back_to_the_last_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/member0.safetensors");
        assert_eq!(Checkpoint::read(&path).unwrap(), None);
        checkpoint().write(&path).unwrap();
        assert_eq!(Checkpoint::read(&path).unwrap(), Some(checkpoint()));
    }

    #[test]
    fn a_damaged_checkpoint_is_named_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("member0.safetensors");
        let bytes = checkpoint().to_bytes().unwrap();
        for damaged in [&bytes[..bytes.len() / 2], b"", b"not a checkpoint at all"] {
            fs::write(&path, damaged).unwrap();
            let error = Checkpoint::read(&path).unwrap_err().to_string();
            assert!(error.contains("member0.safetensors"), "{error}");
        }
    }
}
