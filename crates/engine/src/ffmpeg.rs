//! Lossy codecs for `--codec-safe`: the user's ffmpeg, fed and read through pipes.

use std::io::{BufReader, BufWriter, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

use acetate_dsp::stream::BLOCK_FRAMES;
use acetate_dsp::{Audio, Source, Spec, StreamError};
use acetate_master::codec::{Codec, Codecs, Coding};
use anyhow::{Context, bail};

/// Rate of an encoded programme whose own rate is a multiple of 44.1 kHz, Hz.
const CD_HZ: u32 = 44_100;
/// Rate of every other one, and of Opus, Hz.
const VIDEO_HZ: u32 = 48_000;

/// The user's ffmpeg.
#[derive(Debug)]
pub(crate) struct Ffmpeg {
    /// Version and the list of encoders; the reason where it cannot be run.
    installed: Result<(String, String), String>,
}

impl Ffmpeg {
    /// Asks for the version and the encoders.
    pub(crate) fn probe() -> Self {
        Self {
            installed: probe().map_err(|error| format!("{error:#}")),
        }
    }
}

fn probe() -> anyhow::Result<(String, String)> {
    let ask = |argument: &str| -> anyhow::Result<String> {
        let output = Command::new("ffmpeg")
            .args(["-hide_banner", argument])
            .stdin(Stdio::null())
            .output()
            .context("ffmpeg is not installed")?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let version = ask("-version")?;
    // "ffmpeg version 5.1.6-0+deb12u1 Copyright ..."
    let version = version
        .split_whitespace()
        .nth(2)
        .context("ffmpeg does not say its version")?;
    Ok((version.to_owned(), ask("-encoders")?))
}

/// ffmpeg's name of a codec's encoder, and of the stream format that goes through a pipe.
fn encoder(codec: &Codec) -> (&'static str, &'static str) {
    match codec.coding {
        Coding::Aac => ("aac", "adts"),
        Coding::Vorbis => ("libvorbis", "ogg"),
        Coding::Opus => ("libopus", "ogg"),
        Coding::Mp3 => ("libmp3lame", "mp3"),
    }
}

impl Codecs for Ffmpeg {
    fn encoder(&mut self, codec: &Codec) -> Result<String, String> {
        let (version, encoders) = self.installed.as_ref().map_err(Clone::clone)?;
        let (name, _) = encoder(codec);
        let listed = encoders
            .lines()
            .any(|line| line.split_whitespace().nth(1) == Some(name));
        if !listed {
            return Err(format!("ffmpeg {version} was built without {name}"));
        }
        Ok(format!("ffmpeg {version}, {name}"))
    }

    fn round_trip(
        &mut self,
        codec: &Codec,
        programme: &mut dyn Source,
        take: &mut dyn FnMut(&Audio),
    ) -> Result<Spec, StreamError> {
        round_trip(codec, programme, take)
            .with_context(|| codec.to_string())
            .map_err(|error| StreamError::new(format!("{error:#}")))
    }
}

fn round_trip(
    codec: &Codec,
    programme: &mut dyn Source,
    take: &mut dyn FnMut(&Audio),
) -> anyhow::Result<Spec> {
    let spec = programme.spec();
    let (name, format) = encoder(codec);
    let opus = codec.coding == Coding::Opus;
    let coded_hz = if spec.sample_rate_hz.is_multiple_of(11_025) && !opus {
        CD_HZ
    } else {
        VIDEO_HZ
    };
    let coded = Spec {
        sample_rate_hz: coded_hz,
        ..spec
    };
    let [rate, coded_rate] = [spec.sample_rate_hz, coded_hz].map(|hz| hz.to_string());
    let channels = spec.channels.to_string();
    // The bit rate is a stereo programme's.
    let bit_rate = format!("{}k", codec.bit_rate_kbps * spec.channels as u32 / 2);
    let quiet = ["-hide_banner", "-loglevel", "error", "-nostdin"];
    let mut encoding = Command::new("ffmpeg")
        .args(quiet)
        .args([
            "-f", "f32le", "-ar", &rate, "-ac", &channels, "-i", "pipe:0",
        ])
        .args([
            "-ar",
            &coded_rate,
            "-c:a",
            name,
            "-b:a",
            &bit_rate,
            "-f",
            format,
            "pipe:1",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("ffmpeg cannot be run")?;
    let to_encoder = encoding.stdin.take().context("ffmpeg takes no input")?;
    let encoded = encoding.stdout.take().context("ffmpeg gives no output")?;
    let decoding = Command::new("ffmpeg")
        .args(quiet)
        .args([
            "-i",
            "pipe:0",
            "-ac",
            &channels,
            "-ar",
            &coded_rate,
            "-f",
            "f32le",
            "pipe:1",
        ])
        .stdin(Stdio::from(encoded))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut decoding = match decoding {
        Ok(child) => child,
        Err(error) => {
            drop(to_encoder);
            let _ = end(&mut encoding, "encoding");
            return Err(error).context("ffmpeg cannot be run");
        }
    };
    let decoded = decoding.stdout.take().context("ffmpeg gives no output")?;
    let (written, read) = std::thread::scope(|scope| {
        let writer = std::thread::Builder::new();
        let writer = writer.spawn_scoped(scope, || feed(programme, to_encoder));
        // Without it, the encoder's input is closed and nothing comes.
        let read = collect(decoded, coded, take);
        let written = writer.map(|writer| writer.join());
        (written, read)
    });
    let ended = end(&mut encoding, "encoding").and(end(&mut decoding, "decoding"));
    match written.context("no thread to feed ffmpeg")? {
        Ok(written) => written?,
        Err(_) => bail!("the programme could not be handed over"),
    }
    let frames = read?;
    ended?;
    if frames == 0 {
        bail!("expected decoded audio, found none");
    }
    Ok(coded)
}

/// Waits for a process and says when it failed.
fn end(child: &mut Child, what: &str) -> anyhow::Result<()> {
    let status = child.wait()?;
    if !status.success() {
        bail!("{what} failed: ffmpeg ended with {status}");
    }
    Ok(())
}

/// Writes a whole programme as interleaved 32-bit floats.
fn feed(programme: &mut dyn Source, to: ChildStdin) -> anyhow::Result<()> {
    programme.rewind()?;
    let spec = programme.spec();
    let mut to = BufWriter::new(to);
    let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, BLOCK_FRAMES);
    loop {
        let read = programme.read(&mut block, BLOCK_FRAMES)?;
        if read == 0 {
            return Ok(to.flush()?);
        }
        for frame in 0..read {
            for channel in block.channels() {
                to.write_all(&channel[frame].to_le_bytes())?;
            }
        }
    }
}

/// Reads interleaved 32-bit floats to the end; gives the frames.
fn collect(from: impl Read, spec: Spec, take: &mut dyn FnMut(&Audio)) -> anyhow::Result<u64> {
    let mut from = BufReader::new(from);
    let frame_bytes = 4 * spec.channels;
    let mut bytes = vec![0; BLOCK_FRAMES * frame_bytes];
    let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    let mut frames = 0;
    loop {
        let mut filled = 0;
        while filled < bytes.len() {
            match from.read(&mut bytes[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        let count = filled / frame_bytes;
        if count == 0 {
            return Ok(frames);
        }
        block.set_frames(count);
        for (index, channel) in block.channels_mut().enumerate() {
            let samples = bytes[..count * frame_bytes].chunks_exact(frame_bytes);
            for (sample, frame) in channel.iter_mut().zip(samples) {
                let at = 4 * index;
                let four = [frame[at], frame[at + 1], frame[at + 2], frame[at + 3]];
                *sample = f32::from_le_bytes(four);
            }
        }
        take(&block);
        frames += count as u64;
    }
}
