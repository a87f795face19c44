//! [`FindingCode`]: the stable names of findings.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Makes the enum and everything that is read from its one list of spellings.
macro_rules! finding_codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a finding is about. Its text, as in reports, certificates and the corpus, is stable.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[non_exhaustive]
        pub enum FindingCode {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl FindingCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its text.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

finding_codes! {
    /// Samples that are no numbers.
    NotANumber = "not-a-number",
    /// Peaks cut off.
    Clipping = "clipping",
    /// Isolated jumps.
    Clicks = "clicks",
    /// A bump or click far above everything else.
    LoneTransient = "lone-transient",
    /// Sudden silence within the music.
    Dropout = "dropout",
    /// The reader went past damage of the file.
    Damaged = "damaged",
    /// Another program decoded the file.
    DecodedElsewhere = "decoded-elsewhere",
    /// Lossy encoding before.
    LossySource = "lossy-source",
    /// The start is cut.
    StartCut = "start-cut",
    /// The end is cut.
    TailCut = "tail-cut",
    /// Long silence at an edge.
    EdgeSilence = "edge-silence",
    /// No headroom.
    TooHot = "too-hot",
    /// A very low level.
    TooQuiet = "too-quiet",
    /// Peaks between the samples.
    InterSample = "inter-sample",
    /// Hum of the mains.
    Hum = "hum",
    /// Noise in quiet passages.
    NoiseFloor = "noise-floor",
    /// A constant offset.
    DcOffset = "dc-offset",
    /// A silent or very weak channel.
    DeadChannel = "dead-channel",
    /// One side is louder.
    Imbalance = "imbalance",
    /// One channel is late.
    ChannelDelay = "channel-delay",
    /// The channels cancel each other in mono.
    AntiPhase = "anti-phase",
    /// A band that is lost in mono.
    MonoBand = "mono-band",
    /// A wide low end.
    WideBass = "wide-bass",
    /// Two equal channels.
    Mono = "mono",
    /// Too much low end.
    Boomy = "boomy",
    /// Too little low end.
    Thin = "thin",
    /// Too much low-mid.
    Muddy = "muddy",
    /// Too much upper-mid.
    Harsh = "harsh",
    /// Too little high end.
    Dull = "dull",
    /// Too much high end.
    Fizzy = "fizzy",
    /// Sharp consonants.
    Sibilance = "sibilance",
    /// Limited before.
    Limited = "limited",
    /// Too little dynamics.
    Flat = "flat",
    /// Too wide a range of levels.
    TooDynamic = "too-dynamic",
    /// A section that falls out of the rest.
    Section = "section",
    /// The rest covers the lead.
    BuriedLead = "buried-lead",
    /// The lead stands out of the rest.
    LoudLead = "loud-lead",
}

impl FindingCode {
    /// The code with this text.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
