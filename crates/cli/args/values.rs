//! Values as they are typed: what is expected of each, in words.

use acetate_io::{MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
use acetate_model::reference::DEFAULT_MAX_EQ_RMS_DB;

/// The weight of a reference.
pub fn weight(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(weight) if (0.0..=1000.0).contains(&weight) => Ok(weight),
        _ => Err("expected a number from 0 to 1000".to_owned()),
    }
}

/// The most EQ toward a reference, dB.
pub fn match_limit(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(limit_db) if (0.0..=DEFAULT_MAX_EQ_RMS_DB).contains(&limit_db) => Ok(limit_db),
        _ => Err(format!(
            "expected a number from 0 to {DEFAULT_MAX_EQ_RMS_DB}"
        )),
    }
}

/// 0 to 100, with or without a sign.
pub fn amount(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse::<f64>() {
        Ok(percent) if (0.0..=MAX_AMOUNT_PERCENT).contains(&percent) => Ok(percent),
        _ => Err("expected a number from 0 to 200".to_owned()),
    }
}

/// A loudness asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loudness {
    /// So many LUFS.
    Lufs(f64),
    /// That of the input.
    Keep,
}

/// A loudness.
pub fn loudness(text: &str) -> Result<Loudness, String> {
    if text == "keep" {
        return Ok(Loudness::Keep);
    }
    match text.parse::<f64>() {
        Ok(lufs) if lufs > 0.0 => Err(format!(
            "expected a loudness below 0 LUFS: did you mean -{text}?"
        )),
        Ok(lufs) => Ok(Loudness::Lufs(lufs)),
        Err(_) => Err("expected a number of LUFS, as -14, or keep".to_owned()),
    }
}

/// A highest true peak, dBTP.
pub fn ceiling(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(dbtp) if dbtp > 0.0 => Err(format!(
            "expected a true peak of at most 0 dBTP: did you mean -{text}?"
        )),
        Ok(dbtp) => Ok(dbtp),
        Err(_) => Err("expected a number of dBTP, as -1".to_owned()),
    }
}

/// A sample rate, Hz: `48000`, `48k`, `44.1 kHz`.
pub fn sample_rate(text: &str) -> Result<u32, String> {
    let lower = text.to_ascii_lowercase();
    let number = lower.trim_end_matches("hz").trim_end();
    let (number, unit_hz) = match number.strip_suffix('k') {
        Some(number) => (number.trim_end(), 1000.0),
        None => (number, 1.0),
    };
    let rate_hz = number.parse::<f64>().unwrap_or(f64::NAN) * unit_hz;
    let rounded_hz = rate_hz.round();
    let range = f64::from(MIN_SAMPLE_RATE_HZ)..=f64::from(MAX_SAMPLE_RATE_HZ);
    if range.contains(&rate_hz) && (rate_hz - rounded_hz).abs() < 1e-6 {
        return Ok(rounded_hz as u32);
    }
    Err(format!(
        "expected a sample rate from {MIN_SAMPLE_RATE_HZ} to {MAX_SAMPLE_RATE_HZ} Hz, as 48000 or 48k"
    ))
}

/// Twice of what the evidence carries is as far as the dial goes, percent.
const MAX_AMOUNT_PERCENT: f64 = 200.0;

/// More threads than this are a slip of the finger; the system would be busy making them.
const MAX_THREADS: usize = 1024;

/// A number of threads.
pub fn thread_count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads) if (1..=MAX_THREADS).contains(&threads) => Ok(threads),
        _ => Err(format!("expected a whole number from 1 to {MAX_THREADS}")),
    }
}
