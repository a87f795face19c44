//! [`CheckName`]: what a master is checked for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Makes the enum and its text from one list of spellings.
macro_rules! check_names {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a check is about. Its text, as in reports and certificates, is stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum CheckName {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl CheckName {
            /// Its text.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

check_names! {
    /// Every meter's integrated loudness against the target.
    IntegratedLoudness = "integrated loudness",
    /// The worst meter's true peak against the ceiling.
    TruePeak = "true peak",
    /// Samples that are not finite: there must be none.
    NonFiniteSamples = "samples that are not numbers",
    /// The highest true peak after lossy encoding and decoding.
    DecodedTruePeak = "true peak after decoding",
    /// How much of the input could not be decoded and is silence.
    ReplacedSound = "sound replaced by silence",
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
