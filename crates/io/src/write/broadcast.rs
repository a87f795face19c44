//! [`Broadcast`]: the `bext` chunk of a Broadcast Wave file, version 2 (EBU Tech 3285, section 2.4),
//! which carries the loudness figures of EBU R 128.

use std::fs::File;
use std::io;

use crate::platform::Positioned;

/// Bytes before the first chunk of a WAV.
const RIFF_HEAD_BYTES: u64 = 12;
/// Bytes of the fixed part: text, reference, date, time, version, UMID, loudness, reserve.
const FIXED_BYTES: usize = 602;
/// Lengths of the text fields, bytes.
const DESCRIPTION_BYTES: usize = 256;
const ORIGINATOR_BYTES: usize = 32;
/// Origination date and time: left empty unless the input has them, so that the same audio gives the same bytes.
const DATE_AND_TIME_BYTES: usize = 18;
/// Time reference, frames since midnight: 0 unless the input has one.
const TIME_REFERENCE_BYTES: usize = 8;
const UMID_BYTES: usize = 64;
/// Where the version, the UMID, the figures of loudness and the reserve stand.
const VERSION_AT: usize = 346;
const UMID_AT: usize = 348;
const LOUDNESS_AT: usize = 412;
const RESERVE_AT: usize = 422;
/// What stands for a figure that does not exist.
const NO_FIGURE: i16 = 0x7FFF;

/// What a `bext` chunk says of a program.
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
    /// The figures of loudness as they stand in the chunk.
    fn figures(&self) -> Vec<u8> {
        let figures = [
            self.integrated_lufs,
            self.loudness_range_lu,
            self.true_peak_dbtp,
            self.momentary_max_lufs,
            self.short_term_max_lufs,
        ];
        figures
            .iter()
            .flat_map(|figure| hundredths(*figure).to_le_bytes())
            .collect()
    }

    /// The chunk's body. What the input's chunk says of where the sound comes from stays, and its history is
    /// continued.
    pub(crate) fn body(&self, base: Option<&[u8]>) -> Vec<u8> {
        let mut body = Vec::with_capacity(FIXED_BYTES + 64);
        text(&mut body, &self.description, DESCRIPTION_BYTES);
        match base.and_then(|base| base.get(DESCRIPTION_BYTES..VERSION_AT)) {
            Some(origin) => body.extend(origin),
            None => {
                text(&mut body, "Acetate", ORIGINATOR_BYTES);
                // Originator's reference.
                text(&mut body, "", ORIGINATOR_BYTES);
                body.resize(body.len() + DATE_AND_TIME_BYTES + TIME_REFERENCE_BYTES, 0);
            }
        }
        body.extend(2_u16.to_le_bytes());
        match base.and_then(|base| base.get(UMID_AT..LOUDNESS_AT)) {
            Some(umid) => body.extend(umid),
            None => body.resize(body.len() + UMID_BYTES, 0),
        }
        body.extend(self.figures());
        body.resize(FIXED_BYTES, 0);
        body.extend(
            base.and_then(|base| base.get(FIXED_BYTES..))
                .unwrap_or_default(),
        );
        with_line(body, &self.history)
    }
}

/// The input's chunk, its history continued by a line; without its figures of loudness, which the master
/// does not have.
pub(crate) fn continued(base: &[u8], line: &str) -> Vec<u8> {
    let mut body = base.to_vec();
    if body.len() < FIXED_BYTES {
        body.resize(FIXED_BYTES, 0);
    }
    let version = u16::from_le_bytes([body[VERSION_AT], body[VERSION_AT + 1]]);
    if version >= 2 {
        for figure in body[LOUDNESS_AT..RESERVE_AT].chunks_exact_mut(2) {
            figure.copy_from_slice(&NO_FIGURE.to_le_bytes());
        }
    }
    with_line(body, line)
}

/// A chunk that waits for its figures.
pub(crate) fn empty(history: &str) -> Vec<u8> {
    let none = f64::NEG_INFINITY;
    let waiting = Broadcast {
        description: String::new(),
        integrated_lufs: none,
        loudness_range_lu: none,
        true_peak_dbtp: none,
        momentary_max_lufs: none,
        short_term_max_lufs: none,
        history: history.to_owned(),
    };
    waiting.body(None)
}

/// Writes figures of loudness into the chunk of a WAV, if it has one before its sound.
pub(crate) fn state_loudness(file: &File, figures: &Broadcast) -> io::Result<()> {
    let mut at = RIFF_HEAD_BYTES;
    let mut head = [0; 8];
    while file.read_exact_at(&mut head, at).is_ok() {
        let (id, size) = head.split_at(4);
        let size = u32::from_le_bytes(*size.first_chunk().unwrap_or(&[0; 4]));
        if id == b"bext" && size as usize >= FIXED_BYTES {
            let body = at + 8;
            file.write_all_at(&2_u16.to_le_bytes(), body + VERSION_AT as u64)?;
            return file.write_all_at(&figures.figures(), body + LOUDNESS_AT as u64);
        }
        if id == b"data" {
            break;
        }
        at += 8 + u64::from(size) + u64::from(size % 2);
    }
    Ok(())
}

/// A line of the coding history (EBU R 98) for PCM of these bits.
pub fn history_line(sample_rate_hz: u32, bits: u32, channels: usize) -> String {
    let mode = if channels == 2 { "stereo" } else { "mono" };
    format!("A=PCM,F={sample_rate_hz},W={bits},M={mode},T=Acetate")
}

/// A chunk with one more line of history.
fn with_line(mut body: Vec<u8>, line: &str) -> Vec<u8> {
    while body.len() > FIXED_BYTES && body.last() == Some(&0) {
        body.pop();
    }
    if body.len() > FIXED_BYTES && !body.ends_with(b"\n") {
        body.extend(b"\r\n");
    }
    body.extend(format!("{}\r\n", ascii(line)).bytes());
    if body.len() % 2 == 1 {
        // Some readers do not skip the padding of an odd chunk.
        body.push(0);
    }
    body
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
        .body(None);
        assert!(body.starts_with(b"Gr??e\0"));
        assert_eq!(&body[346..348], [2, 0]);
        let figure = |at: usize| i16::from_le_bytes([body[at], body[at + 1]]);
        let figures: Vec<i16> = (412..422).step_by(2).map(figure).collect();
        assert_eq!(figures, [-1400, 725, -102, NO_FIGURE, -1010]);
        assert_eq!(&body[FIXED_BYTES..], b"A=PCM\r\n\0");
    }
}
