//! Names of masters from a template: `{artist} - {title} (master)`.

use std::path::Path;

use acetate_dsp::plain::is_unseen;
use acetate_engine::is_pipe;
use acetate_io::Tags;
use anyhow::bail;

/// What may stand in braces.
const PLACEHOLDERS: [&str; 6] = ["stem", "title", "artist", "album", "track", "n"];
/// What stands for a tag that the mix does not have.
const UNKNOWN: &str = "unknown";
/// Characters that some file system does not take in a name.
const NOT_IN_NAMES: [char; 9] = ['/', '\\', ':', '*', '?', '"', '<', '>', '|'];
/// Longest text of a tag in a name, characters.
const MAX_FIELD: usize = 100;

/// A template, read.
pub struct Template {
    parts: Vec<Part>,
}

enum Part {
    Text(String),
    Field(&'static str),
}

impl Template {
    /// Reads a template; braces that are part of the name are doubled.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("{{").or_else(|| rest.strip_prefix("}}")) {
                plain.push(character);
                rest = after;
            } else if character == '{' {
                let inside = rest[1..].split_once('}');
                let Some((name, after)) = inside else {
                    bail!("--name: expected a closing brace after \"{rest}\"");
                };
                let field = PLACEHOLDERS.iter().find(|known| **known == name);
                let Some(field) = field else {
                    bail!(
                        "--name: unknown placeholder {{{name}}}: expected one of {{{}}}",
                        PLACEHOLDERS.join("}, {")
                    );
                };
                parts.push(Part::Text(std::mem::take(&mut plain)));
                parts.push(Part::Field(field));
                rest = after;
            } else {
                if character == '/' || character == '\\' {
                    bail!(
                        "--name: expected a file name, found a folder in it: use --out-dir for the folder"
                    );
                }
                plain.push(character);
                rest = &rest[character.len_utf8()..];
            }
        }
        parts.push(Part::Text(plain));
        if text.trim().is_empty() {
            bail!("--name: expected a name, found none");
        }
        Ok(Self { parts })
    }

    /// The name of one mix's master, without the ending: the `number`th of `count`.
    pub fn name(&self, input: &Path, number: usize, count: usize) -> String {
        let wants_tags = self
            .parts
            .iter()
            .any(|part| matches!(part, Part::Field(field) if !["stem", "n"].contains(field)));
        let tags = (wants_tags && !is_pipe(input)).then(|| Tags::read(input).0);
        let tag = |name: &str| {
            let tags = tags.as_ref()?;
            tags.text(name)
                .map(str::trim)
                .filter(|text| !text.is_empty())
        };
        let stem = if is_pipe(input) {
            "stdin".to_owned()
        } else {
            input
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        };
        let width = count.to_string().len();
        let mut name = String::new();
        for part in &self.parts {
            let text = match part {
                Part::Text(text) => text.clone(),
                Part::Field("n") => format!("{number:0width$}"),
                Part::Field("stem") => stem.clone(),
                Part::Field("title") => tag("TITLE").unwrap_or(&stem).to_owned(),
                Part::Field("artist") => tag("ARTIST").unwrap_or(UNKNOWN).to_owned(),
                Part::Field("album") => tag("ALBUM").unwrap_or(UNKNOWN).to_owned(),
                Part::Field(_) => tag("TRACKNUMBER").unwrap_or(UNKNOWN).to_owned(),
            };
            let is_field = matches!(part, Part::Field(_));
            name.extend(text.chars().take(MAX_FIELD).map(|character| {
                let is_bad = is_unseen(character) || NOT_IN_NAMES.contains(&character);
                if is_field && is_bad { '_' } else { character }
            }));
        }
        let trimmed = name.trim().trim_end_matches('.');
        // A name that begins with a dot is hidden.
        match trimmed.strip_prefix('.') {
            Some(rest) => format!("_{rest}"),
            None => trimmed.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_takes_braces_and_refuses_what_it_does_not_know() {
        let template = Template::read("{n} {{x}} {stem} (master)").unwrap();
        let name = template.name(Path::new("a/My song.v2.wav"), 3, 12);
        assert_eq!(name, "03 {x} My song.v2 (master)");
        for wrong in ["{loudness}", "{stem", "a/{stem}", " "] {
            assert!(Template::read(wrong).is_err(), "{wrong}");
        }
    }
}
