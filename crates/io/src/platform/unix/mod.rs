//! Through the handles of a Unix system.

mod files;
mod folder;
mod pipes;
mod process;

pub(crate) use std::os::unix::fs::FileExt as Positioned;

pub use self::files::FileId;
pub(crate) use self::files::{
    Found, available_bytes, create_unnamed, cut_name, fill_random, has_other_names, hide,
    is_locked, is_recent, is_secret, kind_of_special, lock, max_name_bytes, may_be_running,
    name_of, open_secret, open_shared, open_to_read,
};
pub(crate) use self::folder::{Folder, OpenFolder};
pub(crate) use self::pipes::Pipes;
pub use self::process::end_all_helpers;
pub(crate) use self::process::{Running, spawn};
