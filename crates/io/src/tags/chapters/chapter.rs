//! [`Chapter`]: a start in time and a title.

/// A part of the program with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tags) struct Chapter {
    pub start_ms: u64,
    /// Up to the next one, or the end, where unknown.
    pub end_ms: Option<u64>,
    pub title: String,
}
