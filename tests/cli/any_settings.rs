//! Any settings within PARAMS on any finite sound: finite output, the ceiling kept, the length
//! kept. A seeded handful here; `campaigns/signals.py` asks for thousands.

use acetate_dsp::process::dither::WordLength;
use acetate_dsp::settings::EqPhase;
use acetate_dsp::signal::Random;
use acetate_dsp::stream::AudioSource;
use acetate_dsp::{Audio, PARAMS, Settings};
use acetate_master::{Brief, MasterError, Mastered, MemoryDelivery, master};
use acetate_model::NeutralPredictor;

/// Cases unless ACETATE_SIGNALS says another number.
const CASES: u64 = 40;
const SAMPLE_RATES_HZ: [u32; 8] = [
    8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000,
];

/// Every row anywhere in its range, often at an edge of it or neutral.
fn settings(chance: &mut Random) -> Settings {
    let mut settings = Settings::default();
    let boldness = chance.share();
    for param in PARAMS {
        if chance.share() > boldness {
            continue;
        }
        let inside = chance.between(param.min, param.max);
        param.set(
            &mut settings,
            chance.one_of(&[param.min, param.max, inside, inside]),
        );
    }
    settings.eq.phase = chance.one_of(&[EqPhase::Minimum, EqPhase::Minimum, EqPhase::Linear]);
    settings.limiter.drive_fixed = chance.share() < 0.2;
    settings
}

/// Half a second to a second and a half of one of many kinds of sound.
fn sound(chance: &mut Random) -> Audio {
    let sample_rate_hz = chance.one_of(&SAMPLE_RATES_HZ);
    let frames = (f64::from(sample_rate_hz) * chance.between(0.45, 1.4)) as usize;
    let level = 10_f64.powf(chance.between(-3.0, 0.9));
    let dc = chance.one_of(&[0.0, 0.0, 0.0, 0.3]);
    let channel = |chance: &mut Random| -> Vec<f32> {
        let kind = chance.bits() % 7;
        let hz = chance.between(15.0, f64::from(sample_rate_hz) * 0.49);
        let period = 1 + chance.bits() as usize % 3000;
        (0..frames)
            .map(|frame| {
                let phase = hz * frame as f64 / f64::from(sample_rate_hz);
                let tone = (std::f64::consts::TAU * phase).sin();
                let noise = 2.0 * chance.share() - 1.0;
                let sample = match kind {
                    0 => tone,
                    1 => noise,
                    2 => tone.signum(),
                    3 => f64::from(frame % period == 0),
                    4 => tone * f64::from((frame / (period + 100)).is_multiple_of(2)),
                    5 => noise * (-((frame % (8 * period)) as f64) / period as f64).exp(),
                    _ => (noise * 1e6).clamp(-1.0, 1.0),
                };
                (level * sample + dc) as f32
            })
            .collect()
    };
    let left = channel(chance);
    let channels = match chance.bits() % 5 {
        0 => vec![left],
        1 => vec![left.clone(), left.iter().map(|sample| -sample).collect()],
        2 => vec![left, vec![0.0; frames]],
        _ => vec![left, channel(chance)],
    };
    Audio::new(sample_rate_hz, channels).unwrap()
}

fn rendered(sound: &Audio, brief: &Brief) -> Result<(Mastered, Audio), MasterError> {
    let mut delivery = MemoryDelivery::default();
    let mut source = AudioSource::new(sound.clone());
    let mastered = master(
        &mut source,
        &NeutralPredictor,
        brief,
        &mut delivery,
        &mut (),
    )?;
    Ok((mastered, delivery.into_written().unwrap()))
}

/// What became of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// A master that keeps everything.
    Master,
    /// Nothing in it had a loudness.
    NoLoudness,
    /// No attempt held the ceiling, so that nothing was delivered.
    Withheld,
}

fn end_of(seed: u64) -> End {
    let mut chance = Random::new(seed);
    let sound = sound(&mut chance);
    let settings = settings(&mut chance);
    settings.validate().unwrap();
    let ceiling_dbtp = settings.target.true_peak_dbtp;
    let brief = Brief {
        settings: Some(settings),
        word_length: chance.one_of(&[WordLength::Bits16, WordLength::Bits24]),
        ..Brief::default()
    };
    let (mastered, written) = match rendered(&sound, &brief) {
        Ok(made) => made,
        Err(MasterError::NoLoudness { .. }) => return End::NoLoudness,
        Err(error @ MasterError::Ceiling { .. }) => {
            println!("seed {seed}: {error}");
            return End::Withheld;
        }
        Err(error) => panic!("seed {seed}: {error}"),
    };
    let samples = || written.channels().iter().flatten();
    assert!(samples().all(|sample| sample.is_finite()), "seed {seed}");
    assert_eq!(
        written.frames(),
        sound.frames(),
        "seed {seed}: the length is kept"
    );
    let after = mastered.after;
    assert!(
        after.true_peak_dbtp <= ceiling_dbtp,
        "seed {seed}: {} dBTP over a ceiling of {ceiling_dbtp}",
        after.true_peak_dbtp
    );
    let peak = samples().fold(0.0, |peak: f32, sample| peak.max(sample.abs()));
    let peak_dbfs = 20.0 * f64::from(peak).log10();
    assert!(peak_dbfs <= ceiling_dbtp, "seed {seed}: {peak_dbfs} dBFS");
    End::Master
}

#[test]
fn any_settings_on_any_sound_keep_the_ceiling_and_the_length() {
    let cases = match std::env::var("ACETATE_SIGNALS") {
        Ok(number) => number.parse().expect("ACETATE_SIGNALS is a number"),
        Err(_) => CASES,
    };
    let first: u64 =
        std::env::var("ACETATE_FIRST_SIGNAL").map_or(0, |first| first.parse().unwrap());
    let ends: Vec<End> = (first..first + cases).map(end_of).collect();
    let count = |end| ends.iter().filter(|found| **found == end).count() as u64;
    let (masters, withheld) = (count(End::Master), count(End::Withheld));
    println!("{masters} masters and {withheld} withheld of {cases} signals");
    assert!(
        masters * 10 >= cases * 8,
        "{masters} masters of {cases} signals"
    );
    assert!(
        withheld * 50 <= cases,
        "{withheld} withheld of {cases} signals"
    );
}
