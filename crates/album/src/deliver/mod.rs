//! The folders of receivers, and every file in them.

mod ddp;
mod make;
mod platform;
mod preview;
mod rendered;
mod sheets;
mod tags;
mod tracks;
mod vinyl;
mod write;

pub(crate) use ddp::read as read_ddp;
pub(crate) use make::Making;
pub(crate) use rendered::{Measured, base_set, rendered, set_of};
pub(crate) use tags::{broadcast_of, file_name};
pub(crate) use tracks::{TrackPlace, TrackSource};
pub use vinyl::{vinyl_analysis, vinyl_demands};
pub(crate) use write::{Beside, figures_of, sum_of, sums, text, write};
