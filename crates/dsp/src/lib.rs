//! Deterministic signal processing for Acetate: audio, settings, measurement and the chain.
//!
//! In the flow *decode → analyze → predict → render → verify → deliver* this crate holds
//! `analyze` ([`analyze`]), `render` ([`chain`]) and every measure that `verify` uses
//! ([`measure`]).
//!
//! Key types: [`Audio`] (planar frames), [`Source`] and [`Sink`] (re-readable streams of
//! blocks), [`Analysis`] (measured facts), [`Settings`] and [`PARAMS`] (everything that the
//! renderer needs), [`Processor`] (one stage of the chain).
//!
//! Not its job: files (see `acetate-io`), the net (see `acetate-model`), what to aim for (see
//! `acetate-master`).
//!
//! Conventions: a *frame* is one sample per channel, a *block* is many frames; samples are
//! `f32` with full scale at ±1.0; shapes are `[channels][frames]`; units are suffixes of names.

pub mod analysis;
pub mod audio;
pub mod chain;
pub mod measure;
pub mod numeric;
pub mod params;
pub mod pipeline;
pub mod plain;
pub mod process;
pub mod settings;
pub mod signal;
pub mod solve;
pub mod stream;
pub mod threads;
pub mod units;

pub use analysis::{Analysis, analyze};
pub use audio::Audio;
pub use params::{PARAMS, Param};
pub use pipeline::{for_each_block, read_all};
pub use process::{ProcessSpec, Processor};
pub use settings::Settings;
pub use stream::{Sink, Source, Spec, StreamError};
