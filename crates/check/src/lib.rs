//! The check: is a mix ready to be mastered, why not, and what to do about it.
//!
//! It stands beside the flow *decode → analyze → predict → render → verify → deliver*: it reads a
//! [`Source`](acetate_dsp::Source) with its [`Analysis`](acetate_dsp::Analysis) and changes nothing.
//!
//! Key types: [`Check`] (verdict, score, findings), [`Finding`], [`Detector`](detect::Detector) (one
//! figure and its words), [`Corpus`] (what released music shows, and where findings begin).
//! [`check()`] is the whole, [`short`] what an analysis alone can tell.
//!
//! Not its job: files (see `acetate-io`), printing (the binary), fitting the corpus
//! (`crates/check/fit`).

pub mod check;
pub mod corpus;
pub mod detect;
mod devices;
pub mod error;
pub mod facts;
pub mod fault_eq;
pub mod finding;
pub mod judge;
pub mod picture;
pub mod scan;
mod section;
pub mod tone;
mod translation;

pub use check::{Check, PartScore, Verdict, check, judged, measure, short};
pub use corpus::Corpus;
pub use error::CheckError;
pub use facts::Facts;
pub use finding::{
    Band, Category, Finding, Released, Remedy, Severity, TimeSpan, damaged, decoded_elsewhere,
};
pub use scan::Scan;
pub use tone::ToneJudgement;
pub use translation::Translation;
