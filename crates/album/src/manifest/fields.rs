//! [`Manifest`]: `album.toml`, what a person says of a release. Everything but the files may be left out.

use std::path::{Path, PathBuf};

use acetate_dsp::settings::EqPhase;
use acetate_master::settings_file;
use serde::{Deserialize, Serialize};

use crate::codes::{Barcode, Isrc};
use crate::error::AlbumError;

/// The name of the file in its folder.
pub const MANIFEST_NAME: &str = "album.toml";
/// A manifest has a few lines for each song; more than this is none, bytes.
const MAX_MANIFEST_BYTES: u64 = 4 << 20;

/// How the songs' levels stand to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Balance {
    /// The loudest song at the target, the others beside it as their dynamics and their mixes say.
    #[default]
    Album,
    /// Each song at the target.
    Track,
    /// The differences of the mixes stay; the loudest song at the target.
    AsMixed,
}

impl std::fmt::Display for Balance {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Album => "album",
            Self::Track => "track",
            Self::AsMixed => "as-mixed",
        })
    }
}

/// The course of a fade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FadeCurve {
    /// Quarter of a sine: the power of two unlike signals stays constant over a crossfade.
    #[default]
    EqualPower,
    /// Straight in amplitude: for a crossfade between like signals.
    Linear,
    /// Half of a cosine: soft at both ends.
    Cosine,
    /// Straight in decibels over 60 dB: as a fader that is pulled evenly.
    Logarithmic,
}

/// What may be said of all songs or of one: as the options of `acetate master` of the same name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Treatment {
    /// How much of the whole treatment, percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<f64>,
    /// How much of the EQ, percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eq_amount: Option<f64>,
    /// How much of the compressor, percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compressor_amount: Option<f64>,
    /// How much of the de-esser, percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deesser_amount: Option<f64>,
    /// How much of the saturation, percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saturation_amount: Option<f64>,
    /// How much of the change of width, percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stereo_amount: Option<f64>,
    /// How far the album may pull the song toward the common sound, percent of what it would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub album_amount: Option<f64>,
    /// Stages to leave out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bypass: Vec<String>,
    /// Phase of the EQ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eq_phase: Option<EqPhase>,
    /// Clicks and bumps that stand alone are repaired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<bool>,
    /// Most gain reduction of the limiter, dB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_limiting_db: Option<f64>,
    /// Settings of `acetate master --save-settings` to render instead of the program's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<PathBuf>,
}

/// The release.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlbumFields {
    /// Title.
    pub title: String,
    /// Artist of the whole.
    pub artist: String,
    /// UPC or EAN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upc: Option<Barcode>,
    /// Release date: a year, a month or a day, as 2026-11-29.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Genre.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub genre: Option<String>,
    /// Label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The label's own number of the release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog_number: Option<String>,
    /// Line of copyright.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copyright: Option<String>,
    /// Number of this disc.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disc: Option<u32>,
    /// Number of discs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disc_total: Option<u32>,
    /// Picture of the front, JPEG or PNG.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cover: Option<PathBuf>,
    /// Named target, as `acetate master --target` has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Loudness of the loudest song (balance `album` and `as-mixed`) or of each (`track`), LUFS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lufs: Option<f64>,
    /// Highest true peak, dBTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ceiling_dbtp: Option<f64>,
    /// How the levels stand to each other.
    pub balance: Balance,
    /// Sample rate of the masters, Hz; each song's own where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rate_hz: Option<u32>,
    /// Mono songs become stereo files, both channels alike.
    pub mono_to_stereo: bool,
    /// For all songs that do not say it themselves.
    #[serde(skip_serializing_if = "is_default")]
    pub master: Treatment,
}

/// A song.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrackFields {
    /// The mix, from the folder of the manifest.
    pub file: PathBuf,
    /// Title.
    pub title: String,
    /// Artist, where it is not the album's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artist: Option<String>,
    /// Code of the recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isrc: Option<Isrc>,
    /// Pause before it, seconds; where it is left out, a pause that sounds like two seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_s: Option<f64>,
    /// It goes on where the song before ends: one piece in two files.
    #[serde(skip_serializing_if = "is_false")]
    pub join: bool,
    /// It begins this long before the song before has ended, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crossfade_s: Option<f64>,
    /// Course of that crossfade.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crossfade_curve: Option<FadeCurve>,
    /// Fade at the start, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fade_in_s: Option<f64>,
    /// Its course.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fade_in_curve: Option<FadeCurve>,
    /// Fade at the end, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fade_out_s: Option<f64>,
    /// Its course.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fade_out_curve: Option<FadeCurve>,
    /// So much of the start of the file is left out, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_s: Option<f64>,
    /// Side of the record, for vinyl.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<String>,
    /// Louder or softer than the album would have it, LU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset_lu: Option<f64>,
    /// Its own treatment.
    #[serde(skip_serializing_if = "is_default")]
    pub master: Treatment,
}

/// What is made of the masters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeliverFields {
    /// Names of deliverables, as `--deliver` takes them.
    pub formats: Vec<String>,
}

/// `album.toml`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The release.
    #[serde(default)]
    pub album: AlbumFields,
    /// What is made of it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deliver: DeliverFields,
    /// Its songs, in order.
    #[serde(default, rename = "track")]
    pub tracks: Vec<TrackFields>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

// Serde asks for a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !value
}

impl Manifest {
    /// Reads a manifest from a file.
    ///
    /// # Errors
    /// [`AlbumError::Read`], or [`AlbumError::Manifest`] with the line that does not fit.
    pub fn read(path: &Path) -> Result<Self, AlbumError> {
        let text = acetate_io::read_text(path, MAX_MANIFEST_BYTES)?;
        Self::from_toml(&text, path)
    }

    /// Reads a manifest from its text; `path` is its name in errors.
    ///
    /// # Errors
    /// [`AlbumError::Manifest`] with the line that does not fit.
    pub fn from_toml(text: &str, path: &Path) -> Result<Self, AlbumError> {
        toml::from_str(text).map_err(|error| AlbumError::Manifest {
            path: path.to_owned(),
            found: settings_file::toml_in_words(&error),
        })
    }

    /// The manifest as a text that a person can edit.
    ///
    /// # Errors
    /// [`AlbumError::NoText`] if it has no TOML form.
    pub fn to_toml(&self) -> Result<String, AlbumError> {
        let body = toml::to_string(self).map_err(|error| AlbumError::NoText {
            found: error.to_string(),
        })?;
        Ok(format!("{HEAD}{body}"))
    }
}

/// What a person should know at the top of the file.
const HEAD: &str = "\
# An album for `acetate album`. Order the [[track]] tables as the songs are to follow each other.
# Optional for [album]: upc, date, genre, label, catalog_number, copyright, disc, disc_total, cover, target, lufs,
# ceiling_dbtp, balance (album, track, as-mixed), sample_rate_hz, mono_to_stereo.
# Optional for each [[track]]: artist, isrc, gap_s, join, crossfade_s, crossfade_curve, fade_in_s, fade_in_curve,
# fade_out_s, fade_out_curve (equal-power, linear, cosine, logarithmic), start_s, side, offset_lu.
# Optional for all as [album.master] and for one as [track.master]: amount, eq_amount, compressor_amount, deesser_amount, saturation_amount,
# stereo_amount, album_amount (percent), bypass, eq_phase, repair, max_limiting_db, settings.

";
