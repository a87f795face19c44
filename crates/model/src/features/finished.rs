//! Whether a program is a finished master: by the traces of a limiter, at whatever level.

use acetate_dsp::Analysis;
use acetate_dsp::measure::peak_steps::at_ceiling_percent;

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
    use super::*;

    #[test]
    fn a_limited_dense_program_is_finished_and_a_free_or_dynamic_one_is_not() {
        assert!(of_figures(15.0, 10.0) > 0.99);
        assert!(of_figures(1.5, 10.0) < 0.1);
        assert!(of_figures(15.0, 17.0) < 0.01);
        assert_eq!(of_figures(15.0, f64::NEG_INFINITY), 0.0);
    }
}
