//! The CUE sheet, as CDRWIN's manual describes it and cdrdao reads it.

use std::fmt::Write;

use super::disc::{Disc, disc_text, latin1, msf};

/// The sheet of one continuous file, in Latin-1, as CD-Text has its texts.
pub(crate) fn cue_sheet(disc: &Disc, file: &str) -> Vec<u8> {
    let mut sheet = String::new();
    let mut line = |text: String| {
        // Writing to a text does not fail.
        let _ = writeln!(sheet, "{text}\r");
    };
    if let Some(genre) = &disc.genre {
        line(format!("REM GENRE {}", quoted(genre)));
    }
    if let Some(date) = &disc.date {
        line(format!("REM DATE {}", disc_text(date)));
    }
    if let Some(catalog) = &disc.catalog {
        line(format!("CATALOG {catalog}"));
    }
    // An empty text is an error to some readers.
    let texts = |performer: &str, title: &str| {
        let all = [("PERFORMER", performer), ("TITLE", title)];
        let all = all.into_iter().filter(|(_, text)| !text.is_empty());
        all.map(|(name, text)| format!("{name} {}", quoted(text)))
            .collect::<Vec<_>>()
    };
    texts(&disc.artist, &disc.title)
        .into_iter()
        .for_each(&mut line);
    line(format!("FILE {} WAVE", quoted(file)));
    for track in &disc.tracks {
        line(format!("  TRACK {:02} AUDIO", track.number));
        for text in texts(&track.artist, &track.title) {
            line(format!("    {text}"));
        }
        if let Some(isrc) = &track.isrc {
            line(format!("    ISRC {isrc}"));
        }
        if let Some(index0) = track.index0 {
            line(format!("    INDEX 00 {}", msf(index0)));
        }
        line(format!("    INDEX 01 {}", msf(track.index1)));
    }
    latin1(&sheet)
}

/// A text in quotation marks.
fn quoted(text: &str) -> String {
    format!("\"{}\"", disc_text(text))
}

#[cfg(test)]
mod tests {
    use super::super::disc::DiscTrack;
    use super::*;

    #[test]
    fn a_sheet_has_codes_texts_and_places() {
        let track = DiscTrack {
            number: 2,
            title: "\u{201c}Été\u{201d}".to_owned(),
            artist: "B".to_owned(),
            isrc: Some("USRC17607839".to_owned()),
            index0: Some(4500 + 150),
            index1: 4500 + 300,
            end: 9000,
        };
        let disc = Disc {
            title: "T".to_owned(),
            artist: "A".to_owned(),
            genre: None,
            date: None,
            catalog: Some("0036000291452".to_owned()),
            label: None,
            catalog_number: None,
            tracks: vec![track],
        };
        let sheet = cue_sheet(&disc, "album.wav");
        let text: String = sheet.iter().map(|byte| char::from(*byte)).collect();
        for part in [
            "CATALOG 0036000291452\r\n",
            "FILE \"album.wav\" WAVE\r\n",
            "    TITLE \"'Été'\"\r\n",
            "    ISRC USRC17607839\r\n",
            "    INDEX 00 01:02:00\r\n    INDEX 01 01:04:00\r\n",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}
