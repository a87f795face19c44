//! Whether a program is a finished master: by the traces of a limiter, at whatever level.

use acetate_dsp::Analysis;
use acetate_dsp::measure::peak_steps::at_ceiling_percent;

use crate::body::Body;

/// Share of 10 ms steps at the ceiling from which a limiter is more likely than not, percent: few mixes reach
/// it, and a tenth of released game music and more of released records do (`training/README.md`).
const CEILING_PERCENT: f64 = 4.0;
/// How fast the probability rises around it, percent.
const CEILING_WIDTH_PERCENT: f64 = 0.8;
/// Peak to loudness ratio below which a program is as dense as a master, dB.
const DENSE_PLR_DB: f64 = 14.0;
/// How fast the probability falls around it, dB.
const DENSE_WIDTH_DB: f64 = 0.5;
/// From this probability on a program is told to be finished.
pub const FINISHED_PROBABILITY: f64 = 0.5;

/// Probability that a program is a finished master, 0 to 1.
pub fn probability(analysis: &Analysis) -> f64 {
    of_figures(
        at_ceiling_percent(&analysis.sequences.peak_10ms),
        analysis.plr_db,
    )
}

/// As [`probability`], of the main body alone where a program has passages that do not belong to it: applause has no
/// limiter's traces, and would take them from a finished song. `plr_db` is that of the body.
pub fn of_body(analysis: &Analysis, body: &Body, plr_db: f64) -> f64 {
    if body.foreign_share() == 0.0 {
        return probability(analysis);
    }
    let peaks: Vec<f32> = body.steps_of(&analysis.sequences.peak_10ms).collect();
    of_figures(at_ceiling_percent(&peaks), plr_db)
}

/// As [`probability`], from the share of peaks at the ceiling (percent) and the PLR (dB).
pub fn of_figures(at_ceiling_percent: f64, plr_db: f64) -> f64 {
    if !plr_db.is_finite() {
        return 0.0;
    }
    logistic((at_ceiling_percent - CEILING_PERCENT) / CEILING_WIDTH_PERCENT)
        * logistic((DENSE_PLR_DB - plr_db) / DENSE_WIDTH_DB)
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

#[cfg(test)]
mod tests {
    use acetate_dsp::signal::white;
    use acetate_dsp::stream::AudioSource;
    use acetate_dsp::{Audio, analyze};

    use super::*;

    #[test]
    fn a_limited_dense_program_is_finished_and_a_free_or_dynamic_one_is_not() {
        assert!(of_figures(15.0, 10.0) > 0.99);
        assert!(of_figures(1.5, 10.0) < 0.1);
        assert!(of_figures(15.0, 17.0) < 0.01);
        assert_eq!(of_figures(15.0, f64::NEG_INFINITY), 0.0);
    }

    const RATE: u32 = 44_100;

    /// A chord with a beat, driven into a ceiling as a limiter holds it.
    fn limited_song(seconds: usize) -> Vec<f32> {
        (0..seconds * RATE as usize)
            .map(|n| {
                let t = n as f64 / f64::from(RATE);
                let tone: f64 = (1..30)
                    .map(|h| {
                        libm::sin(std::f64::consts::TAU * 110.0 * f64::from(h) * t) / f64::from(h)
                    })
                    .sum();
                let beat =
                    libm::exp(-6.0 * (t % 0.5)) * libm::sin(std::f64::consts::TAU * 60.0 * t);
                (0.4 * tone + 0.8 * beat).clamp(-0.6, 0.6) as f32
            })
            .collect()
    }

    fn probability_of(samples: Vec<f32>) -> (f64, f64) {
        let right = samples.iter().map(|x| 0.7 * x).collect();
        let audio = Audio::new(RATE, vec![samples, right]).unwrap();
        let analysis = analyze(&mut AudioSource::new(audio)).unwrap();
        let body = Body::of(&analysis);
        let peak = body
            .steps_of(&analysis.sequences.peak_10ms)
            .fold(0.0, f32::max);
        let plr_db = acetate_dsp::units::db_from_gain(f64::from(peak)) - analysis.integrated_lufs;
        (of_body(&analysis, &body, plr_db), probability(&analysis))
    }

    #[test]
    fn applause_does_not_take_the_limiters_traces_from_a_finished_song() {
        let (alone, _) = probability_of(limited_song(45));
        assert!(alone > 0.9, "{alone}");
        // Claps of all levels, the loudest over the song's ceiling.
        let claps = white(15 * RATE as usize, 3)
            .into_iter()
            .enumerate()
            .map(|(n, x)| x * ((n / 441 * 41 % 97) as f32 / 97.0).powi(2));
        let (both, of_all) = probability_of([limited_song(45), claps.collect()].concat());
        assert!(both > 0.9 && of_all < 0.5, "{both} {of_all}");
    }
}
