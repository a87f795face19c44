//! What the simulator predicts, held against the real chain on real audio.

use std::path::{Path, PathBuf};

use acetate_dsp::chain::{Bypass, Chain};
use acetate_dsp::measure::loudness::range_from_k_power_10ms;
use acetate_dsp::process::ProcessSpec;
use acetate_dsp::process::eq::eq_curve_db;
use acetate_dsp::process::processed::Processed;
use acetate_dsp::settings::Settings;
use acetate_dsp::stream::AudioSource;
use acetate_dsp::{Analysis, Audio, analyze};
use acetate_master::{Brief, Measured, MemoryDelivery, master};
use acetate_model::dynamics::{compress_k_power, solve_ratio};
use acetate_model::features::BANDS;
use acetate_model::outputs::knots_of_curve;
use acetate_model::{NetPredictor, Predictor};
use acetate_training::eval::excerpt::whole;
use acetate_training::eval::faults::{band_curve, smooth};
use acetate_training::eval::metric::Sound;
use acetate_training::eval::projection::eq_move_db;
use acetate_training::rng::Rng;
use acetate_training::simulator::loudness_change_db;

/// Bands below this are not judged, dB relative to the loudness.
const JUDGED_DB: f64 = -60.0;

fn excerpts() -> Vec<(PathBuf, Audio)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/audio");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "flac"))
        .collect();
    files.sort();
    assert_eq!(files.len(), 6);
    files
        .into_iter()
        .map(|path| {
            let audio = whole(&path).unwrap();
            (path, audio)
        })
        .collect()
}

fn measured(audio: &Audio) -> Analysis {
    analyze(&mut AudioSource::new(audio.clone())).unwrap()
}

/// Everything before the limiter, as `master` renders it.
fn rendered(audio: &Audio, analysis: &Analysis, settings: &Settings) -> Analysis {
    let spec = ProcessSpec {
        sample_rate_hz: analysis.sample_rate_hz,
        channels: analysis.channels,
        program_lufs: analysis.integrated_lufs,
    };
    let chain = Chain::new(settings, &spec, &Bypass::default());
    analyze(&mut Processed::new(AudioSource::new(audio.clone()), chain)).unwrap()
}

fn rms(values: &[f64]) -> f64 {
    (values.iter().map(|v| v * v).sum::<f64>() / values.len().max(1) as f64).sqrt()
}

/// RMS over the judged mid bands between the tone that the simulator predicts for the EQ and
/// width of `settings` and the rendered one.
fn tone_error_db(audio: &Audio, settings: &Settings) -> f64 {
    let before = measured(audio);
    let (mix, master) = (
        Sound::of(&before),
        Sound::of(&rendered(audio, &before, settings)),
    );
    let mid_db = band_curve(|hz| eq_curve_db(&settings.eq, hz).mid_db);
    let side_db = band_curve(|hz| eq_curve_db(&settings.eq, hz).side_db + settings.stereo.mid_db);
    let pooled: [f32; 2 * BANDS] = std::array::from_fn(|index| {
        let side = mix.side_db.unwrap_or([-200.0; BANDS]);
        (if index < BANDS {
            mix.mid_db[index]
        } else {
            side[index - BANDS]
        }) as f32
    });
    let shift = loudness_change_db(&pooled, |b| mid_db[b], |b| side_db[b]);
    let errors: Vec<f64> = (0..BANDS)
        .filter(|&band| mix.mid_db[band] > JUDGED_DB)
        .map(|band| mix.mid_db[band] + mid_db[band] - shift - master.mid_db[band])
        .collect();
    rms(&errors)
}

/// Proposals are tried up to this size, dB RMS.
const MOST_RMS_DB: f64 = 2.0;

/// The bar: 0.15 dB RMS over third octaves, for what the net proposes, before any prior, on mixes that are 3 dB off.
#[test]
fn the_tone_foretold_is_the_tone_rendered() {
    let net = NetPredictor::embedded().unwrap();
    let mut rng = Rng::new(3);
    let mut moves_db = Vec::new();
    for (path, audio) in excerpts() {
        let mix = smooth(&mut rng, 3.0).applied_to(&audio);
        let analysis = measured(&mix);
        let predicted = net.predict(&analysis).unwrap();
        let open_db = predicted.tone.unwrap().open_db;
        let share = (MOST_RMS_DB / rms(&open_db)).min(1.0);
        let mut settings = Settings {
            stereo: predicted.settings.stereo,
            ..Settings::default()
        };
        settings.eq.mid_db = knots_of_curve(&open_db.map(|gain_db| share * gain_db));
        let error_db = tone_error_db(&mix, &settings);
        assert!(error_db <= 0.15, "{}: {error_db}", path.display());
        moves_db.push(eq_move_db(&settings));
    }
    let largest_db = moves_db.iter().copied().fold(0.0, f64::max);
    assert!(
        largest_db > 1.0,
        "the net proposes next to nothing: {moves_db:?}"
    );
}

/// The bar: 0.5 LU, with the compressor solved for a lower level spread.
#[test]
fn the_loudness_range_foretold_is_the_one_rendered() {
    for (path, audio) in excerpts() {
        let before = measured(&audio);
        let powers = &before.sequences.k_power_10ms;
        let mut settings = Settings::default();
        settings.compressor.threshold_lu = -4.0;
        settings.compressor.ratio = solve_ratio(
            powers,
            before.integrated_lufs,
            &settings.compressor,
            -1.0,
            2.5,
        );
        assert!(settings.compressor.ratio > 1.0, "{}", path.display());
        let predicted = range_from_k_power_10ms(&compress_k_power(
            powers,
            before.integrated_lufs,
            &settings.compressor,
        ));
        let got = rendered(&audio, &before, &settings).loudness_range_lu;
        assert!(
            (predicted - got).abs() <= 0.5,
            "{}: {predicted} {got}",
            path.display()
        );
    }
}

/// The bar: 0.5 LU. The drive is solved on arrays; the PLR that follows is measured on the
/// written samples.
#[test]
fn the_predicted_plr_is_the_one_written() {
    let net = NetPredictor::embedded().unwrap();
    let brief = Brief::default();
    for (path, audio) in excerpts() {
        let mut source = AudioSource::new(audio);
        let planned = Measured::measure(&mut source, &brief, &mut ())
            .and_then(|measured| measured.plan(&net, &brief))
            .unwrap();
        let forecast = planned.dry_run(&mut source, &mut ()).unwrap();
        let predicted = forecast.treatment.attempts[0].clone();
        let mut delivery = MemoryDelivery::default();
        master(&mut source, &net, &brief, &mut delivery, &mut ()).unwrap();
        let written = measured(&delivery.into_written().unwrap());
        let plr_db = predicted.ceiling_dbtp - predicted.predicted_lufs;
        if predicted.limiting_db > 0.0 {
            assert!(
                (plr_db - written.plr_db).abs() <= 0.5,
                "{}: {plr_db} {}",
                path.display(),
                written.plr_db
            );
        }
    }
}
