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
    /// Parts of songs whose sum is the song; no track of it is a master on its own.
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
    /// Mono, quiet, unbalanced or narrow-band, slightly.
    C,
    /// The same, strongly.
    D,
    /// Half of a song (a stem).
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
    /// Licences of the listed tracks, as the package's copyright file names them.
    pub licences: Vec<String>,
    /// Attribution of the music, short; the package's copyright file has it in full.
    pub artist: String,
    /// Album group: packages with artists or music in common have the same one.
    pub group: String,
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
    /// Tracks of this package, by tier, in the file's order.
    pub fn tracks(&self) -> impl Iterator<Item = Track<'_>> {
        self.tracks.iter().flat_map(move |(&tier, paths)| {
            paths.iter().map(move |path| Track {
                package: self,
                tier,
                path,
            })
        })
    }

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
    /// Licence of its music.
    pub licence: String,
    /// Why it is not used.
    pub reason: String,
}

/// One track, with the package that it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Track<'a> {
    /// The package, with licence, artist, group and split.
    pub package: &'a Package,
    /// How finished the track is.
    pub tier: Tier,
    /// Path in the package.
    pub path: &'a str,
}

impl Track<'_> {
    /// Where the track's audio lies in a cache folder that [`crate::fetch::fetch`] filled: the
    /// fetched file itself, or the render of a mix.
    pub fn file(&self, cache_dir: &Path) -> PathBuf {
        match self.package.role {
            Role::UnmasteredMix => self.render(cache_dir, true),
            _ => self.source(cache_dir),
        }
    }

    /// Where the fetched file lies in a cache folder.
    pub fn source(&self, cache_dir: &Path) -> PathBuf {
        self.package.folder(cache_dir).join(self.path)
    }

    /// Where a render of the track belongs, beside its source: with all effects, or with those
    /// of the master channel switched off.
    pub fn render(&self, cache_dir: &Path, master_effects: bool) -> PathBuf {
        let ending = if master_effects {
            ".flac"
        } else {
            ".no-master-effects.flac"
        };
        let mut name = self.source(cache_dir).into_os_string();
        name.push(ending);
        name.into()
    }
}
