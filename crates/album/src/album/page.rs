//! The page of an album, from its report and the masters' samples.

use acetate_dsp::measure::loudness::LoudnessFigures;
use acetate_dsp::stream::BLOCK_FRAMES;
use acetate_dsp::{Audio, Source};
use acetate_handover::{AlbumCheck, AlbumJoin, AlbumPage, AlbumSong, MAX_JOINS_BYTES, album_page};

use crate::deliver::{Measured, TrackPlace, TrackSource};
use crate::error::AlbumError;
use crate::report::{AlbumReport, DeliverableReport, SongReport};

/// What is played of each song at a join, seconds.
const JOIN_S: f64 = 10.0;
/// A second of a join takes about so much of the page, bytes: FLAC of 16 bits, as text.
const BYTES_A_SECOND: f64 = 150_000.0;

/// Makes it.
pub(super) fn page(report: &AlbumReport, masters: &Measured<'_>) -> Result<String, AlbumError> {
    let powers: Vec<f32> = masters.powers.iter().flatten().copied().collect();
    let page = AlbumPage {
        heading: match (report.artist.as_str(), report.title.as_str()) {
            ("", title) => title.to_owned(),
            (artist, title) => format!("{artist}: {title}"),
        },
        verdict: if report.all_met {
            "verified"
        } else {
            "not all met"
        }
        .to_owned(),
        is_good: report.all_met,
        summary: format!(
            "{} songs, {:.1} LUFS and {:.2} dBTP over the whole, balance {}. Bodies apart by {:.1} LU (mixes {:.1}), \
             tone by {:.1} dB (mixes {:.1}).",
            report.songs.len(),
            report.whole.integrated_lufs,
            report.whole.true_peak_dbtp,
            report.balance,
            report.spread_after.body_lu,
            report.spread_before.body_lu,
            report.spread_after.tone_db,
            report.spread_before.tone_db,
        ),
        target_lufs: report.target_lufs,
        short_term_lufs: LoudnessFigures::from_k_power_10ms(&powers).short_term_lufs,
        songs: report.songs.iter().map(song).collect(),
        joins: joins(&masters.places)?,
        checks: checks(report),
    };
    album_page(&page).map_err(|error| {
        AlbumError::plan("album.html", "a page of the album", error.to_string(), "")
    })
}

fn song(song: &SongReport) -> AlbumSong {
    let asked = &song.beyond_alone;
    let mut words = vec![format!("{:+.1} LU", asked.level_lu)];
    if asked.tone_rms_db >= 0.05 {
        words.push(format!("tone {:.1} dB RMS", asked.tone_rms_db));
    }
    if asked.side_db.abs() >= 0.05 {
        words.push(format!("side {:+.1} dB", asked.side_db));
    }
    if asked.is_set_apart {
        words.push("set apart by its mix".to_owned());
    }
    let added = song.mix_tone_db.iter().zip(&song.eq_db);
    AlbumSong {
        number: song.number,
        title: song.title.clone(),
        start_s: song.start_s,
        length_s: song.sound_s + song.gap_s,
        integrated_lufs: song.after.integrated_lufs,
        true_peak_dbtp: song.after.true_peak_dbtp,
        body_lufs: song.after.body_lufs,
        limiting_db: song.limiting_db,
        asked: words.join(", "),
        mix_tone_db: song.mix_tone_db.clone(),
        tone_db: added.map(|(level, gain)| level + gain).collect(),
        is_good: song.infeasible.is_none() && song.checks.iter().all(|check| check.pass),
    }
}

/// The end of each song with the start of the next, shorter if the page would be too large.
fn joins(places: &[TrackPlace<'_>]) -> Result<Vec<AlbumJoin>, AlbumError> {
    let count = places.len().saturating_sub(1).max(1);
    let room_s = MAX_JOINS_BYTES as f64 / (2.0 * count as f64 * BYTES_A_SECOND);
    let length_s = JOIN_S.min(room_s);
    let mut joins = Vec::new();
    for (before, after) in places.iter().zip(places.iter().skip(1)) {
        let frames = |place: &TrackPlace<'_>| {
            let wanted = (length_s * f64::from(place.sample_rate_hz)) as u64;
            wanted.min(place.frames())
        };
        let mut audio = passage(before, before.frames() - frames(before), frames(before))?;
        let start = passage(after, 0, frames(after))?;
        let is_alike = start.sample_rate_hz() == audio.sample_rate_hz()
            && start.channel_count() == audio.channel_count();
        if is_alike {
            audio.append(&start);
            joins.push(AlbumJoin {
                label: format!(
                    "{}. {} to {}. {}, {}",
                    before.song.number,
                    before.song.title,
                    after.song.number,
                    after.song.title,
                    pause(before)
                ),
                audio,
            });
        }
    }
    Ok(joins)
}

fn passage(place: &TrackPlace<'_>, from: u64, frames: u64) -> Result<Audio, AlbumError> {
    let failed = |error| AlbumError::stream(place.song.name(), error);
    let mut source = TrackSource::open(place)?;
    source.skip(from).map_err(failed)?;
    let spec = source.spec();
    let mut all = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    let mut block = all.clone();
    let mut left = frames;
    while left > 0 {
        // At most a block: the cast loses nothing.
        match source
            .read(&mut block, left.min(BLOCK_FRAMES as u64) as usize)
            .map_err(failed)?
        {
            0 => break,
            read => left -= read as u64,
        }
        all.append(&block);
    }
    Ok(all)
}

/// What lies between a track and the next, in words.
fn pause(before: &TrackPlace<'_>) -> String {
    match before.silent_frames {
        0 => "without a pause".to_owned(),
        frames => {
            let pause_s = frames as f64 / f64::from(before.sample_rate_hz);
            format!("pause of {pause_s:.1} s")
        }
    }
}

fn checks(report: &AlbumReport) -> Vec<AlbumCheck> {
    let mut checks = Vec::new();
    for deliverable in &report.deliverables {
        let lossless = deliverable.files.iter().filter(|file| file.bits.is_some());
        let count = lossless.count();
        if count > 0 {
            checks.push(AlbumCheck {
                folder: deliverable.name.clone(),
                what: "samples of every sound file".to_owned(),
                expected: "those of its master, read back".to_owned(),
                found: format!("{count} files"),
                is_good: true,
            });
        }
        checks.extend(alike(deliverable));
    }
    checks
}

/// The demands of a deliverable; what is met alike by many files is one line.
fn alike(deliverable: &DeliverableReport) -> Vec<AlbumCheck> {
    let mut checks: Vec<(AlbumCheck, usize)> = Vec::new();
    for demand in &deliverable.demands {
        let same = checks
            .iter_mut()
            .find(|(check, _)| demand.pass && check.is_good && check.expected == demand.expected);
        match same {
            Some((_, count)) => *count += 1,
            None => {
                let check = AlbumCheck {
                    folder: deliverable.name.clone(),
                    what: demand.what.clone(),
                    expected: demand.expected.clone(),
                    found: demand.found.clone(),
                    is_good: demand.pass,
                };
                checks.push((check, 1));
            }
        }
    }
    let told = checks.into_iter().map(|(check, count)| match count {
        1 => check,
        _ => AlbumCheck {
            what: format!("{}, and {} more", check.what, count - 1),
            found: format!("{}; the others within it too", check.found),
            ..check
        },
    });
    told.collect()
}
