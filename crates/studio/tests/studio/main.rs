//! The studio as a browser meets it: over a socket, with the engine behind.

mod beside;
mod doors;
mod kept;
mod story;
mod wire;
