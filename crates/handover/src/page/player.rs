//! The level-matched player of the report page: markup, sound and script.

use std::fmt::Write;

use acetate_dsp::plain;
use acetate_dsp::units::clock;

use crate::base64;
use crate::error::HandoverError;
use crate::evidence::Evidence;
use crate::html::escape;
use crate::overview::Stretch;
use crate::version::{BITS, Matched, Version, matched};

/// Largest page, bytes.
pub const MAX_PAGE_BYTES: usize = 25_000_000;
/// What the page needs beside its sound, bytes; measured pages need a tenth of it.
const BESIDE_SOUND_BYTES: usize = 2_000_000;
/// A new length aims this far below the limit: music does not pack evenly.
const SIZE_MARGIN: f64 = 0.93;
/// Shortest passage, seconds.
const SHORTEST_S: f64 = 4.0;

const SCRIPT: &str = include_str!("player.js");

/// What can be listened to: where it lies in the song, and every version of it.
pub(crate) struct Sound {
    pub(crate) passage: Stretch,
    /// The loop, from the passage's start.
    pub(crate) loop_within: Stretch,
    pub(crate) versions: Vec<Matched>,
}

/// Packs all versions; where they are too large for the page, a shorter passage around the loop.
pub(crate) fn pack(evidence: &Evidence) -> Result<Sound, HandoverError> {
    let budget = MAX_PAGE_BYTES - BESIDE_SOUND_BYTES;
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
pub(crate) fn markup(sound: &Sound) -> String {
    let mut html = String::new();
    let passage = sound.passage;
    let (from, to) = (passage.from_s, passage.from_s + passage.length_s);
    let levels = sound.versions.iter().map(|version| version.loudness_lufs);
    let (low, high) = levels.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), lufs| {
        (low.min(lufs), high.max(lufs))
    });
    let _ = write!(
        html,
        r#"<section class="screen"><h2>Listen</h2><div class="player"><div class="row"><button id="play" aria-pressed="false">Play</button><button id="loop" aria-pressed="false">Loop the loudest {:.0} s</button><input id="seek" type="range" min="0" max="{:.3}" step="0.01" value="0" aria-label="Position"><span id="clock">{}</span></div><div class="row" role="group" aria-label="Version">"#,
        sound.loop_within.length_s,
        passage.length_s,
        clock(from.floor(), 0),
    );
    for (index, version) in sound.versions.iter().enumerate() {
        let _ = write!(
            html,
            r#"<button id="pick-{index}" aria-pressed="false">{} <kbd>{}</kbd></button>"#,
            escape(&version.label),
            index + 1
        );
    }
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
    let _ = write!(
        html,
        r#"</div><p id="what" class="soft"></p><p id="player-status" role="status"></p><div class="row" id="abx-setup"><span>Blind test (ABX):</span><select id="abx-a" aria-label="Version A">{}</select><span>against</span><select id="abx-b" aria-label="Version B">{}</select><button id="abx-begin">Begin</button></div><div id="abx-run" hidden><div class="row"><button id="listen-A">A</button><button id="listen-X">X</button><button id="listen-B">B</button></div><div class="row"><button id="is-A">X is A <kbd>1</kbd></button><button id="is-B">X is B <kbd>2</kbd></button><button id="abx-end">End the test</button></div><p id="abx-score"></p></div><p class="small soft">The loudest {:.0} s of the song ({} to {}), as FLAC with {BITS} bits, without loss beyond dither. All versions are equally loud: {high:.1} LUFS, within {:.2} LU. Keys: <kbd>space</kbd> play, <kbd>1</kbd>–<kbd>{}</kbd> version, <kbd>L</kbd> loop, <kbd>←</kbd> <kbd>→</kbd> two seconds; in the blind test <kbd>A</kbd> <kbd>X</kbd> <kbd>B</kbd> listen, <kbd>1</kbd> <kbd>2</kbd> answer.</p></div></section>"#,
        options(0),
        options(1),
        passage.length_s,
        clock(from.floor(), 0),
        clock(to.floor(), 0),
        (high - low).max(0.0),
        sound.versions.len(),
    );
    html
}

/// The source of scripts for the page's policy: the one that is ours, by its hash (CSP level 3, section 2.3.1).
pub(crate) fn script_source() -> Result<String, HandoverError> {
    let hash = acetate_io::sha256_bytes(&mut SCRIPT.as_bytes()).map_err(HandoverError::Hash)?;
    Ok(format!("'sha256-{}'", base64::encode(&hash)))
}

/// Facts, sound and script, for the end of the page.
pub(crate) fn script(sound: &Sound) -> Result<String, HandoverError> {
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
    let _ = write!(html, "<script>{SCRIPT}</script>");
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
