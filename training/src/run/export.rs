//! Trained members to a safetensors file, and back in as a predictor.

use std::collections::HashMap;

use acetate_model::features::features_hash;
use acetate_model::net::TENSORS;
use acetate_model::net::tensor_name;
use acetate_model::posterior::Priors;
use acetate_model::rows::feature_rows;
use acetate_model::weights::{HEADER_KEY, Header, WEIGHTS_SCHEMA};
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, TensorView};

use crate::fit::Member;

/// The bytes of a weights file. The same members and priors give the same bytes.
///
/// # Errors
/// safetensors' own, when a tensor does not fit its declared shape.
pub fn weights_file(
    members: &[Member],
    priors: &Priors,
    recipe: &str,
) -> Result<Vec<u8>, SafeTensorError> {
    let header = Header {
        schema: WEIGHTS_SCHEMA.to_owned(),
        features_hash: features_hash(),
        features: feature_rows(),
        members: members.len(),
        priors: priors.clone(),
        recipe: recipe.to_owned(),
    };
    let header =
        serde_json::to_string(&header).map_err(SafeTensorError::InvalidHeaderDeserialization)?;
    let tensors: Vec<(String, &[usize], Vec<u8>)> = members
        .iter()
        .enumerate()
        .flat_map(|(index, member)| {
            TENSORS
                .iter()
                .zip(&member.tensors)
                .map(move |((name, shape), values)| {
                    let bytes = values
                        .iter()
                        .flat_map(|value| value.to_le_bytes())
                        .collect();
                    (tensor_name(index, name), *shape, bytes)
                })
        })
        .collect();
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F32, shape.to_vec(), bytes)?)))
        .collect::<Result<Vec<_>, SafeTensorError>>()?;
    safetensors::serialize(
        views,
        Some(HashMap::from([(HEADER_KEY.to_owned(), header)])),
    )
}
