//! Where the music comes from: lists, archives, what was measured of each track, and pairs.

pub mod corpus;
pub mod datasets;
pub mod fetch;
pub mod manifest;
pub mod pair;
#[cfg(test)]
pub(crate) mod synthetic;
