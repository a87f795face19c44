//! The pictures of the report page.

use acetate_dsp::process::eq;
use acetate_master::report::Treatment;

use super::charts;
use crate::evidence::{Evidence, Material};

const MIX: &str = r#"<span class="key"></span>mix"#;
const MASTER: &str = r#"<span class="key after"></span>master"#;

fn figure(title: &str, svg: &str, caption: &str) -> String {
    format!("<figure><h3>{title}</h3>{svg}<figcaption>{caption}</figcaption></figure>")
}

pub(super) fn drawn(evidence: &Evidence, done: &Treatment, material: &Material<'_>) -> String {
    let mut html = String::from(r#"<section><h2>Pictures</h2><div class="charts">"#);
    html.push_str(&over_time(evidence, done));
    html.push_str(&figure(
        "Spectrum",
        &charts::spectrum(evidence, material.reference),
        &format!(
            r#"Third octaves of mid relative to the loudness.{MIX}{MASTER}{}{}<span class="key typical"></span>half (dark) and nine tenths (light) of {}"#,
            if material.reference.is_some() {
                r#"<span class="key target"></span>reference"#
            } else {
                ""
            },
            of_variants(evidence),
            crate::typical::typical_source()
        ),
    ));
    html.push_str(&figure(
        "Difference in tone",
        &charts::spectrum_difference(evidence),
        r#"<span class="key difference"></span>the master less the mix, both equally loud: what every stage together did to the tone"#,
    ));
    html.push_str(&figure(
        "EQ",
        &charts::eq(&done.settings, material.proposal.as_ref()),
        &format!(
            r#"<span class="key after"></span>applied{}{}"#,
            if eq::splits_side(&done.settings.eq) {
                " (dotted: to the side signal)"
            } else {
                ""
            },
            if material.proposal.is_some() {
                r#"<span class="key typical"></span>what was proposed before any restraint, with its standard deviation: the wider, the less of it is applied"#
            } else if material.reference.is_some() {
                "; led by the reference"
            } else {
                "; as the settings have it"
            }
        ),
    ));
    if evidence.after.channels == 2 {
        html.push_str(&figure(
            "Stereo by band",
            &charts::stereo(evidence),
            &format!(
                r#"Side against mid, higher is wider.{MIX}{MASTER}<span class="key typical"></span>typical of released music"#
            ),
        ));
    }
    html.push_str("</div></section>");
    html
}

/// The key of the variants' lines, where there are any.
fn of_variants(evidence: &Evidence) -> &'static str {
    if evidence.variants.is_empty() {
        ""
    } else {
        r#"<span class="key variant"></span>variants"#
    }
}

/// What is drawn over time. The waveforms are for paper: on a screen the player has them.
fn over_time(evidence: &Evidence, done: &Treatment) -> String {
    let mut html = String::from(r#"<div class="paper">"#);
    for (title, overview, class) in [
        ("Waveform of the mix", &evidence.mix, "before"),
        ("Waveform of the master", &evidence.master, "after"),
    ] {
        html.push_str(&figure(
            title,
            &charts::waveform(overview, evidence, class, title),
            "The shaded part can be listened to on the page.",
        ));
    }
    html.push_str("</div>");
    html.push_str(&figure(
        "Loudness over time",
        &charts::loudness(evidence, done.target.integrated_lufs),
        &format!(
            r#"Short-term loudness (3 s).{MIX}{MASTER}{}<span class="key target"></span>integrated target"#,
            of_variants(evidence)
        ),
    ));
    let sections = &done.settings.sections;
    if !sections.is_empty() {
        html.push_str(&figure(
            "Parts of the song",
            &charts::sections(sections, evidence.before.duration_s),
            r#"Parts that sound alike share a letter.<span class="key after"></span>what their level is moved by (dotted: their side signal)"#,
        ));
    }
    html.push_str(&figure(
        "Difference in loudness",
        &charts::loudness_difference(evidence),
        r#"<span class="key difference"></span>how much louder the master is than the mix: level where it is even, dynamics where it is not"#,
    ));
    html.push_str(&figure(
        "Gain reduction over time",
        &charts::gain_reduction(evidence),
        &format!(
            r#"What is taken, downwards; the most of each moment.<span class="key after"></span>limiter{}"#,
            if evidence.compression_db.is_empty() {
                " (the compressor is not in use)"
            } else {
                r#"<span class="key compression"></span>compressor"#
            }
        ),
    ));
    html
}
