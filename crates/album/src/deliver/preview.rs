//! Previews by the installed ffmpeg, each checked after decoding.

use std::path::Path;
use std::process::Command;

use acetate_dsp::Source;
use acetate_dsp::measure::levels::verify_pass;
use acetate_engine::{go_on, tell_tag_warnings};
use acetate_io::{
    Helper, OpenOptions, Patience, TagWarning, Tags, installed_ffmpeg, open, write_bytes,
};

use super::make::Making;
use super::tags::{file_name, tags_of};
use super::tracks::TrackPlace;
use super::write::sum_of;
use crate::error::AlbumError;
use crate::report::{Demand, Figures, FileReport};

/// What is made: ending, options of ffmpeg.
const CODECS: [(&str, &[&str]); 2] = [
    (
        "mp3",
        &["-c:a", "libmp3lame", "-b:a", "256k", "-id3v2_version", "0"],
    ),
    (
        "m4a",
        &["-c:a", "aac", "-b:a", "256k", "-movflags", "+faststart"],
    ),
];
/// Decoded, a preview may be longer than its master by the codec's frames, seconds.
const MAX_LONGER_S: f64 = 0.2;
/// What an encoder says is no more than this, bytes.
const MAX_ANSWER_BYTES: usize = 1 << 20;

impl Making<'_> {
    /// Refuses what cannot be made on this machine.
    pub(crate) fn can_preview() -> Result<(), AlbumError> {
        installed_ffmpeg().map(drop).map_err(|found| {
            AlbumError::plan(
                "preview",
                "ffmpeg, which makes MP3 and AAC",
                found,
                "install ffmpeg, or leave preview out",
            )
        })
    }

    /// MP3 and AAC of every track.
    pub(super) fn preview(
        &self,
        folder: &Path,
    ) -> Result<(Vec<FileReport>, Vec<Demand>), AlbumError> {
        let (mut files, mut demands) = (Vec::new(), Vec::new());
        let count = self.release.song_count();
        for (place, figures) in self.measured.places.iter().zip(&self.measured.figures) {
            let song = place.song;
            let master = file_name(song.number, count, &song.title, "wav");
            // Another process reaches nothing through a handle of this one.
            let seen = folder.canonicalize().map_err(|source| AlbumError::File {
                path: folder.to_owned(),
                source,
            })?;
            let master = seen.with_file_name(master);
            let (tags, warnings) = tags_of(self.release, song, figures, &self.measured.whole);
            for (extension, options) in CODECS {
                go_on(self.observer)?;
                let name = file_name(song.number, count, &song.title, extension);
                let path = folder.join(&name);
                let chapters = tags.chapters_for_ffmpeg(milliseconds(place));
                let chapters = chapters.filter(|_| extension == "m4a");
                encode(&master, &seen.join(&name), (options, chapters), place)?;
                let lost = add_tags(&tags, &path, place)?;
                let warnings = warnings.iter().chain(&lost);
                tell_tag_warnings(Path::new(&name), warnings, self.observer);
                let (file, demand) = self.decoded(&path, name, place)?;
                files.push(file);
                demands.push(demand);
            }
        }
        Ok((files, demands))
    }

    /// What a listener's player makes of a preview.
    fn decoded(
        &self,
        path: &Path,
        name: String,
        place: &TrackPlace<'_>,
    ) -> Result<(FileReport, Demand), AlbumError> {
        let mut source = open(path, &OpenOptions::default())?;
        let spec = source.spec();
        let measured = verify_pass(&mut source, false, &mut |_| Ok(()));
        let measured = measured.map_err(|error| AlbumError::stream(name.clone(), error))?;
        let seconds = |frames: u64, rate_hz: u32| frames as f64 / f64::from(rate_hz);
        let longer_s = seconds(measured.frames, spec.sample_rate_hz)
            - seconds(place.frames(), place.sample_rate_hz);
        let peak = measured.true_peak_dbtp;
        let demand = Demand {
            what: format!("{name}, decoded"),
            expected: format!("at most 0 dBTP, as long as its master to {MAX_LONGER_S} s"),
            found: format!("{peak:.2} dBTP, {longer_s:+.3} s"),
            pass: peak <= 0.0 && longer_s.abs() <= MAX_LONGER_S,
        };
        let file = FileReport {
            sha256: sum_of(path)?,
            name,
            sample_rate_hz: Some(spec.sample_rate_hz),
            bits: None,
            frames: Some(measured.frames),
            figures: Some(Figures::of(&measured)),
        };
        Ok((file, demand))
    }
}

/// Writes tags into what ffmpeg made, which has none; gives what the container has no place for.
fn add_tags(
    tags: &Tags,
    path: &Path,
    place: &TrackPlace<'_>,
) -> Result<Vec<TagWarning>, AlbumError> {
    let is_mp3 = path.extension().is_some_and(|extension| extension == "mp3");
    let added = if is_mp3 {
        tags.add_to_mp3(path, milliseconds(place))
    } else {
        tags.add_to_m4a(path)
    };
    added.map_err(|source| AlbumError::File {
        path: path.to_owned(),
        source,
    })
}

fn milliseconds(place: &TrackPlace<'_>) -> u64 {
    place.frames().saturating_mul(1000) / u64::from(place.sample_rate_hz.max(1))
}

/// Has ffmpeg encode the sound of a master, with chapters as it reads them.
fn encode(
    master: &Path,
    to: &Path,
    (options, chapters): (&[&str], Option<String>),
    place: &TrackPlace<'_>,
) -> Result<(), AlbumError> {
    let mut command = Command::new("ffmpeg");
    command.args([
        "-hide_banner",
        "-nostdin",
        "-v",
        "error",
        "-protocol_whitelist",
        "file,pipe",
    ]);
    let local = |path: &Path| {
        // A name with a colon or a dash is no address and no option.
        let mut name = std::ffi::OsString::from("file:");
        name.push(path);
        name
    };
    command.args(["-f", "wav", "-i"]).arg(local(master));
    let list = to.with_extension("chapters");
    let mut has_chapters = "-1";
    if let Some(chapters) = chapters {
        write_bytes(&list, chapters.as_bytes()).map_err(|source| AlbumError::File {
            path: list.clone(),
            source,
        })?;
        command.args(["-f", "ffmetadata", "-i"]).arg(local(&list));
        has_chapters = "1";
    }
    command.args([
        "-map",
        "0:a:0",
        "-map_metadata",
        has_chapters,
        "-map_metadata:s:a",
        "-1",
        "-map_chapters",
        has_chapters,
        "-fflags",
        "+bitexact",
        "-flags",
        "+bitexact",
    ]);
    command.args(options);
    command.arg(local(to));
    let length_s = place.frames() as f64 / f64::from(place.sample_rate_hz);
    let patience = Patience::for_sound(length_s);
    // It writes to a file and says nothing before it is done.
    let patience = Patience {
        at_once: patience.in_all,
        ..patience
    };
    let answer = Helper::answer(command, patience, MAX_ANSWER_BYTES);
    let _ = std::fs::remove_file(&list);
    answer.map(drop).map_err(|error| {
        AlbumError::plan(
            to.display().to_string(),
            "a preview by ffmpeg",
            error.to_string(),
            "",
        )
    })
}
