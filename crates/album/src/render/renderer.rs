//! [`Renderer`]: what all renders of a run have in common.

use acetate_engine::Observer;

use super::work::Work;
use crate::decide::Decided;
use crate::plan::{AlbumPlan, MeasuredPiece};
use crate::release::{Piece, Release};
use crate::sequence::Unit;

/// What all renders of a run have in common.
pub(crate) struct Renderer<'a> {
    pub(crate) release: &'a Release,
    pub(crate) plan: &'a AlbumPlan,
    pub(crate) work: &'a Work,
    pub(crate) observer: &'a dyn Observer,
}

impl Renderer<'_> {
    /// The pieces of a unit with what is known of each.
    pub(super) fn parts(&self, unit: &Unit) -> Vec<(&Piece, &MeasuredPiece, &Decided)> {
        let range = unit.pieces.clone();
        let pieces = self.release.pieces.get(range.clone()).unwrap_or_default();
        let measured = self.plan.measured.get(range.clone()).unwrap_or_default();
        let decided = self.plan.decided.get(range).unwrap_or_default();
        let all = pieces.iter().zip(measured).zip(decided);
        all.map(|((piece, measured), decided)| (piece, measured, decided))
            .collect()
    }
}
