//! What was done and measured: as `album.json`, and as a page.

mod fields;
mod read;

pub use fields::REPORT_NAME;
pub(crate) use fields::{ALBUM_SCHEMA, SUMS_NAME};
pub use fields::{
    AlbumReport, BeyondAlone, DeliverableReport, Demand, Figures, FileReport, SongReport, Spread,
};
pub(crate) use read::{MAX_REPORT_BYTES, all_files};
pub use read::{is_album, read_report};
