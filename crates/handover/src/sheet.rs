//! The engineer's sheet: everything that was done, on one printed page.

use std::fmt::Write;

use acetate_dsp::settings::{
    Cleanup, FINE_BANDS, MID_KNOTS, Repair, RepairKind, SIDE_KNOTS, fine_band_hz, is_flat,
    mid_knot_hz, side_knot_hz,
};
use acetate_dsp::units::{clock, hertz};
use acetate_master::findings::FindingCode;
use acetate_master::report::sections::listed;
use acetate_master::report::{Measures, Treatment};
use acetate_master::{MasterFile, Mastered, VERSION};

use crate::html::escape;
use crate::parametric::{Parametric, Shape};

const STYLE: &str = "@page{size:A4;margin:11mm}:root{color-scheme:light}*{box-sizing:border-box}body{font:9.2pt/1.32 system-ui,'Segoe UI',Roboto,'Noto Sans',sans-serif;margin:0 auto;padding:1rem;max-width:188mm;color:#111;background:#fff}@media print{body{padding:0}}h1{font-size:13pt;margin:0;overflow-wrap:anywhere}h2{font-size:10pt;margin:.55rem 0 .15rem;border-bottom:1px solid #999}p{margin:.15rem 0}.two{display:grid;grid-template-columns:1fr 1fr;gap:0 1.2rem}@media screen and (max-width:640px){.two{grid-template-columns:1fr}}table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{padding:.05rem .3rem .05rem 0;text-align:left;border-bottom:1px solid #ddd;vertical-align:top}td.n,th.n{text-align:right;white-space:nowrap}ul{margin:.1rem 0;padding-left:1.1rem}.soft{color:#555}.room{border:1px solid #999;min-height:26mm;padding:.3rem;white-space:pre-wrap;overflow-wrap:anywhere;max-height:44mm;overflow:hidden}";
/// Findings that a page has room for.
const MAX_FINDINGS: usize = 5;
/// Most repairs that are named one by one.
const MOST_REPAIRS: usize = 8;

/// The sheet. `notes` are the sender's own words.
pub fn engineers_sheet(file: &MasterFile, eq: &Parametric, notes: Option<&str>) -> String {
    let Mastered {
        treatment: done,
        after,
        assessment,
        ..
    } = &file.mastered;
    let name = &file.input.path;
    let name = name.rsplit('/').next().unwrap_or(name);
    let mut html = format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{0}: for the mastering engineer</title><style>{STYLE}</style></head><body><h1>{0}</h1><p class="soft">A reference master by Acetate {1}, to take, change or throw away. The mix in this folder is untouched.</p><div class="two"><section><h2>Measured</h2>{2}<h2>Chain, in signal order</h2>{3}</section><section><h2>EQ (mid and side alike)</h2>{4}</section></div>"#,
        escape(name),
        escape(VERSION),
        measured(&done.before, after),
        chain(file),
        curve(done, eq),
    );
    html.push_str("<div class=\"two\"><section><h2>Findings in the mix</h2>");
    if assessment.findings.is_empty() {
        html.push_str("<p>Nothing stands out.</p>");
    } else {
        html.push_str("<ul>");
        for finding in assessment.findings.iter().take(MAX_FINDINGS) {
            let _ = write!(html, "<li>{}</li>", escape(&finding.text));
        }
        html.push_str("</ul>");
        let more = assessment.findings.len().saturating_sub(MAX_FINDINGS);
        if more > 0 {
            let _ = write!(html, "<p>{more} more in the report.</p>");
        }
    }
    html.push_str("</section><section><h2>Open questions</h2><ul>");
    for question in questions(&file.mastered) {
        let _ = write!(html, "<li>{}</li>", escape(&question));
    }
    let _ = writeln!(
        html,
        "</ul></section></div><h2>Notes</h2><div class=\"room\">{}</div></body></html>",
        escape(notes.unwrap_or_default())
    );
    html
}

fn measured(before: &Measures, after: &Measures) -> String {
    let mut html =
        String::from(r#"<table><tr><th></th><th class="n">mix</th><th class="n">master</th></tr>"#);
    for (name, was, is) in [
        (
            "Integrated, LUFS",
            before.integrated_lufs,
            after.integrated_lufs,
        ),
        (
            "True peak, dBTP",
            before.true_peak_dbtp,
            after.true_peak_dbtp,
        ),
        (
            "Loudness range, LU",
            before.loudness_range_lu,
            after.loudness_range_lu,
        ),
        (
            "Short-term max, LUFS",
            before.short_term_max_lufs,
            after.short_term_max_lufs,
        ),
        (
            "Momentary max, LUFS",
            before.momentary_max_lufs,
            after.momentary_max_lufs,
        ),
        ("Peak to loudness, dB", before.plr_db, after.plr_db),
    ] {
        let _ = write!(
            html,
            r#"<tr><td>{name}</td><td class="n">{was:.2}</td><td class="n">{is:.2}</td></tr>"#,
        );
    }
    html.push_str("</table>");
    html
}

fn chain(file: &MasterFile) -> String {
    let done = &file.mastered.treatment;
    let settings = &done.settings;
    let mut html = String::from("<table>");
    let bypassed = |stage: &str| done.bypassed.iter().any(|name| name == stage);
    let mut row = |stage: &str, text: String| {
        let text = if bypassed(stage) {
            "left out".to_owned()
        } else {
            text
        };
        let _ = write!(html, "<tr><td>{stage}</td><td>{text}</td></tr>");
    };
    row("cleanup", cleanup(&settings.cleanup));
    let c = &settings.compressor;
    row(
        "compressor",
        if c.ratio > 1.0 && c.mix > 0.0 {
            format!(
                "{:.2}:1, threshold {:+.1} LU of the program (about {:.1} dBFS RMS), knee {:.0} dB, attack {:.0} ms, release {:.0} ms, sidechain high-pass {:.0} Hz, mix {:.0} %; took at most {:.1} dB",
                c.ratio,
                c.threshold_lu,
                file.mastered.program_lufs() + c.threshold_lu,
                c.knee_db,
                c.attack_ms,
                c.release_ms,
                c.sidechain_highpass_hz,
                100.0 * c.mix,
                done.compression_db
            )
        } else {
            "out".to_owned()
        },
    );
    let d = &settings.deesser;
    row(
        "deesser",
        if d.max_reduction_db > 0.0 {
            format!(
                "mid around {:.0} Hz, threshold {:+.1} LU of the program (about {:.1} dBFS RMS in the band), at most {:.1} dB",
                d.frequency_hz,
                d.threshold_lu,
                file.mastered.program_lufs() + d.threshold_lu,
                d.max_reduction_db
            )
        } else {
            "out".to_owned()
        },
    );
    let s = &settings.saturation;
    row(
        "saturation",
        if s.amount > 0.0 {
            format!(
                "{:.0} %, ceiling {:+.1} LU of the program",
                100.0 * s.amount,
                s.ceiling_lu
            )
        } else {
            "out".to_owned()
        },
    );
    let w = &settings.stereo;
    row(
        "stereo",
        if w.low_db == 0.0 && w.mid_db == 0.0 && w.high_db == 0.0 {
            "out".to_owned()
        } else {
            format!(
                "side {:+.2} dB below {:.0} Hz, {:+.2} dB between, {:+.2} dB above {}",
                w.low_db,
                w.low_crossover_hz,
                w.mid_db,
                w.high_db,
                hertz(w.high_crossover_hz)
            )
        },
    );
    if !settings.sections.is_empty() {
        row("sections", listed(&settings.sections));
    }
    let l = &settings.limiter;
    row(
        "limiter",
        format!(
            "drive {:+.2} dB, ceiling {:.2} dBTP, look-ahead {:.1} ms, hold {:.1} ms, release {:.1} / {:.0} ms; takes at most {:.2} dB, over 1 dB for {:.1} % of the time{}",
            l.drive_db,
            done.last_ceiling_dbtp(),
            l.lookahead_ms,
            l.hold_ms,
            l.fast_release_ms,
            l.release_ms,
            done.limiting_db,
            100.0 * done.limiting_share,
            match done.last_trim_db() {
                trim if trim < 0.0 => format!("; trim {trim:.2} dB after it"),
                _ => String::new(),
            }
        ),
    );
    row(
        "delivery",
        format!(
            "{} Hz, {} bits{}",
            file.output.sample_rate_hz,
            done.word_length_bits,
            if done.word_length_bits < 24 {
                ", TPDF dither"
            } else {
                ""
            }
        ),
    );
    html.push_str("</table>");
    html
}

fn curve(done: &Treatment, eq: &Parametric) -> String {
    let settings = &done.settings.eq;
    let mut html = String::from(
        r#"<table><tr><th>curve at</th><th class="n">dB</th><th>curve at</th><th class="n">dB</th></tr>"#,
    );
    let half = MID_KNOTS / 2;
    for knot in 0..half {
        let _ = write!(
            html,
            r#"<tr><td>{}</td><td class="n">{:+.2}</td><td>{}</td><td class="n">{:+.2}</td></tr>"#,
            hertz(mid_knot_hz(knot)),
            settings.mid_db[knot],
            hertz(mid_knot_hz(knot + half)),
            settings.mid_db[knot + half],
        );
    }
    html.push_str("</table>");
    if settings.side_db.iter().any(|db| *db != 0.0) {
        let knots: Vec<String> = (0..SIDE_KNOTS)
            .map(|knot| {
                format!(
                    "{:+.2} dB at {}",
                    settings.side_db[knot],
                    hertz(side_knot_hz(knot))
                )
            })
            .collect();
        let _ = write!(html, "<p>Side only, on top: {}.</p>", knots.join(", "));
    }
    html.push_str(&fine("Third octaves", &settings.fine_mid_db));
    html.push_str(&fine("Third octaves of side", &settings.fine_side_db));
    let _ = write!(
        html,
        r#"<p class="soft">The same in {} bands, within {:.2} dB (RMS {:.2}); gain of the whole {:+.2} dB. In eq.txt and chain.dawproject too.</p><table><tr><th>band</th><th class="n">at</th><th class="n">dB</th><th class="n">Q</th></tr>"#,
        eq.bands.len(),
        eq.worst_db,
        eq.rms_db,
        eq.gain_db
    );
    for band in &eq.bands {
        let shape = match band.shape {
            Shape::Bell => "bell",
            Shape::LowShelf => "low shelf",
            Shape::HighShelf => "high shelf",
        };
        let _ = write!(
            html,
            r#"<tr><td>{shape}</td><td class="n">{}</td><td class="n">{:+.2}</td><td class="n">{:.2}</td></tr>"#,
            hertz(band.freq_hz),
            band.gain_db,
            band.q
        );
    }
    html.push_str("</table><p class=\"soft\">A generic compressor and limiter know no knee, sidechain filter, mix, hold or saturation; width per band is not in the project either. Their response differs from ours as far as those settings matter; the un-limited file has ours.</p>");
    html
}

/// What the fine curve adds to the knots' curve; nothing where it is flat.
fn fine(what: &str, gains_db: &[f64; FINE_BANDS]) -> String {
    if is_flat(gains_db) {
        return String::new();
    }
    let gains: Vec<String> = gains_db
        .iter()
        .enumerate()
        .map(|(band, gain_db)| format!("{} {gain_db:+.1}", hertz(fine_band_hz(band))))
        .collect();
    format!(
        r#"<p class="soft">{what}, on top, dB: {}.</p>"#,
        gains.join(", ")
    )
}

/// What a person should decide.
fn questions(mastered: &Mastered) -> Vec<String> {
    let Mastered {
        treatment: done,
        after,
        assessment,
        ..
    } = mastered;
    let mut questions =
        vec!["Low end: your taste? It was judged by its spectrum alone.".to_owned()];
    if done.limiting_db > 3.0 {
        questions.push(format!(
            "The limiter takes up to {:.1} dB for {:.1} LUFS: is that loudness wanted?",
            done.limiting_db, after.integrated_lufs
        ));
    }
    if let Some(infeasible) = &done.infeasible {
        questions.push(format!(
            "The target is {:.1} LU away within the limit on limiting: turn peaks down in the mix, or accept it?",
            infeasible.short_by_lu
        ));
    }
    let confidence = done.confidence.map_or(0.0, |confidence| confidence.eq);
    if done.settings.eq.mid_db.iter().all(|db| *db == 0.0) {
        questions.push(
            "The tone was left alone: does the mix need none, or was the net too unsure?"
                .to_owned(),
        );
    } else if confidence > 0.0 && confidence < 0.5 {
        questions.push(format!(
            "Only {:.0} % of the EQ that was proposed was applied: more of it, or none?",
            100.0 * confidence
        ));
    }
    if assessment
        .findings
        .iter()
        .any(|finding| [FindingCode::Limited, FindingCode::Clipping].contains(&finding.code))
    {
        questions.push(
            "Is there a version of the mix without limiter or clipping on its bus?".to_owned(),
        );
    }
    questions
}

fn cleanup(cleanup: &Cleanup) -> String {
    let mut parts = Vec::new();
    if cleanup.repairs.len() > MOST_REPAIRS {
        let clicks = cleanup.repairs.len();
        parts.push(format!(
            "{clicks} moments repaired, as settings.toml lists them"
        ));
    } else {
        parts.extend(cleanup.repairs.iter().map(moment));
    }
    if cleanup
        .clipped
        .iter()
        .any(|levels| levels.above.max(levels.below) > 0.0)
    {
        parts.push("flat tops drawn anew".to_owned());
    }
    if let Some(hum) = &cleanup.hum {
        parts.push(format!(
            "{} lines of a hum at {:.2} Hz taken out",
            hum.lines.len(),
            hum.mains_hz
        ));
    }
    if cleanup.dc_highpass_hz > 0.0 {
        parts.push(format!(
            "DC filter at {:.1} Hz, second order",
            cleanup.dc_highpass_hz
        ));
    }
    if parts.is_empty() {
        "out".to_owned()
    } else {
        parts.join("; ")
    }
}

/// One repaired moment.
fn moment(repair: &Repair) -> String {
    let at = clock(repair.at_s, 3);
    let length_ms = repair.length_ms;
    match repair.kind {
        RepairKind::Interpolate => format!("click of {length_ms:.1} ms at {at} interpolated"),
        RepairKind::Attenuate => format!(
            "bump of {length_ms:.0} ms at {at} turned down by {:.1} dB",
            -repair.gain_db
        ),
        RepairKind::FadeIn => format!("faded in over {length_ms:.0} ms at {at}"),
        RepairKind::FadeOut => format!("faded out over {length_ms:.0} ms at {at}"),
    }
}
