//! `album.toml`: its fields, and a first one of a folder.

mod fields;
mod init;
mod seam;
mod tags;

pub use fields::{
    AlbumFields, Balance, DeliverFields, FadeCurve, MANIFEST_NAME, Manifest, TrackFields, Treatment,
};
pub(crate) use init::manifest_of_files;
pub use init::{Draft, manifest_of_folder};
