//! Acetate's hand-over to people: the report page, the pack for a mastering engineer, and the
//! chain as files of other programs.
//!
//! After *deliver* in the flow *decode → analyze → predict → render → verify → deliver*: from the
//! [`Report`](acetate_master::Report) of a master and the sound before and behind it this crate
//! makes what a person looks at, listens to, or loads elsewhere.
//!
//! Key types: [`Material`] (what a page is made from), [`report_page`] (the page).
//!
//! Not its job: files and names (the binary writes what this makes), or to change a sample of a
//! master.

mod base64;
mod charts;
mod counterfactual;
pub mod error;
mod evidence;
mod html;
mod overview;
mod page;
mod player;
mod svg;
mod tap;
mod typical;
mod version;

pub use counterfactual::{tone_changes_db, width_db};
pub use error::HandoverError;
pub use evidence::{EqProposal, Material, Other};
pub use page::{VariantRow, report_page};
pub use player::MAX_PAGE_BYTES;
pub use typical::{TypicalBand, typical_bands};
pub use version::matching_gains_db;
