//! [`Genre`]: the kind of music that a person knows, what released records of it say of a song's tone, and what
//! the program itself would guess.
//!
//! The records' statistics are a second measurement of the finished tone beside the net's. It is used only where a
//! person names the genre: what the program guesses is told and moves nothing.

mod names;
mod narrow;
mod records;
mod told;

pub use self::names::{Genre, GenreError};
pub(crate) use self::narrow::narrow;
pub use self::told::ToneGenre;
