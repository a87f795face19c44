//! Through a lossy coder and back, by the installed ffmpeg.

use std::path::Path;
use std::process::Command;

use acetate_dsp::Audio;
use anyhow::{Context, Result, bail};

/// Level before the coder, so that nothing clips on the way.
const HEADROOM: f32 = 0.25;

/// A coder: its name, its options for ffmpeg, and the suffix of its files.
#[derive(Clone, Copy, Debug)]
pub struct Coder<'a> {
    /// As printed.
    pub name: &'a str,
    /// What ffmpeg is told.
    pub options: &'a [&'a str],
    /// Without the dot.
    pub suffix: &'a str,
}

/// The signal through MP3 at a bit rate.
pub fn mp3(audio: &Audio, kbps: u32) -> Result<Audio> {
    let bit_rate = format!("{kbps}k");
    let coder = Coder {
        name: "MP3",
        options: &["-c:a", "libmp3lame", "-b:a", &bit_rate],
        suffix: "mp3",
    };
    through(audio, &coder)
}

/// The signal through a coder.
pub fn through(audio: &Audio, coder: &Coder<'_>) -> Result<Audio> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    let (rate, channels) = (audio.sample_rate_hz(), audio.channel_count());
    let mut bytes = Vec::with_capacity(4 * channels * audio.frames());
    for frame in 0..audio.frames() {
        for channel in audio.channels() {
            bytes.extend((HEADROOM * channel[frame]).to_le_bytes());
        }
    }
    std::fs::write(at("in.raw"), bytes)?;
    let (rate_word, count) = (rate.to_string(), channels.to_string());
    let raw = ["-f", "f32le", "-ar", &rate_word, "-ac", &count];
    let coded = format!("coded.{}", coder.suffix);
    ffmpeg(&raw, &at("in.raw"), coder.options, &at(&coded))?;
    ffmpeg(&[], &at(&coded), &raw, &at("out.raw"))?;
    let decoded = std::fs::read(at("out.raw"))?;
    let mut planes = vec![Vec::with_capacity(audio.frames()); channels];
    for frame in decoded.chunks_exact(4 * channels) {
        for (plane, b) in planes.iter_mut().zip(frame.chunks_exact(4)) {
            plane.push(f32::from_le_bytes([b[0], b[1], b[2], b[3]]) / HEADROOM);
        }
    }
    Ok(Audio::new(rate, planes)?)
}

fn ffmpeg(before: &[&str], input: &Path, after: &[&str], output: &Path) -> Result<()> {
    let ended = Command::new("ffmpeg")
        .args(["-hide_banner", "-v", "error", "-nostdin", "-y"])
        .args(before)
        .arg("-i")
        .arg(input)
        .args(after)
        .arg(output)
        .output()
        .context("ffmpeg, which this part of the campaign needs")?;
    if !ended.status.success() {
        bail!("ffmpeg: {}", String::from_utf8_lossy(&ended.stderr));
    }
    Ok(())
}
