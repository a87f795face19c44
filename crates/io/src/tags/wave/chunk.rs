//! [`Chunk`]: a chunk of a WAV, carried from the input to the master.

use std::sync::Arc;

use crate::tags::text;

/// A chunk as it is in the input.
#[derive(Clone, Debug)]
pub(in crate::tags) struct Chunk {
    pub id: [u8; 4],
    pub body: Arc<Vec<u8>>,
}

impl Chunk {
    /// Cue points, or what is said of them, which other containers have as chapters.
    pub(in crate::tags) fn is_cue(&self) -> bool {
        &self.id == b"cue " || &self.id == b"LIST" && self.body.starts_with(b"adtl")
    }

    pub(in crate::tags) fn name(&self) -> String {
        match (&self.id, self.body.first_chunk::<4>()) {
            (b"LIST", Some(kind)) => format!("LIST {} chunk", text(kind)),
            (id, _) => format!("{} chunk", text(&id[..]).trim_end()),
        }
    }
}
