//! The versions that can be listened to in the page: equally long, equally loud, as FLAC.

use std::io::Cursor;

use acetate_dsp::process::dither::{Dither, WordLength, to_i32};
use acetate_dsp::units::{db_from_gain, gain_from_db};
use acetate_dsp::{Audio, Processor};
use acetate_master::passage::loudness_lufs;
use flac_codec::encode::{FlacSampleWriter, Options};

use crate::error::HandoverError;

/// Highest sample of a matched version, dBFS: what is between the samples may stand above it.
const MATCHED_PEAK_DBFS: f64 = -1.0;
/// Seed of the dither: the same page each time.
const DITHER_SEED: u64 = 0x0AB0_0AB0;
/// Largest page, bytes.
pub const MAX_PAGE_BYTES: usize = 25_000_000;
/// What all sound of a page may take as text, bytes: the page's limit less what else stands in it, of which
/// measured pages need a tenth.
pub(crate) const SOUND_BYTES: usize = MAX_PAGE_BYTES - 2_000_000;
/// Word length of the page's sound, bits.
pub(crate) const BITS: u32 = 16;

/// One version of a passage, before it is matched.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    /// What a listener picks it by.
    pub(crate) label: String,
    /// One sentence on what it is.
    pub(crate) what: String,
    /// The passage, full scale ±1; may go beyond.
    pub(crate) audio: Audio,
}

/// A version as it goes into the page.
#[derive(Clone, Debug)]
pub(crate) struct Matched {
    pub(crate) label: String,
    pub(crate) what: String,
    /// What was added to make all versions equally loud, dB.
    pub(crate) gain_db: f64,
    /// Loudness of what is in the page, measured after everything, LUFS.
    pub(crate) loudness_lufs: f64,
    /// A FLAC stream.
    pub(crate) flac: Vec<u8>,
}

fn peak_dbfs(audio: &Audio) -> f64 {
    let samples = audio.channels().iter().flatten();
    db_from_gain(f64::from(
        samples.fold(0.0_f32, |most, s| most.max(s.abs())),
    ))
}

/// The gain of each passage, dB, with which all are as loud as the least loud one, or softer where
/// a peak asks for it. A silent passage is left as it is.
pub fn matching_gains_db(passages: &[&Audio]) -> Vec<f64> {
    let figures: Vec<(f64, f64)> = passages
        .iter()
        .map(|audio| (loudness_lufs(audio), peak_dbfs(audio)))
        .filter(|(loudness, _)| loudness.is_finite())
        .collect();
    let common_lufs = figures
        .iter()
        .map(|(loudness, peak)| loudness.min(loudness + MATCHED_PEAK_DBFS - peak))
        .fold(f64::INFINITY, f64::min);
    passages
        .iter()
        .map(|audio| {
            let loudness = loudness_lufs(audio);
            if loudness.is_finite() {
                common_lufs - loudness
            } else {
                0.0
            }
        })
        .collect()
}

/// Makes all versions equally loud, dithers them to 16 bits and encodes them.
pub(crate) fn matched(versions: &[Version]) -> Result<Vec<Matched>, HandoverError> {
    let passages: Vec<&Audio> = versions.iter().map(|version| &version.audio).collect();
    let gains_db = matching_gains_db(&passages);
    versions
        .iter()
        .zip(gains_db)
        .map(|(version, gain_db)| {
            let mut audio = version.audio.clone();
            audio.scale(gain_from_db(gain_db) as f32);
            Dither::new(WordLength::Bits16, DITHER_SEED).process(&mut audio);
            Ok(Matched {
                label: version.label.clone(),
                what: version.what.clone(),
                gain_db,
                loudness_lufs: loudness_lufs(&audio),
                flac: flac(&audio)?,
            })
        })
        .collect()
}

/// A short signal on the 16-bit grid as a FLAC stream (RFC 9639).
pub(crate) fn flac(audio: &Audio) -> Result<Vec<u8>, HandoverError> {
    let refused = |error: flac_codec::Error| HandoverError::Flac {
        found: error.to_string(),
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = FlacSampleWriter::new(
        &mut bytes,
        Options::default().no_padding(),
        audio.sample_rate_hz(),
        BITS,
        // One or two.
        audio.channel_count() as u8,
        None,
    )
    .map_err(refused)?;
    let samples: Vec<i32> = (0..audio.frames())
        .flat_map(|frame| {
            audio
                .channels()
                .iter()
                .map(move |channel| to_i32(channel[frame], BITS))
        })
        .collect();
    encoder.write(&samples).map_err(refused)?;
    encoder.finalize().map_err(refused)?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(level: f32, seconds: usize) -> Audio {
        let samples: Vec<f32> = (0..48_000 * seconds)
            .map(|n| level * (n as f32 * 0.13).sin())
            .collect();
        Audio::new(48_000, vec![samples.clone(), samples]).unwrap()
    }

    fn version(audio: Audio) -> Version {
        Version {
            label: String::new(),
            what: String::new(),
            audio,
        }
    }

    #[test]
    fn versions_end_equally_loud_and_below_full_scale() {
        let mut spiky = tone(0.1, 2);
        // A peak beyond full scale: everything has to come down for it.
        spiky.split_mut().0[30_000] = 4.0;
        let all = [tone(0.5, 2), spiky, tone(0.02, 2)].map(version);
        let done = matched(&all).unwrap();
        let first = done[0].loudness_lufs;
        assert!(done.iter().all(|m| (m.loudness_lufs - first).abs() < 0.05));
        assert!(done.iter().all(|m| m.flac.starts_with(b"fLaC")));
        let loudest = all
            .iter()
            .zip(&done)
            .map(|(version, matched)| peak_dbfs(&version.audio) + matched.gain_db);
        assert!(loudest.fold(f64::NEG_INFINITY, f64::max) < 0.0);
    }

    #[test]
    fn silence_is_left_alone() {
        let done = matched(&[version(tone(0.1, 1)), version(tone(0.0, 1))]).unwrap();
        assert_eq!(done[1].gain_db, 0.0);
        assert!(done[0].gain_db.abs() < 1e-9);
    }
}
