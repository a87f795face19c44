//! Lossy recoding, a fault that training never draws: MP3 at a low bit rate and back, by the
//! user's `ffmpeg`.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::thread;

use acetate_dsp::Audio;

use crate::eval::EvalError;
use crate::rng::Rng;

/// Bit rates, kbit/s.
const BIT_RATES_KBPS: [u32; 3] = [64, 80, 96];
/// Highest rate that MP3 carries, Hz.
const MAX_RATE_HZ: u32 = 48_000;
/// Level before the coder, so that nothing clips on the way, linear.
const HEADROOM_GAIN: f32 = 0.5;

/// True where `ffmpeg` with an MP3 coder is on the path.
pub fn available() -> bool {
    Command::new("ffmpeg")
        .args(["-hide_banner", "-v", "error", "-encoders"])
        .stdin(Stdio::null())
        .output()
        .is_ok_and(|output| {
            output.status.success()
                && String::from_utf8_lossy(&output.stdout).contains("libmp3lame")
        })
}

/// The signal through MP3 at 64, 80 or 96 kbit/s; as long as before. `None` where MP3 does not
/// carry the sample rate.
///
/// # Errors
/// [`EvalError::Ffmpeg`] when it fails.
pub fn recode(audio: &Audio, rng: &mut Rng) -> Result<Option<Audio>, EvalError> {
    let bit_rate_kbps = BIT_RATES_KBPS[rng.below(BIT_RATES_KBPS.len())];
    let rate_hz = audio.sample_rate_hz();
    let channels = audio.channel_count();
    if rate_hz > MAX_RATE_HZ {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(4 * channels * audio.frames());
    for frame in 0..audio.frames() {
        for channel in audio.channels() {
            bytes.extend((HEADROOM_GAIN * channel[frame]).to_le_bytes());
        }
    }
    let (rate, count) = (rate_hz.to_string(), channels.to_string());
    let raw = ["-f", "f32le", "-ar", &rate, "-ac", &count];
    let bit_rate = format!("{bit_rate_kbps}k");
    let coder = ["-c:a", "libmp3lame", "-b:a", &bit_rate, "-f", "mp3"];
    let coded = through_ffmpeg(&raw, &coder, bytes)?;
    let decoded = through_ffmpeg(&["-f", "mp3"], &raw, coded)?;
    let mut planes = vec![Vec::with_capacity(audio.frames()); channels];
    for frame in decoded.chunks_exact(4 * channels) {
        for (plane, b) in planes.iter_mut().zip(frame.chunks_exact(4)) {
            plane.push(f32::from_le_bytes([b[0], b[1], b[2], b[3]]) / HEADROOM_GAIN);
        }
    }
    for plane in &mut planes {
        // What there is too much is mostly the coder's delay, which comes first.
        let extra = plane.len().saturating_sub(audio.frames());
        plane.drain(..extra);
        plane.resize(audio.frames(), 0.0);
    }
    Audio::new(rate_hz, planes)
        .map(Some)
        .map_err(|error| EvalError::Ffmpeg(error.to_string()))
}

/// Feeds bytes to an `ffmpeg` and takes what it gives.
fn through_ffmpeg(input: &[&str], output: &[&str], bytes: Vec<u8>) -> Result<Vec<u8>, EvalError> {
    let failed = |error: std::io::Error| EvalError::Ffmpeg(error.to_string());
    let mut child = Command::new("ffmpeg")
        .args(["-hide_banner", "-v", "error", "-threads", "1"])
        .args(input)
        .args(["-i", "pipe:0"])
        .args(output)
        .arg("pipe:1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    // Fed from a thread of its own, because ffmpeg writes before it has read everything.
    let feeder = child
        .stdin
        .take()
        .map(|mut stdin| thread::spawn(move || stdin.write_all(&bytes)));
    let mut given = Vec::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_end(&mut given).map_err(failed)?;
    }
    let ended = child.wait_with_output().map_err(failed)?;
    // A feeder that fails leaves ffmpeg with an error of its own, which is said below.
    let fed = feeder.is_none_or(|feeder| feeder.join().is_ok_and(|result| result.is_ok()));
    if ended.status.success() && fed && !given.is_empty() {
        return Ok(given);
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    Err(EvalError::Ffmpeg(
        said.lines().last().unwrap_or("it gave nothing").to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recoded_signal_is_nearly_the_same_and_as_long() {
        if !available() {
            return;
        }
        let tone = |hz: f32| -> Vec<f32> {
            (0..44_100)
                .map(|n| 0.3 * (n as f32 * hz * std::f32::consts::TAU / 44_100.0).sin())
                .collect()
        };
        let audio = Audio::new(44_100, vec![tone(440.0), tone(660.0)]).unwrap();
        let out = recode(&audio, &mut Rng::new(1)).unwrap().unwrap();
        assert_eq!(out.frames(), audio.frames());
        assert_ne!(out, audio);
        let power = |a: &Audio| -> f32 { a.channel(0).iter().map(|x| x * x).sum() };
        // The coder itself takes half a dB off.
        let ratio = power(&out) / power(&audio);
        assert!((0.8..1.1).contains(&ratio), "{ratio}");
    }
}
