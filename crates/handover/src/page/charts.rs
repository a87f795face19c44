//! The charts of the report page.

use acetate_dsp::analysis::Analysis;
use acetate_dsp::measure::bands;
use acetate_dsp::process::eq::{eq_curve_db, mid_basis};
use acetate_dsp::settings::{MAX_SECTION_SIDE_DB, Section, Settings, fine_band_hz};
use acetate_model::Signature;

use crate::evidence::{EqProposal, Evidence};
use crate::overview::Overview;
use crate::svg::{Axis, Plot};
use crate::typical::typical_bands;

/// Points of a line over time at most: more than a screen shows.
const TIME_POINTS: usize = 440;
/// Points of a line over frequency.
const FREQUENCY_POINTS: usize = 160;
/// Lowest level of the spectrum that is drawn, dB relative to the loudness.
const SPECTRUM_FLOOR_DB: f64 = -60.0;

/// Waveform of the whole song, with the passage that can be listened to.
pub(crate) fn waveform(
    overview: &Overview,
    evidence: &Evidence,
    class: &str,
    title: &str,
) -> String {
    let length_s = evidence.after.duration_s;
    let mut plot = Plot::new(Axis::time(length_s), Axis::linear(-1.0, 1.0, "full scale"));
    let passage = evidence.passage;
    plot.shade(passage.from_s, passage.from_s + passage.length_s, "passage");
    let columns = overview.columns();
    let points: Vec<(f64, f64, f64)> = columns
        .iter()
        .enumerate()
        .map(|(index, (low, high))| {
            let at_s = (index as f64 + 0.5) * length_s / columns.len() as f64;
            (at_s, f64::from(*low), f64::from(*high))
        })
        .collect();
    plot.band(&points, class);
    plot.finish(title)
}

/// Short-term loudness of mix and master over time.
pub(crate) fn loudness(evidence: &Evidence, target_lufs: f64) -> String {
    let lines = [(&evidence.before, "before"), (&evidence.after, "after")];
    let loudest = lines
        .iter()
        .flat_map(|(analysis, _)| &analysis.sequences.short_term_lufs)
        .fold(f32::NEG_INFINITY, |most, lufs| most.max(*lufs));
    let top = (f64::from(loudest).max(target_lufs) / 5.0).ceil() * 5.0;
    let top = if top.is_finite() { top } else { 0.0 };
    let mut plot = Plot::new(
        Axis::time(evidence.after.duration_s),
        Axis::linear(top - 35.0, top, "LUFS"),
    );
    plot.level(target_lufs, "target");
    for (name, analysis) in &evidence.variants {
        plot.named_line(&short_term(analysis), "variant", name);
    }
    for (analysis, class) in lines {
        plot.line(&short_term(analysis), class);
    }
    plot.finish("Short-term loudness of mix and master over time")
}

/// Short-term loudness over time.
fn short_term(analysis: &Analysis) -> Vec<(f64, f64)> {
    // Each value stands for the three seconds that end with it.
    thinned(&analysis.sequences.short_term_lufs, |lufs| f64::from(*lufs))
        .map(|(share, lufs)| (3.0 + share * (analysis.duration_s - 3.0).max(0.0), lufs))
        .collect()
}

/// How much louder the master is over time, where both have a loudness.
pub(crate) fn loudness_difference(evidence: &Evidence) -> String {
    let before = &evidence.before.sequences.short_term_lufs;
    let after = &evidence.after.sequences.short_term_lufs;
    let pairs: Vec<f64> = before
        .iter()
        .zip(after)
        .map(|(before, after)| f64::from(after - before))
        .map(|lu| if lu.is_finite() { lu } else { f64::NAN })
        .collect();
    let length_s = evidence.after.duration_s;
    let group = pairs.len().div_ceil(TIME_POINTS).max(1);
    let points: Vec<(f64, f64)> = (pairs.chunks(group).enumerate())
        .map(|(index, chunk)| {
            let heard: Vec<f64> = chunk.iter().copied().filter(|lu| !lu.is_nan()).collect();
            let mean = heard.iter().sum::<f64>() / heard.len() as f64;
            let share = (index * group) as f64 / pairs.len() as f64;
            (3.0 + share * (length_s - 3.0).max(0.0), mean)
        })
        .collect();
    let mut plot = Plot::new(Axis::time(length_s), around(&points, "LU"));
    plot.level(0.0, "zero");
    plot.line(&points, "difference");
    plot.finish("How much louder the master is than the mix over time")
}

/// An axis around all values and zero.
fn around(points: &[(f64, f64)], unit: &str) -> Axis {
    let values = points.iter().map(|(_, value)| *value);
    let values = values.filter(|value| value.is_finite());
    let (low, high) = values.fold((0.0_f64, 0.0_f64), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    Axis::linear(low.floor() - 1.0, high.ceil() + 1.0, unit)
}

/// What happened to the tone: third octaves of the master less those of the mix, both relative to their loudness.
pub(crate) fn spectrum_difference(evidence: &Evidence) -> String {
    let after = third_octaves(&evidence.after);
    let of_mix = third_octaves(&evidence.before);
    let points: Vec<(f64, f64)> = after
        .iter()
        .filter_map(|(hz, level_db)| {
            let (_, before_db) = of_mix.iter().find(|(other_hz, _)| other_hz == hz)?;
            Some((*hz, level_db - before_db))
        })
        .collect();
    let mut plot = Plot::new(Axis::frequency(), around(&points, "dB"));
    plot.level(0.0, "zero");
    plot.line(&points, "difference");
    plot.finish("Spectrum of the master less that of the mix, both equally loud")
}

/// Values thinned to what a screen shows, each with its share of the whole: the largest of each
/// group, so that no peak is lost.
pub(crate) fn thinned<'a, T>(
    values: &'a [T],
    value: impl Fn(&T) -> f64 + 'a,
) -> impl Iterator<Item = (f64, f64)> + 'a {
    let group = values.len().div_ceil(TIME_POINTS).max(1);
    let count = values.len() as f64;
    values.chunks(group).enumerate().map(move |(index, chunk)| {
        let largest = chunk.iter().map(&value).fold(f64::NEG_INFINITY, f64::max);
        ((index * group) as f64 / count, largest)
    })
}

/// Third octaves of mid before and after, and of a reference, over the typical range of released
/// music.
pub(crate) fn spectrum(evidence: &Evidence, reference: Option<&Signature>) -> String {
    let mut plot = Plot::new(
        Axis::frequency(),
        Axis::linear(SPECTRUM_FLOOR_DB, 0.0, "dB re loudness"),
    );
    let typical = typical_bands();
    let range = |low: usize, high: usize| -> Vec<(f64, f64, f64)> {
        typical
            .iter()
            .map(|band| (band.center_hz, band.mid_db[low], band.mid_db[high]))
            .collect()
    };
    plot.band(&range(0, 4), "typical-wide");
    plot.band(&range(1, 3), "typical");
    if let Some(reference) = reference {
        let levels = reference.mid_db.iter().enumerate();
        let points: Vec<_> = levels
            .map(|(band, level_db)| (fine_band_hz(band), *level_db))
            .collect();
        plot.named_line(&points, "target", "reference");
    }
    for (name, analysis) in &evidence.variants {
        plot.named_line(&third_octaves(analysis), "variant", name);
    }
    for (analysis, class) in [(&evidence.before, "before"), (&evidence.after, "after")] {
        plot.line(&third_octaves(analysis), class);
    }
    plot.finish("Spectrum of mix and master over the typical range of released music")
}

fn third_octaves(analysis: &Analysis) -> Vec<(f64, f64)> {
    let levels = analysis.spectrum.mid_db.iter().enumerate();
    levels
        .map(|(band, level_db)| (bands::center_hz(band), level_db - analysis.integrated_lufs))
        .filter(|(hz, level_db)| *hz >= 25.0 && *level_db > SPECTRUM_FLOOR_DB - 20.0)
        .collect()
}

/// The EQ that was applied, and what the net proposed with its standard deviation.
pub(crate) fn eq(settings: &Settings, proposal: Option<&EqProposal>) -> String {
    let freqs_hz: Vec<f64> = (0..FREQUENCY_POINTS)
        .map(|index| 25.0 * libm::pow(800.0, index as f64 / (FREQUENCY_POINTS - 1) as f64))
        .collect();
    let applied: Vec<(f64, f64)> = freqs_hz
        .iter()
        .map(|&hz| (hz, eq_curve_db(&settings.eq, hz).mid_db))
        .collect();
    let sides: Vec<(f64, f64)> = freqs_hz
        .iter()
        .map(|&hz| (hz, eq_curve_db(&settings.eq, hz).side_db))
        .collect();
    let proposed: Vec<(f64, f64, f64)> = proposal
        .map(|proposal| {
            let rows = mid_basis(&freqs_hz);
            let at = |row: &[f64], knots: &[f64]| -> f64 {
                row.iter()
                    .zip(knots)
                    .map(|(basis, knot)| basis * knot)
                    .sum()
            };
            freqs_hz
                .iter()
                .zip(&rows)
                .map(|(&hz, row)| {
                    let middle_db = at(row, &proposal.mid_db);
                    let sd_db = at(row, &proposal.sd_db).max(0.0);
                    (hz, middle_db - sd_db, middle_db + sd_db)
                })
                .collect()
        })
        .unwrap_or_default();
    let values = applied.iter().chain(&sides).map(|(_, db)| db.abs()).chain(
        proposed
            .iter()
            .flat_map(|(_, low, high)| [low.abs(), high.abs()]),
    );
    let most_db = values.fold(3.0, f64::max).ceil();
    let mut plot = Plot::new(Axis::frequency(), Axis::linear(-most_db, most_db, "dB"));
    plot.band(&proposed, "typical");
    let middle: Vec<(f64, f64)> = proposed
        .iter()
        .map(|(hz, low, high)| (*hz, 0.5 * (low + high)))
        .collect();
    plot.line(&middle, "proposed");
    plot.level(0.0, "zero");
    if sides != applied {
        plot.line(&sides, "side");
    }
    plot.line(&applied, "after");
    plot.finish("The EQ curve that was applied, and the net's proposal with its standard deviation")
}

/// What compressor and limiter take over time, downwards.
pub(crate) fn gain_reduction(evidence: &Evidence) -> String {
    let length_s = evidence.after.duration_s;
    let limiting: Vec<(f64, f64)> = thinned(&evidence.limiting_db, |db| *db)
        .map(|(share, db)| (share * length_s, -db))
        .collect();
    let steps_s = evidence.compression_db.len() as f64 / Evidence::COMPRESSION_STEPS_PER_S;
    let compression: Vec<(f64, f64)> = thinned(&evidence.compression_db, |db| *db)
        .map(|(share, db)| (share * steps_s, -db))
        .collect();
    let most_db = limiting
        .iter()
        .chain(&compression)
        .map(|(_, db)| -db)
        .fold(3.0, f64::max)
        .ceil();
    let mut plot = Plot::new(Axis::time(length_s), Axis::linear(-most_db, 0.0, "dB"));
    let area: Vec<(f64, f64, f64)> = limiting.iter().map(|(at, db)| (*at, *db, 0.0)).collect();
    plot.band(&area, "limiting");
    plot.line(&compression, "compression");
    plot.finish("Gain reduction of limiter and compressor over time")
}

/// The parts of the song, and what level and side are moved by in each.
pub(crate) fn sections(sections: &[Section], duration_s: f64) -> String {
    let most_db = MAX_SECTION_SIDE_DB + 0.5;
    let mut plot = Plot::new(
        Axis::time(duration_s),
        Axis::linear(-most_db, most_db, "dB"),
    );
    let mut letters: Vec<char> = Vec::new();
    for section in sections {
        if !letters.contains(&section.letter) {
            letters.push(section.letter);
        }
        // Every second letter is shaded, so that parts that sound alike look alike.
        let place = letters.iter().position(|letter| *letter == section.letter);
        if place.is_some_and(|place| place % 2 == 1) {
            plot.shade(section.start_s, section.end_s, "passage");
        }
        plot.name(section.start_s, section.end_s, &section.letter.to_string());
    }
    plot.level(0.0, "zero");
    let steps = |value_db: fn(&Section) -> f64| -> Vec<(f64, f64)> {
        let ends = |section: &Section| {
            let value_db = value_db(section);
            [(section.start_s, value_db), (section.end_s, value_db)]
        };
        sections.iter().flat_map(ends).collect()
    };
    plot.line(&steps(|section| section.side_db), "side");
    plot.line(&steps(|section| section.level_db), "after");
    for pair in sections.windows(2) {
        if let [_, next] = pair {
            let edge = [(next.start_s, -most_db), (next.start_s, most_db)];
            plot.line(&edge, "zero");
        }
    }
    plot.finish("The parts of the song, and what level and side of each are moved by")
}

/// Side against mid in each third octave, before and after, over the typical range.
pub(crate) fn stereo(evidence: &Evidence) -> String {
    let mut plot = Plot::new(
        Axis::frequency(),
        Axis::linear(-50.0, 10.0, "side − mid, dB"),
    );
    let typical: Vec<(f64, f64, f64)> = typical_bands()
        .iter()
        .map(|band| {
            let middle = band.side_db[2] - band.mid_db[2];
            let half = 0.5 * (band.side_db[3] - band.side_db[1]);
            (band.center_hz, middle - half, middle + half)
        })
        .collect();
    plot.band(&typical, "typical");
    for (analysis, class) in [(&evidence.before, "before"), (&evidence.after, "after")] {
        let points: Vec<(f64, f64)> = third_octaves(analysis)
            .into_iter()
            .map(|(hz, mid_db)| {
                let band = (0..bands::THIRD_OCTAVES).find(|b| bands::center_hz(*b) == hz);
                let side_db = band.map_or(f64::NAN, |b| analysis.spectrum.side_db[b]);
                (hz, side_db - analysis.integrated_lufs - mid_db)
            })
            .collect();
        plot.line(&points, class);
    }
    plot.finish("Level of side against mid in each third octave, before and after")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_largest() {
        let mut values = vec![0.0; 100_000];
        values[77_777] = 5.0;
        let points: Vec<(f64, f64)> = thinned(&values, |v| *v).collect();
        assert!(points.len() <= TIME_POINTS);
        let (share, _) = points.iter().find(|(_, value)| *value == 5.0).unwrap();
        assert!((share - 0.777_77).abs() < 0.01, "{share}");
    }

    #[test]
    fn every_part_is_named_and_its_moves_are_drawn() {
        let part = |start_s, end_s, letter| Section {
            start_s,
            end_s,
            letter,
            level_db: 0.5,
            side_db: -1.0,
        };
        let parts = [
            part(0.0, 20.0, 'A'),
            part(20.0, 41.0, 'B'),
            part(41.0, 60.0, 'A'),
        ];
        let svg = sections(&parts, 60.0);
        assert_eq!(svg.matches(">A</text>").count(), 2);
        assert_eq!(svg.matches(">B</text>").count(), 1);
        assert_eq!(svg.matches("area passage").count(), 1);
        assert!(svg.contains("line after") && svg.contains("line side"));
    }

    #[test]
    fn the_applied_curve_and_the_proposal_are_both_drawn() {
        let mut settings = Settings::default();
        settings.eq.mid_db[5] = 2.0;
        let proposal = EqProposal {
            mid_db: [4.0; MID],
            sd_db: [1.0; MID],
        };
        let svg = eq(&settings, Some(&proposal));
        assert!(svg.contains("area typical") && svg.contains("line proposed"));
        assert!(!eq(&settings, None).contains("area typical"));
    }

    const MID: usize = acetate_dsp::settings::MID_KNOTS;
}
