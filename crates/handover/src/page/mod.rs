//! The report page: one file, no request to anywhere.

pub(crate) mod album;
mod answer;
pub(crate) mod base64;
pub(crate) mod charts;
mod elsewhere;
pub(crate) mod html;
pub(crate) mod index;
pub(crate) mod overview;
mod pictures;
pub(crate) mod player;
pub(crate) mod svg;

use std::fmt::Write;
use std::path::Path;

use acetate_dsp::units::clock;
use acetate_master::report::{FileFacts, Measures};
use acetate_master::{MasterFile, Mastered, VERSION};

use crate::error::HandoverError;
use crate::evidence::{Material, collect};
use crate::html::escape;

const STYLE: &str = include_str!("page.css");

/// One of a set of variants, for the table that compares them.
#[derive(Clone, Debug)]
pub struct VariantRow {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// What sets it apart.
    pub what: String,
    /// Its figures.
    pub after: Measures,
    /// Most gain reduction of its limiter, dB.
    pub limiting_db: f64,
}

/// Makes the page. `progress` is told the pass, from 0 to 2, and the share of it that is done.
///
/// # Errors
/// [`HandoverError`] when a source fails or a passage cannot be packed.
pub fn report_page(
    material: &mut Material<'_>,
    variants: &[VariantRow],
    progress: &mut dyn FnMut(usize, f64),
) -> Result<String, HandoverError> {
    let mut evidence = collect(material, progress)?;
    let sound = player::pack(&evidence)?;
    // The pictures mark what can be heard, which the size of the page may have shortened.
    evidence.passage = sound.passage;
    let file = material.file;
    let mastered = &file.mastered;
    let done = &mastered.treatment;
    let is_whole = sound.passage.length_s >= evidence.after.duration_s - 0.5;
    let mut html = head(file)?;
    html.push_str(&answer::answer(mastered));
    html.push_str(&player::markup(&sound, is_whole));
    html.push_str(&compared(variants));
    html.push_str(&pictures::drawn(&evidence, done, material));
    html.push_str(&figures(mastered));
    html.push_str(&checked(mastered));
    let is_nets_own = material.proposal.is_some();
    html.push_str(&answer::without_it(done, &evidence, is_nets_own));
    html.push_str(&elsewhere::mix(mastered));
    html.push_str(&elsewhere::loudspeakers(&evidence));
    html.push_str(&certified(file, material.certificate.as_deref()));
    html.push_str("</main>");
    html.push_str(&player::script(&sound, &evidence, mastered)?);
    html.push_str("</body></html>\n");
    Ok(html)
}

/// A file's name without its folders.
fn file_name(path: &str) -> &str {
    Path::new(path)
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or(path)
}

fn head(file: &MasterFile) -> Result<String, HandoverError> {
    let script = player::script_source()?;
    let name = |facts: &FileFacts| escape(file_name(&facts.path));
    let (input, output) = (name(&file.input), name(&file.output));
    let (class, verdict) = if file.mastered.all_met() {
        ("", "verified: all targets met")
    } else {
        (" bad", "delivered, target not met")
    };
    // The policy makes any request and any other script impossible, whatever a file's name or tag would try.
    Ok(format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src {script}"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{output}: mastering report</title><style>{STYLE}</style></head><body><main><p class="soft small">Acetate {} · mastering report</p><h1>{input} → {output}</h1><p><span class="badge{class}">{verdict}</span></p>"#,
        escape(VERSION),
    ))
}

fn number(value: f64, digits: usize) -> String {
    if value.is_finite() {
        format!("{value:.digits$}")
    } else {
        "–".to_owned()
    }
}

fn figures(mastered: &Mastered) -> String {
    let mut html = String::from(
        r#"<section class="keep"><h2>Figures</h2><div class="scroll"><table><tr><th>measure</th><th class="n">mix</th><th class="n">master</th><th class="n">target</th></tr>"#,
    );
    let Mastered {
        treatment: done,
        after,
        ..
    } = mastered;
    let mut row = |name: &str, figure: fn(&Measures) -> f64, unit: &str, target: String| {
        let _ = write!(
            html,
            r#"<tr><td>{name}</td><td class="n">{}</td><td class="n">{} {unit}</td><td class="n">{target}</td></tr>"#,
            number(figure(&done.before), 2),
            number(figure(after), 2),
        );
    };
    let target = &done.target;
    row(
        "Integrated loudness",
        |m| m.integrated_lufs,
        "LUFS",
        format!("{:.1}", target.integrated_lufs),
    );
    row(
        "True peak, worst meter",
        |m| m.true_peak_dbtp,
        "dBTP",
        format!("≤ {:.1}", target.true_peak_dbtp),
    );
    row(
        "Loudness range",
        |m| m.loudness_range_lu,
        "LU",
        String::new(),
    );
    row(
        "Short-term maximum",
        |m| m.short_term_max_lufs,
        "LUFS",
        String::new(),
    );
    row(
        "Momentary maximum",
        |m| m.momentary_max_lufs,
        "LUFS",
        String::new(),
    );
    row("Peak to loudness", |m| m.plr_db, "dB", String::new());
    let _ = write!(
        html,
        r#"<tr><td>Most taken by the limiter</td><td></td><td class="n">{:.2} dB</td><td class="n">≤ {:.1}</td></tr><tr><td>Most taken by the compressor</td><td></td><td class="n">{:.2} dB</td><td></td></tr><tr><td>Length</td><td class="n">{}</td><td class="n">{}</td><td></td></tr></table></div></section>"#,
        done.limiting_db,
        target.max_limiting_db,
        done.compression_db,
        clock(done.before.duration_s.round(), 0),
        clock(after.duration_s.round(), 0),
    );
    html
}

/// The variants beside each other; nothing where there are none.
fn compared(variants: &[VariantRow]) -> String {
    if variants.is_empty() {
        return String::new();
    }
    let mut html = String::from(
        r#"<section class="keep"><h2>Variants</h2><p class="soft">The player above has them all, equally loud; the pictures have their lines.</p><div class="scroll"><table class="cards"><tr><th>variant</th><th>what sets it apart</th><th class="n">LUFS</th><th class="n">dBTP</th><th class="n">LRA, LU</th><th class="n">peak to loudness, dB</th><th class="n">limiter, dB</th><th>file</th></tr>"#,
    );
    for variant in variants {
        let after = &variant.after;
        let _ = write!(
            html,
            r#"<tr><td>{}</td><td data-label="set apart by">{}</td><td class="n" data-label="LUFS">{}</td><td class="n" data-label="dBTP">{}</td><td class="n" data-label="LRA, LU">{}</td><td class="n" data-label="peak to loudness, dB">{}</td><td class="n" data-label="limiter, dB">{}</td><td data-label="file"><code>{}</code></td></tr>"#,
            escape(&variant.name),
            escape(&variant.what),
            number(after.integrated_lufs, 1),
            number(after.true_peak_dbtp, 2),
            number(after.loudness_range_lu, 1),
            number(after.plr_db, 1),
            number(variant.limiting_db, 1),
            escape(file_name(&variant.file)),
        );
    }
    html.push_str("</table></div></section>");
    html
}

fn checked(mastered: &Mastered) -> String {
    let mut html = String::from(
        r#"<section class="keep"><h2>Checks</h2><div class="scroll"><table class="cards"><tr><th>check</th><th class="n">measured</th><th class="n">asked for</th><th class="n">tolerance</th><th>verdict</th></tr>"#,
    );
    for check in &mastered.assessment.checks {
        let (class, verdict) = if check.pass {
            ("good", "met")
        } else {
            ("bad", "missed")
        };
        let _ = write!(
            html,
            r#"<tr><td>{}</td><td class="n" data-label="measured">{} {unit}</td><td class="n" data-label="asked for">{} {unit}</td><td class="n" data-label="tolerance">{}</td><td class="{class}" data-label="verdict">{verdict}</td></tr>"#,
            escape(check.name.as_str()),
            number(check.measured, 3),
            number(check.target, 2),
            number(check.tolerance, 2),
            unit = escape(&check.unit),
        );
    }
    html.push_str("</table></div>");
    let after = &mastered.after;
    html.push_str(r#"<p class="small soft">By meter: "#);
    let readings = [
        (&after.integrated_by_meter, "LUFS"),
        (&after.true_peak_by_meter, "dBTP"),
    ];
    let texts: Vec<String> = readings
        .into_iter()
        .flat_map(|(readings, unit)| {
            readings
                .iter()
                .map(move |r| format!("{} {:.3} {unit}", escape(&r.meter), r.value))
        })
        .collect();
    let _ = write!(html, "{}.</p>", texts.join(" · "));
    html.push_str("</section>");
    html
}

fn certified(file: &MasterFile, certificate: Option<&str>) -> String {
    let mut html = String::from(r#"<section><h2>Certificate</h2><div class="scroll"><table>"#);
    for (name, facts) in [("mix", &file.input), ("master", &file.output)] {
        {
            let decoder = facts
                .decoder
                .iter()
                .map(|decoder| format!(" · decoded by {decoder}"));
            let changes = facts.changes.iter().map(|change| format!(" · {change}"));
            let foreign: String = decoder.chain(changes).collect();
            let _ = write!(
                html,
                "<tr><td>{name}</td><td>{} · {} · {} Hz{}<br><code>BLAKE3 {}</code></td></tr>",
                escape(file_name(&facts.path)),
                escape(&facts.format),
                facts.sample_rate_hz,
                escape(&foreign),
                escape(&facts.blake3)
            );
        }
    }
    let done = &file.mastered.treatment;
    if !done.weights_hash.is_empty() {
        let _ = write!(
            html,
            "<tr><td>weights</td><td><code>BLAKE3 {}</code></td></tr>",
            escape(&done.weights_hash)
        );
    }
    let _ = write!(
        html,
        "<tr><td>renders</td><td>{}</td></tr></table></div>",
        done.attempts.len()
    );
    if let Some(text) = certificate {
        let _ = write!(
            html,
            r#"<details class="screen"><summary>The whole certificate, for <code>acetate verify --certificate</code></summary><pre>{}</pre></details>"#,
            escape(text)
        );
    }
    html.push_str("</section>");
    html
}
