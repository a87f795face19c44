//! [`RunContext`]: what a run knows that its extras need.

use acetate_model::Signature;

use crate::observer::Observer;
use crate::options::Options;

/// What a run knows that is needed beside a master.
pub(crate) struct RunContext<'a> {
    /// What is the same for every mix.
    pub(crate) options: &'a Options,
    /// What the predictor leads to, where a reference was given.
    pub(crate) reference: Option<&'a Signature>,
    /// Told how far it is, and of files that were kept.
    pub(crate) observer: &'a dyn Observer,
}
