//! Every song measured and decided on, and what that means for a person.

mod decided;
mod mark;
mod planned;

pub(crate) use decided::failed;
pub use decided::{AlbumPlan, MeasuredPiece};
pub(crate) use mark::{MARK, mark_of};
pub use planned::{PlannedAlbum, PlannedSong};
