//! [`Baselines`] as a safetensors file, and the ones embedded in this build.

use std::collections::HashMap;
use std::path::Path;

use acetate_dsp::settings::Compressor;
use acetate_model::features::{BANDS, features_hash};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};

use crate::eval::EvalError;
use crate::eval::baselines::Baselines;
use crate::eval::ridge::{INPUTS, OUTPUTS, Ridge};

/// The version of the format that this build reads and writes.
const SCHEMA: &str = "acetate.baselines/1";
/// The key of the metadata that holds [`Header`] as JSON.
const HEADER_KEY: &str = "acetate";
/// The baselines of the default weights.
const EMBEDDED: &[u8] = include_bytes!("../../../weights/baselines.safetensors");

/// What the file says of itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    schema: String,
    features_hash: String,
    recipe: String,
}

/// Each tensor's name and shape; the scalars are best share, penalty, threshold and ratio.
const TENSORS: [(&str, &[usize]); 6] = [
    ("mean_db", &[BANDS]),
    ("scalars", &[4]),
    ("ridge.mean", &[INPUTS]),
    ("ridge.sd", &[INPUTS]),
    ("ridge.intercept", &[OUTPUTS]),
    ("ridge.slope", &[INPUTS, OUTPUTS]),
];

impl Baselines {
    /// The baselines embedded in this build.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes).
    pub fn embedded() -> Result<Self, EvalError> {
        Self::from_bytes(EMBEDDED)
    }

    /// Reads and checks a baselines file held in memory.
    ///
    /// # Errors
    /// [`EvalError::Baselines`] saying what was expected and found.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EvalError> {
        let wrong = |what: String| EvalError::Baselines(what);
        let (_, metadata) =
            SafeTensors::read_metadata(bytes).map_err(|error| wrong(error.to_string()))?;
        let text = metadata
            .metadata()
            .as_ref()
            .and_then(|map| map.get(HEADER_KEY))
            .ok_or_else(|| wrong(format!("expected the key \"{HEADER_KEY}\", found none")))?;
        let header: Header =
            serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        for (name, expected, got) in [
            ("schema", SCHEMA, header.schema.as_str()),
            ("features_hash", &features_hash(), &header.features_hash),
        ] {
            if expected != got {
                return Err(wrong(format!("{name}: expected {expected}, found {got}")));
            }
        }
        let file = SafeTensors::deserialize(bytes).map_err(|error| wrong(error.to_string()))?;
        let read = |index: usize| read_tensor(&file, TENSORS[index].0, TENSORS[index].1);
        let mean_db = read(0)?;
        let scalars = read(1)?;
        Ok(Self {
            mean_db: std::array::from_fn(|band| mean_db[band]),
            best_share: scalars[0],
            ridge_penalty: scalars[1],
            compressor: Compressor {
                threshold_lu: scalars[2],
                ratio: scalars[3],
                ..Compressor::default()
            },
            ridge: Ridge {
                mean: read(2)?,
                sd: read(3)?,
                intercept: read(4)?,
                slope: read(5)?.chunks(OUTPUTS).map(<[f64]>::to_vec).collect(),
            },
            recipe: header.recipe,
        })
    }

    /// The bytes of the file. The same baselines give the same bytes.
    ///
    /// # Errors
    /// [`EvalError::Baselines`] when a tensor does not have its shape.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EvalError> {
        let wrong = |error: String| EvalError::Baselines(error);
        let scalars = [
            self.best_share,
            self.ridge_penalty,
            self.compressor.threshold_lu,
            self.compressor.ratio,
        ];
        let values: [Vec<f64>; TENSORS.len()] = [
            self.mean_db.to_vec(),
            scalars.to_vec(),
            self.ridge.mean.clone(),
            self.ridge.sd.clone(),
            self.ridge.intercept.clone(),
            self.ridge.slope.concat(),
        ];
        let bytes: Vec<Vec<u8>> = values
            .iter()
            .map(|values| {
                values
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect()
            })
            .collect();
        let views = TENSORS
            .iter()
            .zip(&bytes)
            .map(|((name, shape), bytes)| {
                let view = TensorView::new(Dtype::F64, shape.to_vec(), bytes);
                Ok((*name, view.map_err(|error| wrong(error.to_string()))?))
            })
            .collect::<Result<Vec<_>, EvalError>>()?;
        let header = serde_json::to_string(&Header {
            schema: SCHEMA.to_owned(),
            features_hash: features_hash(),
            recipe: self.recipe.clone(),
        })
        .map_err(|error| wrong(error.to_string()))?;
        let metadata = HashMap::from([(HEADER_KEY.to_owned(), header)]);
        safetensors::serialize(views, Some(metadata)).map_err(|error| wrong(error.to_string()))
    }

    /// Writes the file under a temporary name first, so that its name never stands for half of it.
    ///
    /// # Errors
    /// [`EvalError`] when it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), EvalError> {
        let bytes = self.to_bytes()?;
        acetate_io::write_bytes(path, &bytes).map_err(|source| EvalError::Write {
            path: path.to_owned(),
            source,
        })
    }
}

fn read_tensor(file: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<f64>, EvalError> {
    let wrong = |got: String| {
        EvalError::Baselines(format!(
            "tensor {name}: expected f64 {shape:?}, found {got}"
        ))
    };
    let view = file.tensor(name).map_err(|_| wrong("none".to_owned()))?;
    if view.dtype() != Dtype::F64 || view.shape() != shape {
        return Err(wrong(format!("{:?} {:?}", view.dtype(), view.shape())));
    }
    let values: Vec<f64> = view
        .data()
        .chunks_exact(8)
        .map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]))
        .collect();
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(wrong(value.to_string())),
        None => Ok(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_baselines_fit_and_round_trip() {
        let baselines = Baselines::embedded().unwrap();
        let bytes = baselines.to_bytes().unwrap();
        assert_eq!(bytes, EMBEDDED);
        assert_eq!(Baselines::from_bytes(&bytes).unwrap(), baselines);
        assert!((0.0..=1.0).contains(&baselines.best_share));
        assert!(baselines.compressor.ratio >= 1.0);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_was_found() {
        let text = Baselines::from_bytes(b"nothing").unwrap_err().to_string();
        assert!(text.starts_with("baselines: "), "{text}");
        let mut baselines = Baselines::embedded().unwrap();
        baselines.ridge.sd.pop();
        assert!(baselines.to_bytes().is_err());
        baselines.ridge.sd.push(f64::NAN);
        let bytes = baselines.to_bytes().unwrap();
        let text = Baselines::from_bytes(&bytes).unwrap_err().to_string();
        assert!(text.contains("ridge.sd") && text.contains("NaN"), "{text}");
    }
}
