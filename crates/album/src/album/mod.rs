//! From a plan to a folder that is whole or not there at all.

mod earlier;
mod folder;
mod page;
mod places;
mod told;

pub use folder::{MakeOptions, check_output, make};
pub use places::{InPlaces, master_in_places};
