//! [`Places`]: takes the places of this machine out of what the page gets to read.

use std::path::Path;

/// Folders within a song's own, before a file's name; a number may stand between.
const OWN_FOLDERS: [&str; 5] = ["in", "out", "references", "variants", "beside"];

/// What is looked for in a text.
pub(crate) struct Places {
    /// The song's folder, as it may be written.
    folder: Vec<String>,
    /// The mix where it lies elsewhere, as it may be written, and the name that stands for it.
    input: Vec<String>,
    name: String,
}

/// A path as errors write it: plain, quoted, and in JSON.
fn forms(path: &Path) -> Vec<String> {
    let plain = path.display().to_string();
    let quoted = format!("{plain:?}").trim_matches('"').to_owned();
    let json = serde_json::to_string(&plain).unwrap_or_default();
    let json = json.trim_matches('"').to_owned();
    let mut forms = vec![plain, quoted, json];
    forms.dedup();
    forms
}

impl Places {
    /// Of a song's folder, and of its mix where that lies elsewhere.
    pub(crate) fn new(folder: &Path, input: &Path, name: &str) -> Self {
        let is_elsewhere = !input.starts_with(folder);
        Self {
            folder: forms(folder),
            input: if is_elsewhere {
                forms(input)
            } else {
                Vec::new()
            },
            name: name.to_owned(),
        }
    }

    /// The text without them.
    pub(crate) fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for place in &self.input {
            text = text.replace(place.as_str(), &self.name);
        }
        for place in &self.folder {
            text = without(&text, place);
        }
        text
    }
}

fn without(text: &str, place: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(place) {
        out.push_str(before);
        rest = behind_folders(behind);
    }
    out.push_str(rest);
    out
}

/// What stands behind the separators, our folders and their numbers.
fn behind_folders(text: &str) -> &str {
    let is_separator = |c: char| c == '/' || c == '\\';
    let rest = text.trim_start_matches(is_separator);
    let own = OWN_FOLDERS.iter().find_map(|folder| {
        let behind = rest.strip_prefix(folder)?;
        behind.starts_with(is_separator).then_some(behind)
    });
    let Some(behind) = own else { return rest };
    let name = behind.trim_start_matches(is_separator);
    let behind_number = name.trim_start_matches(|c: char| c.is_ascii_digit());
    if behind_number.starts_with(is_separator) {
        behind_number.trim_start_matches(is_separator)
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_place_stays_in_a_text_however_it_is_written() {
        let folder = Path::new("/home/an \"artist\"/sessions/session-x/songs/3");
        let input = folder.join("in/my mix.wav");
        let places = Places::new(folder, &input, "my mix.wav");
        let output = folder.join("out/12/my mix.master.wav");
        let quoted = |path: &Path| format!("{path:?}").trim_matches('"').to_owned();
        for text in [
            format!("{}: bad; {} is there", input.display(), output.display()),
            format!("{}: bad; {} is there", quoted(&input), quoted(&output)),
        ] {
            assert_eq!(
                places.clean(&text),
                "my mix.wav: bad; my mix.master.wav is there"
            );
        }
        let json = serde_json::json!({ "path": input.display().to_string() }).to_string();
        assert_eq!(places.clean(&json), r#"{"path":"my mix.wav"}"#);
        let numbered = folder.join("out/0/7.wav").display().to_string();
        assert_eq!(places.clean(&numbered), "7.wav");
        let song = folder.join("in/7.wav").display().to_string();
        assert_eq!(places.clean(&song), "7.wav");
    }

    #[test]
    fn a_mix_that_lies_elsewhere_is_called_by_its_name() {
        let input = Path::new("/home/artist/music/song.wav");
        let places = Places::new(Path::new("/cache/session-x/songs/1"), input, "song.wav");
        let text = format!("{}: expected sound", input.display());
        assert_eq!(places.clean(&text), "song.wav: expected sound");
    }
}
