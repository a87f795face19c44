//! What of a mix can be lifted: where it has no signal, a boost brings out nothing but noise.

use acetate_dsp::Analysis;
use acetate_dsp::measure::bands::{center_hz, edges_hz};
use acetate_dsp::measure::spectrum::BandFrame;
use acetate_dsp::numeric::quantile;
use acetate_dsp::units::hertz;

use crate::features::{BANDS, FIRST_BAND};

/// Level at which people listen to a program's loudness, dB SPL.
const LISTENING_DB_SPL: f64 = 75.0;
/// The threshold in quiet decides below this, Hz: higher up, bandwidth and noise do.
const QUIET_UP_TO_HZ: f64 = 1000.0;
/// Above the threshold in quiet by this much, a band is there, dB.
const WELL_ABOVE_QUIET_DB: f64 = 10.0;
/// Relative to the loudness, dB: from nothing to a signal that bears the whole boost.
const FAINT_DB: (f64, f64) = (-55.0, -40.0);
/// A band above this is no noise floor however steady it is, relative to the loudness, dB.
const NO_FLOOR_DB: f64 = -35.0;
/// From its 10th to its 90th percentile over time, noise spreads by less than the first, music by more than the
/// second, dB.
const STEADY_DB: (f64, f64) = (4.0, 8.0);
/// Frames this far below the loudest belong to pauses, dB.
const PAUSE_DB: f64 = 30.0;
/// A shortfall of less is no sentence, dB.
const TOLD_DB: f64 = 3.0;

/// The share of a boost that each band of mid bears, 0 to 1.
pub(super) fn boost_shares(analysis: &Analysis) -> [f64; BANDS] {
    let frames = &analysis.sequences.band_frames;
    let level_db = |frame: &BandFrame| {
        frame
            .mid_db
            .iter()
            .copied()
            .fold(f32::NEG_INFINITY, f32::max)
    };
    let loudest_db = frames
        .iter()
        .map(level_db)
        .fold(f32::NEG_INFINITY, f32::max);
    let sounding: Vec<_> = frames
        .iter()
        .filter(|frame| f64::from(loudest_db - level_db(frame)) < PAUSE_DB)
        .collect();
    std::array::from_fn(|index| {
        let band = FIRST_BAND + index;
        let relative_db = analysis.spectrum.mid_db[band] - analysis.integrated_lufs;
        let hz = center_hz(band);
        if edges_hz(band).1 > analysis.bandwidth_hz {
            return 0.0;
        }
        let mut share = ramp(relative_db, FAINT_DB);
        if hz < QUIET_UP_TO_HZ {
            let heard_db = relative_db + LISTENING_DB_SPL - threshold_in_quiet_db_spl(hz);
            share = share.min(ramp(heard_db, (0.0, WELL_ABOVE_QUIET_DB)));
        }
        if relative_db < NO_FLOOR_DB {
            let levels: Vec<f64> = sounding
                .iter()
                .map(|frame| f64::from(frame.mid_db[band]))
                .collect();
            let spread_db = quantile(&levels, 0.9).zip(quantile(&levels, 0.1));
            let spread_db = spread_db.map_or(0.0, |(high_db, low_db)| high_db - low_db);
            share = share.min(ramp(spread_db, STEADY_DB));
        }
        share
    })
}

/// Rises from 0 at the first to 1 at the second.
fn ramp(value: f64, (zero_at, one_at): (f64, f64)) -> f64 {
    ((value - zero_at) / (one_at - zero_at)).clamp(0.0, 1.0)
}

/// Terhardt, *Calculating virtual pitch* (Hearing Research 1, 1979), without its rise at high frequencies.
fn threshold_in_quiet_db_spl(hz: f64) -> f64 {
    let khz = hz / 1000.0;
    3.64 * libm::pow(khz, -0.8) - 6.5 * libm::exp(-0.6 * (khz - 3.3) * (khz - 3.3))
}

/// One sentence for each range in which the reference has what the mix has not. `short_db` is what each band was
/// not given, dB.
pub(super) fn unreached(short_db: &[f64; BANDS]) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut band = 0;
    while band < BANDS {
        let length = short_db[band..]
            .iter()
            .take_while(|short| **short >= TOLD_DB)
            .count();
        if length > 0 {
            sentences.push(sentence(band, band + length - 1));
        }
        band += length + 1;
    }
    sentences
}

fn sentence(first: usize, last: usize) -> String {
    let low = hertz(edges_hz(FIRST_BAND + first).0);
    let high = hertz(edges_hz(FIRST_BAND + last).1);
    let what = if first == 0 {
        format!("bass below {high}")
    } else if last == BANDS - 1 {
        format!("treble above {low}")
    } else {
        format!("sound from {low} to {high}")
    };
    format!(
        "did not follow the reference's {what}: the mix has next to nothing there, which is a question of arrangement \
         and not of mastering"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_mix_does_not_have_is_named_by_its_range() {
        let mut short_db = [0.0; BANDS];
        short_db[0] = 6.0;
        short_db[1] = 4.0;
        short_db[12] = 3.5;
        short_db[BANDS - 1] = 9.0;
        let told = unreached(&short_db);
        assert_eq!(told.len(), 3);
        assert!(told[0].contains("bass below 5"), "{}", told[0]);
        assert!(told[1].contains("sound from "), "{}", told[1]);
        assert!(told[2].contains("treble above 14"), "{}", told[2]);
        assert!(unreached(&[2.9; BANDS]).is_empty());
    }
}
