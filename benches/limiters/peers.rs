//! Other people's limiters, as far as they are installed.

use std::path::Path;
use std::process::{Command, Stdio};

use acetate_dsp::Audio;
use anyhow::{Context, Result, bail};
use realfft::RealFftPlanner;

/// -1 dBFS as an amplitude.
const CEILING: &str = "0.8912509";
/// Largest delay that is looked for, frames.
const MAX_DELAY_FRAMES: usize = 16_384;
/// Limits a WAV file with pedalboard: `python3 -c … IN OUT`.
const PEDALBOARD: &str = "
import sys
from pedalboard import Limiter
from pedalboard.io import AudioFile
with AudioFile(sys.argv[1]) as f:
    audio, rate = f.read(f.frames), f.samplerate
out = Limiter(threshold_db=-1.0, release_ms=100.0)(audio, rate)
with AudioFile(sys.argv[2], 'w', rate, 2, bit_depth=32) as f:
    f.write(out)
";

/// A limiter outside this repository.
#[derive(Clone, Debug)]
pub struct Peer {
    pub name: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// A filter of ffmpeg.
    Ffmpeg(String),
    Pedalboard,
}

/// Every peer that can be run here.
pub fn installed() -> Vec<Peer> {
    let ffmpeg = |name: &str, filter: String| Peer {
        name: name.to_owned(),
        kind: Kind::Ffmpeg(filter),
    };
    let lsp = "http\\\\://lsp-plug.in/plugins/lv2/limiter_stereo";
    let x42 = "http\\\\://gareus.org/oss/lv2/dpl#stereo";
    let mut all = vec![
        ffmpeg(
            "ffmpeg alimiter",
            format!("alimiter=limit={CEILING}:level=0:attack=5:release=50"),
        ),
        ffmpeg(
            "LSP limiter with its ALR",
            format!("lv2=p={lsp}:c=th={CEILING}|boost=0"),
        ),
        ffmpeg(
            "LSP limiter without its ALR",
            format!("lv2=p={lsp}:c=th={CEILING}|boost=0|alr=0"),
        ),
        ffmpeg(
            "x42 dpl, release 10 ms",
            format!("lv2=p={x42}:c=threshold=-1|truepeak=1"),
        ),
        ffmpeg(
            "x42 dpl, release 100 ms",
            format!("lv2=p={x42}:c=threshold=-1|truepeak=1|release=0.1"),
        ),
        Peer {
            name: "pedalboard Limiter".to_owned(),
            kind: Kind::Pedalboard,
        },
    ];
    let tone = Audio::silence(48_000, 2, 48_000);
    all.retain(|peer| peer.run(&tone).is_ok());
    all
}

impl Peer {
    /// The driven passage behind this limiter, without its delay.
    pub fn limited(&self, driven: &Audio) -> Result<Audio> {
        let out = self.run(driven)?;
        let delay = delay_frames(driven, &out);
        let mut aligned = out.clone();
        aligned.drop_front(delay);
        aligned.set_frames(driven.frames());
        Ok(aligned)
    }

    fn run(&self, driven: &Audio) -> Result<Audio> {
        let folder = tempfile::tempdir()?;
        let (input, output) = (folder.path().join("in.wav"), folder.path().join("out.wav"));
        let mut padded = driven.clone();
        padded.set_frames(driven.frames() + MAX_DELAY_FRAMES);
        write(&input, &padded)?;
        let mut command = match &self.kind {
            Kind::Ffmpeg(filter) => {
                let mut command = Command::new("ffmpeg");
                command.args(["-y", "-v", "error", "-i"]).arg(&input);
                command.args(["-af", filter, "-c:a", "pcm_f32le"]);
                command.arg(&output);
                command
            }
            Kind::Pedalboard => {
                let mut command = Command::new("python3");
                command.args(["-c", PEDALBOARD]).arg(&input).arg(&output);
                command
            }
        };
        let done = command
            .stdin(Stdio::null())
            .output()
            .with_context(|| self.name.clone())?;
        if !done.status.success() {
            bail!("{}", String::from_utf8_lossy(&done.stderr).trim());
        }
        read(&output)
    }
}

fn write(path: &Path, audio: &Audio) -> Result<()> {
    let spec = hound::WavSpec {
        channels: audio.channel_count() as u16,
        sample_rate: audio.sample_rate_hz(),
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(path, spec)?;
    for frame in 0..audio.frames() {
        for channel in audio.channels() {
            writer.write_sample(channel[frame])?;
        }
    }
    writer.finalize()?;
    Ok(())
}

fn read(path: &Path) -> Result<Audio> {
    let mut input = acetate_io::open(path, &acetate_io::OpenOptions::default())?;
    Ok(acetate_dsp::read_all(&mut input)?)
}

/// By how many frames `out` comes after `reference`: the peak of their cross-correlation.
fn delay_frames(reference: &Audio, out: &Audio) -> usize {
    let length = (2 * MAX_DELAY_FRAMES)
        .max(reference.frames().min(1 << 18))
        .next_power_of_two();
    let mut planner = RealFftPlanner::<f64>::new();
    let (forward, inverse) = (
        planner.plan_fft_forward(length),
        planner.plan_fft_inverse(length),
    );
    let spectrum = |audio: &Audio, frames: usize| {
        let mut input = vec![0.0; length];
        for (to, &from) in input
            .iter_mut()
            .zip(&audio.channel(0)[..frames.min(audio.frames())])
        {
            *to = f64::from(from);
        }
        let mut output = forward.make_output_vec();
        forward
            .process(&mut input, &mut output)
            .ok()
            .map(|()| output)
    };
    let part = length - MAX_DELAY_FRAMES;
    let (Some(a), Some(b)) = (spectrum(reference, part), spectrum(out, length)) else {
        return 0;
    };
    let mut product: Vec<_> = a.iter().zip(&b).map(|(a, b)| a.conj() * b).collect();
    for edge in [0, product.len() - 1] {
        product[edge].im = 0.0;
    }
    let mut correlation = inverse.make_output_vec();
    if inverse.process(&mut product, &mut correlation).is_err() {
        return 0;
    }
    (0..MAX_DELAY_FRAMES)
        .max_by(|&a, &b| correlation[a].total_cmp(&correlation[b]))
        .unwrap_or(0)
}
