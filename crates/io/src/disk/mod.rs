//! Files as the system has them: names and identities, temporary files, hashes, and walks over folders.

pub(crate) mod hash;
pub mod manifest;
pub mod pairs_list;
pub(crate) mod paths;
pub(crate) mod regular;
pub(crate) mod seal;
pub(crate) mod sha256;
pub(crate) mod spill;
pub(crate) mod state;
pub(crate) mod temporary;
pub(crate) mod user;
pub(crate) mod walk;
