//! Text into markup.

use acetate_dsp::plain::is_unseen;

/// Text that may stand between tags or in an attribute of HTML and XML. Characters that XML 1.0 does
/// not know become U+FFFD.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' => escaped.push(character),
            control if control.is_control() => escaped.push('\u{FFFD}'),
            '\u{FFFE}' | '\u{FFFF}' => escaped.push('\u{FFFD}'),
            // It would turn letters around or hide some.
            unseen if is_unseen(unseen) => escaped.extend(unseen.escape_default()),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_name_stays_text() {
        assert_eq!(
            escape("<b>\"R&B\"</b>\u{1}"),
            "&lt;b&gt;&quot;R&amp;B&quot;&lt;/b&gt;\u{FFFD}"
        );
    }
}
