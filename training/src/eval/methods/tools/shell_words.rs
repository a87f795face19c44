//! A command line taken apart as a shell does it, without a shell: words are parted by blanks,
//! quotes keep blanks, nothing is expanded.

use super::ToolArgumentError;

/// The words of a command line. Single quotes keep everything, double quotes all but `\"` and
/// `\\`; outside of quotes a backslash keeps the next character.
///
/// # Errors
/// [`ToolArgumentError::Quote`] for a quote that is not closed or a backslash at the end.
pub fn shell_words(line: &str) -> Result<Vec<String>, ToolArgumentError> {
    let mut words = Vec::new();
    // `None` between words, so that '' is a word of its own.
    let mut word: Option<String> = None;
    let mut rest = line.chars();
    let unfinished = || ToolArgumentError::Quote {
        line: line.to_owned(),
    };
    while let Some(next) = rest.next() {
        match next {
            blank if blank.is_whitespace() => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next().ok_or_else(unfinished)? {
                        '\'' => break,
                        kept => word.push(kept),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next().ok_or_else(unfinished)? {
                        '"' => break,
                        '\\' => match rest.next().ok_or_else(unfinished)? {
                            kept @ ('"' | '\\') => word.push(kept),
                            other => word.extend(['\\', other]),
                        },
                        kept => word.push(kept),
                    }
                }
            }
            '\\' => word
                .get_or_insert_default()
                .push(rest.next().ok_or_else(unfinished)?),
            kept => word.get_or_insert_default().push(kept),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_parted_as_a_shell_parts_them() {
        let cases: [(&str, &[&str]); 7] = [
            ("tool {in} {out}", &["tool", "{in}", "{out}"]),
            ("  a\t b  ", &["a", "b"]),
            ("a 'b c' \"d e\"f", &["a", "b c", "d ef"]),
            (r#"'a\b' "c\"d\\e\f" g\ h"#, &[r"a\b", r#"c"d\e\f"#, "g h"]),
            ("a '' \"\"", &["a", "", ""]),
            ("$HOME * ~ `x`", &["$HOME", "*", "~", "`x`"]),
            ("", &[]),
        ];
        for (line, expected) in cases {
            assert_eq!(shell_words(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn what_is_not_closed_is_refused() {
        for line in ["a 'b", "a \"b", "a \\", "a \"b\\"] {
            let text = shell_words(line).unwrap_err().to_string();
            assert!(text.contains(line) && text.contains("expected"), "{text}");
        }
    }
}
