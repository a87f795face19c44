//! What the installed ffmpeg and ffprobe say: a version, and what a file holds.
//!
//! Files are opened by ffmpeg's `file` protocol alone, so that no name is taken for an address and no
//! playlist or script leads anywhere else; the formats are named one by one for the same reason.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde::Deserialize;

use super::{Helper, HelperError, Patience};

/// Formats that are given to ffmpeg, by its own names: containers and streams that hold their sound
/// themselves. No playlists, no scripts, no devices, no pictures.
const FORMATS: &str = "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dff,dsf,dts,dtshd,eac3,flac,flv,iff,\
     ircam,loas,matroska,mlp,mov,mp3,mpc,mpc8,mpeg,mpegts,nistsphere,nut,ogg,oma,rm,shn,sox,tak,truehd,\
     tta,voc,w64,wav,wv,xwma";
/// Most that ffprobe may say of one file.
const MAX_ANSWER_BYTES: usize = 4 << 20;

/// ffmpeg or ffprobe that opens one file.
pub(crate) fn opening(program: &str, path: &Path, options: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(["-hide_banner", "-protocol_whitelist", "file,pipe"]);
    command.args(["-format_whitelist", FORMATS]);
    command.args(options);
    // A name with a colon or a dash is no address and no option.
    let mut name = OsString::from("file:");
    name.push(path);
    command.arg("-i").arg(name);
    command
}

/// The version of the installed ffmpeg, `ffmpeg 5.1.6`; asked for once.
pub fn installed_ffmpeg() -> Result<&'static str, &'static str> {
    static VERSION: OnceLock<Result<String, String>> = OnceLock::new();
    let version = VERSION.get_or_init(|| ask_version().map_err(|error| error.to_string()));
    match version {
        Ok(version) => Ok(version),
        Err(error) => Err(error),
    }
}

fn ask_version() -> Result<String, HelperError> {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-version"]);
    let (answer, said) = Helper::answer(command, Patience::for_sound(0.0), MAX_ANSWER_BYTES)?;
    // "ffmpeg version 5.1.6-0+deb12u1 Copyright ..."
    let answer = String::from_utf8_lossy(&answer);
    let version = answer.split_whitespace().nth(2);
    let version = version.map(|version| version.chars().filter(|c| !c.is_control()));
    version
        .map(|version| format!("ffmpeg {}", version.take(60).collect::<String>()))
        .ok_or(HelperError::NoVersion { said })
}

/// What a file holds, by ffprobe.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Probed {
    /// ffmpeg's name of the container.
    pub container: String,
    /// How sure ffprobe is of it, 0 to 100.
    pub score: u32,
    /// Of the sound that is taken.
    pub stream: usize,
    /// Sound tracks in the file.
    pub tracks: usize,
    pub codec: String,
    pub sample_rate_hz: u32,
    pub channels: usize,
    /// ffmpeg's name of the layout, where the file states one.
    pub layout: Option<String>,
    pub bits_per_sample: Option<u32>,
    /// Length that the file states for this sound; no estimate.
    pub stated_s: Option<f64>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    streams: Vec<Stream>,
    format: Option<Format>,
}

#[derive(Deserialize)]
struct Stream {
    index: usize,
    codec_name: Option<String>,
    sample_rate: Option<String>,
    #[serde(default)]
    channels: usize,
    channel_layout: Option<String>,
    duration: Option<String>,
    bits_per_raw_sample: Option<String>,
    #[serde(default)]
    disposition: Disposition,
    #[serde(default)]
    tags: Tags,
}

#[derive(Default, Deserialize)]
struct Disposition {
    #[serde(default)]
    default: u32,
}

#[derive(Default, Deserialize)]
struct Tags {
    #[serde(rename = "DURATION")]
    duration: Option<String>,
}

#[derive(Deserialize)]
struct Format {
    format_name: String,
    #[serde(default)]
    nb_streams: usize,
    duration: Option<String>,
    #[serde(default)]
    probe_score: u32,
}

/// What a file holds; `None` where ffprobe finds no sound in it.
///
/// # Errors
/// [`HelperError`], where ffprobe does not know the file as well.
pub(crate) fn probe(path: &Path, file_bytes: u64) -> Result<Option<Probed>, HelperError> {
    let mut command = opening("ffprobe", path, &["-v", "warning"]);
    command.args(["-select_streams", "a", "-show_entries"]);
    command.arg(
        "stream=index,codec_name,sample_rate,channels,channel_layout,duration,bits_per_raw_sample\
         :stream_disposition=default:stream_tags=DURATION:format=format_name,nb_streams,duration,probe_score",
    );
    command.args(["-of", "json"]);
    let patience = Patience::for_bytes(file_bytes);
    let (answer, said) = Helper::answer(command, patience, MAX_ANSWER_BYTES)?;
    Ok(understood(&answer, said.contains("stimating duration")))
}

fn understood(answer: &[u8], is_estimate: bool) -> Option<Probed> {
    let Answer { streams, format } = serde_json::from_slice(answer).ok()?;
    let format = format?;
    let tracks = streams.len();
    let chosen = streams
        .iter()
        .position(|stream| stream.disposition.default != 0);
    let stream = streams.into_iter().nth(chosen.unwrap_or(0))?;
    let seconds = |text: &Option<String>| -> Option<f64> {
        let seconds: f64 = text.as_ref()?.parse().ok()?;
        (seconds.is_finite() && seconds > 0.0).then_some(seconds)
    };
    // That of the whole file is the sound's only where there is nothing else in it.
    let whole = format.duration.filter(|_| format.nb_streams == 1);
    let stated_s = seconds(&stream.duration)
        .or_else(|| clock(stream.tags.duration.as_ref()?))
        .or_else(|| seconds(&whole))
        .filter(|_| !is_estimate);
    Some(Probed {
        container: format.format_name.split(',').next()?.to_owned(),
        score: format.probe_score,
        stream: stream.index,
        tracks,
        codec: stream.codec_name?,
        sample_rate_hz: stream.sample_rate?.parse().ok()?,
        channels: stream.channels,
        layout: (stream.channel_layout).filter(|layout| layout != "unknown"),
        bits_per_sample: (stream.bits_per_raw_sample)
            .and_then(|bits| bits.parse().ok())
            .filter(|bits| *bits > 0),
        stated_s,
    })
}

/// Seconds of `00:03:06.008000000`.
fn clock(text: &str) -> Option<f64> {
    let mut seconds = 0.0;
    for part in text.split(':') {
        let part: f64 = part.trim().parse().ok()?;
        seconds = 60.0 * seconds + part;
    }
    (seconds > 0.0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_TRACKS: &[u8] = br#"{"streams": [
        {"index": 1, "codec_name": "ac3", "sample_rate": "48000", "channels": 6, "channel_layout": "5.1(side)",
         "disposition": {"default": 0}, "tags": {"DURATION": "00:01:02.500000000"}},
        {"index": 2, "codec_name": "opus", "sample_rate": "48000", "channels": 2, "channel_layout": "unknown",
         "disposition": {"default": 1}}],
        "format": {"format_name": "matroska,webm", "nb_streams": 3, "duration": "70.0", "probe_score": 100}}"#;

    #[test]
    fn the_default_track_is_taken_and_a_films_length_is_not_its_sounds() {
        let probed = understood(TWO_TRACKS, false).unwrap();
        assert_eq!((probed.stream, probed.tracks), (2, 2));
        assert_eq!(probed.codec, "opus");
        assert_eq!(probed.container, "matroska");
        assert_eq!(probed.layout, None);
        assert_eq!(probed.stated_s, None);
        let text = String::from_utf8_lossy(TWO_TRACKS);
        let first = text.replace("\"default\": 1", "\"default\": 0");
        let probed = understood(first.as_bytes(), false).unwrap();
        assert_eq!(probed.stream, 1);
        assert_eq!(probed.stated_s, Some(62.5));
        assert_eq!(
            understood(first.as_bytes(), true).unwrap().stated_s,
            None,
            "an estimate states nothing"
        );
    }

    #[test]
    fn an_answer_that_makes_no_sense_is_none() {
        for answer in [
            &b""[..],
            b"{}",
            b"null",
            b"{\"streams\": [], \"format\": null}",
        ] {
            assert_eq!(understood(answer, false), None);
        }
    }
}
