//! The nearest of the words that are known.

/// Words less alike than this are no slip of the finger.
const LEAST_LIKENESS: f64 = 0.75;

/// The known word that is most like this one, if any is like it.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let likeness = |other: &str| strsim::jaro_winkler(&word, other);
    known
        .filter(|other| likeness(other) >= LEAST_LIKENESS)
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}
