//! [`Recovered`]: what was recovered, what was not, and how it is told.

use acetate_dsp::settings::Settings;
use acetate_dsp::{Analysis, PARAMS};
use schemars::JsonSchema;
use serde::Serialize;

/// Residuals that are worth a sentence: tone in dB, levels in dB, length in seconds.
const TOLD_TONE_DB: f64 = 0.3;
const TOLD_LEVEL_DB: f64 = 0.3;
const TOLD_LENGTH_S: f64 = 0.1;

/// What was recovered, and what was not.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Recovered {
    /// The settings that come closest.
    pub settings: Settings,
    /// Distance of the mix from the master in third octaves of mid, mean, dB.
    pub tone_before_db: f64,
    /// Distance of our render from the master, mean, dB.
    pub tone_left_db: f64,
    /// The band that is left furthest off: center in Hz, dB.
    pub tone_worst: (f64, f64),
    /// What is left of side against mid, mean over the bands, dB.
    pub width_left_db: f64,
    /// What is left of the spread of levels, dB.
    pub spread_left_db: f64,
    /// What is left of peak to loudness, dB.
    pub plr_left_db: f64,
    /// What is left of the loudness, LU.
    pub loudness_left_lu: f64,
    /// The master's length less the mix's, seconds.
    pub longer_s: f64,
    /// How far the render's level and the master's are apart over time, root mean square over blocks of 0.2 s, dB.
    pub riding_left_db: f64,
    /// A compressor that would explain the spread of levels, but not how they move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compressor_left_out: Option<LeftOut>,
    /// What the chain cannot explain, one sentence each.
    pub unexplained: Vec<String>,
}

/// An explanation that was not taken.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct LeftOut {
    /// Ratio of its compressor.
    pub ratio: f64,
    /// How far levels would be apart over time with it, dB.
    pub riding_db: f64,
}

impl Recovered {
    /// Settings that are as far as they go, one sentence each: what was done may go further.
    fn at_bounds(&self) -> Vec<String> {
        let mut all = Vec::new();
        for param in PARAMS {
            let value = param.get(&self.settings);
            let is_bound = [param.min, param.max].contains(&value) && value != param.neutral;
            let is_told = ["eq.", "stereo.", "compressor.ratio"]
                .iter()
                .any(|stage| param.name.starts_with(stage));
            if is_bound && is_told {
                all.push(format!(
                    "{} is at its bound of {value}{}{}: it may have been more",
                    param.name,
                    if param.unit.is_empty() || param.unit.starts_with(':') {
                        ""
                    } else {
                        " "
                    },
                    param.unit
                ));
            }
        }
        all
    }

    /// What the chain cannot explain, one sentence each.
    pub(super) fn sentences(&self, before: &Analysis, after: &Analysis) -> Vec<String> {
        let mut all = self.at_bounds();
        if let Some(LeftOut { ratio, riding_db }) = self.compressor_left_out {
            all.push(format!(
                "compressor: none. {ratio:.2}:1 would fit the spread of levels, but not how they move: with it they are \
                 {riding_db:.1} dB apart over time, without it {:.1} dB. A limiter or level moves by hand explain as much",
                self.riding_left_db
            ));
        }
        if self.tone_left_db > TOLD_TONE_DB {
            let (hz, db) = self.tone_worst;
            all.push(format!(
                "tone: {:.1} dB on average is left, most around {hz:.0} Hz ({db:+.1} dB): narrow bands, or an EQ that moves",
                self.tone_left_db
            ));
        }
        if self.width_left_db > TOLD_LEVEL_DB {
            all.push(format!(
                "width: {:.1} dB of side against mid is left: a narrow band, or a room",
                self.width_left_db
            ));
        }
        if self.spread_left_db.abs() > TOLD_LEVEL_DB {
            let how = if self.spread_left_db > 0.0 {
                "wider than ours: levels were raised and lowered by hand, or expanded"
            } else {
                "narrower than what was found makes them"
            };
            all.push(format!(
                "levels: {:+.1} dB of their spread is left, {how}",
                self.spread_left_db
            ));
        }
        if self.plr_left_db.abs() > 2.0 * TOLD_LEVEL_DB {
            all.push(format!(
                "peaks: {:+.1} dB from peak to loudness is left: another limiter, or a clipper",
                self.plr_left_db
            ));
        }
        if self.loudness_left_lu.abs() > TOLD_LEVEL_DB {
            all.push(format!(
                "loudness: {:+.1} LU is left: more than our limiter reaches",
                self.loudness_left_lu
            ));
        }
        if self.longer_s.abs() > TOLD_LENGTH_S {
            all.push(format!(
                "length: the master is {:.2} s {} than the mix: cut, faded or moved",
                self.longer_s.abs(),
                if self.longer_s > 0.0 {
                    "longer"
                } else {
                    "shorter"
                }
            ));
        }
        if before.sample_rate_hz != after.sample_rate_hz {
            all.push(format!(
                "rate: {} Hz became {} Hz",
                before.sample_rate_hz, after.sample_rate_hz
            ));
        }
        if before.channels != after.channels {
            all.push(format!(
                "channels: {} became {}",
                before.channels, after.channels
            ));
        }
        all.push("time constants, knee and threshold of the compressor and the limiter's character cannot be told from figures; they are our defaults".to_owned());
        all
    }
}
