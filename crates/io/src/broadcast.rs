//! [`Broadcast`]: the `bext` chunk of a Broadcast Wave file, version 2 (EBU Tech 3285, section 2.4),
//! which carries the loudness figures of EBU R 128.

use std::fmt::Write;

/// Bytes of the fixed part: text, reference, date, time, version, UMID, loudness, reserve.
const FIXED_BYTES: usize = 602;
/// Lengths of the text fields, bytes.
const DESCRIPTION_BYTES: usize = 256;
const ORIGINATOR_BYTES: usize = 32;
/// Origination date and time: left empty, so that the same audio gives the same bytes.
const DATE_AND_TIME_BYTES: usize = 18;
/// Time reference, frames since midnight: 0.
const TIME_REFERENCE_BYTES: usize = 8;
const UMID_BYTES: usize = 64;
/// What stands for a figure that does not exist.
const NO_FIGURE: i16 = 0x7FFF;

/// What a `bext` chunk says of a programme.
#[derive(Clone, Debug, PartialEq)]
pub struct Broadcast {
    /// What it is, at most 256 ASCII characters; others become `?`.
    pub description: String,
    /// Integrated loudness, LUFS.
    pub integrated_lufs: f64,
    /// Loudness range, LU.
    pub loudness_range_lu: f64,
    /// True peak, dBTP.
    pub true_peak_dbtp: f64,
    /// Highest momentary loudness, LUFS.
    pub momentary_max_lufs: f64,
    /// Highest short-term loudness, LUFS.
    pub short_term_max_lufs: f64,
    /// What was done to the sound, one line of the coding history.
    pub history: String,
}

impl Broadcast {
    /// The chunk's body.
    pub(crate) fn body(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(FIXED_BYTES + 64);
        text(&mut body, &self.description, DESCRIPTION_BYTES);
        text(&mut body, "Acetate", ORIGINATOR_BYTES);
        // Originator's reference.
        text(&mut body, "", ORIGINATOR_BYTES);
        body.resize(body.len() + DATE_AND_TIME_BYTES + TIME_REFERENCE_BYTES, 0);
        body.extend(2_u16.to_le_bytes());
        body.resize(body.len() + UMID_BYTES, 0);
        for figure in [
            self.integrated_lufs,
            self.loudness_range_lu,
            self.true_peak_dbtp,
            self.momentary_max_lufs,
            self.short_term_max_lufs,
        ] {
            body.extend(hundredths(figure).to_le_bytes());
        }
        body.resize(FIXED_BYTES, 0);
        let mut history = String::new();
        let _ = write!(history, "{}\r\n", ascii(&self.history));
        body.extend(history.bytes());
        if body.len() % 2 == 1 {
            // Some readers do not skip the padding of an odd chunk.
            body.push(0);
        }
        body
    }
}

/// A figure in hundredths, rounded.
fn hundredths(figure: f64) -> i16 {
    let rounded = (figure * 100.0).round();
    if rounded.abs() < f64::from(NO_FIGURE) {
        rounded as i16
    } else {
        NO_FIGURE
    }
}

fn ascii(text: &str) -> String {
    let plain = |c: char| {
        if c == ' ' || c.is_ascii_graphic() {
            c
        } else {
            '?'
        }
    };
    text.chars().map(plain).collect()
}

fn text(body: &mut Vec<u8>, value: &str, bytes: usize) {
    let end = body.len() + bytes;
    body.extend(ascii(value).bytes().take(bytes));
    body.resize(end, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_where_the_standard_has_them() {
        let body = Broadcast {
            description: "Größe".to_owned(),
            integrated_lufs: -14.004,
            loudness_range_lu: 7.25,
            true_peak_dbtp: -1.02,
            momentary_max_lufs: f64::NEG_INFINITY,
            short_term_max_lufs: -10.1,
            history: "A=PCM".to_owned(),
        }
        .body();
        assert!(body.starts_with(b"Gr??e\0"));
        assert_eq!(&body[346..348], [2, 0]);
        let figure = |at: usize| i16::from_le_bytes([body[at], body[at + 1]]);
        let figures: Vec<i16> = (412..422).step_by(2).map(figure).collect();
        assert_eq!(figures, [-1400, 725, -102, NO_FIGURE, -1010]);
        assert_eq!(&body[FIXED_BYTES..], b"A=PCM\r\n\0");
    }
}
