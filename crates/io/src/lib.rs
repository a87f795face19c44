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
//! ffmpeg is not asked. A sample rate that changes in the middle is refused. Files are read through
//! handles of a Unix system.

mod aiff;
mod backend;
mod broadcast;
mod cache;
mod caf;
mod chain;
mod choose;
mod decoder;
mod downmix;
mod elementary;
mod error;
mod flac;
mod flac_frame;
mod flac_head;
mod folder;
mod foreign;
mod format;
mod fragments;
mod framing;
mod guard;
mod hash;
mod helper;
mod identity;
mod info;
mod joined;
mod mp4;
mod pass;
mod pcm;
mod place;
mod regular;
mod rf64;
mod seal;
mod sha256;
mod sniff;
mod spill;
mod splice;
mod spool;
mod staged;
mod tags;
mod temporary;
mod trim;
mod user;
mod walk;
mod wav;

pub use acetate_dsp::process::dither::WordLength;
pub use broadcast::Broadcast;
pub use cache::{AnalysisCache, CacheKey};
pub use decoder::{Decoder, OpenOptions, open, open_without_helpers};
pub use error::{DecodeError, MAX_DURATION_S, MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ, WriteError};
pub use folder::{Earlier, StagedFolder};
pub use format::{Container, OutputFormat};
pub use guard::silence_caught_panics;
pub use hash::{content_hash, text_hash};
pub use helper::{Helper, HelperError, Patience, end_all_helpers, installed_ffmpeg};
pub use info::{DecodeWarning, Foreign, MediaInfo};
pub use place::{Identity, check_name, resolved, same_file};
pub use regular::{
    ReadError, create_fresh, open_regular, open_shared, read_bounded, read_open, read_text,
};
pub use seal::Seal;
pub use sha256::{sha256_bytes, sha256_of, sha256_of_file};
pub use spill::Spill;
pub use spool::{SpooledInput, deliver_text, write_bytes, write_text};
pub use staged::{StageOptions, StagedFile};
pub use tags::{MAX_CARRIED_BYTES, Outcome, TagWarning, Tags};
pub use temporary::{remove_all_temporary_files, remove_stale_temporary_files};
pub use user::{user_cache_dir, user_config_dir};
pub use walk::{MasterFile, WalkError, has_sound_name, masters_in};
pub use wav::RF64_ABOVE_BYTES;
