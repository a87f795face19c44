//! One track, wherever it comes from.

use std::path::{Path, PathBuf};

use super::{Package, Repository, RepositoryTrack, Role, Split, Tier};

/// Where a track comes from.
#[derive(Debug, Clone, Copy)]
pub enum Origin<'a> {
    /// A package of Debian.
    Package(&'a Package),
    /// A git repository, and what its entry says of the track.
    Repository(&'a Repository, &'a RepositoryTrack),
}

/// One track, with what it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Track<'a> {
    /// The package or repository.
    pub origin: Origin<'a>,
    /// How finished the track is.
    pub tier: Tier,
    /// Path in the package or repository.
    pub path: &'a str,
}

impl<'a> Track<'a> {
    /// The Debian package, where it comes from one.
    pub fn package(&self) -> Option<&'a Package> {
        match self.origin {
            Origin::Package(package) => Some(package),
            Origin::Repository(..) => None,
        }
    }

    /// Name of the package or repository.
    pub fn source_name(&self) -> &'a str {
        match self.origin {
            Origin::Package(package) => &package.name,
            Origin::Repository(repository, _) => &repository.name,
        }
    }

    /// What the track is.
    pub fn role(&self) -> Role {
        match self.origin {
            Origin::Package(package) => package.role,
            Origin::Repository(repository, _) => repository.role,
        }
    }

    /// The only use that may be made of it.
    pub fn split(&self) -> Split {
        match self.origin {
            Origin::Package(package) => package.split,
            Origin::Repository(repository, _) => repository.split,
        }
    }

    /// Album group: tracks of one group are never split.
    pub fn group(&self) -> &'a str {
        match self.origin {
            Origin::Package(package) => &package.group,
            Origin::Repository(_, track) => &track.group,
        }
    }

    /// Who made it: the track's artist, or what its package says of all of its tracks.
    pub fn artist(&self) -> &'a str {
        match self.origin {
            Origin::Package(package) => &package.artist,
            Origin::Repository(_, track) => &track.artist,
        }
    }

    /// Title, where it is known.
    pub fn title(&self) -> Option<&'a str> {
        match self.origin {
            Origin::Package(_) => None,
            Origin::Repository(_, track) => track.title.as_deref(),
        }
    }

    /// Kind of music, guessed from titles and tags, where there is a guess: lower case, several
    /// separated by `/`.
    pub fn genre(&self) -> Option<&'a str> {
        match self.origin {
            Origin::Package(package) => package.genre.as_deref(),
            Origin::Repository(_, track) => track.genre.as_deref(),
        }
    }

    /// Whether somebody sings or raps in it; `None` where that is not known.
    pub fn vocals(&self) -> Option<bool> {
        match self.origin {
            Origin::Package(package) => package.has_vocals,
            Origin::Repository(_, track) => track.has_vocals,
        }
    }

    /// Where the track's audio lies in a cache folder that [`crate::fetch::fetch`] filled: the
    /// fetched file itself, or the render of a mix.
    pub fn file(&self, cache_dir: &Path) -> PathBuf {
        match self.role() {
            Role::UnmasteredMix => self.render(cache_dir, true),
            _ => self.source(cache_dir),
        }
    }

    /// Where the fetched file lies in a cache folder.
    pub fn source(&self, cache_dir: &Path) -> PathBuf {
        let folder = match self.origin {
            Origin::Package(package) => package.folder(cache_dir),
            Origin::Repository(repository, _) => repository.folder(cache_dir),
        };
        folder.join(self.path)
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

impl Package {
    /// Tracks of this package, by tier, in the file's order.
    pub fn tracks(&self) -> impl Iterator<Item = Track<'_>> {
        self.tracks.iter().flat_map(move |(&tier, paths)| {
            paths.iter().map(move |path| Track {
                origin: Origin::Package(self),
                tier,
                path,
            })
        })
    }
}

impl Repository {
    /// Tracks of this entry, in the file's order.
    pub fn tracks(&self) -> impl Iterator<Item = Track<'_>> {
        self.tracks.iter().map(move |track| Track {
            origin: Origin::Repository(self, track),
            tier: track.tier,
            path: &track.path,
        })
    }
}
