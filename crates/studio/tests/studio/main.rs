//! The studio as a browser meets it: over a socket, with the engine behind.

mod doors;
mod story;
mod wire;
