//! Pieces of the tables.

use std::fmt::Write;

use acetate_dsp::plain;

use crate::eval::statistics::Interval;

pub(super) fn heading(text: &mut String, title: &str) {
    let _ = write!(text, "\n## {title}\n\n");
}

/// The sentence for a person on top of a table.
pub(super) fn sentence(text: &mut String, sentence: &str) {
    let _ = write!(text, "{sentence}\n\n");
}

pub(super) fn table_head(text: &mut String, first: &str, columns: &[String]) {
    let _ = writeln!(text, "| {first} | {} |", columns.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(columns.len()));
}

pub(super) fn table_row(text: &mut String, name: &str, cells: impl Iterator<Item = String>) {
    let cells: Vec<String> = cells.collect();
    let _ = writeln!(
        text,
        "| {} | {} |",
        plain::field(&name.replace('|', "/")),
        cells.join(" | ")
    );
}

pub(super) fn number(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| fixed(value, 2))
}

/// A number with so many digits; what rounds to nothing has no sign.
fn fixed(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.to_owned(),
        _ => text,
    }
}

pub(super) fn interval(value: Option<Interval>, digits: usize) -> String {
    value.map_or("–".to_owned(), |value| {
        let [mean, low, high] =
            [value.mean, value.low, value.high].map(|value| fixed(value, digits));
        format!("{mean} [{low}, {high}]")
    })
}

/// A share as a percentage.
pub(super) fn percent(share: Option<Interval>) -> String {
    let scaled = share.map(|share| Interval {
        mean: 100.0 * share.mean,
        low: 100.0 * share.low,
        high: 100.0 * share.high,
    });
    interval(scaled, 0)
}

/// `1, 2 and 3`.
pub(super) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_no_sign_and_lists_read_as_sentences() {
        let value = Interval {
            mean: -0.004,
            low: -0.014,
            high: 0.004,
        };
        assert_eq!(interval(Some(value), 2), "0.00 [-0.01, 0.00]");
        assert_eq!(percent(Some(value)), "0 [-1, 0]");
        assert_eq!(number(Some(-0.3)), "-0.30");
        let items = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(listed(&items), "a, b and c");
        assert_eq!(listed(&items[..1]), "a");
    }
}
