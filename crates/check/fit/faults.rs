//! What is done to an excerpt: every fault of the protocol, by name.

use acetate_check::FindingCode;
use acetate_check::fault_eq::{BELL_Q, corner_hz};
use acetate_dsp::Audio;
use acetate_dsp::measure::loudness::{Loudness, integrated_from_k_power_10ms};
use acetate_dsp::units::gain_from_db;
use acetate_training::rng::Rng;
use anyhow::{Context, Result, bail};

use crate::filters::{all_pass, bell, filtered, high_pass, high_shelf, low_pass, run};
use crate::lossy::mp3;
use crate::tracks::{fade_in, fade_out, faded};

/// Look-ahead of the limiter, s.
const LIMITER_AHEAD_S: f64 = 0.0015;
/// Its release, s.
const LIMITER_RELEASE_S: f64 = 0.050;

/// An excerpt with a fault; `None` where the excerpt cannot have it (mono has no channels to delay).
/// `raw` has no fades yet.
pub fn inject(
    name: &str,
    strength: f64,
    raw: &Audio,
    fade_s: f64,
    rng: &mut Rng,
) -> Result<Option<Audio>> {
    let rate = f64::from(raw.sample_rate_hz());
    let clean = faded(raw.clone(), fade_s);
    let stereo = raw.channel_count() == 2;
    let eq = |section| Ok(Some(filtered(&clean, section)));
    let corner = |code: &str| {
        FindingCode::from_text(code)
            .and_then(corner_hz)
            .context("no such tonal fault")
    };
    match name {
        "clipped" => Ok(Some(clipped(clean, strength))),
        "clicks" => Ok(Some(clicks(clean, strength, rng))),
        "dropouts" => Ok(Some(dropouts(clean, strength, rng))),
        "cut start" => Ok(Some(cut_start(raw, strength, fade_s))),
        "cut tail" => Ok(Some(cut_tail(raw, strength, fade_s))),
        "hum" => Ok(Some(hum(clean, strength))),
        "hiss" => Ok(Some(hiss(clean, strength, rng))),
        "offset" => {
            let offset = (gain_from_db(strength) * rms(&clean)) as f32;
            Ok(Some(each(clean, |x| x + offset)))
        }
        "limited" => Ok(Some(limited(&clean, strength))),
        "muddy" | "boomy" | "harsh" => eq(bell(rate, corner(name)?, BELL_Q, strength)),
        "thin" => eq(high_pass(rate, strength)),
        "dull" => eq(high_shelf(rate, corner(name)?, -strength)),
        "fizzy" => eq(high_shelf(rate, corner(name)?, strength)),
        "sibilant" => Ok(Some(sibilant(clean, strength, rng))),
        "lossy" => Ok(Some(mp3(&clean, strength as u32)?)),
        "jump" => Ok(Some(jump(clean, strength))),
        "wild level" => Ok(Some(wild(clean, strength))),
        "too hot" => Ok(Some(peak_at(clean, strength))),
        "too quiet" => Ok(Some(peak_at(clean, -strength))),
        "dead channel" | "imbalance" if stereo => Ok(Some(right(clean, |samples| {
            let gain = gain_from_db(-strength) as f32;
            samples.iter_mut().for_each(|x| *x *= gain);
        }))),
        "delayed channel" if stereo => Ok(Some(right(clean, |samples| {
            let delay = (0.001 * strength * rate) as usize;
            let delay = delay.min(samples.len());
            samples.rotate_right(delay);
            samples[..delay].fill(0.0);
        }))),
        "inverted channel" if stereo => Ok(Some(right(narrowed(clean, strength), |samples| {
            samples.iter_mut().for_each(|x| *x = -*x);
        }))),
        "wide bass" if stereo => wide_bass(&clean, strength).map(Some),
        "dead channel" | "imbalance" | "delayed channel" | "inverted channel" | "wide bass" => {
            Ok(None)
        }
        _ => bail!("the protocol's fault {name} is not known"),
    }
}

fn each(mut audio: Audio, change: impl Fn(f32) -> f32) -> Audio {
    for channel in audio.channels_mut() {
        channel.iter_mut().for_each(|x| *x = change(*x));
    }
    audio
}

fn right(mut audio: Audio, change: impl FnOnce(&mut [f32])) -> Audio {
    if let (_, Some(right)) = audio.split_mut() {
        change(right);
    }
    audio
}

fn rms(audio: &Audio) -> f64 {
    let samples = audio.channels().iter().flatten();
    let sum: f64 = samples.map(|&x| f64::from(x) * f64::from(x)).sum();
    (sum / (audio.frames() * audio.channel_count()).max(1) as f64).sqrt()
}

fn peak(audio: &Audio) -> f32 {
    let samples = audio.channels().iter().flatten();
    samples.fold(0.0, |peak, x| peak.max(x.abs()))
}

/// Amplitude of a sine whose RMS stands this far from the integrated loudness.
fn relative_rms(audio: &Audio, level_db: f64) -> f64 {
    let mut meter = Loudness::new(audio.sample_rate_hz(), false);
    meter.process(audio);
    let lufs = integrated_from_k_power_10ms(meter.k_power_10ms());
    gain_from_db(lufs.max(-70.0) + level_db)
}

fn clipped(audio: Audio, ppm: f64) -> Audio {
    let mut levels: Vec<f32> = audio.channels().iter().flatten().map(|x| x.abs()).collect();
    levels.sort_unstable_by(|a, b| b.total_cmp(a));
    let over = ((1e-6 * ppm * levels.len() as f64) as usize).min(levels.len() - 1);
    let ceiling = levels[over];
    each(audio, |x| x.clamp(-ceiling, ceiling))
}

fn clicks(mut audio: Audio, level_db: f64, rng: &mut Rng) -> Audio {
    const SHAPE: [f32; 3] = [1.0, -0.6, 0.3];
    let height = (gain_from_db(level_db) * rms(&audio)) as f32;
    let (rate, frames) = (audio.sample_rate_hz() as usize, audio.frames());
    for _ in 0..10 {
        let at = rate + rng.below(frames.saturating_sub(2 * rate + 3).max(1));
        let sign = rng.sign() as f32;
        for channel in audio.channels_mut() {
            for (x, shape) in channel[at..].iter_mut().zip(SHAPE) {
                *x += sign * height * shape;
            }
        }
    }
    audio
}

/// Starts of passages of 50 ms over the median level, away from the edges.
fn loud_places(audio: &Audio) -> Vec<usize> {
    let length = (0.05 * f64::from(audio.sample_rate_hz())) as usize;
    let power = |start: usize| -> f64 {
        let channels = audio.channels().iter();
        channels
            .flat_map(|c| &c[start..start + length])
            .map(|&x| f64::from(x * x))
            .sum()
    };
    let margin = 2 * audio.sample_rate_hz() as usize;
    let starts: Vec<usize> = (margin..audio.frames().saturating_sub(margin + length))
        .step_by(length)
        .collect();
    let mut powers: Vec<f64> = starts.iter().map(|&start| power(start)).collect();
    let all = powers.clone();
    powers.sort_unstable_by(f64::total_cmp);
    let median = powers.get(powers.len() / 2).copied().unwrap_or(0.0);
    let loud = starts
        .into_iter()
        .zip(all)
        .filter(|&(_, p)| p >= median && p > 0.0);
    loud.map(|(start, _)| start).collect()
}

fn dropouts(mut audio: Audio, length_ms: f64, rng: &mut Rng) -> Audio {
    let places = loud_places(&audio);
    let length = ((1e-3 * length_ms * f64::from(audio.sample_rate_hz())) as usize).max(1);
    for _ in 0..3 {
        if places.is_empty() {
            break;
        }
        let at = places[rng.below(places.len())];
        for channel in audio.channels_mut() {
            let end = (at + length).min(channel.len());
            channel[at..end].fill(0.0);
        }
    }
    audio
}

fn cut_start(raw: &Audio, fade_ms: f64, other_fade_s: f64) -> Audio {
    let places = loud_places(raw);
    let start = places.first().copied().unwrap_or(0);
    let mut audio = raw.slice(start, raw.frames());
    fade_out(&mut audio, other_fade_s);
    if fade_ms > 0.0 {
        fade_in(&mut audio, 1e-3 * fade_ms);
    }
    audio
}

fn cut_tail(raw: &Audio, fade_ms: f64, other_fade_s: f64) -> Audio {
    let places = loud_places(raw);
    let end = places.last().copied().unwrap_or(raw.frames());
    let mut audio = raw.slice(0, end);
    fade_in(&mut audio, other_fade_s);
    if fade_ms > 0.0 {
        fade_out(&mut audio, 1e-3 * fade_ms);
    }
    audio
}

fn hum(audio: Audio, level_db: f64) -> Audio {
    let rate = f64::from(audio.sample_rate_hz());
    let power: f64 = (1..=12).map(|k| 0.5 / f64::from(k * k)).sum();
    let scale = relative_rms(&audio, level_db) / power.sqrt();
    let hum: Vec<f32> = (0..audio.frames())
        .map(|n| {
            let turns = 50.0 * n as f64 / rate;
            let lines = (1..=12).map(|k| {
                let k = f64::from(k);
                (std::f64::consts::TAU * (k * turns + 0.13 * k * k)).sin() / k
            });
            (scale * lines.sum::<f64>()) as f32
        })
        .collect();
    let mut audio = audio;
    for channel in audio.channels_mut() {
        channel.iter_mut().zip(&hum).for_each(|(x, h)| *x += h);
    }
    audio
}

fn hiss(mut audio: Audio, level_db: f64, rng: &mut Rng) -> Audio {
    // Uniform noise over ±1 has an RMS of 1/√3.
    let scale = relative_rms(&audio, level_db) * 3f64.sqrt();
    for channel in audio.channels_mut() {
        for x in channel {
            *x += (scale * rng.uniform(-1.0, 1.0)) as f32;
        }
    }
    audio
}

fn limited(audio: &Audio, below_peak_db: f64) -> Audio {
    let ceiling = peak(audio) * gain_from_db(-below_peak_db) as f32;
    let rate = f64::from(audio.sample_rate_hz());
    let ahead = (LIMITER_AHEAD_S * rate) as usize;
    let release = (-1.0 / (LIMITER_RELEASE_S * rate)).exp() as f32;
    let level = |frame: usize| {
        let channels = audio.channels().iter();
        channels.fold(0.0f32, |most, c| most.max(c[frame].abs()))
    };
    let frames = audio.frames();
    let wanted: Vec<f32> = (0..frames)
        .map(|frame| (ceiling / level(frame).max(1e-9)).min(1.0))
        .collect();
    // The smallest gain that is wanted within the look-ahead, held and released, then smoothed over it.
    let mut held = Vec::with_capacity(frames + ahead);
    let mut gain = 1.0f32;
    for frame in 0..frames {
        let end = (frame + ahead + 1).min(frames);
        let least = wanted[frame..end].iter().copied().fold(1.0, f32::min);
        gain = least.min(1.0 - (1.0 - gain) * release);
        held.push(gain);
    }
    let mut out = audio.clone();
    for channel in out.channels_mut() {
        let mut sum = 0.0f64;
        for (frame, x) in channel.iter_mut().enumerate() {
            sum += f64::from(held[frame]);
            if frame > ahead {
                sum -= f64::from(held[frame - ahead - 1]);
            }
            let count = (frame + 1).min(ahead + 1) as f64;
            *x = (*x * (sum / count) as f32).clamp(-ceiling, ceiling);
        }
    }
    out
}

fn sibilant(mut audio: Audio, level_db: f64, rng: &mut Rng) -> Audio {
    let rate = f64::from(audio.sample_rate_hz());
    let noise: Vec<f32> = (0..audio.frames())
        .map(|_| rng.uniform(-1.0, 1.0) as f32)
        .collect();
    let band = |samples: Vec<f32>| {
        let high = run(high_pass(rate, 5_000.0), &samples);
        run(low_pass(rate, 9_000.0), &high)
    };
    let noise = band(band(noise));
    let power: f64 = noise.iter().map(|&x| f64::from(x * x)).sum();
    let noise_rms = (power / noise.len().max(1) as f64).sqrt();
    let scale = (relative_rms(&audio, level_db) / noise_rms.max(1e-12)) as f32;
    // One in every half second, anywhere in it: at even distances they would be a hi-hat.
    let (period, length) = ((0.5 * rate) as usize, (0.08 * rate) as usize);
    let starts: Vec<usize> = (0..audio.frames() / period)
        .map(|number| number * period + rng.below(period - length))
        .collect();
    for channel in audio.channels_mut() {
        for &start in &starts {
            let burst = start..start + length;
            let noise = &noise[burst.clone()];
            channel[burst]
                .iter_mut()
                .zip(noise)
                .for_each(|(x, n)| *x += scale * n);
        }
    }
    audio
}

fn jump(mut audio: Audio, gain_db: f64) -> Audio {
    let rate = audio.sample_rate_hz() as usize;
    let start = audio.frames() / 2 - (4 * rate).min(audio.frames() / 2);
    let gain = gain_from_db(gain_db) as f32;
    for channel in audio.channels_mut() {
        channel
            .iter_mut()
            .skip(start)
            .take(8 * rate)
            .for_each(|x| *x *= gain);
    }
    audio
}

fn wild(mut audio: Audio, swing_db: f64) -> Audio {
    let rate = f64::from(audio.sample_rate_hz());
    for channel in audio.channels_mut() {
        for (frame, x) in channel.iter_mut().enumerate() {
            let turn = (std::f64::consts::TAU * frame as f64 / (15.0 * rate)).cos();
            *x *= gain_from_db(0.5 * swing_db * (turn - 1.0)) as f32;
        }
    }
    audio
}

fn peak_at(audio: Audio, level_dbfs: f64) -> Audio {
    let gain = gain_from_db(level_dbfs) as f32 / peak(&audio).max(1e-9);
    each(audio, |x| x * gain)
}

fn narrowed(mut audio: Audio, width_percent: f64) -> Audio {
    let width = (0.01 * width_percent) as f32;
    if let (left, Some(right)) = audio.split_mut() {
        for (l, r) in left.iter_mut().zip(right) {
            let (mid, side) = (0.5 * (*l + *r), 0.5 * width * (*l - *r));
            (*l, *r) = (mid + side, mid - side);
        }
    }
    audio
}

/// Side below 120 Hz at a level relative to mid, a quarter of a turn apart.
fn wide_bass(audio: &Audio, level_db: f64) -> Result<Audio> {
    let rate = f64::from(audio.sample_rate_hz());
    let [left, right] = audio.channels() else {
        bail!("expected stereo");
    };
    let mid: Vec<f32> = left.iter().zip(right).map(|(l, r)| 0.5 * (l + r)).collect();
    let low = run(low_pass(rate, 120.0), &run(low_pass(rate, 120.0), &mid));
    let turned = run(all_pass(rate, 60.0), &low);
    let gain = gain_from_db(level_db) as f32;
    let mut out = audio.clone();
    if let (left, Some(right)) = out.split_mut() {
        for ((l, r), t) in left.iter_mut().zip(right).zip(turned) {
            *l += gain * t;
            *r -= gain * t;
        }
    }
    Ok(out)
}
