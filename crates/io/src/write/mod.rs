//! Writing: samples into a staged file or folder that gets its name when it is complete.

pub(crate) mod broadcast;
pub(crate) mod flac;
pub(crate) mod folder;
pub(crate) mod format;
pub(crate) mod small;
pub(crate) mod spool;
pub(crate) mod staged;
pub(crate) mod wav;
