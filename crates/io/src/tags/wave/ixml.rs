//! iXML (ixml.info, version 3): what in it counts in frames or describes the file's samples.

use std::sync::Arc;

use super::Chunk;
use crate::tags::Tags;
use crate::tags::scale::Scale;

/// Pairs of the upper and the lower 32 bits of a place.
const PLACES: [(&str, &str); 3] = [
    (
        "TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI",
        "TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO",
    ),
    ("BWF_TIME_REFERENCE_HIGH", "BWF_TIME_REFERENCE_LOW"),
    ("SYNC_POINT_HIGH", "SYNC_POINT_LOW"),
];
/// Rates that are the file's own.
const RATES: [&str; 2] = ["FILE_SAMPLE_RATE", "TIMESTAMP_SAMPLE_RATE"];
/// Most elements of a kind that are looked at.
const MAX_ELEMENTS: usize = 1000;

impl Tags {
    /// Says title, project and ISRC in iXML too, with the names of its ASWG extension (ASWG-G006). A file
    /// that has iXML keeps it as it is.
    pub fn describe_in_ixml(&mut self) {
        let element = |name: &str, value: Option<&str>| {
            let value = value.unwrap_or_default().replace('&', "&amp;");
            let value = value.replace('<', "&lt;").replace('>', "&gt;");
            match value.as_str() {
                "" => String::new(),
                value => format!("<{name}>{value}</{name}>"),
            }
        };
        let project = element("PROJECT", self.text("ALBUM"));
        let song = [
            element("songTitle", self.text("TITLE")),
            element("isrcId", self.text("ISRC")),
        ];
        let song = song.concat();
        if (project.len() + song.len() == 0) || self.chunks.iter().any(|one| &one.id == b"iXML") {
            return;
        }
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<BWFXML><IXML_VERSION>3.01</IXML_VERSION>{project}<ASWG>{song}</ASWG></BWFXML>\n"
        );
        self.chunks.push(Chunk {
            id: *b"iXML",
            body: Arc::new(text.into_bytes()),
        });
    }
}

/// The text for another sample rate. Whatever else is in it stays as it is.
pub(in crate::tags) fn scaled(body: &[u8], scale: Scale) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(body) else {
        return body.to_vec();
    };
    if scale.is_one() {
        return body.to_vec();
    }
    let mut text = text.to_owned();
    // A time stamp may count in a rate of its own.
    let own_rate = elements(&text, RATES[1])
        .first()
        .and_then(|(from, to)| text[*from..*to].trim().parse().ok());
    for (high, low) in PLACES {
        if high.starts_with("TIMESTAMP") && own_rate.is_some_and(|rate: u32| rate != scale.from_hz)
        {
            continue;
        }
        let pairs = elements(&text, high).len().min(elements(&text, low).len());
        for index in 0..pairs {
            let value = |name: &str| {
                let (from, to) = *elements(&text, name).get(index)?;
                text[from..to].trim().parse::<u32>().ok()
            };
            if let (Some(upper), Some(lower)) = (value(high), value(low)) {
                let at = scale.frames(u64::from(upper) << 32 | u64::from(lower));
                replace(&mut text, high, index, &(at >> 32).to_string());
                replace(&mut text, low, index, &(at & 0xFFFF_FFFF).to_string());
            }
        }
    }
    for name in RATES {
        for index in 0..elements(&text, name).len() {
            let (from, to) = elements(&text, name)[index];
            if text[from..to].trim() == scale.from_hz.to_string() {
                replace(&mut text, name, index, &scale.to_hz.to_string());
            }
        }
    }
    text.into_bytes()
}

/// Where the contents of elements of a name begin and end.
fn elements(text: &str, name: &str) -> Vec<(usize, usize)> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(&open).map(|start| at + start + open.len())
        && let Some(end) = text[start..].find(&close).map(|end| start + end)
        && found.len() < MAX_ELEMENTS
    {
        found.push((start, end));
        at = end;
    }
    found
}

fn replace(text: &mut String, name: &str, index: usize, value: &str) {
    if let Some((from, to)) = elements(text, name).get(index) {
        text.replace_range(*from..*to, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_and_code_are_said_where_there_is_no_ixml() {
        let mut tags = Tags::default();
        tags.set_text("TITLE", "A & B");
        tags.set_text("ISRC", "USRC17607839");
        tags.describe_in_ixml();
        let text = String::from_utf8(tags.chunks[0].body.to_vec()).unwrap();
        assert!(text.contains("<songTitle>A &amp; B</songTitle>"), "{text}");
        assert!(text.contains("<isrcId>USRC17607839</isrcId>"), "{text}");
        tags.set_text("TITLE", "C");
        tags.describe_in_ixml();
        assert_eq!(tags.chunks.len(), 1, "what is there stays");
    }

    #[test]
    fn a_time_stamp_of_another_rate_stays_and_one_of_the_files_own_moves() {
        let scale = Scale {
            from_hz: 48_000,
            to_hz: 96_000,
        };
        let text = |low: u32, rate: u32, file: u32| {
            format!(
                "<BWFXML><SPEED><TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>1</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI><TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>{low}</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO><TIMESTAMP_SAMPLE_RATE>{rate}</TIMESTAMP_SAMPLE_RATE><FILE_SAMPLE_RATE>{file}</FILE_SAMPLE_RATE></SPEED></BWFXML>"
            )
        };
        let doubled = scaled(text(5, 48_000, 48_000).as_bytes(), scale);
        assert_eq!(
            doubled,
            text(10, 96_000, 96_000)
                .replace("HI>1<", "HI>2<")
                .into_bytes()
        );
        let kept = scaled(text(5, 44_100, 48_000).as_bytes(), scale);
        assert_eq!(kept, text(5, 44_100, 96_000).into_bytes());
        assert_eq!(scaled(b"\xFF<", scale), b"\xFF<");
    }
}
