//! The fallback decoder: the installed ffmpeg, for what the readers of this crate do not know or
//! refuse. It is declared: whoever reports on the file says that it was used, and how.
//!
//! Its samples come through a pipe, as 32-bit floats at the file's own rate, in order. They are
//! believed only if they are numbers, are not all zero and last as long as the file states; what
//! ffmpeg says on standard error is told as damage.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::error::{DecodeError, MAX_SAMPLE_RATE_HZ, READABLE};
use crate::helper::ffmpeg::{Probed, installed_ffmpeg, opening, probe};
use crate::helper::{Helper, HelperError, Patience, first_line};
use crate::info::{DecodeWarning, Foreign};
use crate::platform::Positioned;
use crate::read::downmix::Downmix;
use crate::read::framing::survey_ogg;
use crate::read::step::{Facts, Fault, Step};

/// Bytes that are read at a time.
const PIECE_BYTES: usize = 1 << 16;
/// Most channels of any layout.
const MAX_CHANNELS: usize = 32;
/// Where ffprobe is less sure of a file that nobody else knows, it is no sound.
const SURE_SCORE: u32 = 50;
/// Rate at which one-bit streams are taken: their noise above it is no music, Hz.
const ONE_BIT_HZ: u32 = 88_200;
/// What a codec may keep to itself at either end, s: its delay, and a last packet that counts as whole.
const MAX_DELAY_S: f64 = 0.15;
/// Beyond that, most sound that may be missing from what the file states, s and share.
const MAX_MISSING_S: f64 = 1.0;
const MAX_MISSING_SHARE: f64 = 0.005;
/// Silence is small in a file; this much of it, coded, is none.
const SILENT_BYTES: u64 = 100_000;

/// Codecs that give back what went in.
const LOSSLESS_CODECS: &[&str] = &[
    "alac",
    "ape",
    "flac",
    "mlp",
    "pcm",
    "shorten",
    "tak",
    "truehd",
    "tta",
    "wavpack",
    "wmalossless",
    "dsd",
];

/// Why the fallback does not help.
pub(crate) enum NoHelp {
    /// It knows the file no better.
    Unknown,
    /// In words.
    Because(String),
}

impl From<HelperError> for NoHelp {
    fn from(error: HelperError) -> Self {
        Self::Because(error.to_string())
    }
}

/// What is asked of ffmpeg for one file.
#[derive(Clone)]
pub(crate) struct Plan {
    path: PathBuf,
    file_bytes: u64,
    probed: Probed,
    sample_rate_hz: u32,
    downmix: Option<Downmix>,
}

impl Plan {
    /// Asks ffprobe what a file holds. `is_named`: its first bytes say what it is.
    pub(crate) fn of(path: &Path, file_bytes: u64, is_named: bool) -> Result<Self, NoHelp> {
        installed_ffmpeg().map_err(|error| NoHelp::Because(error.to_owned()))?;
        let probed = match probe(path, file_bytes) {
            Ok(probed) => probed,
            // It does not know the file; what that means depends on who else does.
            Err(HelperError::Failed { said, .. }) if is_named => {
                // "file:song.opus: End of file"
                let line = first_line(&said);
                let reason = line.as_deref().and_then(|line| line.rsplit(": ").next());
                let reason = reason.unwrap_or("no reason was given");
                return Err(NoHelp::Because(format!("it cannot open it ({reason})")));
            }
            Err(HelperError::Failed { .. }) => return Err(NoHelp::Unknown),
            Err(error) => return Err(error.into()),
        };
        let probed = match probed {
            Some(probed) if is_named || probed.score >= SURE_SCORE => probed,
            None if is_named => return Err(NoHelp::Because("it finds no sound in it".to_owned())),
            _ => return Err(NoHelp::Unknown),
        };
        let downmix = match probed.channels {
            0 => return Err(NoHelp::Because("it finds no channel in it".to_owned())),
            1 | 2 => None,
            channels @ 3..=MAX_CHANNELS => {
                let layout = probed.layout.as_deref();
                let downmix = Downmix::of(layout, channels).ok_or_else(|| {
                    let layout = layout.unwrap_or("not stated");
                    NoHelp::Because(format!(
                        "which of the {channels} channels is which is not known (layout: {layout}), so they are not \
                         mixed down to stereo"
                    ))
                })?;
                Some(downmix)
            }
            channels => return Err(NoHelp::Because(format!("it finds {channels} channels"))),
        };
        Ok(Self {
            path: path.to_owned(),
            file_bytes,
            sample_rate_hz: decoded_rate(&probed),
            probed,
            downmix,
        })
    }

    /// The rate of the sound in the file, Hz.
    pub(crate) fn coded_rate_hz(&self) -> u32 {
        self.probed.sample_rate_hz
    }

    fn channels(&self) -> usize {
        self.probed.channels.min(2)
    }

    /// Frames that the file states.
    fn stated_frames(&self) -> Option<u64> {
        let seconds = self.probed.stated_s?;
        Some((seconds * f64::from(self.sample_rate_hz)).round() as u64)
    }

    /// What is known of the file before it is decoded. Pages of Ogg are looked through, since ffmpeg is
    /// silent on those that are missing.
    pub(crate) fn facts(&self, file: &File) -> io::Result<Facts> {
        let probed = &self.probed;
        let damage = match probed.container.as_str() {
            "ogg" => survey_ogg(file)?.0,
            "w64" => cut_wave64(file)?.into_iter().collect(),
            _ => Vec::new(),
        };
        Ok(Facts {
            container: probed.container.clone(),
            codec: probed.codec.clone(),
            lossy: is_lossy(&probed.codec),
            bits_per_sample: probed.bits_per_sample,
            frames: self.stated_frames(),
            delay_frames: 0,
            states_trim: false,
            damage,
        })
    }

    /// What has to be said of it.
    pub(crate) fn declaration(&self) -> Foreign {
        let mut changes = Vec::new();
        let probed = &self.probed;
        if probed.tracks > 1 {
            changes.push(format!(
                "one of its {} sound tracks was taken (stream {})",
                probed.tracks, probed.stream
            ));
        }
        changes.extend(self.downmix.as_ref().map(|downmix| downmix.text.clone()));
        if probed.sample_rate_hz != self.sample_rate_hz {
            changes.push(format!(
                "{} Hz were resampled to {} Hz",
                probed.sample_rate_hz, self.sample_rate_hz
            ));
        }
        Foreign {
            program: installed_ffmpeg().unwrap_or("ffmpeg").to_owned(),
            changes,
        }
    }

    /// Starts to decode from the first frame.
    pub(crate) fn start(&self) -> Result<ForeignReader, Fault> {
        let probed = &self.probed;
        // One thread, and arithmetic that is the same on every processor.
        let mut options = vec![
            "-nostdin",
            "-v",
            "error",
            "-threads",
            "1",
            "-flags",
            "+bitexact",
        ];
        if matches!(probed.codec.as_str(), "ac3" | "eac3") {
            // The whole range, not the one for quiet living rooms.
            options.extend(["-drc_scale", "0"]);
        }
        let mut command = opening("ffmpeg", &self.path, &options);
        command.args(["-map", &format!("0:{}", probed.stream)]);
        command.args(["-vn", "-sn", "-dn", "-map_metadata", "-1"]);
        match (&probed.layout, probed.channels) {
            // Where the layout changes in the middle, the one that was declared goes on.
            (Some(layout), 3..) => {
                let filter = format!("aformat=channel_layouts={layout}");
                command.args(["-af", &filter]);
            }
            (_, channels) => {
                command.args(["-ac", &channels.to_string()]);
            }
        }
        command.args(["-ar", &self.sample_rate_hz.to_string()]);
        command.args(["-c:a", "pcm_f32le", "-f", "f32le", "pipe:1"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let patience = match probed.stated_s {
            Some(seconds) => Patience::for_sound(seconds),
            None => Patience::for_bytes(self.file_bytes),
        };
        let helper = Helper::start(command, patience)
            .map_err(|error| Fault::malformed(error.to_string()))?;
        Ok(ForeignReader {
            helper: Some(helper),
            plan: self.clone(),
            bytes: Vec::new(),
            piece: vec![0; PIECE_BYTES],
            frames: 0,
            is_silent: true,
            damage: Vec::new(),
        })
    }
}

/// The damage of a Wave64 that states more bytes than there are, on which ffmpeg is silent.
fn cut_wave64(file: &File) -> io::Result<Option<DecodeWarning>> {
    let at_byte = file.metadata()?.len();
    let mut stated_bytes = [0; 8];
    // Behind the GUID of 16 bytes.
    file.read_exact_at(&mut stated_bytes, 16)?;
    let is_cut = u64::from_le_bytes(stated_bytes) > at_byte;
    Ok(is_cut.then_some(DecodeWarning::CutOff { at_byte }))
}

/// The rate that ffmpeg is asked for, Hz.
fn decoded_rate(probed: &Probed) -> u32 {
    if probed.codec.starts_with("dsd") {
        return ONE_BIT_HZ;
    }
    let mut rate_hz = probed.sample_rate_hz;
    while rate_hz > MAX_SAMPLE_RATE_HZ && rate_hz.is_multiple_of(2) {
        rate_hz /= 2;
    }
    rate_hz
}

fn is_lossy(codec: &str) -> bool {
    codec.ends_with("law") || !LOSSLESS_CODECS.iter().any(|name| codec.starts_with(name))
}

/// Reads what ffmpeg decodes.
pub(crate) struct ForeignReader {
    /// None once it has ended.
    helper: Option<Helper>,
    plan: Plan,
    /// Read and not yet given.
    bytes: Vec<u8>,
    piece: Vec<u8>,
    frames: u64,
    is_silent: bool,
    /// Known at the end.
    damage: Vec<DecodeWarning>,
}

impl ForeignReader {
    /// Sample rate and channels.
    pub(crate) fn spec(&self) -> (u32, usize) {
        (self.plan.sample_rate_hz, self.plan.channels())
    }

    /// Fills `planes`, which are empty, with the next frames.
    pub(crate) fn step(&mut self, planes: &mut Vec<Vec<f32>>) -> Result<Step, Fault> {
        let Some(helper) = &mut self.helper else {
            return Ok(Step::End);
        };
        match helper.read(&mut self.piece) {
            Ok(0) => {
                self.end()?;
                return Ok(Step::End);
            }
            Ok(read) => self.bytes.extend(&self.piece[..read]),
            Err(error) => return Err(Fault::malformed(error.to_string())),
        }
        planes.resize_with(self.plan.channels(), Vec::new);
        let frame_bytes = 4 * self.plan.probed.channels;
        let whole = self.bytes.len() - self.bytes.len() % frame_bytes;
        let is_pcm = self.plan.probed.codec.starts_with("pcm");
        for frame in self.bytes[..whole].chunks_exact(frame_bytes) {
            let (samples, _) = frame.as_chunks::<4>();
            let samples = samples.iter().map(|bytes| f32::from_le_bytes(*bytes));
            if !is_pcm && samples.clone().any(|sample| !sample.is_finite()) {
                return Err(Fault::malformed("ffmpeg gave samples that are no numbers"));
            }
            self.is_silent &= samples.clone().all(|sample| sample == 0.0);
            match &self.plan.downmix {
                Some(downmix) => {
                    for (plane, sample) in planes.iter_mut().zip(downmix.frame(samples)) {
                        plane.push(sample);
                    }
                }
                None => {
                    for (plane, sample) in planes.iter_mut().zip(samples) {
                        plane.push(sample);
                    }
                }
            }
        }
        self.frames += (whole / frame_bytes) as u64;
        self.bytes.drain(..whole);
        Ok(Step::Frames)
    }

    /// Judges what came.
    fn end(&mut self) -> Result<(), Fault> {
        let Some(helper) = self.helper.take() else {
            return Ok(());
        };
        let said = (helper.finish()).map_err(|error| Fault::malformed(error.to_string()))?;
        let lines = said.lines().filter(|line| !line.trim().is_empty()).count();
        let Plan {
            probed, file_bytes, ..
        } = &self.plan;
        let is_pcm = probed.codec.starts_with("pcm");
        let stated_frames = self.plan.stated_frames();
        // Writers of Wave64 fill the sound up to a multiple of 8 bytes: not a frame is missing then.
        let is_filler = probed.container == "w64" && said.contains("Invalid PCM packet");
        let complaint = first_line(&said).filter(|_| !is_filler);
        let complaint = complaint.map(|first| DecodeWarning::Complaint {
            count: lines as u64,
            first,
        });
        self.damage.extend(complaint);
        if self.is_silent && self.frames > 0 && !is_pcm && *file_bytes > SILENT_BYTES {
            return Err(Fault::malformed(format!(
                "nothing but silence came from ffmpeg, for {file_bytes} bytes of {}",
                probed.codec
            )));
        }
        let Some(stated_frames) = stated_frames else {
            return Ok(());
        };
        let seconds = |frames: u64| frames as f64 / f64::from(self.plan.sample_rate_hz);
        let stated_s = seconds(stated_frames);
        let missing_s = stated_s - seconds(self.frames);
        let bridged_s = MAX_MISSING_S.min(MAX_MISSING_SHARE * stated_s);
        if missing_s > MAX_DELAY_S.max(bridged_s) {
            return Err(Fault::malformed(format!(
                "{:.2} s of sound came from ffmpeg, where the file states {stated_s:.2} s{}",
                seconds(self.frames),
                match first_line(&said) {
                    Some(line) => format!(" ({line}); export or copy the file again"),
                    None => "; export or copy the file again".to_owned(),
                }
            )));
        }
        if missing_s.abs() > MAX_DELAY_S {
            let lengths = DecodeWarning::of_lengths(stated_frames, self.frames);
            self.damage.extend(lengths);
        }
        Ok(())
    }

    /// What ffmpeg complained of, and another length than the file states; at the end.
    pub(crate) fn damage(&self) -> &[DecodeWarning] {
        &self.damage
    }
}

/// An error of the crate's own readers, with why the fallback does not help.
pub(crate) fn without_help(error: DecodeError, help: NoHelp) -> DecodeError {
    match (error, help) {
        (
            DecodeError::NotAudio {
                path,
                found,
                convertible: true,
            },
            NoHelp::Because(reason),
        ) => DecodeError::Foreign {
            path,
            expected: READABLE,
            found,
            reason,
        },
        (DecodeError::Channels { path, got }, NoHelp::Because(reason)) => DecodeError::Foreign {
            path,
            expected: "1 or 2 channels",
            found: format!("{got} channels"),
            reason,
        },
        (error, _) => error,
    }
}
