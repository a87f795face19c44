//! Small pictures: the mix's spectrum as it is and as each device plays it, as SVG.

use std::fmt::Write;

use acetate_dsp::Analysis;
use acetate_dsp::measure::bands::center_hz;
use acetate_dsp::units::{db_from_power, power_from_db};

use crate::devices::{DEVICES, Device};

/// Size of one picture, pixels.
const SIZE: (f64, f64) = (260.0, 150.0);
/// Pictures in a row.
const COLUMNS: usize = 3;
/// Room around a curve, pixels.
const MARGIN: f64 = 24.0;
/// Room for the legend, pixels.
const LEGEND: f64 = 22.0;
/// Levels that are shown below the highest of all curves, dB.
const SPAN_DB: f64 = 60.0;
/// Levels between two lines, dB.
const GRID_DB: f64 = 20.0;
/// Frequencies that are shown, Hz.
const SHOWN_HZ: (f64, f64) = (20.0, 20_000.0);

/// One picture for every device.
pub fn svg(analysis: &Analysis) -> String {
    let rows = DEVICES.len().div_ceil(COLUMNS);
    let (width, height) = (SIZE.0 * COLUMNS as f64, SIZE.1 * rows as f64 + LEGEND);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (index, device) in DEVICES.iter().enumerate() {
        let x = SIZE.0 * (index % COLUMNS) as f64;
        let y = SIZE.1 * (index / COLUMNS) as f64;
        let _ = writeln!(text, "<g transform=\"translate({x} {y})\">");
        one(&mut text, device, analysis);
        text.push_str("</g>\n");
    }
    let _ = writeln!(
        text,
        "<text x=\"{MARGIN}\" y=\"{:.1}\" fill=\"#777\">gray: the mix; <tspan fill=\"#c33\">red: what arrives</tspan>. Third \
         octaves in Hz, lines every {GRID_DB:.0} dB.</text>",
        height - 8.0
    );
    text.push_str("</svg>\n");
    text
}

fn one(text: &mut String, device: &Device, analysis: &Analysis) {
    let spectrum = &analysis.spectrum;
    let level = |db: Option<&f64>| power_from_db(db.copied().unwrap_or(f64::NEG_INFINITY));
    let levels: Vec<(f64, f64, f64)> = (0..spectrum.mid_db.len())
        .map(|band| {
            let freq_hz = center_hz(band);
            let (mid, side) = (
                level(spectrum.mid_db.get(band)),
                level(spectrum.side_db.get(band)),
            );
            let heard = if device.sums_to_mono { mid } else { mid + side };
            (
                freq_hz,
                db_from_power((mid + side).max(1e-30)),
                db_from_power(heard.max(1e-30)) + device.response_db(freq_hz),
            )
        })
        .collect();
    let top_db = levels
        .iter()
        .fold(f64::NEG_INFINITY, |top, l| top.max(l.1).max(l.2));
    let place = |freq_hz: f64, level_db: f64| {
        let octaves = libm::log2(freq_hz / SHOWN_HZ.0) / libm::log2(SHOWN_HZ.1 / SHOWN_HZ.0);
        let below = ((top_db - level_db) / SPAN_DB).clamp(0.0, 1.0);
        (
            MARGIN + octaves * (SIZE.0 - 2.0 * MARGIN),
            MARGIN + below * (SIZE.1 - 2.0 * MARGIN),
        )
    };
    let _ = writeln!(text, "<text x=\"{MARGIN}\" y=\"16\">{}</text>", device.name);
    for (freq_hz, label) in [(100.0, "100"), (1_000.0, "1k"), (10_000.0, "10k")] {
        let (x, bottom) = place(freq_hz, f64::NEG_INFINITY);
        let _ = writeln!(
            text,
            "<line x1=\"{x:.1}\" y1=\"{MARGIN}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#777\">{label}</text>",
            bottom + 13.0
        );
    }
    for line in 1..(SPAN_DB / GRID_DB) as u32 {
        let (left, y) = place(SHOWN_HZ.0, top_db - GRID_DB * f64::from(line));
        let (right, _) = place(SHOWN_HZ.1, top_db);
        let _ = writeln!(
            text,
            "<line x1=\"{left:.1}\" y1=\"{y:.1}\" x2=\"{right:.1}\" y2=\"{y:.1}\" stroke=\"#eee\"/>"
        );
    }
    let mut curve = |color: &str, level_of: &dyn Fn(&(f64, f64, f64)) -> f64| {
        let points: Vec<String> = levels
            .iter()
            .map(|point| {
                let (x, y) = place(point.0, level_of(point));
                format!("{x:.1},{y:.1}")
            })
            .collect();
        let _ = writeln!(
            text,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.5\"/>",
            points.join(" ")
        );
    };
    curve("#bbb", &|point| point.1);
    curve("#c33", &|point| point.2);
}

#[cfg(test)]
mod tests {
    use acetate_dsp::stream::AudioSource;
    use acetate_dsp::{Audio, analyze};

    #[test]
    fn every_device_has_its_picture_and_no_number_is_missing() {
        let samples = (0..44_100).map(|n| (0.1 * n as f32).sin() * 0.3).collect();
        let audio = Audio::new(44_100, vec![samples]).unwrap();
        let picture = super::svg(&analyze(&mut AudioSource::new(audio)).unwrap());
        for device in &crate::devices::DEVICES {
            assert!(picture.contains(&format!(">{}<", device.name)));
        }
        assert!(
            !picture.contains("NaN") && !picture.contains("inf"),
            "{picture}"
        );
        assert_eq!(picture.matches("<polyline").count(), 12);
    }
}
