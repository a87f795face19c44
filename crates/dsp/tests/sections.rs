//! The parts of a song are found and named, in programs of two sounds whose places are known, and changed where they are.

use acetate_dsp::chain::{Bypass, Chain};
use acetate_dsp::measure::sections::Parts;
use acetate_dsp::process::processed;
use acetate_dsp::settings::{EqPhase, Section};
use acetate_dsp::signal::{pink, white};
use acetate_dsp::stream::AudioSource;
use acetate_dsp::{Audio, ProcessSpec, Settings, analyze};

const RATE_HZ: u32 = 22_050;

/// Stretches of two sounds, each with a letter, a length and a gain: `a` is pink and narrow, `b` white and wide.
fn program(stretches: &[(char, f64, f32)], channels: usize) -> Audio {
    let mut waves = vec![Vec::new(); channels];
    for (seed, &(letter, length_s, gain)) in stretches.iter().enumerate() {
        let frames = (length_s * f64::from(RATE_HZ)) as usize;
        let seed = 10 * seed as u64;
        let (middle, half, width) = match letter {
            'a' => (pink(frames, seed), pink(frames, seed + 1), 0.1),
            _ => (white(frames, seed), white(frames, seed + 1), 0.8),
        };
        for (wave, sign) in waves.iter_mut().zip([1.0, -1.0]) {
            let pairs = middle.iter().zip(&half);
            wave.extend(pairs.map(|(mid, side)| 0.2 * gain * (mid + sign * width * side)));
        }
    }
    Audio::new(RATE_HZ, waves).unwrap()
}

/// Letters and starts of the parts of a program.
fn found(audio: Audio) -> (String, Vec<f64>, Parts) {
    let analysis = analyze(&mut AudioSource::new(audio)).unwrap();
    let parts = Parts::of(&analysis).unwrap();
    let last = parts.parts.last().unwrap();
    assert_eq!(last.end_s, analysis.duration_s);
    let pairs = parts.parts.windows(2);
    assert!(
        pairs
            .into_iter()
            .all(|pair| pair[0].end_s == pair[1].start_s)
    );
    let letters = parts.parts.iter().map(|part| part.letter).collect();
    let starts = parts.parts.iter().map(|part| part.start_s).collect();
    (letters, starts, parts)
}

#[test]
fn two_sounds_in_turn_are_parts_of_two_letters_at_their_places() {
    for channels in [1, 2] {
        let song = [
            ('a', 14.0, 1.0),
            ('b', 11.0, 1.0),
            ('a', 13.0, 1.0),
            ('b', 12.0, 1.0),
        ];
        let (letters, starts, parts) = found(program(&song, channels));
        assert_eq!(letters, "ABAB");
        for (start_s, expected_s) in starts.iter().zip([0.0, 14.0, 25.0, 38.0]) {
            assert!((start_s - expected_s).abs() <= 1.0, "{starts:?}");
        }
        let has_side = parts.side_audible.iter().any(|is_audible| *is_audible);
        assert_eq!(has_side, channels == 2);
    }
}

#[test]
fn a_part_that_was_turned_down_keeps_its_letter_and_shows_by_how_much() {
    let song = [
        ('a', 14.0, 1.0),
        ('b', 12.0, 1.0),
        ('a', 14.0, 0.8),
        ('b', 12.0, 1.0),
    ];
    let (letters, _, parts) = found(program(&song, 2));
    assert_eq!(letters, "ABAB");
    let level_db = |part: usize| parts.parts[part].sound.as_ref().unwrap().mid_db[12];
    let lower_db = level_db(2) - level_db(0);
    assert!(
        (lower_db - 20.0 * 0.8_f64.log10()).abs() < 0.5,
        "{lower_db}"
    );
}

#[test]
fn what_is_short_or_even_is_one_part_and_silence_has_none() {
    assert_eq!(
        found(program(&[('a', 7.0, 1.0), ('b', 6.0, 1.0)], 2)).0,
        "A"
    );
    assert_eq!(
        found(program(&[('a', 60.0, 1.0)], 2)).0.chars().last(),
        Some('A')
    );
    let silence = analyze(&mut AudioSource::new(Audio::silence(RATE_HZ, 2, 900_000))).unwrap();
    assert_eq!(Parts::of(&silence), None);
}

#[test]
fn a_song_of_forty_changes_has_at_most_twelve_parts() {
    let song: Vec<_> = (0..40)
        .map(|index| (if index % 2 == 0 { 'a' } else { 'b' }, 9.0, 1.0))
        .collect();
    let (letters, starts, _) = found(program(&song, 1));
    assert!(letters.len() <= 12, "{letters}");
    assert!(starts.windows(2).all(|pair| pair[1] - pair[0] >= 8.0));
}

#[test]
fn behind_stages_with_a_latency_the_gains_change_where_the_parts_do() {
    let noise = Audio::new(RATE_HZ, vec![white(12 * RATE_HZ as usize, 3); 2]).unwrap();
    let spec = ProcessSpec {
        sample_rate_hz: RATE_HZ,
        channels: 2,
        program_lufs: -14.0,
    };
    let part = |start_s, end_s, level_db| Section {
        start_s,
        end_s,
        letter: 'A',
        level_db,
        side_db: 0.0,
    };
    let mut settings = Settings::default();
    settings.eq.mid_db = [1.0; 12];
    settings.eq.phase = EqPhase::Linear;
    let rendered = |settings: &Settings| {
        let mut chain = Chain::new(settings, &spec, &Bypass::default());
        assert!(chain.report()[0].latency_frames > 0);
        processed(&mut chain, &noise)
    };
    let before = rendered(&settings);
    settings.sections = vec![part(0.0, 6.0, 0.0), part(6.0, 12.0, 1.0)];
    let after = rendered(&settings);
    for (at_s, expected_db) in [(4.9, 0.0), (5.5, 0.146), (6.0, 0.5), (7.1, 1.0)] {
        let frames = (at_s * f64::from(RATE_HZ)) as usize..;
        let pairs = after.channel(0)[frames.clone()]
            .iter()
            .zip(&before.channel(0)[frames]);
        // One loud sample tells the gain.
        let (is, was) = pairs
            .take(100)
            .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
            .unwrap();
        let gain_db = 20.0 * f64::from(is / was).log10();
        assert!((gain_db - expected_db).abs() < 0.02, "{at_s} s: {gain_db}");
    }
}
