//! A REAPER project with the mix and the master on tracks of equal loudness.
//!
//! The format is text; REAPER fills in what is not named. Its equalizer keeps its state in an
//! opaque block, so that the devices are in the DAWproject file and the sheet instead.

use std::fmt::Write;
use std::path::Path;

use acetate_dsp::plain::is_unseen;
use acetate_dsp::units::gain_from_db;

use crate::dawproject::{Clip, Marker};

/// The project, with one track for each clip; all but the first are muted. `markers` in the order of time.
pub fn reaper_project(clips: &[Clip], markers: &[Marker]) -> String {
    let mut text = String::from("<REAPER_PROJECT 0.1 \"6.0\" 0\n  RIPPLE 0\n  TEMPO 120 4 4\n");
    if let Some(first) = clips.first() {
        let _ = writeln!(text, "  SAMPLERATE {} 1 0", first.sample_rate_hz);
    }
    for (index, marker) in markers.iter().enumerate() {
        let (number, name) = (index + 1, quoted(&marker.name));
        let _ = writeln!(text, "  MARKER {number} {:.3} {name} 0", marker.time_s);
    }
    for (index, clip) in clips.iter().enumerate() {
        let _ = writeln!(
            text,
            "  <TRACK\n    NAME {}\n    VOLPAN {:.8} 0 -1 -1 1\n    MUTESOLO {} 0 0\n    NCHAN 2\n    <ITEM\n      POSITION 0\n      LENGTH {:.6}\n      LOOP 0\n      NAME {}\n      <SOURCE {}\n        FILE {}\n      >\n    >\n  >",
            quoted(&clip.track),
            gain_from_db(clip.gain_db),
            usize::from(index > 0),
            clip.duration_s,
            quoted(&clip.track),
            kind(&clip.path),
            quoted(&clip.path),
        );
    }
    text.push_str(">\n");
    text
}

/// REAPER's name of the reader of a file.
fn kind(path: &str) -> &'static str {
    let extension = Path::new(path)
        .extension()
        .and_then(|extension| extension.to_str())
        .map(str::to_ascii_lowercase);
    match extension.as_deref() {
        Some("flac") => "FLAC",
        Some("mp3") => "MP3",
        Some("ogg" | "oga") => "VORBIS",
        Some("m4a" | "mp4" | "aac") => "VIDEO",
        _ => "WAVE",
    }
}

/// Text in whichever quotes it does not hold; line ends become spaces.
fn quoted(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if is_unseen(c) { ' ' } else { c })
        .collect();
    let mark = ['"', '\'', '`']
        .into_iter()
        .find(|mark| !text.contains(*mark));
    match mark {
        Some(mark) => format!("{mark}{text}{mark}"),
        None => format!("`{}`", text.replace('`', "'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_quotes_stay_whole_and_blocks_are_closed() {
        let clip = Clip {
            track: "Mix \"one\"".to_owned(),
            path: "mix.flac".to_owned(),
            duration_s: 12.5,
            sample_rate_hz: 44_100,
            channels: 2,
            gain_db: -6.0,
        };
        let marker = Marker {
            time_s: 3.5,
            name: "a click".to_owned(),
        };
        let text = reaper_project(&[clip.clone(), clip], &[marker]);
        assert!(text.contains("MARKER 1 3.500 \"a click\" 0\n"), "{text}");
        assert!(text.contains("NAME 'Mix \"one\"'"), "{text}");
        assert!(text.contains("<SOURCE FLAC"));
        assert!(text.contains("VOLPAN 0.50118723"));
        let opened = text.matches('<').count();
        let closed = text.lines().filter(|line| line.trim() == ">").count();
        assert_eq!(opened, closed);
    }
}
