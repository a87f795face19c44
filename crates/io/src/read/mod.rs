//! Reading: which reader takes a file, and what a decoder makes of it.

pub(crate) mod backend;
pub(crate) mod chain;
pub(crate) mod choose;
pub(crate) mod containers;
pub(crate) mod decoder;
pub(crate) mod downmix;
pub(crate) mod elementary;
pub(crate) mod foreign;
pub(crate) mod framing;
pub(crate) mod packets;
pub(crate) mod pass;
pub(crate) mod sniff;
pub(crate) mod step;
pub(crate) mod trim;
