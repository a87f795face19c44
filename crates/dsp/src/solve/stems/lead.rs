//! [`LeadFigures`]: how the lead of a mix stands against everything else, where it sounds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::loudness::{lufs_from_power, power_from_lufs};
use crate::units::db_from_power;

/// Length of the blocks that are gated, in steps of 10 ms: 400 ms (BS.1770-5) …
const BLOCK: usize = 40;
/// … and how far they are apart: 100 ms.
const HOP: usize = 10;
/// Blocks below this are silence, LUFS.
const SILENCE_LUFS: f64 = -70.0;
/// The lead sounds where it is at most this far below the mean of its blocks, LU.
const GATE_LU: f64 = 10.0;
/// Length of the stretches that are told, s.
pub(super) const STRETCH_S: f64 = 10.0;
/// A stretch is told if the lead sounds so long in it, s.
const LEAST_S: f64 = 1.0;
/// A lead that sounds for less says nothing of the song, s.
const LEAST_OF_SONG_S: f64 = 8.0;
/// Ratios beyond this are not told apart, dB.
const MOST_DB: f64 = 60.0;

/// How the lead stands against the rest of the mix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadFigures {
    /// K-weighted level of the lead over the rest at the moments at which the lead sounds, dB.
    pub lead_to_rest_db: f64,
    /// How long the lead sounds, s.
    pub sounds_s: f64,
    /// The same over time; stretches in which the lead hardly sounds are left out.
    pub by_time: Vec<LeadStretch>,
}

impl LeadFigures {
    /// Whether the lead sounds for long enough to judge how it stands.
    pub fn is_enough(&self) -> bool {
        self.sounds_s >= LEAST_OF_SONG_S
    }
}

/// A stretch of a mix in which the lead sounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadStretch {
    /// Where it begins, s.
    pub from_s: f64,
    /// Where it ends, s.
    pub to_s: f64,
    /// K-weighted level of the lead over the rest, dB.
    pub lead_to_rest_db: f64,
}

/// From the K-weighted powers of 10 ms of the lead and of the rest; `None` if the lead is silent.
pub fn lead_figures(lead: &[f32], rest: &[f32]) -> Option<LeadFigures> {
    let blocks = |powers: &[f32]| -> Vec<f64> {
        let starts = (0..powers.len().saturating_sub(BLOCK - 1)).step_by(HOP);
        starts
            .map(|start| {
                let block = &powers[start..start + BLOCK];
                block.iter().map(|&power| f64::from(power)).sum::<f64>() / BLOCK as f64
            })
            .collect()
    };
    let (lead, rest) = (blocks(lead), blocks(rest));
    let silence = power_from_lufs(SILENCE_LUFS);
    let (count, sum) = lead
        .iter()
        .filter(|power| **power > silence)
        .fold((0u32, 0.0), |(count, sum), power| (count + 1, sum + power));
    if count == 0 {
        return None;
    }
    let gate = power_from_lufs(lufs_from_power(sum / f64::from(count)) - GATE_LU).max(silence);
    let block_s = 0.01 * HOP as f64;
    let per_stretch = (STRETCH_S / block_s) as usize;
    let pairs: Vec<(f64, f64)> = lead.into_iter().zip(rest).collect();
    let whole = Sum::of(&pairs, gate);
    let stretches = pairs.chunks(per_stretch).enumerate();
    let by_time = stretches.filter_map(|(index, pairs)| {
        let sum = Sum::of(pairs, gate);
        let from_s = index as f64 * STRETCH_S;
        (sum.blocks as f64 * block_s >= LEAST_S).then(|| LeadStretch {
            from_s,
            to_s: from_s + pairs.len() as f64 * block_s,
            lead_to_rest_db: sum.ratio_db(),
        })
    });
    Some(LeadFigures {
        lead_to_rest_db: whole.ratio_db(),
        sounds_s: whole.blocks as f64 * block_s,
        by_time: by_time.collect(),
    })
}

/// Powers of the blocks in which the lead sounds.
#[derive(Default)]
struct Sum {
    lead: f64,
    rest: f64,
    blocks: usize,
}

impl Sum {
    fn of(pairs: &[(f64, f64)], gate: f64) -> Self {
        let sounding = pairs.iter().filter(|(lead, _)| *lead >= gate);
        sounding.fold(Self::default(), |sum, (lead, rest)| Self {
            lead: sum.lead + lead,
            rest: sum.rest + rest,
            blocks: sum.blocks + 1,
        })
    }

    fn ratio_db(&self) -> f64 {
        db_from_power(self.lead / self.rest.max(1e-12 * self.lead)).clamp(-MOST_DB, MOST_DB)
    }
}
