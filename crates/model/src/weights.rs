//! [`Weights`]: a safetensors file, checked before use.

use std::collections::HashMap;

use candle_core::{Device, Tensor};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::features::features_hash;
use crate::net::{Net, TENSORS, tensor_name};
use crate::outputs::{MODES, SIDE_OUTPUTS};
use crate::posterior::{PriorError, Priors};
use crate::rows;

/// The version of the weights format that this build reads and writes.
pub const WEIGHTS_SCHEMA: &str = "acetate.weights/4";
/// The key of the metadata that holds [`Header`] as JSON.
pub const HEADER_KEY: &str = "acetate";
/// Larger files are refused unread, bytes.
pub const MAX_BYTES: usize = 64 << 20;
/// More members are refused.
const MAX_MEMBERS: usize = 32;

/// The default weights, embedded in the binary.
pub const DEFAULT_WEIGHTS: &[u8] = include_bytes!("../weights/default.safetensors");

/// What the weights say of themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Must be [`WEIGHTS_SCHEMA`].
    pub schema: String,
    /// Hash of the [`FEATURES`](crate::FEATURES) table they were trained on.
    pub features_hash: String,
    /// The rows of that table, so that another version can say what differs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// Number of members.
    pub members: usize,
    /// How large faults are, and how the members' answers are read.
    pub priors: Priors,
    /// Name of the recipe.
    pub recipe: String,
}

/// Why weights are refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// Larger than any weights of ours.
    #[error("expected at most {limit} bytes, got {got}")]
    Size {
        /// Largest size read, bytes.
        limit: usize,
        /// Size found, bytes.
        got: usize,
    },
    /// Not a safetensors file.
    #[error("expected a safetensors file: {0}")]
    Format(#[from] safetensors::SafeTensorError),
    /// No header of ours in the metadata.
    #[error("expected Acetate's header in the metadata: {0}")]
    Header(String),
    /// Made for another version.
    #[error("{name}: expected {expected}, got {got}")]
    Version {
        /// Field of the header.
        name: &'static str,
        /// What this build needs.
        expected: String,
        /// What the file says.
        got: String,
    },
    /// Rows of the features table or of the tensor table that are not this build's.
    #[error("{table}: made for another version of Acetate: {difference}")]
    Rows {
        /// The table.
        table: &'static str,
        /// The rows that differ.
        difference: String,
    },
    /// A prior that does not fit the outputs or is out of range.
    #[error("prior of {0}")]
    Prior(#[from] PriorError),
    /// A value that is not finite.
    #[error("tensor {name}: expected finite values, got {got}")]
    NotFinite {
        /// Name of the tensor.
        name: String,
        /// The value found.
        got: f32,
    },
    /// candle could not make a tensor.
    #[error("candle: {0}")]
    Candle(#[from] candle_core::Error),
}

/// A checked set of weights, ready to run.
#[derive(Clone, Debug)]
pub struct Weights {
    /// What they say of themselves.
    pub header: Header,
    /// The members of the ensemble.
    pub members: Vec<Net>,
    /// BLAKE3 of the file, hex.
    pub hash: String,
}

impl Weights {
    /// The weights embedded in the binary.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes).
    pub fn embedded() -> Result<Self, WeightsError> {
        Self::from_bytes(DEFAULT_WEIGHTS)
    }

    /// Reads and checks a safetensors file held in memory.
    ///
    /// # Errors
    /// [`WeightsError`] naming what differs from what this build needs.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WeightsError> {
        if bytes.len() > MAX_BYTES {
            return Err(WeightsError::Size {
                limit: MAX_BYTES,
                got: bytes.len(),
            });
        }
        let header = read_header(bytes)?;
        let file = SafeTensors::deserialize(bytes)?;
        check_tensors(&file, header.members)?;
        let device = Device::Cpu;
        let members = (0..header.members)
            .map(|member| {
                let tensors = TENSORS
                    .iter()
                    .map(|(name, shape)| read_tensor(&file, &tensor_name(member, name), shape))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(Net::new(tensors, &device)?)
            })
            .collect::<Result<Vec<_>, WeightsError>>()?;
        Ok(Self {
            header,
            members,
            hash: blake3::hash(bytes).to_hex().to_string(),
        })
    }
}

fn read_header(bytes: &[u8]) -> Result<Header, WeightsError> {
    let (_, metadata) = SafeTensors::read_metadata(bytes)?;
    let text = metadata
        .metadata()
        .as_ref()
        .and_then(|map: &HashMap<String, String>| map.get(HEADER_KEY))
        .ok_or_else(|| WeightsError::Header(format!("no key \"{HEADER_KEY}\"")))?;
    let header: Header =
        serde_json::from_str(text).map_err(|error| WeightsError::Header(error.to_string()))?;
    let check = |name, expected: &str, got: &str| {
        if expected == got {
            Ok(())
        } else {
            Err(WeightsError::Version {
                name,
                expected: expected.to_owned(),
                got: got.to_owned(),
            })
        }
    };
    check("schema", WEIGHTS_SCHEMA, &header.schema)?;
    if let Some(difference) = (!header.features.is_empty())
        .then(|| rows::difference(&rows::feature_rows(), &header.features))
        .flatten()
    {
        return Err(WeightsError::Rows {
            table: "FEATURES",
            difference,
        });
    }
    check("features_hash", &features_hash(), &header.features_hash)?;
    header.priors.check([MODES, SIDE_OUTPUTS, 1, 1])?;
    if header.members == 0 || header.members > MAX_MEMBERS {
        return Err(WeightsError::Version {
            name: "members",
            expected: format!("1 to {MAX_MEMBERS}"),
            got: header.members.to_string(),
        });
    }
    Ok(header)
}

/// Compares every tensor's name, type and shape with the table's.
fn check_tensors(file: &SafeTensors<'_>, members: usize) -> Result<(), WeightsError> {
    let mut got: Vec<String> = file
        .iter()
        .map(|(name, view)| format!("{name} {:?} {:?}", view.dtype(), view.shape()))
        .collect();
    let mut expected = rows::tensor_rows(members);
    got.sort();
    expected.sort();
    match rows::difference(&expected, &got) {
        None => Ok(()),
        Some(difference) => Err(WeightsError::Rows {
            table: "TENSORS",
            difference,
        }),
    }
}

fn read_tensor(
    file: &SafeTensors<'_>,
    name: &str,
    shape: &'static [usize],
) -> Result<Tensor, WeightsError> {
    let view = file.tensor(name)?;
    let values: Vec<f32> = view
        .data()
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect();
    if let Some(&got) = values.iter().find(|value| !value.is_finite()) {
        return Err(WeightsError::NotFinite {
            name: name.to_owned(),
            got,
        });
    }
    Ok(Tensor::from_vec(values, shape, &Device::Cpu)?)
}
