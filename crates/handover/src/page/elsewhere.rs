//! The mix as the check sees it, and the master on other loudspeakers.

use std::fmt::Write;

use acetate_check::translate;
use acetate_dsp::units::clock;
use acetate_master::Mastered;
use acetate_master::findings::{Finding, Severity, Verdict};

use crate::evidence::Evidence;
use crate::html::escape;

/// Whether the mix was ready, and what stands out in it.
pub(super) fn mix(mastered: &Mastered) -> String {
    let findings = &mastered.assessment.findings;
    let readiness = &mastered.assessment.readiness;
    let mut html = String::from("<section><h2>The mix, checked</h2>");
    let verdict = match readiness.verdict {
        Verdict::Ready => "The mix is ready",
        Verdict::ReadyWithRemarks => "The mix is ready, with remarks",
        Verdict::NotReady => "The mix is not ready",
    };
    let _ = write!(
        html,
        "<p><b>{verdict}.</b> Score {:.0} of 100, {:.0} after mastering.</p><h3>Findings</h3>",
        readiness.score,
        readiness.score_after_mastering.max(readiness.score),
    );
    if findings.is_empty() {
        html.push_str("<p>Nothing stands out.</p>");
    } else {
        html.push_str("<ul>");
        for finding in findings {
            let (class, weight) = match finding.severity {
                Severity::Problem => ("bad", "Problem"),
                Severity::Remark => ("", "Remark"),
                Severity::Note => ("soft", "Note"),
            };
            let _ = write!(
                html,
                r#"<li><span class="{class}">{weight}:</span> {}. <span class="soft">{}.</span>{}</li>"#,
                escape(&finding.text),
                escape(&finding.advice),
                hear(finding),
            );
        }
        html.push_str("</ul>");
    }
    html.push_str("</section>");
    html
}

/// A button that plays where something was found.
fn hear(finding: &Finding) -> String {
    let first = finding.places.first();
    first.map_or_else(String::new, |place| {
        format!(
            r#" <button class="quiet screen" data-at="{:.2}">Hear it at {}</button>"#,
            (place.from_s - 1.0).max(0.0),
            clock(place.from_s.floor(), 0),
        )
    })
}

/// How mix and master arrive on other loudspeakers.
pub(super) fn loudspeakers(evidence: &Evidence) -> String {
    let mut html = String::from(
        r#"<section><h2>On other loudspeakers</h2><p class="soft small">From the long-term spectrum and published responses; it says nothing of distortion or the room.</p><div class="scroll"><table><tr><th>device</th><th>the mix</th><th>the master</th></tr>"#,
    );
    let (before, after) = (translate(&evidence.before), translate(&evidence.after));
    for (mix, master) in before.iter().zip(&after) {
        let _ = write!(
            html,
            r#"<tr><td>{}<details class="screen small soft"><summary>source</summary>{}</details></td><td>{}</td><td>{}{}</td></tr>"#,
            escape(&mix.device),
            escape(&mix.source),
            escape(&mix.text),
            escape(&master.text),
            if master.advice.is_empty() {
                String::new()
            } else {
                format!(
                    r#"<br><span class="soft small">{}</span>"#,
                    escape(&master.advice)
                )
            },
        );
    }
    html.push_str("</table></div></section>");
    html
}
