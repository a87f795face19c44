//! Albums: songs that belong together, decided on together, in sequence, as each receiver wants them.
//!
//! In the flow of the program this crate stands beside the engine: it measures all songs of a release, decides
//! on their levels and tone together, renders them through the pipeline of `acetate-master`, and delivers a
//! folder that is whole or not there at all.
//!
//! Key types: [`Manifest`] (`album.toml`), [`Release`] (resolved and checked), [`AlbumPlan`] (measured and
//! decided), [`AlbumReport`] (what was done and measured). [`make`] delivers, [`verify_album`] measures all of
//! it again.
//!
//! Not its job: arguments, printing, progress bars, exit codes (the binary).

#![warn(unreachable_pub)]

mod album;
mod codes;
mod decide;
mod deliver;
mod error;
mod manifest;
mod plan;
mod release;
mod render;
mod report;
mod sequence;
mod verify;

pub use album::{InPlaces, MakeOptions, check_output, make, master_in_places};
pub use codes::{Barcode, CodeError, Isrc};
pub use decide::{Asked, Decided, Heard, SET_APART_DB, body_lufs, decide};
pub use deliver::{vinyl_analysis, vinyl_demands};
pub use error::AlbumError;
pub use manifest::{
    AlbumFields, Balance, DeliverFields, Draft, FadeCurve, MANIFEST_NAME, Manifest, TrackFields,
    Treatment, manifest_of_folder,
};
pub use plan::{AlbumPlan, MeasuredPiece, PlannedAlbum, PlannedSong};
pub use release::{Cover, DELIVERABLES, Deliverable, Fade, Overrides, Piece, Release, Song};
pub use report::{
    AlbumReport, BeyondAlone, DeliverableReport, Demand, Figures, FileReport, REPORT_NAME,
    SongReport, Spread, is_album, read_report,
};
pub use sequence::{Silence, Timeline, Unit, UnitFrames, heard_gap_s};
pub use verify::{AlbumDifference, AlbumVerdict, verify_album};
