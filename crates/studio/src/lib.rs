//! The studio: a page on this machine in which a mix is dropped, heard, turned and taken home as a master.
//!
//! A server on 127.0.0.1 with the page inside, and the state of a session. Everything that concerns sound is
//! done by `acetate-engine` and `acetate-master`: a master of the studio has the same bytes as one of the
//! command line with the same settings.
//!
//! Key types: [`Studio`] (the server), [`StudioOptions`].
//!
//! Not its job: signal processing, arguments and printing (the binary).
//!
//! ```no_run
//! use acetate_studio::{Studio, StudioOptions};
//!
//! # fn main() -> Result<(), acetate_studio::StudioError> {
//! let studio = Studio::open(&StudioOptions::default())?;
//! println!("{}", studio.address());
//! studio.serve(|| false)
//! # }
//! ```

#![warn(unreachable_pub)]

mod error;
mod guard;
mod openapi;
mod routes;
mod server;
mod session;
mod token;

pub use error::StudioError;
pub use server::{Studio, StudioOptions};
