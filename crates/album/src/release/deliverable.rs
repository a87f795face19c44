//! What is made of an album, by name.

use acetate_master::presets::{self, Preset};

use crate::error::AlbumError;

/// What is made of an album.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Deliverable {
    /// WAV of 24 bits at the masters' rate.
    Hires,
    /// One WAV of 16 bits at 44.1 kHz with its CUE sheet, and a WAV for each track.
    Cd,
    /// The same sound as a DDP 2.00 fileset.
    Ddp,
    /// FLAC of 24 bits with every tag.
    Streaming,
    /// MP3 and AAC for listening.
    Preview,
    /// WAV of 24 bits at 48 kHz.
    Video,
    /// One WAV for each side with its sheet.
    Vinyl,
    /// FLAC of 24 bits as a platform wants it.
    Platform(&'static Preset),
}

/// The names that are no platform's, with what each is.
pub const DELIVERABLES: [(&str, &str); 7] = [
    ("hires", "WAV of 24 bits at the mixes' rate"),
    (
        "cd",
        "16 bits at 44.1 kHz: one WAV with its CUE sheet, and each track",
    ),
    (
        "ddp",
        "the CD as a DDP 2.00 fileset, not verified by a plant's tool",
    ),
    ("streaming", "FLAC of 24 bits with every tag"),
    ("preview", "MP3 and AAC by the installed ffmpeg"),
    ("video", "WAV of 24 bits at 48 kHz"),
    ("vinyl", "one WAV for each side, at most 3 dB of limiting"),
];
/// Platforms that have a folder of their own.
const PLATFORMS: [&str; 6] = ["spotify", "apple", "youtube", "tidal", "amazon", "deezer"];

impl Deliverable {
    /// Finds one by its name.
    ///
    /// # Errors
    /// [`AlbumError::Plan`] with the list of names.
    pub fn find(name: &str) -> Result<Self, AlbumError> {
        let lower = name.trim().to_ascii_lowercase();
        match lower.as_str() {
            "hires" => return Ok(Self::Hires),
            "cd" => return Ok(Self::Cd),
            "ddp" => return Ok(Self::Ddp),
            "streaming" => return Ok(Self::Streaming),
            "preview" => return Ok(Self::Preview),
            "video" => return Ok(Self::Video),
            "vinyl" => return Ok(Self::Vinyl),
            _ => {}
        }
        let platform = PLATFORMS.contains(&lower.as_str());
        if let (true, Some(preset)) = (platform, presets::find(&lower)) {
            return Ok(Self::Platform(preset));
        }
        let own = DELIVERABLES.iter().map(|(name, _)| *name);
        let names: Vec<&str> = own.chain(PLATFORMS).collect();
        Err(AlbumError::plan(
            "deliver",
            format!("one of {}", names.join(", ")),
            format!("\"{name}\""),
            "",
        ))
    }

    /// Name of it and of its folder.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hires => "hires",
            Self::Cd => "cd",
            Self::Ddp => "ddp",
            Self::Streaming => "streaming",
            Self::Preview => "preview",
            Self::Video => "video",
            Self::Vinyl => "vinyl",
            Self::Platform(preset) => preset.name,
        }
    }
}
