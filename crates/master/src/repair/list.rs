//! [`RepairList`]: which faults are to be repaired.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// How far a kind of fault is to be repaired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// As without a list.
    #[default]
    Default,
    /// Where it is certain.
    Certain,
    /// All that is found.
    All,
}

/// Which faults are to be repaired. Parses from a list with commas: `clicks,hum,dc,clipping,silence`, or `auto` for
/// clicks, hum, offsets and clipping where they are certain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RepairList {
    /// Clicks.
    pub clicks: Extent,
    /// Hum of the mains.
    pub hum: Extent,
    /// An offset of the zero line.
    pub dc: Extent,
    /// Flat tops.
    pub clipping: Extent,
    /// Edges that are cut off: a fade out of and into silence.
    pub silence: Extent,
}

impl RepairList {
    /// Only what is certain.
    pub const AUTO: Self = Self {
        clicks: Extent::Certain,
        hum: Extent::Certain,
        dc: Extent::Certain,
        clipping: Extent::Certain,
        silence: Extent::Default,
    };

    /// Whether nothing was asked for.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A name that is no kind of fault.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("expected faults out of clicks, hum, dc, clipping, silence, or auto, got \"{got}\"")]
pub struct UnknownFault {
    /// The name found.
    pub got: String,
}

impl FromStr for RepairList {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let mut list = Self::default();
        let names = text.split(',').map(str::trim);
        for name in names.filter(|name| !name.is_empty()) {
            let kind = match name {
                "auto" => {
                    for (kind, auto) in [
                        (&mut list.clicks, Self::AUTO.clicks),
                        (&mut list.hum, Self::AUTO.hum),
                        (&mut list.dc, Self::AUTO.dc),
                        (&mut list.clipping, Self::AUTO.clipping),
                    ] {
                        *kind = auto.max(*kind);
                    }
                    continue;
                }
                "clicks" => &mut list.clicks,
                "hum" => &mut list.hum,
                "dc" => &mut list.dc,
                "clipping" => &mut list.clipping,
                "silence" => &mut list.silence,
                other => {
                    return Err(UnknownFault {
                        got: other.to_owned(),
                    });
                }
            };
            *kind = Extent::All;
        }
        if list.is_default() {
            return Err(UnknownFault {
                got: text.to_owned(),
            });
        }
        Ok(list)
    }
}

impl fmt::Display for RepairList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            ("clicks", self.clicks),
            ("hum", self.hum),
            ("dc", self.dc),
            ("clipping", self.clipping),
            ("silence", self.silence),
        ];
        let is_auto = kinds.iter().any(|(_, extent)| *extent == Extent::Certain);
        let all = kinds.iter().filter(|(_, extent)| *extent == Extent::All);
        let names = is_auto.then_some("auto").into_iter();
        let names: Vec<&str> = names.chain(all.map(|(name, _)| *name)).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_faults_and_auto_those_that_are_certain() {
        let list: RepairList = "auto, clipping".parse().unwrap();
        assert_eq!(list.clipping, Extent::All);
        assert_eq!(
            (list.clicks, list.silence),
            (Extent::Certain, Extent::Default)
        );
        assert_eq!(list.to_string(), "auto,clipping");
        let error = "clicks,pops".parse::<RepairList>().unwrap_err();
        assert!(error.to_string().ends_with("got \"pops\""), "{error}");
        assert!("".parse::<RepairList>().is_err());
    }
}
