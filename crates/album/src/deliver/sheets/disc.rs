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

/// A text as discs have it, without quotation marks, which a CUE sheet has no way to hold.
pub(crate) fn disc_text(text: &str) -> String {
    let one = |character: char| match character {
        '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' => '\'',
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{2013}' | '\u{2014}' => '-',
        character if character.is_control() => ' ',
        character => character,
    };
    text.chars().map(one).collect()
}

/// In Latin-1, as CD-Text has its texts.
pub(crate) fn latin1(text: &str) -> Vec<u8> {
    text.chars()
        .map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?'))
        .collect()
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
