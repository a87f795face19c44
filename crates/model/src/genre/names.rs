//! [`Genre`]: a kind of music by its name.

use thiserror::Error;

use super::records::{CLASSICAL, JAZZ, POP, Records};

/// How far records of a genre and one of its songs may be measured apart, dB: bands are not measured alike.
const MEASURE_DEVIATION_DB: f64 = 7.0;
/// The same where records of another genre stand in.
const STAND_IN_DEVIATION_DB: f64 = 9.0;
/// Names at least this like an unknown one are suggested, 0 to 1.
const ALIKE: f64 = 0.8;

/// A genre that is known by name.
#[derive(Debug)]
struct Kind {
    name: &'static str,
    /// Other spellings.
    also: &'static [&'static str],
    records: &'static Records,
    is_stand_in: bool,
}

const fn kind(
    name: &'static str,
    also: &'static [&'static str],
    records: &'static Records,
) -> Kind {
    Kind {
        name,
        also,
        records,
        is_stand_in: false,
    }
}

/// A genre of which there are no records, like those of pop as far as was measured.
const fn like_pop(name: &'static str, also: &'static [&'static str]) -> Kind {
    Kind {
        is_stand_in: true,
        ..kind(name, also, &POP)
    }
}

const KINDS: [Kind; 8] = [
    kind("pop", &["indie-pop"], &POP),
    kind("jazz", &[], &JAZZ),
    kind("classical", &["classic"], &CLASSICAL),
    like_pop("rock", &["indie-rock"]),
    like_pop("metal", &[]),
    like_pop("hip-hop", &["hiphop", "rap"]),
    like_pop("folk", &["singer-songwriter"]),
    like_pop("reggae", &[]),
];

/// A kind of music that a person named.
#[derive(Clone, Copy, Debug)]
pub struct Genre(&'static Kind);

/// A name that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected one of {names}, found \"{got}\"{near}", names = Genre::names().join(", "))]
pub struct GenreError {
    got: String,
    near: String,
}

impl PartialEq for Genre {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl std::str::FromStr for Genre {
    type Err = GenreError;

    fn from_str(text: &str) -> Result<Self, GenreError> {
        let wanted = text.trim().to_lowercase().replace([' ', '_'], "-");
        let known = KINDS
            .iter()
            .find(|kind| kind.name == wanted || kind.also.contains(&wanted.as_str()));
        known.map(Self).ok_or_else(|| GenreError {
            got: text.to_owned(),
            near: near(&wanted),
        })
    }
}

/// The name that was perhaps meant.
fn near(got: &str) -> String {
    let likeness = |name: &str| strsim::jaro_winkler(got, name);
    let nearest = KINDS
        .iter()
        .map(|kind| (likeness(kind.name), kind.name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    nearest.map_or_else(String::new, |(_, name)| {
        format!("; did you mean \"{name}\"?")
    })
}

impl Genre {
    /// Every name, those with records of their own first.
    pub fn names() -> Vec<&'static str> {
        KINDS.iter().map(|kind| kind.name).collect()
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The records that count.
    pub(super) fn records(self) -> &'static Records {
        self.0.records
    }

    /// Those records are of another genre.
    pub(super) fn is_stand_in(self) -> bool {
        self.0.is_stand_in
    }

    /// How far its records and one of its songs may be measured apart, dB.
    pub(super) fn deviation_db(self) -> f64 {
        if self.0.is_stand_in {
            STAND_IN_DEVIATION_DB
        } else {
            MEASURE_DEVIATION_DB
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_people_write_them_and_a_slip_is_answered_with_the_name_that_was_meant() {
        for (text, name) in [
            ("Pop", "pop"),
            ("hip hop", "hip-hop"),
            ("rap", "hip-hop"),
            (" JAZZ ", "jazz"),
        ] {
            assert_eq!(text.parse::<Genre>().unwrap().name(), name);
        }
        let error = |text: &str| text.parse::<Genre>().unwrap_err().to_string();
        assert!(error("clasical").ends_with("did you mean \"classical\"?"));
        let unknown = error("xylophone");
        assert!(
            unknown.starts_with("expected one of pop, jazz, classical,"),
            "{unknown}"
        );
        assert!(!unknown.contains("did you mean"));
    }
}
