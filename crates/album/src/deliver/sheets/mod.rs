//! Sheets of a disc: CUE for programs, PQ for people.

mod cue;
mod disc;
mod pq;

pub(crate) use cue::cue_sheet;
pub(crate) use disc::{CD_FRAME, Disc, DiscTrack, disc_text, latin1, msf};
pub(crate) use pq::{pq_csv, pq_page};
