//! [`Translation`]: the same mix through other loudspeakers, as numbers.
//!
//! A device is a measured response per third octave and, for phones and clubs' subs, the sum to mono.
//! Applied to the long-term spectrum this says how much of the loudness arrives and which bands are
//! gone. It says nothing of distortion, protection limiters or the room.

use acetate_dsp::Analysis;
use acetate_dsp::measure::bands::{THIRD_OCTAVES, center_hz, edges_hz};
use acetate_dsp::measure::weighting::k_weight_power;
use acetate_dsp::units::{db_from_power, hertz, power_from_db};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::devices::{DEVICES, Device};
use crate::finding::Band;

/// Bands this far below the program are not missed, dB.
const MISSED_DB: f64 = 30.0;
/// A band is lost where it comes this much weaker than the rest, dB.
const LOST_DB: f64 = 12.0;
/// A sub that gets this much less is worth a word, dB.
const WEAK_DB: f64 = 6.0;
/// Regions whose change is told: name and edges, Hz.
const REGIONS: [(&str, f64, f64); 5] = [
    ("sub", 20.0, 60.0),
    ("bass", 60.0, 250.0),
    ("mids", 250.0, 2_000.0),
    ("presence", 2_000.0, 6_000.0),
    ("treble", 6_000.0, 20_000.0),
];

/// How the mix arrives on one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Translation {
    /// The device.
    pub device: String,
    /// Where its response comes from.
    pub source: String,
    /// Change of loudness at the same volume, K-weighted, dB; the response itself is 0 dB at 1 kHz.
    pub loudness_change_db: f64,
    /// Share of the program's bands that still arrive, of those that the device is there for, by K-weighted power, percent.
    pub arrives_percent: f64,
    /// Change of each region against the whole, dB; none where the mix has nothing there.
    pub regions: Vec<RegionChange>,
    /// Bands that the mix has and that do not arrive.
    pub lost: Vec<Band>,
    /// What of the mix arrives, in words.
    pub text: String,
    /// What helps where something is missing; empty where nothing is.
    pub advice: String,
}

/// Change of one region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegionChange {
    /// Its name.
    pub region: String,
    /// Change against the whole, dB.
    pub change_db: f64,
}

/// A program on every device, from its long-term spectrum.
pub fn translate(analysis: &Analysis) -> Vec<Translation> {
    DEVICES.iter().map(|device| on(device, analysis)).collect()
}

fn on(device: &Device, analysis: &Analysis) -> Translation {
    let spectrum = &analysis.spectrum;
    let level = |levels: &[f64], band: usize| {
        let level_db = levels.get(band).copied().unwrap_or(f64::NEG_INFINITY);
        power_from_db(level_db)
    };
    // Per third octave: what goes in, and what comes out.
    let bands: Vec<[f64; 2]> = (0..THIRD_OCTAVES)
        .map(|band| {
            let mid = level(&spectrum.mid_db, band);
            let side = level(&spectrum.side_db, band);
            let heard = if device.sums_to_mono { mid } else { mid + side };
            let response = power_from_db(device.response_db(center_hz(band)));
            [mid + side, heard * response]
        })
        .collect();
    let (from_hz, to_hz) = device.covers_hz;
    let covered = |band: usize| (from_hz..to_hz).contains(&center_hz(band));
    let weighted = |which: usize| -> f64 {
        let powers = bands.iter().enumerate();
        powers
            .filter(|&(band, _)| covered(band))
            .map(|(band, powers)| powers[which] * k_weight_power(center_hz(band)))
            .sum()
    };
    let (before, after) = (weighted(0).max(1e-30), weighted(1).max(1e-30));
    let loudness_change_db = db_from_power(after / before);
    let change_db = |band: usize| {
        let [in_power, out_power] = bands[band];
        db_from_power(out_power.max(1e-30) / in_power.max(1e-30))
    };
    let weight = |band: usize| bands[band][0] * k_weight_power(center_hz(band));
    let counts = |band: usize| covered(band) && bands[band][0] > before * power_from_db(-MISSED_DB);
    let is_lost = |band: usize| counts(band) && change_db(band) - loudness_change_db < -LOST_DB;
    let arrives: f64 = (0..THIRD_OCTAVES)
        .filter(|&band| covered(band) && !is_lost(band))
        .map(weight)
        .sum();
    let regions = REGIONS
        .iter()
        .filter(|&&(_, low_hz, high_hz)| low_hz < to_hz && high_hz > from_hz)
        .filter_map(|&(name, from_hz, to_hz)| region(&bands, name, from_hz, to_hz, before))
        .map(|(region, change_db)| RegionChange {
            region: region.to_owned(),
            change_db: change_db - loudness_change_db,
        })
        .collect();
    let lost = joined(
        &(0..THIRD_OCTAVES)
            .filter(|&b| is_lost(b))
            .collect::<Vec<_>>(),
    );
    let (text, misses) = sentence(device, loudness_change_db, &lost);
    Translation {
        device: device.name.to_owned(),
        source: device.source.to_owned(),
        loudness_change_db,
        arrives_percent: 100.0 * arrives / before,
        text,
        advice: if misses { device.advice } else { "" }.to_owned(),
        regions,
        lost,
    }
}

/// Change of the power in a region, dB, where the mix has something there.
fn region(
    bands: &[[f64; 2]],
    name: &'static str,
    from_hz: f64,
    to_hz: f64,
    program: f64,
) -> Option<(&'static str, f64)> {
    let inside = crate::facts::bands_between(from_hz, to_hz);
    let sums = inside.fold([0.0, 0.0], |sums, band| {
        [sums[0] + bands[band][0], sums[1] + bands[band][1]]
    });
    let audible = sums[0] > program * power_from_db(-MISSED_DB);
    audible.then(|| (name, db_from_power(sums[1].max(1e-30) / sums[0])))
}

/// Neighboring bands as ranges.
fn joined(bands: &[usize]) -> Vec<Band> {
    let mut ranges: Vec<Band> = Vec::new();
    for &band in bands {
        let (from_hz, to_hz) = edges_hz(band);
        match ranges.last_mut() {
            Some(last) if (last.to_hz - from_hz).abs() < 0.01 * from_hz => last.to_hz = to_hz,
            _ => ranges.push(Band { from_hz, to_hz }),
        }
    }
    ranges
}

/// What arrives, and whether something is missing.
fn sentence(device: &Device, loudness_change_db: f64, lost: &[Band]) -> (String, bool) {
    let gone: Vec<String> = lost
        .iter()
        .map(|band| {
            if band.from_hz < 25.0 {
                format!("below {}", hertz(band.to_hz))
            } else {
                format!("{} to {}", hertz(band.from_hz), hertz(band.to_hz))
            }
        })
        .collect();
    if device.covers_hz.1 < 1000.0 {
        let below = hertz(device.covers_hz.1);
        return (
            format!("{loudness_change_db:+.1} dB of what lies below {below}"),
            loudness_change_db < -WEAK_DB || !gone.is_empty(),
        );
    }
    let gone = match gone.as_slice() {
        [] => "no band is missing".to_owned(),
        bands => format!("gone: {}", bands.join(", ")),
    };
    (
        format!("{loudness_change_db:+.1} dB in loudness; {gone}"),
        !lost.is_empty(),
    )
}
