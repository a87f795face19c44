//! Text of others, made plain: names, tags, certificates and lists may hold characters that steer a
//! terminal, break a line or turn the order of letters around. Everything of the kind is shown as an escape.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;

/// Most characters of a name or a tag in the middle of a text.
const MAX_FIELD: usize = 1_000;
/// Most characters of a whole message.
const MAX_MESSAGE: usize = 8_000;

/// A field of a list that begins so is a formula to a spreadsheet, quoted or not.
pub const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// In front of a formula it makes a text of it.
pub const TEXT_MARK: char = '\'';

/// A field of a list (RFC 4180, section 2), which no spreadsheet takes for a formula.
pub fn csv_field(text: &str) -> String {
    let text = match text
        .strip_prefix(TEXT_MARK)
        .unwrap_or(text)
        .starts_with(FORMULA)
    {
        true => format!("{TEXT_MARK}{text}"),
        false => text.to_owned(),
    };
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// Whether a character does something instead of being seen: controls (ISO 6429, C0 and C1), line and
/// paragraph separators, marks of direction (Unicode, UAX #9), and characters without width that make two
/// names look the same. The joiners stay: Persian and Indian names need them.
pub fn is_unseen(character: char) -> bool {
    matches!(
        character,
        '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// A text of others for a place inside a text of ours: one line of visible characters, cut if it is very
/// long.
pub fn field(text: &str) -> Cow<'_, str> {
    beginning(text, MAX_FIELD)
}

/// A whole message that may hold texts of others: one line.
pub fn line(text: &str) -> Cow<'_, str> {
    beginning(text, MAX_MESSAGE)
}

/// The first `max_chars` characters of a text of others, as one line, and how many more there are.
pub fn beginning(text: &str, max_chars: usize) -> Cow<'_, str> {
    let end = text.char_indices().nth(max_chars).map(|(at, _)| at);
    if end.is_none() && !text.chars().any(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::new();
    let (shown, rest) = text.split_at(end.unwrap_or(text.len()));
    shown
        .chars()
        .for_each(|character| push(&mut plain, character));
    if !rest.is_empty() {
        let _ = write!(plain, "… ({} characters more)", rest.chars().count());
    }
    Cow::Owned(plain)
}

/// A path for a place inside a text of ours.
pub fn path(path: &Path) -> String {
    field(&path.to_string_lossy()).into_owned()
}

/// Several lines of ours whose fields are plain already: line ends and tabs stay, and `keep` tells what else may.
/// The last line of defense.
pub fn lines(text: &str, keep: fn(&str) -> usize) -> Cow<'_, str> {
    if !text
        .chars()
        .any(|c| is_unseen(c) && !matches!(c, '\n' | '\t'))
    {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let kept = keep(rest).min(rest.len());
        if kept > 0 && rest.is_char_boundary(kept) {
            plain.push_str(&rest[..kept]);
            rest = &rest[kept..];
            continue;
        }
        if matches!(character, '\n' | '\t') {
            plain.push(character);
        } else {
            push(&mut plain, character);
        }
        rest = &rest[character.len_utf8()..];
    }
    Cow::Owned(plain)
}

/// JSON with the same value in which every unseen character is an escape; JSON escapes only some of them
/// (RFC 8259, section 7).
pub fn json(text: String) -> String {
    let is_loose = |c: char| is_unseen(c) && !matches!(c, '\n' | '\r' | '\t');
    if !text.chars().any(is_loose) {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if is_loose(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(plain, "\\u{unit:04x}");
            }
        } else {
            plain.push(character);
        }
    }
    plain
}

fn push(plain: &mut String, character: char) {
    if is_unseen(character) {
        plain.extend(character.escape_default());
    } else {
        plain.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_and_letters_stay() {
        assert_eq!(field("Größe 100 % \\ \"é\""), "Größe 100 % \\ \"é\"");
        assert_eq!(
            field("a\u{1b}]0;x\u{7}\nerror: b\u{9b}2J\u{202e}c"),
            "a\\u{1b}]0;x\\u{7}\\nerror: b\\u{9b}2J\\u{202e}c"
        );
        let long = "x".repeat(MAX_FIELD + 5);
        assert!(field(&long).ends_with("x… (5 characters more)"));
    }

    #[test]
    fn json_keeps_its_value() {
        assert_eq!(json("{\"a\": \"é\"}\n".to_owned()), "{\"a\": \"é\"}\n");
        assert_eq!(
            json("\"\u{9b}\u{202e}\u{e0001}\"".to_owned()),
            "\"\\u009b\\u202e\\udb40\\udc01\""
        );
    }

    #[test]
    fn lines_keep_their_ends_and_what_is_ours() {
        let color = |rest: &str| usize::from(rest.starts_with('\u{1b}'));
        assert_eq!(
            lines("a\n\u{1b}[1mb\u{7}\r\n", color),
            "a\n\u{1b}[1mb\\u{7}\\r\n"
        );
    }
}
