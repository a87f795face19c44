//! What a platform asks for, as it publishes it.

use acetate_master::codec::DECODED_CEILING_DBTP;
use acetate_master::presets::Preset;

use super::make::Making;
use super::rendered::Measured;
use crate::report::Demand;

/// Longest silence at either end, seconds.
const MAX_SILENCE_S: f64 = 5.0;
/// Shortest track, seconds.
const MIN_TRACK_S: f64 = 30.0;

impl Making<'_> {
    /// What a platform asks for, and what was found.
    pub(super) fn platform(&self, preset: &Preset) -> Vec<Demand> {
        let measured = self.measured;
        let peak = measured
            .figures
            .iter()
            .map(|figures| figures.true_peak_dbtp);
        let peak = peak.fold(f64::NEG_INFINITY, f64::max);
        let loudest = measured
            .figures
            .iter()
            .map(|figures| figures.integrated_lufs);
        let loudest = loudest.fold(f64::NEG_INFINITY, f64::max);
        let ceiling = measured.set.ceiling_dbtp;
        let rate = |place: &super::tracks::TrackPlace<'_>| f64::from(place.sample_rate_hz);
        let shortest = measured
            .places
            .iter()
            .map(|place| place.frames() as f64 / rate(place));
        let shortest = shortest.fold(f64::INFINITY, f64::min);
        let silence = measured
            .places
            .iter()
            .map(|place| place.silent_frames as f64 / rate(place));
        let silence = silence.fold(0.0, f64::max);
        let mono = measured
            .places
            .iter()
            .filter(|place| place.song.spec.channels == 1)
            .count();
        let mono = if self.release.fields.mono_to_stereo {
            0
        } else {
            mono
        };
        let mut demands = vec![
            Demand {
                what: format!("true peak of the loudest track, {}", preset.name),
                expected: format!("at most {ceiling:.1} dBTP"),
                found: format!("{peak:.2} dBTP"),
                pass: peak <= ceiling,
            },
            Demand {
                what: "loudest track".to_owned(),
                expected: format!("{:.1} LUFS or as loud as the album", preset.integrated_lufs),
                found: format!("{loudest:.1} LUFS"),
                pass: true,
            },
            Demand {
                what: "silence at the end of a track".to_owned(),
                expected: format!("at most {MAX_SILENCE_S} s"),
                found: format!("{silence:.2} s"),
                pass: silence <= MAX_SILENCE_S,
            },
            Demand {
                what: "shortest track".to_owned(),
                expected: format!("at least {MIN_TRACK_S} s"),
                found: format!("{shortest:.1} s"),
                pass: shortest >= MIN_TRACK_S,
            },
            Demand {
                what: "stereo".to_owned(),
                expected: "every track".to_owned(),
                found: format!("{mono} mono tracks"),
                pass: mono == 0,
            },
        ];
        demands.extend(codecs(measured));
        demands
    }
}

/// What lossy encoding does to the masters, if it was tried.
fn codecs(measured: &Measured<'_>) -> Option<Demand> {
    let pieces = measured.done.iter().flat_map(|unit| &unit.pieces);
    let all: Vec<_> = pieces.filter_map(|piece| piece.codecs.as_ref()).collect();
    let last = all.iter().filter_map(|one| one.passes.last());
    let readings: Vec<_> = last.flat_map(|pass| &pass.readings).collect();
    let worst = readings
        .iter()
        .max_by(|a, b| a.true_peak_dbtp.total_cmp(&b.true_peak_dbtp));
    let found = match (worst, all.first()?.missing.first()) {
        (Some(worst), None) => format!("{:.2} dBTP ({})", worst.true_peak_dbtp, worst.codec),
        (Some(worst), Some(missing)) => format!(
            "{:.2} dBTP ({}); the usual margin for {}: {}",
            worst.true_peak_dbtp, worst.codec, missing.codec, missing.reason
        ),
        (None, Some(missing)) => format!("not tried, the usual margin kept: {}", missing.reason),
        (None, None) => return None,
    };
    Some(Demand {
        what: "worst true peak after lossy encoding".to_owned(),
        expected: format!("at most {DECODED_CEILING_DBTP:.1} dBTP"),
        found,
        pass: all.iter().all(|one| one.held),
    })
}
