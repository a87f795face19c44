//! Masters of an album know that they are: a tag holds their figures, which have to be those of the sound. They
//! are left as they are, so that an album that is made again stays what it is, and a song that is added later is
//! mastered into it.

use acetate_dsp::Analysis;
use acetate_io::Tags;

use crate::release::Piece;
use crate::report::Figures;

/// Name of the tag.
pub(crate) const MARK: &str = "ACETATE_ALBUM";
/// Figures closer than this are the same, dB or LU: one meter reads the mix, two the master.
const SAME: f64 = 0.1;

/// The text of the tag.
pub(crate) fn mark_of(figures: &Figures) -> String {
    format!(
        "{:.2} LUFS {:.2} dBTP",
        figures.integrated_lufs, figures.true_peak_dbtp
    )
}

/// Whether a piece consists of masters of an album; of one that is a single file the sound has to be the marked
/// one.
pub(super) fn is_marked(piece: &Piece, analysis: &Analysis) -> bool {
    let marks: Vec<Option<(f64, f64)>> = piece
        .songs
        .iter()
        .map(|song| Tags::read(&song.path).0.text(MARK).and_then(figures))
        .collect();
    match marks.as_slice() {
        [] => false,
        [one] => one.is_some_and(|(lufs, dbtp)| {
            (lufs - analysis.integrated_lufs).abs() <= SAME
                && (dbtp - analysis.true_peak_dbtp).abs() <= SAME
        }),
        several => several.iter().all(Option::is_some),
    }
}

fn figures(text: &str) -> Option<(f64, f64)> {
    let mut words = text.split(' ');
    let lufs = words.next()?.parse().ok()?;
    let dbtp = words.nth(1)?.parse().ok()?;
    Some((lufs, dbtp))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_gives_the_figures_that_it_was_made_of() {
        assert_eq!(figures("-14.02 LUFS -1.03 dBTP"), Some((-14.02, -1.03)));
        assert_eq!(figures("made by hand"), None);
    }
}
