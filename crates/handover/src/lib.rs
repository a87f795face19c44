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

mod counterfactual;
pub mod dawproject;
pub mod error;
mod evidence;
mod page;
pub mod parametric;
mod reaper;
mod sheet;
mod solve;
mod typical;
mod version;

pub use counterfactual::{tone_changes_db, width_db};
pub use dawproject::{Clip, Project, write_dawproject};
pub use error::HandoverError;
pub use evidence::{EqProposal, Material, Other};
pub use page::index::{INDEX_MARK, IndexRow, index_page};
pub use page::player::MAX_PAGE_BYTES;
pub use page::{VariantRow, report_page};
use page::{base64, html, overview, svg};
pub use parametric::Parametric;
pub use reaper::reaper_project;
pub use sheet::engineers_sheet;
pub use typical::{TypicalBand, typical_bands};
pub use version::matching_gains_db;
