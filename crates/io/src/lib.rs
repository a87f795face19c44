//! Acetate's files: decode, write, tags.
//!
//! In the flow *decode → analyze → predict → render → verify → deliver* this crate holds the two
//! ends. [`open`] gives a [`Decoder`], a re-readable `Source` of planar `f32` frames (full scale
//! ±1.0); [`StagedFile`] is the `Sink` that becomes the output; [`Spill`] parks a signal on disk
//! between two passes; [`Tags`] go from one end to the other; [`AnalysisCache`] keeps what was
//! measured of a file.
//!
//! Read: WAV (also from a pipe), RF64 and BW64, AIFF, CAF, FLAC, MP3, Ogg Vorbis, AAC-LC and ALAC
//! in M4A; mono or stereo, 8 to 192 kHz. Encoder delay and padding are taken off where the file
//! states them. Written: WAV or RF64 with 16, 24 or 32-bit float samples, FLAC with 16 or 24.
//!
//! Not its job: to change a sample. There is no resampling, no dither and no gain here; samples
//! that are not finite are passed on.
//!
//! Whatever else the installed ffmpeg decodes, and more than two channels, [`open`] has decoded by it:
//! [`MediaInfo`] then says so, and strict reading refuses it. [`Helper`] runs such programs.
//!
//! Limits: HE-AAC that hides its second half from the header decodes at half its sample rate where
//! ffmpeg is not asked. A sample rate that changes in the middle is refused. On other
//! systems than Unix, files are reached by their paths and no space is checked: see the module `platform`.
//!
//! # Examples
//! Write a file, read it back before it gets its name, then decode it:
//! ```
//! use acetate_dsp::{Audio, Sink, Source, Spec, read_all, signal};
//! use acetate_io::{Container, OpenOptions, OutputFormat, StageOptions, StagedFile, WordLength, open};
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("tone.wav");
//! let tone = Audio::new(48_000, vec![signal::sine(48_000, 440.0, 0.5, 4_800)])?;
//!
//! let format = OutputFormat::new(Container::Wav, WordLength::Float32)?;
//! let spec = Spec { sample_rate_hz: 48_000, channels: 1 };
//! let mut staged = StagedFile::create(&path, spec, &StageOptions::new(format))?;
//! staged.write(&tone)?;
//! staged.finish()?;
//! assert_eq!(read_all(&mut staged.reread()?)?, tone);
//! assert!(!path.exists());
//! staged.commit(false)?;
//!
//! let decoder = open(&path, &OpenOptions::default())?;
//! assert_eq!(decoder.frames_hint(), Some(4_800));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! What cannot be written is refused before any work:
//! ```
//! use acetate_io::{Container, OutputFormat, StagedFile, WordLength, WriteError};
//!
//! let float = OutputFormat::new(Container::Flac, WordLength::Float32);
//! assert!(matches!(float, Err(WriteError::FlacFloat)));
//! assert!(StagedFile::check("no/such/folder/master.wav", false).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(unreachable_pub)]

mod cache;
mod disk;
mod error;
mod guard;
mod helper;
mod info;
mod platform;
mod read;
mod tags;
mod write;

pub use acetate_dsp::process::dither::WordLength;
pub use cache::{AnalysisCache, CacheKey};
pub use disk::hash::{content_hash, text_hash};
pub use disk::manifest;
pub use disk::pairs_list;
pub use disk::paths::{Identity, check_name, resolved, same_file};
pub use disk::regular::{
    ReadError, create_fresh, open_regular, open_shared, read_bounded, read_open, read_text,
};
pub use disk::seal::Seal;
pub use disk::sha256::{sha256_bytes, sha256_of, sha256_of_file, sum_line};
pub use disk::spill::Spill;
pub use disk::temporary::{remove_all_temporary_files, remove_stale_temporary_files};
pub use disk::user::{user_cache_dir, user_config_dir};
pub use disk::walk::{Depth, MasterFile, WalkError, has_sound_name, is_own_master, masters_in};
pub use error::{DecodeError, MAX_DURATION_S, MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ, WriteError};
pub use guard::silence_caught_panics;
pub use helper::{Helper, HelperError, Patience, installed_ffmpeg};
pub use info::{DecodeWarning, Foreign, MediaInfo};
pub use platform::{FileId, end_all_helpers};
pub use read::decoder::{Decoder, OpenOptions, open, open_without_helpers};
pub use tags::{MAX_CARRIED_BYTES, Outcome, TagWarning, Tags};
pub use write::broadcast::{Broadcast, history_line};
pub use write::folder::{Earlier, StagedFolder};
pub use write::format::{Container, OutputFormat};
pub use write::small::{StagedBytes, deliver_file, deliver_text, write_bytes, write_text};
pub use write::spool::SpooledInput;
pub use write::staged::{StageOptions, StagedFile};
pub use write::wav::RF64_ABOVE_BYTES;
