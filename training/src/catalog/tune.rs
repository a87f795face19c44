//! [`Tune`]: every number of a retraining, read from a TOML file or embedded.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::recipe::{MAX_BYTES, Recipe, RecipeError};

/// The recipe that is used where none is given.
const DEFAULT: &str = include_str!("../../finetune.toml");
/// What errors call it.
const DEFAULT_NAME: &str = "finetune.toml (embedded)";

/// Every number of a retraining.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tune {
    /// Fewer songs than this are too few to retrain on.
    pub min_songs: usize,
    /// From this many pairs on, the engineer's usual move is learned.
    #[serde(default = "min_pairs")]
    pub min_pairs: usize,
    /// Share of the songs that is only measured on.
    pub held_out_share: f64,
    /// Share of the rest that decides when to stop and how far to go.
    pub choosing_share: f64,
    /// Share of the mixes that are public masters, where there are any.
    pub public_share: f64,
    /// Of the rest, the share that are real mixes, where there are pairs.
    pub pairs_share: f64,
    /// The optimizer's part.
    pub fit: Recipe,
}

fn min_pairs() -> usize {
    5
}

impl Tune {
    /// The embedded recipe.
    ///
    /// # Errors
    /// [`RecipeError`] when it is damaged.
    pub fn embedded() -> Result<Self, RecipeError> {
        Self::parse(DEFAULT, Path::new(DEFAULT_NAME))
    }

    /// Reads a recipe file.
    ///
    /// # Errors
    /// [`RecipeError`] naming the file, and the line or the field.
    pub fn read(path: &Path) -> Result<Self, RecipeError> {
        Self::parse(&acetate_io::read_text(path, MAX_BYTES)?, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, RecipeError> {
        let tune: Self = toml::from_str(text).map_err(|source| RecipeError::Parse {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        for (name, share) in [
            ("held_out_share", tune.held_out_share),
            ("choosing_share", tune.choosing_share),
            ("public_share", tune.public_share),
            ("pairs_share", tune.pairs_share),
        ] {
            if !(0.0..=0.9).contains(&share) {
                return Err(RecipeError::Range {
                    path: path.to_owned(),
                    name,
                    expected: "0 to 0.9",
                    got: share,
                });
            }
        }
        Ok(tune)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_recipe_reads_and_shares_are_checked() {
        Tune::embedded().unwrap();
        let text = DEFAULT.replace("public_share = 0.4", "public_share = 1.4");
        let error = Tune::parse(&text, Path::new("my.toml"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("my.toml") && error.contains("public_share") && error.contains("1.4"),
            "{error}"
        );
    }
}
