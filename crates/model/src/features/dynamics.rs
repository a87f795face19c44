//! Dynamics on 10 ms levels: the statistic that the net aims at, the compressor predicted, and
//! the solver that turns a wanted change into a ratio.

use acetate_dsp::measure::loudness::OFFSET_LU;
use acetate_dsp::measure::loudness::range_from_k_power_10ms;
use acetate_dsp::process::compressor;
use acetate_dsp::settings;
use acetate_dsp::units::db_from_power;

/// Windows of the level-spread statistic, in steps of 10 ms: 200 ms, the time scale on which a
/// glue compressor acts.
const WINDOW_STEPS: usize = 20;
/// Hop between those windows, in steps of 10 ms.
const HOP_STEPS: usize = 10;
/// Windows this far below the mean power are pauses, dB.
const GATE_DB: f64 = -20.0;
/// Smallest power that is read as program, full scale = 1.
const SILENCE_POWER: f64 = 1e-10;

/// Standard deviation of the 200 ms level above the gate, dB. `k_power_10ms` as in
/// [`Sequences`](acetate_dsp::analysis::Sequences); 0 for silence or a single window.
pub fn level_spread_db(k_power_10ms: &[f32]) -> f64 {
    let windows: Vec<f64> = k_power_10ms
        .windows(WINDOW_STEPS)
        .step_by(HOP_STEPS)
        .map(|window| window.iter().map(|&p| f64::from(p)).sum::<f64>() / WINDOW_STEPS as f64)
        .filter(|&power| power > SILENCE_POWER)
        .collect();
    let mean = windows.iter().sum::<f64>() / windows.len().max(1) as f64;
    let gate = mean * acetate_dsp::units::power_from_db(GATE_DB);
    let levels: Vec<f64> = windows
        .into_iter()
        .filter(|&power| power > gate)
        .map(db_from_power)
        .collect();
    if levels.len() < 2 {
        return 0.0;
    }
    let mean = levels.iter().sum::<f64>() / levels.len() as f64;
    let variance = levels
        .iter()
        .map(|level| (level - mean).powi(2))
        .sum::<f64>()
        / levels.len() as f64;
    variance.sqrt()
}

/// K-weighted powers after the compressor, predicted on 10 ms steps.
///
/// The real compressor weights its sidechain otherwise and works faster than 10 ms; on music the
/// level spread predicted is within a few tenths of a dB of the rendered one.
pub fn compress_k_power(
    k_power_10ms: &[f32],
    integrated_lufs: f64,
    compressor: &settings::Compressor,
) -> Vec<f32> {
    let coefficient = |time_ms: f64| 1.0 - libm::exp(-10.0 / time_ms);
    let (attack, release) = (
        coefficient(compressor.attack_ms),
        coefficient(compressor.release_ms),
    );
    let mut reduction_db = 0.0_f64;
    k_power_10ms
        .iter()
        .map(|&power| {
            let level_lu =
                db_from_power(f64::from(power).max(SILENCE_POWER)) + OFFSET_LU - integrated_lufs;
            let wanted_db = compressor::gain_reduction_db(level_lu, compressor);
            let speed = if wanted_db > reduction_db {
                attack
            } else {
                release
            };
            reduction_db += speed * (wanted_db - reduction_db);
            let wet = acetate_dsp::units::gain_from_db(-reduction_db);
            let gain = 1.0 + compressor.mix * (wet - 1.0);
            (f64::from(power) * gain * gain) as f32
        })
        .collect()
}

/// Most ratios that [`solve_ratio`] tries between the ends.
const RATIO_TRIALS: usize = 8;
/// A change of level spread this near to the wanted one will do, dB.
const CHANGE_TOLERANCE_DB: f64 = 0.001;

/// A compressor lowers the level spread of music by more than this share of 1 - 1/ratio. Where it does not, as on
/// a steady program, whose spread is not what it takes, no higher ratio may be tried for it.
const LEAST_EFFECT: f64 = 0.15;

/// The ratio at which the compressor lowers the level spread by `change_db` (negative), other
/// settings as in `base`; 1 where nothing is to be lowered, and at most `max_ratio`, or what would lower it on any
/// program that a compressor works on.
pub fn solve_ratio(
    k_power_10ms: &[f32],
    integrated_lufs: f64,
    base: &settings::Compressor,
    change_db: f64,
    max_ratio: f64,
) -> f64 {
    if change_db >= 0.0 || !integrated_lufs.is_finite() {
        return 1.0;
    }
    let before = level_spread_db(k_power_10ms);
    if before <= 0.0 {
        return 1.0;
    }
    let change_at = |ratio: f64| {
        let trial = settings::Compressor { ratio, ..*base };
        level_spread_db(&compress_k_power(k_power_10ms, integrated_lufs, &trial)) - before
    };
    // The change goes almost with 1 - 1/ratio: what a chord between two trials says is nearly right.
    let ratio_of = |taken: f64| 1.0 / (1.0 - taken);
    let mut low = (0.0, 0.0);
    let most = (1.0 - 1.0 / max_ratio).min(-change_db / (LEAST_EFFECT * before));
    let mut high = (most, change_at(ratio_of(most)));
    if high.1 > change_db {
        return ratio_of(most);
    }
    let mut taken = 0.0;
    for _ in 0..RATIO_TRIALS {
        taken = low.0 + (high.0 - low.0) * (change_db - low.1) / (high.1 - low.1);
        let change = change_at(ratio_of(taken));
        if (change - change_db).abs() <= CHANGE_TOLERANCE_DB {
            break;
        }
        let end = if change > change_db {
            &mut low
        } else {
            &mut high
        };
        *end = (taken, change);
    }
    ratio_of(taken)
}

/// Steps in which [`bounded_ratio`] comes down: each leaves a small part of the excess.
const BOUND_STEPS: usize = 4;
/// A loss this much over the bound is left, LU.
const BOUND_TOLERANCE_LU: f64 = 0.02;

/// The highest ratio, at most that of `asked`, at which the loudness range is predicted to fall by no more than
/// `most_lu`; other settings as in `asked`, `loudness_range_lu` that of the program.
pub fn bounded_ratio(
    k_power_10ms: &[f32],
    integrated_lufs: f64,
    loudness_range_lu: f64,
    asked: &settings::Compressor,
    most_lu: f64,
) -> f64 {
    let mut ratio = asked.ratio;
    for _ in 0..BOUND_STEPS {
        if ratio <= 1.0 {
            break;
        }
        let trial = settings::Compressor { ratio, ..*asked };
        let compressed = compress_k_power(k_power_10ms, integrated_lufs, &trial);
        let loss_lu = loudness_range_lu - range_from_k_power_10ms(&compressed);
        // What is too short for a loudness range has none, and a loss that is not a number.
        if loss_lu.is_nan() || loss_lu <= most_lu + BOUND_TOLERANCE_LU {
            break;
        }
        // What is taken goes with 1 - 1/ratio.
        let taken = (1.0 - 1.0 / ratio) * most_lu / loss_lu;
        ratio = 1.0 / (1.0 - taken);
    }
    ratio
}

#[cfg(test)]
mod tests {
    use acetate_dsp::measure::loudness::integrated_from_k_power_10ms;

    use super::*;

    /// Half a second loud, half a second 12 dB softer, over and over.
    fn steps() -> Vec<f32> {
        (0..6000)
            .map(|k| if (k / 50) % 2 == 0 { 0.04 } else { 0.0025 })
            .collect()
    }

    #[test]
    fn a_program_of_two_levels_has_half_their_distance_as_spread() {
        let spread = level_spread_db(&steps());
        assert!((4.5..6.1).contains(&spread), "{spread}");
        assert_eq!(level_spread_db(&[0.0; 500]), 0.0);
    }

    #[test]
    fn the_solved_ratio_gives_the_wanted_change() {
        let powers = steps();
        let base = settings::Compressor {
            threshold_lu: -4.0,
            ..settings::Compressor::default()
        };
        let ratio = solve_ratio(&powers, -17.0, &base, -0.5, 2.5);
        let solved = settings::Compressor { ratio, ..base };
        let after = level_spread_db(&compress_k_power(&powers, -17.0, &solved));
        assert!((after - level_spread_db(&powers) + 0.5).abs() < 0.02);
        assert_eq!(solve_ratio(&powers, -17.0, &base, 0.3, 2.5), 1.0);
    }

    #[test]
    fn a_steady_program_is_not_compressed_for_next_to_nothing() {
        // Beats of 10 ms that no 200 ms tell apart, and a slow swell of a tenth of a dB: compression gains nothing.
        let powers: Vec<f32> = (0..6000)
            .map(|k| {
                let swell = 1.0 + 0.02 * libm::sin(0.01 * f64::from(k));
                (swell * if k % 40 == 0 { 0.4 } else { 0.02 }) as f32
            })
            .collect();
        let base = settings::Compressor {
            threshold_lu: -4.0,
            ..settings::Compressor::default()
        };
        let ratio = |change_db| solve_ratio(&powers, -15.0, &base, change_db, 2.0);
        let spread_db = level_spread_db(&powers);
        assert!(ratio(-1e-6) < 1.001, "{}", ratio(-1e-6));
        let bound = 1.0 / (1.0 - 0.002 / (LEAST_EFFECT * spread_db));
        assert!(ratio(-0.002) <= bound, "{} {bound}", ratio(-0.002));
        assert!(ratio(-0.002) < ratio(-1.0) && ratio(-1.0) <= 2.0);
    }

    #[test]
    fn a_song_with_loud_and_soft_parts_keeps_its_range_within_the_bound() {
        // 15 s soft, 15 s 12 dB louder, over and over.
        let powers: Vec<f32> = (0..12_000)
            .map(|k| if (k / 1_500) % 2 == 0 { 0.0025 } else { 0.04 })
            .collect();
        let base = settings::Compressor {
            threshold_lu: -4.0,
            ..settings::Compressor::default()
        };
        let lufs = integrated_from_k_power_10ms(&powers);
        let range_lu = |ratio: f64| {
            let trial = settings::Compressor { ratio, ..base };
            let after = compress_k_power(&powers, lufs, &trial);
            range_from_k_power_10ms(&after)
        };
        let before_lu = range_lu(1.0);
        assert!(before_lu - range_lu(2.0) > 2.0);
        let asked = |ratio| settings::Compressor { ratio, ..base };
        let bounded = |ratio| bounded_ratio(&powers, lufs, before_lu, &asked(ratio), 1.0);
        let loss_lu = before_lu - range_lu(bounded(2.0));
        assert!((0.8..1.1).contains(&loss_lu), "{loss_lu}");
        assert_eq!(bounded(1.05), 1.05);
        assert_eq!(bounded(1.0), 1.0);
        let short = &powers[..200];
        let none_lu = range_from_k_power_10ms(short);
        assert_eq!(bounded_ratio(short, lufs, none_lu, &asked(2.0), 1.0), 2.0);
    }
}
