//! Stems beside a mix: found where they lie, as loud as they are, and refused where they are not its stems.

use acetate_dsp::solve::stems::{
    Added, Aligned, MAX_RESIDUAL_DB, Stem, StemError, Studied, lead_figures, study,
};
use acetate_dsp::stream::AudioSource;
use acetate_dsp::units::gain_from_db;
use acetate_dsp::{Audio, Source, signal};

const RATE: u32 = 44_100;
const SECONDS: f64 = 12.0;

/// A lead: a melody of plucked notes with a little breath, silent every third second.
fn lead() -> Audio {
    let frames = (SECONDS * f64::from(RATE)) as usize;
    let breath = signal::white(frames, 3);
    let samples: Vec<f32> = (0..frames)
        .map(|frame| {
            let time_s = frame as f64 / f64::from(RATE);
            let note = (time_s * 4.0) as usize;
            let hz = 330.0 * 2f64.powf((note * 5 % 12) as f64 / 12.0);
            let decay = (-5.0 * (time_s * 4.0).fract()).exp();
            let sounds = time_s as usize % 3 != 2;
            let tone =
                (std::f64::consts::TAU * hz * time_s).sin() + 0.05 * f64::from(breath[frame]);
            if sounds {
                (0.3 * decay * tone) as f32
            } else {
                0.0
            }
        })
        .collect();
    Audio::new(RATE, vec![samples.clone(), samples]).unwrap()
}

/// `audio` later by so many frames, times a gain.
fn later(audio: &Audio, frames: usize, gain: f32) -> Audio {
    let channels = audio.channels().iter().map(|channel| {
        let late = std::iter::repeat_n(0.0, frames).chain(channel.iter().map(|x| gain * x));
        late.take(channel.len()).collect()
    });
    Audio::new(RATE, channels.collect()).unwrap()
}

fn sum(a: &Audio, b: &Audio) -> Audio {
    let channels = a.channels().iter().zip(b.channels());
    let channels = channels.map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect());
    Audio::new(RATE, channels.collect()).unwrap()
}

fn stem(name: &str, is_lead: bool, audio: &Audio) -> Stem<AudioSource> {
    Stem {
        name: name.to_owned(),
        is_lead,
        source: AudioSource::new(audio.clone()),
    }
}

fn studied(
    mix: &Audio,
    mut stems: Vec<Stem<AudioSource>>,
    is_whole: bool,
) -> Result<Studied, StemError> {
    study(&mut AudioSource::new(mix.clone()), &mut stems, is_whole)
}

#[test]
fn stems_that_were_moved_scaled_and_turned_over_are_found_and_null() {
    let (lead, rest) = (lead(), signal::mix(RATE, SECONDS));
    let mix = sum(&later(&lead, 1_234, 0.5), &later(&rest, 0, -0.7));
    let found = studied(
        &mix,
        vec![stem("lead", true, &lead), stem("rest", false, &rest)],
        true,
    )
    .unwrap();
    let stems = &found.study.stems;
    assert_eq!([stems[0].delay_frames, stems[1].delay_frames], [1_234, 0]);
    assert_eq!([stems[0].inverted, stems[1].inverted], [false, true]);
    assert!((found.gains[0] - 0.5).abs() < 1e-4, "{:?}", found.gains);
    assert!((found.gains[1] + 0.7).abs() < 1e-4, "{:?}", found.gains);
    assert!(
        found.study.residual_db.unwrap() < -80.0,
        "{:?}",
        found.study
    );
    assert_eq!(found.study.refused, None);
}

#[test]
fn a_lead_alone_has_the_ratio_that_it_was_mixed_with() {
    let (lead, rest) = (lead(), signal::mix(RATE, SECONDS));
    let ratio = |gain_db: f64| {
        let mix = sum(&later(&lead, 500, gain_from_db(gain_db) as f32), &rest);
        let study = studied(&mix, vec![stem("lead", true, &lead)], false)
            .unwrap()
            .study;
        assert_eq!(study.refused, None, "{gain_db}");
        study.lead.unwrap().lead_to_rest_db
    };
    let as_it_is = ratio(0.0);
    for gain_db in [-12.0, -6.0, 6.0] {
        let moved_db = ratio(gain_db) - as_it_is;
        assert!((moved_db - gain_db).abs() < 0.2, "{gain_db}: {moved_db}");
    }
}

#[test]
fn the_ratio_counts_only_while_the_lead_sounds() {
    let lead: Vec<f32> = (0..3_000)
        .map(|step| if step < 1_000 { 0.01 } else { 0.0 })
        .collect();
    let rest: Vec<f32> = (0..3_000)
        .map(|step| if step < 1_000 { 0.02 } else { 0.06 })
        .collect();
    let figures = lead_figures(&lead, &rest).unwrap();
    assert!((figures.lead_to_rest_db + 3.01).abs() < 0.3, "{figures:?}");
    assert_eq!(figures.by_time.len(), 1, "{figures:?}");
    assert_eq!(lead_figures(&rest[..0], &rest[..0]), None);
    assert_eq!(lead_figures(&[0.0; 100], &[1.0; 100]), None);
}

#[test]
fn what_is_not_in_the_mix_is_refused_in_words() {
    let (lead, rest) = (lead(), signal::mix(RATE, SECONDS));
    let foreign = studied(&rest, vec![stem("voice.wav", true, &lead)], false)
        .unwrap()
        .study;
    let refused = foreign.refused.clone().unwrap();
    assert!(
        refused.contains("voice.wav: not found in the mix"),
        "{refused}"
    );
    assert_eq!(foreign.lead, None);
    // The stem of the rest is missing.
    let mix = sum(&lead, &rest);
    let partial = studied(&mix, vec![stem("lead", true, &lead)], true)
        .unwrap()
        .study;
    assert!(partial.residual_db.unwrap() > MAX_RESIDUAL_DB);
    let refused = partial.refused.unwrap();
    assert!(
        refused.contains("the stems do not add up to the mix"),
        "{refused}"
    );
}

#[test]
fn the_mix_itself_silence_and_another_rate_are_errors_that_name_the_stem() {
    let (lead, rest) = (lead(), signal::mix(RATE, SECONDS));
    let mix = sum(&lead, &rest);
    let error = |audio: &Audio| {
        let stems = vec![stem("voice.wav", true, audio)];
        studied(&mix, stems, false).err().unwrap().to_string()
    };
    assert!(error(&later(&mix, 0, 0.5)).contains("found the mix itself"));
    assert!(error(&Audio::silence(RATE, 2, 100_000)).contains("found silence"));
    let other = error(&signal::mix(48_000, 1.0));
    assert!(
        other.starts_with("voice.wav") && other.contains("48000"),
        "{other}"
    );
}

#[test]
fn what_is_added_moves_the_lead_and_nothing_else_whatever_the_blocks() {
    let (lead, rest) = (lead(), signal::mix(RATE, 3.0));
    let late = later(&lead, 777, 1.0);
    for block_frames in [1_000, 16_384] {
        let mut mix = AudioSource::new(sum(&rest, &late));
        let parts = vec![(
            Aligned::new(AudioSource::new(lead.clone()), 777, mix.spec()),
            0.25,
        )];
        let mut added = Added::new(parts);
        let mut moved = Audio::silence(RATE, 2, 0);
        let mut block = moved.clone();
        for _ in 0..2 {
            mix.rewind().unwrap();
            added.rewind().unwrap();
            moved.set_frames(0);
            while mix.read(&mut block, block_frames).unwrap() > 0 {
                added.add_to(&mut block).unwrap();
                moved.append(&block);
            }
        }
        let wanted = sum(&rest, &later(&late, 0, 1.25));
        for (found, wanted) in moved.channels().iter().zip(wanted.channels()) {
            let off = found.iter().zip(wanted).map(|(a, b)| (a - b).abs());
            assert!(off.fold(0.0, f32::max) < 1e-6);
        }
    }
}
