//! Repairs that are asked for: which ([`RepairList`]), what is found and mended ([`Repaired`]), and what is left
//! ([`RepairReport`]). The repair itself is a part of the chain, and stands in its settings.

mod find;
mod list;
mod report;

pub use find::{Repaired, find};
pub use list::{Extent, RepairList, UnknownFault};
pub(crate) use report::sentences;
pub use report::{Fault, RepairCheck, RepairPlace, RepairReport, RepairUnit};
