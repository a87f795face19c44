//! The programs that turn a module or a project into audio.

/// Which program renders a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Renderer {
    /// `openmpt123` (libopenmpt): tracker modules.
    OpenMpt,
    /// `lmms`: LMMS projects.
    Lmms,
}

/// Tracker formats that are rendered: Impulse Tracker, ProTracker, Scream Tracker 3, FastTracker 2.
const MODULES: [&str; 4] = ["it", "mod", "s3m", "xm"];
/// LMMS projects: XML, plain or compressed.
const PROJECTS: [&str; 2] = ["mmp", "mmpz"];

impl Renderer {
    /// The renderer of a file by the ending of its name, upper or lower case.
    pub fn of(path: &str) -> Option<Self> {
        let (_, ending) = path.rsplit_once('.')?;
        let ending = ending.to_ascii_lowercase();
        if MODULES.contains(&ending.as_str()) {
            Some(Self::OpenMpt)
        } else if PROJECTS.contains(&ending.as_str()) {
            Some(Self::Lmms)
        } else {
            None
        }
    }

    /// Name of the program.
    pub fn program(self) -> &'static str {
        match self {
            Self::OpenMpt => "openmpt123",
            Self::Lmms => "lmms",
        }
    }

    /// The Debian package that installs it.
    pub fn debian_package(self) -> &'static str {
        match self {
            Self::OpenMpt => "openmpt123",
            Self::Lmms => "lmms",
        }
    }
}
