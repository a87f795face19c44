//! What is kept of a session when it has ended, and where it lies.

mod folder;
mod record;

pub(crate) use folder::{Folder, FolderOptions};
pub(crate) use record::{MasterRecord, ReferenceRecord, SessionRecord, SongRecord};
