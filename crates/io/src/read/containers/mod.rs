//! What containers hold: where the sound lies, how long it is, and what is taken off at its ends.

pub(crate) mod aiff;
pub(crate) mod caf;
pub(crate) mod flac_frame;
pub(crate) mod flac_head;
pub(crate) mod fragments;
pub(crate) mod joined;
pub(crate) mod mp4;
pub(crate) mod mp4_boxes;
pub(crate) mod pcm;
pub(crate) mod rf64;
pub(crate) mod splice;
