//! What is decided of all songs together: levels, tone and width, in one go.

mod heard;
mod joint;
mod level;
mod tie;

pub use heard::{Asked, Decided, Heard};
pub(crate) use joint::Given;
pub use joint::decide;
pub use level::{SET_APART_DB, body_lufs};
pub(crate) use level::{body_of, variance, within_range};
