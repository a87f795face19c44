//! Vinyl: one file for each side, and the five figures that a cutting engineer asks about.

use std::fmt::Write;
use std::path::Path;

use acetate_dsp::analysis::{AnalyzeOptions, analyze_with};
use acetate_dsp::measure::bands::center_hz;
use acetate_dsp::measure::levels::Meters;
use acetate_dsp::numeric::quantile;
use acetate_dsp::units::clock;
use acetate_dsp::{Analysis, Source};
use acetate_engine::{Observer, go_on};
use acetate_io::{Container, OutputFormat, Tags};

use super::make::Making;
use super::rendered::VINYL_LUFS;
use super::tags::{add_album, broadcast_of};
use super::tracks::{Sequence, TrackPlace};
use super::write::{Beside, text, write};
use crate::error::AlbumError;
use crate::report::{Demand, Figures, FileReport};

/// Longest side of a 12-inch at 33⅓ at full level, and at all, minutes (plants' own tables differ).
const BEST_SIDE_MIN: f64 = 20.0;
const MAX_SIDE_MIN: f64 = 26.0;
/// Level that a side gives up for each minute beyond the best length, LU.
const LU_A_MINUTE: f64 = 0.7;
/// Below this the groove has to be near mono, Hz, and the side at most so strong against the mid, dB.
const MONO_BELOW_HZ: f64 = 150.0;
const MAX_LOW_SIDE_DB: f64 = -10.0;
/// Below this the channels have to be in phase, Hz, with at least this correlation.
const PHASE_BELOW_HZ: f64 = 300.0;
const MIN_CORRELATION: f64 = 0.3;
/// Sibilance: short-term level from 5 to 10 kHz, at its loudest over its own median, dB.
const SIBILANCE_HZ: (f64, f64) = (5_000.0, 10_000.0);
const MAX_SIBILANCE_DB: f64 = 20.0;
/// Share of time that counts as the loudest, so that one sound does not decide.
const LOUDEST_SHARE: f64 = 0.99;
/// Above this there is little to be cut, Hz: energy against the whole, dB.
const AIR_ABOVE_HZ: f64 = 16_000.0;
const MAX_AIR_DB: f64 = -40.0;

/// The five figures of a side, from its analysis, each held against what plants ask for. `name` is that of the
/// side.
pub fn vinyl_demands(name: &str, analysis: &Analysis) -> Vec<Demand> {
    let minutes = analysis.duration_s / 60.0;
    let most_lufs = VINYL_LUFS - LU_A_MINUTE * (minutes - BEST_SIDE_MIN).max(0.0);
    let loudness = analysis.integrated_lufs;
    let power = |levels: &[f64], range: std::ops::Range<f64>| -> f64 {
        let bands = levels.iter().enumerate();
        let inside = bands.filter(|(band, _)| range.contains(&center_hz(*band)));
        inside.map(|(_, db)| libm::pow(10.0, db / 10.0)).sum()
    };
    let (mid, side) = (&analysis.spectrum.mid_db, &analysis.spectrum.side_db);
    let ratio_db = |a: f64, b: f64| 10.0 * libm::log10((a + 1e-20) / (b + 1e-20));
    let low = 0.0..MONO_BELOW_HZ;
    let low_side_db = ratio_db(power(side, low.clone()), power(mid, low));
    let low = 0.0..PHASE_BELOW_HZ;
    let (mid_power, side_power) = (power(mid, low.clone()), power(side, low));
    // Left times right is mid² - side², and both squares together are twice mid² + side².
    let correlation = (mid_power - side_power) / (mid_power + side_power + 1e-20);
    let air_db = ratio_db(
        power(mid, AIR_ABOVE_HZ..f64::MAX) + power(side, AIR_ABOVE_HZ..f64::MAX),
        power(mid, 0.0..f64::MAX) + power(side, 0.0..f64::MAX),
    );
    let sibilance_db = sibilance_db(analysis);
    let demand = |what: &str, expected: String, found: String, pass: bool| Demand {
        what: format!("{name}: {what}"),
        expected,
        found,
        pass,
    };
    vec![
        demand(
            "length against level",
            format!(
                "at most {} min, {most_lufs:.1} LUFS at this length",
                MAX_SIDE_MIN
            ),
            format!("{} at {loudness:.1} LUFS", clock(analysis.duration_s, 0)),
            minutes <= MAX_SIDE_MIN && loudness <= most_lufs + 1.0,
        ),
        demand(
            "side against mid below 150 Hz",
            format!("at most {MAX_LOW_SIDE_DB:.0} dB"),
            format!("{low_side_db:.1} dB"),
            low_side_db <= MAX_LOW_SIDE_DB,
        ),
        demand(
            "correlation below 300 Hz",
            format!("at least {MIN_CORRELATION}"),
            format!("{correlation:.2}"),
            correlation >= MIN_CORRELATION,
        ),
        demand(
            "loudest 5 to 10 kHz over its median",
            format!("at most {MAX_SIBILANCE_DB:.0} dB"),
            format!("{sibilance_db:.1} dB"),
            sibilance_db <= MAX_SIBILANCE_DB,
        ),
        demand(
            "above 16 kHz against the whole",
            format!("at most {MAX_AIR_DB:.0} dB"),
            format!("{air_db:.1} dB"),
            air_db <= MAX_AIR_DB,
        ),
    ]
}

fn sibilance_db(analysis: &Analysis) -> f64 {
    let (from, to) = SIBILANCE_HZ;
    let levels: Vec<f64> = analysis
        .sequences
        .band_frames
        .iter()
        .map(|frame| {
            let bands = frame.mid_db.iter().enumerate();
            let inside = bands.filter(|(band, _)| (from..=to).contains(&center_hz(*band)));
            let power: f64 = inside
                .map(|(_, db)| libm::pow(10.0, f64::from(*db) / 10.0))
                .sum();
            10.0 * libm::log10(power + 1e-20)
        })
        .collect();
    let heard = quantile(&levels, LOUDEST_SHARE).unwrap_or(0.0);
    heard - quantile(&levels, 0.5).unwrap_or(heard)
}

/// Measures a source for vinyl.
///
/// # Errors
/// [`AlbumError`] if it cannot be read, or the observer stopped the work.
pub fn vinyl_analysis(
    name: &str,
    source: &mut dyn Source,
    observer: &dyn Observer,
) -> Result<Analysis, AlbumError> {
    let options = AnalyzeOptions {
        dual_mono: false,
        meters: Meters::Own,
    };
    let analysis = analyze_with(source, &options, &mut |_| Ok(go_on(observer)?));
    analysis.map_err(|error| AlbumError::stream(name, error))
}

impl Making<'_> {
    /// One file for each side with its sheet.
    pub(super) fn vinyl(
        &self,
        folder: &Path,
    ) -> Result<(Vec<FileReport>, Vec<Demand>), AlbumError> {
        let (mut files, mut demands) = (Vec::new(), Vec::new());
        let places = &self.measured.places;
        let side_of = |place: &TrackPlace<'_>| place.song.side.clone().unwrap_or_default();
        for tracks in places.chunk_by(|a, b| side_of(a) == side_of(b)) {
            let Some(first) = tracks.first() else {
                continue;
            };
            let side = side_of(first);
            let mut tracks = tracks.to_vec();
            if let Some(end) = tracks.last_mut() {
                // The next side begins on another face of the record.
                end.silent_frames = 0;
            }
            let Some(mut source) = Sequence::open(&tracks)? else {
                continue;
            };
            let name = format!("Side_{}", plain(&side));
            let analysis = vinyl_analysis(&name, &mut source, self.observer)?;
            acetate_dsp::Source::rewind(&mut source)
                .map_err(|error| AlbumError::stream(name.clone(), error))?;
            demands.extend(vinyl_demands(&name, &analysis));
            let figures = Figures::of_analysis(&analysis);
            let artist = self.release.fields.artist.as_str();
            let history = self.history(first);
            let beside = Beside {
                tags: self.tags_of_side(&name),
                warnings: Vec::new(),
                broadcast: Some(broadcast_of((artist, &name), &figures, history)),
                overwrite: false,
            };
            let format = OutputFormat::new(Container::Wav, self.measured.set.word_length)?;
            let path = folder.join(format!("{name}.wav"));
            let file = write(&path, &mut source, format, &beside, self.observer)?;
            files.push(FileReport {
                figures: Some(figures),
                ..file
            });
            let sheet = sheet(&side, &tracks);
            files.push(text(folder, &format!("{name}.txt"), sheet.as_bytes())?);
        }
        Ok((files, demands))
    }

    /// Tags of a side: those of the album, and nothing that is one track's.
    fn tags_of_side(&self, name: &str) -> Tags {
        let mut tags = Tags::default();
        add_album(&mut tags, self.release);
        tags.set_text("TITLE", name);
        let artist = &self.release.fields.artist;
        if !artist.is_empty() {
            tags.set_text("ARTIST", artist);
        }
        tags
    }
}

fn plain(side: &str) -> String {
    side.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// `A1: 00:00.00 - 04:47.20  Title`, a line for each track.
fn sheet(side: &str, tracks: &[TrackPlace<'_>]) -> String {
    let mut sheet = String::new();
    let mut at_s = 0.0;
    for (place, number) in tracks.iter().zip(1..) {
        let rate = f64::from(place.sample_rate_hz);
        let end_s = at_s + place.sound_frames as f64 / rate;
        // Writing to a text does not fail.
        let _ = writeln!(
            sheet,
            "{side}{number}: {:0>8} - {:0>8}  {}",
            clock(at_s, 2),
            clock(end_s, 2),
            place.song.title
        );
        at_s += place.frames() as f64 / rate;
    }
    sheet
}
