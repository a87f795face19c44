//! Licenses as the archives write them, in the short form of `datasets.toml`.

/// The license that an address of creativecommons.org stands for.
pub(super) fn of_address(address: &str) -> Option<String> {
    let (_, path) = address.split_once("creativecommons.org/")?;
    let mut parts = path.trim_end_matches('/').split('/');
    let (kind, name) = (parts.next()?, parts.next()?);
    let version = parts.next().filter(|version| is_version(version));
    let short = match (kind, name) {
        ("publicdomain", "zero") => "CC0".to_owned(),
        ("publicdomain", "mark") => return Some("public-domain".to_owned()),
        ("licenses", "publicdomain") => return Some("public-domain".to_owned()),
        ("licenses", name) if name.split('-').all(is_element) => {
            format!("CC-{}", name.to_uppercase())
        }
        _ => return None,
    };
    Some(match version {
        Some(version) => format!("{short}-{version}"),
        None => short,
    })
}

/// The license that a sentence like "Attribution-ShareAlike 3.0 International" stands for.
pub(super) fn of_words(words: &str) -> Option<String> {
    let lower = words.to_lowercase();
    let squeezed: String = lower
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .collect();
    let version = lower
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .find(|word| is_version(word));
    let mut short = if squeezed.contains("attribution") {
        let mut short = "CC-BY".to_owned();
        for (word, element) in [
            ("noncommercial", "-NC"),
            ("noderiv", "-ND"),
            ("sharealike", "-SA"),
        ] {
            if squeezed.contains(word) {
                short.push_str(element);
            }
        }
        short
    } else if squeezed.starts_with("cc0") || squeezed.contains("zero") {
        "CC0".to_owned()
    } else if squeezed.starts_with("publicdomain") {
        return Some("public-domain".to_owned());
    } else {
        return None;
    };
    if let Some(version) = version {
        short.push('-');
        short.push_str(version);
    }
    Some(short)
}

/// A license without its version: `CC-BY-SA-3.0` is a `CC-BY-SA`.
pub(super) fn without_version(license: &str) -> &str {
    match license.rsplit_once('-') {
        Some((short, version)) if is_version(version) => short,
        _ => license,
    }
}

fn is_version(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    text.split_once('.')
        .is_some_and(|(major, minor)| digits(major) && digits(minor))
}

fn is_element(text: &str) -> bool {
    matches!(text, "by" | "nc" | "nd" | "sa")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_sentences_give_the_short_form() {
        for (address, expected) in [
            (
                "http://creativecommons.org/licenses/by-sa/3.0/",
                Some("CC-BY-SA-3.0"),
            ),
            (
                "https://creativecommons.org/licenses/by-nc-nd/2.5",
                Some("CC-BY-NC-ND-2.5"),
            ),
            (
                "http://creativecommons.org/licenses/by/3.0/us/",
                Some("CC-BY-3.0"),
            ),
            (
                "https://creativecommons.org/publicdomain/zero/1.0/",
                Some("CC0-1.0"),
            ),
            ("http://artlibre.org/license/lal", None),
            ("http://creativecommons.org/licenses/sampling+/1.0/", None),
        ] {
            assert_eq!(of_address(address).as_deref(), expected, "{address}");
        }
        for (words, expected) in [
            (
                "Attribution-Share Alike 3.0 International",
                Some("CC-BY-SA-3.0"),
            ),
            ("Attribution-ShareAlike", Some("CC-BY-SA")),
            ("Attribution 4.0 International", Some("CC-BY-4.0")),
            ("Creative Commons Attribution", Some("CC-BY")),
            (
                "Attribution-NonCommercial-NoDerivatives (aka Music Sharing) 3.0 International",
                Some("CC-BY-NC-ND-3.0"),
            ),
            (
                "Attribution-Noncommercial-Share Alike 3.0 United States",
                Some("CC-BY-NC-SA-3.0"),
            ),
            ("CC0 1.0 Universal", Some("CC0-1.0")),
            ("Public Domain Mark 1.0", Some("public-domain")),
            ("FMA-Limited: Download Only", None),
            ("", None),
        ] {
            assert_eq!(of_words(words).as_deref(), expected, "{words}");
        }
        assert_eq!(without_version("CC-BY-SA-3.0"), "CC-BY-SA");
        assert_eq!(without_version("CC-BY"), "CC-BY");
    }
}
