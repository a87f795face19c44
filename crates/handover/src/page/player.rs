//! The level-matched player of the report page: markup, sound and script.

use std::fmt::Write;

use acetate_dsp::plain;
use acetate_dsp::units::clock;
use acetate_master::Mastered;
use acetate_master::findings::Finding;

use crate::base64;
use crate::error::HandoverError;
use crate::evidence::Evidence;
use crate::html::escape;
use crate::overview::{FINE_COLUMNS, Stretch};
use crate::version::{BITS, Matched, SOUND_BYTES, Version, matched};

/// A new length aims this far below the limit: music does not pack evenly.
const SIZE_MARGIN: f64 = 0.93;
/// Entries of the limiter's gain, one each 10 ms, behind one of the picture's.
const LIMITING_STEPS: usize = 10;
/// Shortest passage, seconds.
const SHORTEST_S: f64 = 4.0;

/// Scripts that the report page and other pages have in common, ES modules: name and text.
pub static SHARED_SCRIPTS: [(&str, &str); 2] = [
    ("wave.js", include_str!("shared/wave.js")),
    ("abx.js", include_str!("shared/abx.js")),
];
/// Those of the report page alone.
const OWN_SCRIPTS: [&str; 2] = [
    include_str!("script/charts.js"),
    include_str!("script/report.js"),
];

/// All scripts of the page as one that needs no modules, which a page of one file cannot load.
fn script_text() -> String {
    let shared = SHARED_SCRIPTS.iter().map(|(_, text)| *text);
    let mut joined = String::from("\"use strict\";\n(() => {\n");
    for line in shared.chain(OWN_SCRIPTS).flat_map(str::lines) {
        if !line.starts_with("import ") {
            joined.push_str(line.strip_prefix("export ").unwrap_or(line));
            joined.push('\n');
        }
    }
    joined.push_str("})();\n");
    joined
}

/// What can be listened to: where it lies in the song, and every version of it.
pub(crate) struct Sound {
    pub(crate) passage: Stretch,
    /// The loop, from the passage's start.
    pub(crate) loop_within: Stretch,
    pub(crate) versions: Vec<Matched>,
}

/// Packs all versions; where they are too large for the page, a shorter passage around the loop.
pub(crate) fn pack(evidence: &Evidence) -> Result<Sound, HandoverError> {
    let budget = SOUND_BYTES;
    let (mut passage, mut loop_within) = (evidence.passage, evidence.loop_within);
    let mut versions = evidence.versions.clone();
    loop {
        let packed = matched(&versions)?;
        let bytes: usize = packed
            .iter()
            .map(|version| base64::encoded_len(version.flac.len()))
            .sum();
        if bytes <= budget || passage.length_s <= SHORTEST_S {
            return Ok(Sound {
                passage,
                loop_within,
                versions: packed,
            });
        }
        let share = SIZE_MARGIN * budget as f64 / bytes as f64;
        let length_s = (share * passage.length_s).max(SHORTEST_S);
        let kept = around(passage, loop_within, length_s);
        versions = versions
            .iter()
            .map(|version| shortened(version, kept))
            .collect();
        passage = Stretch {
            from_s: passage.from_s + kept.from_s,
            length_s,
        };
        loop_within = Stretch {
            from_s: loop_within.from_s - kept.from_s,
            length_s: loop_within.length_s.min(length_s),
        };
    }
}

/// The part of a passage of `length_s` that has the loop in its middle, as far as there is room.
fn around(passage: Stretch, loop_within: Stretch, length_s: f64) -> Stretch {
    let middle_s = loop_within.from_s + 0.5 * loop_within.length_s;
    let from_s = (middle_s - 0.5 * length_s).clamp(0.0, passage.length_s - length_s);
    Stretch { from_s, length_s }
}

fn shortened(version: &Version, kept: Stretch) -> Version {
    let range = kept.frames(version.audio.sample_rate_hz());
    Version {
        audio: version
            .audio
            .slice(range.start as usize, range.end as usize),
        ..version.clone()
    }
}

/// The player as it stands in the page.
pub(crate) fn markup(sound: &Sound, is_whole: bool) -> String {
    let mut html = String::from(
        r#"<section class="screen"><h2>Listen</h2><div class="player"><canvas id="wave" tabindex="0" role="slider" aria-label="Position in the song" aria-valuemin="0" aria-valuemax="0" aria-valuenow="0"></canvas><p class="row legend soft small"><span><span class="key"></span>mix</span><span><span class="key after"></span>master</span><span><span class="key target"></span>loudness target</span><span class="push"></span><button id="zoom-in" aria-label="Zoom in">+</button><button id="zoom-all">Whole song</button></p>"#,
    );
    let from_s = sound.passage.from_s;
    let _ = write!(
        html,
        r#"<div class="row"><button id="play" aria-pressed="false">Play</button><span id="clock" class="clock">{}</span><button id="loop" aria-pressed="false">Loop the loudest {:.0} s</button><button id="matched" aria-pressed="true" title="All versions equally loud, so that the louder one does not win">Equally loud</button></div><div class="row" role="group" aria-label="Version">"#,
        clock(from_s.floor(), 0),
        sound.loop_within.length_s,
    );
    for (index, version) in sound.versions.iter().enumerate() {
        let _ = write!(
            html,
            r#"<button id="pick-{index}" aria-pressed="false">{} <kbd>{}</kbd></button>"#,
            escape(&version.label),
            index + 1
        );
    }
    let _ = write!(
        html,
        r#"<button id="pick-delta" aria-pressed="false">Delta <kbd>D</kbd></button></div><p id="what" class="soft"></p><p id="player-status" role="status"></p>{}{}</div></section>"#,
        blind_test(sound),
        told(sound, is_whole),
    );
    html
}

fn blind_test(sound: &Sound) -> String {
    let options = |selected: usize| -> String {
        let options = sound.versions.iter().enumerate().map(|(index, version)| {
            let mark = if index == selected { " selected" } else { "" };
            format!(
                r#"<option value="{index}"{mark}>{}</option>"#,
                escape(&version.label)
            )
        });
        options.collect()
    };
    format!(
        r#"<details><summary>Blind test</summary><div class="row" id="abx-setup"><select id="abx-a" aria-label="Version A">{}</select><span>against</span><select id="abx-b" aria-label="Version B">{}</select><button id="abx-begin">Begin</button></div><div id="abx-run" hidden><div class="row"><button id="listen-A">A</button><button id="listen-X">X</button><button id="listen-B">B</button></div><div class="row"><button id="is-A">X is A <kbd>1</kbd></button><button id="is-B">X is B <kbd>2</kbd></button><button id="abx-end">End the test</button></div><p id="abx-score"></p></div></details>"#,
        options(0),
        options(1),
    )
}

/// What is in the page, and its keys.
fn told(sound: &Sound, is_whole: bool) -> String {
    let (from_s, length_s) = (sound.passage.from_s, sound.passage.length_s);
    let levels = sound.versions.iter().map(|version| version.loudness_lufs);
    let (low, high) = levels.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), lufs| {
        (low.min(lufs), high.max(lufs))
    });
    let what = if is_whole {
        "The whole song".to_owned()
    } else {
        format!(
            "The loudest {length_s:.0} s of the song ({} to {})",
            clock(from_s.floor(), 0),
            clock((from_s + length_s).floor(), 0)
        )
    };
    format!(
        r#"<p class="small soft">{what}, as FLAC with {BITS} bits, without loss beyond dither. Equally loud means {high:.1} LUFS, within {:.2} LU; switched off, each is as loud as it was delivered. Click into the picture, or drag a loop. Keys: <kbd>space</kbd> play, <kbd>1</kbd>–<kbd>{}</kbd> version, <kbd>D</kbd> delta, <kbd>L</kbd> loop, <kbd>M</kbd> equally loud, <kbd>←</kbd> <kbd>→</kbd> two seconds; in the blind test <kbd>A</kbd> <kbd>X</kbd> <kbd>B</kbd> listen, <kbd>1</kbd> <kbd>2</kbd> answer.</p>"#,
        (high - low).max(0.0),
        sound.versions.len(),
    )
}

/// What the picture above the player is drawn from.
fn drawn(evidence: &Evidence, findings: &[Finding], target_lufs: f64) -> serde_json::Value {
    let rate_hz = evidence.after.sample_rate_hz;
    let tenths = |values: &[f32]| -> Vec<Option<f64>> {
        let values = values.iter().map(|value| f64::from(*value));
        values
            .map(|value| value.is_finite().then(|| (10.0 * value).round() / 10.0))
            .collect()
    };
    let most = |taken_db: &[f64]| taken_db.iter().fold(0.0, |most: f64, db| most.max(*db));
    let limiting_db = evidence.limiting_db.chunks(LIMITING_STEPS).map(most);
    let limiting_db: Vec<f64> = limiting_db.map(|db| (10.0 * db).round() / 10.0).collect();
    serde_json::json!({
        "rate": rate_hz,
        "frames": (evidence.after.duration_s * f64::from(rate_hz)).round(),
        "columns": FINE_COLUMNS,
        "mix": base64::encode(&evidence.mix.outline()),
        "master": base64::encode(&evidence.master.outline()),
        "curves": {
            "mix_lufs": tenths(&evidence.before.sequences.short_term_lufs),
            "master_lufs": tenths(&evidence.after.sequences.short_term_lufs),
            "limiting_db": limiting_db,
        },
        "findings": findings,
        "target_lufs": target_lufs,
    })
}

/// The source of scripts for the page's policy: the one that is ours, by its hash (CSP level 3, section 2.3.1).
pub(crate) fn script_source() -> Result<String, HandoverError> {
    let text = script_text();
    let hash = acetate_io::sha256_bytes(&mut text.as_bytes()).map_err(HandoverError::Hash)?;
    Ok(format!("'sha256-{}'", base64::encode(&hash)))
}

/// Facts, sound and script, for the end of the page.
pub(crate) fn script(
    sound: &Sound,
    evidence: &Evidence,
    mastered: &Mastered,
) -> Result<String, HandoverError> {
    let findings = &mastered.assessment.findings;
    let target_lufs = mastered.treatment.target.integrated_lufs;
    let versions: Vec<serde_json::Value> = sound
        .versions
        .iter()
        .map(|version| {
            serde_json::json!({
                "label": version.label,
                "what": format!("{}: {} ({:+.1} dB for equal loudness)", version.label, version.what, version.gain_db),
                "gain_db": version.gain_db,
            })
        })
        .collect();
    let facts = serde_json::json!({
        "from_s": sound.passage.from_s,
        "length_s": sound.passage.length_s,
        "loop_from_s": sound.loop_within.from_s,
        "loop_length_s": sound.loop_within.length_s,
        "versions": versions,
        "wave": drawn(evidence, findings, target_lufs),
    });
    // Within a script element "</script" ends the text and "<!--" changes what ends it; in JSON a "<" stands
    // in strings alone.
    let facts = plain::json(serde_json::to_string(&facts)?).replace('<', "\\u003c");
    let mut html = format!(r#"<script type="application/json" id="player-facts">{facts}</script>"#);
    for (index, version) in sound.versions.iter().enumerate() {
        let _ = write!(
            html,
            r#"<script type="text/plain" id="sound-{index}">{}</script>"#,
            base64::encode(&version.flac)
        );
    }
    let _ = write!(html, "<script>{}</script>", script_text());
    Ok(html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shorter_passage_keeps_the_loop_in_its_middle() {
        let stretch = |from_s, length_s| Stretch { from_s, length_s };
        let kept = around(stretch(100.0, 60.0), stretch(30.0, 10.0), 20.0);
        assert_eq!(kept, stretch(25.0, 20.0));
        let kept = around(stretch(100.0, 60.0), stretch(1.0, 10.0), 20.0);
        assert_eq!(kept.from_s, 0.0);
        let kept = around(stretch(100.0, 60.0), stretch(50.0, 10.0), 20.0);
        assert_eq!(kept.from_s, 40.0);
    }
}
