//! Decibels to linear and back, through `libm` so that every CPU gives the same bits, and
//! frequencies and times as text.

use std::f64::consts::LOG2_10;

/// Linear amplitude gain of a level in dB: exactly 1 for 0 dB.
pub fn gain_from_db(level_db: f64) -> f64 {
    // A table's exponential of base 2 is several times faster than a power of 10.
    libm::exp2(level_db * (LOG2_10 / 20.0))
}

/// Level in dB of a linear amplitude; `-inf` for zero.
pub fn db_from_gain(gain: f64) -> f64 {
    20.0 * libm::log10(gain)
}

/// Level in dB of a power (a mean square); `-inf` for zero.
pub fn db_from_power(power: f64) -> f64 {
    10.0 * libm::log10(power)
}

/// Power of a level in dB.
pub fn power_from_db(level_db: f64) -> f64 {
    libm::exp2(level_db * (LOG2_10 / 10.0))
}

/// A frequency with its unit, as people write it.
pub fn hertz(freq_hz: f64) -> String {
    if freq_hz < 1000.0 {
        format!("{freq_hz:.0} Hz")
    } else {
        format!("{:.1} kHz", freq_hz / 1000.0)
    }
}

/// A time as `m:ss`, with so many decimals of the seconds.
pub fn clock(at_s: f64, decimals: usize) -> String {
    let unit = 10_f64.powi(decimals as i32);
    let ticks = (at_s.max(0.0) * unit).round();
    let minutes = (ticks / (60.0 * unit)).floor();
    let seconds = (ticks - 60.0 * unit * minutes) / unit;
    let width = if decimals > 0 { 3 + decimals } else { 2 };
    format!("{minutes:.0}:{seconds:0width$.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_carries_into_the_minutes() {
        assert_eq!(clock(119.996, 2), "2:00.00");
        assert_eq!(clock(59.949, 1), "0:59.9");
        assert_eq!(clock(75.0, 0), "1:15");
        assert_eq!(clock(-1.0, 0), "0:00");
    }

    #[test]
    fn decibels_round_trip() {
        assert_eq!(gain_from_db(0.0), 1.0);
        assert!((gain_from_db(-6.0) - 0.501_187_233_627_272_2).abs() < 1e-15);
        assert!((db_from_gain(gain_from_db(-17.3)) + 17.3).abs() < 1e-12);
        assert!((db_from_power(power_from_db(3.1)) - 3.1).abs() < 1e-12);
        assert_eq!(db_from_gain(0.0), f64::NEG_INFINITY);
    }
}
