//! The devices of [`translation`](crate::translation): what was measured of them, by whom.
//!
//! Only the earbuds' curve was found as numbers. Of the phone, the laptop and the car single figures
//! were published and a plain filter goes through them; the club's sub is a model. Each `source` says
//! which it is. All responses are 0 dB at 1 kHz.

use acetate_dsp::units::{db_from_power, gain_from_db};

/// A device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Device {
    /// Its name.
    pub name: &'static str,
    /// Where its response comes from, and how far it was measured.
    pub source: &'static str,
    /// What it is there for, Hz; the rest is left to other loudspeakers.
    pub covers_hz: (f64, f64),
    /// True where left and right are summed before they sound.
    pub sums_to_mono: bool,
    /// What to do where something is lost.
    pub advice: &'static str,
    shape: Shape,
}

/// How a response is written down.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    /// Frequency in Hz and level in dB; straight lines on a logarithmic axis in between.
    Points(&'static [(f64, f64)]),
    /// A band between two corners (-3 dB), Hz, with slopes of so many poles.
    Band {
        low_hz: f64,
        low_poles: i32,
        high_hz: f64,
        high_poles: i32,
    },
    /// Shelves: gain and corner of the low one and of the high one.
    Shelves { low: (f64, f64), high: (f64, f64) },
}

/// Apple EarPods against the target for in-ear headphones, both on the same artificial head.
const EARBUDS: &[(f64, f64)] = &[
    (20.0, -26.5),
    (25.0, -23.6),
    (31.5, -20.7),
    (40.0, -17.1),
    (50.0, -13.4),
    (63.0, -9.1),
    (80.0, -5.1),
    (100.0, -1.9),
    (125.0, -0.1),
    (160.0, 1.0),
    (200.0, 1.3),
    (250.0, 1.3),
    (315.0, 1.4),
    (400.0, 1.2),
    (500.0, 0.6),
    (630.0, 0.0),
    (800.0, -1.1),
    (1_000.0, 0.0),
    (1_250.0, 0.6),
    (1_600.0, 2.3),
    (2_000.0, 1.9),
    (2_500.0, 1.1),
    (3_150.0, -0.6),
    (4_000.0, -2.7),
    (5_000.0, -1.4),
    (6_300.0, 3.5),
    (8_000.0, 1.9),
    (10_000.0, 1.1),
    (12_500.0, -10.4),
    (16_000.0, -10.8),
];

/// Everything that is heard, Hz.
const WHOLE_HZ: (f64, f64) = (0.0, 24_000.0);
const SMALL_SPEAKER: &str = "Give the bass overtones (saturation, a second layer an octave up) so that its line can \
                             be followed without its fundamental, and check that the kick has a click.";

/// All devices.
pub static DEVICES: [Device; 6] = [
    Device {
        name: "phone",
        source: "corners measured on a OnePlus 6T (260 Hz to 20 kHz, DPA 4090, vpervolume.com/en/audiometric-data); \
                 the slope of 24 dB per octave is ours",
        covers_hz: WHOLE_HZ,
        sums_to_mono: true,
        advice: SMALL_SPEAKER,
        shape: Shape::Band {
            low_hz: 260.0,
            low_poles: 4,
            high_hz: 20_000.0,
            high_poles: 2,
        },
    },
    Device {
        name: "laptop",
        source: "corners measured on a Framework laptop with a calibrated microphone (falls below 400 Hz, rolls off \
                 from 7 kHz, community.frame.work/t/speakers-sound-quality/1078/34); the slopes are ours",
        covers_hz: WHOLE_HZ,
        sums_to_mono: false,
        advice: "What helps on the phone helps here.",
        shape: Shape::Band {
            low_hz: 400.0,
            low_poles: 3,
            high_hz: 7_000.0,
            high_poles: 1,
        },
    },
    Device {
        name: "earbuds",
        source: "Apple EarPods measured by rtings.com on an artificial head, as in AutoEq's measurements, minus the \
                 in-ear target for that head (github.com/jaakkopasanen/AutoEq)",
        covers_hz: WHOLE_HZ,
        sums_to_mono: false,
        advice: "Earbuds leak the deepest bass: see that the bass line is heard above 80 Hz too.",
        shape: Shape::Points(EARBUDS),
    },
    Device {
        name: "car",
        source: "average setting of listeners in a car, +13 dB bass and -2 dB treble against flat (Dennis, AES \
                 convention paper 9393, 2015); the corners of the shelves are ours",
        covers_hz: WHOLE_HZ,
        sums_to_mono: false,
        advice: "Compare bass and kick with a song you know in a car: there they stand far forward.",
        shape: Shape::Shelves {
            low: (13.0, 105.0),
            high: (-2.0, 2_500.0),
        },
    },
    Device {
        name: "club sub",
        source: "a model, not a measurement: mono from 30 to 100 Hz, 24 dB per octave",
        covers_hz: (20.0, 100.0),
        sums_to_mono: true,
        advice: "Only bass that is the same left and right moves the sub: see the findings on wide bass.",
        shape: Shape::Band {
            low_hz: 30.0,
            low_poles: 4,
            high_hz: 100.0,
            high_poles: 4,
        },
    },
    Device {
        name: "mono",
        source: "left plus right, exactly",
        covers_hz: WHOLE_HZ,
        sums_to_mono: true,
        advice: "What is gone here was out of phase: see the findings on mono.",
        shape: Shape::Points(&[(1_000.0, 0.0)]),
    },
];

impl Device {
    /// Level at a frequency, dB.
    pub fn response_db(&self, freq_hz: f64) -> f64 {
        match self.shape {
            Shape::Points(points) => between(points, freq_hz),
            Shape::Band {
                low_hz,
                low_poles,
                high_hz,
                high_poles,
            } => {
                // Butterworth slopes, and 0 dB in the middle of the band.
                let low = 1.0 + (low_hz / freq_hz).powi(2 * low_poles);
                let high = 1.0 + (freq_hz / high_hz).powi(2 * high_poles);
                -db_from_power(low * high)
            }
            Shape::Shelves { low, high } => {
                shelf_db(low.0, low.1 / freq_hz) + shelf_db(high.0, freq_hz / high.1)
            }
        }
    }
}

/// A first-order shelf whose corner is where half of its gain is reached, dB; `ratio` is the frequency
/// over the corner for a high shelf, its inverse for a low one.
fn shelf_db(gain_db: f64, ratio: f64) -> f64 {
    let gain = gain_from_db(gain_db);
    let square = ratio * ratio;
    db_from_power((1.0 + gain * square) / (1.0 + square / gain))
}

/// Straight lines between points, the first and the last held beyond.
fn between(points: &[(f64, f64)], freq_hz: f64) -> f64 {
    let above = points.partition_point(|&(hz, _)| hz < freq_hz);
    let (Some(&first), Some(&last)) = (points.first(), points.last()) else {
        return 0.0;
    };
    if above == 0 {
        return first.1;
    }
    if above == points.len() {
        return last.1;
    }
    let (low, high) = (points[above - 1], points[above]);
    let part = libm::log(freq_hz / low.0) / libm::log(high.0 / low.0);
    low.1 + part * (high.1 - low.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shelves_reach_their_gain_far_away_and_half_of_it_at_the_corner() {
        for gain_db in [13.0, -2.0] {
            assert!(shelf_db(gain_db, 1e-3).abs() < 0.01);
            assert!((shelf_db(gain_db, 1e3) - gain_db).abs() < 0.01);
            assert!((shelf_db(gain_db, 1.0) - 0.5 * gain_db).abs() < 0.01);
        }
    }

    #[test]
    fn a_band_is_3_db_down_at_its_corners_and_measured_points_are_met() {
        assert!((DEVICES[0].response_db(260.0) + 3.01).abs() < 0.01);
        assert!((DEVICES[2].response_db(63.0) + 9.1).abs() < 1e-9);
        assert!(
            DEVICES
                .iter()
                .all(|device| device.response_db(1.0).is_finite())
        );
    }
}
