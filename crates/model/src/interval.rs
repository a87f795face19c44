//! How wide the posterior's deviation of tone is told: what errors on audio say of it.
//!
//! The posterior is too sure of small deviations and too unsure of large ones: where it hardly doubts, a fault that it
//! took for the song's own sound is left whole. On the square root of its deviation 80 % of the errors on audio of
//! validation albums lie within the 80 % interval, at small deviations as at large ones
//! (`cargo run --release --example intervals -p acetate-training`; untouched songs, which always do, do not count).

/// The deviation that is told as it is, dB; smaller ones are told wider, larger ones narrower.
const PIVOT_DB: f64 = 4.3;

/// The deviation to tell for one of the posterior, dB.
pub(crate) fn told_db(sd_db: f64) -> f64 {
    (PIVOT_DB * sd_db).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_deviations_are_told_wider_and_large_ones_narrower() {
        assert_eq!(told_db(0.0), 0.0);
        assert!(told_db(0.5) > 1.0 && told_db(8.0) < 7.0);
        assert!((told_db(PIVOT_DB) - PIVOT_DB).abs() < 1e-12);
    }
}
