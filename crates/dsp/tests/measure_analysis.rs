//! `analyze` and `verify_pass` on whole programs: the figures agree with each other, with both
//! meters and with themselves however the source is cut.

use acetate_dsp::analysis::{AnalyzeOptions, analyze_with};
use acetate_dsp::measure::{MeasureError, verify_pass};
use acetate_dsp::signal::Random;
use acetate_dsp::stream::{AudioSource, StreamError};
use acetate_dsp::{Analysis, Audio, Source, Spec, analyze};

/// A source that hands out blocks of one size only.
struct Cut(AudioSource, usize);

impl Source for Cut {
    fn spec(&self) -> Spec {
        self.0.spec()
    }
    fn frames_hint(&self) -> Option<u64> {
        None
    }
    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        self.0.read(block, max_frames.min(self.1))
    }
    fn rewind(&mut self) -> Result<(), StreamError> {
        self.0.rewind()
    }
}

/// Seeded decaying noise bursts over a tone, stereo with a wide treble.
fn program(rate: u32, duration_s: f64) -> Audio {
    let frames = (duration_s * f64::from(rate)) as usize;
    let mut random = Random::new(7);
    let mut low = [0.0f32; 2];
    let mut channels = vec![Vec::with_capacity(frames), Vec::with_capacity(frames)];
    for n in 0..frames {
        let t = n as f64 / f64::from(rate);
        let beat = (1.0 - (2.0 * t).fract() as f32).powi(3);
        let tone = 0.1 * (std::f64::consts::TAU * 110.0 * t).sin() as f32;
        for (low, channel) in low.iter_mut().zip(&mut channels) {
            let noise = random.bipolar() as f32;
            *low += 0.1 * (noise - *low);
            channel.push(tone + beat * *low + 0.03 * noise);
        }
    }
    Audio::new(rate, channels).unwrap()
}

fn analysis(audio: Audio) -> Analysis {
    analyze(&mut AudioSource::new(audio)).unwrap()
}

#[test]
fn figures_agree_with_each_other_and_between_the_meters() {
    for rate in [8_000, 22_050, 44_100, 48_000, 96_000, 192_000] {
        let audio = program(rate, 8.0);
        let got = analysis(audio.clone());
        assert_eq!((got.channels, got.frames), (2, audio.frames() as u64));
        assert!((got.duration_s - 8.0).abs() < 1e-3);
        let [own, reference] = got.integrated_by_meter.as_slice() else {
            panic!("two meters");
        };
        assert_eq!(own.value, got.integrated_lufs);
        // Below 44.1 kHz the reference meter's high-pass lifts its passband.
        let tolerance_lu = if rate < 44_100 { 0.25 } else { 0.06 };
        assert!(
            (own.value - reference.value).abs() < tolerance_lu,
            "{rate}: {own:?} {reference:?}"
        );
        assert!(got.true_peak_dbtp >= got.sample_peak_dbfs);
        let worst = got.true_peak_by_meter.iter().map(|m| m.value);
        assert_eq!(worst.fold(f64::NEG_INFINITY, f64::max), got.true_peak_dbtp);
        assert!((got.plr_db - got.true_peak_dbtp + got.integrated_lufs).abs() < 1e-12);
        assert!(got.momentary_max_lufs >= got.short_term_max_lufs);
        assert!(got.short_term_max_lufs >= got.integrated_lufs - 1.0);
        assert_eq!(got.sequences.k_power_10ms.len(), 800);
        assert_eq!(got.sequences.short_term_lufs.len(), 51);
        let spacing = got.sequences.band_spacing_frames;
        let windows = (got.frames - 4 * spacing) / spacing + 1;
        assert_eq!(got.sequences.band_frames.len() as u64, windows);
        assert!(got.correlation > 0.05 && got.correlation < 0.95);
        assert_eq!(got.clipped_runs, vec![0, 0]);
        assert_eq!(got.bandwidth_hz, f64::from(rate) / 2.0);
        // The bands hold the whole power but for what lies outside of 18 Hz to 22 kHz.
        let power = |levels: &[f64]| -> f64 { levels.iter().map(|db| 10f64.powf(db / 10.0)).sum() };
        let bands = power(&got.spectrum.mid_db) + power(&got.spectrum.side_db);
        let squares: f64 = audio
            .channels()
            .iter()
            .flatten()
            .map(|&x| f64::from(x).powi(2))
            .sum();
        let whole = squares / (2.0 * audio.frames() as f64);
        assert!(
            (bands / whole - 1.0).abs() < 0.15,
            "{rate}: {bands} {whole}"
        );
    }
}

#[test]
fn the_same_program_measures_the_same_at_any_block_size() {
    let audio = program(44_100, 4.0);
    let expected = analysis(audio.clone());
    for size in [1, 7, 64, 1_000] {
        let mut source = Cut(AudioSource::new(audio.clone()), size);
        assert_eq!(analyze(&mut source).unwrap(), expected, "{size}");
    }
}

#[test]
fn verification_reads_what_analysis_reads() {
    let audio = program(48_000, 5.0);
    let expected = analysis(audio.clone());
    let got = verify_pass(&mut AudioSource::new(audio), false, &mut |_| Ok(())).unwrap();
    assert_eq!(got.integrated_lufs, expected.integrated_lufs);
    assert_eq!(got.integrated_by_meter, expected.integrated_by_meter);
    assert_eq!(got.true_peak_by_meter, expected.true_peak_by_meter);
    assert_eq!(got.true_peak_dbtp, expected.true_peak_dbtp);
    assert_eq!(got.sample_peak_dbfs, expected.sample_peak_dbfs);
    assert_eq!(got.loudness_range_lu, expected.loudness_range_lu);
    assert_eq!(got.k_power_10ms, expected.sequences.k_power_10ms);
    assert_eq!(got.frames, expected.frames);
}

#[test]
fn samples_that_are_not_finite_are_counted_and_read_as_zero() {
    let mut broken = program(44_100, 4.0);
    let mut mended = broken.clone();
    for (n, value) in [
        (10, f32::NAN),
        (50_000, f32::INFINITY),
        (170_000, f32::NEG_INFINITY),
    ] {
        broken.channels_mut().next().unwrap()[n] = value;
        mended.channels_mut().next().unwrap()[n] = 0.0;
    }
    let got = analysis(broken);
    assert_eq!(got.non_finite_samples, 3);
    let expected = Analysis {
        non_finite_samples: 3,
        ..analysis(mended)
    };
    assert_eq!(got, expected);
}

#[test]
fn mono_has_no_side_and_counts_twice_on_request() {
    let mono = Audio::new(48_000, vec![program(48_000, 4.0).channel(0).to_vec()]).unwrap();
    let single = analysis(mono.clone());
    assert!(single.spectrum.side_db.iter().all(|&db| db == -200.0));
    assert_eq!(single.channels, 1);
    // The quotient of a sum by the root of its square, so 1 but for the last bit.
    assert!((single.correlation - 1.0).abs() <= f64::EPSILON);
    let options = AnalyzeOptions {
        dual_mono: true,
        ..AnalyzeOptions::default()
    };
    let mut told = Vec::new();
    let mut source = AudioSource::new(mono);
    let dual = analyze_with(&mut source, &options, &mut |frames| {
        told.push(frames);
        Ok(())
    })
    .unwrap();
    for (one, two) in single
        .integrated_by_meter
        .iter()
        .zip(&dual.integrated_by_meter)
    {
        assert!(
            (two.value - one.value - 3.01).abs() < 0.01,
            "{one:?} {two:?}"
        );
    }
    assert_eq!(told.last(), Some(&192_000));
    assert!(told.is_sorted());
}

#[test]
fn nothing_and_silence_have_no_loudness_and_no_panic() {
    for frames in [0, 1, 100, 200_000] {
        for channels in [1, 2] {
            let got = analysis(Audio::silence(44_100, channels, frames));
            assert_eq!(got.integrated_lufs, f64::NEG_INFINITY);
            assert_eq!(got.true_peak_dbtp, f64::NEG_INFINITY);
            assert_eq!(got.plr_db, f64::NEG_INFINITY);
            assert_eq!(got.loudness_range_lu, f64::NEG_INFINITY);
            assert!(
                got.integrated_by_meter
                    .iter()
                    .all(|m| m.value == f64::NEG_INFINITY)
            );
        }
    }
}

#[test]
fn levels_beyond_all_reason_stay_numbers() {
    for gain in [1e5, 1e18, f32::MAX] {
        let mut audio = program(44_100, 4.0);
        for channel in audio.channels_mut() {
            for x in channel {
                *x = (*x * gain).clamp(-f32::MAX, f32::MAX);
            }
        }
        let got = analysis(audio);
        assert!(
            got.integrated_lufs > 60.0 && got.integrated_lufs.is_finite(),
            "{gain}"
        );
        assert!(got.true_peak_dbtp >= got.sample_peak_dbfs, "{gain}");
        assert!(!got.correlation.is_nan() && !got.bandwidth_hz.is_nan());
    }
}

#[test]
fn what_cannot_be_measured_is_an_error() {
    let mut slow = AudioSource::new(Audio::silence(1_000, 1, 10));
    let error = analyze(&mut slow).unwrap_err();
    let inner = error.0.downcast_ref::<MeasureError>();
    assert_eq!(inner, Some(&MeasureError::SampleRate { got_hz: 1_000 }));
}
