//! Each deliverable as a folder with its sums.

use std::fs;
use std::path::Path;

use acetate_dsp::process::dither::WordLength;
use acetate_dsp::threads;
use acetate_engine::Observer;
use acetate_io::{Container, OutputFormat, history_line};

use super::rendered::{Measured, VIDEO_RATE_HZ};
use super::sheets::{CD_FRAME, Disc, DiscTrack, cue_sheet, msf, pq_csv, pq_page};
use super::tags::{broadcast_of, file_name, tags_of};
use super::tracks::{Sequence, TrackPlace, TrackSource};
use super::write::{Beside, sums, text, write};
use crate::error::AlbumError;
use crate::release::{Deliverable, Release};
use crate::report::{DeliverableReport, Demand, Figures, FileReport};

/// Name of the continuous file of a CD, without its ending.
const CONTINUOUS: &str = "album";

/// What the files of one deliverable are made from.
pub(crate) struct Making<'a> {
    pub(crate) release: &'a Release,
    pub(crate) measured: &'a Measured<'a>,
    pub(crate) observer: &'a dyn Observer,
}

impl Making<'_> {
    /// Writes a deliverable into its folder, which is made, under `album`.
    pub(crate) fn deliverable(
        &self,
        deliverable: Deliverable,
        album: &Path,
    ) -> Result<DeliverableReport, AlbumError> {
        let folder = album.join(deliverable.name());
        fs::create_dir(&folder).map_err(|source| AlbumError::File {
            path: folder.clone(),
            source,
        })?;
        let (mut files, demands) = match deliverable {
            Deliverable::Hires => (self.tracks(&folder, Container::Wav)?, Vec::new()),
            Deliverable::Streaming => (self.tracks(&folder, Container::Flac)?, Vec::new()),
            Deliverable::Video => (self.tracks(&folder, Container::Wav)?, self.video()),
            Deliverable::Cd => self.cd(&folder)?,
            Deliverable::Ddp => self.ddp(&folder)?,
            Deliverable::Vinyl => self.vinyl(&folder)?,
            Deliverable::Preview => self.preview(&folder)?,
            Deliverable::Platform(preset) => {
                let files = self.tracks(&folder, Container::Flac)?;
                (files, self.platform(preset))
            }
        };
        files.push(sums(&folder, &files)?);
        Ok(DeliverableReport {
            name: deliverable.name().to_owned(),
            files,
            demands,
        })
    }

    /// Every track as a file.
    pub(crate) fn tracks(
        &self,
        folder: &Path,
        container: Container,
    ) -> Result<Vec<FileReport>, AlbumError> {
        let format = OutputFormat::new(container, self.measured.set.word_length)?;
        let all: Vec<_> = self
            .measured
            .places
            .iter()
            .zip(&self.measured.figures)
            .collect();
        let written = threads::map(&all, |(place, figures)| {
            self.track(folder, place, figures, format)
        });
        written.into_iter().collect()
    }

    fn track(
        &self,
        folder: &Path,
        place: &TrackPlace<'_>,
        figures: &Figures,
        format: OutputFormat,
    ) -> Result<FileReport, AlbumError> {
        let song = place.song;
        let count = self.release.song_count();
        let extension = format.container().extension();
        let name = file_name(song.number, count, &song.title, extension);
        let mut source = TrackSource::open(place)?;
        let (mut tags, warnings) = tags_of(self.release, song, figures, &self.measured.whole);
        let is_wav = format.container() == Container::Wav;
        if is_wav {
            tags.describe_in_ixml();
        }
        let beside = Beside {
            tags,
            warnings,
            broadcast: is_wav.then(|| {
                let names = (song.artist.as_str(), song.title.as_str());
                broadcast_of(names, figures, self.history(place))
            }),
            overwrite: false,
        };
        let file = write(
            &folder.join(name),
            &mut source,
            format,
            &beside,
            self.observer,
        )?;
        Ok(FileReport {
            figures: Some(figures.clone()),
            ..file
        })
    }

    /// A line of the coding history (EBU R 98).
    pub(crate) fn history(&self, place: &TrackPlace<'_>) -> String {
        let bits = self.measured.set.word_length.bits();
        let channels = if self.release.fields.mono_to_stereo {
            2
        } else {
            place.song.spec.channels
        };
        history_line(place.sample_rate_hz, bits, channels)
    }

    fn video(&self) -> Vec<Demand> {
        let rates = self
            .measured
            .places
            .iter()
            .map(|place| place.sample_rate_hz);
        let others = rates.filter(|rate_hz| *rate_hz != VIDEO_RATE_HZ).count();
        vec![Demand {
            what: "sample rate".to_owned(),
            expected: format!("{VIDEO_RATE_HZ} Hz"),
            found: format!("{others} files of another"),
            pass: others == 0,
        }]
    }

    fn cd(&self, folder: &Path) -> Result<(Vec<FileReport>, Vec<Demand>), AlbumError> {
        let mut files = self.tracks(folder, Container::Wav)?;
        let places = &self.measured.places;
        let name = format!("{CONTINUOUS}.wav");
        let Some(mut whole) = Sequence::open(places)? else {
            return Ok((files, Vec::new()));
        };
        let format = OutputFormat::new(Container::Wav, WordLength::Bits16)?;
        let beside = Beside {
            tags: acetate_io::Tags::default(),
            warnings: Vec::new(),
            broadcast: None,
            overwrite: false,
        };
        let mut file = write(
            &folder.join(&name),
            &mut whole,
            format,
            &beside,
            self.observer,
        )?;
        file.figures = Some(self.measured.whole.clone());
        files.push(file);
        let disc = self.disc();
        let texts = [
            (format!("{CONTINUOUS}.cue"), cue_sheet(&disc, &name)),
            ("pq.csv".to_owned(), pq_csv(&disc).into_bytes()),
            ("pq.html".to_owned(), pq_page(&disc).into_bytes()),
        ];
        for (name, bytes) in texts {
            files.push(text(folder, &name, &bytes)?);
        }
        Ok((files, self.cd_demands(&disc)))
    }

    pub(super) fn disc(&self) -> Disc {
        let fields = &self.release.fields;
        let places = &self.measured.places;
        let mut tracks: Vec<DiscTrack> = Vec::new();
        for (index, place) in places.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| places.get(before));
            let pause = before.map_or(0, |before| before.silent_frames / CD_FRAME);
            let index1 = place.start / CD_FRAME;
            tracks.push(DiscTrack {
                number: place.song.number,
                title: place.song.title.clone(),
                artist: place.song.artist.clone(),
                isrc: place
                    .song
                    .isrc
                    .as_ref()
                    .map(|isrc| isrc.as_str().to_owned()),
                index0: (pause > 0).then(|| index1 - pause),
                index1,
                end: (place.start + place.frames()) / CD_FRAME,
            });
        }
        Disc {
            title: fields.title.clone(),
            artist: fields.artist.clone(),
            genre: fields.genre.clone(),
            date: fields.date.clone(),
            catalog: fields.upc.as_ref().map(crate::codes::Barcode::ean13),
            label: fields.label.clone(),
            catalog_number: fields.catalog_number.clone(),
            tracks,
        }
    }

    pub(super) fn cd_demands(&self, disc: &Disc) -> Vec<Demand> {
        let end = disc.tracks.last().map_or(0, |track| track.end);
        let most = (79 * 60 + 57) * 75;
        let is_whole = |place: &TrackPlace<'_>| {
            place.frames().is_multiple_of(CD_FRAME) && place.start.is_multiple_of(CD_FRAME)
        };
        let broken = self
            .measured
            .places
            .iter()
            .filter(|place| !is_whole(place))
            .count();
        let shortest = disc
            .tracks
            .iter()
            .map(|track| track.end - track.index1)
            .min()
            .unwrap_or(0);
        vec![
            Demand {
                what: "length".to_owned(),
                expected: "at most 79:57:00".to_owned(),
                found: msf(end),
                pass: end <= most,
            },
            Demand {
                what: "tracks of whole frames of 588 samples".to_owned(),
                expected: "all".to_owned(),
                found: format!("{broken} others"),
                pass: broken == 0,
            },
            Demand {
                what: "shortest track".to_owned(),
                expected: "at least 00:04:00".to_owned(),
                found: msf(shortest),
                pass: shortest >= 4 * 75,
            },
        ]
    }
}
