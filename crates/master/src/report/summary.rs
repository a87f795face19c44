//! What was done and why, in a musician's words.

use acetate_dsp::settings::{FINE_BANDS, MID_KNOTS, Settings, fine_band_hz, mid_knot_hz};
use acetate_dsp::units::hertz;
use acetate_model::Tone;
use acetate_model::outputs::curve_of_knots;

/// A move smaller than this is not worth a sentence, dB.
const AUDIBLE_DB: f64 = 0.25;

/// A record that is turned down by more than this is told so, dB.
const TURNED_DOWN_DB: f64 = 1.0;
/// A tone that seems to be off by less than this is right, dB.
const RIGHT_WITHIN_DB: f64 = 0.5;
/// From this share on, what was done is all of what was seen.
const WHOLE_SHARE: f64 = 0.7;

/// The EQ's regions: name, first and last mid knot.
const REGIONS: [(&str, usize, usize); 5] = [
    ("sub and bass (below 80 Hz)", 0, 1),
    ("low end (80 to 250 Hz)", 2, 3),
    ("low mids (250 to 800 Hz)", 4, 5),
    ("mids and presence (0.8 to 4 kHz)", 6, 8),
    ("treble and air (above 4 kHz)", 9, MID_KNOTS - 1),
];

/// One sentence for each thing that was done; `tone` is what is known of the mix's tone.
pub(crate) fn sentences(
    settings: &Settings,
    limiting_db: f64,
    compression_db: f64,
    tone: Option<&Tone>,
) -> Vec<String> {
    let mut done = Vec::new();
    if settings.cleanup.dc_highpass_hz > 0.0 {
        done.push("removed an offset of the zero line that eats headroom".to_owned());
    }
    done.extend(crate::repair::sentences(&settings.cleanup));
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
        done.push(format!("left the tone as it is{}", why_left(tone)));
    } else if let Some(doubt) = tone.and_then(|tone| doubt(tone, settings)) {
        done.push(doubt);
    }
    let compressor = &settings.compressor;
    if compressor.ratio > 1.0 && compression_db > AUDIBLE_DB {
        done.push(format!(
            "glued the loud passages with {:.1}:1 compression (at most {compression_db:.1} dB)",
            compressor.ratio
        ));
    }
    let deesser = &settings.deesser;
    if deesser.max_reduction_db > 0.0 {
        done.push(format!(
            "turned loud S sounds around {:.1} kHz down by up to {:.1} dB: they stand higher than in 19 of 20 released songs",
            deesser.frequency_hz / 1000.0,
            deesser.max_reduction_db
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
    done.extend(crate::report::sections::sentences(&settings.sections));
    let drive_db = settings.limiter.drive_db;
    if drive_db < -TURNED_DOWN_DB && tone.is_some_and(Tone::is_finished) {
        done.push(format!(
            "took it for a finished record that is {:.1} dB louder than the target: streaming services turn it down \
             as well, and no law says {:.0} LUFS (--lufs keep leaves its loudness, --target loud is for loud masters)",
            -drive_db, settings.target.integrated_lufs
        ));
    }
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

/// Why nothing was done to the tone.
fn why_left(tone: Option<&Tone>) -> String {
    let Some(tone) = tone else {
        return String::new();
    };
    if tone.is_finished() {
        return ": it is a finished master by the traces of its limiter".to_owned();
    }
    let (place, estimated_db, sd_db) = largest(tone);
    if estimated_db.abs() < RIGHT_WITHIN_DB {
        ": nothing in it asked for a change".to_owned()
    } else {
        format!(
            ": it may be off by {:.1} dB {place}, but that is not sure enough (give or take {sd_db:.1} dB)",
            estimated_db.abs()
        )
    }
}

/// What was left undone for lack of evidence, where that is worth a sentence.
fn doubt(tone: &Tone, settings: &Settings) -> Option<String> {
    let planned = curve_of_knots(&settings.eq.mid_db);
    let (mut done, mut seen) = (0.0, 0.0);
    for (planned_db, open_db) in planned.iter().zip(&tone.open_db) {
        done += planned_db * open_db;
        seen += open_db * open_db;
    }
    let share = done / seen.max(1e-9);
    let rms_db = (seen / planned.len() as f64).sqrt();
    (rms_db > RIGHT_WITHIN_DB && share < WHOLE_SHARE).then(|| {
        format!(
            "did {:.0} % of what seems to be off in the tone: the evidence carries no more (--eq-amount 200 doubles it)",
            100.0 * share.max(0.0)
        )
    })
}

/// Where the tone seems to be off the most: the place, by how much, and how sure that is, dB.
fn largest(tone: &Tone) -> (String, f64, f64) {
    let bands = tone.open_db.iter().zip(&tone.sd_db).enumerate();
    bands
        .max_by(|(_, a), (_, b)| a.0.abs().total_cmp(&b.0.abs()))
        .map_or_else(
            || (String::new(), 0.0, 0.0),
            |(band, (&open_db, &sd_db))| {
                (
                    format!("around {}", hertz(fine_band_hz(band))),
                    open_db,
                    sd_db,
                )
            },
        )
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
        0 => "toward the bottom".to_owned(),
        knot if knot == MID_KNOTS - 1 => "toward the top".to_owned(),
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
        let done = sentences(&Settings::default(), 0.0, 0.0, None);
        assert_eq!(done.len(), 2);
        assert!(done[0].contains("left the tone"));
    }

    #[test]
    fn the_fine_curve_is_told_by_its_largest_gain() {
        let mut settings = Settings::default();
        settings.eq.fine_mid_db[14] = 2.5;
        settings.eq.fine_mid_db[3] = -1.0;
        let done = sentences(&settings, 0.0, 0.0, None);
        assert!(done[0].contains("most at 1.0 kHz (+2.5 dB)"), "{done:?}");
    }

    #[test]
    fn a_move_is_named_with_its_size_and_place() {
        let mut settings = Settings::default();
        settings.eq.mid_db[3] = -1.5;
        let done = sentences(&settings, 3.2, 0.0, None);
        assert!(done[0].contains("1.5 dB around 178 Hz"), "{done:?}");
        assert!(done[1].contains("3.2 dB"), "{done:?}");
    }
}
