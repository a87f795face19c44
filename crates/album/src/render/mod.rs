//! Masters of all units, for each way in which they are delivered.

mod renderer;
mod set;
mod source;
mod units;
mod work;

pub(crate) use renderer::Renderer;
pub(crate) use set::Set;
pub(crate) use work::{PieceDone, UnitDone, Work};
