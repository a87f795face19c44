//! What the license of a recording allows here: to learn from it, or only to measure on it.

/// Beginnings of the licenses that count as free: anyone may use, change and share the work, for
/// any purpose. A `+`, a version or a "-like" may follow.
const FREE: [&str; 20] = [
    "agpl",
    "apache",
    "artistic",
    "bsd",
    "cc0",
    "cc-by",
    "eff-open-audio-license",
    "expat",
    "free-art-license",
    "gfdl",
    "gnu public license",
    "gpl",
    "isc",
    "lgpl",
    "mit",
    "ofl",
    "pd",
    "public domain",
    "public-domain",
    "zlib",
];

/// Whether a license is free. Of several (`A|B`, `A or B`, `A, B`) each has to be: a list may mean
/// that some of the tracks have one and some the other.
pub(crate) fn is_free(license: &str) -> bool {
    let lower = license.to_lowercase().replace(" or ", "|");
    let free = |part: &str| {
        let part = part.trim();
        FREE.iter().any(|free| {
            part.strip_prefix(free)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()))
        })
    };
    !only_measures(license) && lower.split(['|', ',']).all(free)
}

/// Whether a license forbids commercial use or changes, or is not known: such music is measured
/// on and nothing is learned or chosen from it.
pub(super) fn only_measures(license: &str) -> bool {
    let lower = license.to_lowercase();
    let restricts = |word: &str| {
        matches!(word, "nc" | "nd" | "unknown")
            || ["noncommercial", "noderiv"]
                .iter()
                .any(|it| word.starts_with(it))
    };
    lower.contains("non-commercial")
        || lower.contains("no-deriv")
        || lower
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(restricts)
        || lower.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licenses_that_forbid_commerce_or_changes_are_not_free() {
        for license in [
            "CC-BY-NC-3.0",
            "CC BY-NC-ND",
            "CC-BY-ND-4.0",
            "CC-BY-NonCommercial",
            "CC-BY-NoDerivatives-2.0",
            "unknown, perhaps CC-BY-SA",
            "unknown",
            "CC-BY-4.0 or CC-BY-NC-4.0",
            "non-commercial use only",
            " ",
        ] {
            assert!(only_measures(license), "{license}");
            assert!(!is_free(license), "{license}");
        }
    }

    #[test]
    fn free_licenses_are_known_by_their_usual_names() {
        for license in [
            "CC0-1.0",
            "CC-BY-SA-3.0+",
            "CC-BY",
            "CC0|CC-BY-3.0|GPL|PD",
            "Expat or GPL-2 or GPL-3",
            "GNU Public License version 2",
            "BSD-2-Clause-like",
            "public-domain",
        ] {
            assert!(is_free(license), "{license}");
            assert!(!only_measures(license), "{license}");
        }
    }

    #[test]
    fn what_is_neither_known_to_be_free_nor_restricted_is_in_between() {
        for license in [
            "free, no credit asked",
            "its own",
            "CC-BYTE",
            "GPL-2|its own",
        ] {
            assert!(!is_free(license) && !only_measures(license), "{license}");
        }
    }
}
