//! An album, resolved and checked before any work.

mod checks;
mod deliverable;
mod pieces;
mod resolved;
mod treatment;
mod versions;

pub use deliverable::{DELIVERABLES, Deliverable};
pub use pieces::{Cover, Fade, Piece, Release, Song};
pub use resolved::Overrides;
