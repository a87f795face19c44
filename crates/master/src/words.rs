//! What was done and why, in a musician's words.

use acetate_dsp::settings::{FINE_BANDS, MID_KNOTS, Settings, fine_band_hz, mid_knot_hz};
use acetate_dsp::units::hertz;

/// A move smaller than this is not worth a sentence, dB.
const AUDIBLE_DB: f64 = 0.25;

/// The EQ's regions: name, first and last mid knot.
const REGIONS: [(&str, usize, usize); 5] = [
    ("sub and bass (below 80 Hz)", 0, 1),
    ("low end (80 to 250 Hz)", 2, 3),
    ("low mids (250 to 800 Hz)", 4, 5),
    ("mids and presence (0.8 to 4 kHz)", 6, 8),
    ("treble and air (above 4 kHz)", 9, MID_KNOTS - 1),
];

/// One sentence for each thing that was done.
pub fn describe(settings: &Settings, limiting_db: f64, compression_db: f64) -> Vec<String> {
    let mut done = Vec::new();
    if settings.cleanup.dc_highpass_hz > 0.0 {
        done.push("took away a constant offset that eats headroom".to_owned());
    }
    let before_tone = done.len();
    done.extend(
        REGIONS
            .iter()
            .filter_map(|region| describe_region(settings, region)),
    );
    let fine = &settings.eq;
    done.extend(describe_fine("", &fine.fine_mid_db));
    done.extend(describe_fine(" of the side signal", &fine.fine_side_db));
    if done.len() == before_tone {
        done.push("left the tone as it is: nothing in it asked for a change".to_owned());
    }
    let compressor = &settings.compressor;
    if compressor.ratio > 1.0 && compression_db > AUDIBLE_DB {
        done.push(format!(
            "glued the loud passages with {:.1}:1 compression (at most {compression_db:.1} dB)",
            compressor.ratio
        ));
    }
    if settings.saturation.amount > 0.02 {
        done.push(format!(
            "rounded the tallest peaks with {:.0} % saturation, so that the limiter has less to do",
            100.0 * settings.saturation.amount
        ));
    }
    let width_db = settings.stereo.mid_db;
    if width_db.abs() > AUDIBLE_DB {
        let verb = if width_db > 0.0 {
            "widened"
        } else {
            "narrowed"
        };
        done.push(format!(
            "{verb} the stereo image by {:.1} dB of side",
            width_db.abs()
        ));
    }
    let drive_db = settings.limiter.drive_db;
    done.push(if limiting_db > 0.1 {
        format!(
            "{} by {:.1} dB; the limiter catches peaks by at most {limiting_db:.1} dB",
            if drive_db >= 0.0 {
                "raised the level"
            } else {
                "lowered the level"
            },
            drive_db.abs()
        )
    } else if drive_db >= 0.0 {
        format!("raised the level by {drive_db:.1} dB; the limiter had nothing to do")
    } else {
        format!(
            "lowered the level by {:.1} dB; the limiter had nothing to do",
            -drive_db
        )
    });
    done
}

fn describe_region(
    settings: &Settings,
    &(name, first, last): &(&str, usize, usize),
) -> Option<String> {
    let knots = &settings.eq.mid_db[first..=last];
    let (offset, gain_db) = knots
        .iter()
        .copied()
        .enumerate()
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
    if gain_db.abs() < AUDIBLE_DB {
        return None;
    }
    let place = match first + offset {
        0 => "towards the bottom".to_owned(),
        knot if knot == MID_KNOTS - 1 => "towards the top".to_owned(),
        knot => format!("around {}", hertz(mid_knot_hz(knot))),
    };
    let verb = if gain_db > 0.0 { "lifted" } else { "eased" };
    Some(format!(
        "{verb} the {name} by {:.1} dB {place}",
        gain_db.abs()
    ))
}

fn describe_fine(of: &str, gains_db: &[f64; FINE_BANDS]) -> Option<String> {
    let (band, gain_db) = gains_db
        .iter()
        .copied()
        .enumerate()
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
    (gain_db.abs() >= AUDIBLE_DB).then(|| {
        format!(
            "drew the third octaves{of} the rest of the way to the reference, most at {} ({gain_db:+.1} dB)",
            hertz(fine_band_hz(band))
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neutral_settings_say_that_nothing_was_changed() {
        let done = describe(&Settings::default(), 0.0, 0.0);
        assert_eq!(done.len(), 2);
        assert!(done[0].contains("left the tone"));
    }

    #[test]
    fn the_fine_curve_is_told_by_its_largest_gain() {
        let mut settings = Settings::default();
        settings.eq.fine_mid_db[14] = 2.5;
        settings.eq.fine_mid_db[3] = -1.0;
        let done = describe(&settings, 0.0, 0.0);
        assert!(done[0].contains("most at 1.0 kHz (+2.5 dB)"), "{done:?}");
    }

    #[test]
    fn a_move_is_named_with_its_size_and_place() {
        let mut settings = Settings::default();
        settings.eq.mid_db[3] = -1.5;
        let done = describe(&settings, 3.2, 0.0);
        assert!(done[0].contains("1.5 dB around 178 Hz"), "{done:?}");
        assert!(done[1].contains("3.2 dB"), "{done:?}");
    }
}
