//! The rows of [`FEATURES`] and [`TENSORS`] as
//! text, so that weights of another version can be refused by what differs.

use crate::features::FEATURES;
use crate::net::TENSORS;
use crate::net::tensor_name;

/// Most rows that an error names.
const MAX_NAMED: usize = 12;

/// The rows of the features table, one text each: name, width, unit, offset, scale.
pub fn feature_rows() -> Vec<String> {
    FEATURES
        .iter()
        .map(|row| {
            format!(
                "{} ({} wide, {}, offset {}, scale {})",
                row.name, row.width, row.unit, row.offset, row.scale
            )
        })
        .collect()
}

/// The rows of the tensor table of `members` members, one text each: name and shape.
pub(crate) fn tensor_rows(members: usize) -> Vec<String> {
    (0..members)
        .flat_map(|member| {
            TENSORS
                .iter()
                .map(move |(name, shape)| format!("{} F32 {shape:?}", tensor_name(member, name)))
        })
        .collect()
}

/// What has to change in `got` to become `expected`, in words; `None` where they are the same. Order
/// counts for features, since it is the order of the net's inputs.
pub(crate) fn difference(expected: &[String], got: &[String]) -> Option<String> {
    let missing = expected
        .iter()
        .filter(|row| !got.contains(row))
        .map(|row| format!("expected {row}"));
    let foreign = got
        .iter()
        .filter(|row| !expected.contains(row))
        .map(|row| format!("found {row}"));
    let mut rows: Vec<String> = missing.chain(foreign).collect();
    if rows.is_empty() {
        return (expected != got).then(|| "the same rows in another order".to_owned());
    }
    let more = rows.len().saturating_sub(MAX_NAMED);
    rows.truncate(MAX_NAMED);
    if more > 0 {
        rows.push(format!("and {more} more"));
    }
    Some(rows.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_name_the_rows() {
        let rows = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        let expected = rows(&["a", "b", "c"]);
        assert_eq!(difference(&expected, &expected), None);
        assert_eq!(
            difference(&expected, &rows(&["a", "d", "c"])).as_deref(),
            Some("expected b; found d")
        );
        assert!(difference(&expected, &rows(&["b", "a", "c"])).is_some());
        let many: Vec<String> = (0..40).map(|row| row.to_string()).collect();
        assert!(difference(&many, &[]).is_some_and(|text| text.ends_with("and 28 more")));
    }
}
