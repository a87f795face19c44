//! [`AlbumReport`]: what was done to an album and what was measured, as `album.json` has it. It is report and
//! certificate in one: `acetate verify FOLDER` measures all of it again.

use acetate_dsp::Analysis;
use acetate_dsp::measure::levels::OutputMeasures;
use acetate_dsp::measure::loudness::LoudnessFigures;
use acetate_master::report::TargetCheck;
use serde::{Deserialize, Deserializer, Serialize};

use crate::decide::{body_lufs, body_of};

/// Version of the report's format.
pub(crate) const ALBUM_SCHEMA: &str = "acetate.album/1";
/// Name of the report in the album's folder.
pub const REPORT_NAME: &str = "album.json";
/// Name of the list of sums in each folder.
pub(crate) const SUMS_NAME: &str = "SHA256SUMS";

/// What was measured of a file. A figure that is not finite is null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// Integrated loudness, LUFS.
    #[serde(deserialize_with = "figure")]
    pub integrated_lufs: f64,
    /// Loudness of the body: the 95th percentile of the short-term loudness, LUFS.
    #[serde(deserialize_with = "figure")]
    pub body_lufs: f64,
    /// True peak, the worst of all meters, dBTP.
    #[serde(deserialize_with = "figure")]
    pub true_peak_dbtp: f64,
    /// Loudness range, LU.
    #[serde(deserialize_with = "figure")]
    pub loudness_range_lu: f64,
    /// Highest short-term loudness, LUFS.
    #[serde(deserialize_with = "figure")]
    pub short_term_max_lufs: f64,
    /// Highest momentary loudness, LUFS.
    #[serde(deserialize_with = "figure")]
    pub momentary_max_lufs: f64,
}

impl Figures {
    /// Of measured samples.
    pub(crate) fn of(measured: &OutputMeasures) -> Self {
        Self {
            integrated_lufs: measured.integrated_lufs,
            body_lufs: body_of(&measured.short_term_lufs, measured.integrated_lufs),
            true_peak_dbtp: measured.true_peak_dbtp,
            loudness_range_lu: measured.loudness_range_lu,
            short_term_max_lufs: measured.short_term_max_lufs,
            momentary_max_lufs: measured.momentary_max_lufs,
        }
    }
}

impl Figures {
    /// Of several programs, one after the other; a step of 10 ms at a border may be short.
    pub(crate) fn of_all(measured: &[OutputMeasures]) -> Self {
        let powers: Vec<f32> = measured
            .iter()
            .flat_map(|one| one.k_power_10ms.iter().copied())
            .collect();
        let figures = LoudnessFigures::from_k_power_10ms(&powers);
        let peaks = measured.iter().map(|one| one.true_peak_dbtp);
        Self {
            integrated_lufs: figures.integrated_lufs,
            body_lufs: body_of(&figures.short_term_lufs, figures.integrated_lufs),
            true_peak_dbtp: peaks.fold(f64::NEG_INFINITY, f64::max),
            loudness_range_lu: figures.loudness_range_lu,
            short_term_max_lufs: figures.short_term_max_lufs,
            momentary_max_lufs: figures.momentary_max_lufs,
        }
    }

    /// Of an analyzed program.
    pub(crate) fn of_analysis(analysis: &Analysis) -> Self {
        Self {
            integrated_lufs: analysis.integrated_lufs,
            body_lufs: body_lufs(analysis),
            true_peak_dbtp: analysis.true_peak_dbtp,
            loudness_range_lu: analysis.loudness_range_lu,
            short_term_max_lufs: analysis.short_term_max_lufs,
            momentary_max_lufs: analysis.momentary_max_lufs,
        }
    }
}

/// Reads null as what it was written for: a figure that does not exist.
fn figure<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NEG_INFINITY))
}

/// What the album asked of a song beyond what it would have got alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeyondAlone {
    /// Louder than a single, LU.
    pub level_lu: f64,
    /// Its mix sets it apart: the level is the mix's.
    pub is_set_apart: bool,
    /// Change of tone, RMS over the bands, dB.
    pub tone_rms_db: f64,
    /// Change of tone at the third octaves from 39 Hz to 16 kHz, dB.
    pub tone_db: Vec<f64>,
    /// Change of the side's gain, dB.
    pub side_db: f64,
}

/// One song.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SongReport {
    /// Number on the album, from 1.
    pub number: usize,
    /// Title.
    pub title: String,
    /// Artist.
    pub artist: String,
    /// Code of the recording.
    pub isrc: Option<String>,
    /// The mix.
    pub input: String,
    /// BLAKE3 of the mix, in hexadecimal.
    pub input_blake3: String,
    /// The master, in the album's folder.
    pub output: String,
    /// Where it begins in the sequence, seconds.
    pub start_s: f64,
    /// Length of its sound, seconds.
    pub sound_s: f64,
    /// Pause behind it, part of its file, seconds.
    pub gap_s: f64,
    /// Integrated loudness of the mix (of the whole piece, if it runs through several), LUFS.
    pub mix_integrated_lufs: f64,
    /// Loudness of the mix's body, LUFS.
    pub mix_body_lufs: f64,
    /// True peak of the mix, dBTP.
    pub mix_true_peak_dbtp: f64,
    /// Third octaves of the mix from 39 Hz to 16 kHz relative to its loudness, dB.
    pub mix_tone_db: Vec<f64>,
    /// The EQ of the master at the same bands, dB.
    pub eq_db: Vec<f64>,
    /// Loudness that was asked for, LUFS.
    pub target_lufs: f64,
    /// What was measured of the master.
    pub after: Figures,
    /// What the album asked of it.
    pub beyond_alone: BeyondAlone,
    /// What was rendered, as the TOML that `acetate master --settings` reads.
    pub settings: String,
    /// Most gain reduction of the limiter, dB.
    pub limiting_db: f64,
    /// Most gain reduction of the compressor, dB.
    pub compression_db: f64,
    /// Why the loudness could not be met honestly.
    pub infeasible: Option<String>,
    /// What was met in the mix that is no sound.
    pub damage: Vec<String>,
    /// What was checked.
    pub checks: Vec<TargetCheck>,
}

/// A file of a deliverable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileReport {
    /// Its name in its folder.
    pub name: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Sample rate, Hz; null for what is no sound.
    pub sample_rate_hz: Option<u32>,
    /// Word length, bits; null for what has none.
    pub bits: Option<u32>,
    /// Length, frames.
    pub frames: Option<u64>,
    /// What was measured.
    pub figures: Option<Figures>,
}

/// Something that a receiver asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demand {
    /// What.
    pub what: String,
    /// What is asked for.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// Met or not.
    pub pass: bool,
}

/// A deliverable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliverableReport {
    /// Its name, which is that of its folder.
    pub name: String,
    /// Its files.
    pub files: Vec<FileReport>,
    /// What its receiver asks for.
    pub demands: Vec<Demand>,
}

impl DeliverableReport {
    /// Whether all demands are met.
    pub fn all_met(&self) -> bool {
        self.demands.iter().all(|demand| demand.pass)
    }
}

/// How far songs lie apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// Standard deviation of the bodies' loudness, LU.
    pub body_lu: f64,
    /// Standard deviation of the third octaves, RMS over the bands, dB.
    pub tone_db: f64,
}

/// An album.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlbumReport {
    /// Format of this report: `acetate.album/1`.
    pub schema: String,
    /// Version of the software.
    pub version: String,
    /// Title.
    pub title: String,
    /// Artist.
    pub artist: String,
    /// UPC or EAN.
    pub upc: Option<String>,
    /// How the levels stand to each other.
    pub balance: crate::manifest::Balance,
    /// Loudness of the loudest song, or of each, LUFS.
    pub target_lufs: f64,
    /// Highest true peak, dBTP.
    pub ceiling_dbtp: f64,
    /// Hash of the weights behind the decisions.
    pub weights_hash: String,
    /// The whole sequence.
    pub whole: Figures,
    /// Before: of the mixes.
    pub spread_before: Spread,
    /// After: of the masters; their tone as the EQ makes it.
    pub spread_after: Spread,
    /// Its songs.
    pub songs: Vec<SongReport>,
    /// Files of the folder itself.
    pub files: Vec<FileReport>,
    /// What was made of the masters.
    pub deliverables: Vec<DeliverableReport>,
    /// True when every check passed and every demand is met.
    pub all_met: bool,
}
