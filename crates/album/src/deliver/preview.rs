//! Previews by the installed ffmpeg, each checked after decoding.

use std::path::Path;
use std::process::Command;

use acetate_dsp::Source;
use acetate_dsp::measure::levels::verify_pass;
use acetate_engine::go_on;
use acetate_io::{Helper, OpenOptions, Patience, Tags, installed_ffmpeg, open};

use super::make::Making;
use super::tags::{file_name, tags_of};
use super::tracks::TrackPlace;
use super::write::sum_of;
use crate::error::AlbumError;
use crate::release::Release;
use crate::report::{Demand, Figures, FileReport};

/// What is made: ending, options of ffmpeg, names of ffmpeg's for tags that it does not know by ours.
const CODECS: [(&str, &[&str]); 2] = [
    (
        "mp3",
        &[
            "-c:a",
            "libmp3lame",
            "-b:a",
            "256k",
            "-id3v2_version",
            "4",
            "-write_xing",
            "1",
        ],
    ),
    (
        "m4a",
        &[
            "-c:a",
            "aac",
            "-b:a",
            "256k",
            "-movflags",
            "+faststart+use_metadata_tags",
        ],
    ),
];
/// Our names and ffmpeg's.
const TAGS: [(&str, &str); 14] = [
    ("TITLE", "title"),
    ("ARTIST", "artist"),
    ("ALBUM", "album"),
    ("ALBUMARTIST", "album_artist"),
    ("DATE", "date"),
    ("GENRE", "genre"),
    ("COPYRIGHT", "copyright"),
    ("PUBLISHER", "publisher"),
    ("BARCODE", "BARCODE"),
    ("UPC", "UPC"),
    ("REPLAYGAIN_TRACK_GAIN", "REPLAYGAIN_TRACK_GAIN"),
    ("REPLAYGAIN_TRACK_PEAK", "REPLAYGAIN_TRACK_PEAK"),
    ("REPLAYGAIN_ALBUM_GAIN", "REPLAYGAIN_ALBUM_GAIN"),
    ("REPLAYGAIN_ALBUM_PEAK", "REPLAYGAIN_ALBUM_PEAK"),
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
            let (tags, _) = tags_of(self.release, song, figures, &self.measured.whole);
            for (extension, options) in CODECS {
                go_on(self.observer)?;
                let name = file_name(song.number, count, &song.title, extension);
                let path = folder.join(&name);
                encode(
                    &master,
                    &seen.join(&name),
                    options,
                    &tags,
                    (self.release, place),
                )?;
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

fn encode(
    master: &Path,
    to: &Path,
    options: &[&str],
    tags: &Tags,
    (release, place): (&Release, &TrackPlace<'_>),
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
    command.args([
        "-map",
        "0:a:0",
        "-map_metadata",
        "-1",
        "-fflags",
        "+bitexact",
        "-flags",
        "+bitexact",
    ]);
    command.args(options);
    for (ours, theirs) in TAGS {
        if let Some(value) = tags.text(ours) {
            command.arg("-metadata").arg(format!("{theirs}={value}"));
        }
    }
    let mut pair = |name: &str, value: String| {
        command.arg("-metadata").arg(format!("{name}={value}"));
    };
    pair(
        "track",
        format!("{}/{}", place.song.number, release.song_count()),
    );
    if let Some(disc) = release.fields.disc {
        pair(
            "disc",
            format!("{disc}/{}", release.fields.disc_total.unwrap_or(disc)),
        );
    }
    if let Some(isrc) = &place.song.isrc {
        pair("TSRC", isrc.as_str().to_owned());
        pair("ISRC", isrc.as_str().to_owned());
    }
    command.arg(local(to));
    let patience = Patience::for_sound(place.frames() as f64 / f64::from(place.sample_rate_hz));
    let answer = Helper::answer(command, patience, MAX_ANSWER_BYTES);
    answer.map(drop).map_err(|error| {
        AlbumError::plan(
            to.display().to_string(),
            "a preview by ffmpeg",
            error.to_string(),
            "",
        )
    })
}
