//! The story: a mix goes in, a verified master comes out.
//!
//! In the flow *decode → analyze → predict → render → verify → deliver* this crate tells all but
//! the first and the last: it reads a [`Source`](acetate_dsp::Source), writes to a
//! [`Delivery`], and judges what the delivery reads back.
//!
//! Key types: [`Brief`] (what is asked for), [`Report`] (what was done and measured),
//! [`Certificate`] (the same, to be checked later),
//! [`Delivery`] (where the samples go). [`master()`] is the whole story, [`verify()`] its last
//! chapter for any programme.
//!
//! Not its job: files, formats and names (see `acetate-io`), printing (the binary).

pub mod advice;
mod attempts;
pub mod brief;
pub mod certificate;
mod cleanup;
pub mod codec;
pub mod delivery;
pub mod error;
pub mod findings;
pub mod judgement;
mod memory;
pub mod presets;
pub mod recover;
mod render;
pub mod replay;
pub mod report;
pub mod settings_file;
pub mod story;
mod tell;
pub mod variants;
pub mod verify;
pub mod words;

pub use brief::Brief;
pub use certificate::Certificate;
pub use codec::{master_codec_safe, master_codec_safe_measured};
pub use delivery::{Delivery, Progress, Scratch, Stage};
pub use error::MasterError;
pub use memory::MemoryDelivery;
pub use report::Report;
pub use story::{master, master_measured, measure_input, plan, rehearse};
pub use verify::verify;
