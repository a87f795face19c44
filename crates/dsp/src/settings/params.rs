//! [`PARAMS`]: the one table of every number that the chain takes.
//!
//! It drives validation, neutral values, the settings file, help and
//! documentation. A number that is not here is not a parameter.

use crate::Settings;

/// What scales a row when the user asks for less of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Scaled by the EQ amount.
    Eq,
    /// Scaled by the compressor amount.
    Compressor,
    /// Scaled by the de-esser amount.
    Deesser,
    /// Scaled by the saturation amount.
    Saturation,
    /// Scaled by the stereo amount.
    Stereo,
    /// Never scaled: a target, a time constant, a corner frequency.
    Fixed,
}

/// One row of [`PARAMS`].
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Path in the settings file, `stage.field` or `stage.field.index`.
    pub name: &'static str,
    /// Unit; empty for a ratio or share.
    pub unit: &'static str,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// The value at which the row does nothing, or its default where there is no such value.
    pub neutral: f64,
    /// What scales it.
    pub scope: Scope,
    /// One line for help and documentation.
    pub help: &'static str,
    get: fn(&Settings) -> f64,
    set: fn(&mut Settings, f64),
}

impl Param {
    /// The row of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        PARAMS.iter().find(|param| param.name == name)
    }

    /// The row's value in `settings`.
    pub fn get(&self, settings: &Settings) -> f64 {
        (self.get)(settings)
    }

    /// Sets the row's value in `settings`, without a range check.
    pub fn set(&self, settings: &mut Settings, value: f64) {
        (self.set)(settings, value);
    }
}

/// Rows from their text; the third octaves of the fine curve, which differ in index and frequency
/// alone, come after them.
macro_rules! params {
    ($($name:literal $unit:literal [$min:literal, $max:literal] $neutral:literal $scope:ident
        ($($path:tt)+) $help:literal;)*
     fine [$fine_min:literal, $fine_max:literal] $($index:literal $hz:literal),*) => {
        /// Every parameter of the chain, in signal order; the fine curve of the EQ comes last.
        pub const PARAMS: &[Param] = &[
            $(Param {
                name: $name,
                unit: $unit,
                min: $min,
                max: $max,
                neutral: $neutral,
                scope: Scope::$scope,
                help: $help,
                get: |settings| settings.$($path)+,
                set: |settings, value| settings.$($path)+ = value,
            },)*
            $(Param {
                name: concat!("eq.fine_mid_db.", $index),
                unit: "dB",
                min: $fine_min,
                max: $fine_max,
                neutral: 0.0,
                scope: Scope::Eq,
                help: concat!("toward a reference: gain at ", $hz, " on top of the knots' curve"),
                get: |settings| settings.eq.fine_mid_db[$index],
                set: |settings, value| settings.eq.fine_mid_db[$index] = value,
            },)*
            $(Param {
                name: concat!("eq.fine_side_db.", $index),
                unit: "dB",
                min: $fine_min,
                max: $fine_max,
                neutral: 0.0,
                scope: Scope::Eq,
                help: concat!("toward a reference: side signal's extra gain at ", $hz),
                get: |settings| settings.eq.fine_side_db[$index],
                set: |settings, value| settings.eq.fine_side_db[$index] = value,
            },)*
        ];
    };
}

params! {
    "target.integrated_lufs" "LUFS" [-36.0, -5.0] -14.0 Fixed (target.integrated_lufs) "integrated loudness of the master";
    "target.true_peak_dbtp" "dBTP" [-12.0, 0.0] -1.0 Fixed (target.true_peak_dbtp) "highest true peak of the master";
    "target.max_limiting_db" "dB" [0.0, 24.0] 9.0 Fixed (target.max_limiting_db) "most gain reduction that the limiter may take";
    "cleanup.dc_highpass_hz" "Hz" [0.0, 20.0] 0.0 Fixed (cleanup.dc_highpass_hz) "corner of the DC filter; 0 leaves it out";
    "eq.mid_db.0" "dB" [-12.0, 12.0] 0.0 Eq (eq.mid_db[0]) "gain at 32 Hz";
    "eq.mid_db.1" "dB" [-12.0, 12.0] 0.0 Eq (eq.mid_db[1]) "gain at 56 Hz";
    "eq.mid_db.2" "dB" [-12.0, 12.0] 0.0 Eq (eq.mid_db[2]) "gain at 100 Hz";
    "eq.mid_db.3" "dB" [-12.0, 12.0] 0.0 Eq (eq.mid_db[3]) "gain at 178 Hz";
    "eq.mid_db.4" "dB" [-12.0, 12.0] 0.0 Eq (eq.mid_db[4]) "gain at 316 Hz";
    "eq.mid_db.5" "dB" [-12.0, 12.0] 0.0 Eq (eq.mid_db[5]) "gain at 562 Hz";
    "eq.mid_db.6" "dB" [-12.0, 12.0] 0.0 Eq (eq.mid_db[6]) "gain at 1 kHz";
    "eq.mid_db.7" "dB" [-12.0, 12.0] 0.0 Eq (eq.mid_db[7]) "gain at 1.8 kHz";
    "eq.mid_db.8" "dB" [-12.0, 12.0] 0.0 Eq (eq.mid_db[8]) "gain at 3.2 kHz";
    "eq.mid_db.9" "dB" [-12.0, 12.0] 0.0 Eq (eq.mid_db[9]) "gain at 5.6 kHz";
    "eq.mid_db.10" "dB" [-12.0, 12.0] 0.0 Eq (eq.mid_db[10]) "gain at 10 kHz";
    "eq.mid_db.11" "dB" [-12.0, 12.0] 0.0 Eq (eq.mid_db[11]) "gain at 18 kHz";
    "eq.side_db.0" "dB" [-6.0, 6.0] 0.0 Eq (eq.side_db[0]) "side signal's extra gain at 100 Hz";
    "eq.side_db.1" "dB" [-6.0, 6.0] 0.0 Eq (eq.side_db[1]) "side signal's extra gain at 464 Hz";
    "eq.side_db.2" "dB" [-6.0, 6.0] 0.0 Eq (eq.side_db[2]) "side signal's extra gain at 2.2 kHz";
    "eq.side_db.3" "dB" [-6.0, 6.0] 0.0 Eq (eq.side_db[3]) "side signal's extra gain at 10 kHz";
    "eq.boost_limit_hz" "Hz" [1000.0, 96000.0] 96000.0 Fixed (eq.boost_limit_hz) "nothing is boosted above this frequency";
    "compressor.threshold_lu" "LU" [-20.0, 20.0] 0.0 Fixed (compressor.threshold_lu) "threshold relative to the program's integrated loudness";
    "compressor.ratio" ":1" [1.0, 2.5] 1.0 Compressor (compressor.ratio) "ratio; 1 does nothing";
    "compressor.knee_db" "dB" [0.0, 24.0] 9.0 Fixed (compressor.knee_db) "width of the soft knee";
    "compressor.attack_ms" "ms" [1.0, 100.0] 30.0 Fixed (compressor.attack_ms) "attack time constant";
    "compressor.release_ms" "ms" [30.0, 1000.0] 200.0 Fixed (compressor.release_ms) "release time constant";
    "compressor.sidechain_highpass_hz" "Hz" [20.0, 300.0] 100.0 Fixed (compressor.sidechain_highpass_hz) "corner of the sidechain's high-pass";
    "compressor.mix" "" [0.0, 1.0] 1.0 Fixed (compressor.mix) "share of the compressed signal";
    "deesser.frequency_hz" "Hz" [4000.0, 10000.0] 6500.0 Fixed (deesser.frequency_hz) "center of the de-esser's band";
    "deesser.threshold_lu" "LU" [-40.0, 10.0] -10.0 Fixed (deesser.threshold_lu) "level of the band that is left alone, relative to the program's integrated loudness";
    "deesser.max_reduction_db" "dB" [0.0, 6.0] 0.0 Deesser (deesser.max_reduction_db) "most gain reduction of the de-esser; 0 does nothing";
    "saturation.amount" "" [0.0, 1.0] 0.0 Saturation (saturation.amount) "share of the saturated signal; 0 does nothing";
    "saturation.ceiling_lu" "LU" [6.0, 30.0] 16.0 Fixed (saturation.ceiling_lu) "ceiling of the saturation curve above the program's integrated loudness";
    "stereo.low_db" "dB" [-24.0, 6.0] 0.0 Stereo (stereo.low_db) "side gain below the low crossover";
    "stereo.mid_db" "dB" [-6.0, 6.0] 0.0 Stereo (stereo.mid_db) "side gain between the crossovers";
    "stereo.high_db" "dB" [-6.0, 6.0] 0.0 Stereo (stereo.high_db) "side gain above the high crossover";
    "stereo.low_crossover_hz" "Hz" [40.0, 300.0] 120.0 Fixed (stereo.low_crossover_hz) "low crossover of the side signal";
    "stereo.high_crossover_hz" "Hz" [1500.0, 10000.0] 4000.0 Fixed (stereo.high_crossover_hz) "high crossover of the side signal";
    "limiter.drive_db" "dB" [-60.0, 80.0] 0.0 Fixed (limiter.drive_db) "gain before the limiter; solved for the target";
    "limiter.lookahead_ms" "ms" [0.5, 10.0] 1.0 Fixed (limiter.lookahead_ms) "look-ahead of the limiter";
    "limiter.hold_ms" "ms" [0.0, 30.0] 0.0 Fixed (limiter.hold_ms) "between peaks no further apart the limiter's gain stays down";
    "limiter.fast_release_ms" "ms" [0.2, 200.0] 0.5 Fixed (limiter.fast_release_ms) "fast release time constant of the limiter";
    "limiter.release_ms" "ms" [20.0, 2000.0] 400.0 Fixed (limiter.release_ms) "slow release time constant of the limiter";
    fine [-15.0, 15.0]
        0 "39 Hz", 1 "50 Hz", 2 "63 Hz", 3 "79 Hz", 4 "99 Hz", 5 "125 Hz", 6 "157 Hz", 7 "198 Hz",
        8 "250 Hz", 9 "315 Hz", 10 "397 Hz", 11 "500 Hz", 12 "630 Hz", 13 "794 Hz", 14 "1 kHz",
        15 "1.3 kHz", 16 "1.6 kHz", 17 "2 kHz", 18 "2.5 kHz", 19 "3.2 kHz", 20 "4 kHz",
        21 "5 kHz", 22 "6.3 kHz", 23 "8 kHz", 24 "10 kHz", 25 "12.7 kHz", 26 "16 kHz"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_reads_what_it_wrote_and_nothing_else() {
        for (index, param) in PARAMS.iter().enumerate() {
            let mut settings = Settings::default();
            let value = if param.neutral == param.max {
                param.min
            } else {
                param.max
            };
            param.set(&mut settings, value);
            for (other_index, other) in PARAMS.iter().enumerate() {
                let expected = if other_index == index {
                    value
                } else {
                    other.neutral
                };
                assert_eq!(
                    other.get(&settings),
                    expected,
                    "{} / {}",
                    param.name,
                    other.name
                );
            }
        }
    }

    #[test]
    fn names_are_unique_and_neutral_is_in_range() {
        let mut names: Vec<_> = PARAMS.iter().map(|param| param.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), PARAMS.len());
        assert!(PARAMS.iter().all(|p| (p.min..=p.max).contains(&p.neutral)));
        assert!(PARAMS.iter().all(|p| !p.help.contains('\n')));
    }
}
