//! Lossy codecs for `--codec-safe`: the user's ffmpeg, fed and read through pipes.

use std::process::{Command, Stdio};

use acetate_dsp::stream::BLOCK_FRAMES;
use acetate_dsp::{Audio, Source, Spec, StreamError};
use acetate_io::{Helper, Patience};
use acetate_master::codec::{Codec, Codecs, Coding};
use anyhow::{Context, anyhow, bail};

/// Rate of an encoded program whose own rate is a multiple of 44.1 kHz, Hz.
const CD_HZ: u32 = 44_100;
/// Rate of every other one, and of Opus, Hz.
const VIDEO_HZ: u32 = 48_000;

/// Most that the list of encoders takes.
const MAX_LIST_BYTES: usize = 1 << 20;

/// The codecs of the user's ffmpeg.
#[derive(Debug)]
pub struct Ffmpeg {
    /// Version and the list of encoders; the reason where it cannot be run.
    installed: Result<(String, String), String>,
}

impl Ffmpeg {
    /// Asks for the version and the encoders.
    pub fn probe() -> Self {
        Self {
            installed: probe().map_err(|error| format!("{error:#}")),
        }
    }
}

fn probe() -> anyhow::Result<(String, String)> {
    let version = acetate_io::installed_ffmpeg().map_err(anyhow::Error::msg)?;
    let version = version.trim_start_matches("ffmpeg ").to_owned();
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-encoders"]);
    let (encoders, _) = Helper::answer(command, Patience::for_sound(0.0), MAX_LIST_BYTES)?;
    Ok((version, String::from_utf8_lossy(&encoders).into_owned()))
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
        program: &mut dyn Source,
        take: &mut dyn FnMut(&Audio),
    ) -> Result<Spec, StreamError> {
        round_trip(codec, program, take)
            .with_context(|| codec.to_string())
            .map_err(|error| StreamError::new(format!("{error:#}")))
    }
}

fn round_trip(
    codec: &Codec,
    program: &mut dyn Source,
    take: &mut dyn FnMut(&Audio),
) -> anyhow::Result<Spec> {
    let spec = program.spec();
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
    // The bit rate is a stereo program's.
    let bit_rate = format!("{}k", codec.bit_rate_kbps * spec.channels as u32 / 2);
    let quiet = ["-hide_banner", "-loglevel", "error", "-nostdin"];
    let seconds = program.frames_hint().unwrap_or(0) as f64 / f64::from(spec.sample_rate_hz);
    let patience = Patience::for_sound(seconds);
    let mut encoding = Command::new("ffmpeg");
    encoding
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
        .stdout(Stdio::piped());
    let mut encoder = Helper::start(encoding, patience)?;
    let encoded = encoder.take_stdout().context("ffmpeg gives no output")?;
    let mut decoding = Command::new("ffmpeg");
    decoding
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
        .stdin(encoded)
        .stdout(Stdio::piped());
    let mut decoder = Helper::start(decoding, patience)?;
    let (written, read) = std::thread::scope(|scope| {
        let writer = std::thread::Builder::new();
        let encoder = &mut encoder;
        let writer = writer.spawn_scoped(scope, move || {
            let fed = feed(program, encoder);
            encoder.close_input();
            fed
        });
        let read = match &writer {
            Ok(_) => collect(&mut decoder, coded, take),
            Err(_) => Err(anyhow!("no thread to feed ffmpeg")),
        };
        let read = match read {
            Ok(()) => decoder.finish().map(drop).context("decoding"),
            Err(error) => {
                // Nobody takes what is encoded any more: the encoder ends, and the writer with it.
                drop(decoder);
                Err(error)
            }
        };
        (writer.map(|writer| writer.join()), read)
    });
    let written = match written.context("no thread to feed ffmpeg")? {
        Ok(written) => written,
        Err(_) => bail!("the program could not be handed over"),
    };
    let encoded = match (written, encoder.finish().context("encoding")) {
        // What it said says more than the pipe that broke.
        (_, Err(error)) | (Err(error), Ok(_)) => Err(error),
        (Ok(()), Ok(_)) => Ok(()),
    };
    match (encoded, read) {
        (Ok(()), read) => read?,
        (Err(error), Ok(())) => return Err(error),
        // Either may have ended the other.
        (Err(encoding), Err(decoding)) => bail!("{decoding:#}; {encoding:#}"),
    }
    Ok(coded)
}

/// Writes a whole program as interleaved 32-bit floats.
fn feed(program: &mut dyn Source, to: &mut Helper) -> anyhow::Result<()> {
    program.rewind()?;
    let spec = program.spec();
    let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, BLOCK_FRAMES);
    let mut bytes = Vec::new();
    loop {
        let read = program.read(&mut block, BLOCK_FRAMES)?;
        if read == 0 {
            return Ok(());
        }
        bytes.clear();
        for frame in 0..read {
            for channel in block.channels() {
                bytes.extend(channel[frame].to_le_bytes());
            }
        }
        to.write(&bytes)?;
    }
}

/// Reads interleaved 32-bit floats to the end.
fn collect(from: &mut Helper, spec: Spec, take: &mut dyn FnMut(&Audio)) -> anyhow::Result<()> {
    let frame_bytes = 4 * spec.channels;
    let mut bytes = vec![0; BLOCK_FRAMES * frame_bytes];
    let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
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
            return Ok(());
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
    }
}
