//! What repairs restore, and what they leave alone.

use acetate_dsp::chain::{Bypass, Chain};
use acetate_dsp::process::repair::{ClickLimits, Declip, HumCancel, Repair, find_clicks, merged};
use acetate_dsp::process::{ProcessSpec, processed};
use acetate_dsp::settings::{self, Cleanup, ClipLevels, Hum, HumLine, RepairKind, RepairedChannel};
use acetate_dsp::stream::AudioSource;
use acetate_dsp::{Audio, Settings};

const RATE_HZ: u32 = 44_100;
const SPEC: ProcessSpec = ProcessSpec {
    sample_rate_hz: RATE_HZ,
    channels: 1,
    program_lufs: -14.0,
};

const LIMITS: ClickLimits = ClickLimits {
    few_db: 18.0,
    many_db: 10.0,
};

/// Partials that rise and fall over a little noise.
fn music(seconds: f64) -> Audio {
    let mut noise = 1_u32;
    let wave = (0..(seconds * f64::from(RATE_HZ)) as usize)
        .map(|n| {
            let t = n as f64 / f64::from(RATE_HZ);
            let swell = 0.6 + 0.4 * (std::f64::consts::TAU * 1.3 * t).sin();
            let partial = |k: f64| (std::f64::consts::TAU * 163.0 * k * t + k * k).sin() / k;
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let hiss = 1e-3 * (f64::from(noise) / f64::from(u32::MAX) - 0.5);
            (0.25 * swell * (1..13).map(|k| partial(f64::from(k))).sum::<f64>() + hiss) as f32
        })
        .collect();
    Audio::new(RATE_HZ, vec![wave]).unwrap()
}

fn changed(audio: &Audio, change: impl Fn(usize, f32) -> f32) -> Audio {
    let wave = audio
        .channel(0)
        .iter()
        .enumerate()
        .map(|(n, &x)| change(n, x));
    Audio::new(RATE_HZ, vec![wave.collect()]).unwrap()
}

/// Signal over error, dB.
fn snr_db(found: &Audio, truth: &Audio) -> f64 {
    let pairs = found.channel(0).iter().zip(truth.channel(0));
    let (signal, error) = pairs.fold((0.0, 1e-20), |(signal, error), (&a, &b)| {
        let (a, b) = (f64::from(a), f64::from(b));
        (signal + b * b, error + (a - b) * (a - b))
    });
    10.0 * f64::log10(signal / error)
}

#[test]
fn clicks_that_follow_each_other_closely_are_found_and_mended() {
    let clean = music(4.0);
    // 500 a minute, some of them in pairs 6 ms apart.
    let is_hit = |n: usize| {
        [0, 264]
            .iter()
            .any(|&after| n > 9_000 && (n + after) % 5_300 < 25)
    };
    let clicked = changed(
        &clean,
        |n, x| if is_hit(n) { x + [0.4, -0.3][n % 2] } else { x },
    );
    let mut source = AudioSource::new(clicked.clone());
    let found = find_clicks(&mut source, LIMITS, &mut |_| Ok(())).unwrap();
    let rate_hz = f64::from(RATE_HZ);
    let moments = found.iter().map(|click| settings::Repair {
        at_s: click.start_frame as f64 / rate_hz,
        length_ms: 1000.0 * click.frames as f64 / rate_hz,
        kind: RepairKind::Interpolate,
        gain_db: 0.0,
        channel: RepairedChannel::Both,
    });
    let cleanup = Cleanup {
        repairs: merged(moments),
        ..Cleanup::default()
    };
    let mended = processed(&mut Repair::new(&cleanup, &SPEC), &clicked);
    let (before_db, after_db) = (snr_db(&clicked, &clean), snr_db(&mended, &clean));
    assert!(after_db > before_db + 4.0, "{before_db} dB, {after_db} dB");
    assert_eq!(mended.channel(0)[..8_900], clean.channel(0)[..8_900]);
}

#[test]
fn a_faint_click_counts_among_many_plain_ones_and_not_alone() {
    let clean = music(20.0);
    let faint = |n: usize| (600_000..600_012).contains(&n);
    let plain = |n: usize| n > 9_000 && n % 44_000 < 12;
    let clicked = |plain: &dyn Fn(usize) -> bool| {
        changed(&clean, |n, x| {
            let sign = [1.0, -1.0][n % 2];
            x + sign * if plain(n) { 0.3 } else { 0.0 } + sign * if faint(n) { 0.007 } else { 0.0 }
        })
    };
    let is_found = |audio| {
        let mut source = AudioSource::new(audio);
        let found = find_clicks(&mut source, LIMITS, &mut |_| Ok(())).unwrap();
        found
            .iter()
            .any(|click| (599_950..600_012).contains(&click.start_frame))
    };
    assert!(!is_found(clicked(&|_| false)));
    assert!(is_found(clicked(&plain)));
}

#[test]
fn the_end_of_a_click_beyond_what_is_replaced_does_not_spoil_it() {
    let clean = music(2.0);
    let clicked = changed(&clean, |n, x| match n {
        40_000..40_060 => x + [0.3, -0.3][n % 2],
        40_060..40_064 => x + [0.003, -0.003][n % 2],
        _ => x,
    });
    let moment = settings::Repair {
        at_s: 40_000.0 / f64::from(RATE_HZ),
        length_ms: 1000.0 * 60.0 / f64::from(RATE_HZ),
        kind: RepairKind::Interpolate,
        gain_db: 0.0,
        channel: RepairedChannel::Both,
    };
    let cleanup = Cleanup {
        repairs: vec![moment],
        ..Cleanup::default()
    };
    let mended = processed(&mut Repair::new(&cleanup, &SPEC), &clicked);
    let (before_db, after_db) = (snr_db(&clicked, &clean), snr_db(&mended, &clean));
    assert!(after_db > before_db + 6.0, "{before_db} dB, {after_db} dB");
}

#[test]
fn a_click_is_mended_where_it_is_behind_flat_tops_that_are_drawn_anew() {
    let clean = music(2.0);
    let level = 0.9
        * clean
            .channel(0)
            .iter()
            .fold(0.0_f32, |most, x| most.max(x.abs()));
    let place = 40_000..40_020;
    let faulty = changed(&clean, |n, x| {
        let x = x.clamp(-level, level);
        if place.contains(&n) { -0.4 * level } else { x }
    });
    let levels = ClipLevels {
        above: f64::from(level),
        below: f64::from(level),
    };
    let moment = settings::Repair {
        at_s: place.start as f64 / f64::from(RATE_HZ),
        length_ms: 1000.0 * place.len() as f64 / f64::from(RATE_HZ),
        kind: RepairKind::Interpolate,
        gain_db: 0.0,
        channel: RepairedChannel::Both,
    };
    let mended = |cleanup| {
        let settings = Settings {
            cleanup,
            ..Settings::default()
        };
        processed(
            &mut Chain::new(&settings, &SPEC, &Bypass::default()),
            &faulty,
        )
    };
    let both = mended(Cleanup {
        clipped: vec![levels],
        repairs: merged(std::iter::once(moment)),
        ..Cleanup::default()
    });
    let error = |audio: &Audio| {
        let pairs = audio.channel(0)[place.clone()].iter();
        let pairs = pairs.zip(&clean.channel(0)[place.clone()]);
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    assert!(error(&both) < 0.1 * error(&faulty), "{}", error(&both));
}

#[test]
fn nothing_is_found_in_clean_music() {
    let mut source = AudioSource::new(music(4.0));
    assert_eq!(
        find_clicks(&mut source, LIMITS, &mut |_| Ok(())).unwrap(),
        []
    );
}

#[test]
fn flat_tops_are_drawn_anew_and_nothing_else() {
    let clean = music(2.0);
    let highest = clean
        .channel(0)
        .iter()
        .fold(0.0_f32, |most, x| most.max(x.abs()));
    let level = 0.6 * highest;
    let clipped = changed(&clean, |_, x| x.clamp(-level, level));
    let levels = ClipLevels {
        above: f64::from(level),
        below: f64::from(level),
    };
    let cleanup = Cleanup {
        clipped: vec![levels],
        ..Cleanup::default()
    };
    let mended = processed(&mut Declip::new(&cleanup, &SPEC), &clipped);
    let (before_db, after_db) = (snr_db(&clipped, &clean), snr_db(&mended, &clean));
    assert!(after_db > before_db + 10.0, "{before_db} dB, {after_db} dB");
    for (got, had) in mended.channel(0).iter().zip(clipped.channel(0)) {
        if had.abs() < level * 0.999 {
            assert_eq!(got, had);
        } else {
            assert!(got.abs() >= level * 0.999 && got.abs() < 3.0 * level);
        }
    }
}

#[test]
fn hum_is_taken_out_and_a_bass_note_beside_it_stays() {
    let wave = |hz: f64, gain: f64, n: usize| {
        gain * (std::f64::consts::TAU * hz * n as f64 / f64::from(RATE_HZ)).sin()
    };
    // A note at the very frequency of the hum, for half a second in ten.
    let clean = changed(&music(20.0), |n, x| {
        let is_note = (n / (RATE_HZ as usize / 2)) % 20 == 7;
        x + if is_note {
            wave(50.0, 0.2, n) as f32
        } else {
            0.0
        }
    });
    let humming = changed(&clean, |n, x| x + wave(50.0, 0.01, n) as f32);
    let cleanup = Cleanup {
        hum: Some(Hum {
            mains_hz: 50.0,
            lines: vec![HumLine {
                multiple: 1,
                level_dbfs: -43.0,
            }],
        }),
        ..Cleanup::default()
    };
    let mended = processed(&mut HumCancel::new(&cleanup, &SPEC), &humming);
    let (before_db, after_db) = (snr_db(&humming, &clean), snr_db(&mended, &clean));
    assert!(after_db > before_db + 12.0, "{before_db} dB, {after_db} dB");
}
