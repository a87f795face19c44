//! [`Disc`]: what sheets tell of.

/// Frames of sound in a frame of a CD (IEC 60908): 75 a second at 44.1 kHz.
pub(crate) const CD_FRAME: u64 = 588;

/// A track of a disc; places in frames of a CD.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DiscTrack {
    pub(crate) number: usize,
    pub(crate) title: String,
    pub(crate) artist: String,
    pub(crate) isrc: Option<String>,
    /// Where the pause before it begins; `None` without one.
    pub(crate) index0: Option<u64>,
    /// Where it begins.
    pub(crate) index1: u64,
    /// Where the next begins, or the disc ends.
    pub(crate) end: u64,
}

/// A disc.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Disc {
    pub(crate) title: String,
    pub(crate) artist: String,
    pub(crate) genre: Option<String>,
    pub(crate) date: Option<String>,
    /// Thirteen digits.
    pub(crate) catalog: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) catalog_number: Option<String>,
    pub(crate) tracks: Vec<DiscTrack>,
}

/// A place as minutes, seconds and frames of a CD.
pub(crate) fn msf(frames: u64) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        frames / 4500,
        frames / 75 % 60,
        frames % 75
    )
}
