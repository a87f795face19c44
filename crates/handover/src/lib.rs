//! Acetate's hand-over to people: the report page, the pack for a mastering engineer, and the
//! chain as files of other programs.
//!
//! After *deliver* in the flow *decode → analyze → predict → render → verify → deliver*: from the
//! [`MasterFile`](acetate_master::MasterFile) and the sound before and behind it this crate
//! makes what a person looks at, listens to, or loads elsewhere.
//!
//! Key types: [`Material`] (what a page is made from), [`report_page`] (the page).
//!
//! Not its job: files and names (the binary writes what this makes), or to change a sample of a
//! master.
//!
//! # Examples
//! An EQ curve as bands that any equalizer has:
//! ```
//! use acetate_dsp::Settings;
//! use acetate_handover::Parametric;
//!
//! let mut settings = Settings::default();
//! settings.eq.mid_db[0] = 2.0;
//! let bands = Parametric::fit(&settings.eq, 44_100);
//! assert!(!bands.bands.is_empty());
//! assert!(bands.worst_db < 1.0);
//! assert!(bands.as_text("EQ of a master").contains("Filter"));
//! ```
//! Gains that bring passages to one loudness, so that the louder one does not win:
//! ```
//! use acetate_dsp::signal;
//!
//! let quiet = signal::mix(44_100, 4.0);
//! let mut loud = quiet.clone();
//! loud.scale(2.0);
//! let gains_db = acetate_handover::matching_gains_db(&[&quiet, &loud]);
//! assert!((gains_db[0] - gains_db[1] - 6.02).abs() < 0.1);
//! ```

#![warn(unreachable_pub)]

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
pub use dawproject::{Clip, Marker, Project, write_dawproject};
pub use error::HandoverError;
pub use evidence::{EqProposal, Material, Other};
pub use page::album::{AlbumCheck, AlbumJoin, AlbumPage, AlbumSong, MAX_JOINS_BYTES, album_page};
pub use page::index::{INDEX_MARK, IndexRow, index_page};
pub use page::player::SHARED_SCRIPTS;
pub use page::{VariantRow, report_page};
use page::{base64, html, overview, svg};
pub use parametric::Parametric;
pub use reaper::reaper_project;
pub use sheet::engineers_sheet;
pub use typical::{TypicalBand, typical_bands};
pub use version::{MAX_PAGE_BYTES, matching_gains_db};
