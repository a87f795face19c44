//! [`ToneGenre`]: the kind of music that a tone was judged as, and what a person is told of it.

use schemars::JsonSchema;
use serde::Serialize;

use super::names::Genre;
use super::narrow::probabilities;

/// A guess is worth a word from this probability on.
const TOLD_PROBABILITY: f64 = 0.8;

/// The kind of music that a tone was judged as.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ToneGenre {
    /// Its name.
    pub name: String,
    /// A person named it: its records narrow what the tone may be. A guess moves nothing.
    pub given: bool,
    /// Probability among pop, jazz and classical, by the tone alone; 1 where it was named.
    pub probability: f64,
    /// Number of released records behind it.
    pub records: usize,
    /// Those records are of pop, since there are none of this genre; they count less.
    pub is_thin: bool,
}

impl ToneGenre {
    /// What a program whose bands are `mid_db` is judged as: what was named, else what its tone is most like.
    pub(crate) fn of(given: Option<Genre>, mid_db: &[f32]) -> Option<Self> {
        match given {
            Some(genre) => Some(Self {
                name: genre.name().to_owned(),
                given: true,
                probability: 1.0,
                records: genre.records().count,
                is_thin: genre.is_stand_in(),
            }),
            None => probabilities(mid_db)
                .into_iter()
                .max_by(|a, b| a.1.total_cmp(&b.1))
                .map(|(records, probability)| Self {
                    name: records.name.to_owned(),
                    given: false,
                    probability,
                    records: records.count,
                    is_thin: false,
                }),
        }
    }

    /// What a person should know of it, if anything.
    pub(crate) fn note(&self) -> Option<String> {
        let Self { name, records, .. } = self;
        if self.is_thin {
            Some(format!(
                "judged the tone as {name}: no released records of it are known here, so {records} of pop stand in and \
                 count less"
            ))
        } else if self.given {
            Some(format!(
                "judged the tone as {name}, beside {records} released records of it"
            ))
        } else {
            (self.probability >= TOLD_PROBABILITY).then(|| {
                format!(
                    "the tone is most like that of {name} ({:.0} %): --genre {name} would let released records of it \
                     count; none was named, so none do",
                    100.0 * self.probability
                )
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thin_genre_is_said_to_be_thin_and_counts_less() {
        let [pop, metal] = ["pop", "metal"].map(|name| name.parse::<Genre>().unwrap());
        assert!(metal.deviation_db() > pop.deviation_db());
        let note = |genre| ToneGenre::of(Some(genre), &[-20.0; 27]).unwrap().note();
        assert!(note(metal).unwrap().contains("no released records"));
        assert!(note(pop).unwrap().contains("138 released records"));
    }
}
