//! [`Plain`]: six plain faults with the names that listeners give them, and how far a master eases
//! one: in the fault's own bands against the rest of the spectrum.

use acetate_dsp::Audio;
use acetate_dsp::process::ResponseDb;
use acetate_dsp::process::eq::apply_curves;
use acetate_model::features::BANDS;
use serde::Serialize;

use crate::eval::faults::{Shape, band_curve, bell, high_shelf, low_shelf};
use crate::eval::metric::{Sound, is_judged};

/// Size of a plain fault, dB.
pub const PLAIN_DB: f64 = 8.0;
/// Distance of a bell's half height from its center, octaves: quality 0.8, as of the faults that
/// the check is proved with.
const BELL_OCT: f64 = 0.85;
/// The same of a shelf around its corner.
const SHELF_OCT: f64 = 0.7;

/// A plain fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Plain {
    /// Too much at 90 Hz.
    Boomy,
    /// Too little below 200 Hz.
    Thin,
    /// Too much at 300 Hz.
    Muddy,
    /// Too much at 3 kHz.
    Harsh,
    /// Too little above 5 kHz.
    Dull,
    /// Too much above 8 kHz.
    Fizzy,
}

impl Plain {
    /// Every plain fault, from low to high.
    pub const ALL: [Self; 6] = [
        Self::Boomy,
        Self::Thin,
        Self::Muddy,
        Self::Harsh,
        Self::Dull,
        Self::Fizzy,
    ];

    /// Its name in tables.
    pub fn label(self) -> &'static str {
        match self {
            Self::Boomy => "boomy",
            Self::Thin => "thin",
            Self::Muddy => "muddy",
            Self::Harsh => "harsh",
            Self::Dull => "dull",
            Self::Fizzy => "fizzy",
        }
    }

    /// What it is, in numbers.
    pub fn description(self) -> &'static str {
        match self {
            Self::Boomy => "+8 dB around 90 Hz",
            Self::Thin => "-8 dB below 200 Hz",
            Self::Muddy => "+8 dB around 300 Hz",
            Self::Harsh => "+8 dB around 3 kHz",
            Self::Dull => "-8 dB above 5 kHz",
            Self::Fizzy => "+8 dB above 8 kHz",
        }
    }

    fn shape(self) -> (f64, Shape) {
        match self {
            Self::Boomy => (PLAIN_DB, bell(90.0, BELL_OCT)),
            Self::Thin => (-PLAIN_DB, low_shelf(200.0, SHELF_OCT)),
            Self::Muddy => (PLAIN_DB, bell(300.0, BELL_OCT)),
            Self::Harsh => (PLAIN_DB, bell(3_000.0, BELL_OCT)),
            Self::Dull => (-PLAIN_DB, high_shelf(5_000.0, SHELF_OCT)),
            Self::Fizzy => (PLAIN_DB, high_shelf(8_000.0, SHELF_OCT)),
        }
    }

    /// Its gain at a frequency, dB.
    pub fn gain_db(self, freq_hz: f64) -> f64 {
        let (gain_db, shape) = self.shape();
        gain_db * shape.at(freq_hz)
    }

    /// The fault on mid and side alike, by a minimum-phase filter.
    pub fn applied_to(self, audio: &Audio) -> Audio {
        apply_curves(audio, |hz| ResponseDb {
            mid_db: self.gain_db(hz),
            side_db: self.gain_db(hz),
        })
    }

    /// Bands where the fault has at least half of its size.
    fn own_bands(self) -> [bool; BANDS] {
        band_curve(|hz| self.gain_db(hz)).map(|gain_db| gain_db.abs() >= 0.5 * PLAIN_DB)
    }

    /// How far mid's own bands of the fault stand from the rest, beyond what they do in the
    /// untouched master, dB: about the fault's size in a mix that has it. `None` where one of the
    /// two has no judged band.
    pub fn contrast_db(self, master: &Sound, sound: &Sound) -> Option<f64> {
        let own = self.own_bands();
        let mean = |wanted: bool| {
            let differences: Vec<f64> = (0..BANDS)
                .filter(|&band| own[band] == wanted && is_judged(master.mid_db[band]))
                .map(|band| sound.mid_db[band] - master.mid_db[band])
                .collect();
            let mean = differences.iter().sum::<f64>() / differences.len() as f64;
            (!differences.is_empty()).then_some(mean)
        };
        Some(mean(true)? - mean(false)?)
    }

    /// Share of the fault that is gone in a master: 1 where its bands stand as in the untouched
    /// song, 0 where nothing was done, below 0 where it got worse; what goes beyond the untouched
    /// song counts against it.
    pub fn eased_share(self, untouched: &Sound, mix: &Sound, master: &Sound) -> Option<f64> {
        let before = self.contrast_db(untouched, mix)?.abs();
        let after = self.contrast_db(untouched, master)?.abs();
        (before > 0.0).then(|| 1.0 - after / before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::case::measured;
    use crate::eval::test_signal::music;

    #[test]
    fn a_fault_has_its_size_at_its_place_and_none_elsewhere() {
        for (fault, inside_hz, outside_hz, sign) in [
            (Plain::Boomy, 90.0, 3_000.0, 1.0),
            (Plain::Thin, 50.0, 2_000.0, -1.0),
            (Plain::Muddy, 300.0, 8_000.0, 1.0),
            (Plain::Harsh, 3_000.0, 100.0, 1.0),
            (Plain::Dull, 16_000.0, 500.0, -1.0),
            (Plain::Fizzy, 18_000.0, 1_000.0, 1.0),
        ] {
            let inside = sign * fault.gain_db(inside_hz);
            assert!((7.0..=8.0).contains(&inside), "{fault:?}: {inside}");
            assert!(fault.gain_db(outside_hz).abs() < 0.6, "{fault:?}");
            let own = fault.own_bands().iter().filter(|own| **own).count();
            assert!((3..14).contains(&own), "{fault:?}: {own}");
        }
    }

    #[test]
    fn a_fault_in_audio_stands_out_and_half_of_it_is_half_eased() {
        let master = music(6.0);
        let sound = |audio: &Audio| Sound::of(&measured(audio).unwrap());
        let untouched = sound(&master);
        for fault in Plain::ALL {
            let mix = sound(&fault.applied_to(&master));
            let contrast = fault.contrast_db(&untouched, &mix).unwrap();
            let sign = fault.gain_db(if fault == Plain::Thin { 40.0 } else { 1e4 });
            if matches!(fault, Plain::Thin | Plain::Dull) {
                assert!(sign < 0.0 && contrast < -4.0, "{fault:?}: {contrast}");
            } else {
                assert!((4.0..8.5).contains(&contrast), "{fault:?}: {contrast}");
            }
            let half = sound(&apply_curves(&master, |hz| ResponseDb {
                mid_db: 0.5 * fault.gain_db(hz),
                side_db: 0.5 * fault.gain_db(hz),
            }));
            let eased = |sound: &Sound| fault.eased_share(&untouched, &mix, sound).unwrap();
            assert!((eased(&half) - 0.5).abs() < 0.06, "{}", eased(&half));
            assert!((eased(&untouched) - 1.0).abs() < 1e-9);
            assert!(eased(&mix).abs() < 1e-9);
        }
    }
}
