//! The answer to *what did you do to my song?*, and what each stage did of it.

use std::fmt::Write;

use acetate_dsp::units::clock;
use acetate_master::Mastered;
use acetate_master::report::Treatment;

use crate::evidence::Evidence;
use crate::html::escape;

/// Changes of less than this are none, LU or dB.
const NOTHING: f64 = 0.05;

/// What was done, in sentences, before anything else.
pub(super) fn answer(mastered: &Mastered) -> String {
    let done = &mastered.treatment;
    let mut html = String::from(
        r#"<section class="answer"><h2>What was done to the song</h2><p class="lead">"#,
    );
    html.push_str(&escape(&in_short(mastered)));
    html.push_str("</p><ul>");
    for sentence in &done.done {
        let _ = write!(html, "<li>{}</li>", escape(sentence));
    }
    let _ = write!(
        html,
        "<li>limiter: {}</li></ul>",
        escape(&done.limiter_reason)
    );
    if let Some(infeasible) = &done.infeasible {
        let _ = write!(
            html,
            r#"<p class="bad">Not reached: {} ({:.1} LU short).</p>"#,
            escape(&infeasible.reason),
            infeasible.short_by_lu
        );
    }
    html.push_str("</section>");
    html
}

/// Level, peaks and dynamics in one breath.
fn in_short(mastered: &Mastered) -> String {
    let (before, after) = (&mastered.treatment.before, &mastered.after);
    let louder = after.integrated_lufs - before.integrated_lufs;
    let level = if louder.abs() < NOTHING {
        format!("It is as loud as it was, {:.1} LUFS", after.integrated_lufs)
    } else {
        let word = if louder > 0.0 { "louder" } else { "softer" };
        format!(
            "It is {:.1} LU {word}: from {:.1} to {:.1} LUFS",
            louder.abs(),
            before.integrated_lufs,
            after.integrated_lufs
        )
    };
    let limited = mastered.treatment.limiting_db;
    let peaks = if limited < NOTHING {
        "no peak had to be held".to_owned()
    } else {
        format!("peaks are held by at most {limited:.1} dB")
    };
    let range = after.loudness_range_lu - before.loudness_range_lu;
    let dynamics = if range.abs() < 0.3 {
        "Its dynamics are as they were".to_owned()
    } else {
        format!(
            "The loudness range went from {:.1} to {:.1} LU",
            before.loudness_range_lu, after.loudness_range_lu
        )
    };
    format!(
        "{level}, and {peaks}, below {:.1} dBTP. {dynamics}.",
        after
            .true_peak_dbtp
            .max(mastered.treatment.target.true_peak_dbtp)
    )
}

/// What each stage did, by leaving it out. `is_nets_own`: the settings are those that the net proposed.
pub(super) fn without_it(done: &Treatment, evidence: &Evidence, is_nets_own: bool) -> String {
    let mut html = String::from("<section><h2>What each stage did of it</h2>");
    if let Some(confidence) = done.confidence.as_ref().filter(|_| is_nets_own) {
        let percent = |share: f64| format!("{:.0} %", 100.0 * share);
        let _ = write!(
            html,
            r#"<p class="soft small">Applied of the network's own proposal: EQ {}, stereo {}, compressor {}, saturation {}. The less sure it is, the less it does.</p>"#,
            percent(confidence.eq),
            percent(confidence.stereo),
            percent(confidence.compressor),
            percent(confidence.saturation),
        );
    }
    let from_s = evidence.without_passage.from_s;
    let _ = write!(
        html,
        r#"<h3>Without it</h3><p class="soft small">The loudest {:.0} s ({} to {}) rendered again with one stage taken out, at the same drive, and measured; the other stages stay.</p><div class="scroll"><table><tr><th>without the</th><th>this would change</th></tr>"#,
        evidence.without_passage.length_s,
        clock(from_s.floor(), 0),
        clock((from_s + evidence.without_passage.length_s).floor(), 0),
    );
    for without in &evidence.without {
        let _ = write!(
            html,
            "<tr><td>{}</td><td>{}</td></tr>",
            without.stage,
            escape(&without.sentence())
        );
    }
    html.push_str("</table></div></section>");
    html
}
