//! The report of an album, from its plan and what was measured of its masters.

use acetate_dsp::settings::Settings;
use acetate_master::report::TargetCheck;
use acetate_master::{CheckName, settings_file};
use acetate_model::Signature;
use acetate_model::features::BANDS;
use acetate_model::outputs::curve_of_knots;

use crate::decide::variance;
use crate::deliver::{Measured, TrackPlace, file_name};
use crate::error::AlbumError;
use crate::plan::AlbumPlan;
use crate::release::Release;
use crate::render::PieceDone;
use crate::report::{
    ALBUM_SCHEMA, AlbumReport, BeyondAlone, DeliverableReport, FileReport, SongReport, Spread,
};

/// Tells it all.
pub(super) fn report(
    release: &Release,
    plan: &AlbumPlan,
    masters: &Measured<'_>,
    files: Vec<FileReport>,
    deliverables: Vec<DeliverableReport>,
) -> Result<AlbumReport, AlbumError> {
    let done: Vec<&PieceDone> = masters.done.iter().flat_map(|unit| &unit.pieces).collect();
    let mut songs = Vec::new();
    for (index, place) in masters.places.iter().enumerate() {
        if let Some(done) = done.get(place.piece) {
            songs.push(song(release, plan, masters, (index, place), done)?);
        }
    }
    let spread = |of: &dyn Fn(&SongReport) -> (f64, Vec<f64>)| {
        let all: Vec<(f64, Vec<f64>)> = songs.iter().map(of).collect();
        spread(&all)
    };
    let added = |song: &SongReport| {
        song.mix_tone_db
            .iter()
            .zip(&song.eq_db)
            .map(|(a, b)| a + b)
            .collect()
    };
    let all_met = songs
        .iter()
        .all(|song| song.checks.iter().all(|check| check.pass))
        && songs.iter().all(|song| song.infeasible.is_none())
        && deliverables.iter().all(DeliverableReport::all_met);
    Ok(AlbumReport {
        schema: ALBUM_SCHEMA.to_owned(),
        version: acetate_master::VERSION.to_owned(),
        title: release.fields.title.clone(),
        artist: release.fields.artist.clone(),
        upc: release
            .fields
            .upc
            .as_ref()
            .map(|upc| upc.as_str().to_owned()),
        balance: release.balance,
        target_lufs: release.target.integrated_lufs,
        ceiling_dbtp: release.target.true_peak_dbtp,
        weights_hash: plan.weights_hash.clone(),
        whole: masters.whole.clone(),
        spread_before: spread(&|song| (song.mix_body_lufs, song.mix_tone_db.clone())),
        spread_after: spread(&|song| (song.after.body_lufs, added(song))),
        songs,
        files,
        deliverables,
        all_met,
    })
}

fn song(
    release: &Release,
    plan: &AlbumPlan,
    masters: &Measured<'_>,
    (index, place): (usize, &TrackPlace<'_>),
    done: &PieceDone,
) -> Result<SongReport, AlbumError> {
    let missing = || AlbumError::plan(place.song.name(), "a decided song", "none", "");
    let measured = plan.measured.get(place.piece).ok_or_else(missing)?;
    let decided = plan.decided.get(place.piece).ok_or_else(missing)?;
    let piece = release.pieces.get(place.piece).ok_or_else(missing)?;
    let after = masters.figures.get(index).ok_or_else(missing)?;
    let program = measured.analysis.program();
    let within = piece
        .songs
        .iter()
        .position(|song| song.number == place.song.number);
    let hash = within.and_then(|within| measured.blake3.get(within));
    let settings = settings_file::from_toml(&done.settings);
    let settings = settings.map_err(|source| AlbumError::SettingsFile {
        what: place.song.name(),
        source,
    })?;
    let rate = f64::from(place.sample_rate_hz);
    let song = place.song;
    let is_first = within == Some(0);
    let is_version = piece.version_of_lufs.is_some();
    Ok(SongReport {
        number: song.number,
        title: song.title.clone(),
        artist: song.artist.clone(),
        isrc: song.isrc.as_ref().map(|isrc| isrc.as_str().to_owned()),
        input: song.path.display().to_string(),
        input_blake3: hash.cloned().unwrap_or_default(),
        output: file_name(song.number, release.song_count(), &song.title, "wav"),
        start_s: place.start as f64 / rate,
        sound_s: place.sound_frames as f64 / rate,
        gap_s: place.silent_frames as f64 / rate,
        mix_integrated_lufs: program.integrated_lufs,
        mix_body_lufs: decided.body_lufs,
        mix_true_peak_dbtp: program.true_peak_dbtp,
        mix_tone_db: Signature::of(program).map_or_else(Vec::new, |own| own.mid_db.to_vec()),
        eq_db: curve(&settings).to_vec(),
        target_lufs: done.target_lufs,
        after: after.clone(),
        beyond_alone: BeyondAlone {
            level_lu: decided.integrated_lufs - release.target.integrated_lufs,
            is_set_apart: decided.is_set_apart,
            tone_rms_db: decided.tone_pull_rms_db(),
            tone_db: decided.tone_pull_db.to_vec(),
            side_db: decided.side_pull_db,
        },
        settings: done.settings.clone(),
        limiting_db: done.limiting_db,
        compression_db: done.compression_db,
        infeasible: if is_first && !is_version {
            done.infeasible.clone()
        } else {
            None
        },
        damage: if is_first {
            measured.damage.clone()
        } else {
            Vec::new()
        },
        checks: checks(release, masters, place, done, is_first && !is_version),
    })
}

fn curve(settings: &Settings) -> [f64; BANDS] {
    curve_of_knots(&settings.eq.mid_db)
}

/// The ceiling of every track; the loudness of every piece that stands by itself, said at its first track.
fn checks(
    release: &Release,
    masters: &Measured<'_>,
    place: &TrackPlace<'_>,
    done: &PieceDone,
    is_aimed: bool,
) -> Vec<TargetCheck> {
    let figures = masters.places.iter().zip(&masters.figures);
    let own = figures
        .clone()
        .find(|(other, _)| other.song.number == place.song.number);
    let ceiling_dbtp = release.target.true_peak_dbtp;
    let peak = own.map_or(f64::NEG_INFINITY, |(_, figures)| figures.true_peak_dbtp);
    let mut checks = vec![TargetCheck {
        name: CheckName::TruePeak,
        unit: "dBTP".to_owned(),
        measured: peak,
        target: ceiling_dbtp,
        tolerance: 0.0,
        pass: peak <= ceiling_dbtp,
    }];
    let of_piece = done.checks.iter().filter(|_| is_aimed);
    checks.extend(
        of_piece
            .filter(|check| check.name != CheckName::TruePeak)
            .cloned(),
    );
    checks
}

/// Standard deviations over songs.
fn spread(songs: &[(f64, Vec<f64>)]) -> Spread {
    let bodies: Vec<f64> = songs.iter().map(|(body, _)| *body).collect();
    let mut square = 0.0;
    for band in 0..BANDS {
        let levels: Vec<f64> = songs
            .iter()
            .filter_map(|(_, tone)| tone.get(band).copied())
            .collect();
        square += variance(&levels);
    }
    Spread {
        body_lu: variance(&bodies).sqrt(),
        tone_db: (square / BANDS as f64).sqrt(),
    }
}
