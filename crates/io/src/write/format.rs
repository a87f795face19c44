//! [`OutputFormat`]: the containers and word lengths that are written.

use std::path::Path;

use acetate_dsp::process::dither::WordLength;

use crate::WriteError;

/// A container that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// RIFF WAVE, or RF64 where the audio needs more than its 32-bit sizes.
    Wav,
    /// FLAC.
    Flac,
}

impl Container {
    /// The ending of a name that stands for it, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Flac => "flac",
        }
    }

    /// The container that the ending of a name stands for (`wav`, `wave`, `flac`, any case),
    /// without the dot.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension.to_lowercase().as_str() {
            "wav" | "wave" => Some(Self::Wav),
            "flac" => Some(Self::Flac),
            _ => None,
        }
    }
}

/// Container and word length of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputFormat {
    container: Container,
    word_length: WordLength,
}

impl OutputFormat {
    /// A container with a word length.
    ///
    /// # Errors
    /// [`WriteError::FlacFloat`]: FLAC holds integers only.
    pub fn new(container: Container, word_length: WordLength) -> Result<Self, WriteError> {
        if container == Container::Flac && word_length == WordLength::Float32 {
            return Err(WriteError::FlacFloat);
        }
        Ok(Self {
            container,
            word_length,
        })
    }

    /// The container that the name's ending stands for (`.wav`, `.wave`, `.flac`, any case), with a
    /// word length.
    ///
    /// # Errors
    /// [`WriteError::Extension`] for any other ending, [`WriteError::FlacFloat`] as
    /// [`OutputFormat::new`].
    pub fn from_extension(
        path: impl AsRef<Path>,
        word_length: WordLength,
    ) -> Result<Self, WriteError> {
        let path = path.as_ref();
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        let container = extension.as_deref().and_then(Container::from_extension);
        let container = container.ok_or_else(|| WriteError::Extension {
            path: path.to_owned(),
            found: extension.map_or("none".to_owned(), |found| format!(".{found}")),
        })?;
        Self::new(container, word_length)
    }

    /// The container.
    pub fn container(self) -> Container {
        self.container
    }

    /// The word length.
    pub fn word_length(self) -> WordLength {
        self.word_length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_chooses_the_container() {
        let wav = OutputFormat::from_extension("a/b.WAV", WordLength::Float32).unwrap();
        assert_eq!(wav.container(), Container::Wav);
        let flac = OutputFormat::from_extension("b.flac", WordLength::Bits24).unwrap();
        assert_eq!(flac.container(), Container::Flac);
    }

    #[test]
    fn what_cannot_be_written_is_said() {
        let error = OutputFormat::from_extension("b.mp3", WordLength::Bits16).unwrap_err();
        assert_eq!(
            error.to_string(),
            "b.mp3: expected a name that ends in .wav or .flac, found .mp3"
        );
        assert!(OutputFormat::from_extension("b", WordLength::Bits16).is_err());
        let float = OutputFormat::from_extension("b.flac", WordLength::Float32);
        assert!(matches!(float, Err(WriteError::FlacFloat)));
    }
}
