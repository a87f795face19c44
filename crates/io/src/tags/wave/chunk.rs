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
    pub(in crate::tags) fn name(&self) -> String {
        match (&self.id, self.body.first_chunk::<4>()) {
            (b"LIST", Some(kind)) => format!("LIST {} chunk", text(kind)),
            (id, _) => format!("{} chunk", text(&id[..]).trim_end()),
        }
    }
}
