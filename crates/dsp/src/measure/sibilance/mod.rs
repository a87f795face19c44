//! [`Sibilance`]: how loud the sibilants of a program stand, and whether they are a voice's.
//!
//! A frame counts as a sibilant where the band from 4.5 to 9 kHz of mid stands over its own median, over side and
//! over the octave above: voices are in the middle and their sibilants fall towards the top, cymbals are wide or
//! go on upwards. The figure is the level that the loudest hundredth of the frames reaches with such sibilants.
//! Hi-hats and shakers in the middle pass for sibilants in a single frame; [`VoiceEvidence`] tells them from a voice's
//! by how the frames follow each other.

mod voice;

pub use self::voice::VoiceEvidence;

use super::bands::{THIRD_OCTAVES, center_hz, edges_hz};
use super::spectrum::BandFrame;
use crate::Analysis;
use crate::numeric::{median, quantile};
use crate::units::{db_from_power, power_from_db};

/// Third octaves of the band: 5, 6.3 and 8 kHz.
const BAND: std::ops::Range<usize> = 24..27;
/// Third octaves of the top: 12.7 and 16 kHz.
const TOP: std::ops::Range<usize> = 28..30;
/// Third octaves among which the center is sought: 4 to 10 kHz.
const CENTERS: std::ops::RangeInclusive<usize> = 23..=27;
/// Frames this far below the loud ones are pauses, dB.
const PAUSE_DB: f64 = 25.0;
/// Share of the frames that are louder than the loud ones.
const LOUD: f64 = 0.9;
/// A sibilant stands at least so far over the band's median, dB …
const OVER_MEDIAN_DB: f64 = 6.0;
/// … over side, dB …
const OVER_SIDE_DB: f64 = 6.0;
/// … and over the top, dB.
const OVER_TOP_DB: f64 = 0.0;
/// Share of the frames whose sibilants may be louder than the figure.
const LOUDEST: f64 = 0.01;
/// Sibilants down to so far below the figure say whether they are a voice's, dB.
const LOUD_RANGE_DB: f64 = 4.0;
/// Programs with fewer frames have no figure.
const LEAST_FRAMES: usize = 100;

/// How the sibilants of a program stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Sibilance {
    /// Level of the loud sibilants in mid, relative to the program's integrated loudness, LU.
    pub level_lu: f64,
    /// Where their power lies, Hz.
    pub center_hz: f64,
    /// What tells whether they are a voice's.
    pub evidence: VoiceEvidence,
    /// The loud sibilants: places in the program's band frames, rising.
    pub places: Vec<usize>,
}

impl Sibilance {
    /// Of a program behind a curve of gains in dB, one for each third octave of mid; `None` where there are too few
    /// sibilants for a figure.
    pub fn of(analysis: &Analysis, curve_db: &[f64; THIRD_OCTAVES]) -> Option<Self> {
        let gains = curve_db.map(power_from_db);
        let frames = &analysis.sequences.band_frames;
        let loudness: Vec<f64> = frames.iter().map(total_db).collect();
        let floor_db = quantile(&loudness, LOUD)? - PAUSE_DB;
        let levels: Vec<f64> = frames
            .iter()
            .map(|frame| level_db(&frame.mid_db, BAND, &gains))
            .collect();
        let is_active = |place: &usize| loudness[*place] > floor_db;
        let active: Vec<usize> = (0..frames.len()).filter(is_active).collect();
        if active.len() < LEAST_FRAMES {
            return None;
        }
        let mut active_levels: Vec<f64> = active.iter().map(|&place| levels[place]).collect();
        let usual_db = median(&mut active_levels)?;
        let mut sibilants: Vec<usize> = active
            .iter()
            .copied()
            .filter(|&place| {
                levels[place] >= usual_db + OVER_MEDIAN_DB
                    && is_sibilant(&frames[place], levels[place], &gains)
            })
            .collect();
        sibilants.sort_by(|&a, &b| levels[b].total_cmp(&levels[a]));
        let loudest = (LOUDEST * active.len() as f64) as usize;
        let level_db = levels[*sibilants.get(loudest)?];
        let center_hz = center(
            sibilants[..=loudest].iter().map(|&place| &frames[place]),
            &gains,
        );
        sibilants.retain(|&place| levels[place] >= level_db - LOUD_RANGE_DB);
        sibilants.sort_unstable();
        Some(Self {
            level_lu: level_db - analysis.integrated_lufs,
            center_hz,
            evidence: VoiceEvidence::of(analysis, &levels, &sibilants, &gains),
            places: sibilants,
        })
    }
}

/// Power of some bands of one signal behind the gains, dB.
fn level_db(
    levels_db: &[f32; THIRD_OCTAVES],
    bands: std::ops::Range<usize>,
    gains: &[f64; THIRD_OCTAVES],
) -> f64 {
    let power: f64 = bands
        .map(|band| gains[band] * power_from_db(f64::from(levels_db[band])))
        .sum();
    db_from_power(power.max(1e-30))
}

fn total_db(frame: &BandFrame) -> f64 {
    let flat = [1.0; THIRD_OCTAVES];
    let of = |levels_db| power_from_db(level_db(levels_db, 0..THIRD_OCTAVES, &flat));
    db_from_power(of(&frame.mid_db) + of(&frame.side_db))
}

/// True where the band of mid stands over that of side and over the top.
fn is_sibilant(frame: &BandFrame, own_db: f64, gains: &[f64; THIRD_OCTAVES]) -> bool {
    own_db >= level_db(&frame.side_db, BAND, gains) + OVER_SIDE_DB
        && own_db >= level_db(&frame.mid_db, TOP, gains) + OVER_TOP_DB
}

/// Mean of the frequency on a logarithmic scale, weighted by power, Hz; within the outer bands' centers.
fn center<'a>(frames: impl Iterator<Item = &'a BandFrame>, gains: &[f64; THIRD_OCTAVES]) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for frame in frames {
        for band in CENTERS {
            let power = gains[band] * power_from_db(f64::from(frame.mid_db[band]));
            sum += power * libm::log2(center_hz(band));
            weight += power;
        }
    }
    let (low_hz, _) = edges_hz(*CENTERS.start());
    let (_, high_hz) = edges_hz(*CENTERS.end());
    if weight > 0.0 {
        libm::exp2(sum / weight).clamp(low_hz, high_hz)
    } else {
        center_hz(25)
    }
}
