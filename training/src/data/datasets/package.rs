//! What the file says of a package: roles, tiers, tracks and what was left out.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Split;

/// What the tracks of a package are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum Role {
    /// Released stereo (or mono) music, as finished as its author left it.
    #[serde(rename = "finished master")]
    FinishedMaster,
    /// Parts of songs; no track of it is a master on its own.
    #[serde(rename = "stems")]
    Stems,
    /// Music as it was before any mastering: tracker modules and projects that are rendered.
    #[serde(rename = "unmastered mix")]
    UnmasteredMix,
    /// Only listed to be an end of a [`Pair`](super::Pair).
    #[serde(rename = "pair")]
    Pair,
}

impl Role {
    /// The tier of all tracks of this role where it has one of its own.
    pub(super) fn own_tier(self) -> Option<Tier> {
        match self {
            Self::FinishedMaster => None,
            Self::Stems => Some(Tier::S),
            Self::UnmasteredMix => Some(Tier::M),
            Self::Pair => Some(Tier::P),
        }
    }

    /// Whether a track of this role may be of a tier.
    pub(super) fn takes(self, tier: Tier) -> bool {
        match self.own_tier() {
            Some(own) => tier == own,
            None => tier < Tier::S,
        }
    }

    /// The folder of a cache that holds packages of this role. A package may have one entry in
    /// each folder.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::FinishedMaster | Self::Stems => "audio",
            Self::UnmasteredMix => "mixes",
            Self::Pair => "pairs",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::FinishedMaster => "finished master",
            Self::Stems => "stems",
            Self::UnmasteredMix => "unmastered mix",
            Self::Pair => "pair",
        })
    }
}

/// How finished a track is, from measurements only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum Tier {
    /// Loud finished master: stereo, at least -16 LUFS, PLR at most 14.5 dB, cut-off from 15 kHz.
    A,
    /// Finished, but more dynamic or quieter than A.
    B,
    /// Mono, quiet, unbalanced or narrow-band, slightly; or too short for a song.
    C,
    /// The same, strongly.
    D,
    /// Part of a song (a stem).
    S,
    /// Unmastered mix: a module or project that has to be rendered.
    M,
    /// End of a pair, not measured for a tier.
    P,
}

/// A path, or a folder where it ends in `/`, that is deliberately not used.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// Path in the package; a trailing `/` means all below it that is not listed as a track.
    pub path: String,
    /// Why it is not used.
    pub reason: String,
}

/// One source package with the music in it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Name in the Debian archive; a package with mixes may have two entries, one for each role.
    pub name: String,
    /// Version that was measured and that `sha256` belongs to.
    pub version: String,
    /// Debian architecture that `sha256` belongs to (`all` for most).
    pub architecture: String,
    /// Checksum of the package file, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Size of the package file, in bytes.
    pub size_bytes: u64,
    /// Size of the zip archives in the package that hold listed tracks, in bytes.
    #[serde(default)]
    pub archive_bytes: u64,
    /// Size of the listed tracks, in bytes.
    pub audio_bytes: u64,
    /// Size of the renders of the listed tracks as measured, in bytes.
    #[serde(default)]
    pub render_bytes: u64,
    /// Licenses of the listed tracks, as the package's copyright file names them.
    #[serde(alias = "licences")]
    pub licenses: Vec<String>,
    /// Attribution of the music, short; the package's copyright file has it in full.
    pub artist: String,
    /// Album group: packages with artists or music in common have the same one.
    pub group: String,
    /// Kind of music of most of the tracks, guessed from titles.
    #[serde(default)]
    pub genre: Option<String>,
    /// Whether somebody sings in all of the tracks, or in none; absent where that is not known.
    #[serde(default)]
    pub has_vocals: Option<bool>,
    /// What the tracks are.
    pub role: Role,
    /// The split of all of its tracks.
    pub split: Split,
    /// The only paths to learn from, by tier; `!/` separates a zip archive from its member.
    pub tracks: BTreeMap<Tier, Vec<String>>,
    /// What is in the package and deliberately not used.
    #[serde(default)]
    pub exclude: Vec<Exclusion>,
}

impl Package {
    /// The package's folder in a cache folder, and in it the files that were fetched.
    pub fn folder(&self, cache_dir: &Path) -> PathBuf {
        cache_dir.join(self.role.folder()).join(&self.name)
    }

    /// Number of listed tracks.
    pub fn track_count(&self) -> usize {
        self.tracks.values().map(Vec::len).sum()
    }
}

/// A package that holds music and that is not used at all.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Name in the Debian archive.
    pub name: String,
    /// Version that was looked at.
    pub version: String,
    /// License of its music.
    #[serde(alias = "licence")]
    pub license: String,
    /// Why it is not used.
    pub reason: String,
}
